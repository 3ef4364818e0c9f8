"""Numbers for people: rates, times, bytes and shares, each short, with its unit, and aligned below its like."""

from __future__ import annotations

THOUSAND = 1000
#: Units of amounts: 12.3k, 4.5M.
STEPS = ("", "k", "M", "G", "T")
TIME_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def three_digits(value: float) -> str:
    """About three digits: `1.23`, `12.3`, `123`."""
    if value < 10:  # noqa: PLR2004
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004


def amount(value: float) -> str:
    """A number of things, short: `950`, `12.3k`, `4.56M`."""
    if abs(value) < THOUSAND:
        return f"{value:.0f}"
    size = abs(value)
    for step in STEPS:
        if size < THOUSAND * 0.9995:
            return ("-" if value < 0 else "") + three_digits(size) + step
        size /= THOUSAND
    return f"{value:.2e}"


def rate(per_second: float | None) -> str:
    """Things per second: `0`, `0.25`, `48.2k`; `—` if it is not known."""
    if per_second is None:
        return "—"
    return f"{per_second:.2f}" if 0 < per_second < 10 else amount(per_second)  # noqa: PLR2004


def whole(value: int) -> str:
    """All digits: `9,120,044`."""
    return f"{value:,}"


def seconds(value: float | None) -> str:
    """A time that something took: `210 µs`, `1.63 ms`, `12.0 s`; `—` if it is not known."""
    if value is None:
        return "—"
    if value >= 2 * MINUTE:
        return clock(value)
    for unit, length in TIME_UNITS:
        if value >= length * 0.9995:
            return f"{three_digits(value / length)} {unit}"
    return "0 s" if value <= 0 else "<1 µs"


def clock(value: float) -> str:
    """A long time: `02:14:09`, `3 d 02:14`."""
    days, rest = divmod(int(max(0.0, value)), DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, left = divmod(rest, MINUTE)
    return f"{days} d {hours:02}:{minutes:02}" if days else f"{hours:02}:{minutes:02}:{left:02}"


def size(count: float | None) -> str:
    """Bytes: `950 B`, `12.3 kB`, `1.23 GB`; `—` if it is not known."""
    if count is None:
        return "—"
    if abs(count) < THOUSAND:
        return f"{count:.0f} B"
    text = amount(count)
    return f"{text[:-1]} {text[-1]}B"


def share(value: float | None) -> str:
    """A part of a whole: `0.4 %`, `71 %`; `—` if it is not known."""
    if value is None:
        return "—"
    return f"{value * 100:.1f} %" if 0 < value < 0.1 else f"{value * 100:.0f} %"  # noqa: PLR2004
