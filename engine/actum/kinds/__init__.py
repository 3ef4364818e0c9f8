"""What users' classes say, read and checked once, when an engine opens."""
