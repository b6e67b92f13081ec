"""Cache keys for per-scene results: each key covers everything that the result depends on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipeline.chain.identity import SPEED
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
    ground = {"place": place_digest(job.place), "shore": digest_of(scene.read)}
    return job.folder.cache.slot("detect", scene.scene_id, **_made_from(scene, job.config), **ground)


def shore_slot(what: str, scene: Scene, ground: str, job: Job) -> Slot:
    """Cache slot of what a scene shows of the shore: ``cells`` near land, or radar ``power`` at berths."""
    return job.folder.cache.slot(what, scene.scene_id, **_made_from(scene, job.config), place=ground)


def light_slot(scene: Scene, job: Job) -> Slot | None:
    """Cache slot of an optical scene's first look; radar scenes have none.

    The place is not in the key: only the map's land enters (`Levels.mapped`), and a scene for which that matters takes
    its first look again (`detect_optical`).
    """
    if scene.sensor in RADARS:
        return None
    return job.folder.cache.slot("light", scene.scene_id, **_made_from(scene, job.config))


def _made_from(scene: Scene, config: RunConfig) -> dict[str, Any]:
    opening = {"pixel_spacing_m": config.source.pixel_spacing_m, "scaling": config.source.scaling}
    settings = {"detection": config.detection.model_dump(mode="json", exclude=SPEED), "source": opening}
    return {"settings": settings, "input": scene.source.sha256, "metadata": metadata_digest(scene)}


def metadata_digest(scene: Scene) -> str:
    """Hash of a scene's metadata and of the files that it comes from.

    Pixels alone do not say when they were acquired, by which sensor, or in which units: a sidecar, an operator's
    metadata file or the image's name does.
    """
    view = None if scene.optical is None else asdict(scene.optical)
    acquired = None if scene.acquired is None else scene.acquired.isoformat()
    said = [str(scene.sensor), scene.platform, acquired, list(scene.bands), str(scene.radiometry), view]
    means = [scene.product_id, scene.simulated, scene.tags.get("scaling"), list(scene.pixel_spacing_m)]
    placed = [type(scene.geolocation).__name__, *scene.corner, *scene.shape]
    return sha256_of([said, means, placed, [[one.name, one.sha256] for one in scene.source.beside]])


def place_digest(place: Place) -> str:
    """Hash of the box, the coast and the zones."""
    zones = [[z.zone_id, z.kind, z.counts, z.geometry.wkb_hex] for z in place.zones]
    return sha256_of([place.bbox, "" if place.land is None else place.land.wkb_hex, zones])
