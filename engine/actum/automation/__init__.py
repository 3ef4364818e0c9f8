"""What happens by itself: deadlines fired and processes moved on, each with commands of the engine's own."""
