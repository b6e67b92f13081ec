"""Chains the stages: inputs, scenes, detections, port calls, liftings, ledger, report. One run is one folder."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.chain import berths, shore
from pipeline.chain.asked import opened
from pipeline.chain.identity import identify, image_records
from pipeline.chain.live import ITEMS, of_saved_search
from pipeline.chain.passing import faults_of, usable_now
from pipeline.chain.readiness import made_ready
from pipeline.chain.slots import detect_slot
from pipeline.chain.sources import Inputs, gather, read_ais_around
from pipeline.chain.verdicts import FOLDER as REVIEWS_FOLDER
from pipeline.chain.verdicts import Verdict, read_reviews, tell_verdicts
from pipeline.chain.verification import CHAINED, ROWS, last_of, rows_of
from pipeline.checkpoints import checkpoint
from pipeline.config import RunConfig, canonical_json, load_cap
from pipeline.console import Console
from pipeline.engine import map_tasks
from pipeline.errors import InputError, NothingUsable, printable
from pipeline.execution import journal
from pipeline.longitudes import as_written
from pipeline.provenance import (
    MANIFEST,
    code_version,
    library_versions,
    manifest_hash,
    outputs_of,
    read_manifest,
)
from pipeline.report.summary import headline_lines, result_of, verdicts_of
from pipeline.storage import (
    marked,
    require_writable,
    sweep,
    table_bytes,
    table_from,
    write_bytes,
    write_json,
    write_table,
    write_text,
)
from pipeline.tables import DETECTIONS, SCENES
from pipeline.workspace import LATEST, RunFolder, config_files, config_yaml

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.chain.accounting import Account, Ground
    from pipeline.execution.stagecache import Slot
    from pipeline.ingest.ais.messages import AisRead
    from pipeline.report.story import Story
    from pipeline.types import Place, Scene

CONFIG_FILES = "config_files"  # what config.yaml refers to, copied beside it, so that a run folder can be rerun alone


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run ended with: its folder and the lines that a user reads first."""

    folder: Path
    lines: tuple[str, ...]
    exit_code: int


def run(
    config: RunConfig, root: Path, out: Path, console: Console, *, fresh: bool = False, reviews: Path | None = None
) -> Outcome:
    """Run the whole chain for one config; ``root`` is the folder that its file names are relative to.

    A finished run with the same config, inputs and code is not repeated, unless ``fresh``. ``reviews`` is a file of
    analysts' verdicts, part of the question.
    """
    from pipeline.ingest.inputs import beside_the_question

    place = made_ready(config, root, console)
    require_writable(out)
    inputs = gather(config, root, place, console)
    scenes, scene_table = opened(config, place, inputs)
    for row in scene_table[scene_table["status"].isin(["skipped", "degraded"])].itertuples():
        if beside_the_question(row.cause):
            console.note(f"{printable(row.href)}: {row.cause}")
            continue
        console.problem(f"{row.href}: {row.cause}", done=f"scene {row.status}")
    verdicts = read_reviews(reviews) if reviews is not None else []
    run_id = identify(config, root, scene_table, inputs, reviews)
    if inputs.items is not None:
        config = of_saved_search(config)
    folder = RunFolder(out / config.aoi.id / run_id, fresh=fresh)
    with folder.locked():
        healed = usable_now(folder.path, scene_table, inputs.ais) if folder.finished and not fresh else []
        for name in healed:
            console.note(f"{printable(name)}: could not be used when {folder.path} was made, can be opened now")
        if folder.finished and not fresh and not healed:
            console.explain(f"every step: kept, the question, its inputs and the code are those of {run_id}")
            console.note(f"nothing changed since {folder.path} was made (--fresh repeats it)")
            return _outcome(folder, console)
        previous = last_of(folder.path.parent, run_id)
        if fresh or healed:
            folder.clear()
        sweep(folder.path)
        with journal.kept(console, folder.path / journal.LOG, run_id=run_id, code=code_version()):
            ais = read_ais_around(inputs, place, console)
            story = compute(config, root, place, scenes, scene_table, ais, run_id, folder, console, verdicts)
            _publish(story, folder, inputs, root, ais, previous, reviews)
        write_text(folder.path.parent / LATEST, run_id + "\n")
        folder.cache.tidy()
        return _outcome(folder, console)


