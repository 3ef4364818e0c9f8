"""Watching a running engine from another process of the same user: what it shows, what it can be asked."""

from actum.monitor.filters import Filter

__all__ = ["Filter"]
