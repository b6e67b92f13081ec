"""Runs detection on every scene, one task per scene, with each result cached until the run ends."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.chain.job import Job
from pipeline.chain.slots import detect_slot, first_look_slot
from pipeline.config import RunConfig, canonical_json
from pipeline.engine import map_tasks
from pipeline.errors import InputError
from pipeline.table_files import table_bytes, table_from
from pipeline.tables import DETECTIONS, SCENES
from pipeline.types import RADARS

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.detection.optical.first_look import FirstLook
    from pipeline.execution.stagecache import Slot
    from pipeline.types import Place, Scene

MEASURED_COLUMNS = (  # of the scenes table: filled in by detection
    "sea_sigma0_db",
    "enl",
    "clutter_law",
    "false_alarm_rate",
    "false_alarm_rate_achieved",
    "cloud_fraction",
)


def detect_all(
    scenes: list[Scene], scene_table: pd.DataFrame, job: Job
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, dict[str, Any]]]:
    """Detections of all scenes, the scenes table with what was measured on each, and diagnostics by scene.

    Each scene's result is cached until the run ends, so that a killed run repeats only the scenes in progress.
    """
    import pandas as pd

    from pipeline.detection.slices import flag_repeats

    tables, diagnostics_by_scene = [], {}
    scene_table = scene_table.set_index("scene_id", drop=False)
    for scene, result in zip(scenes, _detect_scenes(scenes, job), strict=True):
        if isinstance(result, InputError):
            job.console.problem(result, done="scene skipped, its looks are unknown")
            scene_table.loc[scene.scene_id, ["status", "cause"]] = ["skipped", result.cause]
            continue
        table, diagnostics = result
        tables.append(table)
        diagnostics_by_scene[scene.scene_id] = diagnostics
        unknown = diagnostics.get("unknown", ())
        for note in unknown if scene.sensor in RADARS else diagnostics.get("notes", ()):
            job.console.remark(f"{scene.scene_id}: {note}", unknown=note in unknown)
        earlier_cause = scene_table.loc[scene.scene_id, "cause"]
        scene_table.loc[scene.scene_id, "cause"] = "; ".join(filter(None, [earlier_cause, *unknown]))
        for name in MEASURED_COLUMNS:
            if diagnostics.get(name) is not None:
                scene_table.loc[scene.scene_id, name] = diagnostics[name]
    detections = pd.concat(tables, ignore_index=True) if tables else DETECTIONS.empty()
    detections = detections.sort_values(["scene_id", "detection_id"], ignore_index=True)
    detections = flag_repeats(detections, scene_table.reset_index(drop=True))
    return DETECTIONS.check(detections), SCENES.check(scene_table.reset_index(drop=True)), diagnostics_by_scene


def _detect_scenes(scenes: list[Scene], job: Job) -> list[tuple[pd.DataFrame, dict[str, Any]] | InputError]:
    """Detections and diagnostics of each scene, or the error that prevented them, in the scenes' order."""
    tasks = [
        SceneTask(scene, job.place, job.config, detect_slot(scene, job), first_look_slot(scene, job))
        for scene in scenes
    ]
    for task in tasks:
        job.console.explain(f"detect {task.scene.scene_id}", task.slot.why)
    with job.console.progress("detect", len(tasks)) as step:
        return map_tasks(
            detect_scene,
            tasks,
            job.config.engine,
            done=lambda task: step(task.scene.scene_id),
            lost=lambda task, why: InputError(task.scene.scene_id, why),
            cost=lambda task: math.prod(task.scene.shape),
        )


@dataclass(frozen=True, slots=True, eq=False)
class SceneTask:
    """One scene to detect ships in."""

    scene: Scene
    place: Place
    config: RunConfig
    slot: Slot
    first_look: Slot | None = None  # of an optical scene's first look


def detect_scene(task: SceneTask) -> tuple[pd.DataFrame, dict[str, Any]] | InputError:
    """Detections and diagnostics of one scene, from the cache if an earlier attempt stored them."""
    from pipeline.detection import detect
    from pipeline.ingest.scenes import once_decoded
    from pipeline.ingest.unchanged import require_unchanged

    cached = task.slot.load()
    if cached is not None:
        return table_from(cached[0], DETECTIONS), cached[1]
    try:
        table, diagnostics = detect(
            once_decoded(task.scene),
            place=task.place,
            config=task.config.detection,
            first_look=_load_first_look(task.first_look),
        )
        require_unchanged(task.scene.source)
    except InputError as error:
        return error
    diagnostics = json.loads(canonical_json(diagnostics))
    task.slot.store(table_bytes(table), diagnostics)
    return table, diagnostics


def _load_first_look(slot: Slot | None) -> FirstLook | None:
    """The first look cached when structures were learnt; None if there is none, and the detector makes its own."""
    cached = None if slot is None else slot.load()
    if cached is None:
        return None
    from pipeline.detection.optical.first_look import FirstLook

    return FirstLook.from_bytes(cached[0])