def compute(
    config: RunConfig,
    root: Path,
    place: Place,
    scenes: list[Scene],
    scene_table: pd.DataFrame,
    ais: AisRead,
    run_id: str,
    folder: RunFolder,
    console: Console,
    verdicts: Sequence[Verdict] = (),
) -> Story:
    """Every stage once, table to table; what lies behind the detections twice where analysts have given verdicts."""
    from pipeline import calls
    from pipeline.chain.accounting import Ground, account_for
    from pipeline.report.story import Story

    learnt = shore.learnt(scenes, place, config, root, folder, console)
    detections, scene_table, told = detect_all(learnt.scenes, scene_table, place, config, folder, console)
    zone_covered = {name: dict(t.get("zone_covered", {})) for name, t in told.items()}
    if not len(ais.messages) and not len(scenes):
        raise NothingUsable(f"{config.aoi.id}: no image and no AIS message could be used, so nothing is known")
    ground = Ground(
        config=config,
        place=place,
        cap=load_cap(root / config.cap, config.volume),
        scenes=scene_table,
        zone_covered=zone_covered,
        tracks=calls.clean_tracks(ais.messages, config.calls, place.land),
        static=calls.static_reports(ais.messages),
        registry=_registry(config, root),
    )
    account = account_for(ground, detections, verdicts)
    checked, found = calls.check_lines(account.tables["match_checks"]), calls.recall_lines(account.tables["recalls"])
    for line in (*checked, *found, calls.count_line(account.tables["port_calls"])):
        console.note(line)
    tell_verdicts(account.verdicts, config.aoi.id, console)
    tables = {"scenes": scene_table, "tracks": ground.tracks, "static": ground.static} | account.tables
    with ThreadPoolExecutor(1) as beside:
        pictured = beside.submit(_with_pictures, scenes, dict(tables), place, folder, config.engine.workers)
        tables |= _looked_into(ground, account, verdicts)
        tables["occupancy"] = berths.occupancy(scene_table, told, place, learnt.backgrounds)
        tables["detections"] = pictured.result()
    return Story(
        run_id=run_id,
        simulated=bool(scene_table["simulated"].any()) or config.source.kind == "demo",
        config=config,
        place=place,
        cap=ground.cap,
        headline=account.headline,
        tables=tables,
        ais_balance=ais.balance,
        inputs=(),
        problems=tuple(console.problems),
        remarks=tuple(console.remarks),
        structures=learnt.structures,
        versions=library_versions(),
        code_version=code_version(),
        call_range=calls.count_range(account.tables["port_calls"]),
        as_detected=account.before,
    )


def _looked_into(ground: Ground, account: Account, verdicts: Sequence[Verdict]) -> dict[str, pd.DataFrame]:
    """Silences of transponders, which assumption moves the answer most, calls without their weakest evidence."""
    from pipeline import calls, volume
    from pipeline.chain.accounting import robustness

    config, tables = ground.config, account.tables
    return {
        "silences": calls.silences(ground.tracks, ground.place, config.calls),
        "sensitivity": volume.sensitivity(tables["liftings"], tables["ledger"], ground.cap, config.volume, config.seed),
        "robustness": robustness(ground, account, verdicts),
    }


def detect_all(
    scenes: list[Scene],
    scene_table: pd.DataFrame,
    place: Place,
    config: RunConfig,
    folder: RunFolder,
    console: Console,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, dict[str, Any]]]:
    """Detections of all scenes, the scenes table with what was measured on each, and what was noticed in each.

    Each scene's result is kept until the run ends, so that a killed run repeats one scene at most.
    """
    import pandas as pd

    from pipeline.detection.slices import flag_repeats

    tasks = [SceneTask(scene, place, config, detect_slot(scene, place, config, folder)) for scene in scenes]
    for task in tasks:
        console.explain(f"detect {task.scene.scene_id}", task.slot.why)
    with console.progress("detect", len(tasks)) as step:
        results = map_tasks(
            detect_scene,
            tasks,
            config.engine,
            done=lambda task: step(task.scene.scene_id),
            lost=lambda task, why: InputError(task.scene.scene_id, why),
            cost=lambda task: math.prod(task.scene.shape),
        )
    found, told = [], {}
    scene_table = scene_table.set_index("scene_id", drop=False)
    measured = (
        "sea_sigma0_db",
        "enl",
        "clutter_law",
        "false_alarm_rate",
        "false_alarm_rate_achieved",
        "cloud_fraction",
    )
    for scene, result in zip(scenes, results, strict=True):
        if isinstance(result, InputError):
            console.problem(result, done="scene skipped, its looks are unknown")
            scene_table.loc[scene.scene_id, ["status", "cause"]] = ["skipped", result.cause]
            continue
        table, diagnostics = result
        found.append(table)
        told[scene.scene_id] = diagnostics
        if scene.sensor != "sentinel-1":
            for note in diagnostics.get("notes", ()):
                console.remark(f"{scene.scene_id}: {note}")
        for name in measured:
            if diagnostics.get(name) is not None:
                scene_table.loc[scene.scene_id, name] = diagnostics[name]
    detections = pd.concat(found, ignore_index=True) if found else DETECTIONS.empty()
    detections = detections.sort_values(["scene_id", "detection_id"], ignore_index=True)
    detections = flag_repeats(detections, scene_table.reset_index(drop=True))
    return DETECTIONS.check(detections), SCENES.check(scene_table.reset_index(drop=True)), told


