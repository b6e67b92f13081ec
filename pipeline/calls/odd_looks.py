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

from pipeline.ships.turnover import LookBefore, length_likelihoods

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.calls.dark_stays import DarkStay
    from pipeline.config import CallsConfig

# Share of looks whose length is wrong beyond its interval. Of simulated hulls in 0.5 m pixels 2 % in open water and 3 %
# beside quays are wrong by more than 5 % (benchmarks.submetre_accuracy, seeds 651 to 690), in 3 m pixels more
P_WRONG_LENGTH = 0.03
MIN_P_ONE_STAY = 0.5  # probability above which they are taken for one stay: the likelier reading is shown
ODD_LOOK = "odd_look"


def rejoin_around_odd_looks(
    stays: list[DarkStay],
    config: CallsConfig,
    same_spot: Callable[[Any, Any], bool],
    length_difference: Callable[[Any, Any], tuple[float, float]],
) -> list[DarkStay]:
    """The stays, in order of first sighting, after rejoining those that a single odd look had cut in three.

    ``same_spot`` says whether two sightings can be one hull, lengths aside; ``length_difference`` gives the difference
    of two lengths and its standard error [m]. The odd look stays in the stay, its interval widened to include her
    length.
    """
    out = list(stays)
    n = 0
    while n + 2 < len(out):
        first, odd, second = out[n : n + 3]
        if _p_one_stay(first, odd, second, config, same_spot, length_difference) > MIN_P_ONE_STAY:
            length_m = first.length()[0]
            out[n : n + 3] = [
                replace(
                    first,
                    sightings=[*first.sightings, _with_wider_length(odd.sightings[0], length_m), *second.sightings],
                    absent_after=second.absent_after,
                    empty_looks=second.empty_looks,
                    flags=(*first.flags, *second.flags, *(() if ODD_LOOK in first.flags else (ODD_LOOK,))),
                )
            ]
        else:
            n += 1
    return out


def _p_one_stay(
    first: DarkStay,
    odd: DarkStay,
    second: DarkStay,
    config: CallsConfig,
    same_spot: Callable[[Any, Any], bool],
    length_difference: Callable[[Any, Any], tuple[float, float]],
) -> float:
    """Probability that three stays are one; 0 where they lie apart or a look between them found the spot empty."""
    before, between, after = first.last, odd.sightings[0], second.sightings[0]
    in_order = before["acquired"] < between["acquired"] < after["acquired"]  # type: ignore[operator]
    seen_empty = any(
        stay.absent_after not in (None, look["acquired"]) for stay, look in ((first, between), (odd, after))
    )
    if len(odd.sightings) > 1 or not in_order or _share_a_look(first, odd, second) or seen_empty:
        return 0.0
    if not (same_spot(before, between) and same_spot(between, after) and same_spot(before, after)):
        return 0.0
    gaps_d = [(b["acquired"] - a["acquired"]) / pd.Timedelta(days=1) for a, b in pairwise((before, between, after))]  # type: ignore[operator]
    if sum(gaps_d) > config.max_stay_d:
        return 0.0
    of_one_ship, of_two_ships = length_likelihoods(*length_difference(before, after))
    before_first, before_odd = first.look_before, LookBefore(gaps_d[0], 0.0, is_taken=True)
    one_stay = first.turns.p_still_there(first.seen_d, sum(gaps_d), before_first) * of_one_ship * P_WRONG_LENGTH
    three_stays = of_two_ships * first.turns.p_another(first.seen_d, gaps_d[0], before=before_first)
    three_stays *= odd.turns.p_another(0.0, gaps_d[1], before=before_odd)
    return one_stay / (one_stay + three_stays) if one_stay + three_stays > 0 else 0.0


def _share_a_look(first: DarkStay, odd: DarkStay, second: DarkStay) -> bool:
    """Were any two of them seen in the same look? Then they are two ships."""
    looks = [{s["pass_id"] for s in stay.sightings} for stay in (first, odd, second)]
    return bool(looks[0] & looks[1] or looks[1] & looks[2] or looks[0] & looks[2])


def _with_wider_length(sighting: dict[str, object], length_m: float) -> dict[str, object]:
    """The sighting with its length interval widened to twice the distance between its own length and hers."""
    own_length_m = float(sighting["length_m"])  # type: ignore[arg-type]
    widening_m = 2 * abs(own_length_m - length_m)
    low, high = float(sighting["length_lo_m"]), float(sighting["length_hi_m"])  # type: ignore[arg-type]
    return sighting | {
        "length_lo_m": max(1.0, min(low, own_length_m - widening_m)),
        "length_hi_m": max(high, own_length_m + widening_m),
    }
