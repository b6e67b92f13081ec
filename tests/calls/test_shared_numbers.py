"""Two ships that send under one number at once. Truth: each ship's call when the other is silent."""

import numpy as np
import pandas as pd
import pytest

from pipeline.calls.findings import findings
from pipeline.calls.shared_numbers import identify_ships
from pipeline.calls.static import lengths_at, static_reports
from pipeline.calls.track_ships import MAJORITY_SHARE
from pipeline.calls.tracks import clean_tracks
from pipeline.config import CallsConfig
from pipeline.tables import DETECTIONS, MATCHES, PORT_CALLS
from tests.calls.test_port_calls import calls_from
from tests.calls.traffic import ANCHORAGE, BERTH, MMSI, at, feed, fixes, off_berth, said, said_often, visit

ALPHA = {
    "imo": 9074729,
    "name": "SIM ALPHA",
    "callsign": "XA1",
    "ship_type": 80,
    "a": 80.0,
    "b": 16.0,
    "c": 7.0,
    "d": 8.0,
}
BETA = {
    "imo": 9331127,
    "name": "SIM BETA",
    "callsign": "XB1",
    "ship_type": 70,
    "a": 100.0,
    "b": 30.0,
    "c": 9.0,
    "d": 9.0,
}
GAMMA = {"imo": 1234567, "name": "SIM GAMMA", "callsign": "XG1"}
LOADS = 48.0  # hour at which ALPHA, alongside from 10 h to 50 h, types her new draught
CALL = ["vessel_id", "name", "imo", "length_m", "beam_m", "draught_in_m", "draught_out_m", "p_tanker", "p_loading"]


def at_anchor(start_h: float, end_h: float, spot=ANCHORAGE, seed: int = 4) -> pd.DataFrame:
    """Positions every five minutes, with some swing."""
    hours = np.arange(start_h, end_h, 1 / 12)
    swing = np.random.default_rng(seed).normal(0, 2e-4, (2, len(hours)))
    return fixes(hours + 0.013, spot[0] + swing[0], spot[1] + swing[1], 0.1)


def alpha_messages(start_h: float = 9.0, end_h: float = 51.0, **more) -> list[pd.DataFrame]:
    """Static reports every six minutes, as class A sends them."""
    hours = np.arange(start_h, end_h, 0.1)
    return [said_often(hours, **ALPHA | more, draught=np.where(hours < LOADS, 4.0, 6.2))]


def beta_messages(start_h: float = -5.0, end_h: float = 70.0, **more) -> list[pd.DataFrame]:
    return [said_often(np.arange(start_h, end_h, 0.1) + 0.02, **BETA | more, draught=7.0)]


def own_identities() -> list[pd.DataFrame]:
    """A table whose rows hold a position together with the same ship's static data."""
    alongside, anchored = visit(10, 50), at_anchor(-5, 70)
    loaded = alongside["time_utc"] >= at(LOADS)
    return [
        alongside.assign(**ALPHA, draught=np.where(loaded, 6.2, 4.0)),
        anchored.assign(**BETA, draught=7.0),
    ]


def separate_identities() -> list[pd.DataFrame]:
    """Positions and static reports in separate messages, as transponders send them."""
    return [visit(10, 50), at_anchor(-5, 70), *alpha_messages(), *beta_messages()]


def last_identity_repeated() -> list[pd.DataFrame]:
    """A table whose positions were joined with the number's last static report, from either ship."""
    positions = pd.concat([visit(10, 50), at_anchor(-5, 70)]).sort_values("time_utc", kind="stable")
    words = pd.concat([*alpha_messages(), *beta_messages()]).sort_values("time_utc", kind="stable")
    words["time_utc"] = words["time_utc"].astype(positions["time_utc"].dtype)
    return [pd.merge_asof(positions, words.drop(columns=["mmsi", "msg_type"]), on="time_utc")]


