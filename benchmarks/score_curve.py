"""Calibration of scores: share of real ships among objects of each score, and precision above each score."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.screening import REJECTING

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.radar_scenes import Truth

BINS = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99, 1.0)
CUTS = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99])
WIDTH, HEIGHT, LEFT, TOP, SIDE = 460, 340, 60, 36, 250
REACH_M = 100.0


@dataclass
class Judged:
    """Scores of objects without a flag, whether each is a ship, and the number of true ships."""

    scores: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    ships: int = 0

    def add(self, table: pd.DataFrame, truth: Truth) -> None:
        """Add one scene's objects. One within 100 m or half a length of a ship's middle is that ship."""
        from benchmarks.radar_scenes import SPACING_M

        free = table[[not (set(f) - {"low_score"}) & REJECTING for f in table["flags"]]]
        at = free[["row", "col"]].to_numpy(float)
        place = np.array([(s.row, s.col) for s in truth.ships])
        reach = np.maximum(REACH_M, np.array([s.length_m / 2 for s in truth.ships]))
        far = np.hypot(*np.moveaxis(at[:, None] - place[None], 2, 0)) * SPACING_M
        self.scores += free["score"].tolist()
        self.right += (far < reach).any(axis=1).tolist()
        self.ships += len(place)

    def precision(self, cut: float) -> tuple[float, float]:
        """Precision and recall of objects that score at least ``cut``."""
        kept = np.array(self.right)[np.array(self.scores) >= cut]
        return float(kept.mean()) if len(kept) else 1.0, float(kept.sum()) / max(self.ships, 1)

    def lines(self) -> list[str]:
        """Share of ships by score, as text."""
        scores, right = np.array(self.scores), np.array(self.right)
        out = []
        for low, high in pairwise(BINS):
            here = (scores >= low) & ((scores < high) | (high == 1.0))
            if here.any():
                told = f"mean {scores[here].mean():.3f}, ships {right[here].mean():.3f}"
                out.append(f"score {low:.2f} to {high:.2f}: {here.sum():5d} objects, {told}")
        return out

    def svg(self, title: str) -> str:
        """Precision (line) and recall (dashed) above each score, as a small picture."""
        points = np.array([self.precision(cut) for cut in CUTS])

        def path(values: np.ndarray) -> str:
            return " ".join(
                f"{LEFT + 340 * x:.1f},{TOP + SIDE * (1 - y):.1f}" for x, y in zip(CUTS, values, strict=True)
            )

        ticks = "".join(
            f'<text x="{LEFT + 340 * v:.0f}" y="{TOP + SIDE + 18}" text-anchor="middle">{v:g}</text>'
            f'<text x="{LEFT - 8}" y="{TOP + SIDE * (1 - v) + 4:.0f}" text-anchor="end">{v:g}</text>'
            f'<path d="M{LEFT} {TOP + SIDE * (1 - v):.0f}h340" stroke="#ddd"/>'
            for v in (0.0, 0.25, 0.5, 0.75, 1.0)
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
            f'font-size="12" fill="none"><g fill="#222">{ticks}<text x="{LEFT}" y="20">{title}</text>'
            f'<text x="{LEFT + 170}" y="{HEIGHT - 14}" text-anchor="middle">score at least</text></g>'
            f'<polyline points="{path(points[:, 0])}" stroke="#0072b2" stroke-width="2"/>'
            f'<polyline points="{path(points[:, 1])}" stroke="#d55e00" stroke-width="2" stroke-dasharray="5 4"/>'
            f'<text x="{LEFT + 10}" y="{TOP + SIDE - 30}" fill="#0072b2">precision</text>'
            f'<text x="{LEFT + 10}" y="{TOP + SIDE - 12}" fill="#d55e00">recall (dashed)</text></svg>\n'
        )
