"""The cargo of two calls that an analyst merges: as if all their looks and draughts were of one call."""

import pandas as pd
import pytest

from pipeline.calls.freeboards import FREEBOARD_COLUMNS
from pipeline.calls.loading import habits_of, visit_fields
from pipeline.chain.review_file import Verdict
from pipeline.chain.verdicts import reviewed_calls
from pipeline.config import CallsConfig
from pipeline.tables import PORT_CALLS
from tests.calls.test_freeboards import look
from tests.calls.test_port_calls import calls_from
from tests.calls.traffic import at, detections, harbour, looks_at, said, sighting, visit

CONFIG = CallsConfig()
EMPTY, DEEP = look("a", 8, 5.0), look("b", 30, 3.4)


def read(seen: pd.DataFrame):
    """The cargo of a visit as a run reads it."""

    def cargo(whole: dict, table: pd.DataFrame) -> dict:
        habits = dict(zip(table["call_id"], habits_of(table.to_dict("records")), strict=True))
        return visit_fields(whole, seen, harbour(), CONFIG, habits[whole["call_id"]])

    return cargo


def merged(table: pd.DataFrame, which: int, into: int, *seen: dict) -> pd.Series:
    """The visit made of two calls, given by their rows."""
    names = table["call_id"].tolist()
    line = Verdict(2, names[which], "merge", names[into], "A. Analyst", "2024-04-02", "she only shifted")
    after, tried = reviewed_calls(table, table, [line], read(detections(*seen)))
    assert [v.outcome for v in tried] == ["applied"]
    return after.loc[into]


def apart(*seen: dict) -> pd.DataFrame:
    """Two calls of one look each; looks between them show no ship."""
    table = calls_from(seen=seen, looks=looks_at(8, 14, 17, 20, 23, 30))
    assert table["n_seen"].tolist() == [1, 1]
    assert table["freeboard_change_m"].isna().all(), "of a single look no change is told"
    return table


@pytest.mark.parametrize(("which", "into"), [(0, 1), (1, 0)])
def test_two_calls_of_one_look_say_together_what_one_call_of_both_says(which, into):
    """Except that they are certainly one hull, as the analyst says."""
    whole = merged(apart(EMPTY, DEEP), which, into, EMPTY, DEEP)
    (one,) = calls_from(seen=(EMPTY, DEEP), looks=looks_at(8, 30)).to_dict("records")
    times = [name for name in FREEBOARD_COLUMNS if name.endswith("_at")]
    same = [name for name in FREEBOARD_COLUMNS if name != "p_same_hull" and name not in times]
    assert whole[same].tolist() == pytest.approx([one[name] for name in same])
    assert whole[times].tolist() == [one[name] for name in times] == [at(8), at(30)]
    assert whole["p_same_hull"] == 1.0
    assert whole["p_loading"] == pytest.approx(one["p_loading"], abs=0.002)
    assert whole["p_loading"] > CONFIG.prior_p_loading
    assert whole["evidence_class"] == one["evidence_class"] == "C"
    assert {"weak_draught"} == {"weak_draught", "single_sighting", "freeboards_of_two_hulls"} & set(whole["flags"])


def test_a_ship_that_comes_up_between_two_calls_loaded_less_likely():
    table = apart(look("a", 8, 3.4), look("b", 30, 5.0))
    assert merged(table, 0, 1, look("a", 8, 3.4), look("b", 30, 5.0))["p_loading"] < CONFIG.prior_p_loading


def test_a_look_without_a_freeboard_makes_the_other_one_late():
    bare = sighting("a", 8)
    whole = merged(apart(bare, DEEP), 0, 1, bare, DEEP)
    assert (whole["freeboard_out_m"], whole["draught_seen_out_m"]) == (3.4, pytest.approx(4.0))
    assert pd.isna(whole["freeboard_in_m"])
    assert whole["p_loading"] < CONFIG.prior_p_loading, "a high side for a ship that takes cargo and is soon gone"


def test_draughts_of_a_visit_are_those_of_its_ends_and_speak():
    """Heard at both ends: the first call came with 3.0 m, the second left with 5.2 m."""
    first = visit(5, 12, seed=1)
    then = visit(60, 70, seed=2)
    table = calls_from(first, then, said(4, draught=3.0), said(61, draught=3.0), said(69.5, draught=5.2))
    assert len(table) == 2
    assert table["p_loading"].iloc[0] < 0.99
    for which, into in ((0, 1), (1, 0)):
        whole = merged(table, which, into)
        assert (whole["draught_in_m"], whole["draught_out_m"]) == (3.0, 5.2)
        assert whole["p_loading"] == pytest.approx(0.997, abs=0.001)
        assert whole["evidence_class"] == "A"


@pytest.mark.parametrize(
    ("sides", "whole"),
    [
        ([(None, 4.0), (2.0, None)], [4.0, 2.0]),  # the other way round she would have discharged
        ([(4.2, 4.0), (None, None)], [4.2, 4.0]),
        ([(None, 4.0), (3.0, 2.0)], [4.0, 2.0]),
        ([(4.2, 4.0), (2.0, None)], [4.2, 2.0]),
    ],
)
@pytest.mark.parametrize(("which", "into"), [(0, 1), (1, 0)])
def test_freeboards_of_a_visit_are_the_first_and_the_last_of_all(sides, whole, which, into):
    shown = [look(f"{k}{n}", 8 + 30 * k + 5 * n, side) if side else sighting(f"{k}{n}", 8 + 30 * k + 5 * n)
             for k, two in enumerate(sides) for n, side in enumerate(two)]  # fmt: skip
    table = calls_from(seen=shown, looks=looks_at(8, 13, 20, 25, 30, 38, 43))
    assert table["n_seen"].tolist() == [2, 2]
    row = merged(table, which, into, *shown)
    assert row[["freeboard_in_m", "freeboard_out_m"]].tolist() == whole


def test_a_chain_of_three_is_read_as_a_whole():
    shown = [look("a", 8, 5.0), look("b", 30, 4.2), look("c", 52, 3.4)]
    table = calls_from(seen=shown, looks=looks_at(8, 14, 17, 20, 23, 30, 36, 39, 42, 45, 52))
    assert table["n_seen"].tolist() == [1, 1, 1]
    names = table["call_id"].tolist()
    lines = [Verdict(n, names[n], "merge", names[n + 1], "A", "2024-04-02", "one visit") for n in (0, 1)]
    after, _ = reviewed_calls(table, table, lines, read(detections(*shown)))
    whole = after.loc[2]
    assert whole[["freeboard_in_m", "freeboard_out_m", "freeboard_change_m"]].tolist() == pytest.approx(
        [5.0, 3.4, -1.6]
    )
    assert after["counts"].tolist() == [False, False, True]
    PORT_CALLS.check(after)
