"""Several commands as one, and conditions over the events of many aggregates."""
