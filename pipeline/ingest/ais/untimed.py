"""Counts a file's messages without a time, which tracks cannot use, and records the first."""

from __future__ import annotations

import pandas as pd

MOST_SHARE = 0.5  # share of a file's messages from which its times are considered lost altogether; our choice


class UntimedCount:
    """Collects the frames of one file in turn."""

    def __init__(self) -> None:
        self.n = self._total = self._first_line = 0

    def add(self, frame: pd.DataFrame) -> None:
        """Rows with ``line`` and ``time_utc``."""
        missing = frame["time_utc"].isna().to_numpy()
        if not self.n and missing.any():
            self._first_line = int(frame["line"].to_numpy()[missing][0])
        self.n += int(missing.sum())
        self._total += len(frame)

    def remark(self) -> str:
        """The count, and the first line."""
        return (
            f"{self.n} of {self._total} messages have no time, so they are in no track (first: line {self._first_line})"
        )

    def cause(self) -> str:
        """Why the file is of little use; "" if most of its messages have a time."""
        if not self.n or self.n <= MOST_SHARE * self._total:
            return ""
        return f"{self.remark()}; where only their zone is missing, name it with capwatch ais --time-zone"
