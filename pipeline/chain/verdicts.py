"""Applies analysts' verdicts to detections and calls when a run is repeated.

A verdict changes what is counted, never what was measured: boxes, sizes and scores stay, and a flag records it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from pipeline.chain.review_file import FOLDER, Verdict
from pipeline.console import Console
from pipeline.errors import printable
from pipeline.tables import REVIEWS
from pipeline.types import OF_REJECTED_CALL

# Reasons why a call does not count that no verdict on the ship can change
NOT_FOR_THE_SHIP = {"zone_not_counted", "outside_period", "same_visit"}
FLAGS = {"confirm": "review_confirmed", "reject": "review_rejected", "merge": "review_merged", "rename": "review_named"}
JOINED = "review_joined"  # flags the call that another was merged into: it stands for both


def reviewed_detections(detections: pd.DataFrame, verdicts: Sequence[Verdict]) -> tuple[pd.DataFrame, list[Verdict]]:
    """The detections with verdicts on them applied; verdicts on anything else are returned untried."""
    table, out = detections.copy(), []
    known = set(table["detection_id"])
    for v in verdicts:
        if v.outcome or v.target not in known:
            out.append(v)
            continue
        v = replace(v, target_kind="detection")
        if v.verdict == "rename":
            out.append(replace(v, outcome="refused", note="a detection has no name; rename its call"))
            continue
        if v.verdict == "merge" and (v.value not in known or v.value == v.target):
            out.append(replace(v, outcome="orphaned", note=f"no other detection {v.value}"))
            continue
        here = table["detection_id"] == v.target
        before, now = bool(table.loc[here, "accepted"].iloc[0]), v.verdict == "confirm"
        table.loc[here, "accepted"] = now
        table.loc[here, "flags"] = table.loc[here, "flags"].map(lambda f, v=v: [*f, FLAGS[v.verdict]])
        words = {True: "accepted", False: "not accepted"}
        out.append(replace(v, outcome="applied", note=f"{words[before]} as detected, {words[now]} as reviewed"))
    return table, out


@dataclass(frozen=True, slots=True)
class _LocatedVerdict:
    """A verdict and its call, by index in the table of calls; None if the verdict is not to be applied."""

    verdict: Verdict
    call: int | None = None
    into: int | None = None  # the call that this one is merged into


Cargo = Callable[[Mapping[Any, Any], pd.DataFrame], Mapping[str, object]]  # (visit, calls) -> fields of its row


def reviewed_calls(
    calls: pd.DataFrame, as_detected: pd.DataFrame, verdicts: Sequence[Verdict], cargo: Cargo
) -> tuple[pd.DataFrame, list[Verdict]]:
    """The port calls with verdicts on them applied. A verdict that names neither a detection nor a call is orphaned.

    A call's id follows from its evidence. If a verdict on a detection changed the id, the call that had it as detected
    is looked up, and the verdict goes to the call that shares its evidence. Merges are applied first, and a verdict on
    a call applies to the visit that it is part of, so the order of lines on different calls does not matter.
    ``cargo`` gives what all looks and draughts of a visit say about its cargo.
    """
    from pipeline.chain.merged_calls import visits_of

    placed = _mark_superseded([_locate(v, calls, as_detected) for v in verdicts])
    rejected = {p.call for p in placed if p.verdict.verdict == "reject" and p.call is not None}
    placed = [_refuse_if_rejected(p, rejected, calls) for p in placed]
    visit_of = visits_of([(p.call, p.into) for p in placed if p.call is not None and p.into is not None])
    table, out = _merge_visits(calls, visit_of, cargo), []
    for p in placed:
        v = p.verdict
        if p.call is None:
            out.append(v)
            continue
        visit_call = visit_of.get(p.call, p.call)
        if p.into is None:
            table, done = _apply(table, visit_call, v)
        else:
            other = table.loc[visit_call if visit_call != p.call else p.into, "call_id"]
            done = replace(v, outcome="applied", note=f"one visit with call {other}")
        present_id = table.loc[visit_call if p.into is None else p.call, "call_id"]
        out.append(replace(done, note=done.note + ("" if present_id == v.target else f" (now call {present_id})")))
    return table, out


def _locate(v: Verdict, calls: pd.DataFrame, as_detected: pd.DataFrame) -> _LocatedVerdict:
    """Find the call that a verdict is about and, for a merge, the call that it is merged into."""
    if v.outcome:
        return _LocatedVerdict(v)
    call = _find_call(v.target, calls, as_detected)
    if call is None:
        cause = "no such call or detection any more: its images, its AIS, its zone, a setting or the code have changed"
        return _LocatedVerdict(replace(v, outcome="orphaned", note=cause))
    v = replace(v, target_kind="call")
    if v.verdict != "merge":
        return _LocatedVerdict(v, call)
    into = _find_call(v.value, calls, as_detected)
    if into is None or into == call:
        return _LocatedVerdict(replace(v, outcome="orphaned", note=f"no other call {v.value}"))
    return _LocatedVerdict(v, call, into)


def _mark_superseded(placed: Sequence[_LocatedVerdict]) -> list[_LocatedVerdict]:
    """Of several verdicts on one call, whether by its former or its present id, only the last stands; renames are
    treated separately."""
    last = {(p.call, p.verdict.verdict == "rename"): p.verdict.line for p in placed}
    out = []
    for p in placed:
        line = last[p.call, p.verdict.verdict == "rename"] if p.call is not None else p.verdict.line
        superseded = replace(p.verdict, outcome="superseded", note=f"line {line} says otherwise, of the same call")
        out.append(p if line == p.verdict.line else _LocatedVerdict(superseded))
    return out


def _refuse_if_rejected(p: _LocatedVerdict, rejected: set[int], calls: pd.DataFrame) -> _LocatedVerdict:
    """Refuse a merge with a rejected call: the visit would both count and not count."""
    for call in (p.call, p.into):
        if p.into is not None and call in rejected:
            note = f"call {calls.loc[call, 'call_id']} is rejected by another line, so it cannot be merged"
            return _LocatedVerdict(replace(p.verdict, outcome="refused", note=note))
    return p


def _merge_visits(calls: pd.DataFrame, visit_of: dict[int, int], cargo: Cargo) -> pd.DataFrame:
    """Merge each visit's calls into the one that stands for it; the others no longer count."""
    from pipeline.chain.merged_calls import merged_fields

    table = calls.copy()
    parts = sorted(
        (n for n in visit_of if visit_of[n] != n), key=lambda n: (calls.loc[n, "arrival_hi"], calls.loc[n, "call_id"])
    )
    for part in parts:
        whole = visit_of[part]
        table = _with_fields(table, whole, merged_fields(table.loc[whole], table.loc[part]))
        table = _with_flag(table, part, FLAGS["merge"], counts=False)
    wholes = sorted(set(visit_of.values()))
    cargo_fields = {whole: cargo(table.loc[whole].to_dict(), table) for whole in wholes}
    for whole in wholes:
        table = _with_flag(_with_fields(table, whole, cargo_fields[whole]), whole, JOINED)
    return table


