"""Numbers of transponders: which can be a ship's."""

from __future__ import annotations


def mmsi_is_possible(mmsi: int) -> bool:
    """Is it nine digits that a ship may send: not led by 0 (groups, coasts) or 1 (aircraft), nor one digit only?

    ITU-R M.585. Country codes are not asked for: ships forge them, and simulated ships have one that is none.

    >>> [mmsi_is_possible(mmsi) for mmsi in (273000001, 999000001, 0, 2730000, 123456789, 888888888)]
    [True, True, False, False, False, False]
    """
    return 200_000_000 <= mmsi <= 999_999_999 and len(set(str(mmsi))) > 1
