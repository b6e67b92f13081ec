"""Leave out ships whose type is not a tanker: a table of all calls of a port includes them.

Our tables give the probability that a caller is a tanker (``p_tanker``), partly from her type. Without it, the type
decides, unless the table gives her cargo: an analyst knows more than a type.
"""

from __future__ import annotations

from pipeline.ships.words import is_tanker
from pipeline.tables.operations import is_stated
from pipeline.volume.cells import Row, is_empty, read_text

CARGO_STATED = ("tonnes", "barrels", "capacity_bbl")


def other_trade(call: Row) -> str:
    """The type of a ship, in words or as an AIS code, if it is another trade's; "" where that is not certain.

    >>> other_trade({"ship_type": "Bulk carrier"}), other_trade({"ship_type": "71"})
    ('Bulk carrier', 'AIS type 71')
    >>> other_trade({"ship_type": "Oil/chemical tanker"}), other_trade({"ship_type": "Cargo", "tonnes": 3000})
    ('', '')
    """
    ship_type = read_text(call, "ship_type").strip()
    if not ship_type or any(not is_empty(call.get(name)) for name in ("p_tanker", *CARGO_STATED)):
        return ""
    if is_stated(read_text(call, "product")):  # "unknown" and "-" are no product
        return ""
    if is_tanker(ship_type) is not False:
        return ""
    return f"AIS type {float(ship_type):.0f}" if ship_type[0].isdigit() else ship_type
