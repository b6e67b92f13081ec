"""Estimate of unseen calls where the recall of some looks is unknown (unrated looks).

``python -m benchmarks.unrated_looks [years]``.

Each year has 60 calls (Poisson) at one berth. Stays follow the config's law, drawn with its stated error. Looks are
evenly spaced; a share of them is unrated: such a look covers nothing, yet finds a ship with the stated chance. Other
looks find one with chance 0.66, which the estimate is given exactly. "total" is calls seen plus expected unseen over
true calls; "holds" is the share of years whose unseen calls lie in the 90 % interval that an account draws (of whole
numbers, as in `missed_calls`).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd

from benchmarks.port_images import START, place
from pipeline.calls.missed import missed_calls
from pipeline.calls.stay_law import stay_law
from pipeline.config import CallsConfig, VolumeConfig
from pipeline.tables import DETECTIONS, LOOKS, PORT_CALLS, RECALLS
from pipeline.volume.unseen import unseen_sum

YEAR_D, CALLS, RECALL, LEAD_D = 365, 60.0, 0.66, 30.0
EVERY_D, UNRATED, FINDS = (1.0, 2.0, 5.0), (0.0, 0.2, 0.5, 0.8), (0.05, 0.4, 0.66)
CONFIG, VOLUME = CallsConfig(), VolumeConfig(draws=1000)
CALENDAR = [(START + timedelta(days=n)).date() for n in range(YEAR_D)]
PLACE = replace(place(), zones=place().zones[:1])
BERTH = PLACE.zones[0].zone_id


def look_table(times_d: np.ndarray, unrated: np.ndarray) -> pd.DataFrame:
    """One look at the berth at each time; unrated ones cover nothing of it."""
    rows = [
        {"look_id": f"{k}/{BERTH}", "scene_id": str(k), "zone_id": BERTH, "sensor": "optical", "state": "usable",
         "acquired": START + timedelta(days=float(day)), "covered": 0.0 if hidden else 1.0, "n_detections": 0}
        for k, (day, hidden) in enumerate(zip(times_d, unrated, strict=True))
    ]  # fmt: skip
    return LOOKS.check(LOOKS.from_rows(rows))


def recall_table() -> pd.DataFrame:
    """Recall of a look for ships of any length, known exactly."""
    told = {"sensor": "optical", "context": "quay", "tries": 0, "hits": 0}
    told |= dict.fromkeys(("recall", "recall_lo", "recall_hi"), RECALL)
    rows = [told | {"recall_id": f"optical/quay/{size}", "size": size} for size in ("all", "short", "middle", "long")]
    return RECALLS.check(RECALLS.from_rows(rows))


def calls_of(found_in: list[np.ndarray], times_d: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The calls found, each given by the numbers of the looks that found it, and the detections they consist of."""
    calls, detections = [], []
    for n, looks in enumerate(found_in):
        ids = [f"{look}/{n}" for look in looks]
        calls.append({"call_id": f"c{n}", "berth_id": BERTH, "counts": True, "evidence_class": "D", "length_m": 90.0,
                      "detection_ids": ids})  # fmt: skip
        for look, name in zip(looks, ids, strict=True):
            when = START + timedelta(days=float(times_d[look]))
            detections.append({"detection_id": name, "scene_id": str(look), "acquired": when})
    return PORT_CALLS.from_rows(calls), DETECTIONS.from_rows(detections)


def year(rng: np.random.Generator, every_d: float, share: float, finds: float) -> tuple[float, int, bool]:
    """Calls seen plus expected unseen, true calls, and whether the interval of the unseen ones holds."""
    law = stay_law(PORT_CALLS.empty(), CONFIG)
    stays_d = law.days * np.exp(law.log_sd * rng.standard_normal())
    times_d = np.arange(rng.uniform(0, every_d), YEAR_D, every_d)
    unrated = rng.random(len(times_d)) < share
    n = rng.poisson(CALLS / YEAR_D * (YEAR_D + LEAD_D))
    comes = rng.uniform(-LEAD_D, YEAR_D, n)
    leaves = comes + rng.choice(stays_d, n)
    here = leaves > 0
    finding = np.where(unrated, finds, RECALL)
    found_in = []
    for begin, end in zip(comes[here], leaves[here], strict=True):
        during = np.arange(*np.searchsorted(times_d, (begin, end)))
        found = during[rng.random(len(during)) < finding[during]]
        if len(found):
            found_in.append(found)
    calls, detections = calls_of(found_in, times_d)
    end = START + timedelta(days=YEAR_D)
    missed = missed_calls(
        looks=look_table(times_d, unrated), calls=calls, detections=detections, recalls=recall_table(), place=PLACE,
        start=START, end=end, config=CONFIG,
    )  # fmt: skip
    drawn = unseen_sum(missed, CALENDAR, np.ones((1, VOLUME.draws)), VOLUME, int(rng.integers(2**31))).calls
    truth = int(here.sum()) - len(found_in)
    holds = 0.05 <= rng.uniform((drawn < truth).mean(), (drawn <= truth).mean()) <= 0.95
    return len(found_in) + float(missed["unseen_mean"].sum()), int(here.sum()), holds


def main() -> None:
    """Print a line for each spacing of looks, share of unrated looks, and chance with which those find a ship."""
    years = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(f"unseen calls, simulated: looks of unknown worth among the others, {years} years a cell")
    print("a look each, d  unknown  find   total  +-      holds")
    for k, every_d in enumerate(EVERY_D):
        for share in UNRATED:
            for finds in FINDS if share else (0.0,):
                rng = np.random.default_rng([k, int(100 * share), int(100 * finds)])
                told, came, holds = np.array([year(rng, every_d, share, finds) for _ in range(years)], float).T
                total, error = told.sum() / came.sum(), np.std(told - came) / np.sqrt(years) / came.mean()
                print(
                    f"{every_d:14.0f} {share:8.1f} {finds:5.2f} {total:7.3f}  {error:.3f} {holds.mean():8.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
