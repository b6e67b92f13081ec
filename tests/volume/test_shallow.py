"""Draughts at which no ship of that size floats are told, and are no evidence of a cargo."""

import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.volume import liftings

HULL = {"arrival": "2024-03-01", "call_id": "c", "length_m": 98.0, "beam_m": 15.8}
SAME = ("p_lifting", "direction", "barrels_p5", "barrels_p50", "barrels_p95", "barrels_mean", "method")


def lift(**cells) -> pd.Series:
    return liftings(pd.DataFrame([HULL | cells]), VolumeConfig(draws=400), 1).iloc[0]


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ({"draught_in_m": 0.3, "draught_out_m": 0.3}, {}),
        ({"draught_in_m": 0.2, "draught_out_m": 0.6}, {}),
        ({"draught_in_m": 0.3, "draught_out_m": 5.5}, {"draught_out_m": 5.5}),
        ({"draught_in_m": 3.4, "draught_out_m": 0.5}, {"draught_in_m": 3.4}),
    ],
)
def test_a_draught_too_shallow_for_the_hull_is_as_none(typed, left):
    """0.2 m on arrival and 0.6 m on departure named a loading, with probability 0.95."""
    row, without = lift(**typed), lift(**left)
    assert row[list(SAME)].tolist() == without[list(SAME)].tolist()
    assert (row["status"], without["status"]) == ("degraded", "used")
    assert "floats at with nothing aboard (0.61 m): not used" in row["cause"]


def test_nor_where_her_deadweight_alone_is_stated():
    table = pd.DataFrame([{"arrival": "2024-03-01", "dwt_t": 5000.0, "draught_in_m": 0.3, "draught_out_m": 0.9}])
    row = liftings(table, VolumeConfig(draws=400), 1).iloc[0]
    assert row["cause"].startswith("draught_in_m 0.3 m is less than a tanker of ")
    assert row["p_lifting"] == 1.0


def test_a_small_tanker_may_draw_little():
    assert lift(length_m=20.0, beam_m=5.0, draught_in_m=0.6, draught_out_m=1.2)["status"] == "used"
