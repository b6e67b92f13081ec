"""Values that no transponder sends: a few are noise, a column of them is another column, or another unit."""

from __future__ import annotations

import numpy as np
import pandas as pd

MEASURED = {"lon": "positions", "sog": "speeds", "cog": "courses", "heading": "headings", "draught": "draughts"}
"""Columns of which most may not be impossible. Codes are not here: some publishers have their own beyond ITU's."""
FEWEST = 3  # rows below which "most" says nothing; our choice


class Impossible:
    """Takes the frames of one table in turn: as they stand, and without what is impossible."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._left = dict.fromkeys(MEASURED, 0)
        self._swapped = self._turned = 0

    def add(self, raw: pd.DataFrame, clean: pd.DataFrame, wrong: dict[str, int]) -> None:
        """``wrong`` counts by column what is no longer in ``clean``."""
        for name, count in wrong.items():
            self.counts[name] = self.counts.get(name, 0) + count
        for name in MEASURED:
            self._left[name] += int(clean[name].notna().sum())
        if "lon" in wrong:
            lon, lat = raw["lon"].to_numpy(float), raw["lat"].to_numpy(float)
            self._swapped += int(((np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90)).sum())
            self._turned += int(((lon > 180) & (lon <= 360) & (np.abs(lat) <= 90)).sum())

    def causes(self) -> list[str]:
        """What is wrong with the file as a whole."""
        out = []
        for name, what in MEASURED.items():
            n, of = self.counts.get(name, 0), self.counts.get(name, 0) + self._left[name]
            if of >= FEWEST and 2 * n > of:
                out.append(f"{n} of {of} {what} are impossible" + (self._hint(n) if name == "lon" else ""))
        return out

    def _hint(self, n: int) -> str:
        if 2 * self._swapped > n:
            return ": latitude and longitude may be swapped"
        return ": longitudes may run from 0 to 360" if 2 * self._turned > n else ""
