"""Counts values that no transponder sends: a few are noise, but a column of them is another quantity or unit."""

from __future__ import annotations

import numpy as np
import pandas as pd

MEASURED = {"lon": "positions", "sog": "speeds", "cog": "courses", "heading": "headings", "draught": "draughts"}
"""Columns of which most may not be impossible. Codes are not here: some publishers have their own beyond ITU's."""
DEEPEST_SHARE, SHORTEST_M = 0.11, 50.0
"""A draught beyond that share of a ship's length, of ships so long, is told where most are so; our choice. In four real
tables of metres 0 to 21 % of the rows lie beyond it, and of the same in feet 82 to 98 %."""
UNITS = "they may be in feet or in tenths of a metre; write metres"
HINTS = {"draught": f": {UNITS}", "cog": ": they may be in tenths of a degree; write degrees"}
SHIP_MESSAGE_TYPES = (0, 1, 2, 3, 18, 19, 27)
"""Message types in which ships report their position; 0: a table row without a message type."""
MIN_VALUES = 3  # rows needed to speak of "most"; our choice. If no position is left, one is enough


class ImpossibleValues:
    """Collects the frames of one table in turn, each as read and without impossible values."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._kept = dict.fromkeys(MEASURED, 0)
        self._swapped = self._beyond_180 = self._at_zero = self._not_degrees = 0
        self._with_length = self._too_deep = 0
        self._reports = self._with_position = 0  # position reports of ships: all, and those with a valid position

    def add(self, raw: pd.DataFrame, clean: pd.DataFrame, wrong: dict[str, int]) -> None:
        """Add a frame; ``wrong`` counts by column the values removed from ``clean``."""
        for name, count in wrong.items():
            self.counts[name] = self.counts.get(name, 0) + count
        for name in MEASURED:
            self._kept[name] += int(clean[name].notna().sum())
        ships = raw["msg_type"].isin(SHIP_MESSAGE_TYPES)
        self._reports += int((ships & raw["lon"].notna() & raw["lat"].notna()).sum())
        self._with_position += int((ships & clean["lon"].notna()).sum())
        length = clean["a"].to_numpy(float) + clean["b"].to_numpy(float)
        draught = raw["draught"].to_numpy(float)
        sized = (draught > 0) & (length >= SHORTEST_M)
        self._with_length += int(sized.sum())
        self._too_deep += int((draught[sized] > DEEPEST_SHARE * length[sized]).sum())
        if "lon" in wrong:
            lon, lat = raw["lon"].to_numpy(float), raw["lat"].to_numpy(float)
            self._swapped += int(((np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90)).sum())
            self._beyond_180 += int(((lon > 180) & (lon <= 360) & (np.abs(lat) <= 90)).sum())
            self._at_zero += int(((lon == 0) & (lat == 0)).sum())
            self._not_degrees += int(((np.abs(lon) > 360) & (np.abs(lat) > 360)).sum())

    def causes(self) -> list[str]:
        """What is wrong with the file as a whole."""
        out = []
        for name, what in MEASURED.items():
            n, total = self.counts.get(name, 0), self.counts.get(name, 0) + self._kept[name]
            all_lost = name == "lon" and n == total > 0
            if all_lost or (total >= MIN_VALUES and 2 * n > total):
                out.append(
                    f"{n} of {total} {what} are impossible"
                    + (self._position_hint(n) if name == "lon" else HINTS.get(name, ""))
                )
        if (
            self._with_length >= MIN_VALUES
            and 2 * self._too_deep > self._with_length
            and not any("draughts" in cause for cause in out)
        ):
            out.append(f"{self._too_deep} of {self._with_length} draughts are too deep for their ships: {UNITS}")
        if not any("positions" in cause for cause in out):
            out += filter(None, [self.no_position_cause()])
        return out

    def no_position_cause(self) -> str:
        """The message that ships report but none has a position; else ""."""
        if self._with_position or self._reports < MIN_VALUES:
            return ""
        return f"none of {self._reports} position reports of ships holds a position (latitude 91, or none on Earth)"

    def _position_hint(self, n: int) -> str:
        if 2 * self._swapped > n:
            return ": latitude and longitude may be swapped"
        if 2 * self._at_zero > n:
            return ": zero degrees north and east stand for no fix"
        if 2 * self._not_degrees > n:
            return ": they may be metres, or ten-thousandths of a minute as transponders count; write degrees"
        return ": longitudes may run from 0 to 360" if 2 * self._beyond_180 > n else ""
