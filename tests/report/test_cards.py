"""Evidence cards: image chips with north up, readable marks, and unknowns stated as such."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.report.cards import (
    _both_ends,
    _crowded,
    _fill,
    _lifting_factors,
    _named_by,
    _product,
    _tanker_basis,
)
from pipeline.report.chips import _flipped, _flips, _north
from pipeline.report.freeboard_words import freeboard_at, outlier_clause, stay_passed
from pipeline.report.look_words import LookIndex, berth_looks, missed_in, radar_rule, seen_in
from pipeline.report.page import render
from pipeline.table_files import read_table
from pipeline.volume import liftings


class Turned:
    """A geolocation whose columns run east times ``east`` and whose rows run south times ``south``."""

    def __init__(self, south: float, east: float, swap: bool = False) -> None:
        self.south, self.east, self.swap = south, east, swap

    def lonlat(self, row, col):
        """From pixel centres."""
        down, right = (col, row) if self.swap else (row, col)
        return 133 + self.east * right * 1e-4, 42 - self.south * down * 1e-4

    def rowcol(self, lon, lat):
        """The inverse."""
        right, down = (lon - 133) / (self.east * 1e-4), (42 - lat) / (self.south * 1e-4)
        return (right, down) if self.swap else (down, right)


def scene(*args, **more):
    return SimpleNamespace(geolocation=Turned(*args, **more), pixel_spacing_m=(10.0, 10.0))


@pytest.mark.parametrize(
    ("south", "east", "mirrored"),
    [(1, 1, (False, False)), (-1, 1, (True, False)), (1, -1, (False, True)), (-1, -1, (True, True))],
    ids=["map", "ascending radar", "descending radar", "upside down"],
)
def test_a_chip_is_mirrored_so_that_north_is_up_and_east_right(south, east, mirrored):
    """An ascending pass has rows that run north, a descending one columns that run west."""
    down, left = _flips(scene(south, east), (50, 50))
    assert (down, left) == mirrored
    assert (_north(scene(south, east), (50, 50), down=down, left=left) + 180) % 360 - 180 == pytest.approx(0, abs=0.1)


def test_an_image_on_its_side_stays_as_it_is_and_its_arrow_says_so():
    lying = scene(1, 1, swap=True)
    assert _flips(lying, (50, 50)) == (False, False)
    assert _north(lying, (50, 50), down=False, left=False) == pytest.approx(270)


def test_what_is_drawn_is_mirrored_with_the_picture():
    assert _flipped([[0.1, 0.2]], down=True, left=False) == [[0.1, 0.8]]
    assert _flipped([[0.1, 0.2]], down=False, left=True) == [[0.9, 0.2]]


def test_without_a_place_there_is_no_north():
    nowhere = SimpleNamespace(geolocation=None, pixel_spacing_m=(10.0, 10.0))
    assert _flips(nowhere, (5, 5)) == (False, False)
    assert _north(nowhere, (5, 5), down=False, left=False) is None


@pytest.mark.parametrize("top", [12.0, 60.0, 92.0, 100.0])
def test_labels_of_fills_never_lie_on_each_other(top):
    places = [round(top * share, 2) for share in (1 / 3, 0.5, 0.6, 0.9, 1.0)]
    hidden = _crowded(places)
    shown = [p for p in places if p not in hidden]
    assert shown[-1] == places[-1], "the full ship is always named"
    assert np.diff(shown).min() >= 2.6


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("", ""), "not known"),
        (("2.8 m", "4.8 m"), "2.8 m, then 4.8 m"),
        (("4.9 m", ""), "4.9 m on arrival, not known on departure"),
        (("", "3.7 m"), "3.7 m on departure, not known on arrival"),
    ],
)
def test_half_of_a_change_is_said_to_be_half(pair, words):
    assert _both_ends(*pair) == words


@pytest.mark.parametrize("pair", [("4.6 m", ""), ("", "4.6 m")])
def test_of_one_look_there_is_no_first_and_last(pair):
    """For a ship in one image, "4.6 m at the last, first not known" would speak of a look that does not exist."""
    assert _both_ends(*pair, n_looks=1) == "4.6 m at the one look"
    assert _both_ends(*pair, n_looks=3) == "4.6 m at one of 3 looks", "it may be the second"


def sighting(freeboard, lo, hi):
    return SimpleNamespace(freeboard_m=freeboard, freeboard_lo_m=lo, freeboard_hi_m=hi)


def test_a_card_says_the_interval_that_its_chip_says():
    """A shadow's interval is lopsided: half its width on either side would be another interval for the same look."""
    seen = [sighting(np.nan, np.nan, np.nan), sighting(4.622, 4.4, 4.9), sighting(3.802, 2.428, 4.115)]
    assert freeboard_at(3.802, 0.513, seen) == "3.8 m (2.4 to 4.1)"
    assert freeboard_at(3.6, 0.5, seen) == "3.6 m ± 0.8", "of no single look: what is known is its deviation"
    assert freeboard_at(np.nan, np.nan, seen) == ""


