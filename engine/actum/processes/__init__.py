"""Processes: what reacts to events with commands and deadlines, each instance with a state of its own in the log."""
