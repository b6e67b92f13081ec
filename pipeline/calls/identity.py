"""The identity of a call's ship: name and numbers as broadcast, and what the registry adds."""

from __future__ import annotations

from typing import Any

import pandas as pd

NAME_ALONE = 0.7  # probability that a ship which broadcasts a listed name, but no number, is that ship (our choice)

Row = dict[str, Any]


def identity(mmsi: int | None, certainty: float, reports: pd.DataFrame, registry: pd.DataFrame | None) -> Row:
    """Name, numbers and type as broadcast, and what the registry adds: her name there, IMO number, tonnage and size.

    The registry's size goes into columns of its own, with its source; it never replaces what was measured or broadcast.
    A ship known by name alone gets none.
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
    """Type, tonnage, size and source of a registry entry, as columns of PORT_CALLS."""
    named = {"dwt_t": "dwt_t", "gt": "gt", "length_m": "listed_length_m", "beam_m": "listed_beam_m"}
    named |= {name: name for name in ("depth_m", "design_draught_m")}
    known: Row = {ours: float(entry[theirs]) for theirs, ours in named.items() if pd.notna(entry.get(theirs))}
    kind = str(entry.get("tonnage_kind", "DWT")).upper()
    if kind == "GT":
        known.pop("dwt_t", None)  # a gross tonnage is a volume, not a weight
    if kind == "UNKNOWN" and "dwt_t" in known:
        known["tonnage_kind"] = "unknown"
    known |= {"listed_source": str(entry.get("source", ""))} if known else {}
    listed_type = str(entry.get("ship_type", ""))
    return known | ({"ship_type": listed_type} if listed_type else {})


def _entry(registry: pd.DataFrame, imo: Any, mmsi: int, name: str) -> tuple[pd.Series | None, bool]:
    """The registry's entry of a ship, by IMO number, else MMSI, else any of her names; and whether it was by name.

    One entry is one hull, whatever its names. A number that stands in two entries identifies neither, and an MMSI does
    not identify a hull with an IMO number other than the one broadcast: it has changed hands.
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
    """All names of a hull in capitals, without the remarks in brackets on when she had them."""
    return {str(n).split("(")[0].strip().upper() for n in (entry["name"], *entry.get("aka", []))}
