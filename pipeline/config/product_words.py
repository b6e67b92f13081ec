"""What tables of calls call the products of the Committee's chart: trade names, and words of other languages.

Only what names one row of the chart: heating oil, naphtha or "oil products" may be several, and stay unknown.
"""

from __future__ import annotations

import unicodedata

_OF_CHART = {  # the chart's rows are "gas oil / diesel" and "residual fuel oil"; names joined by "_"
    "gas_oil": (
        "diesel diesel_oil diesel_fuel gasoil gas_oil_diesel diesel_gas_oil marine_gas_oil marine_gasoil marine_diesel "
        "marine_diesel_oil mgo mdo ago ulsd automotive_diesel automotive_gas_oil "
        "gasöl dieselöl dieselkraftstoff gazole gasóleo gasoleo дизель дизтопливо дт дизельное_топливо газойль "
        "경유 디젤 軽油 柴油"
    ),
    "gasoline": (
        "petrol motor_gasoline motor_spirit mogas benzin essence gasolina бензин автобензин аи_92 аи_95 ai_92 ai_95 "
        "휘발유 가솔린 ガソリン 汽油"
    ),
    "kerosene": (
        "kerosine jet jet_fuel jet_a jet_a_1 jet_a1 jet_kerosene aviation_kerosene kerosin kérosène queroseno "
        "керосин авиакеросин авиационный_керосин 등유 항공유 灯油 煤油 航空煤油"
    ),
    "fuel_oil": (
        "heavy_fuel_oil hfo mazut mazout residual_fuel_oil residual_oil m_100 mazut_m_100 ifo_180 ifo_380 hsfo "
        "schweröl fioul_lourd мазут м_100 мазут_м_100 топочный_мазут 중유 重油 燃料油"
    ),
    "lpg": (
        "liquefied_petroleum_gas liquified_petroleum_gas flüssiggas gpl glp суг сжиженный_газ 액화석유가스 液化石油气"
    ),
    "crude": "crude_oil rohöl petróleo_crudo нефть сырая_нефть 원유 原油",
}  # fmt: skip


def plain_name(said: str) -> str:
    """A product's name in the one spelling by which names are compared.

    >>> {plain_name(said) for said in ("Gas Oil", " gas-oil", "GAS_OIL")}
    {'gas_oil'}
    >>> plain_name("Gas oil / diesel"), plain_name("ДИЗЕЛЬНОЕ топливо")
    ('gas_oil_diesel', 'дизельное_топливо')
    """
    plain = unicodedata.normalize("NFKC", said).lower()
    for between in "-_/":
        plain = plain.replace(between, " ")
    return "_".join(plain.split())


PRODUCT_ALIASES = {word: product for product, words in _OF_CHART.items() for word in words.split()}
"""Other names of the chart's products, and of crude, as ``plain_name`` writes them."""
