"""A stay that two tables hold in parts: its load is that of one table of the whole stay."""

import numpy as np
import pandas as pd
import pytest

from pipeline.config import CapConfig, VolumeConfig
from pipeline.volume import counted_once, ledger, liftings
from tests.calls.test_port_calls import HULL, called
from tests.calls.traffic import at, said, visit

CONFIG = VolumeConfig(draws=4000)
CAP = CapConfig(id="c", title="C", barrels=500_000, year_starts="01-01", source="test")
BORDER_H = 30.0
FIRST_H, LAST_H = 5.0, 60.0


def one_row(calls: pd.DataFrame) -> pd.DataFrame:
    return liftings(calls.assign(call_id="x"), CONFIG, 1)


def joined(*tables: pd.DataFrame) -> pd.DataFrame:
    return counted_once(list(tables), CONFIG, CAP.year_starts, 1)


def bbl(table: pd.DataFrame) -> list[float]:
    return ledger(table, CAP, CONFIG, 1).iloc[-1][["observed_p5", "observed_p50", "observed_p95"]].tolist()


def reports(*typed: tuple[float, float]) -> list[pd.DataFrame]:
    """Static reports of every six hours, with the draught that was typed last."""
    hours = np.arange(FIRST_H - 1, LAST_H + 8, 6.0)
    return [said(h, draught=[d for when, d in typed if when <= h][-1], **HULL) for h in hours]


@pytest.mark.parametrize("typed_h", [33.0, 42.0, 58.0, 62.0], ids=lambda h: f"typed at {h:g} h")
@pytest.mark.parametrize("order", [1, -1])
def test_a_visit_cut_by_the_border_of_two_tables_has_the_load_of_the_whole_one(typed_h, order):
    """The same messages, in one table and in two that meet while she lies there; to what drawing leaves open."""
    messages = pd.concat([visit(FIRST_H, LAST_H), *reports((0.0, 4.0), (typed_h, 6.3))], ignore_index=True)
    before = messages["time_utc"] < at(BORDER_H)
    whole, *parts = (one_row(called(part)) for part in (messages, messages[before], messages[~before]))
    assert [len(table) for table in (whole, *parts)] == [1, 1, 1]
    row = whole.iloc[0]
    once = joined(*[part.assign(call_id=f"part{n}") for n, part in enumerate(parts)][::order])
    kept = once[once["counts"]].iloc[0]
    assert (kept["draught_in_m"], kept["draught_out_m"]) == (row["draught_in_m"], row["draught_out_m"]) == (4.0, 6.3)
    assert (kept["method"], kept["direction"]) == (row["method"], row["direction"])
    assert [kept["p_loading"], kept["p_lifting"], kept["p_retyped"]] == pytest.approx(
        [row["p_loading"], row["p_lifting"], row["p_retyped"]]
    )
    for name in ("barrels_p5", "barrels_p50", "barrels_p95", "barrels_mean"):
        assert kept[name] == pytest.approx(row[name], rel=0.03)
    assert bbl(once) == pytest.approx(bbl(whole), rel=0.03)
    left_out = once[~once["counts"]].iloc[0]
    assert left_out["cause"].startswith("the same stay as")


def part(name: str, hour: float, **more) -> pd.DataFrame:
    when = {"arrival": at(hour), "departure": at(hour + 10), "berth_id": "pier", "length_m": 96.0, "beam_m": 15.0}
    return liftings(pd.DataFrame([when | {"call_id": name, "mmsi": 273000111} | more]), CONFIG, 1)


def test_a_whole_stay_in_both_tables_and_a_stated_cargo_stay_as_they_are():
    twice = part("a", 0, draught_in_m=4.0, draught_out_m=6.3)
    for table in (joined(twice, twice), joined(part("a", 0, tonnes=3000.0), part("b", 10, draught_out_m=6.3))):
        kept = table[table["counts"]].iloc[0]
        assert kept["cause"] in {None, ""}
        assert (kept["method"].endswith("given") and pd.isna(kept["draught_out_m"])) or kept["draught_out_m"] == 6.3


def test_ships_that_images_alone_show_keep_their_own_draughts():
    """Two parts that are one stay by a chance may be two ships': each has the draught that was seen of her."""
    seen = {"mmsi": None, "flags": ["arrival_open", "left_open"]}
    first = part("a", 0, draught_in_m=4.0, detection_ids=["x"], **seen)
    then = part("b", 14, draught_out_m=6.3, detection_ids=["y"], **seen)
    once = joined(first, then)
    assert once["counts"].sum() == 1
    assert once.loc[once["counts"], ["draught_in_m", "draught_out_m"]].notna().sum(axis=1).tolist() == [1]


def test_a_departure_that_is_lighter_says_nothing_of_a_loading():
    once = joined(part("a", 0, draught_in_m=6.3), part("b", 10, draught_out_m=4.0))
    kept = once[once["counts"]].iloc[0]
    assert (kept["direction"], kept["method"]) == ("discharging", "dwt_from_length_beam; load_from_fill_prior")
    assert kept["p_lifting"] == pytest.approx(0.05)
    whole = part("a", 0, draught_in_m=6.3, draught_out_m=4.0).iloc[0]
    assert kept["p_lifting"] == pytest.approx(whole["p_lifting"])
    assert kept["barrels_p50"] == pytest.approx(whole["barrels_p50"], rel=0.03)
