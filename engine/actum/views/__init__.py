"""Read models in memory: tables of rows, their indexes, and what changes them; nothing here knows the log or a loop."""
