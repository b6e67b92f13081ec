"""Published cases: run their table of calls through our volume stage and compare with the published figures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.config import CapConfig, CaseConfig, cap_doubts, load_cap
from pipeline.config.case import CallGroup, Figure
from pipeline.config.writing import as_yaml
from pipeline.console import Console
from pipeline.errors import ConfigError, InputError, printable
from pipeline.execution import journal
from pipeline.provenance import MANIFEST, FileRecord, code_version, library_versions, manifest_hash, outputs_of
from pipeline.report.case_page import CaseStory, figure_text, render_case
from pipeline.report.left_out import not_in_account_lines
from pipeline.report.wording import barrels, percent
from pipeline.storage import write_json, write_text
from pipeline.table_files import write_table
from pipeline.volume import headline, ledger, liftings, simulate
from pipeline.workspace import RunFolder, configs_root, find_case, load_over

if TYPE_CHECKING:
    from pipeline.types import Headline

FACTORS = (("gas_oil", "gas oil"), ("unnamed", "unnamed product"))  # 7.46 and 8.33 bbl/t of the Committee's chart
IMPLIED_FILLS = (("60", 0.6), ("90", 0.9), ("100", 1.0))
ORIGIN_WORDS = {"published": "published", "derived": "not stated, worked out by us"}
FEW_DRAWS = 200  # enough where only the scenarios are read, which are not sampled
# Tolerance in rounding steps, for floating-point error: a third of a sum may end in .9999999998
ROUNDING_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """A case's folder and its answer in a few lines."""

    folder: Path
    lines: tuple[str, ...]


def calls_table(groups: Iterable[CallGroup], config: CaseConfig) -> pd.DataFrame:
    """One row for each call: call_id, arrival, departure, date_basis, name, sizes, product.

    The period is divided equally among undated calls, in file order; each is dated to the middle of its part.
    """
    single = [group for group in groups for _ in range(group.count)]
    undated = sum(group.date is None for group in single)
    step = (config.period.end - config.period.start) / max(undated, 1)
    rows: list[dict[str, Any]] = []
    placed = 0
    for number, group in enumerate(single, start=1):
        when = group.date
        if when is None:
            when = config.period.start + (placed + 0.5) * step
            placed += 1
        capacity = group.capacity_bbl
        if group.total_capacity_bbl is not None:
            capacity = group.total_capacity_bbl / group.count
        rows.append(
            {
                "call_id": f"{config.id}-{number:03d}",
                "arrival": pd.Timestamp(when).floor("s"),
                "departure": pd.Timestamp(when).floor("s"),
                "date_basis": "published" if group.date else "assumed: spread evenly over the period",
                "name": group.name,
                "capacity_bbl": capacity,
                "dwt_t": group.dwt_t,
                "tonnes": group.tonnes,
                "barrels": group.barrels,
                "product": group.product,
            }
        )
    table = pd.DataFrame(rows)
    sizes = ["capacity_bbl", "dwt_t", "tonnes", "barrels"]
    return table.assign(**{name: table[name].astype(float) for name in sizes})


def compare(config: CaseConfig, head: Headline, gas_oil_bbl_per_t: float) -> pd.DataFrame:
    """One row per figure: published, computed, computed and rounded as the published figure, difference."""
    urls = {s.id: s.url for s in config.sources}
    rows = []
    for figure in config.figures:
        computed = _computed(figure, head, gas_oil_bbl_per_t)
        rounded = _rounded(computed, figure)
        difference = rounded - figure.value
        rows.append(
            {
                "what": figure.what,
                "quantity": figure.quantity,
                "fill": figure.fill if figure.quantity in {"barrels", "share_of_cap"} else "",
                "origin": figure.origin,
                "published": figure.value,
                "computed": computed,
                "computed_rounded": rounded,
                "difference": difference if abs(difference) > ROUNDING_TOLERANCE * figure.rounded_to else 0.0,
                "reproduced": abs(difference) <= ROUNDING_TOLERANCE * figure.rounded_to,
                "source": urls[figure.source],
            }
        )
    return pd.DataFrame(rows)


