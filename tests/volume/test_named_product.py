"""A product by its names in trade, two of them at once, and one that the Committee's chart has no row for."""

import pytest

from pipeline.config import VolumeConfig
from tests.volume.test_liftings import CONFIG, only


@pytest.mark.parametrize(
    ("said", "product"),
    [
        ("Gasoil/Diesel", "gas_oil"), ("diesel and gas oil", "gas_oil"), ("Gas oil (10 ppm S)", "gas_oil"),
        ("Diesel EN590", "gas_oil"), ("Дизель/газойль", "gas_oil"), ("경유/디젤", "gas_oil"),
        ("Petrol/gasoline 92", "gasoline"), ("Benzin", "gasoline"),
        ("Jet A-1/Kero", "kerosene"), ("HFO (mazut) 3.5 %", "fuel_oil"),
        ("LPG/propane", "lpg"), ("Refined petroleum products", "mix"), ("unknown", "mix"), ("?", "mix"),
    ],
)  # fmt: skip
def test_one_product_under_two_names_is_one_product(said, product):
    found = only({"product": said, "tonnes": 2000})
    assert (found["status"], found["product"]) == ("used", product)
    assert found["cause"] == ""


@pytest.mark.parametrize("said", ["Bitumen", "petroleum bitumen", "Lubricants", "naphtha", "VGO", "润滑油"])
def test_refined_petroleum_without_a_row_in_the_chart_counts_as_unnamed_and_says_so(said):
    """China's notices hold lubricants and bitumen, and the Committee's barrels are 8.33 times their tonnes (FACTS 1.2).

    The row was refused: cargo on which the cap is was in no sum.
    """
    found = only({"product": said, "tonnes": 1498})
    assert (found["status"], found["product"], bool(found["counts"])) == ("degraded", "unnamed", True)
    assert found["barrels_p50"] == pytest.approx(12_479, abs=1)
    assert "8.33 bbl/t, the factor for an unnamed product" in found["cause"]


def test_a_product_with_a_factor_of_its_own_has_that_one():
    bitumen = {"name": "bitumen", "bbl_per_t": 6.05, "t_per_m3": 1.04, "share": 0}
    own = VolumeConfig(draws=200, products=[*(p.model_dump() for p in CONFIG.products), bitumen])
    found = only({"product": "Bitumen/asphalt", "tonnes": 1000}, config=own)
    assert (found["status"], found["barrels_p50"]) == ("used", pytest.approx(6050))


@pytest.mark.parametrize(
    "said", ["LNG", "condensate", "aviation gasoline", "gasoil or wine", "coal", "jet " * 5000 + "x"]
)
def test_what_is_no_product_of_the_cap_or_may_be_several_is_refused(said):
    found = only({"product": said, "tonnes": 1000})
    assert (found["status"], bool(found["counts"])) == ("refused", False)