def _find_call(target: str, calls: pd.DataFrame, as_detected: pd.DataFrame) -> int | None:
    """Index of the call with that id, or of the one sharing most evidence with the call that had it as detected."""
    matching = calls.index[calls["call_id"] == target]
    if len(matching):
        return int(matching[0])
    former = as_detected[as_detected["call_id"] == target]
    if not len(former):
        return None
    former_call = former.iloc[0]
    shared = [len(set(ids) & set(former_call["detection_ids"])) for ids in calls["detection_ids"]]
    overlap = (calls["arrival_hi"] <= former_call["departure_lo"]) & (
        former_call["arrival_hi"] <= calls["departure_lo"]
    )
    same_mmsi = (calls["mmsi"] == former_call["mmsi"]).fillna(value=False) & overlap
    score = pd.Series(shared, index=calls.index, dtype=float) + same_mmsi.astype(float)
    score = score[calls["berth_id"] == former_call["berth_id"]]
    return int(score.idxmax()) if len(score) and score.max() > 0 else None


def _apply(calls: pd.DataFrame, index: int, v: Verdict) -> tuple[pd.DataFrame, Verdict]:
    """Apply one verdict, other than a merge, to one call."""
    from pipeline.report.wording import chance

    row = calls.loc[index]
    if v.verdict == "rename":
        note = f"named {printable(v.value)}; before: {printable(row['name']) if row['name'] else 'no name'}"
        return _with_flag(calls, index, FLAGS[v.verdict], name=v.value), replace(v, outcome="applied", note=note)
    if v.verdict == "reject":
        note = "takes no part after review" + ("" if row["counts"] else "; nor did it before")
        return _with_flag(calls, index, FLAGS[v.verdict], counts=False), replace(v, outcome="applied", note=note)
    # Not "as detected": a verdict on one of her sightings may have moved it before
    note = f"certainly a tanker's call; without this verdict {chance(row['p_tanker'])}"
    sure: dict[str, object] = dict.fromkeys(("p_tanker", "p_ship", "p_new_call"), 1.0)
    counts = bool(row["counts"]) or not NOT_FOR_THE_SHIP & set(row["flags"])
    if counts != row["counts"]:
        note += ", and it took no part"
    elif not counts:
        zone, visit = (flag in row["flags"] for flag in ("zone_not_counted", "same_visit"))
        why = "stays at its zone do not count" if zone else "it lies outside the period"
        why = "another stay of that visit counts for it" if visit else why
        note += f"; it still takes no part: {why}"
    return _with_flag(calls, index, FLAGS[v.verdict], counts=counts, **sure), replace(v, outcome="applied", note=note)


