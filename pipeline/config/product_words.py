"""Names of the products of the Committee's chart in tables of calls: trade names, and words of other languages.

Only names of a single row of the chart: heating oil may be several, and stays unknown. "Oil products" says no more than
an empty cell. Naphtha, bitumen and lubricants are refined petroleum without a row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_CHART_NAMES = {  # the chart's rows are "gas oil / diesel" and "residual fuel oil"; names joined by "_"
    "gas_oil": (
        "diesel diesel_oil diesel_fuel gasoil gas_oil_diesel diesel_gas_oil marine_gas_oil marine_gasoil marine_diesel "
        "marine_diesel_oil light_diesel_oil high_speed_diesel mgo lsmgo mdo ago ado hsd ulsd d2 automotive_diesel "
        "automotive_gas_oil automotive_gasoil gasöl dieselöl dieselkraftstoff gazole gasóleo gasoleo "
        "дизель дизтопливо дт дизельное_топливо топливо_дизельное газойль судовое_маловязкое_топливо "
        "топливо_маловязкое_судовое 경유 디젤 디젤유 軽油 柴油 轻柴油 輕柴油"
    ),
    "gasoline": (
        "petrol motor_gasoline motor_spirit mogas benzin essence gasolina "
        "бензин автобензин бензин_автомобильный автомобильный_бензин аи_92 аи_95 аи92 аи95 ai_92 ai_95 ai92 ai95 "
        "휘발유 가솔린 ガソリン 汽油"
    ),
    "kerosene": (
        "kerosine kero jet jet_fuel jet_a jet_a_1 jet_a1 jet_fuel_a_1 jet_kerosene aviation_kerosene "
        "aviation_turbine_fuel atf ts_1 ts1 kerosin kérosène queroseno "
        "керосин авиакеросин авиационный_керосин авиатопливо топливо_для_реактивных_двигателей тс_1 тс1 "
        "등유 항공유 제트유 灯油 煤油 航空煤油 航煤 喷气燃料 噴射燃料"
    ),
    "fuel_oil": (
        "heavy_fuel_oil hfo fo fueloil residual_fuel_oil residual_fuel residual_oil ifo ifo180 ifo380 lsfo hsfo vlsfo "
        "bunker_c bunker_c_oil bunker_fuel_oil mazut mazout m_100 m100 schweröl fioul_lourd "
        "мазут м_100 м100 топочный_мазут мазут_топочный флотский_мазут мазут_флотский "
        "중유 벙커유 벙커c유 벙커_c유 벙커씨유 重油 c重油 燃料油"
    ),
    "lpg": (
        "propane butane butane_mixture petroleum_gas petroleum_gases liquefied_petroleum_gas liquefied_petroleum_gases "
        "liquified_petroleum_gas flüssiggas gpl glp суг сжиженный_газ газ_сжиженный сжиженный_углеводородный_газ "
        "сжиженные_углеводородные_газы пропан бутан смесь_пропан 액화석유가스 프로판 부탄 "
        "液化石油气 液化石油氣 液化气 丙烷 丁烷"
    ),
    "crude": "crude_oil rohöl petróleo_crudo нефть сырая_нефть 원유 原油",
}  # fmt: skip
_NAMES_WITHOUT_ROW = {
    "naphtha": (
        "light_naphtha heavy_naphtha straight_run_gasoline нафта прямогонный_бензин бензин_прямогонный 나프타 ナフサ "
        "石脑油 石腦油"
    ),
    "bitumen": (
        "asphalt petroleum_bitumen битум битум_нефтяной битум_дорожный нефтяной_битум 아스팔트 아스팔트유 "
        "アスファルト 沥青 瀝青 石油沥青"
    ),
    "lubricants": (
        "lubricant lube lubes lub_oil lube_oil lubricating_oil lubricant_oil base_oil смазочное_масло смазочные_масла "
        "масло_смазочное масла_смазочные моторное_масло 윤활유 윤활기유 潤滑油 润滑油 润滑油基础油"
    ),
    "vacuum_gas_oil": "vgo vacuum_gasoil вакуумный_газойль вго",
}  # fmt: skip
_ANY_PRODUCT = (
    "oil_product petroleum_product refined_product refined_petroleum refined_petroleum_product refined_oil "
    "refined_petroleum_oil petroleum_oils_refined clean_product clean_petroleum_product rpp cpp нефтепродукт "
    "нефтепродукты светлые_нефтепродукты нефтепродукты_светлые 유류 정제유 정제유제품 정유제품 석유제품 석유_제품 "
    "石油製品 石油制品 成品油 精炼油 精煉油 "
    "fuel_and_lubricant fuels_and_lubricant fuel_lubricant fuels_lubricant lubricants_and_fuel гсм"
)
_CONJUNCTIONS = frozenset({"and", "or", "и", "или", "und", "oder", "et", "ou", "y", "o"})
_QUALIFIERS = (  # qualifiers and grades: ignored beside a product's name, and no product by themselves
    "fuel type grade cargo summer winter unleaded premium regular low high very ultra sulphur sulfur ls marine "
    "automotive max unspecified unknown 180 380 92 95 98 k5 летнее зимнее летний зимний л з е к5"
)
_GRADE = re.compile(
    r"\b\d+(?:[.,]\d+)?\s*(?:%|ppm|cst)(?:\s*s)?(?!\w)|\ben\s?590\b|\b(?:euro|евро)(?:[\s-]*[\dv]+)?\b"
    r"|\bron\s?\d\d\b|\b\d\d\s?ron\b|(?:180|380)\s?[号號#]"
    r"|(?<!fuel oil )(?<!料油)(?<!料油 )-?\d+\s?[号號#](?!\s?(?:燃料油|fuel))"
    r"|[车車船]用|선박용|자동차용|무연|저유황|고유황",
    re.IGNORECASE,
)  # a grade is no product; but fuel oil of a low number is a distillate
_INITIALS = re.compile(r"(?<!\w)(?:[^\W\d]\.)+[^\W\d](?:\.|(?!\w))")
_MOST_WORDS = 5  # in a name above


def plain_name(name: str) -> str:
    """A product's name in the normal form in which names are compared.

    >>> {plain_name(said) for said in ("Gas Oil", " gas-oil", "GAS_OIL")}
    {'gas_oil'}
    >>> plain_name("Gas oil / diesel"), plain_name("ДИЗЕЛЬНОЕ топливо")
    ('gas_oil_diesel', 'дизельное_топливо')
    >>> plain_name("GASOİL"), plain_name("H.F.O.")
    ('gasoil', 'hfo')
    """
    plain = unicodedata.normalize("NFKC", name).lower().replace("\u0307", "")  # left by the Turkish dotted capital I
    plain = _INITIALS.sub(lambda found: found[0].replace(".", ""), plain).replace("&", " and ")
    return "_".join(re.split(r"[\s_/\\|()\[\],.:;+·、-]+", plain)).strip("_")


PRODUCT_ALIASES = {word: product for product, words in _CHART_NAMES.items() for word in words.split()}
"""Other names of the chart's products, and of crude, as ``plain_name`` writes them."""

