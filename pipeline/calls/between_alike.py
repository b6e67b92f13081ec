"""Join a stay that one look with a wrong length had cut in three, where that is likelier than two changes of ship.

Now and then a look at a moored hull gives a length that is wrong beyond its interval: an end lost in shade, a barge
alongside included. Linked look by look, such a length cuts one stay into three calls. By Bayes' rule the three are one
stay if that is likelier than the alternative: a ship left, another came and left, and a third came that looks like the
first, all between the looks around it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.ships.turnover import Before, likelihoods

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.calls.dark_stays import DarkStay
    from pipeline.config import CallsConfig

# Share of looks whose length is wrong beyond its interval. Of simulated hulls in 0.5 m pixels 2 % in open water and 3 %
# beside quays are wrong by more than 5 % (benchmarks.submetre_accuracy, seeds 651 to 690), in 3 m pixels more
LENGTH_FAILS = 0.03
BELIEVED = 0.5  # probability above which they are taken for one stay: the likelier reading is shown
ODD = "odd_look"


def joined(
    stays: list[DarkStay],
    config: CallsConfig,
    one_place: Callable[[Any, Any], bool],
    apart: Callable[[Any, Any], tuple[float, float]],
) -> list[DarkStay]:
    """The stays, in order of first sighting, after rejoining those that a single odd look had cut in three.

    ``one_place`` says whether two sightings can be one hull, lengths aside; ``apart`` gives the difference of two
    lengths and its standard error [m]. The odd look stays in the stay, its interval widened to include her length.
    """
    out = list(stays)
    n = 0
    while n + 2 < len(out):
        first, odd, second = out[n : n + 3]
        if _one_stay(first, odd, second, config, one_place, apart) > BELIEVED:
            her_length = first.length()[0]
            out[n : n + 3] = [
                replace(
                    first,
                    sightings=[*first.sightings, _opened(odd.sightings[0], her_length), *second.sightings],
                    absent_after=second.absent_after,
                    empty=second.empty,
                    flags=(*first.flags, *second.flags, *(() if ODD in first.flags else (ODD,))),
                )
            ]
        else:
            n += 1
    return out


def _one_stay(
    first: DarkStay,
    odd: DarkStay,
    second: DarkStay,
    config: CallsConfig,
    one_place: Callable[[Any, Any], bool],
    apart: Callable[[Any, Any], tuple[float, float]],
) -> float:
    """Probability that three stays are one; 0 where they lie apart or a look between them found the spot empty."""
    before, between, after = first.last, odd.sightings[0], second.sightings[0]
    in_order = before["acquired"] < between["acquired"] < after["acquired"]  # type: ignore[operator]
    seen_empty = any(
        stay.absent_after not in (None, look["acquired"]) for stay, look in ((first, between), (odd, after))
    )
    if len(odd.sightings) > 1 or not in_order or _in_one_look(first, odd, second) or seen_empty:
        return 0.0
    if not (one_place(before, between) and one_place(between, after) and one_place(before, after)):
        return 0.0
    gaps = [(b["acquired"] - a["acquired"]) / pd.Timedelta(days=1) for a, b in pairwise((before, between, after))]  # type: ignore[operator]
    if sum(gaps) > config.max_stay_d:
        return 0.0
    one, other = likelihoods(*apart(before, after))
    came, came_odd = first.came_after, Before(gaps[0], 0.0)
    stayed = first.turns.still(first.seen_d, sum(gaps), came) * one * LENGTH_FAILS
    turned = other * first.turns.another(first.seen_d, gaps[0], before=came)
    turned *= odd.turns.another(0.0, gaps[1], before=came_odd)
    return stayed / (stayed + turned) if stayed + turned > 0 else 0.0


def _in_one_look(first: DarkStay, odd: DarkStay, second: DarkStay) -> bool:
    """Were any two of them seen in the same look? Then they are two ships."""
    looks = [{s["pass_id"] for s in stay.sightings} for stay in (first, odd, second)]
    return bool(looks[0] & looks[1] or looks[1] & looks[2] or looks[0] & looks[2])


def _opened(sighting: dict[str, object], length_m: float) -> dict[str, object]:
    """The sighting with its length interval widened to twice the distance between its own length and hers."""
    value = float(sighting["length_m"])  # type: ignore[arg-type]
    reach = 2 * abs(value - length_m)
    low, high = float(sighting["length_lo_m"]), float(sighting["length_hi_m"])  # type: ignore[arg-type]
    return sighting | {"length_lo_m": max(1.0, min(low, value - reach)), "length_hi_m": max(high, value + reach)}