def test_a_side_outside_the_interval_is_explained():
    text = outlier_clause("freeboard by shadow on water (3.8 m) and visible side (4.9 m)", 2.4, 4.1)
    assert text.startswith("; the visible side alone lies outside 2.4 to 4.1 m")
    assert outlier_clause("freeboard by shadow on water (3.8 m); the two do not agree", 2.4, 3.0) == "", (
        "it is said already"
    )


def test_the_chance_of_a_lifting_can_be_multiplied_out():
    row = {"p_lifting": 0.98 * 0.97 * 0.95, "p_tanker": 0.98, "p_ship": 0.97}
    assert _lifting_factors(row, "loading") == "97 % a ship at all × 98 % a tanker × 95 % came to load"
    row = {"p_lifting": 0.98 * 0.95, "p_tanker": 0.98, "p_ship": 1.0}
    assert _lifting_factors(row, "discharging") == "98 % a tanker × 95 % came to discharge"


def test_a_card_says_what_makes_her_a_tanker_and_what_is_assumed(tiny_story):
    """For a dark ship in one image, "over 99 % a tanker" comes mostly from what the zones file says of the berth."""
    (zone, *_) = [z for z in tiny_story.place.zones if z.cargo == "oil_products"]
    looked = LookIndex(tiny_story)
    heard = int(tiny_story.tables["static"].query("ship_type > 0")["mmsi"].iloc[0])
    dark = {"mmsi": pd.NA, "berth_id": zone.zone_id, "flags": ["dark"], "n_seen": 1}
    assert _tanker_basis(dark, looked) == (" (95 % by her berth's trade, adjusted by what looks show of her)", 0.95)
    assert _tanker_basis(dark | {"mmsi": 1, "n_seen": 0}, looked)[0] == " (95 % by her berth's trade)"
    assert _tanker_basis(dark | {"mmsi": heard}, looked)[0] == " (by her AIS ship type)"
    assert _tanker_basis(dark | {"flags": ["review_confirmed"]}, looked)[0] == " (by an analyst)"
    row = {"p_lifting": 0.98 * 0.95, "p_tanker": 0.98, "p_ship": 1.0}
    expected = "98 % a tanker × 95 % came to load (assumed: no measurement shows it)"
    assert _lifting_factors(row, "loading", "", 0.95) == expected
    assert "assumed" not in _lifting_factors(row | {"p_lifting": 0.98 * 0.97}, "loading", "", 0.95)


def test_a_name_given_by_an_analyst_is_his_to_answer_for():
    reviews = pd.DataFrame(
        [("rename", "applied", "SIM NAME", "A. Analyst", "c0", "named SIM NAME; before: no name (now call c1)"),
         ("rename", "refused", "SIM NAME", "nobody", "c1", "")],
        columns=["verdict", "outcome", "value", "who", "target", "note"],
    )  # fmt: skip
    row = {"call_id": "c1", "name": "SIM NAME", "flags": ["review_named"]}
    assert _named_by(row, SimpleNamespace(tables={"reviews": reviews})) == "A. Analyst"
    assert _named_by(row, SimpleNamespace(tables={})) == "an analyst"
    assert _named_by(row | {"flags": []}, SimpleNamespace(tables={"reviews": reviews})) == ""


