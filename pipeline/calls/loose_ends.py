"""One bad fix at an end of a track, where no later fix goes on without it and so tells that it was bad.

Between two fixes that fit each other a bad one is passed over (`tracks`). The first and the last of a track, and one
beside a long silence, have a neighbour on one side alone. There the ship's own motion decides: a fix by itself that she
cannot have reached from her next sound fixes, or they from it, at the speeds that she sent and as a ship gathers and
loses way, is a spike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.units import KNOT_M_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatArray

ACCELERATION_M_S2 = 0.05
"""More than a merchant ship has: one of 100 m that stops from 15 kn within 15 lengths, as IMO's MSC.137(76) asks, loses
0.02 m/s in a second, and none gathers way so fast."""

TOP_M_S = 25 * KNOT_M_S  # of merchant ships; one that sends more has that (our choice)
UNSENT_S = 600.0  # where no speed is sent, she may run at the top speed for so long (our choice, as in `tracks`)


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
    """Which fixes stand alone at an end and cannot be reached from the sound run beside them.

    All arrays have one element a fix, in order of track (``key``) and time. ``follows`` says whether it goes on from
    the fix before it; ``way_m``, how far it is from that one, is read only where it does not. A run is sound with
    ``fewest`` fixes; a track ends where there is no more of it, or nothing for longer than ``silence_s``.

    >>> moored = np.zeros(6)
    >>> loose_ends(moored, np.arange(6) * 180.0, np.array([0, 3000.0, 1, 2, 1, 2]), moored,
    ...            np.array([0, 0, 1, 1, 1, 1], bool), slack_m=500.0, silence_s=86400.0, fewest=5).nonzero()[0].tolist()
    [0]
    """
    out = np.zeros(len(key), bool)
    if len(key) < 2:
        return out
    took_s = np.r_[np.inf, np.diff(seconds)]
    opens = np.r_[True, (key[1:] != key[:-1]) | (took_s[1:] > silence_s)]  # nothing tells how she came here
    far = np.zeros(len(key), bool)
    odd = np.flatnonzero(~opens & ~follows)  # few of many
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
    """Is each way longer than a ship makes in the time, who is as fast at its ends as she sent?"""
    sent = np.isfinite(from_m_s) & np.isfinite(to_m_s)
    one, other = (np.nan_to_num(v) for v in (from_m_s, to_m_s))
    top = np.maximum(TOP_M_S, np.maximum(one, other))
    # gathering way and losing it again she is fastest in between, at the peak of a triangle that may be cut off
    peak = np.minimum(top, (one + other + ACCELERATION_M_S2 * took_s) / 2)
    peak = np.maximum(peak, np.maximum(one, other))  # what she sent may be more than that: not all send the moment's
    lost = ((peak - one) ** 2 + (peak - other) ** 2) / (2 * ACCELERATION_M_S2)
    least = np.maximum(one, other) * took_s
    reach = np.where(sent, np.maximum(peak * took_s - lost, least), TOP_M_S * took_s)
    return (way_m > slack_m + reach) & (sent | (took_s <= UNSENT_S))
