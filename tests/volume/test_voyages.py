"""Which liftings of several tables are one cargo: loaded at one port and landed at another, or listed twice."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.config import VolumeConfig
from pipeline.volume import liftings, merge_liftings, simulate, voyages
from tests.volume.two_tables import CAP, DISCHARGING, LOADING, counted, load, table


def test_the_same_cargo_at_two_ports_counts_once():
    once = counted(table(LOADING, load(7, vessel="imo:9000003")), table(DISCHARGING, load(10, vessel="imo:9000003")))
    assert once["counts"].tolist() == [True, False]
    assert "the cargo of call loading-0" in once.loc["discharging-0", "cause"]
    assert simulate(once.reset_index(), LOADING, 1, CAP).shape[0] == 1


def test_two_ships_by_their_numbers_are_two_cargoes():
    once = counted(table(LOADING, load(7, vessel="imo:9000003")), table(DISCHARGING, load(10, vessel="imo:9000015")))
    assert once["counts"].all()


@pytest.mark.parametrize("day", [6, 30], ids=["before she loaded", "too long after"])
def test_a_discharge_that_cannot_be_this_cargo_counts(day):
    once = counted(table(LOADING, load(7, vessel="imo:9000003")), table(DISCHARGING, load(day, vessel="imo:9000003")))
    assert once["counts"].all()


@pytest.mark.parametrize("landed", [("06", "08"), ("01", "14")], ids=["she loaded on", "she came before"])
def test_what_she_still_loads_or_brought_along_is_another_cargo(landed):
    """She loads from 5 to 12 March: a landing that ends on the 8th, or begins on the 1st, is of another cargo."""
    loaded = table(LOADING, load(5, vessel="imo:9000003") | {"departure": "2024-03-12"})
    day, gone = landed
    brought = load(int(day), vessel="imo:9000003") | {"departure": f"2024-03-{gone}"}
    assert counted(loaded, table(DISCHARGING, brought))["counts"].all()


def test_without_numbers_size_speaks():
    once = counted(table(LOADING, load(7, (62.0, 10.2))), table(DISCHARGING, load(10, (140.0, 22.0))))
    assert once["counts"].all()


def test_what_sizes_say_of_one_ship_is_the_ratio_of_two_normal_laws():
    """Two measurements of one ship differ by both errors; of two ships, by the spread of the trade as well."""
    rows = {"imo": None, "mmsi": None, "vessel_id": ""}
    loaded = table(LOADING, load(7)).iloc[0].to_dict() | rows | {"dwt_log_sd": 0.2, "dwt_shared_sd": 0.0}
    landed = table(DISCHARGING, load(13)).iloc[0].to_dict() | rows | {"dwt_log_sd": 0.3, "dwt_shared_sd": 0.0}
    error = np.hypot(0.2, 0.3)

    def odds(apart: float) -> float:
        return voyages._odds_same(loaded, landed | {"dwt_p50_t": loaded["dwt_p50_t"] * np.exp(apart)}, LOADING)

    def ratio(apart: float) -> float:
        return stats.norm.pdf(apart, 0, error) / stats.norm.pdf(apart, 0, np.hypot(error, voyages.SIZE_SPREAD))

    for apart in (-0.8, 0.5):
        assert odds(apart) / odds(0.0) == pytest.approx(ratio(apart) / ratio(0.0))


def test_how_long_she_lay_at_the_loading_port_is_no_part_of_her_voyage():
    landed = table(DISCHARGING, load(20, vessel="imo:9000003")).iloc[0]
    long, short = (
        table(LOADING, load(day, vessel="imo:9000003") | {"departure": "2024-03-14"}).iloc[0] for day in (3, 13)
    )
    odds = [voyages._odds_same(loaded, landed, LOADING) for loaded in (long, short)]
    assert odds[0] == pytest.approx(odds[1])


def test_each_loading_is_discharged_once():
    once = counted(
        table(LOADING, load(7, vessel="imo:9000003")),
        table(DISCHARGING, load(9, vessel="imo:9000003"), load(20, vessel="imo:9000003")),
    )
    assert once["counts"].sum() == 2


def test_nothing_is_deleted_and_names_stay_apart():
    first = table(LOADING, load(7), load(9))
    once = merge_liftings([first, first.assign(vessel_id="")], LOADING, CAP.year_starts, 1)
    assert len(once) == 4
    assert once["call_id"].is_unique


def test_a_ship_known_by_imo_here_and_by_mmsi_there_is_one_where_a_table_knows_both():
    loaded = table(LOADING, load(7, vessel="imo:9000003") | {"mmsi": 999000001})
    once = counted(loaded, table(DISCHARGING, load(10, vessel="mmsi:999000001")))
    assert once["counts"].tolist() == [True, False]


def test_a_sure_discharge_is_not_dropped_for_a_loading_that_hardly_was():
    unlikely = load(7, vessel="imo:9000003") | {"p_loading": 0.02, "p_discharging": 0.98}
    landed = load(10, vessel="imo:9000003") | {"p_loading": 0.0, "p_discharging": 1.0}
    once = counted(table(LOADING, unlikely), table(DISCHARGING, landed))
    assert once["counts"].tolist() == [False, True]


def test_what_a_measured_loading_took_is_what_counts_however_sure_the_landing_is():
    """The table states that she discharged, without a measured load; at the loading port her draughts were read."""
    loaded = load(7, vessel="imo:9000003") | {"p_loading": 0.95, "draught_in_m": 3.9, "draught_out_m": 5.4}
    landed = load(10, vessel="imo:9000003") | {"p_discharging": 1.0}
    alone = table(LOADING, loaded)
    once = counted(alone, table(DISCHARGING, landed))
    assert once["counts"].tolist() == [True, False]
    kept, before = once.loc["loading-0"], alone.iloc[0]
    assert kept["barrels_p50"] == before["barrels_p50"]
    assert kept["p_lifting"] == once.loc["discharging-0", "p_lifting"] > before["p_lifting"], "it came ashore"


def test_draughts_that_show_no_loading_do_not_speak_for_the_cargo_that_was_landed():
    stayed_light = load(7, vessel="imo:9000003") | {"p_loading": 0.3, "draught_in_m": 3.9, "draught_out_m": 3.9}
    landed = load(10, vessel="imo:9000003") | {"p_discharging": 1.0}
    loaded = table(LOADING, stayed_light)
    assert loaded["p_lifting"].item() < 0.5
    assert counted(loaded, table(DISCHARGING, landed))["counts"].tolist() == [False, True]


@pytest.mark.parametrize("vessel", ["imo:9000003", None])
def test_what_counts_does_not_depend_on_the_order_of_the_tables(vessel):
    """A load and a discharge with bounds so wide that their midpoints overlap, and overlapping runs of one port."""
    loaded = table(LOADING, load(6, vessel=vessel) | {"departure": "2024-03-10"}, load(20) | {"tonnes": 3000})
    landed = table(DISCHARGING, load(8, vessel=vessel) | {"departure": "2024-03-12"})
    again = loaded.assign(p_lifting=[0.5, 0.6])
    first, second = (counted(*tables) for tables in ([loaded, landed, again], [again, landed, loaded]))
    assert first["counts"].sum() == second["counts"].sum() == (2 if vessel else 3)
    kept = [t.loc[t["counts"], "p_lifting"].sort_values().tolist() for t in (first, second)]
    assert kept[0] == kept[1]


CRUDE = {"name": "crude", "share": 0.0}
NEVER_NUMBERED = {"arrival": "2024-03-01", "departure": "2024-03-02"}


def unnamed(**columns):
    """A one-row spreadsheet without id, number or berth: its name is its place in that table."""
    return liftings(pd.DataFrame([NEVER_NUMBERED | columns]), LOADING, 1)


def test_the_first_rows_of_two_spreadsheets_are_not_one_stay():
    small, large = unnamed(dwt_t=4000), unnamed(dwt_t=9000)
    assert small["call_id"].tolist() == large["call_id"].tolist() == ["row1"]
    assert merge_liftings([small, large], LOADING, CAP.year_starts, 1)["counts"].all()


def test_a_table_given_twice_counts_once_all_the_same():
    assert merge_liftings([unnamed(dwt_t=4000)] * 2, LOADING, CAP.year_starts, 1)["counts"].sum() == 1


@pytest.mark.parametrize(("dwt_t", "calls"), [(4100, 1), (9000, 2)], ids=["two readings of one ship", "two ships"])
def test_one_line_of_two_tables_is_one_stay_if_the_sizes_may_be(dwt_t, calls):
    named = [unnamed(call_id="VST-7", berth_id="pier", dwt_t=size) for size in (4000, dwt_t)]
    assert merge_liftings(named, LOADING, CAP.year_starts, 1)["counts"].sum() == calls


def test_no_draw_depends_on_which_table_is_named_first():
    one, other = unnamed(dwt_t=4000), unnamed(dwt_t=3000).assign(departure=pd.Timestamp("2024-04-02", tz="UTC"))
    sums = [
        simulate(merge_liftings(tables, LOADING, CAP.year_starts, 1), LOADING, 1).sum(axis=0)
        for tables in ([one, other], [other, one])
    ]
    assert sums[0] == pytest.approx(sums[1])


def test_a_stay_left_out_costs_the_other_neither_name_nor_draws():
    alone = table(LOADING, load(7, vessel="imo:9000003"))
    once = merge_liftings([alone, alone], LOADING, CAP.year_starts, 1)
    assert once.loc[once["counts"], "call_id"].tolist() == alone["call_id"].tolist()


def test_a_landing_is_of_the_loading_from_which_a_voyage_leads_to_it():
    """Loaded on 1 and 10 March, landed on the 15th: five days from the second fits a voyage, fourteen does not."""
    loads = table(LOADING, load(1, vessel="imo:9000003"), load(10, vessel="imo:9000003"))
    once = counted(loads, table(DISCHARGING, load(15, vessel="imo:9000003")))
    assert once["cause"]["discharging-0"].startswith("the cargo of call loading-1,")


@pytest.mark.parametrize(("first", "then", "cargoes"), [(6, 8, 1), (4, 6, 1), (6, 18, 2)])
def test_what_is_landed_at_a_second_port_is_no_further_cargo(first, then, cargoes):
    """Whichever landing is nearer to a voyage's length from the loading; in twelve days she can fetch another cargo."""
    loaded = table(LOADING, load(1, vessel="imo:9000003"))
    landed = [table(DISCHARGING, load(day, vessel="imo:9000003")).assign(call_id=f"on {day}") for day in (first, then)]
    assert counted(loaded, *landed)["counts"].sum() == cargoes


