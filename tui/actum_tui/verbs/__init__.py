"""The verbs of the `actum` command, by what they are about."""
