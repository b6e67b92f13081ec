"""A stay split over two tables has the same load as one table of the whole stay."""

import numpy as np
import pandas as pd
import pytest

from pipeline.config import CapConfig, VolumeConfig
from pipeline.volume import ledger, liftings, merge_liftings
from tests.calls.test_port_calls import HULL, calls_from
from tests.calls.traffic import at, said, visit

CONFIG = VolumeConfig(draws=8000)
CAP = CapConfig(id="c", title="C", barrels=500_000, year_starts="01-01", source="test")
BORDER_H = 30.0
FIRST_H, LAST_H = 5.0, 60.0


FINE = VolumeConfig(draws=20_000)  # where two seeds must agree to 3 %


def one_row(calls: pd.DataFrame) -> pd.DataFrame:
    return liftings(calls.assign(call_id="x"), CONFIG, 1)


def joined(*tables: pd.DataFrame, config: VolumeConfig = CONFIG) -> pd.DataFrame:
    return merge_liftings(list(tables), config, CAP.year_starts, 1)


def bbl(table: pd.DataFrame) -> list[float]:
    return ledger(table, CAP, CONFIG, 1).iloc[-1][["observed_p5", "observed_p50", "observed_p95"]].tolist()


def reports(*typed: tuple[float, float]) -> list[pd.DataFrame]:
    """Static reports every six hours, with the draught typed last."""
    hours = np.arange(FIRST_H - 1, LAST_H + 8, 6.0)
    return [said(h, draught=[d for when, d in typed if when <= h][-1], **HULL) for h in hours]


@pytest.mark.parametrize("typed_h", [33.0, 42.0, 58.0, 62.0], ids=lambda h: f"typed at {h:g} h")
@pytest.mark.parametrize("order", [1, -1])
def test_a_visit_cut_by_the_border_of_two_tables_has_the_load_of_the_whole_one(typed_h, order):
    """The same messages in one table, and in two that meet during her stay: equal up to sampling error."""
    messages = pd.concat([visit(FIRST_H, LAST_H), *reports((0.0, 4.0), (typed_h, 6.3))], ignore_index=True)
    before = messages["time_utc"] < at(BORDER_H)
    whole, *parts = (one_row(calls_from(part)) for part in (messages, messages[before], messages[~before]))
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


def part(name: str, hour: float, config: VolumeConfig = CONFIG, **more) -> pd.DataFrame:
    when = {"arrival": at(hour), "departure": at(hour + 10), "berth_id": "pier", "length_m": 96.0, "beam_m": 15.0}
    return liftings(pd.DataFrame([when | {"call_id": name, "mmsi": 273000111} | more]), config, 1)


def test_a_whole_stay_in_both_tables_and_a_stated_cargo_stay_as_they_are():
    twice = part("a", 0, draught_in_m=4.0, draught_out_m=6.3)
    for table in (joined(twice, twice), joined(part("a", 0, tonnes=3000.0), part("b", 10, draught_out_m=6.3))):
        kept = table[table["counts"]].iloc[0]
        assert kept["cause"] in {None, ""}
        assert (kept["method"].endswith("given") and pd.isna(kept["draught_out_m"])) or kept["draught_out_m"] == 6.3


def test_ships_that_images_alone_show_keep_their_own_draughts():
    """Two parts that are only probably one stay may be two ships: each keeps the draught measured for it."""
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


def side(end: str, m: float, looks: int = 2) -> dict[str, object]:
    """Columns of a part with one freeboard, at its first or last look."""
    seen = [f"{end}{m:g}-{n}" for n in range(looks)]
    return {f"freeboard_{end}_m": m, f"freeboard_{end}_sd_m": 0.3, "detection_ids": seen}