@pytest.mark.parametrize("days", [(6, 8, 10), (10, 6, 8), (10, 8, 6)])
@pytest.mark.parametrize("loaded_on", [1, 4])
def test_what_is_landed_at_a_third_port_is_no_further_cargo_either(loaded_on, days):
    """Whatever the order of the ports' tables, and whichever landing is paired with the loading."""
    loaded = table(LOADING, load(loaded_on, vessel="imo:9000003"))
    landed = [table(DISCHARGING, load(day, vessel="imo:9000003")).assign(call_id=f"on {day}") for day in days]
    assert counted(loaded, *landed)["counts"].sum() == 1


@pytest.mark.parametrize(("then", "cargoes"), [(8, 1), (6, 1), (18, 2)], ids=["2nd port", "2nd parcel", "2nd voyage"])
def test_one_table_of_both_ports_says_what_two_tables_say(then, cargoes):
    loaded = table(LOADING, load(1, vessel="imo:9000003"))
    landed = table(DISCHARGING, *(load(day, vessel="imo:9000003") | {"berth_id": f"on {day}"} for day in (6, then)))
    assert counted(loaded, landed)["counts"].sum() == cargoes


@pytest.mark.parametrize("p_loading", [1.0, 0.9], ids=["the loading counts", "the landings count"])
@pytest.mark.parametrize("apart", [True, False], ids=["two tables", "one table"])
def test_stated_parcels_of_one_cargo_are_neither_lost_nor_counted_beside_it(p_loading, apart):
    """22,000 bbl: the first port gets 10,000, the second 12,000."""
    loaded = table(LOADING, load(1, vessel="imo:9000003") | {"barrels": 22_000, "p_loading": p_loading})
    parts = [load(d, vessel="imo:9000003") | {"call_id": f"on {d}", "barrels": n} for d, n in ((6, 1e4), (8, 1.2e4))]
    landed = [table(DISCHARGING, part) for part in parts] if apart else [table(DISCHARGING, *parts)]
    once = counted(loaded, *landed)
    assert once.loc[once["counts"], "given_barrels"].sum() == 22_000


