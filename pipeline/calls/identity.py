"""The identity of a call's ship: name and numbers as broadcast, and what the registry adds."""

from __future__ import annotations

from typing import Any

import pandas as pd

# Probability that a ship which broadcasts a listed name, but no number, is that ship (our choice)
P_BY_NAME_ALONE = 0.7

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
        entry, by_name = _find_entry(registry, imo, mmsi, name)
        if entry is not None:
            out["name"] = entry["name"] or name
            if by_name:
                out["identity_probability"] = certainty * P_BY_NAME_ALONE
            if imo is None and pd.notna(entry["imo"]):
                imo = out["imo"] = int(entry["imo"])
            if not by_name:
                out |= _listed_fields(entry)
    out["vessel_id"] = f"imo:{int(imo)}" if imo is not None else f"mmsi:{mmsi}"
    return out


def _listed_fields(entry: pd.Series) -> Row:
    """Type, tonnage, size and source of a registry entry, as columns of PORT_CALLS."""
    column_of = {"dwt_t": "dwt_t", "gt": "gt", "length_m": "listed_length_m", "beam_m": "listed_beam_m"}
    column_of |= {name: name for name in ("depth_m", "design_draught_m")}
    fields: Row = {column: float(entry[listed]) for listed, column in column_of.items() if pd.notna(entry.get(listed))}
    kind = str(entry.get("tonnage_kind", "DWT")).upper()
    if kind == "GT":
        fields.pop("dwt_t", None)  # a gross tonnage is a volume, not a weight
    if kind == "UNKNOWN" and "dwt_t" in fields:
        fields["tonnage_kind"] = "unknown"
    fields |= {"listed_source": str(entry.get("source", ""))} if fields else {}
    listed_type = str(entry.get("ship_type", ""))
    return fields | ({"ship_type": listed_type} if listed_type else {})


def _find_entry(registry: pd.DataFrame, imo: Any, mmsi: int, name: str) -> tuple[pd.Series | None, bool]:
    """The registry's entry of a ship, by IMO number, else MMSI, else any of her names; and whether it was by name.

    One entry is one hull, whatever its names. A number that stands in two entries identifies neither, and an MMSI does
    not identify a hull with an IMO number other than the one broadcast: it has changed hands.
    """
    for column, value in (("imo", imo), ("mmsi", mmsi)):
        if value is None:
            continue
        has_number = (registry[column] == value).fillna(False)
        if has_number.sum() == 1:
            entry = registry[has_number].iloc[0]
            if imo is None or pd.isna(entry["imo"]) or entry["imo"] == imo:
                return entry, False
    if imo is None and name:
        is_named = [name.upper() in _all_names(entry) for entry in registry.to_dict("records")]
        if sum(is_named) == 1:
            return registry[is_named].iloc[0], True
    return None, False


def _all_names(entry: Row) -> set[str]:
    """All names of a hull in capitals, without the remarks in brackets on when she had them."""
    return {str(n).split("(")[0].strip().upper() for n in (entry["name"], *entry.get("aka", []))}
