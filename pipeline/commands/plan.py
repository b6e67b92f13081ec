"""Plans a run without doing it: looks, bytes and time for one question or several.

For live scenes the catalogues are actually queried, for several AOIs at once: only they know which looks exist.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import cos, radians
from pathlib import Path

from pipeline.batch import Question
from pipeline.chain.readiness import check_readiness
from pipeline.chain.review_file import find_reviews, read_reviews
from pipeline.commands.plan_local import duration, local_lines
from pipeline.config import RunConfig
from pipeline.console import Console
from pipeline.errors import PipelineError, printable
from pipeline.plurals import first_of, number_of

CONCURRENT_SEARCHES = 4  # catalogue pages requested at once; our choice, as polite as the fetching
# Cost of a look: docs/scale.md says which of these were measured
SMALL_BYTES = 6e6  # annotation, calibration, noise and manifest of both polarisations
PIXEL_BYTES = 1.0  # 16-bit speckle of 4.4 looks, deflate-compressed
RADAR_MARGIN_KM = (12.0, 2.0)  # added to the AOI's sides along and across the track (ingest.catalogue.radar)
RADAR_CPU_S = (1.2, 0.5)  # seconds per look, and seconds per million pixels of a look
OPTICAL_BANDS = 4.5  # in 10 m pixels: four 10 m bands, and three 20 m bands at a quarter each
OPTICAL_CPU_S = (0.3, 0.8)  # the same for an optical look: a conservative guess


@dataclass(frozen=True, slots=True)
class Planned:
    """What one question would need."""

    question: Question
    looks: Counter[str] = field(default_factory=Counter)  # by sensor
    months: Counter[str] = field(default_factory=Counter)
    lacking: int = 0  # acquisitions that only the second catalogue has
    bytes: float = 0.0
    cpu_s: float = 0.0
    summary: str = ""  # for local inputs, in place of numbers
    fault: str = ""  # why it would fail, or cannot be planned


@dataclass(frozen=True, slots=True)
class AnswerLookup:
    """Where an existing answer may be: the folder of runs, the verdicts, and whether to ignore it (``fresh``)."""

    out: Path = Path("runs")
    reviews: Path | None = None  # None: the AOI's own file
    fresh: bool = False


DEFAULT_LOOKUP = AnswerLookup()


def plan_lines(questions: Sequence[Question], console: Console, lookup: AnswerLookup = DEFAULT_LOOKUP) -> list[str]:
    """The plan as lines: one question in detail, or one line for each of several and their total."""
    if len(questions) == 1:
        check_readiness(questions[0].config, questions[0].root, console)
        if questions[0].config.source.kind != "stac":
            return _local_plan(questions[0], console, lookup)
    with console.progress("plan", len(questions)) as step, ThreadPoolExecutor(CONCURRENT_SEARCHES) as pool:
        futures = (
            [pool.submit(_plan_live, questions[0])]  # an error ends the command as it would end the run
            if len(questions) == 1
            else [pool.submit(plan_question, question, console, lookup) for question in questions]
        )
        plans = []
        for future in futures:
            plans.append(future.result())
            step(plans[-1].question.name)
    out = _header_lines(questions[0].config) if len(questions) == 1 else []
    for plan in plans:
        out.append(_plan_line(plan))
        if plan.fault:
            console.problem(f"{plan.question.name}: {plan.fault}", done="not planned, the others are")
    return [*out, _total_line(plans, questions[0].config)]


def _total_line(plans: Sequence[Planned], config: RunConfig) -> str:
    """The total over all questions that could be planned; the others are unknown."""
    known = [p for p in plans if not (p.fault or p.summary)]
    faults = sum(bool(p.fault) for p in plans)
    without = f"; of {number_of(faults, 'run')} nothing is known" if faults else ""
    runs = f"together {number_of(len(plans), 'run')}"
    if not known:
        return runs + without
    looks = sum((p.looks for p in known), Counter[str]())
    size, cpu_s = sum(p.bytes for p in known), sum(p.cpu_s for p in known)
    looks_text = ", ".join(f"{count} {sensor}" for sensor, count in sorted(looks.items())) or "none"
    return (
        f"{runs}, looks: {looks_text}; about {_size(size)} to fetch, {duration(cpu_s)} of CPU "
        f"({duration(cpu_s / config.engine.workers)} on {number_of(config.engine.workers, 'worker')}, "
        f"engine {config.engine.kind}){without}"
    )


def plan_question(question: Question, console: Console, lookup: AnswerLookup = DEFAULT_LOOKUP) -> Planned:
    """Plan one question: check what it needs, then query the catalogues or look at the files."""
    config = question.config
    try:
        check_readiness(config, question.root, console)
        if config.source.kind == "stac":
            return _plan_live(question)
        lines = _local_plan(question, console, lookup)
    except PipelineError as error:
        return Planned(question, fault=question.fault(error))
    return Planned(question, summary=lines[-1] if len(lines) > 3 else "")


def _plan_live(question: Question) -> Planned:
    from pipeline.chain.live import read_or_run_search

    search = read_or_run_search(question.config, question.root, Console(quiet=True))
    looks = Counter(item["capwatch"]["sensor"] for item in search.items)
    months = Counter(str(item["properties"].get("datetime"))[:7] for item in search.items)
    radar, optical = _pixels(question.config.aoi.bbox, RADAR_MARGIN_KM), _pixels(question.config.aoi.bbox, (1.3, 1.3))
    size = looks["sentinel-1"] * (SMALL_BYTES + 2 * PIXEL_BYTES * radar)
    size += looks["sentinel-2"] * OPTICAL_BANDS * PIXEL_BYTES * optical
    cpu_s = looks["sentinel-1"] * (RADAR_CPU_S[0] + RADAR_CPU_S[1] * radar / 1e6)
    cpu_s += looks["sentinel-2"] * (OPTICAL_CPU_S[0] + OPTICAL_CPU_S[1] * optical / 1e6)
    return Planned(question, looks, months, len(search.missing), size, cpu_s)


def _pixels(bbox: tuple[float, float, float, float], margin_km: tuple[float, float]) -> float:
    """Number of 10 m pixels in a box with its margins."""
    west, south, east, north = bbox
    height_km = (north - south) * 111.2 + margin_km[0]
    width_km = (east - west) * 111.2 * cos(radians((south + north) / 2)) + margin_km[1]
    return height_km * width_km * 1e4


def _plan_line(plan: Planned) -> str:
    if plan.fault:
        return f"{plan.question.name}: cannot be planned: {plan.fault}"
    if plan.summary:
        return f"{plan.question.name}: {plan.summary}"
    looks = ", ".join(f"{count} {sensor}" for sensor, count in sorted(plan.looks.items())) or "no looks"
    lacking = f", {plan.lacking} more in the other catalogue" if plan.lacking else ""
    gaps = [m for m in _months(plan.question.config) if m not in plan.months]
    empty = f"; no look at all in {first_of(gaps, 6)}" if gaps and plan.looks else ""
    return (
        f"{plan.question.name}: {looks}{lacking}, {_size(plan.bytes)}, {duration(plan.cpu_s)} of CPU{empty}"
        f"{_future_remark(plan.question.config)}"
    )


def _future_remark(config: RunConfig) -> str:
    """A remark if the period begins in the future by this computer's clock, so that no data can exist; else ""."""
    return ": it has not come yet" if config.period.start > datetime.now(UTC) else ""


