"""The benchmark suite: a stranger that uses the public names."""
