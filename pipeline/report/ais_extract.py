"""What transponders said about one call: the fixes at the borders of its stay, silences, draughts and destinations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.plurals import number_of
from pipeline.times_places.moments import moment

if TYPE_CHECKING:
    from pipeline.report.story import Story

AROUND = pd.Timedelta(days=1)  # of a stay, on both sides
SILENCE = pd.Timedelta(hours=4)
MOST_ROWS = 14  # our choice: it is an extract, the table has the rest


def heard(story: Story, call: dict[Any, Any]) -> dict[str, Any]:
    """``sentence`` and ``rows`` (when, what, speed, draught, destination, message) for one call."""
    start = call["arrival_lo"] if pd.notna(call["arrival_lo"]) else call["arrival_hi"]
    end = call["departure_hi"] if pd.notna(call["departure_hi"]) else call["departure_lo"]
    tracks = story.tables["tracks"]
    near = tracks[tracks["time_utc"].between(start - AROUND, end + AROUND)]
    others = near["mmsi"].nunique()
    if pd.isna(call["mmsi"]):
        if not others:
            return {"sentence": "No transponder was heard at that time: AIS says nothing about this call.", "rows": []}
        told = "1 transponder was" if others == 1 else f"{others} transponders were"
        return {
            "sentence": f"{told} heard here within a day of this stay; none fits these sightings. "
            "That does not say that she hides: only that nobody heard her.",
            "rows": [],
        }
    mine = near[(near["mmsi"] == call["mmsi"]) & (near["flags"].map(len) == 0)].sort_values("time_utc")
    static = story.tables["static"]
    said = static[(static["mmsi"] == call["mmsi"]) & static["time_utc"].between(start - AROUND, end + AROUND)]
    rows = sorted([*_fixes(mine, call), *_silences(story, call, start, end), *_reports(said)], key=lambda r: r["t"])
    dropped = len(rows) - MOST_ROWS
    return {
        "sentence": f"MMSI {int(call['mmsi'])}, {number_of(len(mine), 'clean position')} within a day of the stay."
        + _contradictions(story, call)
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


def _fixes(mine: pd.DataFrame, call: dict[Any, Any]) -> list[dict[str, Any]]:
    """The fixes that bound the stay."""
    if not len(mine):
        return []
    out = []
    borders = (
        ("arrival_lo", "last position before the stay"),
        ("arrival_hi", f"first position at the {call['berth_kind']}"),
        ("departure_lo", f"last position at the {call['berth_kind']}"),
        ("departure_hi", "first position after the stay"),
    )
    for name, what in borders:
        if pd.notna(call[name]):
            nearest = mine.loc[(mine["time_utc"] - call[name]).abs().idxmin()]
            if abs(nearest["time_utc"] - call[name]) <= SILENCE:
                out.append(_row(nearest["time_utc"], what, nearest["sog_kn"], message_id=nearest["message_id"]))
    return out


def _silences(story: Story, call: dict[Any, Any], start: Any, end: Any) -> list[dict[str, Any]]:
    """Her long silences about the stay, each with who else was heard meanwhile."""
    table = story.tables.get("silences")
    if table is None:
        return []
    hers = table[(table["mmsi"] == call["mmsi"]) & (table["end"] >= start - AROUND) & (table["start"] <= end + AROUND)]
    return [_row(r.end, silence_words(r)) for r in hers.itertuples()]


def silence_words(silence: Any) -> str:
    """A row of the SILENCES table as a sentence; no reason is named, since none is known."""
    if silence.reception == "nobody":
        meanwhile = "nobody else was heard within 20 km either"
    else:
        ships = "1 other was" if silence.others_during == 1 else f"{silence.others_during} others were"
        meanwhile = f"{ships} heard within 20 km, the longest pause of all {silence.quiet_h:.1f} h"
    return f"heard again after {silence.hours:.0f} hours; meanwhile {meanwhile}"


def _contradictions(story: Story, call: dict[Any, Any]) -> str:
    """What speaks against her papers, as sentences with a blank before each."""
    table = story.tables.get("findings")
    if table is None:
        return ""
    hers = table[table["call_ids"].map(lambda ids: call["call_id"] in ids).astype(bool)]
    told = [
        f" She says {r.said}; images show {r.seen}." if r.seen else f" She sent {r.said}." for r in hers.itertuples()
    ]
    return "".join(told)


def _reports(said: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        _row(
            r.time_utc,
            "says of herself" + (f": {r.name}" if r.name else "") + (f" ({', '.join(r.flags)})" if r.flags else ""),
            draught_m=r.draught_m,
            dest=r.dest,
            message_id=r.message_id,
        )
        for r in said[["time_utc", "name", "flags", "draught_m", "dest", "message_id"]].itertuples(index=False)
    ]
