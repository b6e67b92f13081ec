"""Lists the runs in a folder, and compares two of them: what differs, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.chain.identity import is_part_of_question
from pipeline.config import MOVED, read_yaml
from pipeline.errors import PipelineError
from pipeline.execution import journal
from pipeline.finished.input_files import inputs_of, listed_inputs, without_moved
from pipeline.finished.kinds import manifest_of_run, manifest_with_answer
from pipeline.finished.named_files import changed_files, flattened
from pipeline.finished.shortened import shortened
from pipeline.plurals import number_of
from pipeline.provenance import MANIFEST, manifest_hash, read_manifest
from pipeline.report.wording import barrels
from pipeline.table_files import read_table
from pipeline.tables import LEDGER, LIFTINGS, PORT_CALLS

NOTABLE_BBL = 1.0  # smaller changes are ignored
MOST_FIELDS = 3  # changed fields of one file named singly in a list of runs (our choice)
NO_CALL = "no counted call"  # in place of sums: 0 would read as "nothing was lifted"


def list_runs(out: Path, aoi: str | None = None) -> pd.DataFrame:
    """One row for each run under ``out``: aoi, run, period, looks, calls, p5/p50/p95 [bbl], share of the cap, state.

    The state is ``finished``, ``unfinished`` (no manifest) or ``unreadable``. Runs that did not finish come first, then
    the others in the order they were made, whatever their AOI, the latest last. ``other``: how a run differs from the
    previous one of its AOI and period. ``altered``: the manifest, the source of all this, was changed by hand.
    """
    folders = [p for p in out.glob("*/*") if p.is_dir() and not p.name.startswith(".")]
    folders = [p for p in folders if not aoi or p.parent.name == aoi.rstrip("/")]  # a name, not a pattern or path
    rows: list[dict[str, Any]] = []
    before: dict[tuple[str, str], Path] = {}
    for folder in sorted(folders, key=lambda p: (journal.finished_time(p), p.parent.name, p.name)):
        row: dict[str, Any] = {"aoi": folder.parent.name, "run": folder.name, "state": "finished", "folder": folder}
        if not (folder / MANIFEST).is_file():
            rows.append(row | {"state": "unfinished"})
            continue
        try:
            manifest = manifest_with_answer(folder)
        except PipelineError:
            rows.append(row | {"state": "unreadable"})
            continue
        question = row["aoi"], str(manifest.get("case") or (manifest.get("result") or {}).get("period"))
        changes = _changes_text(before[question], folder) if question in before else ""
        before[question] = folder
        rows.append(row | _answer_columns(manifest) | {"made": journal.finished_time(folder), "other": changes})
    columns = ["aoi", "run", "made", "state", "period", "looks", "calls", "barrels_p5", "barrels_p50", "barrels_p95"]
    return pd.DataFrame(rows, columns=[*columns, "share", "simulated", "altered", "other", "code", "folder"])


def _answer_columns(manifest: dict[str, Any]) -> dict[str, Any]:
    """The answer of a run, as columns of the list."""
    result = manifest.get("result") or {}
    p5, p50, p95 = result.get("barrels") or (None, None, None)
    return {
        "period": _period(manifest),
        "looks": result.get("looks"),
        "calls": result.get("calls_counted"),
        "barrels_p5": p5,
        "barrels_p50": p50,
        "barrels_p95": p95,
        "share": None if p50 is None else p50 / result["cap_bbl"],
        "simulated": manifest.get("simulated"),
        "code": manifest.get("capwatch", ""),
        "altered": manifest.get("self_sha256") != manifest_hash(manifest),
    }


def _changes_text(before: Path, after: Path) -> str:
    """`_changes` in one line; "unknown" with the cause if a run lost its config."""
    try:
        return "; ".join(_changes(before, after))
    except PipelineError as error:
        return f"unknown: {error}"


def _changes(before: Path, after: Path) -> list[str]:
    """How the question of a run differs from another's: each setting (for files with many changed fields, their
    number), and whether verdicts, inputs, libraries or code differ."""
    old, new = read_manifest(before), read_manifest(after)
    settings = _changed_settings(before, after)
    places = [str(setting).partition(": ")[0] for setting in settings["setting"]]  # the file, if it is a file's field
    setting_words = (
        f"{place}: {found} fields"  # `capwatch diff` lists them
        if (found := places.count(place)) > MOST_FIELDS
        else f"{r.setting}={shortened(str(r.before), str(r.after))[1]}"
        for place, r in zip(places, settings.itertuples(), strict=True)
    )
    out = list(dict.fromkeys(setting_words))
    if _verdicts(old) != _verdicts(new):
        out.append(f"{number_of(len(new.get('reviews') or []), 'verdict')} of analysts")
    inputs = without_moved(listed_inputs(old), listed_inputs(new))
    if inputs[0] != inputs[1]:
        out.append("inputs")
    made_by = (("libraries", "libraries"), ("code", "capwatch"))
    return out + [words for words, key in made_by if old.get(key) != new.get(key)]


def ids_in_runs(folder: Path) -> set[str]:
    """Ids of all calls and detections of the runs in a folder, including those as detected before verdicts."""
    out: set[str] = set()
    for name, key in (("port_calls", "call_id"), ("detections", "detection_id")):
        for path in (*folder.glob(f"*/{name}.parquet"), *folder.glob(f"*/as_detected/{name}.parquet")):
            with suppress(OSError, ValueError, KeyError):  # the damaged table of an interrupted run is ignored
                out |= set(pd.read_parquet(path, columns=[key])[key])
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """What differs between two runs. Tables have the columns ``before`` and ``after``.

    ``config``: by setting, and by file and field if a file that it names differs, without settings that are not part of
    the question; ``inputs``: by file, with hashes, without files that only moved; ``verdicts``: by what was judged;
    ``libraries``: by name; ``result``: by quantity; ``calls``: one row for each call that only one run has, or whose
    barrels, chance of a lifting, method or name differ; ``tables``: result tables that are not equal byte for byte,
    which may be so although nothing else differs.
    """

    config: pd.DataFrame
    inputs: pd.DataFrame
    verdicts: pd.DataFrame
    result: pd.DataFrame
    calls: pd.DataFrame
    libraries: pd.DataFrame
    code: tuple[str, str]
    simulated: tuple[bool, bool]
    different_questions: tuple[str, ...] = ()  # in words, if places or periods differ
    tables: tuple[str, ...] = ()
    moved: bool = False  # the same inputs are in another folder, which changes the table of scenes

    @property
    def reasons(self) -> list[str]:
        """Why the runs may differ, in words."""
        out = []
        if self.code[0] != self.code[1]:
            out.append(f"the code: {self.code[0]} and {self.code[1]}")
        for r in self.libraries.itertuples():
            out.append(f"the library {r.library}: {r.before} and {r.after}")
        if len(self.inputs):
            out.append(f"the inputs: {number_of(len(self.inputs), 'file')} not the same")
        if len(self.verdicts):
            out.append(f"verdicts of analysts: {len(self.verdicts)} not the same")
        for r in self.config.itertuples():
            out.append(f"{r.setting}: {' and '.join(shortened(str(r.before), str(r.after)))}")
        return out


def difference(before: Path, after: Path) -> Difference:
    """Compare two finished runs. Raises ConfigError or InputError if one is not a finished run."""
    for folder in (before, after):
        manifest_of_run(folder)
    old, new = manifest_with_answer(before), manifest_with_answer(after)
    inputs = inputs_of(before, old), inputs_of(after, new)
    kept_inputs = without_moved(*inputs)
    verdicts = [_verdicts(m) for m in (old, new)]
    places = [_settings(folder).get("aoi.id", "") for folder in (before, after)]
    return Difference(
        config=_changed_settings(before, after),
        inputs=_changed(kept_inputs[0], kept_inputs[1], "file"),
        verdicts=_changed(verdicts[0], verdicts[1], "verdict"),
        result=_changed(*_results((before, old), (after, new)), "quantity"),
        calls=_calls(before, after, one_place=places[0] == places[1]),
        libraries=_changed(old.get("libraries") or {}, new.get("libraries") or {}, "library"),
        simulated=(bool(old.get("simulated")), bool(new.get("simulated"))),
        different_questions=_different_questions(places, [_period(manifest) for manifest in (old, new)]),
        code=(str(old.get("capwatch", "")), str(new.get("capwatch", ""))),
        tables=_differing_tables(old, new),
        moved=kept_inputs != inputs,
    )


def _differing_tables(*manifests: dict[str, Any]) -> tuple[str, ...]:
    """Names of result tables whose bytes differ, or that only one run has: sums and calls may agree although looks,
    detections or tracks do not."""
    old, new = ({r["path"]: r["sha256"] for r in m["outputs"] if r["path"].endswith(".parquet")} for m in manifests)
    paths = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    return tuple(path.removesuffix(".parquet") for path in paths)


def _different_questions(places: Sequence[str], periods: Sequence[str]) -> tuple[str, ...]:
    """Whether two runs differ in place or period, in words."""
    aspects = (("places", places), ("periods", periods))
    return tuple(f"two {what}, {' and '.join(pair)}" for what, pair in aspects if pair[0] != pair[1])


def _period(manifest: dict[str, Any]) -> str:
    return " to ".join((manifest.get("result") or {}).get("period", []))


def _changed_settings(before: Path, after: Path) -> pd.DataFrame:
    """Settings that differ, with what differs in the files that they name."""
    named = changed_files(before, after)
    return _changed(_settings(before) | named[0], _settings(after) | named[1], "setting")


def _settings(folder: Path) -> dict[str, str]:
    """The settings of the question, by path; speed and folders are not part of it and cannot change the answer."""
    settings = flattened(read_yaml(folder / "config.yaml")[0])
    return {path: value for path, value in settings.items() if is_part_of_question(path)}


def _results(*runs: tuple[Path, dict[str, Any]]) -> tuple[dict[str, str], dict[str, str]]:
    """Both answers, rounded to three digits as elsewhere, or to the barrel where the rounded ones would be equal."""
    unseen = [_last_account_day(folder) for folder, _ in runs]
    exact, rounded = (
        [
            _result(manifest, number) | _with_unseen(last_day, number)
            for (_, manifest), last_day in zip(runs, unseen, strict=True)
        ]
        for number in (to_the_barrel, barrels)
    )
    differing = {key for key in rounded[0].keys() | rounded[1].keys() if rounded[0].get(key) != rounded[1].get(key)}
    before, after = (
        {k: rounded_one[k] if k in differing else exact_one[k] for k in exact_one}
        for exact_one, rounded_one in zip(exact, rounded, strict=True)
    )
    return before, after


def _result(manifest: dict[str, Any], number: Callable[[float], str]) -> dict[str, str]:
    """The answer by quantity, worded for readers: the sum first, then the sum without verdicts."""
    fields = dict(manifest.get("result") or {})
    out = {}
    sums = (("barrels", "barrels", "calls_counted"), ("as_detected", "barrels before verdicts", "calls_as_detected"))
    for name, words, calls in sums:
        if quantiles := fields.pop(name, None):
            no_call = fields.get(calls) == 0
            out[f"{words}, p5/p50/p95"] = NO_CALL if no_call else sum_words(quantiles, number)
    period = fields.pop("period", None)
    others = flattened(fields | ({"period": " to ".join(period)} if period else {}))
    return out | {name.replace("_", " "): value for name, value in others.items()}


def _last_account_day(folder: Path) -> pd.Series:
    """The last day of a run's account, which holds the estimate of unseen calls; empty if the account has no days."""
    ledger = read_table(folder / "ledger.parquet", LEDGER)
    return ledger.iloc[-1] if len(ledger) else pd.Series(dtype=object)