def test_looks_that_did_not_find_her_are_named(tiny_run):
    """A look at her berth during her stay, added to the run's own, is the one that the card names."""
    tables = {n: read_table(tiny_run / f"{n}.parquet") for n in ("looks", "detections", "scenes", "port_calls")}
    call = tables["port_calls"][tables["port_calls"]["counts"]].iloc[0].to_dict()
    before = missed_in(call, LookIndex(SimpleNamespace(tables=tables)))
    looks = tables["looks"]
    row = looks[looks["zone_id"] == call["berth_id"]].iloc[[0]]
    row = row.assign(look_id="x", scene_id="another", state="usable", acquired=call["arrival_hi"] + pd.Timedelta("1s"))
    tables["looks"] = pd.concat([looks, row])
    after = missed_in(call, LookIndex(SimpleNamespace(tables=tables)))
    assert set(after) - set(before) == {f"{call['arrival_hi']:%Y-%m-%d %H:%M} (image)"}
    tables["occupancy"] = pd.DataFrame({"look_id": ["x"], "basis": ["picture"], "verdict": ["empty"]})
    lines = missed_in(call, LookIndex(SimpleNamespace(tables=tables)))
    assert f"{call['arrival_hi']:%Y-%m-%d %H:%M} (image: berth empty)" in lines


def story_of(sensor: str, *, counts: bool = False, empty_seen: bool = True) -> SimpleNamespace:
    """A call seen on the 7th and gone on the 11th, and in between a usable look by ``sensor`` without her."""
    days = pd.to_datetime(["2024-03-07", "2024-03-09", "2024-03-11"], utc=True)
    looks = pd.DataFrame({"look_id": ["a", "b", "c"], "scene_id": ["a", "b", "c"], "zone_id": "pier",
                          "acquired": days, "state": "usable"})  # fmt: skip
    occupancy = looks.drop(columns="state").assign(
        basis="picture", verdict=["occupied", "empty" if empty_seen else "unknown", "empty"],
        probability=[0.99, 0.01 if empty_seen else np.nan, 0.05], cause=["", "" if empty_seen else "cloud", ""],
    )  # fmt: skip
    sensors = ["optical", sensor, "optical"]
    scenes = pd.DataFrame({"scene_id": ["a", "b", "c"], "sensor": sensors, "acquired_precision": "moment"})
    detections = pd.DataFrame({"detection_id": ["x"], "scene_id": ["a"]})
    tables = {"looks": looks, "occupancy": occupancy, "scenes": scenes, "detections": detections}
    period = SimpleNamespace(start=pd.Timestamp("2024-03-01", tz="UTC"), end=pd.Timestamp("2024-04-01", tz="UTC"))
    config = SimpleNamespace(calls=SimpleNamespace(radar_absence_counts=counts), period=period)
    return SimpleNamespace(tables=tables, config=config)


def call_of(evidence_class: str) -> dict[str, object]:
    first, last = (pd.Timestamp(day, tz="UTC") for day in ("2024-03-07", "2024-03-11"))
    return {"detection_ids": ["x"], "berth_id": "pier", "arrival_lo": None, "arrival_hi": first,
            "departure_lo": first, "departure_hi": last, "evidence_class": evidence_class}  # fmt: skip


def test_why_a_radar_look_without_her_ends_no_stay_is_said_where_it_lies_within_one():
    assert "does not bound her stay" in radar_rule(call_of("D"), LookIndex(story_of("sentinel-1")))
    assert missed_in(call_of("D"), LookIndex(story_of("sentinel-1"))) == ["2024-03-09 00:00 (radar: berth empty)"]


