"""A table of calls gives the same liftings from memory, from Parquet and from CSV."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.table_files import read_table, write_table
from pipeline.tables import PORT_CALLS
from pipeline.volume import liftings
from pipeline.volume.liftings import FLAG_CAUSES

CONFIG = VolumeConfig(draws=400)
TIMES = ("2024-12-28T00:00:00Z", "2024-12-31T00:00:00Z", "2024-12-31T06:00:00Z", "2025-01-06T00:00:00Z")
PLAIN = {
    "vessel_id": "anonymous", "berth_id": "oil", "berth_kind": "berth", "counts": True, "evidence_class": "C",
    "identity_probability": 0.0, "n_looks": 2, "n_seen": 2, "length_m": 98.0, "length_lo_m": 94.0, "length_hi_m": 102.0,
    "beam_m": 15.8, "draught_in_m": 4.2, "draught_out_m": 6.4, "p_loading": 0.95, "p_tanker": 0.9, "p_ship": 1.0,
}  # fmt: skip


def port_calls() -> pd.DataFrame:
    """One call of each kind: with sightings, with bounds from no look, of an uncounted zone, without lists."""
    bounds = dict(
        zip(("arrival_lo", "arrival_hi", "departure_lo", "departure_hi"), map(pd.Timestamp, TIMES), strict=True)
    )
    rows = [
        {"call_id": "seen", "detection_ids": ["d1", "d2"], "flags": ["dark"]},
        {"call_id": "open", "detection_ids": ["d3"], "flags": ["arrival_open", "left_open"]},
        {"call_id": "roads", "counts": False, "detection_ids": [], "flags": ["dark", "zone_not_counted"]},
        {"call_id": "bare", "detection_ids": [], "flags": [], "draught_in_m": np.nan},
        {"call_id": "aside", "counts": False, "detection_ids": [], "flags": []},
    ]
    return PORT_CALLS.check(PORT_CALLS.from_rows([PLAIN | bounds | row for row in rows]))


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_file_in_between_changes_nothing(tmp_path, suffix):
    calls = port_calls()
    write_table(calls, tmp_path / f"calls{suffix}")
    direct, read = (liftings(table, CONFIG, 7) for table in (calls, read_table(tmp_path / f"calls{suffix}")))
    pd.testing.assert_frame_equal(direct, read, rtol=1e-6)  # a CSV keeps ten digits


@pytest.mark.parametrize("flag", ["short_stay", "same_visit"])
def test_a_stay_that_the_calls_stage_leaves_out_says_why(flag):
    """Only a row without a flag that explains it refers to its own cell."""
    left_out = port_calls().query("call_id == 'aside'").assign(flags=[[flag]])
    assert liftings(left_out, CONFIG, 7)["cause"].tolist() == [FLAG_CAUSES[flag]]


def test_what_the_lists_say_is_heard():
    """By hand: with open bounds the sighting itself is used, else their midpoint; flags name the cause."""
    table = liftings(port_calls(), CONFIG, 7).set_index("call_id")
    assert table.loc["seen", "evidence"] == ["d1", "d2"]
    assert table.loc["seen", "arrival"] == pd.Timestamp("2024-12-29T12:00:00Z")
    assert table.loc["seen", "departure"] == pd.Timestamp("2025-01-03T03:00:00Z")
    assert table.loc["open", "arrival"] == pd.Timestamp(TIMES[1])
    assert table.loc["open", "departure"] == pd.Timestamp(TIMES[2])
    assert table.loc["roads", "cause"] == "a zone whose stays do not count"
    assert table.loc["aside", "cause"] == "counts is false in the table"