def _with_unseen(last_day: pd.Series, number: Callable[[float], str]) -> dict[str, str]:
    """The sum including unseen calls, if there is one, and the zones for which their number is unknown."""
    out = {}
    quantiles = [last_day.get(f"corrected_{p}") for p in ("p5", "p50", "p95")]
    if all(pd.notna(barrels) for barrels in quantiles) and quantiles[-1] > 0:  # else omitted: 0 would read as a finding
        out["barrels with unseen calls, p5/p50/p95"] = sum_words(quantiles, number)
    if len(zones := last_day.get("corrected_without", ())):
        out["unseen calls are unknown at"] = ", ".join(zones)
    return out


def sum_words(quantiles: Sequence[float], number: Callable[[float], str]) -> str:
    """p5, p50 and p95 of a sum [bbl]; where the median is 0 the interval, since "0 / 0 / 9,000" reads as a finding.

    >>> sum_words((1200, 4500, 9000), to_the_barrel), sum_words((0, 0, 9000), to_the_barrel)
    ('1,200 / 4,500 / 9,000', '0 to 9,000, none at least as likely as not')
    """
    if quantiles[1] > 0:
        return " / ".join(map(number, quantiles))
    return f"0 to {number(quantiles[2])}, none at least as likely as not"


def to_the_barrel(number: float) -> str:
    """Barrels with all digits, for values that agree to three."""
    return f"{number:,.0f}"


