"""Value of knowing when in her stay a ship was imaged: cargo from freeboards with and without the times of their looks,
on simulated ships. ``python -m benchmarks.timed_looks [ships]``.

The ships are those of ``benchmarks.coverage``. Their cargo grows as the volume stage assumes, or in ways it does not
know; images fall at any time of the stay. Arrival and departure are known from transponders, or lie between daily
images.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.coverage import FREEBOARD_SD_M, Fleet, build_ships, fleet, with_evidence
from pipeline.config import VolumeConfig
from pipeline.volume import liftings

CAME = pd.Timestamp("2024-03-07T12:00Z")
STAY_H, STAY_LOG_SD = 30.0, 0.5  # median stay and its spread (our choice)
GAP_H = 24.0  # between images, where only these bound a stay
SHORT_H = 2.0  # between two images on one day


@dataclass(frozen=True, slots=True)
class Course:
    """When pumping begins and ends, as fractions of the stay; None: as the volume stage draws it."""

    name: str
    pumping: tuple[float, float] | None

    def aboard(self, passed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Share of the cargo aboard after these fractions of each stay: shape (looks, ships)."""
        if self.pumping is None:
            points = np.sort(rng.random((3, passed.shape[1])), axis=0)
            begin, end = points[0], points[2]
        else:
            begin, end = (np.full(passed.shape[1], share) for share in self.pumping)
        return np.clip((passed - begin) / (end - begin), 0, 1)


COURSES = (
    Course("as the stage draws it", None),
    Course("from 10 to 90 % of the stay", (0.1, 0.9)),
    Course("in its first third", (0.02, 0.35)),
    Course("in its last third", (0.65, 0.98)),
)
Looks = Callable[[int, np.random.Generator], np.ndarray]


def anywhere(ships: int, rng: np.random.Generator) -> np.ndarray:
    """Two looks at any time of each stay, as fractions of it."""
    return np.sort(rng.random((2, ships)), axis=0)


def soon_after(ships: int, rng: np.random.Generator) -> np.ndarray:
    """Two looks within a few hours, as fractions of the stay."""
    first = rng.random(ships)
    return np.stack((first, np.minimum(first + SHORT_H / STAY_H, 1)))


def calls_of(
    ships: int, looks: Looks, course: Course, config: VolumeConfig, seed: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """Calls with two freeboards and their times, and the times and bounds of each stay; and the cargo of each [t]."""
    calls, cargo = fleet(ships, config, seed)
    true: Fleet = build_ships(ships, ships, config, np.random.default_rng(seed))  # the same ships
    rng = np.random.default_rng([seed, 7])
    stay_h = STAY_H * np.exp(rng.normal(0, STAY_LOG_SD, ships))
    passed = looks(ships, rng)
    aboard = course.aboard(passed, rng)
    out: dict[str, object] = {"departure": CAME + pd.to_timedelta(stay_h, unit="h"), "arrival": CAME}
    for end, share, at in zip(("in", "out"), aboard, passed, strict=True):
        draught = true.draught_m(true.before_t + share * (true.after_t - true.before_t), config)
        side = true.depth_m - draught + rng.normal(0, FREEBOARD_SD_M, ships)
        out[f"freeboard_{end}_m"] = np.maximum(side, 0.1)
        out[f"freeboard_{end}_at"] = CAME + pd.to_timedelta(at * stay_h, unit="h")
    gaps = rng.random((2, ships)) * GAP_H
    out["arrival_lo"] = CAME - pd.to_timedelta(gaps[0], unit="h")
    out["departure_hi"] = out["departure"] + pd.to_timedelta(gaps[1], unit="h")
    return calls.drop(columns="arrival").assign(**out), cargo


def by_images(calls: pd.DataFrame) -> pd.DataFrame:
    """The calls with bounds on arrival and departure instead of their times."""
    looks = {"arrival_hi": calls["freeboard_in_at"], "departure_lo": calls["freeboard_out_at"]}
    return calls.drop(columns=["arrival", "departure"]).assign(**looks)


def by_transponder(calls: pd.DataFrame) -> pd.DataFrame:
    """The calls with times of arrival and departure."""
    return calls.drop(columns=["arrival_lo", "departure_hi"])


def evidence_cases(calls: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The calls with each variant of what a table may say about their times."""
    both = with_evidence(calls, ("freeboard_in_m", "freeboard_out_m"))
    times = calls[["freeboard_in_at", "freeboard_out_at"]]
    heard, timed = by_transponder(both), both.assign(**times)
    first = ["freeboard_out_m", "freeboard_out_at", "freeboard_out_sd_m"]
    return {
        "two freeboards, no times": heard,
        "… and their times": by_transponder(timed),
        "… by images alone": by_images(timed),
        "one freeboard, not used": by_transponder(with_evidence(calls, ())),
        "… with its time": by_transponder(timed.drop(columns=first)),
        "… by this image alone": by_images(timed.assign(freeboard_out_at=times["freeboard_in_at"])).drop(columns=first),
    }


def main(ships: int = 1000, seed: int = 1) -> None:
    """Print coverage and width of the 90 % intervals, and errors of the medians."""
    config = VolumeConfig()
    for looks, what in ((anywhere, "two looks at any time"), (soon_after, f"two looks some {SHORT_H:g} hours apart")):
        for course in COURSES:
            print(f"simulated: {what}; cargo pumped {course.name}")
            calls, cargo = calls_of(ships, looks, course, config, seed)
            for name, case in evidence_cases(calls).items():
                table = liftings(case, config, 0)
                used = (table["status"] == "used").to_numpy()
                low, mid, high = (table[f"tonnes_p{p}"].to_numpy()[used] for p in (5, 50, 95))
                truth = cargo[used]
                inside, width = np.mean((low <= truth) & (truth <= high)), np.median((high - low) / truth)
                print(
                    f"  {name:28s} {inside:6.3f} {width:6.2f} {np.median(mid / truth) - 1:+7.1%}   ({used.sum()} ships)"
                )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
