"""Learns permanent structures and radar backgrounds along the shore from all scenes, before any detection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pipeline.chain.job import Job
from pipeline.chain.slots import first_look_slot, place_digest, shore_slot
from pipeline.config import RunConfig
from pipeline.engine import map_tasks
from pipeline.errors import InputError
from pipeline.workspace import RunFolder

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from pipeline.detection.earlier.background import Background, PowerLook
    from pipeline.detection.earlier.history import CellLook, Cells
    from pipeline.detection.optical.first_look import FirstLook
    from pipeline.execution.stagecache import Slot
    from pipeline.types import Scene

Look = TypeVar("Look")


@dataclass(frozen=True, slots=True, eq=False)
class Shore:
    """What a run learnt: the scenes with their land masks updated; polygons of permanent structures in the water, by
    kind of scene; and, for each radar scene whose quays are known from other looks, the name of the raster."""

    scenes: list[Scene]
    structures: dict[str, BaseGeometry]
    backgrounds: dict[str, str]


def learn_shore(scenes: list[Scene], job: Job) -> Shore:
    """The scenes with permanent structures along the shore masked as land or, at berths seen by radar, removed."""
    from pipeline.detection.earlier import background, history

    for note in unused_backgrounds(scenes, job.config, job.root):
        job.console.note(note)
    settings = job.config.detection.history
    is_possible = settings.enabled and (len(scenes) >= settings.min_looks or any(map(background.orbit_key, scenes)))
    shore_cells = history.shore_cells(job.place, job.config.detection, background.INLAND_M) if is_possible else None
    if shore_cells is None:
        return Shore(scenes, {}, {})
    structures = learn_structures(scenes, shore_cells, job)
    masked = mask_structures(scenes, structures)
    flattened, backgrounds = learn_backgrounds(scenes, masked, shore_cells, job)
    return Shore(flattened, structures, backgrounds)


def unused_backgrounds(scenes: list[Scene], config: RunConfig, root: Path) -> list[str]:
    """A line for each background of an earlier run that no look of this run can use."""
    if not config.aoi.backgrounds:
        return []
    from pipeline.chain.backgrounds import read_background_raster
    from pipeline.detection.earlier.background import orbit_key

    orbits = {(orbit_key(scene), scene.simulated) for scene in scenes}
    lines = []
    for name in config.aoi.backgrounds:
        raster = read_background_raster(root / name)
        kind = "simulated" if raster.simulated else "real"
        if not config.detection.history.enabled:
            lines.append(f"{name}: detection.history.enabled is false (not used)")
        elif (raster.orbit, raster.simulated) not in orbits:
            lines.append(f"{name}: no {kind} look of this run is of its orbit, {raster.orbit} (not used)")
    return lines


def learn_structures(scenes: list[Scene], shore_cells: Cells, job: Job) -> dict[str, BaseGeometry]:
    """Permanent structures in the water near land, by kind of scene; empty if there are too few looks."""
    from pipeline.detection.earlier import history

    config = job.config
    if len(scenes) < config.detection.history.min_looks:
        return {}
    cells = shore_cells.subset(shore_cells.wet)
    place_hash = place_digest(job.place)
    tasks = [
        CellsTask(scene, cells, config, shore_slot("cells", scene, place_hash, job), first_look_slot(scene, job))
        for scene in scenes
    ]
    for task in tasks:
        job.console.explain(f"look at the shore in {task.scene.scene_id}", task.slot.why)
    looks = _map_scenes("learn structures", look_at_cells, tasks, job)
    return history.fixed_structures(looks, cells, config.detection)


def learn_backgrounds(
    scenes: list[Scene], masked: list[Scene], shore_cells: Cells, job: Job
) -> tuple[list[Scene], dict[str, str]]:
    """The scenes of ``masked`` with the quays at berths removed from radar scenes, and the rasters written. Quays are
    known from the orbit's other looks, earlier runs included; else from the signal along each berth in the scene."""
    from pipeline.detection.earlier import background, quayside

    radar_scenes = [scene for scene in scenes if background.orbit_key(scene) is not None]
    cells = background.select_background_cells(shore_cells) if radar_scenes else None
    if cells is None:
        return masked, {}
    looks = _power_looks(radar_scenes, cells, job)
    stored = _read_stored_backgrounds(cells, job)
    raster_by_orbit = _write_backgrounds(looks, stored, cells, job.folder)
    all_looks = list(looks.values())
    flattened_scenes, rasters = [], {}
    for scene in masked:
        look = looks.get(scene.scene_id)
        if look is None:
            flattened_scenes.append(scene)
            continue
        stored_background = stored.get((look.orbit, look.simulated))
        excess, n_looks = background.usual_excess(look, all_looks, job.config.detection, stored_background), 0
        if excess is None:
            excess = quayside.quay_excess(look, cells, job.place)
        else:
            rasters[scene.scene_id], n_looks_of_orbit = raster_by_orbit[look.orbit]
            n_looks = n_looks_of_orbit - 1
        flattened_scenes.append(background.flatten_quays(scene, look, cells, excess, n_looks))
    return flattened_scenes, rasters


