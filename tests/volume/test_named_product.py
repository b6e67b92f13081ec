"""Products by their trade names, two named at once, and a product without a row in the Committee's chart."""

import pytest

from pipeline.config import VolumeConfig
from tests.volume.test_liftings import CONFIG, only


@pytest.mark.parametrize(
    ("words", "product"),
    [
        ("Gasoil/Diesel", "gas_oil"), ("diesel and gas oil", "gas_oil"), ("Gas oil (10 ppm S)", "gas_oil"),
        ("Diesel EN590", "gas_oil"), ("Дизель/газойль", "gas_oil"), ("경유/디젤", "gas_oil"),
        ("Petrol/gasoline 92", "gasoline"), ("Benzin", "gasoline"),
        ("Jet A-1/Kero", "kerosene"), ("HFO (mazut) 3.5 %", "fuel_oil"),
        ("LPG/propane", "lpg"), ("Refined petroleum products", "mix"), ("unknown", "mix"), ("?", "mix"),
    ],
)  # fmt: skip
def test_one_product_under_two_names_is_one_product(words, product):
    found = only({"product": words, "tonnes": 2000})
    assert (found["status"], found["product"]) == ("used", product)
    assert found["cause"] == ""


SPELLINGS = {  # as in reports, customs tables, registries and notices
    "gas_oil": (
        "petroleum products (diesel)|Petroleum product: diesel|Diesel Fuel EURO 5|Ultra-Low Sulfur Diesel (ULSD)|"
        "Gas oils|M.G.O.|LS MGO|Топливо дизельное ЕВРО-5|ДТ-Л-К5|нефтепродукты (дизельное топливо)|0号柴油|"
        "0＃柴油|diesel oil 0#|车用柴油|선박용 경유|GASOİL"
    ),
    "gasoline": "Gasoline 92 RON|Unleaded petrol|Gasoline RON95|Бензин АИ-95-К5|92号汽油|무연휘발유",
    "kerosene": "Jet fuel TS-1|Jet A-1 fuel|Kerosene-type jet fuel|керосин ТС-1|航煤|3号喷气燃料|제트유",
    "fuel_oil": "H.F.O.|Fuel oils|IFO380|low sulphur fuel oil|Mazut M100|мазут М-100|180号燃料油|벙커C유",
    "lpg": "L.P.G.|Propane-butane mixture|смесь пропан-бутан|petroleum gas (LPG)|"
    "сжиженные углеводородные газы|液化气|프로판",
    "mix": "CPP|refined petroleum products (unspecified)|not specified|Fuels & lubricants|"
    "светлые нефтепродукты|석유제품|精炼油",
    "unnamed": "lubricants/unnamed|Base oils|прямогонный бензин|石油沥青|윤활기유",
}


@pytest.mark.parametrize(
    ("words", "product"), [(words, product) for product, names in SPELLINGS.items() for words in names.split("|")]
)
def test_products_are_known_as_tables_of_many_countries_spell_them(words, product):
    found = only({"product": words, "tonnes": 1000})
    assert (found["status"] != "refused", found["product"]) == (True, product)


@pytest.mark.parametrize("words", ["Diesel/Bitumen", "diesel and oil products", "naphtha/diesel", "柴油、汽油"])
def test_two_products_in_one_cell_are_asked_for_as_two_rows(words):
    found = only({"product": words, "tonnes": 1000})
    assert (found["status"], "give each a row of its own" in found["cause"]) == ("refused", True)


@pytest.mark.parametrize("words", ["Bitumen", "petroleum bitumen", "Lubricants", "naphtha", "VGO", "润滑油"])
def test_refined_petroleum_without_a_row_in_the_chart_counts_as_unnamed_and_says_so(words):
    """China's notices include lubricants and bitumen; the Committee's barrels are 8.33 times their tonnes (FACTS 1.2).

    Refusing the row would leave cargo under the cap out of every sum.
    """
    found = only({"product": words, "tonnes": 1498})
    assert (found["status"], found["product"], bool(found["counts"])) == ("degraded", "unnamed", True)
    assert found["barrels_p50"] == pytest.approx(12_479, abs=1)
    assert "8.33 bbl/t, the factor for an unnamed product" in found["cause"]


def test_a_product_with_a_factor_of_its_own_has_that_one():
    bitumen = {"name": "bitumen", "bbl_per_t": 6.05, "t_per_m3": 1.04, "share": 0}
    own = VolumeConfig(draws=200, products=[*(p.model_dump() for p in CONFIG.products), bitumen])
    found = only({"product": "Bitumen/asphalt", "tonnes": 1000}, config=own)
    assert (found["status"], found["barrels_p50"]) == ("used", pytest.approx(6050))


@pytest.mark.parametrize(
    "words",
    [
        "LNG", "condensate", "aviation gasoline", "gasoil or wine", "coal", "jet " * 5000 + "x", "fuel", "oil/gas",
        "light fuel oil", "crude palm oil", "petroleum products (wine)", "A重油", "2号燃料油", "燃料油 2号",
        "2# fuel oil", "diesel motor", "asphalt mixture", "Gas & Oil", "380", "Jet ski", "сжиженный газ СПГ",
    ],
)  # fmt: skip
def test_what_is_no_product_of_the_cap_or_may_be_several_is_refused(words):
    found = only({"product": words, "tonnes": 1000})
    assert (found["status"], bool(found["counts"])) == ("refused", False)
