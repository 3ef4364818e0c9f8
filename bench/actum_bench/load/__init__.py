"""Named workloads under a given rate: what waiting costs as callers feel it, checked after every run."""
