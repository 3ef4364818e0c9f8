"""All that a person sees in a terminal: the `actum` command and the dashboard."""