@pytest.mark.parametrize("order", [1, -1])
def test_freeboards_of_the_parts_are_those_of_the_whole_stay(order):
    """High at the first part's first look, low at the last part's last: a change that neither part shows alone."""
    whole = part("w", 0, FINE, **(side("in", 4.2) | side("out", 2.0))).iloc[0]
    parts = [part("a", 0, FINE, **side("in", 4.2)), part("b", 12, FINE, **side("out", 2.0))][::order]
    once = joined(*parts, config=FINE)
    kept = once[once["counts"]].iloc[0]
    columns = ["freeboard_in_m", "freeboard_in_sd_m", "freeboard_out_m", "freeboard_out_sd_m", "method", "direction"]
    assert kept[columns].tolist() == whole[columns].tolist()
    assert kept["method"].endswith("load_from_freeboards")
    for name in ("barrels_p5", "barrels_p50", "barrels_p95", "barrels_mean"):
        assert kept[name] == pytest.approx(whole[name], rel=0.03)
    assert kept["p_lifting"] == pytest.approx(whole["p_lifting"], abs=0.01)


def test_freeboards_that_contradict_draughts_say_nothing_in_parts_as_in_a_whole_stay():
    """Draughts grow from 4 to 6 m, but her side is 4 m higher at the last look: that look shows another hull."""
    came = {"draught_in_m": 4.0, **side("in", 2.0)}
    left = {"draught_out_m": 6.0, **side("out", 6.0)}
    whole = part("w", 0, **(came | left)).iloc[0]
    once = joined(part("a", 0, **came), part("b", 12, **left))
    kept = once[once["counts"]].iloc[0]
    assert (kept["direction"], kept["p_loading"]) == (whole["direction"], whole["p_loading"]) == ("loading", 1.0)


def test_the_first_and_the_last_of_many_freeboards_stand():
    first = part("a", 0, **(side("in", 4.2) | side("out", 3.4)), p_same_hull=0.9)
    then = part("b", 12, **(side("in", 3.3) | side("out", 2.0)), p_same_hull=0.8)
    kept = joined(first, then).query("counts").iloc[0]
    assert (kept["freeboard_in_m"], kept["freeboard_out_m"]) == (4.2, 2.0)
    assert kept["p_same_hull"] == pytest.approx(0.72)


@pytest.mark.parametrize(("looks", "end"), [((1, 5), "in"), ((5, 1), "out")])
def test_a_single_freeboard_is_early_or_late_in_the_whole_stay(looks, end):
    """Seen at the end of the first part: early when one look precedes five, late when five precede one."""
    first = part("a", 0, **side("out", 2.0, looks[0]))
    then = part("b", 12, detection_ids=[f"later {n}" for n in range(looks[1])])
    kept = joined(first, then).query("counts").iloc[0]
    other = {"in": "out", "out": "in"}[end]
    assert (kept[f"freeboard_{end}_m"], kept["method"]) == (2.0, "dwt_from_length_beam; load_from_freeboard")
    assert pd.isna(kept[f"freeboard_{other}_m"])


def test_a_ship_that_rises_from_part_to_part_has_loaded_nothing():
    kept = joined(part("a", 0, **side("in", 2.0)), part("b", 12, **side("out", 4.2))).query("counts").iloc[0]
    whole = part("w", 0, **(side("in", 2.0) | side("out", 4.2))).iloc[0]
    assert (kept["direction"], kept["method"]) == (whole["direction"], whole["method"])
    assert kept["direction"] == "discharging"
    assert kept["p_lifting"] == pytest.approx(whole["p_lifting"], abs=0.01)


def test_a_change_within_the_errors_leaves_what_was_granted():
    kept = joined(part("a", 0, **side("in", 3.0)), part("b", 12, **side("out", 2.8))).query("counts").iloc[0]
    assert (kept["direction"], kept["p_lifting"]) == ("unknown", 1.0)
    assert kept["method"].endswith("load_from_freeboards")


def test_draughts_and_freeboards_of_parts_speak_together():
    kept = joined(
        part("a", 0, draught_in_m=4.0, **side("in", 4.2)), part("b", 12, draught_out_m=6.3, **side("out", 2.0))
    )
    row = kept[kept["counts"]].iloc[0]
    assert row["method"].endswith("load_from_draughts_and_freeboards")
    assert row["p_loading"] > 0.99


