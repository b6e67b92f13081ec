"""Checks that a table's speeds are in knots, by speeds made good between fixes and by values that are never sent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.ingest.ais.impossible import MIN_VALUES, SHIP_MESSAGE_TYPES
from pipeline.units import EARTH_RADIUS_M, KNOT_M_S

UNITS = {"tenths of a knot": 0.1, "kilometres an hour": 1 / 1.852, "metres a second": 1 / KNOT_M_S}
"""What else a column of speeds holds, and how many knots each is."""

NEAR_SHARE = 0.15  # relative tolerance of a leg; halfway from the knot to the next unit is 0.3. Our choice
FEWEST_LEGS, MOST_LEGS = 5, 2000  # fewer legs decide nothing; further ones are not used (our choices)
LEG_S, LEG_M = 3600.0, 500.0  # longest duration and shortest distance, far beyond position errors (our choices)
SLOWEST, STEADY_SHARE, STEADY_DEG = 1.5, 0.1, 5.0  # of both ends of a leg, in whatever unit (our choice)
NOT_SENT, HIGHEST = 102.3, 102.2  # knots: "not available", and "this or more" (ITU-R M.1371-5)
ABOVE_SHARE = 0.05  # of the speeds that are not 0: damage is rarer, and ships beyond 10.2 kn are not (our choice)


class SpeedUnitCheck:
    """Collects the frames of one table in turn, as read."""

    def __init__(self) -> None:
        self._legs: list[np.ndarray] = []
        self._n_legs = self._moving = self._above = 0
        self._all_whole = True

    def add(self, raw: pd.DataFrame) -> None:
        """Add rows that still hold not-available codes, each ship's in file order."""
        ships = raw[raw["msg_type"].isin(SHIP_MESSAGE_TYPES)]
        sog = ships["sog"].to_numpy(float)
        moving = sog[sog > 0]
        self._moving += len(moving)
        self._all_whole &= bool((moving % 1 == 0).all())
        self._above += int(((moving > NOT_SENT) & (moving < 10 * NOT_SENT)).sum())
        if self._n_legs < MOST_LEGS:
            self._legs.append(_knots_per_stated_unit(ships))
            self._n_legs += len(self._legs[-1])

    def cause(self) -> str:
        """Which other unit it is, and the evidence; "" if nothing contradicts knots."""
        legs = np.concatenate(self._legs) if self._legs else np.empty(0)
        for unit, knots in UNITS.items():
            fit = int((np.abs(legs / knots - 1) <= NEAR_SHARE).sum())
            if len(legs) >= FEWEST_LEGS and 2 * fit > len(legs):
                return _cause_text(f"{fit} of {len(legs)} legs between fixes fit {unit}, not knots", unit)
        if self._all_whole and self._above >= max(MIN_VALUES, ABOVE_SHARE * self._moving):
            evidence = (
                f"{self._above} of {self._moving} are above {HIGHEST} kn, the most that is sent, and all are whole"
            )
            return _cause_text(evidence, "tenths of a knot")
        return ""


def _cause_text(evidence: str, unit: str) -> str:
    return f"speeds are left out, as they are in {unit}: {evidence}; write sog in knots"


def _knots_per_stated_unit(ships: pd.DataFrame) -> np.ndarray:
    """For each leg between a ship's consecutive rows on a steady course: knots made good per unit of stated speed."""
    order = np.argsort(ships["mmsi"].to_numpy(), kind="stable")
    mmsi, lon, lat, sog, cog = (ships[c].to_numpy(float)[order] for c in ("mmsi", "lon", "lat", "sog", "cog"))
    seconds = ships["time_utc"].to_numpy("datetime64[us]")[order].astype(np.int64) / 1e6
    took_s, before, after = np.diff(seconds), sog[:-1], sog[1:]
    turned = (np.diff(cog) + 540) % 360 - 180
    steady = (
        (mmsi[1:] == mmsi[:-1])
        & (took_s > 0)
        & (took_s <= LEG_S)
        & (np.minimum(before, after) >= SLOWEST)
        & (np.maximum(before, after) < 10 * NOT_SENT)
        & (np.abs(after - before) <= STEADY_SHARE * np.maximum(before, after))
        & (np.abs(turned) <= STEADY_DEG)
    )
    middle = np.radians(lat[:-1] + lat[1:]) / 2
    east = np.radians((np.diff(lon) + 540) % 360 - 180) * np.cos(middle)
    way_m = EARTH_RADIUS_M * np.hypot(east, np.radians(np.diff(lat)))
    steady &= way_m >= LEG_M
    return way_m[steady] / took_s[steady] / KNOT_M_S / ((before + after)[steady] / 2)
