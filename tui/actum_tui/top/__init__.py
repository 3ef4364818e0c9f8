"""The dashboard: a running engine, a store or a recording, live in a terminal."""