def seen(states: tuple[str, ...], berths: tuple[str, ...], n_looks: int, flags: tuple[str, ...] = ()) -> str:
    """Where a call at the pier was seen: each look has a state for the pier, and shows her at its own berth."""
    names = list("ab"[: len(states)])
    looks = pd.DataFrame({"zone_id": "pier", "scene_id": names, "state": list(states)})
    quay = pd.DataFrame({"zone_id": "quay", "scene_id": names, "state": "usable"})
    detections = pd.DataFrame({"detection_id": names, "scene_id": names, "berth_id": list(berths)}, dtype=object)
    row = {"berth_id": "pier", "berth_kind": "berth", "detection_ids": names, "n_seen": len(names), "n_looks": n_looks,
           "flags": list(flags)}  # fmt: skip
    return seen_in(
        row, LookIndex(SimpleNamespace(tables={"looks": pd.concat([looks, quay]), "detections": detections}))
    )


@pytest.mark.parametrize(
    ("states", "n_looks", "words"),
    [
        (("usable", "usable"), 2, "seen in 2 of 2 looks"),
        (("partly", "usable"), 1, "seen in 1 of 1 look, and in 1 poor look at the berth"),
        (("partly", "unknown"), 0, "seen in 2 poor looks at the berth"),
        ((), 0, "no look at the time"),
    ],
    ids=["as a rule", "a poor one", "poor ones alone", "heard alone"],
)
def test_a_call_that_an_image_shows_was_looked_at(states, n_looks, words):
    """A ship in a look that is not usable at her berth must not read "no look at the time", or "2 of 1 looks".

    Such a look may show all of the berth: at a low sun, in snow, in a rough sea."""
    assert seen(states, ("pier", "")[: len(states)], n_looks) == words


def test_a_look_at_another_berth_of_her_visit_is_no_poor_look_at_this_one():
    """A ship that shifted berths: one image shows her at the quay where she waited."""
    assert seen(("usable", "unknown"), ("pier", "quay"), 1) == (
        "seen in 1 of 1 look, and in 1 look of another berth of this visit"
    )
    assert seen(("unknown", "unknown"), ("quay", "quay"), 0) == "seen in 2 looks of another berth of this visit"


def test_of_a_call_that_an_analyst_joined_the_looks_at_both_berths_are_counted_once():
    assert seen(("usable", "unknown"), ("pier", "quay"), 2, ("review_joined",)) == "seen in 2 of 2 looks"


@pytest.mark.parametrize(
    ("evidence_class", "sensor", "counts"),
    [("D", "optical", False), ("D", "sentinel-1", True), ("A", "sentinel-1", False)],
    ids=["no radar look", "radar counts in this run", "her transponder bounds the stay"],
)
def test_the_rule_on_radar_is_not_said_where_it_decided_nothing(evidence_class, sensor, counts):
    assert radar_rule(call_of(evidence_class), LookIndex(story_of(sensor, counts=counts))) == ""


def test_a_berth_that_was_not_seen_is_unknown_on_the_card_and_why():
    lines = berth_looks(call_of("D") | {"departure_lo": pd.Timestamp("2024-03-11", tz="UTC")},
                        LookIndex(story_of("optical", empty_seen=False)))  # fmt: skip
    assert lines == ["2024-03-07 00:00 occupied (99 %)", "2024-03-09 00:00 unknown (cloud)",
                    "2024-03-11 00:00 empty (5 %)"]  # fmt: skip


def test_an_image_from_outside_the_period_is_no_look_at_her_berth():
    """A folder may hold images of other months and ports, which must not count as "unknown" at her berth."""
    story = story_of("optical")
    story.config.period.start = pd.Timestamp("2024-03-08", tz="UTC")
    story.config.period.end = pd.Timestamp("2024-03-11", tz="UTC")
    assert berth_looks(call_of("D"), LookIndex(story)) == ["2024-03-09 00:00 empty (1 %)"]