def _computed(figure: Figure, head: Headline, gas_oil_bbl_per_t: float) -> float:
    """Our value for a published figure; NaN where no call counts."""
    per_call = head.break_even_bbl_per_call
    values = {
        "barrels": head.scenario_bbl[figure.fill],
        "share_of_cap": head.scenario_bbl[figure.fill] / head.cap_bbl,
        "break_even_fill": head.break_even_fill,
        "break_even_bbl_per_call": per_call,
        "break_even_t_per_call": per_call / gas_oil_bbl_per_t if per_call else None,
    }
    value = values[figure.quantity]
    return math.nan if value is None else float(value)


def _rounded(value: float, figure: Figure) -> float:
    """Rounded as the published figure was: to nearest with halves up, or always down."""
    if math.isnan(value):
        return value
    half = 0.5 if figure.rounding == "nearest" else 0.0
    return math.floor(value / figure.rounded_to + half + ROUNDING_TOLERANCE) * figure.rounded_to


def run_case(name: str, settings: dict[str, Any], out: Path, console: Console) -> CaseOutcome:
    """Recompute a case into ``<out>/cases/<id>/``; a figure that is not reproduced is a problem (exit code 3)."""
    path = find_case(name)
    config = load_over(CaseConfig, path, settings)
    cap_path = next((p for p in (path.parent / config.cap, configs_root() / config.cap) if p.is_file()), None)
    if cap_path is None:
        raise ConfigError(f"{printable(path)}: cap: {printable(config.cap)} is neither beside it nor in the configs")
    cap = load_cap(cap_path, config.volume)
    for doubt in cap_doubts(cap):
        console.note(f"{printable(cap_path)}: {doubt}")
    stated = _account_of(config.calls, cap, config, path)
    estimate = _account_of(config.estimate_calls, cap, config, path) if config.estimate_calls else stated
    counted = stated.head.calls_counted
    if counted != len(stated.calls):
        left = "; ".join(not_in_account_lines(stated.head, cap))
        raise ConfigError(
            f"{printable(path)}: period: {counted} of {len(stated.calls)} calls are in the account: {left}"
        )
    readings = tuple(_reading(stated.calls, estimate.calls, product, words, config) for product, words in FACTORS)
    story = CaseStory(
        config=config,
        cap=cap,
        published=stated.head,
        estimate=estimate.head,
        comparison=compare(config, stated.head, readings[0]["factor"]),
        readings=readings,
        implied=_implied(config),
        calls=stated.calls,
        code_version=code_version(),
    )
    for figure in story.comparison[~story.comparison["reproduced"]].to_dict("records"):
        console.problem(_miss_line(config, figure), done="written to comparison.csv")
    tables = {
        "liftings": stated.liftings,
        "estimate": estimate.liftings,
        "ledger": stated.ledger,
        "ledger_estimate": estimate.ledger,
    }
    return _publish(story, tables, path, cap_path, out, console)


@dataclass(frozen=True, slots=True, eq=False)
class _CaseAccount:
    """Calls with the liftings, ledger and headline computed from them."""

    calls: pd.DataFrame
    liftings: pd.DataFrame
    ledger: pd.DataFrame
    head: Headline


def _account_of(groups: Iterable[CallGroup], cap: CapConfig, config: CaseConfig, path: Path) -> _CaseAccount:
    """The account of some calls at the period's end; InputError where the volume stage refuses one of them."""
    calls = calls_table(groups, config)
    table = liftings(calls, config.volume, config.seed)
    for row in table[table["status"] == "refused"].to_dict("records"):
        raise InputError(path, f"call {row['call_id']}: {row['cause']}")
    as_of = (config.period.end - timedelta(microseconds=1)).date()
    account = ledger(table, cap, config.volume, config.seed, as_of=as_of)
    return _CaseAccount(calls, table, account, headline(table, account, cap, config.volume))


def _reading(
    calls: pd.DataFrame, estimated: pd.DataFrame, product: str, words: str, config: CaseConfig
) -> dict[str, Any]:
    """The case if every cargo were of one product: full sums [bbl, t] and the estimate's 90 % interval [bbl]."""
    quick = config.volume.model_copy(update={"draws": FEW_DRAWS})
    full = liftings(calls.assign(product=product), quick, config.seed)
    estimate_liftings = liftings(estimated.assign(product=product), quick, config.seed)
    total = simulate(estimate_liftings, config.volume, config.seed).sum(axis=0)
    p5, p50, p95 = (float(v) for v in np.percentile(total, (5, 50, 95)))
    return {
        "words": words,
        "factor": float(full["bbl_per_t"].iloc[0]),
        "full_bbl": float(full["barrels_at_100"].sum()),
        "full_t": float((full["barrels_at_100"] / full["bbl_per_t"]).sum()),
        "p5": p5,
        "p50": p50,
        "p95": p95,
    }


