"""First pass over an optical image: its water levels and clouds, computed once and cached as bytes.

A run needs both twice: for the history of fixed structures along the shore, and for ship detection. Neither depends on
what was learnt in between. The correction of clouds by the map's land does, and is applied later
(`FirstLook.at_the_coast`).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical import network
from pipeline.detection.optical.clouds import CloudMap, WhiteCells, at_the_coast, cloud_map
from pipeline.detection.optical.north_up import turn_of, turned
from pipeline.detection.optical.unnamed_bands import named
from pipeline.detection.optical.water import Levels, names_tell, survey
from pipeline.types import Scene, Sensor

if TYPE_CHECKING:
    from pipeline.config import DetectionConfig

KINDS_FROM_M = 5.0  # pixel size from which objects are classified by colour and position; finer ones by edges


@dataclass(frozen=True, slots=True, eq=False)
class FirstLook:
    """Levels of a whole image and its clouds; None where it has no water."""

    levels: Levels
    clouds: CloudMap | None

    def as_bytes(self) -> bytes:
        """Serialise, for `from_bytes`."""
        told = {field.name: getattr(self.levels, field.name) for field in fields(Levels)}
        if self.clouds is not None:
            told |= {"cell": self.clouds.cell, "bits": self.clouds.bits}
        out = io.BytesIO()
        np.savez(out, allow_pickle=False, **{name: value for name, value in told.items() if value is not None})
        return out.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> FirstLook:
        """What `as_bytes` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            told = {name: kept[name] if kept[name].ndim else kept[name].item() for name in kept.files}
        clouds = CloudMap(told.pop("cell"), told.pop("bits")) if "bits" in told else None
        return cls(Levels(**told | {"block_px": tuple(float(side) for side in told["block_px"])}), clouds)

    def at_the_coast(self, scene: Scene, config: DetectionConfig) -> FirstLook:
        """The look corrected by the map's land: clouds without the rims of bright ground."""
        if self.clouds is None:
            return self
        right = turned(scene, turn_of(scene))
        return FirstLook(self.levels, at_the_coast(self.clouds, right, self.levels, config.tile_px))


def can_be_searched(scene: Scene) -> bool:
    """Can ships be searched for? Coarse pixels need bands of known names; fine ones have edges, whatever the band."""
    return names_tell(scene.bands) or float(np.mean(scene.pixel_spacing_m)) < KINDS_FROM_M


def take_first_look(scene: Scene, config: DetectionConfig) -> FirstLook:
    """Read the image once for its levels, and again where there may be cloud; both in north-up orientation."""
    scene, _ = named(turned(scene, turn_of(scene)), config.tile_px)
    by_network = scene.sensor is Sensor.SENTINEL2 and network.fits(float(np.mean(scene.pixel_spacing_m)))
    white = WhiteCells(scene)
    levels = survey(scene, config.tile_px, also=white.add, threads=config.threads, coast=by_network)
    return FirstLook(levels, cloud_map(scene, levels, config.tile_px, white.may_be_cloud) if levels.has_water else None)
