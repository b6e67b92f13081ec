"""Plans a run on local or simulated inputs: images, sizes, and roughly how long it will take."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.chain.images import find_finished_answer
from pipeline.chain.readiness import count_looks_within
from pipeline.chain.sources import named_files, scenario_of, simulated_inputs
from pipeline.config import RunConfig
from pipeline.console import Console
from pipeline.errors import NothingUsable, printable
from pipeline.execution.journal import LOG
from pipeline.plurals import number_of
from pipeline.storage import megabytes

if TYPE_CHECKING:
    from pipeline.ingest.found import Found

SECONDS_PER_LOOK = 2.0  # the demo on two cores, structures included; used until a finished run gives a better figure
SECONDS_BESIDES = 20.0  # for reading inputs, calls, volume, report


def local_lines(
    config: RunConfig,
    root: Path,
    console: Console,
    out: Path | None = None,
    *,
    reviews: Path | None = None,
    fresh: bool = False,
) -> list[str]:
    """The local or simulated inputs of one question, and the expected time; ``out`` is the folder of runs.

    AIS files that the run will skip are reported, as in the run; NothingUsable if there is no other input.
    """
    lines: list[str] = []
    looks, at_most = None, ""
    if config.source.kind == "demo":
        found, looks = _demo_lines(config, root)
        lines += found
    elif config.source.kind == "files":
        found, looks, undated = _file_lines(config, console)
        lines += found
        at_most = "at most " if undated else ""
    is_made = config.source.kind != "demo" or simulated_inputs(config, root).is_dir()
    if (
        looks
        and is_made
        and not fresh
        and (folder := find_finished_answer(config, root, out or Path("runs"), reviews)) is not None
    ):
        lines.append(f"nothing to do: {folder} answers this already (--fresh repeats it)")
    elif looks:
        per_look_s, why = _seconds_per_look(out, config.aoi.id)
        lines.append(
            f"about {duration(looks * per_look_s + SECONDS_BESIDES)} for {at_most}{number_of(looks, 'look')} ({why})"
        )
    return lines


def _demo_lines(config: RunConfig, root: Path) -> tuple[list[str], int]:
    scenario = scenario_of(config, root)
    within = count_looks_within(scenario, config)
    kinds = {s: sum(look.sensor == s for look in scenario.looks) for s in ("sentinel-1", "optical")}
    title = f"SIMULATED source: {scenario.title}, {kinds['sentinel-1']} radar and {kinds['optical']} optical looks"
    folder = simulated_inputs(config, root)
    made = f"already made, {megabytes(folder):,.0f} MB in the cache" if folder.is_dir() else "to be made first"
    lines = [title, f"images: {made}"]
    if within < len(scenario.looks):
        lines.append(f"{within} of {number_of(len(scenario.looks), 'look')} in the period")
    return lines, within


def _file_lines(config: RunConfig, console: Console) -> tuple[list[str], int, int]:
    """Lines of the plan, the number of candidate images, and how many of these have no date in their names.

    Judged by name only: a plan opens no image, so it cannot tell masks or images of other places.
    """
    from pipeline.ingest.ais.early_check import early_refusal
    from pipeline.ingest.found import find_inputs
    from pipeline.ingest.metadata.acquisition import acquired_of

    images, ais = named_files(config)
    found = find_inputs(images)
    refused = [error for path in ais if (error := early_refusal(path))]
    for error in refused:
        console.problem(error, done="will be skipped")
    if not found and len(refused) == len(ais):
        raise NothingUsable(f"{config.aoi.id}: no image and no AIS file could be used, so nothing would be known")
    dates = [acquired_of({}, f.name or f.path.name)[0] for f in found if not f.refused]
    undated = sum(w is None for w in dates)
    outside = sum(w is not None and not config.period.start <= w < config.period.end for w in dates)
    skipped = f", {len(refused)} of them not readable" if refused else ""
    lines = [f"files: {number_of(len(found), 'image')}, {number_of(len(ais), 'AIS file')}{skipped}"]
    lines += [f"  {printable(f.path)}, {megabytes(f.path):,.1f} MB{_input_remark(f)}" for f in found]
    if outside:
        lines.append(f"{outside} of {number_of(len(found), 'image')} outside the period, by their names")
    if undated:
        lines.append(
            f"{undated} of {number_of(len(found), 'image')} without a date in the name, counted as in the period"
        )
    return lines, len(dates) - outside, undated


def _input_remark(found: Found) -> str:
    """What is known of an input before it is opened."""
    if found.refused:
        return f": {found.refused}"
    return f", with all bands of {printable(found.name)}" if found.name else ""


def _seconds_per_look(out: Path | None, aoi_id: str) -> tuple[float, str]:
    """Seconds per look and their origin: this AOI's slowest finished run, else the demo.

    The slowest, since runs that found cached results took less time than their question needs.
    """
    slowest = SECONDS_PER_LOOK, "at the demo's speed on two cores"
    durations = {log.parent.name: _logged_duration(log) for log in sorted((out or Path()).glob(f"{aoi_id}/*/{LOG}"))}
    measured = [
        (seconds / looks, f"as fast as run {name}") for name, (seconds, looks) in durations.items() if looks > 1
    ]
    return max(measured, default=slowest)


def _logged_duration(log: Path) -> tuple[float, int]:
    """Seconds from start to end of the log's last attempt, and its number of looks; 0 looks if it did not finish."""
    first = last = None
    looks, finished = 0, False
    for line in log.read_text("utf-8").splitlines():
        try:
            event = json.loads(line)
            when = datetime.fromisoformat(event["timestamp"])
        except (ValueError, KeyError):
            continue  # an incomplete last line of a killed run
        if event.get("event") == "started":
            first, looks, finished = when, 0, False
        looks += event.get("event") == "detect"
        if event.get("event") == "finished":
            last, finished = when, True
    if not finished or first is None or last is None:
        return 0.0, 0
    return max(0.0, (last - first).total_seconds() - SECONDS_BESIDES), looks


def duration(seconds: float) -> str:
    """Seconds in words.

    >>> duration(48), duration(600), duration(9000)
    ('48 s', '10 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
