"""AIS extract for one call: fixes at the start and end of its stay, silences, draughts and destinations."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.plurals import number_of
from pipeline.times_places.moments import moment

if TYPE_CHECKING:
    from pipeline.report.story import Story

MARGIN = pd.Timedelta(days=1)  # of a stay, on both sides
SILENCE = pd.Timedelta(hours=4)
MOST_ROWS = 14  # our choice: an extract; the tables have the rest
REPORT = ["mmsi", "time_utc", "name", "flags", "draught_m", "dest", "message_id"]
FIX = ["mmsi", "time_utc", "sog_kn", "message_id"]
TIME = attrgetter("time_utc")


class Transponders:
    """A story's tracks, static reports, silences and findings, sorted and grouped once for lookup by cards."""

    def __init__(self, story: Story) -> None:
        tracks, findings = story.tables["tracks"].sort_values("time_utc", kind="stable"), story.tables.get("findings")
        self._times, self._numbers = pd.DatetimeIndex(tracks["time_utc"]), tracks["mmsi"].to_numpy()
        self._fixes = _by_ship(tracks.loc[tracks["flags"].map(len) == 0, FIX])
        self._static_reports = _by_ship(story.tables["static"].sort_values("time_utc", kind="stable")[REPORT])
        self._silences = _by_ship(story.tables.get("silences"))
        self.findings: dict[str, list[Any]] = {}
        for finding in () if findings is None else findings.itertuples():
            for call_id in finding.call_ids:
                self.findings.setdefault(call_id, []).append(finding)

    def ships(self, start: pd.Timestamp, end: pd.Timestamp) -> int:
        """Number of MMSIs heard between two moments."""
        first, last = self._times.searchsorted(start, "left"), self._times.searchsorted(end, "right")
        return len(set(self._numbers[first:last]))

    def fixes(self, mmsi: int, start: pd.Timestamp, end: pd.Timestamp) -> list[Any]:
        """A ship's fixes without flags between two moments, in order of time."""
        return _between(self._fixes.get(mmsi, []), start, end)

    def static_reports(self, mmsi: int, start: pd.Timestamp, end: pd.Timestamp) -> list[Any]:
        """A ship's static reports between two moments."""
        return _between(self._static_reports.get(mmsi, []), start, end)

    def silences(self, mmsi: int, start: pd.Timestamp, end: pd.Timestamp) -> list[Any]:
        """A ship's long silences that overlap the time between two moments."""
        return [r for r in self._silences.get(mmsi, []) if r.end >= start and r.start <= end]


def _by_ship(table: pd.DataFrame | None) -> dict[int, list[Any]]:
    """Rows of each MMSI, in the table's order."""
    out: dict[int, list[Any]] = {}
    for row in () if table is None else table.itertuples(index=False):
        out.setdefault(int(row.mmsi), []).append(row)
    return out


def _between(rows: list[Any], start: pd.Timestamp, end: pd.Timestamp) -> list[Any]:
    return rows[bisect_left(rows, start, key=TIME) : bisect_right(rows, end, key=TIME)]


def call_extract(call: dict[Any, Any], ais: Transponders) -> dict[str, Any]:
    """``sentence`` and ``rows`` (when, what, speed, draught, destination, message) for one call."""
    start = (call["arrival_lo"] if pd.notna(call["arrival_lo"]) else call["arrival_hi"]) - MARGIN
    end = (call["departure_hi"] if pd.notna(call["departure_hi"]) else call["departure_lo"]) + MARGIN
    if pd.isna(call["mmsi"]):
        n_others = ais.ships(start, end)
        if not n_others:
            return {"sentence": "No transponder was heard at that time: AIS says nothing about this call.", "rows": []}
        heard_words = "1 transponder was" if n_others == 1 else f"{n_others} transponders were"
        return {
            "sentence": f"{heard_words} heard here within a day of this stay; none fits these sightings. "
            "That does not mean that she is hiding, only that no receiver heard her.",
            "rows": [],
        }
    mmsi = int(call["mmsi"])
    fixes = ais.fixes(mmsi, start, end)
    silences = [_row(r.end, silence_words(r)) for r in ais.silences(mmsi, start, end)]
    rows = sorted(
        [*_bounding_fixes(fixes, call), *silences, *_report_rows(ais.static_reports(mmsi, start, end))],
        key=lambda r: r["t"],
    )
    dropped = len(rows) - MOST_ROWS
    return {
        "sentence": f"MMSI {mmsi}, {number_of(len(fixes), 'clean position')} within a day of the stay."
        + _contradictions(ais.findings.get(call["call_id"], []))
        + (f" {dropped} further rows are in tracks.parquet and static.parquet." if dropped > 0 else ""),
        "rows": rows[:MOST_ROWS],
    }


def _row(
    t: Any,
    what: str,
    speed_kn: float = float("nan"),
    draught_m: float = float("nan"),
    dest: str = "",
    message_id: str = "",
) -> dict[str, Any]:
    return {
        "t": t,
        "when": moment(t),
        "what": what,
        "speed": "" if pd.isna(speed_kn) else f"{speed_kn:.1f} kn",
        "draught": "" if pd.isna(draught_m) else f"{draught_m:.1f} m",
        "dest": dest,
        "message": message_id,
    }


def _bounding_fixes(fixes: list[Any], call: dict[Any, Any]) -> list[dict[str, Any]]:
    """The fixes that bound the stay."""
    if not fixes:
        return []
    out = []
    bounds = (
        ("arrival_lo", "last position before the stay"),
        ("arrival_hi", f"first position at the {call['berth_kind']}"),
        ("departure_lo", f"last position at the {call['berth_kind']}"),
        ("departure_hi", "first position after the stay"),
    )
    for name, what in bounds:
        if pd.notna(call[name]):
            n = bisect_left(fixes, call[name], key=TIME)
            nearest = min(fixes[max(n - 1, 0) : n + 1], key=lambda fix: abs(fix.time_utc - call[name]))
            if abs(nearest.time_utc - call[name]) <= SILENCE:
                out.append(_row(nearest.time_utc, what, nearest.sog_kn, message_id=nearest.message_id))
    return out


def silence_words(silence: Any) -> str:
    """A row of the SILENCES table in words; no reason is given, since none is known."""
    if silence.reception == "nobody":
        meanwhile = "nobody else was heard within 20 km either"
    else:
        ships = "1 other was" if silence.others_during == 1 else f"{silence.others_during} others were"
        meanwhile = f"{ships} heard within 20 km, the longest pause of all {silence.quiet_h:.1f} h"
    return f"heard again after {silence.hours:.0f} hours; meanwhile {meanwhile}"


def _contradictions(findings: list[Any]) -> str:
    """AIS statements contradicted by other evidence, as sentences each preceded by a space."""
    return "".join(f" She sent {r.said}{f'; images show {r.seen}' if r.seen else ''}." for r in findings)


def _report_rows(reports: list[Any]) -> list[dict[str, Any]]:
    return [
        _row(
            r.time_utc,
            "says of herself" + (f": {r.name}" if r.name else "") + (f" ({', '.join(r.flags)})" if r.flags else ""),
            draught_m=r.draught_m,
            dest=r.dest,
            message_id=r.message_id,
        )
        for r in reports
    ]
