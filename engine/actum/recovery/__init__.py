"""Opening a store, the checkpoints that make it fast, and the checks and copies of what it holds."""
