"""A store without the classes that wrote it: its events, and what happens by itself in it, read and mended."""
