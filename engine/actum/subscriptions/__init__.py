"""Subscriptions: consumers of the log outside the fold, at their own pace, with their own bookmark.

    subscription   what users subclass, and its options
    kind           the reading and checking of it
    cursor         the log as a row of records from a position on
    consumer       one subscription at work, as its users see it
    worker         its work: batch after batch, what fails again later or put aside
    bell           wakes it
    delivery       a batch is handled
    letters        dead letters: made, and handled again
    keeping        the bookmark: saved, loaded, compared with the log; dead letters
    subscriptions  all of an engine or a follower: opened, woken, stopped
    lag            how far behind something is, and what to call that
    monitor        looks at all of them once a second, and raises alerts

Nothing here knows the engine; the engine and `actum.follower` give each part what it needs.
"""