def _verdicts(manifest: dict[str, Any]) -> dict[str, str]:
    """Analysts' verdicts and their outcome, by verdict and target."""
    return {
        f"{v['verdict']} {v['target']}": " ".join(str(v[name]) for name in ("value", "outcome", "note") if v[name])
        for v in manifest.get("reviews") or []
    }


def _changed(old: dict[str, str], new: dict[str, str], name: str) -> pd.DataFrame:
    rows = [
        {name: key, "before": old.get(key, "–"), "after": new.get(key, "–")}
        for key in dict.fromkeys([*new, *sorted(old)])
        if old.get(key) != new.get(key)
    ]
    return pd.DataFrame(rows, columns=[name, "before", "after"])


def _calls(before: Path, after: Path, *, one_place: bool = True) -> pd.DataFrame:
    """Counted calls that differ."""
    old, new = account_calls(before), account_calls(after)
    rows: list[dict[str, Any]] = []
    ids = same_calls(old, new, one_place=one_place)
    for call in old.itertuples():
        match = new[new["call_id"] == ids[call.call_id]].iloc[0] if call.call_id in ids else None
        barrels = None if match is None else match["barrels_p50"]
        shown = {name: _before_and_after(call, match, name) for name in CALL_FIELDS}
        as_before = shown == {name: words(getattr(call, name)) for name, words in CALL_FIELDS.items()}
        if barrels is None or abs(barrels - call.barrels_p50) >= NOTABLE_BBL or not as_before:
            rows.append(_row(call, call.barrels_p50, barrels, shown))
    for call in new[~new["call_id"].isin(list(ids.values()))].itertuples():
        rows.append(
            _row(call, None, call.barrels_p50, {name: _before_and_after(call, None, name) for name in CALL_FIELDS})
        )
    table = pd.DataFrame(rows, columns=["arrival", "ship", "berth", "before", "after", "p_lifting", "method"])
    moved = MOVED[next(iter([*new["counted"], *old["counted"]]), "loading")][0]
    return table.rename(columns={"p_lifting": f"p({moved})"})


