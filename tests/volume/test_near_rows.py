"""The pre-selection of row pairs skips none that could be one stay: checked against all pairs of random tables."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from pipeline.config import VolumeConfig
from pipeline.volume import liftings
from pipeline.volume.cut_stays import DEFAULTS, ONE_VISIT, gap_between
from pipeline.volume.identity import same_ship
from pipeline.volume.near_rows import near_pairs


def drawn(seed: int, calls: int) -> list[dict]:
    """Stays of few ships at few berths in one month, identified by number, by image, or not at all."""
    rng = np.random.default_rng(seed)
    came = pd.Timestamp("2024-03-01", tz="UTC") + pd.to_timedelta(rng.uniform(0, 30, calls), "D")
    rows = [
        {
            "call_id": f"c{rng.integers(40)}/{n}" if n % 3 else f"row{n}",
            "arrival": start.isoformat(),
            "departure": (start + pd.Timedelta(days=rng.uniform(-0.1, 3.0))).isoformat() if n % 4 else None,
            "berth_id": rng.choice(["pier", "jetty", ""]),
            "length_m": 95.0,
            "mmsi": 999000000 + int(rng.integers(9)) if n % 2 else None,
            "imo": 9000003 + 12 * int(rng.integers(4)) if n % 5 == 0 else None,
            "detection_ids": [f"d{rng.integers(30)}"] if n % 2 == 0 else [],
        }
        for n, start in enumerate(came)
    ]
    return liftings(pd.DataFrame(rows), VolumeConfig(draws=200), 1).to_dict("records")


def test_every_two_rows_that_may_be_one_stay_are_compared_once_in_order():
    rows = [row for seed in (1, 2, 3) for row in drawn(seed, 40)]
    table_of = [n // 40 for n in range(len(rows))]
    indices = np.random.default_rng(4).permutation(len(rows)).tolist()
    found = near_pairs(rows, table_of, indices)

    def may_be(a, b):
        gap = gap_between(a, b)
        at_a_berth = a["berth_id"] == b["berth_id"] != "" and gap <= pd.Timedelta(days=DEFAULTS.max_stay_d)
        by_number = bool(same_ship(a, b)) and gap <= ONE_VISIT
        images = set(a["evidence"]) & set(b["evidence"])
        seen = len(a["evidence"]) > 0 and len(b["evidence"]) > 0
        return by_number or (at_a_berth and seen) or bool(images) or a["call_id"] == b["call_id"]

    wanted = [(m, n) for m, n in combinations(indices, 2) if table_of[m] != table_of[n] and may_be(rows[m], rows[n])]
    assert len(wanted) > 100
    assert [pair for pair in found if pair in set(wanted)] == wanted
    assert len(found) == len(set(found)) < len(rows) * (len(rows) - 1) / 4
