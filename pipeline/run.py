"""Runs the whole chain: inputs, scenes, detections, port calls, liftings, ledger, report. One run is one folder."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.chain import berths, shore
from pipeline.chain.detecting import detect_all
from pipeline.chain.identity import ais_digests, compute_run_id, hash_question_files
from pipeline.chain.images import open_scenes
from pipeline.chain.job import Job
from pipeline.chain.publishing import draw_pictures, publish
from pipeline.chain.readiness import check_readiness
from pipeline.chain.review_file import Verdict, read_reviews
from pipeline.chain.sources import gather, read_ais_around
from pipeline.chain.transient_faults import usable_now
from pipeline.chain.verdicts import report_verdicts
from pipeline.chain.verification import altered_since, find_previous
from pipeline.config import RunConfig, load_cap
from pipeline.console import Console
from pipeline.errors import NothingUsable, printable
from pipeline.execution import journal
from pipeline.ingest.catalogue.cache_use import CacheUse
from pipeline.provenance import code_version, library_versions, read_manifest
from pipeline.storage import require_writable, sweep, write_json, write_text
from pipeline.workspace import CONTINUES, LATEST, RunFolder

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.chain.accounting import Account, Ground
    from pipeline.ingest.ais.messages import AisRead
    from pipeline.report.story import Story
    from pipeline.types import Scene


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run: its folder, the lines that a user reads first, and the exit code."""

    folder: Path
    lines: tuple[str, ...]
    exit_code: int


def run(
    config: RunConfig,
    root: Path,
    out: Path,
    console: Console,
    *,
    fresh: bool = False,
    reviews: Path | None = None,
    cache_use: CacheUse | None = None,
) -> Outcome:
    """Run the whole chain for one config; ``root`` is the folder that its file names are relative to.

    A finished run with the same config, inputs and code is not repeated, unless ``fresh``. ``reviews`` is a file of
    analysts' verdicts, part of the question. ``cache_use`` says which live scenes in the cache may be used; by default
    those without a doubt against them, or none if ``fresh``.
    """
    question_files = hash_question_files(config, root, reviews)
    place = check_readiness(config, root, console)
    require_writable(out)
    inputs = gather(config, root, place, console, cache_use or (CacheUse.NONE if fresh else CacheUse.UNDOUBTED))
    scenes, scene_table = open_scenes(config, place, inputs, fresh=fresh)
    _report_left_out(scene_table, console)
    verdicts = read_reviews(reviews, question_files.reviews) if reviews is not None else []
    run_id = compute_run_id(config, question_files, scene_table, inputs, digests := ais_digests(inputs.ais))
    if inputs.items is not None:
        from pipeline.chain.live import config_of_saved_search

        config = config_of_saved_search(config)
    folder = RunFolder(out / config.aoi.id / run_id, fresh=fresh)
    with folder.locked():
        sweep(folder.path)
        usable_again = usable_now(folder.path, scene_table, inputs.ais) if folder.finished and not fresh else []
        for name in usable_again:
            console.note(f"{printable(name)}: could not be used when {folder.path} was made, can be opened now")
        if folder.finished and not fresh and not usable_again:
            _answer_from(folder, console)
            return _outcome(folder, console)
        previous = _begin(folder)
        with _logging(folder, console):
            ais = read_ais_around(inputs, digests, place, console)
            job = Job(config, root, place, folder, console)
            story = compute(job, scenes, scene_table, ais, verdicts)
            publish(story, job, inputs, ais, previous, question_files)
            _finish(folder)
        folder.cache.tidy()
        return _outcome(folder, console)


def _logging(folder: RunFolder, console: Console) -> AbstractContextManager[None]:
    return journal.logging_to(console, folder.path / journal.LOG, run_id=folder.path.name, code=code_version())


def _answer_from(folder: RunFolder, console: Console) -> None:
    """Say that a finished run answers the question, with the problems it had."""
    run_id = folder.path.name
    console.explain(f"every step: kept, the question, its inputs and the code are those of {run_id}")
    console.known_problems(read_manifest(folder.path)["problems"])
    _report_finished_run(folder, console)
    if not journal.finished_time(folder.path):  # killed after its manifest, before it became the latest run
        with _logging(folder, console):
            _finish(folder)


def _begin(folder: RunFolder) -> dict[str, str] | None:
    """Empty the folder and return the run that this one continues. A finished run is removed whole; of an interrupted
    one only the log stays: its results may come from an input that was unreadable, or a file being edited, then."""
    previous = find_previous(folder.path.parent, folder.path.name)
    write_json(folder.path / CONTINUES, previous)
    folder.clear({CONTINUES} if folder.finished else {CONTINUES, journal.LOG})
    return previous


def _report_finished_run(folder: RunFolder, console: Console) -> None:
    """Say that the answer is that of a finished run, and whether its folder was changed since."""
    if altered := altered_since(folder.path):
        item = f"{printable(folder.path)}: {altered}"
        console.problem(item, done="the answer is told as it stands there; --fresh makes it anew")
    else:
        console.note(f"nothing changed since {folder.path} was made (--fresh repeats it)")


def _finish(folder: RunFolder) -> None:
    """Mark a run whose manifest is written as the latest of its AOI."""
    (folder.path / CONTINUES).unlink(missing_ok=True)
    write_text(folder.path.parent / LATEST, folder.path.name + "\n")


