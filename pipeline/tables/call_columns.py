"""The columns that `capwatch volume` reads from anyone's table of calls, and other names that people use for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches

from pipeline.tables.accounts import LIFTINGS
from pipeline.tables.foreign_words import COLUMN_BY_FOREIGN_WORD
from pipeline.tables.ship_numbers import SHIP_NUMBERS
from pipeline.tables.ships import PORT_CALLS

STAY_TIMES = tuple(f"{end}{part}" for end in ("arrival", "departure") for part in ("", "_date", "_lo", "_hi"))
TIMES = (*STAY_TIMES, "freeboard_in_at", "freeboard_out_at")
SIZES = tuple(f"{side}{bound}_m" for side in ("length", "beam") for bound in ("", "_lo", "_hi"))
LOADS = (
    "draught_in_m", "draught_out_m", "freeboard_in_m", "freeboard_in_sd_m", "freeboard_out_m", "freeboard_out_sd_m",
)  # fmt: skip
CHANCES = (
    "p_loading", "p_discharging", "p_tanker", "p_ship", "p_one_call", "calls_mean", "p_new_call", "turns_slope",
    "p_same_hull",
)  # fmt: skip
LISTED = ("listed_length_m", "listed_beam_m")  # from a register by the ship's identity, not measured
QUANTITIES = ("dwt_t", "gt", "depth_m", "design_draught_m", "tonnes", "barrels", "capacity_bbl")
NUMBERS = frozenset((*SIZES, *LISTED, *LOADS, *CHANCES, *QUANTITIES))
TEXTS = (
    "call_id", "vessel_id", "name", *SHIP_NUMBERS, "ship_type", "berth_id", "tonnage_kind", "product", "operation",
    "counts", "flags", "detection_ids",
)  # fmt: skip
CALLS_READ = (*TEXTS, *TIMES, *SIZES, *LISTED, "listed_source", *LOADS, *CHANCES, *QUANTITIES)
"""Every column that bears on a lifting."""

KNOWN = frozenset((*CALLS_READ, *PORT_CALLS.names, *LIFTINGS.names, "date_basis"))
"""These, and all other columns of our own tables of calls and liftings."""

_WHOLE_NAMES = {  # a whole foreign name: ours
    "id": "call_id", "call": "call_id", "call_no": "call_id", "port_call_id": "call_id", "voyage": "call_id",
    "ship": "name", "vessel": "name", "ship_name": "name", "vessel_name": "name", "tanker": "name", "berth": "berth_id",
    "counted": "counts",
    "date": "arrival", "day": "arrival", "time": "arrival", "timestamp": "arrival", "datetime": "arrival",
    **dict.fromkeys(("berthed", "first_seen", "start", "start_date", "start_time", "date_in"), "arrival"),
    **dict.fromkeys(("unberthed", "last_seen", "end", "end_date", "end_time", "date_out"), "departure"),
    **dict.fromkeys(("sailed", "sailed_date", "date_sailed", "sailing_date", "left"), "departure"),
    **dict.fromkeys(
        ("type", "vessel_type", "vesseltype", "type_of_ship", "type_of_vessel", "schiffstyp", "тип_судна", "선종"),
        "ship_type",
    ),
    "grade": "product", "commodity": "product", "fuel": "product", "cargo_type": "product", "cargo_grade": "product",
    **dict.fromkeys(
        ("freeboard_time", "freeboard_date", "freeboard_at", "image_time", "image_date", "acquired"),
        "freeboard_in_at or freeboard_out_at",
    ),
    "size": "dwt_t", "loaded": "tonnes", "amount": "tonnes or barrels",
    "cargo": "tonnes or barrels", "quantity": "tonnes or barrels", "kt": "tonnes",
    **dict.fromkeys(("m3", "cbm", "kl", "kilolitres", "kiloliters", "litres", "liters"), "tonnes or barrels"),
    **{f"{number}_{word}": number for number in SHIP_NUMBERS for word in ("no", "nr", "number", "num", "id")},
    **dict.fromkeys(("имо", "номер_имо", "imo번호", "imo編号", "imo编号", "imo番号", "imo号"), "imo"),
}  # fmt: skip
_WORDS = {  # a word in a foreign name: ours; the first match counts
    "dwt": "dwt_t", "sdwt": "dwt_t", "deadweight": "dwt_t", "dead": "dwt_t", "gross": "gt", "grt": "gt",
    "capacity": "capacity_bbl",
    "loa": "length_m", "length": "length_m", "beam": "beam_m", "breadth": "beam_m", "width": "beam_m",
    "summer": "design_draught_m", "design": "design_draught_m", "scantling": "design_draught_m",
    "draught": "draught_in_m or draught_out_m", "draft": "draught_in_m or draught_out_m",
    "freeboard": "freeboard_in_m or freeboard_out_m", "depth": "depth_m",
    "bbl": "barrels", "bbls": "barrels", "barrel": "barrels", "barrels": "barrels",
    "tons": "tonnes", "ton": "tonnes", "tonne": "tonnes", "tonnes": "tonnes", "mt": "tonnes",
    "tonnage": "dwt_t or gt or tonnes", "volume": "barrels", "kdwt": "dwt_t",
    **dict.fromkeys(("kbbl", "kbbls", "kb", "mbbl", "mbbls"), "barrels"),
    "arrival": "arrival", "arrived": "arrival", "departure": "departure", "departed": "departure", "product": "product",
    "ata": "arrival", "eta": "arrival", "atd": "departure", "etd": "departure", **{n: n for n in SHIP_NUMBERS},
}  # fmt: skip
_ALL_WORDS = _WORDS | COLUMN_BY_FOREIGN_WORD
_CARGO_WORDS = frozenset({"cargo", "quantity", "qty", "amount", "loaded", "lifted", "delivered", "discharged"})
_BESIDE_CARGO = frozenset({"t", "m3", "cbm", "kl", "est", "estimated", "total", "notified", "reported", "stated"})
"""Words for a stated cargo, and words that may stand beside them: `Cargo (t)`, `Estimated amount`, no `Cargo owner`."""
_OTHER_UNITS = {  # a word in a name: its unit, which none of our columns has
    "ft": "feet", "feet": "feet", "kt": "thousand tonnes", "kdwt": "thousand tonnes",
    "m3": "cubic metres", "cbm": "cubic metres", "gal": "gallons", "gallons": "gallons",
    "kl": "kilolitres", "kilolitres": "kilolitres", "kiloliters": "kilolitres", "litres": "litres", "liters": "litres",
    "bpd": "barrels a day", "cm": "centimetres",
    **dict.fromkeys(("kbbl", "kbbls", "kb"), "thousand barrels"),
    **dict.fromkeys(("mbbl", "mbbls"), "thousands or millions of barrels"),  # M is thousand or million, by trade
    **dict.fromkeys(("thousand", "thousands", "000", "000s"), "thousands"),
    **dict.fromkeys(("million", "millions", "mln"), "millions"),
}  # fmt: skip
_OTHER_ZONE = re.compile(r"(?:^|_)(kst|jst|msk|мск|cst|lt|local|(?:utc|gmt)_0?[1-9]\d?)(?:_|$)")
_NOT_OURS = frozenset({"flag"})  # similar to one of ours, but the ship's flag state
_CLOSE = 0.8  # difflib's ratio: two typos in ten letters (our choice)


def resembling_column(name: str, present: Collection[str]) -> str:
    """Our missing column that a foreign one may be, as "dwt_t" or "tonnes or barrels"; "" if it resembles none.

    >>> resembling_column("dwt", []), resembling_column("lenght_m", []), resembling_column("flag_state", [])
    ('dwt_t', 'length_m', '')
    >>> resembling_column("loa", ["length_m"]), resembling_column("cargo", ["tonnes"])
    ('', '')
    >>> resembling_column("arrival_draught", []), resembling_column("draft_out", [])
    ('draught_in_m', 'draught_out_m')
    >>> resembling_column("länge_m", []), resembling_column("длина", []), resembling_column("дата_отхода", [])
    ('length_m', 'length_m', 'departure')
    >>> [resembling_column(name, []) for name in ("cargo_t", "estimated_amount", "cargo_owner")]
    ['tonnes', 'tonnes or barrels', '']
    >>> resembling_column("vessel_type", []), resembling_column("atd_utc", []), resembling_column("vessel_imo", [])
    ('ship_type', 'departure', 'imo')
    """
    words = name.split("_")
    candidates = [] if name in _NOT_OURS else [c for c in CALLS_READ if not c.startswith("p_")]
    close = get_close_matches(name, candidates, 1, _CLOSE)
    by_word = next((column for word, column in _ALL_WORDS.items() if word in words), "")
    found = _WHOLE_NAMES.get(name) or by_word or _stated_cargo(words) or (close[0] if close else "")
    for end in ("in", "out"):
        if end in words or {"in": "arrival", "out": "departure"}[end] in words:
            found = next((n for n in found.split(" or ") if f"_{end}_" in n), found)
    return "" if any(_is_present(n, present) for n in found.split(" or ")) else found


def _stated_cargo(words: Sequence[str]) -> str:
    """Our column for a stated cargo of these words; "" if they are about something else."""
    beside = set(words) - _CARGO_WORDS
    if len(beside) == len(set(words)) or not beside <= _BESIDE_CARGO | set(_OTHER_UNITS):
        return ""
    return "tonnes" if "t" in beside else "tonnes or barrels"


def _is_present(name: str, present: Collection[str]) -> bool:
    """Does the table have the column, or bounds in its place?"""
    return name in present or (name in {"arrival", "departure"} and any(n.startswith(name) for n in present))


def column_doubts(names: Sequence[str], present: Collection[str]) -> list[str]:
    """Foreign columns that are ignored although one of ours may be meant, one line each.

    ``names`` are foreign, in lower case with ``_`` for blanks; ``present`` are the columns of ours that the table has.
    """
    doubts = []
    for name in names:
        column = resembling_column(name, present)
        unit = next((_OTHER_UNITS[word] for word in name.split("_") if word in _OTHER_UNITS), "")
        if (zone := _OTHER_ZONE.search(name)) and column.startswith(("arrival", "departure")):
            doubts.append(f"it says {zone[1]}; {column} must be UTC, or times with an offset such as +09:00")
        elif column and unit:
            doubts.append(f"it is in {unit}; convert it to {column}")
        elif column:
            doubts.append(f"if it is {column}, rename it")
        else:
            doubts.append("")
    return doubts
