"""Cargo assumed for a gas carrier: never an oil tanker's usual one. Truth: registers, the chart, invariance."""

import math

import pandas as pd
import pytest

from pipeline.calls.identity import identity
from pipeline.config import CapConfig, VolumeConfig
from pipeline.tables import STATIC
from pipeline.volume import liftings
from pipeline.volume.gas_carriers import LOG_OVER_TANKER, gas_carrier
from pipeline.volume.ledger import ledger
from pipeline.volume.usual_hull import hull_for_loads
from tests.calls.test_port_calls import calls_from
from tests.calls.traffic import said, visit
from tests.volume.test_liftings import CONFIG, SEED, lift, only

HULL = {"length_m": 100.0, "beam_m": 16.0}
LPG_BBL_PER_T = 11.60


@pytest.mark.parametrize("name", ["ETHANE CRYSTAL", "CORAL METHANE", "BERGEN LNG"])
def test_a_gas_that_is_no_refined_petroleum_makes_no_barrels(name):
    row = only({"name": name} | HULL)
    assert (row["status"], row["counts"], row["method"]) == ("refused", False, "none")
    assert "no refined petroleum" in row["cause"]
    assert pd.isna(row["barrels_p50"])


@pytest.mark.parametrize("ship", [{"name": "GAS ACE"}, {"ship_type": "LPG Tanker"}, {"product": "LPG"}])
def test_a_gas_carrier_of_unknown_size_is_not_given_the_usual_oil_tankers(ship):
    row = only(ship)
    assert row["status"] == "refused"
    assert "of unknown size" in row["cause"]
    assert only(ship | {"tonnes": 1800})["tonnes_p50"] == 1800
    assert only({"name": "PYRUS ACE"})["method"].startswith("dwt_prior")


@pytest.mark.parametrize("ship", [{"name": "GAS ACE"}, {"ship_type": "liquefied gas"}, {"name": "SHUN YUAN 18 LPG"}])
def test_a_gas_carriers_cargo_is_petroleum_gas_and_her_row_says_by_what(ship):
    row = only(ship | HULL)
    assert (row["product"], row["bbl_per_t"], row["status"]) == ("lpg", LPG_BBL_PER_T, "degraded")
    assert "a gas carrier by her" in row["cause"]
    assert row["method"] == "dwt_from_length_beam_of_gas_carrier; load_from_fill_prior"
    assert row["barrels_p50"] == pytest.approx(LPG_BBL_PER_T * row["tonnes_p50"])


@pytest.mark.parametrize(
    ("length_m", "beam_m", "dwt_t"),  # from class registers and company pages, via public lists
    [(99.96, 15.0, 3013), (99.80, 15.0, 3090), (65.1, 11.0, 951), (72.0, 12.0, 1217), (72.5, 12.5, 1277)],
)
def test_deadweight_of_lpg_carriers_lies_nearer_than_an_oil_tankers(length_m, beam_m, dwt_t):
    hull = {"length_m": length_m, "beam_m": beam_m}
    gas, oil = only(hull | {"product": "lpg"}), only(hull)
    assert abs(math.log(gas["dwt_p50_t"] / dwt_t)) < abs(math.log(oil["dwt_p50_t"] / dwt_t))
    assert gas["dwt_p5_t"] < dwt_t < gas["dwt_p95_t"]


def test_a_deadweight_like_the_gross_tonnage_is_no_slip_of_a_gas_carrier():
    stated = {"dwt_t": 3023.0, "gt": 2990.0} | HULL
    assert only(stated | {"name": "SHUN YUAN 18 LPG"})["method"].startswith("dwt_given")
    assert only(stated)["method"].startswith("dwt_or_gt")
    assert only({"gt": 2990.0, "name": "SHUN YUAN 18 LPG"})["dwt_p50_t"] == pytest.approx(1.03 * 2990)


