"""What the stored schemas were, what they are now, and whether everything stored can still be read."""
