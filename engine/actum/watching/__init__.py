"""Live queries: what `Engine.watch` gives, and how it learns of changes."""