def _with_flag(calls: pd.DataFrame, index: int, flag: str, **fields: object) -> pd.DataFrame:
    """The calls with one of them changed, and the flag added to it."""
    return _with_fields(calls, index, fields | {"flags": [*calls.at[index, "flags"], flag]})


def _with_fields(calls: pd.DataFrame, index: int, fields: Mapping[str, object]) -> pd.DataFrame:
    out = calls.copy()
    for name, value in fields.items():
        out.at[index, name] = value
    return out


def with_rejected_calls(detections: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """The detections, with those in rejected calls flagged; the same object if there are none.

    They stay accepted: the look shows a ship, whichever it is, and the berth was not free. But they say nothing about
    the size of the ship in the call.
    """
    rejected = calls[calls["flags"].map(lambda flags: FLAGS["reject"] in flags).astype(bool)]
    ids = {name for names in rejected["detection_ids"] for name in names}
    if not ids:
        return detections
    flags = [
        [*flags, OF_REJECTED_CALL] if name in ids else flags
        for name, flags in zip(detections["detection_id"], detections["flags"], strict=True)
    ]
    return detections.assign(flags=pd.Series(flags, index=detections.index, dtype=object))


def as_table(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """Verdicts as the table that a run keeps."""
    fields = [c.name for c in REVIEWS.columns]
    return REVIEWS.check(REVIEWS.from_rows([{f: getattr(v, f) for f in fields} for v in verdicts]))


def report_verdicts(verdicts: Sequence[Verdict], aoi_id: str, console: Console) -> None:
    """Report every verdict that was not applied."""
    for v in verdicts:
        if v.outcome in {"orphaned", "refused"}:
            item = f"{FOLDER}/{aoi_id}.csv line {v.line}: {v.verdict} {v.target}"
            console.problem(f"{item}: {v.note}", done=f"verdict {v.outcome}, not applied")