def _implied(config: CaseConfig) -> tuple[dict[str, Any], ...]:
    """What each published total without a fill implies: barrels and tonnes per call, and the deadweight needed."""
    quick = config.volume.model_copy(update={"draws": FEW_DRAWS})
    rows = []
    for total in config.totals:
        per_call = total.barrels / total.calls
        calls = [{"call_id": name, "barrels": per_call, "product": name} for name, _ in FACTORS]
        calls += [
            {"call_id": key, "capacity_bbl": per_call / fill, "product": "gas_oil"} for key, fill in IMPLIED_FILLS
        ]
        table = liftings(pd.DataFrame(calls), quick, config.seed).set_index("call_id")
        tonnes = table["barrels_at_100"] / table["bbl_per_t"]
        row: dict[str, Any] = {"what": total.what, "barrels": total.barrels, "calls": total.calls}
        row |= {"source": total.source, "per_call": per_call}
        row |= {f"t_{name}": float(tonnes[name]) for name, _ in FACTORS}
        rows.append(row | {f"dwt_{key}": float(table["dwt_p50_t"][key]) for key, _ in IMPLIED_FILLS})
    return tuple(rows)


def _miss_line(config: CaseConfig, row: dict[Any, Any]) -> str:
    step = next(f.rounded_to for f in config.figures if f.what == row["what"])
    stated, computed = (figure_text(row[key], row["quantity"], step) for key in ("published", "computed_rounded"))
    return f"{config.id}: {row['what']}: stated {stated}, computed {computed}"


def _publish(
    story: CaseStory, tables: dict[str, pd.DataFrame], path: Path, cap_path: Path, out: Path, console: Console
) -> CaseOutcome:
    """Write the case's folder; the manifest last."""
    folder = RunFolder(out / "cases" / story.config.id)
    lines = _lines(story)
    logged = journal.logging_to(console, folder.path / journal.LOG, case=story.config.id, code=story.code_version)
    with folder.locked(), logged:
        (folder.path / MANIFEST).unlink(missing_ok=True)
        write_text(folder.path / "config.yaml", as_yaml(story.config))
        write_text(folder.path / "cap.yaml", cap_path.read_text("utf-8"))
        write_table(story.calls, folder.path / "calls.csv")
        write_table(story.comparison, folder.path / "comparison.csv")
        for name, table in tables.items():
            write_table(table, folder.path / f"{name}.parquet")
        write_text(folder.path / "case.html", render_case(story))
        manifest: dict[str, Any] = {
            "capwatch": story.code_version,
            "case": story.config.id,
            "seed": story.config.seed,
            "libraries": library_versions(),
            "inputs": [FileRecord.of(p, p.name).as_json() for p in (path, cap_path)],
            "outputs": [record.as_json() for record in outputs_of(folder.path)],
            "problems": list(console.problems),
            "headline": list(lines),
        }
        manifest["self_sha256"] = manifest_hash(manifest)
        write_json(folder.path / MANIFEST, manifest)
    return CaseOutcome(folder.path, (*lines, f"report: {folder.path / 'case.html'}"))


def _lines(story: CaseStory) -> tuple[str, ...]:
    """The answer in a few lines: each figure, then the estimate."""
    steps = {f.what: f.rounded_to for f in story.config.figures}
    figure_lines = [
        f"{row['what']}: {ORIGIN_WORDS[row['origin']]} "
        f"{figure_text(row['published'], row['quantity'], steps[row['what']])}, computed "
        f"{figure_text(row['computed_rounded'], row['quantity'], steps[row['what']])}"
        for row in story.comparison.to_dict("records")
    ]
    head = story.estimate
    sums = (head.barrels_p5, head.barrels_p50, head.barrels_p95)
    return (
        f"{story.config.title} (published figures recomputed, not measured from imagery)",
        *figure_lines,
        f"estimate p5/p50/p95: {' / '.join(barrels(b) for b in sums)} bbl, {percent(head.share_p50)} of the cap",
    )
