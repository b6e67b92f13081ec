"""Shortens two differing values to fit a terminal line, starting where they begin to differ."""

from __future__ import annotations

MOST = 48  # characters of a value; two of them and a name fill a wide terminal (our choice)
BEFORE = 12  # common characters shown before the first difference (our choice)


def shortened(before: str, after: str) -> tuple[str, str]:
    """Both values in full, or if long the part where they begin to differ, with an ellipsis where cut.

    >>> shortened("0.6", "0.7")
    ('0.6', '0.7')
    >>> shortened("a berth " * 9 + "of oil, as maps have it", "a berth " * 9 + "of coal")
    ('… a berth of oil, as maps have it', '… a berth of coal')
    """
    if max(len(before), len(after)) <= MOST:
        return before, after
    same = next((n for n, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), None)
    start = max(0, (min(len(before), len(after)) if same is None else same) - BEFORE)
    return _from(before, start), _from(after, start)


def _from(value: str, start: int) -> str:
    if len(value) <= start:  # "–" for a value that only one run has
        return value
    end = start + MOST
    return ("…" if start else "") + value[start:end] + ("…" if end < len(value) else "")
