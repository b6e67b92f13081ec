"""Did a ship load or discharge? From her freeboards and when they were measured, on simulated ships.
``python -m benchmarks.ways_of_cargo [ships]``.

The ships are those of ``benchmarks.coverage``, built and loaded by the volume stage's laws, of which the calls stage
uses only a short form; half load, half discharge, one in twenty does neither. Images fall at any time of a stay, which
is bounded by daily images or by a transponder. Prints, for calls at a berth where both directions are equally likely:
the share classified correctly; the share of true loadings by stated chance; and the log loss in bits per call (1:
nothing known).
"""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pandas as pd

from benchmarks.coverage import FREEBOARD_SD_M, LENGTH_SD_M, build_ships
from benchmarks.timed_looks import CAME, COURSES, GAP_H, STAY_H, STAY_LOG_SD, Course, Looks, anywhere, soon_after
from pipeline.calls.direction import p_loading
from pipeline.calls.loading import freeboard_likelihood
from pipeline.config import CallsConfig, VolumeConfig
from pipeline.quantiles import Z90
from pipeline.ships.signs_of_cargo import P_NEITHER

EVEN, CLASSES = 0.5, (0.0, 0.1, 0.3, 0.7, 0.9, 1.0)


def calls_of(ships: int, looks: Looks, course: Course, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Calls with two freeboards and the bounds of their stays, and which of them loaded."""
    config, rng = VolumeConfig(), np.random.default_rng(seed)
    true = build_ships(ships, ships, config, rng)
    stay_h = STAY_H * np.exp(rng.normal(0, STAY_LOG_SD, ships))
    passed = looks(ships, rng)
    aboard = course.aboard(passed, rng)
    loads, idle, laden = (rng.random(ships) < p for p in (EVEN, P_NEITHER / EVEN, 0.5))
    idle &= ~loads
    aboard = np.where(loads, aboard, np.where(idle, laden, 1 - aboard))
    sides = true.depth_m - true.draught_m(true.before_t + aboard * (true.after_t - true.before_t), config)
    length = true.length_m + rng.normal(0, LENGTH_SD_M, ships)
    gaps = rng.random((2, ships)) * GAP_H
    hours = {
        "arrival_lo": -gaps[0],
        "arrival_hi": passed[0] * stay_h,
        "departure_lo": passed[1] * stay_h,
        "departure_hi": stay_h + gaps[1],
    }
    calls = pd.DataFrame({name: CAME + pd.to_timedelta(hour, unit="h") for name, hour in hours.items()})
    calls["length_m"] = length
    calls["length_lo_m"], calls["length_hi_m"] = length - Z90 * LENGTH_SD_M, length + Z90 * LENGTH_SD_M
    for end, side, at in zip(("in", "out"), sides, passed, strict=True):
        calls[f"freeboard_{end}_m"] = np.maximum(side + rng.normal(0, FREEBOARD_SD_M, ships), 0.1)
        calls[f"freeboard_{end}_sd_m"] = FREEBOARD_SD_M
        calls[f"freeboard_{end}_at"] = CAME + pd.to_timedelta(at * stay_h, unit="h")
    change, error = calls["freeboard_out_m"] - calls["freeboard_in_m"], Z90 * np.sqrt(2) * FREEBOARD_SD_M
    calls["freeboard_change_m"] = change
    calls["freeboard_change_lo_m"], calls["freeboard_change_hi_m"] = change - error, change + error
    return calls, loads


def evidence_cases(calls: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The calls with each variant of what may be known about them."""
    last = [name for name in calls if name.startswith(("freeboard_out", "freeboard_change"))]
    one = calls.drop(columns=last)
    return {
        "two, by their change alone": calls.drop(columns="length_m"),
        "two, and their heights": calls,
        "one, its stay by daily images": one.assign(departure_lo=one["arrival_hi"]),
    }


def main(ships: int = 2000, seed: int = 1) -> None:
    """Print the figures for each kind of looks."""
    stay_d = CallsConfig().stay_d
    for looks, what in ((anywhere, "looks at any time"), (soon_after, "looks some hours apart")):
        for course in COURSES:
            calls, loads = calls_of(ships, looks, course, seed)
            print(f"simulated: {what}; cargo pumped {course.name}")
            for name, table in evidence_cases(calls).items():
                p = np.array(
                    [p_loading(EVEN, None, freeboard_likelihood(row, EVEN, stay_d)) for row in table.to_dict("records")]
                )
                lost = -np.mean(np.log2(np.where(loads, p, 1 - p)))
                held = [(p >= a) & (p <= b) for a, b in pairwise(CLASSES)]
                told = ", ".join(f"{p[c].mean():.2f}: {loads[c].mean():.2f} ({c.sum()})" for c in held if c.any())
                print(f"  {name:30s} right {np.mean((p > EVEN) == loads):.3f}  bits {lost:.3f}  said: true {told}")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
