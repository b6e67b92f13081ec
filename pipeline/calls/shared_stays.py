"""Flag calls of ships whose MMSI another ship sends as well, by what is sent under it, or from where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.calls.geodesy import distance_m
from pipeline.calls.stays import SAME_SPOT_M
from pipeline.calls.tracks import MIN_FIXES, good_fixes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.calls.hulls import Spell
    from pipeline.calls.stays import Stay

SHARED_MMSI = "shared_mmsi"
SHIP_UNKNOWN = "which_ship_unknown"


class SharedNumbers:
    """Numbers that several ships send at once, and the flags of their calls."""

    def __init__(self, tracks: pd.DataFrame, static: pd.DataFrame) -> None:
        self._shared_mmsis = {int(mmsi) for mmsi in static.loc[static["ship"].notna(), "mmsi"]}
        good = good_fixes(tracks)
        shared_by_tracks = good.groupby("mmsi")["track_id"].transform("nunique") > 1
        self._fixes = {int(str(mmsi)): fixes for mmsi, fixes in good[shared_by_tracks].groupby("mmsi", sort=True)}

    def flags(self, spell: Spell, stay: Stay | None = None) -> Iterator[str]:
        """Flags of a call: that other ships send her number, and that it is unknown which of them she is."""
        is_shared = spell.mmsi in self._shared_mmsis
        if is_shared or (stay is not None and self._is_sent_elsewhere(stay)):
            yield SHARED_MMSI
        if is_shared and spell.ship is None:
            yield SHIP_UNKNOWN

    def _is_sent_elsewhere(self, stay: Stay) -> bool:
        """Was another track of her number elsewhere while she lay there? One of fewer fixes is her own spikes."""
        fixes = self._fixes.get(stay.mmsi)
        if fixes is None:
            return False
        during = fixes[fixes["time_utc"].between(stay.arrival_hi, stay.departure_lo)]
        here = distance_m(*stay.spot, during["lon"].to_numpy(float), during["lat"].to_numpy(float)) <= SAME_SPOT_M
        own = set(during["track_id"][here])
        away = during["track_id"][~here & ~during["track_id"].isin(own).to_numpy()]
        return bool((np.unique(away, return_counts=True)[1] >= MIN_FIXES).any())
