"""Validity of MMSI numbers: which can be a ship's."""

from __future__ import annotations

import numpy as np


def is_equipment(mmsi: np.ndarray) -> np.ndarray:
    """Which numbers are equipment, whatever messages it sends: a distress beacon reports its position as a ship does.

    Aircraft of search and rescue (111MIDxxx), beacons of survival craft, persons and buoys (970, 972, 974), aids to
    navigation (99MIDxxxx), by ITU-R M.585. A MID, the country, begins with 2 to 7; simulated ships (999) have none.

    >>> is_equipment(np.array([111273001, 970123456, 992731234, 999000001, 273000001])).tolist()
    [True, True, True, False, False]
    """
    country = np.isin(mmsi // 1_000_000, range(992, 998)) | np.isin(mmsi // 100_000, range(1112, 1118))
    return country | np.isin(mmsi // 1_000_000, (970, 972, 974))


def mmsi_is_possible(mmsi: int) -> bool:
    """Is it nine digits that a ship may send: not led by 0 (groups, coasts) or 1 (aircraft), nor one digit only?

    ITU-R M.585. Country codes are not checked: ships forge them, and simulated ships have one that does not exist.

    >>> [mmsi_is_possible(mmsi) for mmsi in (273000001, 999000001, 0, 2730000, 123456789, 888888888)]
    [True, True, False, False, False, False]
    """
    return 200_000_000 <= mmsi <= 999_999_999 and len(set(str(mmsi))) > 1
