"""Ships whose type says that they are no tankers: a table of all calls of a port holds them, and no barrel of theirs.

A table of ours says how likely each caller is a tanker (``p_tanker``), by her type among other things. Where a table
says nothing of that, the type stands, unless the table names what she loaded: an analyst knows more than a type.
"""

from __future__ import annotations

from pipeline.ship_words import ship_type_code
from pipeline.volume.cells import Row, is_empty, text

TANKERS = range(80, 90)
OF_A_TRADE = range(20, 80)  # the codes below are reserved, those from 90 on say "other" (ITU-R M.1371-5 table 53)
CARGO_TOLD = ("product", "tonnes", "barrels", "capacity_bbl")


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
    try:
        code, words = int(float(said)), f"AIS type {float(said):.0f}"
    except (ValueError, OverflowError):
        code, words = ship_type_code(said.lower()) or 0, said
    return words if code in OF_A_TRADE else ""
