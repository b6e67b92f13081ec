"""Find single bad fixes at the ends of tracks, where no fix on the far side shows that they are bad.

A bad fix between two that fit each other is skipped (`tracks`). The first and last fix of a track, and those beside a
long silence, have a neighbour on one side only. There the ship's motion decides: a single fix that she cannot have
reached from her neighbouring sound fixes, or they from it, given the speeds sent and how fast a ship accelerates and
stops, is a spike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.units import KNOT_M_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatArray

ACCELERATION_M_S2 = 0.05
"""More than any merchant ship reaches: one of 100 m that stops from 15 kn within 15 lengths, as IMO's MSC.137(76) asks,
loses 0.02 m/s in a second, and none gathers speed so fast."""

MAX_SPEED_M_S = 25 * KNOT_M_S  # of merchant ships; one that sends a higher speed has that (our choice)
MAX_UNSENT_S = 600.0  # where no speed is sent, the longest time at top speed (our choice, as in `tracks`)


def end_spikes(
    key: np.ndarray,
    seconds: FloatArray,
    step_m: FloatArray,
    speed_m_s: FloatArray,
    follows: NDArray[np.bool_],
    *,
    slack_m: float,
    silence_s: float,
    min_fixes: int,
) -> NDArray[np.bool_]:
    """Which fixes stand alone at an end of a track and cannot be reached from the sound run beside them.

    All arrays have one element per fix, in order of track (``key``) and time. ``follows`` says whether a fix continues
    from the one before; ``step_m``, its distance from that one [m], is read only where it does not. A run is sound from
    ``min_fixes`` fixes on; a track ends at its last fix or before a silence longer than ``silence_s``.

    >>> moored = np.zeros(6)
    >>> follows = np.array([0, 0, 1, 1, 1, 1], bool)
    >>> end_spikes(moored, np.arange(6) * 180.0, np.array([0, 3000.0, 1, 2, 1, 2]), moored, follows,
    ...            slack_m=500.0, silence_s=86400.0, min_fixes=5).nonzero()[0].tolist()
    [0]
    """
    out = np.zeros(len(key), bool)
    if len(key) < 2:
        return out
    interval_s = np.r_[np.inf, np.diff(seconds)]
    # First of a track, or after a long silence
    opens = np.r_[True, (key[1:] != key[:-1]) | (interval_s[1:] > silence_s)]
    unreachable = np.zeros(len(key), bool)
    jumps = np.flatnonzero(~opens & ~follows)  # only these, for speed
    unreachable[jumps] = _is_out_of_reach(
        step_m[jumps], interval_s[jumps], speed_m_s[jumps - 1], speed_m_s[jumps], slack_m
    )
    run = np.cumsum(opens | ~follows)
    length = np.bincount(run)[run]
    closes = np.r_[opens[1:], True]
    last = unreachable & closes  # one fix after all others
    last[1:] &= length[:-1] >= min_fixes
    first = opens[:-1] & unreachable[1:] & (length[1:] >= min_fixes)
    out |= last
    out[:-1] |= first
    return out


def _is_out_of_reach(
    step_m: FloatArray, interval_s: FloatArray, from_m_s: FloatArray, to_m_s: FloatArray, slack_m: float
) -> np.ndarray:
    """Is each distance longer than a ship can cover in the time, given the speeds sent at both ends?"""
    sent = np.isfinite(from_m_s) & np.isfinite(to_m_s)
    start_m_s, end_m_s = (np.nan_to_num(v) for v in (from_m_s, to_m_s))
    top_m_s = np.maximum(MAX_SPEED_M_S, np.maximum(start_m_s, end_m_s))
    # accelerating and slowing again, she is fastest in between: a triangle of speed over time, cut off at the top speed
    peak_m_s = np.minimum(top_m_s, (start_m_s + end_m_s + ACCELERATION_M_S2 * interval_s) / 2)
    # The speed sent may be higher: not all sets send the current one
    peak_m_s = np.maximum(peak_m_s, np.maximum(start_m_s, end_m_s))
    lost_m = ((peak_m_s - start_m_s) ** 2 + (peak_m_s - end_m_s) ** 2) / (2 * ACCELERATION_M_S2)
    least_m = np.maximum(start_m_s, end_m_s) * interval_s
    reach_m = np.where(sent, np.maximum(peak_m_s * interval_s - lost_m, least_m), MAX_SPEED_M_S * interval_s)
    return (step_m > slack_m + reach_m) & (sent | (interval_s <= MAX_UNSENT_S))
