"""Unit errors (CASES X-07), recognised by hull or stated size; each gives one line that names the column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import VolumeConfig
from pipeline.volume.cells import Refused
from pipeline.volume.particulars import Particulars
from pipeline.volume.plausible import cargo_doubt
from tests.volume.test_liftings import only

HULL = {"length_m": 90.0, "beam_m": 14.0}  # about 3,840 t deadweight
CONFIG = VolumeConfig(draws=400)


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        (HULL | {"tonnes": 30_000}, "tonnes is 30,000; a ship of 90 x 14 m carries"),
        (HULL | {"barrels": 200_000}, "barrels is 200,000; a ship of 90 x 14 m carries"),
        ({"dwt_t": 3000, "tonnes": 22_380}, "tonnes is 22,380; a ship of that size carries"),  # 3,000 t in barrels
        ({"capacity_bbl": 20_000, "barrels": 150_000}, "barrels is 150,000"),
        ({"dwt_t": 3}, "dwt_t is 3, too little for a tanker (below 100)"),  # thousands of tonnes
        (HULL | {"dwt_t": 3}, "dwt_t is 3, too little for a hull of 90 x 14 m"),
        ({"length_m": 90, "gt": 2}, "gt is 2, too little for a hull of 90 m"),
        ({"tonnes": 3_000_000}, "tonnes is 3,000,000, more than any ship carries"),  # size unknown
        ({"barrels": 4_900_000}, "barrels is 4,900,000, more than any ship carries"),
        ({"capacity_bbl": 20}, "capacity_bbl is 20, too little for a tanker"),
        ({"length_m": 9.8, "beam_m": 1.58}, "a hull of 9.8 x 1.58 m carries"),  # the point one place too far left
        ({"length_m": 0.098}, "a hull of 0.098 m carries"),  # kilometres
    ],
)
def test_a_slip_of_unit_is_refused(row, cause):
    found = only(row, config=CONFIG)
    assert (found["status"], bool(found["counts"])) == ("refused", False)
    assert cause in found["cause"]
    assert "another unit?" in found["cause"]
    assert len(found["cause"]) < 160


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"length_m": 20.0, "length_lo_m": 5.0, "length_hi_m": 35.0}, "used"),  # she may be larger
        ({"length_m": 20.0, "barrels": 200.0}, "used"),  # the cargo is stated
        ({"length_m": 20.0, "counts": False}, "not_counted"),  # a boat that enters no sum
    ],
)
def test_a_small_hull_is_refused_only_where_its_size_alone_would_be_counted(row, status):
    found = only(row, config=CONFIG)
    assert found["status"] == status
    assert found["barrels_p50"] > 0


def test_next_to_nothing_is_used_and_told():
    """3 (thousand tonnes) for a ship of 3,840 t: an unusual cargo, but a possible one."""
    found = only(HULL | {"tonnes": 3}, config=CONFIG)
    assert (found["status"], bool(found["counts"])) == ("degraded", True)
    assert "tonnes is 3, next to nothing for a ship of 90 x 14 m" in found["cause"]


@pytest.mark.parametrize("row", [{"barrels": 25}, {"tonnes": 3}])
def test_next_to_nothing_of_a_ship_of_unknown_size_is_used_and_told(row):
    """Figures in thousands of barrels or tonnes: the usual tanker of this trade has 2,860 t, 1,250 t at 5 %."""
    found = only(row, config=CONFIG)
    assert (found["status"], bool(found["counts"])) == ("degraded", True)
    assert found["cause"].endswith("next to nothing for a tanker; is it in another unit?")
    assert only({"barrels": 2000}, config=CONFIG)["status"] == "used"


@given(st.floats(500, 100_000), st.floats(0.05, 1.0))
def test_a_cargo_that_fits_is_never_doubted(dwt_t, fill):
    """Any part of a full ship's cargo, in tonnes or in barrels of gas oil."""
    ship = Particulars(dwt_t=dwt_t)
    size, full_t = ship.capacity(dwt_t, None), 0.95 * dwt_t
    for given_cargo in ({"tonnes": fill * full_t, "barrels": None}, {"tonnes": None, "barrels": fill * full_t * 7.46}):
        assert cargo_doubt(given_cargo, size, 0.95 * 7.46, ship) == ""


@given(st.floats(500, 100_000), st.floats(0.25, 1.0))
def test_barrels_in_the_column_of_tonnes_are_refused(dwt_t, fill):
    """From a quarter full: 7.46 times that is beyond any ship of her stated size."""
    ship = Particulars(dwt_t=dwt_t)
    with pytest.raises(Refused, match="another unit"):
        cargo_doubt({"tonnes": fill * 0.95 * dwt_t * 7.46, "barrels": None}, ship.capacity(dwt_t, None), 7.09, ship)


def test_a_ship_of_which_nothing_is_known_carries_what_is_stated():
    assert only({"tonnes": 80_000}, config=CONFIG)["status"] == "used"


def test_barrels_and_tonnes_that_disagree_are_told_and_the_barrels_stand():
    row = only({"product": "gas_oil", "barrels": 8000.0, "tonnes": 1000.0}, config=CONFIG)
    assert (row["status"], row["barrels_p50"]) == ("degraded", 8000.0)
    assert "8 bbl/t, but gas_oil has 7.46: the barrels are used" in row["cause"]
    assert only({"product": "gas_oil", "barrels": 7460.0, "tonnes": 1000.0}, config=CONFIG)["status"] == "used"
    assert only({"barrels": 8000.0, "tonnes": 1000.0}, config=CONFIG)["status"] == "used"  # product not named


def test_barrels_and_tonnes_that_no_oil_has_together_are_refused():
    row = only({"product": "gas_oil", "barrels": 1000.0, "tonnes": 1000.0}, config=CONFIG)
    assert row["status"] == "refused"
    assert "1 bbl/t, outside 5 to 13" in row["cause"]


@pytest.mark.parametrize(("share", "status"), [(1.2, "used"), (1.5, "refused")])
def test_a_little_more_than_she_can_carry_is_used_and_half_as_much_again_is_not(share, status):
    """The limit follows the 95 % point of her deadweight; trim, tides and dense cargoes allow somewhat more."""
    most_t = float(only(HULL, config=CONFIG)["dwt_p95_t"])
    assert only(HULL | {"tonnes": share * most_t}, config=CONFIG)["status"] == status