def _power_looks(scenes: list[Scene], cells: Cells, job: Job) -> dict[str, PowerLook]:
    """The power of each radar scene in the cells at berths, by scene_id."""
    place_hash = place_digest(job.place)
    tasks = [CellsTask(scene, cells, job.config, shore_slot("power", scene, place_hash, job)) for scene in scenes]
    looks = _map_scenes("learn the quays by radar", look_at_power, tasks, job)
    return {look.scene_id: look for look in looks}


def _read_stored_backgrounds(cells: Cells, job: Job) -> dict[tuple[str, bool], Background]:
    """Backgrounds of earlier runs, by (orbit, simulated)."""
    from pipeline.chain.backgrounds import read_background

    names = job.config.aoi.backgrounds
    backgrounds = [read_background(job.root / name, cells) for name in names]
    by_orbit = {}
    for name, background in zip(names, backgrounds, strict=True):
        if (background.orbit, background.simulated) in by_orbit:
            job.console.note(f"{name}: another background of the same orbit was named before it (not used)")
            continue
        if not background.levels.any():
            job.console.note(f"{name}: it shows none of the place's berths (not used)")
        by_orbit[background.orbit, background.simulated] = background
    return by_orbit


def _write_backgrounds(
    looks: dict[str, PowerLook], stored: dict[tuple[str, bool], Background], cells: Cells, folder: RunFolder
) -> dict[str, tuple[str, int]]:
    """Write each orbit's background, earlier runs included; returns raster name and number of looks by orbit."""
    from pipeline.chain.backgrounds import write_background
    from pipeline.detection.earlier import background

    raster_by_orbit = {}
    for orbit in sorted({look.orbit for look in looks.values()}):
        orbit_looks = [look for look in looks.values() if look.orbit == orbit]
        updated = background.merged_background(orbit_looks, stored.get((orbit, orbit_looks[0].simulated)))
        raster_by_orbit[orbit] = (write_background(updated, cells, folder.path), len(updated.looks))
    return raster_by_orbit


def mask_structures(scenes: list[Scene], structures: dict[str, BaseGeometry]) -> list[Scene]:
    """The scenes with structures masked as land."""
    from pipeline.detection.earlier.history import history_group
    from pipeline.ingest.scenes import with_land

    masks = [structures.get(history_group(scene), structures.get("optical")) for scene in scenes]
    return [scene if mask is None else with_land(scene, mask) for scene, mask in zip(scenes, masks, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class CellsTask:
    """One scene to learn structures from."""

    scene: Scene
    cells: Cells
    config: RunConfig
    slot: Slot
    first_look: Slot | None = None  # stores an optical scene's first look, which the detector reuses


def _map_scenes(title: str, work: Callable[[CellsTask], Look | None], tasks: list[CellsTask], job: Job) -> list[Look]:
    """The result for each scene, in order. Scenes that cannot be read are left out: the detector meets the same fault
    and reports it."""
    with job.console.progress(title, len(tasks)) as step:
        looks = map_tasks(
            work,
            tasks,
            job.config.engine,
            done=lambda task: step(task.scene.scene_id),
            lost=lambda _task, _why: None,
        )
    return [look for look in looks if look is not None]


def look_at_cells(task: CellsTask) -> CellLook | None:
    """What one scene shows near the shore, from the cache if stored there; None if the scene cannot be read."""
    import numpy as np

    from pipeline.detection.earlier import history

    cached = task.slot.load()
    if cached is not None:
        return history.CellLook(
            history.history_group(task.scene), task.scene.acquired, np.frombuffer(cached[0], np.uint8)
        )
    try:
        earlier_look = cached_first_look(task)
        look = history.look_at_cells(task.scene, task.cells, task.config.detection, earlier_look)
    except InputError:
        return None  # the detector meets the same error, and reports it
    task.slot.store(look.state.tobytes(), {})
    return look


def cached_first_look(task: CellsTask) -> FirstLook | None:
    """An optical scene's first look, cached for the detector; None for a radar scene."""
    from pipeline.detection.optical.first_look import FirstLook, take_first_look
    from pipeline.ingest.scenes import once_decoded

    if task.first_look is None:
        return None
    cached = task.first_look.load()
    if cached is not None:
        return FirstLook.from_bytes(cached[0])
    look = take_first_look(once_decoded(task.scene), task.config.detection)
    task.first_look.store(look.as_bytes(), {})
    return look


def look_at_power(task: CellsTask) -> PowerLook | None:
    """The power of one radar scene at the berths, from the cache if stored there; None if the scene cannot be read or
    cannot be part of a background."""
    import numpy as np

    from pipeline.detection.earlier import background

    scene, cached = task.scene, task.slot.load()
    orbit = background.orbit_key(scene)
    if cached is not None and orbit is not None and scene.acquired is not None:
        codes = np.frombuffer(cached[0], np.uint8).reshape(len(scene.bands), -1)
        sea = np.array(cached[1]["sea"])
        return background.PowerLook(
            orbit, scene.acquired, codes, sea, scene.scene_id, scene.source.sha256, scene.simulated
        )
    try:
        look = background.look_at_power(scene, task.cells, task.config.detection)
    except InputError:
        return None  # the detector meets the same error, and reports it
    if look is not None:
        task.slot.store(look.codes.tobytes(), {"sea": [float(v) for v in look.sea]})
    return look