def _report_left_out(scene_table: pd.DataFrame, console: Console) -> None:
    """Report which inputs were skipped or degraded, and why."""
    from pipeline.ingest.inputs import is_irrelevant

    for row in scene_table[scene_table["status"].isin(["skipped", "degraded"])].itertuples():
        if is_irrelevant(row.cause):
            console.note(f"{printable(row.href)}: {row.cause}")
            continue
        console.problem(f"{row.href}: {row.cause}", done=f"scene {row.status}")


def compute(
    job: Job, scenes: list[Scene], scene_table: pd.DataFrame, ais: AisRead, verdicts: Sequence[Verdict] = ()
) -> Story:
    """Run every stage once; the stages after detection run twice if analysts have given verdicts."""
    from pipeline import calls
    from pipeline.chain.accounting import account_for
    from pipeline.ingest.ais.messages import any_simulated
    from pipeline.ingest.inputs import irrelevant_counts
    from pipeline.report.story import Story

    config, console = job.config, job.console
    shoreline = shore.learn_shore(scenes, job)
    detections, scene_table, diagnostics = detect_all(shoreline.scenes, scene_table, job)
    zone_covered = {
        name: dict(scene_diagnostics.get("zone_covered", {})) for name, scene_diagnostics in diagnostics.items()
    }
    if not len(ais.messages) and not len(scenes):
        cause = f"no image{irrelevant_counts(scene_table['cause'])} and no AIS message could be used"
        raise NothingUsable(f"{config.aoi.id}: {cause}, so nothing is known")
    ground = _ground(job, scene_table, zone_covered, ais)
    account = account_for(ground, detections, verdicts)
    _report_account(account, job)
    tables = {"scenes": scene_table, "tracks": ground.tracks, "static": ground.static} | account.tables
    with ThreadPoolExecutor(1) as executor:
        pictures = executor.submit(draw_pictures, scenes, dict(tables), job)
        tables |= _assess_evidence(account.ground, account, verdicts)
        tables["occupancy"] = berths.occupancy(scene_table, diagnostics, job.place, shoreline.backgrounds)
        tables["detections"] = pictures.result()
    return Story(
        run_id=job.folder.path.name,
        simulated=bool(scene_table["simulated"].any()) or any_simulated(ais.files) or config.source.kind == "demo",
        config=config,
        place=job.place,
        cap=ground.cap,
        headline=account.headline,
        tables=tables,
        ais_balance=ais.balance,
        inputs=(),
        problems=tuple(console.problems),
        remarks=tuple(console.remarks),
        structures=shoreline.structures,
        versions=library_versions(),
        code_version=code_version(),
        call_range=calls.count_range(account.held_calls),
        as_detected=account.before,
    )


def _ground(job: Job, scene_table: pd.DataFrame, zone_covered: dict[str, dict[str, float]], ais: AisRead) -> Ground:
    """Everything that the accounts of this run share: all but the detections and the verdicts."""
    from pipeline import calls
    from pipeline.chain.accounting import Ground

    config, place = job.config, job.place
    tracks, static = calls.clean_tracks(ais.messages, place.dry), calls.static_reports(ais.messages)
    if ashore := calls.ashore_line(tracks):
        job.console.remark(f"AIS: {ashore}")
    registry = _registry(config, job.root)
    return Ground(
        config=config,
        place=place,
        cap=load_cap(job.root / config.cap, config.volume),
        scenes=scene_table,
        zone_covered=zone_covered,
        tracks=tracks,
        static=static,
        listened=calls.listen(tracks=tracks, static=static, registry=registry, place=place, config=config.calls),
    )


def _report_account(account: Account, job: Job) -> None:
    """Print how images and AIS agree, the looks' recall, the uncertainty of the call count, and failed verdicts."""
    from pipeline import calls

    tables = account.tables
    lines = [*calls.check_lines(tables["match_checks"]), *calls.recall_lines(tables["recalls"])]
    lines += filter(None, [calls.stay_line(tables["stay_laws"]), calls.count_line(account.held_calls)])
    for line in lines:
        job.console.note(line)
    report_verdicts(account.verdicts, job.config.aoi.id, job.console)


def _assess_evidence(ground: Ground, account: Account, verdicts: Sequence[Verdict]) -> dict[str, pd.DataFrame]:
    """AIS silences, sensitivity of the answer to its assumptions, and calls without their weakest evidence."""
    from pipeline import calls, volume
    from pipeline.chain.accounting import robustness, under_other_stays

    config, tables = ground.config, account.tables
    return {
        "silences": calls.silences(ground.tracks, ground.place, config.calls),
        "sensitivity": volume.sensitivity(
            tables["liftings"],
            tables["ledger"],
            ground.cap,
            config.volume,
            config.seed,
            missed=tables["missed"],
            other_stays=under_other_stays(ground, account, verdicts),
        ),
        "robustness": robustness(ground, account, verdicts),
    }


def _registry(config: RunConfig, root: Path) -> pd.DataFrame | None:
    from pipeline.ingest.registry import read_registry

    return read_registry(root / config.source.registry) if config.source.registry else None


def _outcome(folder: RunFolder, console: Console) -> Outcome:
    manifest = read_manifest(folder.path)
    lines = (*manifest["headline"], f"report: {folder.path / 'report.html'}")
    return Outcome(folder.path, lines, console.exit_code)
