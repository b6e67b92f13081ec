"""Radar detection on simulated scenes with known ships, beside two published rules, in one run.

``python -m benchmarks.radar_accuracy [--seeds 101 102] [--sea calm ...] [--misses]``. These seeds were used for nothing
else. A ship counts as found by the nearest accepted detection within 100 m or half her length, one to one; a ghost
counts as kept if an accepted detection that found no ship lies within 100 m of it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks import radar_baselines, radar_scenes, score_curve
from benchmarks.radar_baselines import Found
from pipeline.detection import detect

CLASSES_M = (15, 30, 60, 120, 400)
FAR_PX = 1e6


@dataclass
class Tally:
    """One method's results on the scenes of one sea."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    ghosts: int = 0
    by_class: np.ndarray = field(default_factory=lambda: np.zeros((2, len(CLASSES_M) - 1), int))
    errors: list[float] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def add(self, truth: radar_scenes.Truth, found: Found, bounds: np.ndarray | None = None) -> list[str]:
        """Count one scene; returns lines on misses and false alarms."""
        ships = truth.ships
        place = np.array([(s.row, s.col) for s in ships])
        length = np.array([s.length_m for s in ships])
        at = np.column_stack([found.row, found.col]).reshape(-1, 2)
        distance = np.hypot(*np.moveaxis(place[:, None] - at[None], 2, 0))
        near = distance * radar_scenes.SPACING_M < np.maximum(100.0, length / 2)[:, None]
        cost = np.where(near, distance, FAR_PX)
        pairs = [(s, f) for s, f in zip(*linear_sum_assignment(cost), strict=True) if cost[s, f] < FAR_PX]
        seen, used = {s for s, _ in pairs}, {f for _, f in pairs}
        kind = np.clip(np.digitize(length, CLASSES_M) - 1, 0, len(CLASSES_M) - 2)
        self.hit += len(pairs)
        self.missed += len(ships) - len(pairs)
        errors = [f"missed {length[s]:.0f} m at {place[s].round()}" for s in range(len(ships)) if s not in seen]
        for s in range(len(ships)):
            self.by_class[:, kind[s]] += (s in seen, 1)
        for s, f in pairs:
            self.errors.append(float(found.length_m[f] - length[s]))
            if bounds is not None:
                self.held.append(bool(bounds[0][f] <= length[s] <= bounds[1][f]))
        spots = np.array([(r, c) for r, c, _ in truth.ghosts]).reshape(-1, 2)
        for f in sorted(set(range(len(at))) - used):
            self.false += 1
            ghost = bool((np.hypot(*(spots - at[f]).T) * radar_scenes.SPACING_M < 100.0).any())
            self.ghosts += ghost
            split = distance[:, f].min() * radar_scenes.SPACING_M if len(ships) else np.inf
            errors.append(f"false{' ghost' if ghost else ''} at {at[f].round()}, {split:.0f} m off a ship")
        return errors

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.hit / max(1, 2 * self.hit + self.false + self.missed)

    def line(self) -> str:
        """One row of the table."""
        error = np.array(self.errors) if self.errors else np.zeros(1)
        classes = " ".join(f"{a:3d}/{b:3d}" for a, b in self.by_class.T)
        held = f"{np.mean(self.held):.2f}" if self.held else "   -"
        rate = f"{np.median(self.rates):7.1e}" if self.rates else "      -"
        return (
            f"{self.f1:5.3f} {self.hit / max(1, self.hit + self.false):6.3f} {classes} "
            f"{self.ghosts:6d} {self.false:5d} "
            f"{np.abs(error).mean():5.1f} {error.mean():+6.1f} {held} {np.mean(self.cpu_s):6.2f} {rate}"
        )


def ours(truth: radar_scenes.Truth, judged: score_curve.Judged) -> tuple[Found, np.ndarray, float | None]:
    """Accepted detections with default settings, their length bounds, and the detector's stated false-alarm rate; adds
    the score of every object without a flag to ``judged``."""
    table, diagnostics = detect(truth.scene)
    judged.add(table, truth)
    table = table[table["accepted"]]
    bounds = table[["length_lo_m", "length_hi_m"]].to_numpy(float).T
    found = Found(*(table[n].to_numpy(float) for n in ("row", "col", "length_m")))
    return found, bounds, diagnostics["false_alarm_rate_achieved"]


def measure(
    seas: Iterable[str], seeds: Iterable[int], judged: score_curve.Judged, *, baselines: bool, misses: bool
) -> dict[str, dict[str, Tally]]:
    """sea -> method -> tally over textures and seeds."""
    out: dict[str, dict[str, Tally]] = {}
    for sea in seas:
        methods = out.setdefault(sea, {})
        for texture in radar_scenes.TEXTURES:
            for seed in seeds:
                truth = radar_scenes.make(sea, texture, seed)
                start = time.process_time()
                found, bounds, rate = ours(truth, judged)
                tally = methods.setdefault("ours", Tally())
                tally.cpu_s.append(time.process_time() - start)
                if rate is not None:
                    tally.rates.append(rate)
                errors = tally.add(truth, found, bounds)
                if misses:
                    print(truth.scene.scene_id, *errors, sep="\n  ")
                if baselines:
                    _baselines(truth, methods)
    return out


def _baselines(truth: radar_scenes.Truth, methods: dict[str, Tally]) -> None:
    data = truth.scene.read(radar_scenes.Window(0, 0, *truth.scene.shape)).data
    rules = {
        "GFW 140/240": lambda: radar_baselines.gfw(data, radar_scenes.SPACING_M, 140.0, 240.0),
        "GFW 200/600": lambda: radar_baselines.gfw(data, radar_scenes.SPACING_M, 200.0, 600.0),
        "SNAP": lambda: radar_baselines.snap(data, radar_scenes.SPACING_M),
    }
    for name, rule in rules.items():
        start = time.process_time()
        found = rule()
        tally = methods.setdefault(name, Tally())
        tally.cpu_s.append(time.process_time() - start)
        tally.add(truth, found)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102])
    parser.add_argument("--sea", nargs="+", default=list(radar_scenes.SEAS), choices=list(radar_scenes.SEAS))
    parser.add_argument("--alone", action="store_true", help="leave the other rules out")
    parser.add_argument("--figure", type=Path, help="write the curve of score against precision to this SVG")
    parser.add_argument("--misses", action="store_true", help="say what was missed or invented")
    chosen = parser.parse_args()
    detect(radar_scenes.make("calm", "k", 1).scene)  # warm-up: compiles
    judged = score_curve.Judged()
    table = measure(chosen.sea, chosen.seeds, judged, baselines=not chosen.alone, misses=chosen.misses)
    classes = " ".join(f"{f'<{m} m':>7s}" for m in CLASSES_M[1:])
    print(f"{'simulated':22s} {'F1':>5s} {'prec.':>6s} {classes} ghosts false   MAE   bias held  CPU s achieved")
    for sea, methods in table.items():
        for name, tally in methods.items():
            print(f"{sea:9s} {name:12s} {tally.line()}")
    for line in judged.lines():
        print(line)
    if chosen.figure:
        seeds = ", ".join(str(s) for s in chosen.seeds)
        chosen.figure.write_text(judged.svg(f"Simulated seas ({', '.join(chosen.sea)}; seed {seeds})"), "utf-8")


if __name__ == "__main__":
    main()