@pytest.mark.parametrize(("deeper_m", "expected"), [(0.8, "unknown"), (0.9, "loading"), (-0.8, "unknown")])
def test_freeboards_speak_from_two_errors_of_their_difference_on(deeper_m, expected):
    """With errors of 0.3 m each, two errors of the difference are 0.85 m; the same for one table and for two."""
    parts = side("in", 3.0), side("out", 3.0 - deeper_m)
    whole = part("w", 0, **(parts[0] | parts[1])).iloc[0]
    kept = joined(part("a", 0, **parts[0]), part("b", 12, **parts[1])).query("counts").iloc[0]
    assert (kept["direction"], whole["direction"]) == (expected, expected)


@pytest.mark.parametrize("order", [1, -1])
def test_a_stay_whose_draughts_say_nothing_of_a_cargo_does_not_stop_the_next_one(order):
    """One ship leaves lighter than she came, in parts, so her draughts are not used; another ship's still are."""
    first = pd.concat([part("a", 0, mmsi=273000111, draught_in_m=6.0), part("b", 0, mmsi=273000222, draught_in_m=4.0)])
    then = pd.concat(
        [part("c", 12, mmsi=273000111, draught_out_m=4.0), part("d", 12, mmsi=273000222, draught_out_m=6.3)]
    )
    once = joined(*[first, then][::order])
    kept = once[once["counts"]].set_index("mmsi")
    assert kept.loc[273000222, ["draught_in_m", "draught_out_m"]].tolist() == [4.0, 6.3]
    assert kept.loc[273000111, ["draught_in_m", "draught_out_m"]].isna().all()
    assert kept.loc[273000222, "method"].endswith("load_from_draughts")


def test_the_whole_stay_bounds_the_looks_of_its_parts():
    """One part has both freeboards and their times; the other only shows that she stayed longer."""
    sides = {"freeboard_in_m": 4.2, "freeboard_out_m": 2.4, "freeboard_in_at": at(2), "freeboard_out_at": at(8)}
    errors = {"freeboard_in_sd_m": 0.3, "freeboard_out_sd_m": 0.3}
    parts = part("a", 0, FINE, **sides, **errors), part("b", 12, FINE)
    kept = joined(*parts, config=FINE).query("counts").iloc[0]
    whole = liftings(pd.DataFrame([{"call_id": "w", "mmsi": 273000111, "arrival": at(0), "departure": at(22),
                                    "length_m": 96.0, "beam_m": 15.0} | sides | errors]), FINE, 1).iloc[0]  # fmt: skip
    times = ["arrival_lo", "arrival_hi", "departure_lo", "departure_hi", "freeboard_in_at", "freeboard_out_at"]
    assert kept[times].tolist() == whole[times].tolist()
    assert kept["barrels_p50"] == pytest.approx(whole["barrels_p50"], rel=0.03)
    assert kept["barrels_p50"] > 1.02 * parts[0]["barrels_p50"].iloc[0], "more was loaded after those hours"


@pytest.mark.parametrize("order", [1, -1])
def test_freeboards_of_parts_keep_their_times(order):
    early = side("in", 4.2) | {"freeboard_in_at": at(3)}
    late = side("out", 2.0) | {"freeboard_out_at": at(20)}
    kept = joined(*[part("a", 0, **early), part("b", 12, **late)][::order]).query("counts").iloc[0]
    assert (kept["freeboard_in_at"], kept["freeboard_out_at"]) == (at(3), at(20))
    assert (kept["arrival_lo"], kept["departure_hi"]) == (at(0), at(22))
    untimed = joined(part("a", 0, **side("in", 4.2)), part("b", 12, **late)).query("counts").iloc[0]
    assert untimed[["freeboard_in_at", "freeboard_out_at", "arrival_lo"]].isna().all(), "one time of two is as none"


@pytest.mark.parametrize("order", [1, -1])
def test_of_parts_that_overlap_the_times_say_which_freeboard_was_first(order):
    late = side("in", 2.0) | {"freeboard_in_at": at(9)}
    early = side("out", 4.2) | {"freeboard_out_at": at(5)}
    kept = joined(*[part("a", 0, **late), part("b", 3, **early)][::order]).query("counts").iloc[0]
    assert kept[["freeboard_in_m", "freeboard_out_m"]].tolist() == [4.2, 2.0]
    assert (kept["freeboard_in_at"], kept["freeboard_out_at"]) == (at(5), at(9))
    assert kept["direction"] == "loading"
