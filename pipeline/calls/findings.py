"""Contradictions in what a transponder says of its ship, within its reports and with the hull in images. Listed only.

Where broadcast dimensions disagree with the hull in an image, they may be mistyped, be another ship's, or be matched to
the wrong hull: a finding says what was broadcast, what was seen and how far they are apart, and resolves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.calls.static import reports_until
from pipeline.plurals import first_of
from pipeline.quantiles import Z90
from pipeline.tables import FINDINGS
from pipeline.tables.ships import SHARED_ERROR, TYPED_SD_M

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.config import CallsConfig

LEAST_APART_M = {"length": 8.0, "beam": 4.0}  # a smaller difference is no finding, however sure the image (our choice)
APART_SDS = 3.0  # one in 400 by chance, if errors were normal (our choice)
SURE_MATCH = 0.9  # least match probability: a hull that may be another ship's contradicts nothing (our choice)
FLAG = "size_contradicts_transponder"
REPORT_FLAGS = {
    "imo_check_digit": "an IMO number with a wrong check digit",
    "imo_changed": "another IMO number than before",
    "length_changed": "another length than before",
    "implausible_draught": "a draught that no hull of her length has",
    "flapping_draught": "draughts that alternate",
    "shared_mmsi": "the papers of several ships in turn",
}
"""Flags of the STATIC table that are contradictions, in words."""


def findings(
    calls: pd.DataFrame, detections: pd.DataFrame, matches: pd.DataFrame, static: pd.DataFrame, config: CallsConfig
) -> pd.DataFrame:
    """The FINDINGS table, in order of time: sizes that disagree with images, and reports that contradict each other.

    Each kind of contradictory report is listed once per transponder. Sizes are listed once per transponder and
    dimension, over all sightings while she sent the same size (of several sizes, the one furthest from what is seen).
    """
    rows = [*_size_findings(calls, detections, matches, static, config), *_report_findings(static, calls)]
    rows.sort(key=lambda row: (row["time_utc"], row["mmsi"], row["kind"]))
    for row in rows:
        row["finding_id"] = f"{row['mmsi']}/{row['kind']}"
    return FINDINGS.check(FINDINGS.from_rows(rows))


def flag_contradicted(calls: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The calls, with a flag on those whose transponder disagrees with the hull in the image."""
    named = {c for row in found.itertuples() if row.kind.endswith("_disagrees") for c in row.call_ids}
    flags = [
        [*f, FLAG] if c in named and FLAG not in f else f for c, f in zip(calls["call_id"], calls["flags"], strict=True)
    ]
    return calls.assign(flags=flags)


def _size_findings(
    calls: pd.DataFrame, detections: pd.DataFrame, matches: pd.DataFrame, static: pd.DataFrame, config: CallsConfig
) -> list[dict[str, Any]]:
    """Broadcast sizes that sightings contradict."""
    shared = static.loc[static["ship"].notna(), "mmsi"]  # a match does not say which of its ships a hull is
    sure = matches[matches["mmsi"].notna() & ~matches["mmsi"].isin(shared) & (matches["probability"] >= SURE_MATCH)]
    usable = detections[detections["accepted"].astype(bool) & detections["acquired"].notna()]
    usable = usable[usable["flags"].map(lambda f: not {"touches_edge", "merged"} & set(f)).astype(bool)]
    seen = usable.merge(
        sure[["det_id", "mmsi", "probability"]], left_on="detection_id", right_on="det_id", suffixes=("", "_match")
    )
    rows = []
    for mmsi, sightings in seen.groupby("mmsi", sort=True):
        reports = static[static["mmsi"] == mmsi]
        for name in ("length", "beam"):
            apart = list(_size_disagreements(name, reports, sightings, config))
            rows += [max(apart, key=lambda row: row["apart_sd"])] if apart else []
    for row in rows:
        row["call_ids"] = _calls_of(calls, row["mmsi"], set(row["detection_ids"]))
    return rows


