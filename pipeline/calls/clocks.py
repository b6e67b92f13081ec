"""Find and correct receivers whose clocks are wrong, from transmissions that two receivers both heard.

The same ship at the same position to a ten-thousandth of a minute, speed and course is one transmission, whatever the
two clocks say. Only ships under way are used: one at anchor sends the same again and again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MIN_KN = 1.0  # slower ships repeat one position, which tells no time (our choice)
MIN_PAIRS = 10  # least number of shared transmissions for an offset (our choice)
SPREAD_S = 5.0  # largest median deviation about an offset (our choice)
MIN_OFFSET_S = 2.0  # smaller offsets are network delays, which do no harm here (our choice)
WINDOW_S = 15 * 3600.0  # a file in local time is at most 14 h off


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far a source's clock is ahead of the others' [s], from how many shared transmissions."""

    source: str
    ahead_s: float
    n_shared: int
    sure: bool = True
    """Whether another source agrees with the reference; if only two sources differ, nothing tells which is right."""


def clock_offsets(messages: pd.DataFrame) -> list[ClockOffset]:
    """Sources whose clock is off, relative to the source that agrees with most others (earlier name among equals)."""
    moving = messages[(messages["sog"] >= MIN_KN) & messages["lon"].notna() & messages["time_utc"].notna()]
    names = sorted(moving["source_file"].unique())
    if len(names) < 2:
        return []
    offsets = {(a, b): _offset_between(moving, a, b) for n, a in enumerate(names) for b in names[n + 1 :]}
    known = {pair: found for pair, found in offsets.items() if found is not None}
    if not known:
        return []

    def n_agreeing(name: str) -> int:
        return sum(n for (a, b), (offset, n) in known.items() if name in (a, b) and abs(offset) < MIN_OFFSET_S)

    def n_shared(name: str) -> int:
        return sum(n for pair, (_, n) in known.items() if name in pair)

    reference = max(names, key=lambda s: (n_agreeing(s), n_shared(s), -names.index(s)))
    out = []
    for name in names:
        found = known.get((reference, name)) or known.get((name, reference))
        if name == reference or found is None:
            continue
        ahead = found[0] if (reference, name) in known else -found[0]
        if abs(ahead) >= MIN_OFFSET_S:
            out.append(ClockOffset(name, ahead, found[1], sure=n_agreeing(reference) > 0))
    return out


def correct_clocks(messages: pd.DataFrame, offsets: list[ClockOffset]) -> pd.DataFrame:
    """The messages with the times of those sources corrected."""
    if not offsets:
        return messages
    ahead = messages["source_file"].map({o.source: o.ahead_s for o in offsets}).fillna(0.0)
    micros = pd.to_timedelta((ahead * 1e6).round().astype("int64"), unit="us")
    return messages.assign(time_utc=messages["time_utc"] - micros)


def _offset_between(moving: pd.DataFrame, first_source: str, second_source: str) -> tuple[float, int] | None:
    """How far source b is ahead of source a [s], and how many shared transmissions say so; None without one."""
    key = ["mmsi", "lon", "lat", "sog", "cog"]
    first = moving.loc[moving["source_file"] == first_source, [*key, "time_utc"]].drop_duplicates(key, keep=False)
    second = moving.loc[moving["source_file"] == second_source, [*key, "time_utc"]].drop_duplicates(key, keep=False)
    shared = first.merge(second, on=key, suffixes=("", "_b"))
    seconds = (shared["time_utc_b"] - shared["time_utc"]).dt.total_seconds().to_numpy(float)
    seconds = seconds[np.abs(seconds) <= WINDOW_S]
    if len(seconds) < MIN_PAIRS:
        return None
    middle = float(np.median(seconds))
    return (middle, len(seconds)) if float(np.median(np.abs(seconds - middle))) <= SPREAD_S else None
