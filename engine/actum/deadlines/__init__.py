"""Deadlines: durable scheduled commands. One stream each, a view of what is due, and a timer that fires it once."""
