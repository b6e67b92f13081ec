"""Stop counting stays outside the period asked for; they stay in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from datetime import datetime

FLAG = "outside_period"


def within_period(calls: pd.DataFrame, start: datetime, end: datetime) -> pd.DataFrame:
    """PORT_CALLS in which a stay that ended before ``start`` (UTC), or began at ``end`` or later, no longer counts.

    AIS files often reach beyond the period asked for; images of other days are not used. A stay that may reach into the
    period by its bounds is in it; a bound not set by any look (flags arrival_open, left_open) does not count, and the
    first or last sighting is used instead. Which account year holds the call is decided by the cap's rule.
    """
    start_of_stay = calls["arrival_lo"].mask(_has_flag(calls, "arrival_open")).fillna(calls["arrival_hi"])
    end_of_stay = calls["departure_hi"].mask(_has_flag(calls, "left_open")).fillna(calls["departure_lo"])
    outside = ((end_of_stay < pd.Timestamp(start)) | (start_of_stay >= pd.Timestamp(end))).to_numpy(bool)
    flags = [[*f, FLAG] if out else f for f, out in zip(calls["flags"], outside, strict=True)]
    return calls.assign(
        counts=calls["counts"].astype(bool) & ~outside, flags=pd.Series(flags, calls.index, dtype=object)
    )


def _has_flag(calls: pd.DataFrame, flag: str) -> pd.Series:
    return calls["flags"].map(lambda flags: flag in flags).astype(bool)
