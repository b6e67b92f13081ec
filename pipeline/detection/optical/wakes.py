"""Flag wakes in fine images: strips of churned water behind a ship, as wide as the hull, in her line, and dimmer.

A wake is long, slender and straight, and may pass for a hull. It is recognised by the ship ahead, since fine images
lack the band that would show foam (1.6 um).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.detection.candidates import Candidate

DIMMER_DB = 3.0  # half of the hull's light over water; a wake's foam shows a third or less (our choice)
TURNED_DEG = 12.0  # between the ship's axis and her wake's, which follows where she came from (our choice)
BEHIND_M = 60.0  # longest gap between ship and wake: propellers suppress the foam beneath the counter (our choice)


def flag_wakes(found: list[Candidate], spacing_m: tuple[float, float]) -> list[Candidate]:
    """The candidates, with ``wake`` flagged on those that trail a brighter hull in her line; moored ships make none.

    An outline flagged ``holds_a_hull`` is a pier with a ship, and the ship is not its wake.
    """
    ships = [c for c in found if not {"no_hull_shape", "cloud", "moored", "holds_a_hull"} & set(c.flags)]
    return [
        replace(c, flags=(*c.flags, "wake"))
        if "moored" not in c.flags and any(_is_wake_of(c, ship, spacing_m) for ship in ships)
        else c
        for c in found
    ]


def _is_wake_of(candidate: Candidate, ship: Candidate, spacing_m: tuple[float, float]) -> bool:
    """Does it lie behind or ahead of a ship (bows are not always known), in her line, dimmer and not much wider?"""
    if ship.contrast_db - candidate.contrast_db < DIMMER_DB or candidate.beam_m > 2 * ship.beam_m:
        return False
    if abs(float(np.dot(candidate.axis, ship.axis))) < np.cos(np.radians(TURNED_DEG)):
        return False
    south, east = (candidate.row - ship.row) * spacing_m[0], (candidate.col - ship.col) * spacing_m[1]
    along = abs(south * ship.axis[0] + east * ship.axis[1])
    across = abs(east * ship.axis[0] - south * ship.axis[1])
    gap_m = along - (candidate.length_m + ship.length_m) / 2
    swung = np.sin(np.radians(TURNED_DEG)) * (along - ship.length_m / 2)
    return bool(-0.75 * ship.length_m < gap_m < BEHIND_M and across < 0.5 * ship.beam_m + max(0.0, swung))
