"""Cache keys for per-scene results: each key covers everything that the result depends on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipeline.chain.identity import SPEED_SETTINGS
from pipeline.execution.stagecache import Slot
from pipeline.provenance import sha256_of
from pipeline.types import RADARS, digest_of

if TYPE_CHECKING:
    from pipeline.chain.job import Job
    from pipeline.config import RunConfig
    from pipeline.types import Place, Scene


def detect_slot(scene: Scene, job: Job) -> Slot:
    """Cache slot of a scene's detections; its key covers settings, place, input bytes, and what other images show of
    the shore."""
    key_parts = {"place": place_digest(job.place), "shore": digest_of(scene.read)}
    return job.folder.cache.slot("detect", scene.scene_id, **_scene_key_parts(scene, job.config), **key_parts)


def shore_slot(what: str, scene: Scene, place_hash: str, job: Job) -> Slot:
    """Cache slot of what a scene shows of the shore: ``cells`` near land, or radar ``power`` at berths."""
    return job.folder.cache.slot(what, scene.scene_id, **_scene_key_parts(scene, job.config), place=place_hash)


def first_look_slot(scene: Scene, job: Job) -> Slot | None:
    """Cache slot of an optical scene's first look; radar scenes have none.

    The place is not in the key: only the map's land enters (`Levels.mapped`), and a scene for which that matters takes
    its first look again (`detect_optical`).
    """
    if scene.sensor in RADARS:
        return None
    return job.folder.cache.slot("light", scene.scene_id, **_scene_key_parts(scene, job.config))


def _scene_key_parts(scene: Scene, config: RunConfig) -> dict[str, Any]:
    opening = {"pixel_spacing_m": config.source.pixel_spacing_m, "scaling": config.source.scaling}
    settings = {"detection": config.detection.model_dump(mode="json", exclude=SPEED_SETTINGS), "source": opening}
    return {"settings": settings, "input": scene.source.sha256, "metadata": metadata_digest(scene)}


def metadata_digest(scene: Scene) -> str:
    """Hash of a scene's metadata and of the files that it comes from.

    Pixels alone do not say when they were acquired, by which sensor, or in which units: a sidecar, an operator's
    metadata file or the image's name does.
    """
    view = None if scene.optical is None else asdict(scene.optical)
    acquired = None if scene.acquired is None else scene.acquired.isoformat()
    acquisition = [str(scene.sensor), scene.platform, acquired, list(scene.bands), str(scene.radiometry), view]
    calibration = [scene.product_id, scene.simulated, scene.tags.get("scaling"), list(scene.pixel_spacing_m)]
    geometry = [type(scene.geolocation).__name__, *scene.corner, *scene.shape]
    return sha256_of(
        [
            acquisition,
            calibration,
            geometry,
            [[side_file.name, side_file.sha256] for side_file in scene.source.side_files],
        ]
    )


def place_digest(place: Place) -> str:
    """Hash of the box, the coast and the zones."""
    zones = [[z.zone_id, z.kind, z.counts, z.geometry.wkb_hex] for z in place.zones]
    return sha256_of([place.bbox, "" if place.land is None else place.land.wkb_hex, zones])
