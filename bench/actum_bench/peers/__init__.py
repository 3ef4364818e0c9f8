"""What actum is compared with: other ways to keep events, each doing the work of `bank` as its documentation would.

One module for each peer, with functions that measure it; they are called in a process of their own, and only there is
the peer's package imported. Who they are and what should be known beside their figures is in `peer`; how they are
compared in `comparison`.
"""
