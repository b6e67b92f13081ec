"""What a run learns of the shore from all its scenes before it detects anything in one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.config import RunConfig
from pipeline.console import Console
from pipeline.engine import map_tasks
from pipeline.errors import InputError
from pipeline.slots import cells_slot, place_digest
from pipeline.workspace import RunFolder

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.detection.history import Cells, LookOfCells
    from pipeline.stagecache import Slot
    from pipeline.types import Place, Scene


def learnt(
    scenes: list[Scene], place: Place, config: RunConfig, folder: RunFolder, console: Console
) -> tuple[list[Scene], dict[str, BaseGeometry]]:
    """The scenes with what always stands along the shore taken for land, or, by radar orbit, taken out; and what it is,
    as polygons by kind of scene."""
    structures = learn_structures(scenes, place, config, folder, console)
    return learn_backgrounds(scenes, with_structures(scenes, structures), place, config, console), structures


def learn_structures(
    scenes: list[Scene], place: Place, config: RunConfig, folder: RunFolder, console: Console
) -> dict[str, BaseGeometry]:
    """What always stands in the water near land, by kind of scenes; nothing where there are too few looks."""
    from pipeline.detection import history

    settings = config.detection.history
    cells = history.shore_cells(place, config.detection) if settings.enabled else None
    if cells is None or len(scenes) < settings.min_looks:
        return {}
    ground = place_digest(place)
    tasks = [CellsTask(scene, cells, config, cells_slot(scene, ground, config, folder)) for scene in scenes]
    for task in tasks:
        console.explain(f"look at the shore in {task.scene.scene_id}", task.slot.why)
    with console.progress("learn structures", len(tasks)) as step:
        looks = map_tasks(
            look_at_cells,
            tasks,
            config.engine,
            done=lambda task: step(task.scene.scene_id),
            lost=lambda _task, _why: None,  # the detector meets the same fault, and reports it
        )
    return history.fixed_structures([k for k in looks if k is not None], cells, config.detection)


def learn_backgrounds(
    scenes: list[Scene], dry: list[Scene], place: Place, config: RunConfig, console: Console
) -> list[Scene]:
    """The scenes of ``dry``; radar scenes of orbits with enough looks with what usually stands in berths taken out."""
    from pipeline.detection import background

    wanted = [scene for scene in scenes if background.orbit_of(scene) is not None]
    settings = config.detection.history
    cells = background.strip_cells(place, config.detection) if settings.enabled else None
    if cells is None or len(wanted) <= settings.min_looks:
        return dry
    looks: dict[str, background.PowerLook] = {}
    with console.progress("learn the shore by radar", len(wanted)) as step:
        for scene in wanted:
            try:
                look = background.look_at_power(scene, cells, config.detection)
            except InputError:
                continue  # the detector meets the same fault, and reports it
            if look is not None:
                looks[scene.scene_id] = look
            step(scene.scene_id)
    out = []
    for scene in dry:
        look = looks.get(scene.scene_id)
        excess = background.usual_excess(look, list(looks.values()), config.detection) if look is not None else None
        out.append(scene if look is None or excess is None else background.flattened(scene, look, cells, excess))
    return out


def with_structures(scenes: list[Scene], structures: dict[str, BaseGeometry]) -> list[Scene]:
    """The scenes with structures taken for land."""
    from pipeline.detection.history import group_of
    from pipeline.ingest.scenes import with_land

    more = [structures.get(group_of(scene), structures.get("optical")) for scene in scenes]
    return [scene if m is None else with_land(scene, m) for scene, m in zip(scenes, more, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class CellsTask:
    """One scene to learn structures from."""

    scene: Scene
    cells: Cells
    config: RunConfig
    slot: Slot


def look_at_cells(task: CellsTask) -> LookOfCells | None:
    """What one scene shows near the shore, from an earlier attempt where there is one; None where it cannot be read."""
    import numpy as np

    from pipeline.detection import history

    kept = task.slot.load()
    if kept is not None:
        return history.LookOfCells(history.group_of(task.scene), task.scene.acquired, np.frombuffer(kept[0], np.uint8))
    try:
        look = history.look_at_cells(task.scene, task.cells, task.config.detection)
    except InputError:
        return None  # the detector meets the same error, and reports it
    task.slot.store(look.state.tobytes(), {})
    return look