LAYOUTS = [own_identities, separate_identities, last_identity_repeated]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shuffle", [False, True])
def test_what_the_other_ship_says_is_not_read_as_hers(layout, shuffle):
    alone = calls_from(visit(10, 50), *alpha_messages()).iloc[0]
    table = calls_from(*layout(), shuffle=shuffle).set_index("berth_id")
    assert table.loc["oil", CALL].to_dict() == alone[CALL].to_dict()
    assert table.loc["oil", "draught_in_m"] == 4.0
    assert table.loc["oil", "draught_out_m"] == 6.2
    assert table.loc["oil", "flags"] == [*alone["flags"], "shared_mmsi"]
    other = table.loc["roads"]
    assert (other["name"], other["length_m"], other["draught_in_m"]) == ("SIM BETA", 130.0, 7.0)
    assert "shared_mmsi" in other["flags"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_numbers_of_ships_are_the_same_in_both_tables(layout):
    table = feed(*layout())
    tracks, static = clean_tracks(table), static_reports(table)
    named = static.drop_duplicates("ship").set_index("ship")["name"]
    assert named.tolist() == ["SIM BETA", "SIM ALPHA"]  # in order of their first static report
    lies = tracks.groupby("ship")["lat"].median().rename(named)
    assert lies.to_dict() == pytest.approx({"SIM BETA": ANCHORAGE[1], "SIM ALPHA": BERTH[1]}, abs=1e-3)


def test_where_nobody_can_say_which_ship_lay_there_she_has_no_ones_papers():
    """BETA's positions were cut away, her static reports were not: one track, two ships."""
    row = calls_from(visit(10, 50), *alpha_messages(), *beta_messages()).iloc[0]
    assert row["flags"] == ["shared_mmsi", "which_ship_unknown"]
    assert (row["name"], row["vessel_id"]) == ("", f"mmsi:{MMSI}")
    assert row[["imo", "length_m", "draught_in_m", "draught_out_m"]].isna().all()


def test_what_all_ships_of_a_number_say_alike_is_hers_whichever_she_is():
    alike = {name: ALPHA[name] for name in ("ship_type", "a", "b", "c", "d")}
    row = calls_from(visit(10, 50), *alpha_messages(), *beta_messages(**alike)).iloc[0]
    assert row["flags"] == ["shared_mmsi", "which_ship_unknown"]
    assert (row["length_m"], row["beam_m"], row["p_tanker"]) == (96.0, 15.0, 0.98)
    assert pd.isna(row["draught_out_m"])


@pytest.mark.parametrize(
    "later",
    [
        pytest.param({"imo": 9331127}, id="mends her IMO number"),
        pytest.param({"imo": 9331127, "name": "SIM OMEGA", "callsign": "XO1"}, id="all at once"),
        pytest.param({"name": "SIM OMEGA"}, id="is renamed"),
        pytest.param({"name": "SIM OMEGA", "imo": 0}, id="by her call sign"),
        pytest.param({"name": "SIM ALP", "imo": 0, "callsign": ""}, id="a source cuts her name"),
        pytest.param({"imo": 9074728}, id="a wrong check digit"),
        pytest.param({"name": "", "callsign": "", "imo": 0}, id="says nothing"),
    ],
)
def test_a_ship_that_mends_her_papers_is_one(later):
    """Changed once; or alternating, with the same or no IMO number, as two sources of one ship do."""
    once = [said(h, **ALPHA | (later if h > 20 else {})) for h in range(40)]
    assert pd.isna(identify_ships(feed(*once))).all()
    if later.get("imo") != 9331127:
        in_turn = [said(h, **ALPHA | (later if h % 2 else {})) for h in range(40)]
        assert pd.isna(identify_ships(feed(*in_turn))).all()


def test_a_ship_that_mends_her_number_beside_another_is_one_still():
    """Her first IMO number had a slip; a third ship transmits throughout."""
    slip = ALPHA | {"imo": 1000007}
    spoken = [said(h, **(BETA if h % 2 else slip if h < 20 else ALPHA)) for h in range(40)]
    assert identify_ships(feed(*spoken)).tolist() == [1, 2] * 20


def test_two_imo_numbers_in_turn_are_two_though_a_table_gives_both_one_name():
    spoken = [said(h, **ALPHA | {"imo": (9074729, 9331127)[h % 2]}) for h in range(6)]
    assert identify_ships(feed(*spoken)).tolist() == [1, 2, 1, 2, 1, 2]


def test_halves_of_reports_that_name_nothing_in_common_contradict_nobody():
    """Type 24 A gives the name, B the call sign."""
    halves = [said(h / 10, **({"name": "SIM ALPHA"} if h % 2 else {"callsign": "XA1", "a": 9.0})) for h in range(40)]
    assert pd.isna(identify_ships(feed(*halves))).all()


@pytest.mark.parametrize(("hours", "two"), [((0, 7, 14, 23.9), True), ((0, 8, 16, 24.1), False), ((0, 1, 2), False)])
def test_ships_that_take_turns_within_a_day_are_two_and_a_number_that_changes_hands_is_not_shared(hours, two):
    named = identify_ships(feed(*[said(h, **(BETA if n % 2 else ALPHA)) for n, h in enumerate(hours)]))
    assert pd.isna(named).tolist() == [not two] * len(hours)


@pytest.mark.parametrize("fields", [("imo",), ("name",)])
def test_one_kind_of_identity_tells_them_apart(fields):
    spoken = [said(n, **{f: (BETA if n % 2 else ALPHA)[f] for f in fields}) for n in range(6)]
    assert identify_ships(feed(*spoken)).tolist() == [1, 2, 1, 2, 1, 2]


def test_three_ships_are_three():
    spoken = [said(n, **(ALPHA, BETA, GAMMA)[n % 3]) for n in range(12)]
    assert identify_ships(feed(*spoken)).tolist() == [1, 2, 3] * 4


def test_numbers_of_unset_transponders_are_no_shared_number():
    spoken = [said(n, **(BETA if n % 2 else ALPHA), mmsi=111_111_111) for n in range(6)]
    assert pd.isna(identify_ships(feed(*spoken))).all()


def test_a_few_late_or_damaged_words_tell_no_other_ship():
    """A few of ALPHA's rows hold BETA's data: too few to doubt whose track it is."""
    alongside, anchored = own_identities()
    share = (1 - MAJORITY_SHARE) / 2
    damaged = np.arange(len(alongside)) % round(1 / share) == 0
    alongside.loc[damaged, "name"], alongside.loc[damaged, "imo"] = BETA["name"], BETA["imo"]
    alongside.loc[damaged, "callsign"] = BETA["callsign"]
    row = calls_from(alongside, anchored).set_index("berth_id").loc["oil"]
    assert (row["name"], row["draught_in_m"], row["draught_out_m"]) == ("SIM ALPHA", 4.0, 6.2)


def test_a_number_that_is_sent_from_elsewhere_is_told_though_nobody_names_two_ships():
    elsewhere = at_anchor(-5, 70, off_berth(-9000))
    assert calls_from(visit(10, 50), elsewhere, *alpha_messages()).set_index("berth_id").loc["oil", "flags"] == [
        "shared_mmsi"
    ]
    assert (
        calls_from(visit(10, 50), at_anchor(-5, 9), *alpha_messages()).set_index("berth_id").loc["oil", "flags"] == []
    )


def test_the_next_ship_at_the_berth_is_no_later_part_of_the_stay():
    """Neither was heard arriving or leaving, as with a broken track of one ship, but the static data differ."""
    hours = np.arange(0, 30, 0.1)
    one = fixes(hours[hours < 14], *BERTH).assign(**ALPHA)
    two = fixes(hours[hours > 17], *off_berth(80)).assign(**BETA)
    meanwhile = [at_anchor(0, 14).assign(**BETA), at_anchor(17, 30, off_berth(-9000)).assign(**ALPHA)]
    table = calls_from(one, two, *meanwhile)
    assert table[table["berth_id"] == "oil"]["name"].tolist() == ["SIM ALPHA", "SIM BETA"]
    assert calls_from(one, two.assign(**ALPHA))["name"].tolist() == ["SIM ALPHA"]


def test_lengths_are_those_of_each_ship_of_a_number():
    static = static_reports(feed(*alpha_messages(), *beta_messages()))
    assert lengths_at(static, at(30)) == {(MMSI, 1): 130.0, (MMSI, 2): 96.0}


def test_the_ships_of_a_number_are_a_finding_and_no_changes_of_one_ship():
    static = static_reports(feed(*alpha_messages(), *beta_messages()))
    found = findings(PORT_CALLS.empty(), DETECTIONS.empty(), MATCHES.empty(), static, CallsConfig())
    assert found["kind"].tolist() == ["shared_mmsi"]
    assert found["said"].tolist() == ["the papers of several ships in turn: SIM BETA, SIM ALPHA"]