def test_an_oil_that_the_table_names_and_an_oil_tankers_type_overrule_a_name():
    plain = only(HULL | {"product": "gas_oil"})
    assert only(HULL | {"product": "gas_oil", "name": "GAS ACE"})["barrels_p50"] == plain["barrels_p50"]
    assert only(HULL | {"name": "GAS ACE", "ship_type": "Oil Products Tanker"})["product"] == "mix"
    assert gas_carrier({"name": "BERGEN LNG"}).gas == "LNG"
    assert gas_carrier({"name": "GAS OIL SUPPLIER"}) is gas_carrier({"name": "HAMMONIA GALICIA"}) is None


@pytest.mark.parametrize("ship_type", ["Gasoline tanker", "Gasoil barge", "Crude oil tanker, LNG-fuelled",
                                       "Oil products tanker (LNG dual fuel)", "LNG Ready Fuel Barge"])  # fmt: skip
def test_neither_gasoline_nor_the_gas_that_drives_her_makes_an_oil_tanker_a_gas_carrier(ship_type):
    assert gas_carrier({"ship_type": ship_type}) is gas_carrier({"name": "GAS ACE", "ship_type": ship_type}) is None
    assert gas_carrier({"ship_type": "LNG bunkering tanker"}).gas == "LNG"


def test_a_space_that_does_not_break_is_a_space():
    assert gas_carrier({"name": "GAS\u00a0OIL SUPPLIER"}) is None


def test_draughts_are_read_by_a_gas_carriers_hull():
    """Without dimensions, a gas carrier is as long as an oil tanker of 1 / 0.74 times her deadweight."""
    gas, oil = hull_for_loads({"dwt_p50_t": 3000.0, "product": "lpg"}), hull_for_loads({"dwt_p50_t": 3000.0})
    larger = hull_for_loads({"dwt_p50_t": 3000.0 / math.exp(LOG_OVER_TANKER)})
    assert gas.length_m == pytest.approx(larger.length_m)
    assert gas.length_m > oil.length_m


def test_the_cap_on_refined_petroleum_counts_her_and_a_cap_without_gas_does_not():
    table = lift({"name": "GAS ACE"} | HULL)
    cap = CapConfig(id="x", title="x", barrels=500_000, year_starts="01-01", source="made up")
    named = cap.model_copy(update={"excluded_products": ["lpg"]})
    assert ledger(table, cap, CONFIG, SEED)["observed_p50"].iloc[-1] > 0
    assert ledger(table, named, CONFIG, SEED)["observed_p50"].iloc[-1] == 0


def test_assumptions_without_a_gas_refuse_a_gas_carrier():
    crude = VolumeConfig(draws=1000, products=[CONFIG.products[0].model_copy(update={"share": 1.0})])
    assert "'lpg' is not known" in lift({"name": "GAS ACE"} | HULL, config=crude)["cause"].iloc[0]


def test_a_registrys_type_reaches_her_calls():
    registry = pd.DataFrame(
        [{"imo": 9074729, "mmsi": 1, "name": "ALPHA", "ship_type": "LPG carrier", "source": "list"}]
    )
    said = STATIC.from_rows([{"report_id": "1", "mmsi": 1, "imo": 9074729, "name": "ALPHA", "flags": []}])
    assert identity(1, 1.0, said, registry)["ship_type"] == "LPG carrier"


def test_a_gas_carrier_by_the_words_of_a_table_of_messages_loads_gas():
    """Her AIS type is that of any tanker, 80; the description in words is carried from the message to the lifting."""
    hull = {"a": 80.0, "b": 16.0, "c": 7.0, "d": 8.0, "ship_type": 80}
    products = {}
    for words in ("LPG tanker", "Oil/chemical tanker", ""):
        calls = calls_from(visit(5, 20), said(5, **hull, ship_words=words))
        assert calls["ship_type"].tolist() == [words]
        products[words] = liftings(calls, CONFIG, SEED)["product"].iloc[0]
    assert products == {"LPG tanker": "lpg", "Oil/chemical tanker": "mix", "": "mix"}