def test_every_look_that_bounds_a_stay_stands_in_the_list_of_her_berth():
    """From the look before she came to the look after she left, both named on the card."""
    day = [pd.Timestamp("2024-03-01", tz="UTC") + pd.Timedelta(days=n) for n in range(9)]
    rows = [{"zone_id": "pier", "acquired": d, "basis": "none" if n == 3 else "detections", "verdict": "unknown",
             "probability": float("nan"), "cause": f"day {n}"} for n, d in enumerate(day)]  # fmt: skip
    call = {"berth_id": "pier", "arrival_lo": day[1], "arrival_hi": day[4], "departure_lo": day[4]}
    table = pd.DataFrame(rows).assign(scene_id="a")
    scenes = pd.DataFrame({"scene_id": ["a"], "acquired_precision": ["moment"]})
    story = SimpleNamespace(tables={"occupancy": table, "scenes": scenes}, config=story_of("optical").config)
    lines = [line.partition("day ")[2][0] for line in berth_looks(call | {"departure_hi": day[7]}, LookIndex(story))]
    assert lines == list("1234567")
    lines = [line.partition("day ")[2][0] for line in berth_looks(call | {"departure_hi": pd.NaT}, LookIndex(story))]
    assert lines == list("12345")


def test_a_look_that_tells_its_day_alone_is_shown_by_its_day():
    story = story_of("optical", empty_seen=False)
    scenes = story.tables["scenes"].assign(acquired_precision=["moment", "day", "moment"])
    noon = story.tables["occupancy"].assign(acquired=lambda table: table["acquired"] + pd.Timedelta(hours=12))
    dated = SimpleNamespace(tables={**story.tables, "scenes": scenes, "occupancy": noon}, config=story.config)
    lines = berth_looks(call_of("D") | {"departure_lo": pd.Timestamp("2024-03-11T12:00Z")}, LookIndex(dated))
    assert [line.split(" ")[:2] for line in lines[-2:]] == [["2024-03-09", "unknown"], ["2024-03-11", "12:00"]]


def test_a_card_says_what_of_her_size_is_the_registrys(tiny_story, tiny_run):
    told = tiny_story.tables["liftings"].assign(size_source="gt, length: <class> register")
    story = replace(tiny_story, tables={**tiny_story.tables, "liftings": told})
    assert "<dt>by the registry</dt><dd><bdi>gt, length: &lt;class&gt; register</bdi></dd>" in render(
        story, {}, tiny_run
    )
    assert "by the registry" not in render(tiny_story, {}, tiny_run)


@pytest.mark.parametrize(
    ("dwt_t", "load", "words"),
    [
        (6_187.0, "load_from_draughts", "92 % full, for a ship of some 5,100 t deadweight"),
        (4_000.0, "load_from_freeboards", "92 % full, for a ship of some 5,100 t deadweight"),
        (5_200.0, "load_from_draughts", "90 % full"),
        (4_880.0, "load_from_freeboard", "92 % full, for a ship of some 5,100 t deadweight"),  # not 96 %
        (6_187.0, "load_from_fill_prior", "76 % full"),  # nothing measured that could tell
    ],
)
def test_cargo_fill_and_deadweight_on_a_card_agree(dwt_t, load, words):
    """4,469 t are 76 % of what 6,187 t deadweight carry: a reader who divides finds which ship the 92 % are of."""
    row = {"fill_p50": 0.9205, "tonnes_p50": 4_469.0, "dwt_p50_t": dwt_t, "method": f"dwt_from_length_beam; {load}"}
    row |= {"barrels_p50": 7.46 * 4_469.0, "barrels_at_100": 7.46 * 0.95 * dwt_t}
    assert _fill(row, 0.05) == words
    if "speaks" in words:
        assert abs(0.92 * 0.95 * 5_100 - row["tonnes_p50"]) < 50


@pytest.mark.parametrize("product", ["mix", "gas_oil", "gasoline", "lpg"])
@pytest.mark.parametrize(
    "hull", [{"length_m": 229.0, "beam_m": 32.0}, {"length_m": 90.0, "beam_m": 13.0}, {"dwt_t": 5000}]
)
def test_an_unmeasured_loads_fill_is_where_the_dot_stands_and_what_cargo_and_deadweight_give(product, hull):
    """A reader may divide: barrels by a full ship's, and tonnes by 95 % of the deadweight where weight is the limit."""
    config = VolumeConfig(draws=2000)
    row = liftings(pd.DataFrame([{"call_id": "a", "product": product} | hull]), config, 1).iloc[0]
    said = int(_fill(row.to_dict(), config.constants_share).split(" ")[0])
    assert said == pytest.approx(100 * row["barrels_p50"] / row["barrels_at_100"], abs=0.6)
    if product == "gas_oil":
        assert said == pytest.approx(100 * row["tonnes_p50"] / (0.95 * row["dwt_p50_t"]), abs=0.6)


