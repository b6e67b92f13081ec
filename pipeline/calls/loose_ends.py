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

TOP_M_S = 25 * KNOT_M_S  # of merchant ships; one that sends a higher speed has that (our choice)
UNSENT_S = 600.0  # where no speed is sent, the longest time at top speed (our choice, as in `tracks`)


def loose_ends(
    key: np.ndarray,
    seconds: FloatArray,
    way_m: FloatArray,
    speed_m_s: FloatArray,
    follows: NDArray[np.bool_],
    *,
    slack_m: float,
    silence_s: float,
    fewest: int,
) -> NDArray[np.bool_]:
    """Which fixes stand alone at an end of a track and cannot be reached from the sound run beside them.

    All arrays have one element per fix, in order of track (``key``) and time. ``follows`` says whether a fix continues
    from the one before; ``way_m``, its distance from that one [m], is read only where it does not. A run is sound from
    ``fewest`` fixes on; a track ends at its last fix or before a silence longer than ``silence_s``.

    >>> moored = np.zeros(6)
    >>> loose_ends(moored, np.arange(6) * 180.0, np.array([0, 3000.0, 1, 2, 1, 2]), moored,
    ...            np.array([0, 0, 1, 1, 1, 1], bool), slack_m=500.0, silence_s=86400.0, fewest=5).nonzero()[0].tolist()
    [0]
    """
    out = np.zeros(len(key), bool)
    if len(key) < 2:
        return out
    took_s = np.r_[np.inf, np.diff(seconds)]
    opens = np.r_[True, (key[1:] != key[:-1]) | (took_s[1:] > silence_s)]  # first of a track, or after a long silence
    far = np.zeros(len(key), bool)
    odd = np.flatnonzero(~opens & ~follows)  # only these, for speed
    far[odd] = _out_of_reach(way_m[odd], took_s[odd], speed_m_s[odd - 1], speed_m_s[odd], slack_m)
    run = np.cumsum(opens | ~follows)
    length = np.bincount(run)[run]
    ends = np.r_[opens[1:], True]
    last = far & ends  # one fix after all others
    last[1:] &= length[:-1] >= fewest
    first = opens[:-1] & far[1:] & (length[1:] >= fewest)
    out |= last
    out[:-1] |= first
    return out


def _out_of_reach(
    way_m: FloatArray, took_s: FloatArray, from_m_s: FloatArray, to_m_s: FloatArray, slack_m: float
) -> np.ndarray:
    """Is each distance longer than a ship can cover in the time, given the speeds sent at both ends?"""
    sent = np.isfinite(from_m_s) & np.isfinite(to_m_s)
    one, other = (np.nan_to_num(v) for v in (from_m_s, to_m_s))
    top = np.maximum(TOP_M_S, np.maximum(one, other))
    # accelerating and slowing again, she is fastest in between: a triangle of speed over time, cut off at the top speed
    peak = np.minimum(top, (one + other + ACCELERATION_M_S2 * took_s) / 2)
    peak = np.maximum(peak, np.maximum(one, other))  # the speed sent may be higher: not all sets send the current one
    lost = ((peak - one) ** 2 + (peak - other) ** 2) / (2 * ACCELERATION_M_S2)
    least = np.maximum(one, other) * took_s
    reach = np.where(sent, np.maximum(peak * took_s - lost, least), TOP_M_S * took_s)
    return (way_m > slack_m + reach) & (sent | (took_s <= UNSENT_S))
