"""Convert ship types in words, as registers and providers write them, to AIS type codes."""

from __future__ import annotations

import re

SHIP_TYPE_TEXT: dict[str, int] = {
    "wig": 20,
    "fishing": 30,
    "towing": 31,
    "towing long/wide": 32,
    "dredging": 33,
    "diving": 34,
    "military": 35,
    "sailing": 36,
    "pleasure": 37,
    "hsc": 40,
    "pilot": 50,
    "sar": 51,
    "tug": 52,
    "port tender": 53,
    "anti-pollution": 54,
    "law enforcement": 55,
    "spare 1": 56,
    "spare 2": 57,
    "medical": 58,
    "not party to conflict": 59,
    "passenger": 60,
    "cargo": 70,
    "tanker": 80,
    "other": 90,
}
"""Type of ship as DMA writes it, and the code of its group, ITU-R M.1371-5 table 53."""

NO_TYPE = frozenset({"reserved", "not available", "not specified", "unspecified", "0", "-"})
"""Words for an unknown type, besides the words for "nothing" of any column."""

_BY_WORD: tuple[tuple[int, str], ...] = (  # the first that occurs in a text decides: a tug that also supplies is a tug
    (52, "tug tugs tugboat tugboats towboat pusher"),
    (80, "tanker tankers lng lpg vlcc ulcc"),
    (60, "passenger passengers ferry ferries cruise"),
    (30, "fishing trawler trawlers"),
    (33, "dredger dredgers dredging dredge"),
    (50, "pilot"),
    (51, "sar rescue"),
    (54, "pollution"),
    (55, "patrol enforcement police customs"),
    (35, "military naval navy"),
    (34, "diving"),
    (36, "sailing"),
    (37, "pleasure yacht yachts"),
    (40, "hsc hydrofoil"),
    (53, "tender"),
    (58, "medical hospital"),
    (31, "towing"),
    (20, "wig"),
    (70, "cargo container containership bulk bulker carrier reefer ro-ro roro vehicles livestock"),
    (90, "supply offshore research survey training workboat other"),
)
_CODE_OF = {word: code for code, words in reversed(_BY_WORD) for word in words.split()}
_RANK = {code: rank for rank, (code, _) in enumerate(_BY_WORD)}
_LIQUIDS = "gas|oil|prod|products?|chem|chemicals?|crude|petroleum|bitumen|asphalt"
_NO_TANKER = re.compile(r"\bnon[- ]?tankers?\b")  # "Cargo, non-tanker" is a cargo ship
_MAY_BE = re.compile(r"\b(?:combination|combined|obo|liquids?|unknown|other|others)\b")  # carry oil, or say nothing
_FOOD_OIL = re.compile(r"\b(?:edible|vegetable|palm|fish)[ /-]oils?\b")
_OTHER_LIQUID = re.compile(r"\b(?:food|water|juice|wine|beer|milk|molasses)\b")  # tankers for other products
_PETROLEUM = re.compile(rf"\b(?:{_LIQUIDS})\b")
_CARRIER_OF_LIQUIDS = re.compile(rf"\b(?:{_LIQUIDS})\b.*\bcarrier")


def words_beyond_code(text: str) -> str:
    """The words themselves if they say more than the code of their group; "" if they are a code or its name.

    >>> [words_beyond_code(said) for said in ("LPG Tanker", "Tanker", "84", "Floating hotel", "Reserved")]
    ['LPG Tanker', '', '', 'Floating hotel', '']
    """
    plain = text.strip().lower()
    nothing = not any(letter.isalpha() for letter in plain) or plain in {*SHIP_TYPE_TEXT, *NO_TYPE}
    return "" if nothing else text.strip()


def ship_type_code(text: str) -> int | None:
    """The group code that words name, None where they name none; ``text`` is in lower case.

    Tankers of any cargo are 80: the second digit stands for hazards, which words do not give.

    >>> [ship_type_code(said) for said in ("oil/chemical tanker", "lpg carrier", "bulk carrier", "tanker (80)", "ship")]
    [80, 80, 70, 80, None]
    >>> ship_type_code("cargo ship, non-tanker"), ship_type_code("gas_carrier")
    (70, 80)
    """
    text = text.replace("_", " ")
    if text in SHIP_TYPE_TEXT:
        return SHIP_TYPE_TEXT[text]
    text = _NO_TANKER.sub(" ", text)
    if _CARRIER_OF_LIQUIDS.search(text):
        return SHIP_TYPE_TEXT["tanker"]
    codes = [_CODE_OF[word] for word in re.findall(r"ro-ro|[a-z]+", text) if word in _CODE_OF]
    return min(codes, key=_RANK.__getitem__, default=None)


def is_tanker(text: str) -> bool | None:
    """Is a type, in words or as an AIS code, that of a tanker for oil, gas or chemicals? None if not stated.

    >>> [is_tanker(said) for said in ("Oil Tanker", "82", "Bulk Carrier", "70.0", "combination carrier", "90", "ship")]
    [True, True, False, False, None, None, None]
    >>> [is_tanker(said) for said in ("Fruit juice tanker", "Edible oil tanker", "Chemical/edible oil tanker")]
    [False, False, True]
    """
    text = text.strip().lower().replace("_", " ")
    if code_text := re.fullmatch(r"(\d\d)(?:\.0)?", text):
        return int(code_text[1]) // 10 == 8 if 20 <= int(code_text[1]) < 90 else None
    code = ship_type_code(text)
    if code == SHIP_TYPE_TEXT["tanker"]:
        cargoes = _FOOD_OIL.sub("food", text)
        return _PETROLEUM.search(cargoes) is not None or _OTHER_LIQUID.search(cargoes) is None
    return None if code is None or code >= SHIP_TYPE_TEXT["other"] or _MAY_BE.search(text) else False
