"""Counts a file's messages without a time, which tracks cannot use, and records the first."""

from __future__ import annotations

import pandas as pd

MANY = 0.5  # share of a file's messages from which its times are considered lost altogether; our choice


class Untimed:
    """Collects the frames of one file in turn."""

    def __init__(self) -> None:
        self.n = self._of = self._first = 0

    def add(self, frame: pd.DataFrame) -> None:
        """Rows with ``line`` and ``time_utc``."""
        missing = frame["time_utc"].isna().to_numpy()
        if not self.n and missing.any():
            self._first = int(frame["line"].to_numpy()[missing][0])
        self.n += int(missing.sum())
        self._of += len(frame)

    def said(self) -> str:
        """The count, and the first line."""
        return f"{self.n} of {self._of} messages have no time, so they are in no track (first: line {self._first})"

    def cause(self) -> str:
        """Why the file is of little use; "" if most of its messages have a time."""
        if not self.n or self.n <= MANY * self._of:
            return ""
        return f"{self.said()}; where only their zone is missing, name it with capwatch ais --time-zone"
