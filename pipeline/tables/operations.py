"""Reads a table's words for what a ship did in port: loading, discharging, or neither."""

from __future__ import annotations

import re
import unicodedata

OPERATIONS = (
    "operation", "operations", "operation_type", "type_of_operation", "cargo_operation", "cargo_operations",
    "port_operation", "activity", "port_activity", "movement", "purpose", "purpose_of_call", "direction", "операция",
    "вид_операции", "vorgang", "opération", "operación", "작업", "荷役", "作业", "作業",
)  # fmt: skip
"""Names of a column of such words; the first that a table has is read."""

_LOADING = (
    "load loads loaded loading lifting laden beladen beladung chargement embarque погрузка налив загрузка "
    "적재 선적 적하 積荷 積込 積込み 船積 船積み 装货 裝貨 装船 裝船"
)
_DISCHARGING = (
    "discharge discharges discharged discharging disch unload unloads unloaded unloading offload offloaded offloading "
    "löschen loeschen entladen entladung déchargement dechargement descarga desembarque выгрузка разгрузка слив "
    "양하 양륙 揚荷 揚げ荷 荷揚げ 卸货 卸貨 卸船"
)
_NEITHER = (
    "neither bunker bunkers bunkering bunkered repair repairs repairing anchored anchoring waiting idle layby "
    "transit inspection бункеровка ремонт стоянка ожидание bunkern reparatur soutage réparation reparación "
    "급유 수리 대기 補油 修理 加油 待泊"
)
_FILLERS = "cargo operation operations ops completed complete of product products oil oils gas gasoil diesel crude fuel"
_SHARES_BY_WORD = {
    word: shares
    for words, shares in ((_LOADING, (1.0, 0.0)), (_DISCHARGING, (0.0, 1.0)), (_NEITHER, (0.0, 0.0)))
    for word in words.split()
}
_FILLER_WORDS = frozenset(_FILLERS.split())  # the direction is told by the word beside them
_UNKNOWN = re.compile(  # dashes of all kinds, dots and question marks, or a word
    r"[\s\-‐-―−─/.…?]*|nan|none|n/a|na|n\.a\.|unknown|not known|unspecified|not specified|not stated|"
    "неизвестно|н/д|미상|不明|不详"
)


def is_stated(cell: object) -> bool:
    """Is a cell neither empty nor a word for "unknown"?"""
    return isinstance(cell, str) and _UNKNOWN.fullmatch(cell.strip().lower()) is None


def stated_direction(cell: str) -> tuple[float, float] | None:
    """Probabilities of loading and of discharging, from words; None if they tell neither, both, or anything more.

    Bunkers are the ship's own fuel, not cargo. One unknown word or a question mark makes it None: "loading cancelled"
    is not loading, and "loading?" is not sure.

    >>> stated_direction("Loading gasoil"), stated_direction("DISCHARGE"), stated_direction("bunkering")
    ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0))
    >>> [stated_direction(said) for said in ("discharging/loading", "not loading", "STS", "loaded?")]
    [None, None, None, None]
    """
    words = set(re.findall(r"\w+|\?", unicodedata.normalize("NFKC", cell).lower())) - _FILLER_WORDS
    shares = {_SHARES_BY_WORD.get(word) for word in words}
    return shares.pop() if len(shares) == 1 else None