def test_a_loading_after_the_second_port_is_none_between_both_landings():
    """Loaded on the 1st, landed on the 6th and the 8th, loaded again on the 20th: two cargoes."""
    loads = table(LOADING, load(1, vessel="imo:9000003"), load(20, vessel="imo:9000003"))
    landed = [table(DISCHARGING, load(day, vessel="imo:9000003")).assign(call_id=f"on {day}") for day in (6, 8)]
    once = counted(loads, *landed)
    assert once["counts"].to_dict() == {"loading-0": True, "loading-1": True, "on 6": False, "on 8": False}


@pytest.mark.parametrize(("landed", "cargoes"), [(13, 1), (20, 2)], ids=["after a voyage", "two weeks later"])
def test_likelier_two_cargoes_than_one_count_as_two(landed, cargoes):
    """Ships without numbers, by Bayes' rule. Prior odds 3 to 7; hulls of equal size, with deadweights known to 36 %
    against the trade's 61 %, multiply them by 1.7; a gap of six days by 2.3, of thirteen by 0.6: odds of 1.7 and 0.4.
    """
    assert counted(table(LOADING, load(7)), table(DISCHARGING, load(landed)))["counts"].sum() == cargoes


@pytest.mark.parametrize("vessel", ["imo:9000003", None])
@pytest.mark.parametrize(("landed", "cargoes"), [("gas_oil", 2), ("", 1)], ids=["another oil", "an oil not named"])
def test_crude_oil_that_was_loaded_is_no_gas_oil_that_is_landed(vessel, landed, cargoes):
    """Pairing them under a cap that excludes crude would leave the gas oil out of every account."""
    oils = VolumeConfig(draws=200, products=[*LOADING.products, LOADING.products[0].model_copy(update=CRUDE)])
    cap = CAP.model_copy(update={"excluded_products": ("crude",)})
    loaded = table(oils, load(1, vessel=vessel) | {"product": "crude"})
    landing = oils.model_copy(update={"counted": "discharging"})
    once = merge_liftings(
        [loaded, table(landing, load(7, vessel=vessel) | {"product": landed})], oils, "01-01", 1, cap.counts_product
    )
    assert once["counts"].sum() == cargoes
