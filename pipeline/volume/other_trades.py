"""Ships whose type says that they are no tankers: a table of all calls of a port holds them, and no barrel of theirs.

A table of ours says how likely each caller is a tanker (``p_tanker``), by her type among other things. Where a table
says nothing of that, the type stands, unless the table names what she loaded: an analyst knows more than a type.
"""

from __future__ import annotations

from pipeline.ships.words import is_tanker
from pipeline.tables.operations import says_something
from pipeline.volume.cells import Row, is_empty, text

CARGO_TOLD = ("tonnes", "barrels", "capacity_bbl")


def other_trade(call: Row) -> str:
    """The type of a ship, by words or by an AIS code, that is of another trade; "" where nothing says so for sure.

    >>> other_trade({"ship_type": "Bulk carrier"}), other_trade({"ship_type": "71"})
    ('Bulk carrier', 'AIS type 71')
    >>> other_trade({"ship_type": "Oil/chemical tanker"}), other_trade({"ship_type": "Cargo", "tonnes": 3000})
    ('', '')
    """
    said = text(call, "ship_type").strip()
    if not said or any(not is_empty(call.get(name)) for name in ("p_tanker", *CARGO_TOLD)):
        return ""
    if says_something(text(call, "product")):  # "unknown" and "-" name none
        return ""
    if is_tanker(said) is not False:
        return ""
    return f"AIS type {float(said):.0f}" if said[0].isdigit() else said