@pytest.mark.parametrize(("product", "full_t"), [("lpg", 0.628), ("gas_oil", 0.95)])  # per tonne of deadweight
def test_a_measured_load_of_a_light_product_is_a_share_of_full_tanks(product, full_t):
    """1,466 t of gas fill the tanks of a ship of 2,330 t deadweight, though they are only two thirds of that weight."""
    config = VolumeConfig(draws=200)
    hull = {"call_id": "a", "product": product, "dwt_t": 2_715.0}
    row = liftings(pd.DataFrame([hull]), config, 1).iloc[0].to_dict()
    row |= {"fill_p50": full_t / 0.95, "tonnes_p50": full_t * 2_330.0, "method": "dwt_given; load_from_freeboard"}
    assert _fill(row, config.constants_share) == "100 % full, for a ship of some 2,300 t deadweight"


def test_a_stated_cargo_is_a_share_of_the_ship_though_the_bar_takes_it_for_full():
    row = liftings(pd.DataFrame([{"call_id": "a", "dwt_t": 5000, "tonnes": 3800.0}]), VolumeConfig(draws=200), 1).iloc[
        0
    ]
    assert _fill(row.to_dict(), 0.05) == "80 % full"


def test_a_fill_that_is_not_known_is_said():
    row = {"fill_p50": np.nan, "tonnes_p50": np.nan, "dwt_p50_t": 5_000.0, "method": "none"}
    assert _fill(row, 0.05) == "share of full not known"


@pytest.mark.parametrize(
    ("products", "name", "words"),
    [
        ([("crude", 1.0)], "mix", "crude, by the assumptions: nobody named it"),
        ([("crude", 1.0), ("gas_oil", 0.0)], "mix", "crude, by the assumptions: nobody named it"),
        ([("crude", 0.5), ("gas_oil", 0.5)], "mix", "product not known: a mix"),
        ([("crude", 1.0)], "fuel_oil", "fuel oil"),
    ],
)
def test_a_product_that_nobody_named_is_a_mix_only_where_it_may_be_several(products, name, words):
    """If fill, draws and barrels per tonne are those of crude alone, so are the card's words."""
    config = VolumeConfig(products=[{"name": n, "share": s, "bbl_per_t": 7.32, "t_per_m3": 0.859} for n, s in products])
    assert _product(name, config) == words


def stay(first_h: float | None, last_h: float | None, came_h: float = 0.0, left_h: float = 24.0) -> dict[str, object]:
    """A call and its lifting, with freeboards at hours of a stay of 24 h, or longer by the looks before and after."""
    start = pd.Timestamp("2024-03-07T00:00Z")
    hours = {"arrival_lo": came_h, "arrival_hi": 0.0, "departure_lo": 24.0, "departure_hi": left_h}
    hours |= {"freeboard_in_at": first_h, "freeboard_out_at": last_h}
    row = {f"{k}_lifting": pd.NaT if h is None else start + pd.Timedelta(hours=h) for k, h in hours.items()}
    sides = {"in": first_h, "out": last_h}
    return row | {f"freeboard_{k}_m_lifting": float("nan") if h is None else 3.0 for k, h in sides.items()}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (stay(6.0, None), "25 %"),
        (stay(6.0, 18.0), "25 %, then 75 %"),
        (stay(0.0, 24.0, came_h=-8.0, left_h=32.0), "2 to 22 %, then 78 to 98 %"),
        (stay(None, None), ""),
        ({"freeboard_in_m": 3.0}, ""),
    ],
)
def test_a_card_says_how_much_of_her_stay_had_passed_at_each_look(row, words):
    assert stay_passed(row, (0.8, 3.0)) == words
