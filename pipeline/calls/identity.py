"""Who a call's ship is: her name and numbers as broadcast, and what the registry adds of her."""

from __future__ import annotations

from typing import Any

import pandas as pd

NAME_ALONE = 0.7  # that a ship which broadcasts a listed name, and no number of hers, is that ship (our choice)

Row = dict[str, Any]


def identity(mmsi: int | None, certainty: float, reports: pd.DataFrame, registry: pd.DataFrame | None) -> Row:
    """Name, numbers and type as broadcast, and what the registry adds: her name there, IMO number, tonnage and size.

    What the registry says of her size stands in columns of its own, with its source; what was measured or broadcast is
    never replaced by it. A ship that is known by her name alone gets none.
    """
    if mmsi is None:
        return {"vessel_id": "anonymous", "identity_probability": 0.0, "name": "", "mmsi": None}
    imo = reports["imo"].dropna().iloc[-1] if reports["imo"].notna().any() else None
    name = next((n for n in reversed(list(reports["name"])) if n), "")
    out: Row = {"mmsi": mmsi, "imo": imo, "name": name, "identity_probability": certainty}
    out["ship_type"] = next((words for words in reversed(list(reports["ship_words"])) if words), "")
    if registry is not None and len(registry):
        entry, by_name = _entry(registry, imo, mmsi, name)
        if entry is not None:
            out["name"] = entry["name"] or name
            if by_name:
                out["identity_probability"] = certainty * NAME_ALONE
            if imo is None and pd.notna(entry["imo"]):
                imo = out["imo"] = int(entry["imo"])
            if not by_name:
                out |= _listed(entry)
    out["vessel_id"] = f"imo:{int(imo)}" if imo is not None else f"mmsi:{mmsi}"
    return out


def _listed(entry: pd.Series) -> Row:
    """Type, tonnage and size of a line of the registry, each by the column for it, and where they are from."""
    named = {"dwt_t": "dwt_t", "gt": "gt", "length_m": "listed_length_m", "beam_m": "listed_beam_m"}
    named |= {name: name for name in ("depth_m", "design_draught_m")}
    known: Row = {ours: float(entry[theirs]) for theirs, ours in named.items() if pd.notna(entry.get(theirs))}
    kind = str(entry.get("tonnage_kind", "DWT")).upper()
    if kind == "GT":
        known.pop("dwt_t", None)  # a gross tonnage is no weight
    if kind == "UNKNOWN" and "dwt_t" in known:
        known["tonnage_kind"] = "unknown"
    known |= {"listed_source": str(entry.get("source", ""))} if known else {}
    listed_type = str(entry.get("ship_type", ""))
    return known | ({"ship_type": listed_type} if listed_type else {})


def _entry(registry: pd.DataFrame, imo: Any, mmsi: int, name: str) -> tuple[pd.Series | None, bool]:
    """The registry's line of a ship, by IMO number, else by transponder, else by any of her names; and was it by name.

    One line is one hull, whatever she was called. A number that stands in two lines names neither, and a transponder
    does not name a hull whose IMO number is another than the one that is broadcast: it has changed hands.
    """
    for column, value in (("imo", imo), ("mmsi", mmsi)):
        if value is None:
            continue
        same = (registry[column] == value).fillna(False)
        if same.sum() == 1:
            entry = registry[same].iloc[0]
            if imo is None or pd.isna(entry["imo"]) or entry["imo"] == imo:
                return entry, False
    if imo is None and name:
        called = [name.upper() in _names(entry) for entry in registry.to_dict("records")]
        if sum(called) == 1:
            return registry[called].iloc[0], True
    return None, False


def _names(entry: Row) -> set[str]:
    """All names of a hull in capitals; what stands in brackets says when she had it."""
    return {str(n).split("(")[0].strip().upper() for n in (entry["name"], *entry.get("aka", []))}