WITHOUT_A_ROW = {name: product for product, words in _NAMES_WITHOUT_ROW.items() for name in (product, *words.split())}
"""Refined petroleum of which the Committee's chart has no row: how tables call it, and what it is."""

SOME_PRODUCT = "some product"
"""For names that say only that a cargo is subject to the cap."""


def products_named(cell: str, by_name: Mapping[str, str]) -> list[str]:
    """The products that a cell names, each once; none if it has a word that belongs to no name.

    ``by_name`` maps all names, as ``plain_name`` writes them, to products. Grades such as 10 ppm are ignored. "Oil
    products" is ``SOME_PRODUCT`` if it stands alone or is joined by a word such as "and", else it is ignored too.

    >>> by_name = PRODUCT_ALIASES | {"gas_oil": "gas_oil", "gasoline": "gasoline"}
    >>> products_named("Gasoil/Diesel", by_name), products_named("Diesel 10ppm (gas oil)", by_name)
    (['gas_oil'], ['gas_oil'])
    >>> products_named("gasoline/diesel", by_name), products_named("gasoil or wine", by_name)
    (['gasoline', 'gas_oil'], [])
    >>> products_named("oil products (diesel)", by_name), products_named("diesel and oil products", by_name)
    (['gas_oil'], ['gas_oil', 'some product'])
    """
    by_name = dict.fromkeys(_ANY_PRODUCT.split(), SOME_PRODUCT) | dict(by_name)
    words = plain_name(_GRADE.sub(" ", unicodedata.normalize("NFKC", cell))).split("_")
    ignored = {*_QUALIFIERS.split(), *_CONJUNCTIONS}
    is_joined = not _CONJUNCTIONS.isdisjoint(words)
    found: list[str] = []
    while words:
        ends = range(min(_MOST_WORDS, len(words)), 0, -1)  # the longest name first: gas oil is not gas
        names = ((end, name) for end in ends for name in _with_singular("_".join(words[:end])))
        end, name = next(((end, name) for end, name in names if name in by_name), (0, ""))
        if not end and words[0] not in ignored:
            return []
        found += [by_name[name]] if end else []
        words = words[end or 1 :]
    found = list(dict.fromkeys(found))
    return found if is_joined or len(found) == 1 else [product for product in found if product != SOME_PRODUCT]


def _with_singular(name: str) -> tuple[str, ...]:
    """A name as it stands, and without the s of a plural: gas oils, fuels."""
    return name, name.removesuffix("s")