def _size(count: float) -> str:
    """Bytes in GB, or in MB below 0.5 GB.

    >>> _size(3.2e9), _size(45e6)
    ('3.2 GB', '45 MB')
    """
    return f"{count / 1e9:.1f} GB" if count >= 5e8 else f"{count / 1e6:.0f} MB"


def _months(config: RunConfig) -> list[str]:
    """The period's months, such as 2024-03."""
    months, month = [], config.period.start
    while month < config.period.end:
        months.append(f"{month:%Y-%m}")
        month = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1, day=1, hour=0, minute=0)
    return months


def _header_lines(config: RunConfig) -> list[str]:
    workers = number_of(config.engine.workers, "worker")
    start, end = (f"{moment:%Y-%m-%d}" for moment in (config.period.start, config.period.end))
    return [
        f"AOI {config.aoi.id}: {config.aoi.name}, box {config.aoi.bbox}",
        f"period {start} to {end} (end not included), UTC{_future_remark(config)}",
        f"cap {config.cap}, seed {config.seed}, engine {config.engine.kind} with {workers}",
    ]


def _local_plan(question: Question, console: Console, lookup: AnswerLookup) -> list[str]:
    """The plan of one question from data on this machine: place, period, inputs, methods."""
    config = question.config
    reviews = lookup.reviews or find_reviews(config.aoi.id)
    lines = local_lines(config, question.root, console, lookup.out, reviews=reviews, fresh=lookup.fresh)
    if lines and reviews is not None:
        lines.insert(0, f"verdicts: {number_of(len(read_reviews(reviews)), 'line')} of {printable(reviews)}")
    return [*_header_lines(config), *lines]