def _size_disagreements(
    name: str, reports: pd.DataFrame, sightings: pd.DataFrame, config: CallsConfig
) -> Iterator[dict[str, Any]]:
    """One finding per size that her transponder sent, where the sightings of that time disagree with it.

    Two ships may use one number in turn: a sighting is compared with what had been sent by then.
    """
    typed = sightings["acquired"].map(
        lambda when: _last_typed_m(reports_until(reports[reports[f"{name}_m"].notna()], when), name)
    )
    for size_m, seen in sightings.groupby(typed, sort=True):
        row = _size_disagreement(name, float(size_m), seen, config)
        if row is not None:
            yield row | {
                "mmsi": int(seen["mmsi"].iloc[0]),
                "time_utc": seen["acquired"].min(),
                "detection_ids": sorted(seen["detection_id"]),
            }


def _last_typed_m(reports: pd.DataFrame, name: str) -> float:
    """The size last sent; NaN where none was."""
    return float(reports[f"{name}_m"].iloc[-1]) if len(reports) else np.nan


def _size_disagreement(
    name: str, typed_m: float, sightings: pd.DataFrame, config: CallsConfig
) -> dict[str, Any] | None:
    """One dimension, fused over the sightings by their intervals; None where it does not disagree."""
    value = sightings[f"{name}_m"].to_numpy(float)
    sd = np.maximum((sightings[f"{name}_hi_m"] - sightings[f"{name}_lo_m"]).to_numpy(float) / (2 * Z90), 0.5)
    sd = np.hypot(sd, config.same_ship_length_share * value)
    weight = 1 / sd**2
    mean = float((weight * value).sum() / weight.sum())
    spread = float(np.sqrt(1 / weight.sum() + TYPED_SD_M[name] ** 2 + (SHARED_ERROR[name] * mean) ** 2))
    apart = abs(mean - typed_m)
    if apart < max(APART_SDS * spread, LEAST_APART_M[name]):
        return None
    looks = "1 sighting" if len(sightings) == 1 else f"{len(sightings)} sightings"
    half = Z90 * float(np.hypot(weight.sum() ** -0.5, SHARED_ERROR[name] * mean))
    return {
        "kind": f"{name}_disagrees",
        "said": f"{name} {typed_m:.0f} m",
        "seen": f"{name} {mean:.0f} m ({max(0.0, mean - half):.0f} to {mean + half:.0f}), {looks}",
        "apart_sd": apart / spread,
    }


def _report_findings(static: pd.DataFrame, calls: pd.DataFrame) -> list[dict[str, Any]]:
    """Reports of a transponder that contradict each other: the first time of each kind, and how often."""
    rows = []
    flagged_reports = static[static["flags"].map(len) > 0]
    for kind, description in REPORT_FLAGS.items():
        of_kind = flagged_reports[flagged_reports["flags"].map(lambda f, kind=kind: kind in f).astype(bool)]
        for mmsi, reports in of_kind.groupby("mmsi", sort=True):
            times = "" if len(reports) == 1 or kind == "shared_mmsi" else f", {len(reports)} times"
            rows.append(
                {
                    "kind": kind,
                    "mmsi": int(mmsi),
                    "time_utc": reports["time_utc"].min(),
                    "said": description + times + _values_text(kind, static[static["mmsi"] == mmsi]),
                    "seen": "",
                    "call_ids": _calls_of(calls, int(mmsi), set()),
                }
            )
    return rows


def _values_text(kind: str, reports: pd.DataFrame) -> str:
    """The contradictory values, in the order in which they were first sent."""
    if kind == "shared_mmsi":
        ships = reports[reports["ship"].notna()].drop_duplicates("ship")
        named = [name or f"IMO {imo}" for name, imo in zip(ships["name"], ships["imo"], strict=True)]
        return f": {first_of(named, 6)}"
    column = {"imo_changed": "imo", "length_changed": "length_m"}.get(kind)
    if column is None:
        return ""
    values = list(dict.fromkeys(int(v) for v in reports[column].dropna()))
    return f": {first_of(values, 6)}"


def _calls_of(calls: pd.DataFrame, mmsi: int, sightings: set[str]) -> list[str]:
    """Calls of a transponder; if ``sightings`` are given, those that hold one of them."""
    own_calls = calls[(calls["mmsi"] == mmsi).fillna(False).astype(bool)]
    return [call.call_id for call in own_calls.itertuples() if not sightings or sightings & set(call.detection_ids)]
