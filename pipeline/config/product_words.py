"""What tables of calls call the products of the Committee's chart: trade names, and words of other languages.

Only what names one row of the chart: heating oil may be several, and stays unknown. "Oil products" says no more than an
empty cell does. Naphtha, bitumen and lubricants are refined petroleum without a row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_OF_CHART = {  # the chart's rows are "gas oil / diesel" and "residual fuel oil"; names joined by "_"
    "gas_oil": (
        "diesel diesel_oil diesel_fuel gasoil gas_oil_diesel diesel_gas_oil marine_gas_oil marine_gasoil marine_diesel "
        "marine_diesel_oil mgo mdo ago ulsd d2 automotive_diesel automotive_gas_oil automotive_gasoil "
        "gasöl dieselöl dieselkraftstoff gazole gasóleo gasoleo дизель дизтопливо дт дизельное_топливо газойль "
        "경유 디젤 軽油 柴油"
    ),
    "gasoline": (
        "petrol motor_gasoline motor_spirit mogas gasoline_92 gasoline_95 mogas_92 mogas_95 "
        "benzin essence gasolina бензин автобензин аи_92 аи_95 ai_92 ai_95 "
        "휘발유 가솔린 ガソリン 汽油"
    ),
    "kerosene": (
        "kerosine kero jet jet_fuel jet_a jet_a_1 jet_a1 jet_kerosene aviation_kerosene kerosin kérosène queroseno "
        "керосин авиакеросин авиационный_керосин 등유 항공유 灯油 煤油 航空煤油"
    ),
    "fuel_oil": (
        "heavy_fuel_oil heavy_fuel_oil_380 hfo hfo_380 fueloil fuel_oil_180 fuel_oil_380 "
        "mazut mazout residual_fuel_oil residual_oil m_100 mazut_m_100 ifo_180 ifo_380 hsfo vlsfo "
        "schweröl fioul_lourd мазут м_100 мазут_м_100 топочный_мазут 중유 重油 燃料油"
    ),
    "lpg": (
        "propane butane liquefied_petroleum_gas "
        "liquified_petroleum_gas flüssiggas gpl glp суг сжиженный_газ 액화석유가스 液化石油气"
    ),
    "crude": "crude_oil rohöl petróleo_crudo нефть сырая_нефть 원유 原油",
}  # fmt: skip
_WITHOUT_A_ROW = {
    "naphtha": "нафта 나프타 ナフサ 石脑油",
    "bitumen": "asphalt petroleum_bitumen битум 아스팔트 아스팔트유 アスファルト 沥青",
    "lubricants": (
        "lubricant lubes lube_oil lubricating_oil lubricating_oils lubricant_oil base_oil смазочное_масло "
        "смазочные_масла 윤활유 潤滑油 润滑油"
    ),
    "vacuum_gas_oil": "vgo вакуумный_газойль",
}
_ANY_PRODUCT = (
    "oil_product oil_products petroleum_product petroleum_products refined_product refined_products refined_petroleum "
    "refined_petroleum_product refined_petroleum_products refined_oil нефтепродукт нефтепродукты 유류 정제유 "
    "石油製品 成品油"
)
_JOINED_BY = frozenset({"and", "or", "и", "или", "und", "oder", "et", "ou", "y", "o"})
_GRADE = re.compile(r"\b\d+(?:[.,]\d+)?\s*(?:%|ppm|cst)(?:\s*s)?(?!\w)|\ben\s?590\b", re.IGNORECASE)  # says no product
_MOST_WORDS = max(name.count("_") for names in _OF_CHART.values() for name in names.split()) + 1


def plain_name(said: str) -> str:
    """A product's name in the one spelling by which names are compared.

    >>> {plain_name(said) for said in ("Gas Oil", " gas-oil", "GAS_OIL")}
    {'gas_oil'}
    >>> plain_name("Gas oil / diesel"), plain_name("ДИЗЕЛЬНОЕ топливо")
    ('gas_oil_diesel', 'дизельное_топливо')
    >>> plain_name("GASOİL")
    'gasoil'
    """
    plain = unicodedata.normalize("NFKC", said).lower().replace("\u0307", "")  # of the Turkish dotted capital I
    return "_".join(re.split(r"[\s_/\\|()\[\],;&+-]+", plain)).strip("_")


PRODUCT_ALIASES = {word: product for product, words in _OF_CHART.items() for word in words.split()}
"""Other names of the chart's products, and of crude, as ``plain_name`` writes them."""

WITHOUT_A_ROW = {name: product for product, words in _WITHOUT_A_ROW.items() for name in (product, *words.split())}
"""Refined petroleum of which the Committee's chart has no row: how tables call it, and what it is."""

ANY_PRODUCT = frozenset(_ANY_PRODUCT.split())
"""Names that say no more of a cargo than that the cap is on it."""


def products_named(said: str, by_name: Mapping[str, str]) -> list[str]:
    """The products that a cell names side by side, each once; none where a word of it is part of no name.

    ``by_name`` has the products by all their names, as ``plain_name`` writes them. Grades such as 10 ppm say nothing.

    >>> by_name = PRODUCT_ALIASES | {"gas_oil": "gas_oil", "gasoline": "gasoline"}
    >>> products_named("Gasoil/Diesel", by_name), products_named("Diesel 10ppm (gas oil)", by_name)
    (['gas_oil'], ['gas_oil'])
    >>> products_named("gasoline/diesel", by_name), products_named("gasoil or wine", by_name)
    (['gasoline', 'gas_oil'], [])
    """
    words = [word for word in plain_name(_GRADE.sub(" ", said)).split("_") if word not in _JOINED_BY]
    found: list[str] = []
    while words:
        ends = range(min(_MOST_WORDS, len(words)), 0, -1)  # the longest name first: gas oil is no gas
        end = next((n for n in ends if "_".join(words[:n]) in by_name), 0)
        if not end:
            return []
        found.append(by_name["_".join(words[:end])])
        words = words[end:]
    return list(dict.fromkeys(found))