@dataclass(frozen=True, slots=True, eq=False)
class SceneTask:
    """One scene to look at."""

    scene: Scene
    place: Place
    config: RunConfig
    slot: Slot


def detect_scene(task: SceneTask) -> tuple[pd.DataFrame, dict[str, Any]] | InputError:
    """Detections and diagnostics of one scene, from an earlier attempt where there is one."""

    from pipeline.detection import detect
    from pipeline.ingest.unchanged import require_unchanged

    kept = task.slot.load()
    if kept is not None:
        return table_from(kept[0], DETECTIONS), kept[1]
    try:
        table, diagnostics = detect(task.scene, place=task.place, config=task.config.detection)
        require_unchanged(task.scene.source)
    except InputError as error:
        return error
    diagnostics = json.loads(canonical_json(diagnostics))
    task.slot.store(table_bytes(table), diagnostics)
    return table, diagnostics


def _registry(config: RunConfig, root: Path) -> pd.DataFrame | None:
    from pipeline.ingest.registry import read_registry

    return read_registry(root / config.source.registry) if config.source.registry else None


def _with_pictures(
    scenes: list[Scene], tables: dict[str, pd.DataFrame], place: Place, folder: RunFolder, threads: int
) -> pd.DataFrame:
    """The detections with the path of each chip; chips are drawn for every sighting of a call, looks for the map."""
    from pipeline.ingest.scenes import without_water
    from pipeline.report.chips import draw_chips
    from pipeline.report.quicklooks import draw_quicklooks

    scenes = [without_water(scene) for scene in scenes]
    draw_quicklooks(scenes, place, folder.path / "quicklooks", threads)
    called = sorted({d for ids in tables["port_calls"]["detection_ids"] for d in ids})
    chips = draw_chips(scenes, tables["detections"], called, folder.path / "chips", threads)
    detections = tables["detections"]
    return detections.assign(chip=[f"chips/{chips[d]}" if d in chips else "" for d in detections["detection_id"]])


def _publish(
    story: Story,
    folder: RunFolder,
    inputs: Inputs,
    root: Path,
    ais: AisRead,
    previous: dict[str, str] | None,
    reviews: Path | None,
) -> None:
    """Write everything a run leaves behind; the manifest last."""
    from dataclasses import replace

    from pipeline.report import write_report

    records = [{"path": inputs.name_of(f.path), "sha256": f.sha256, "bytes": None} for f in ais.files if f.sha256]
    records += image_records(story.tables["scenes"])
    story = replace(story, inputs=tuple(records))
    _write_config(story.config, root, folder.path)
    if reviews is not None:
        write_bytes(folder.path / CONFIG_FILES / REVIEWS_FOLDER / f"{story.config.aoi.id}.csv", reviews.read_bytes())
    if inputs.items is not None:
        write_bytes(folder.path / CONFIG_FILES / ITEMS, inputs.items)
    for name, table in story.tables.items():
        write_table(marked(table, story.simulated), folder.path / f"{name}.parquet")
    if story.as_detected is not None:
        for name in ("detections", "port_calls", "liftings", "ledger"):
            before = marked(story.as_detected.tables[name], story.simulated)
            write_table(before, folder.path / "as_detected" / f"{name}.parquet")
    write_report(story, folder.path)
    chained = [name for name in CHAINED if name in story.tables]
    write_json(folder.path / ROWS, {name: rows_of(as_written(story.tables[name]), name) for name in chained})
    checkpoint("everything but the manifest")
    manifest: dict[str, Any] = {
        "capwatch": story.code_version,
        "run_id": story.run_id,
        "aoi": story.config.aoi.id,
        "simulated": story.simulated,
        "seed": story.config.seed,
        "previous": previous,
        "libraries": dict(story.versions),
        "inputs": records,
        **faults_of(ais.files),
        "outputs": [r.as_json() for r in outputs_of(folder.path)],
        "problems": list(story.problems),
        "headline": headline_lines(story),
        "result": result_of(story),
        "reviews": verdicts_of(story),
    }
    manifest["self_sha256"] = manifest_hash(manifest)
    write_json(folder.path / MANIFEST, manifest)


def _write_config(config: RunConfig, root: Path, folder: Path) -> None:
    """The resolved config as YAML, and beside it the files that it refers to."""
    write_text(folder / "config.yaml", config_yaml(config))
    for name in config_files(config):
        write_bytes(folder / CONFIG_FILES / name, (root / name).read_bytes())


def _outcome(folder: RunFolder, console: Console) -> Outcome:
    manifest = read_manifest(folder.path)
    lines = (*manifest["headline"], f"report: {folder.path / 'report.html'}")
    return Outcome(folder.path, lines, console.exit_code)
