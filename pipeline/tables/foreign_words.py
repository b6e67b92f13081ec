"""Words for the columns of tables of calls and of positions in German, French, Spanish, Russian, Korean, Japanese and
Chinese. They only suggest which of our columns a foreign one may be; no column is read because of them.

The words are those of ports and registries in these countries, as far as a shipping dictionary confirms them. A missing
word does no harm, since a size that was not read is reported anyway.
"""

from __future__ import annotations

_WORDS_BY_COLUMN = {  # ours: foreign words; those for the end of a stay come before those for a date alone
    "departure": (
        "abfahrt abfahrtsdatum abgang départ depart sortie salida zarpe отход отхода убытие убытия выход "
        "출항 출항일 출항일자 출항일시 出港 出港日 出港日時 出港日期 离港 离港日期 离港时间 離港 離港日期 开航 开航日期"
    ),
    "arrival": (
        "ankunft ankunftsdatum einlaufen datum arrivée arrivee entrée llegada arribo atraque fecha дата приход прихода "
        "прибытие прибытия заход 날짜 일자 입항 입항일 입항일자 입항일시 日付 入港 入港日 入港日時 日期 到港 到港日期 "
        "到港时间 抵港 抵港日期 抵港时间 到达 到达日期"
    ),
    "length_m": (
        "länge laenge schiffslänge schiffslaenge lüa luea longueur eslora длина 길이 전장 長さ 全長 船の長さ "
        "船长 船長 长度 長度 总长 總長"
    ),
    "beam_m": (
        "breite schiffsbreite largeur manga ширина 폭 선폭 전폭 幅 全幅 型幅 船幅 船宽 船寬 宽度 寬度 型宽 型寬 宽"
    ),
    "draught_in_m or draught_out_m": "tiefgang tirant calado осадка 흘수 喫水 吃水",
    "dwt_t": (
        "tragfähigkeit tragfaehigkeit tdw tpl lourd tpm muerto дедвейт грузоподъемность грузоподъёмность 재화중량 "
        "재화중량톤 재화중량톤수 載貨重量 載貨重量トン 載貨重量トン数 载重 载重吨 载重吨位 載重噸"
    ),
    "gt": (
        "bruttoraumzahl brz jauge arqueo валовая 총톤수 국제총톤수 総トン 総トン数 总吨 总吨位 總噸 總噸位"
    ),
    "name": (
        "schiff schiffsname navire nom buque судно судна название наименование 선명 선박명 船名 本船 船舶名称"
    ),
    "product": "produkt ölsorte produit producto продукт нефтепродукт 유종 품목 油種 油种 品名 货种 货品 产品",
    "barrels": "fass barils barriles баррели баррелей барр 배럴 バレル 桶",
    "tonnes or barrels": "ladung ladungsmenge cargaison carga груз 화물 화물량 貨物 貨物量 货量 载货量 货物",
    "dwt_t or gt or tonnes": "тоннаж 톤수 トン数 吨位 噸位",
    "tonnes": "tonnen toneladas тонны тонн 톤 トン 吨 噸",
}  # fmt: skip
COLUMN_BY_FOREIGN_WORD = {word: ours for ours, words in _WORDS_BY_COLUMN.items() for word in words.split()}
"""A word in a name elsewhere, in lower case: ours; the first that fits."""

_WORDS_BY_POSITION_COLUMN = {  # apart, since some languages use one word for longitude and length, or latitude and beam
    "lon": "länge laenge längengrad laengengrad longitud долгота 경도 経度 经度 經度",
    "lat": "breite breitengrad latitud широта 위도 緯度 纬度",
    "time": (
        "zeit zeitpunkt zeitstempel datum heure horodatage hora fecha время дата 시간 시각 일시 日時 時刻 时间 時間"
    ),
    "sog": "geschwindigkeit fahrt vitesse velocidad скорость 속력 速力 航速",
    "cog": "kurs rumbo курс 침로 針路 航向",
}
POSITION_BY_FOREIGN_WORD = {word: ours for ours, words in _WORDS_BY_POSITION_COLUMN.items() for word in words.split()}
"""A word in a name elsewhere, in lower case: lon, lat, time, sog or cog."""


def position_column(name: str) -> str:
    """What a column of positions may hold by a word of its name: lon, lat, time, sog, cog; "" if no word tells.

    ``name`` is in lower case with ``_`` for blanks.

    >>> position_column("längengrad"), position_column("zeit_utc"), position_column("schiff")
    ('lon', 'time', '')
    """
    return next((POSITION_BY_FOREIGN_WORD[word] for word in name.split("_") if word in POSITION_BY_FOREIGN_WORD), "")
