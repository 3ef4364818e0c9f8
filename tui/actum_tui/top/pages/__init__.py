"""The eight screens."""