def same_calls(old: pd.DataFrame, new: pd.DataFrame, *, one_place: bool = True) -> dict[str, str]:
    """The second run's call ids by those of the first, since a call's id changes with its evidence.

    An id found in both is the same call. A call whose id changed is matched to one at the same berth at the same time,
    preferring one with the same name. At two different places no other calls match: their berths may share a name.
    """
    ids = {call_id: call_id for call_id in old["call_id"] if call_id in set(new["call_id"])}
    for by_name in (True, False) if one_place else ():
        for call in old[~old["call_id"].isin(list(ids))].itertuples():
            is_same_stay = (new["arrival_hi"] <= call.departure_lo) & (call.arrival_hi <= new["departure_lo"])
            is_same_stay &= (new["berth_id"] == call.berth_id) & ~new["call_id"].isin(list(ids.values()))
            if len(found := new[is_same_stay & (new["name"] == call.name)] if by_name else new[is_same_stay]):
                ids[str(call.call_id)] = str(found["call_id"].iloc[0])
    return ids


def _ship_words(name: str) -> str:
    return name or "not identified"


# what is shown of each call besides its barrels, in words
CALL_FIELDS: dict[str, Callable[[Any], str]] = {"name": _ship_words, "p_lifting": "{:.2f}".format, "method": str}


def _before_and_after(call: Any, match: Any, name: str) -> str:
    """A property of a call in words, followed by its new value if that differs."""
    words = CALL_FIELDS[name]
    before = words(getattr(call, name))
    after = before if match is None else words(match[name])
    return before if after == before else f"{before} → {after}"


def _row(call: Any, before: float | None, after: float | None, shown: dict[str, str]) -> dict[str, Any]:
    return {
        "arrival": f"{call.arrival_hi:%Y-%m-%d}",
        "ship": shown["name"],
        "berth": call.berth_id,
        "before": before,
        "after": after,
        "p_lifting": shown["p_lifting"],
        "method": shown["method"],
    }


def account_calls(folder: Path) -> pd.DataFrame:
    """The counted calls in the account of a finished run, with barrels, chance of a lifting and method."""
    calls = read_table(folder / "port_calls.parquet", PORT_CALLS)
    liftings = read_table(folder / "liftings.parquet", LIFTINGS)
    is_counted = liftings["counts"].astype(bool) & ~liftings["call_id"].isin(
        list(read_manifest(folder).get("left_out", {}))
    )
    columns = liftings.loc[is_counted, ["call_id", "barrels_p50", "p_lifting", "method", "counted"]]
    return calls[["call_id", "name", "berth_id", "arrival_hi", "departure_lo"]].merge(columns, on="call_id")
