"""First pass over an optical image: its water levels and clouds, computed once and cached as bytes.

A run needs both twice: for the history of fixed structures along the shore, and for ship detection. Neither depends on
what was learnt in between. The correction of clouds by the map's land does, and is applied later
(`FirstLook.corrected_at_coast`).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical import network
from pipeline.detection.optical.clouds import CloudMap, WhiteCells, cloud_map, correct_clouds_at_coast
from pipeline.detection.optical.north_up import north_up_turn, turn_scene
from pipeline.detection.optical.unnamed_bands import name_bands
from pipeline.detection.optical.water import Levels, are_bands_known, survey_levels
from pipeline.types import Scene, Sensor

if TYPE_CHECKING:
    from pipeline.config import DetectionConfig

COARSE_FROM_M = 5.0  # pixel size from which objects are classified by colour and position; finer ones by edges


@dataclass(frozen=True, slots=True, eq=False)
class FirstLook:
    """Levels of a whole image and its clouds; None where it has no water."""

    levels: Levels
    clouds: CloudMap | None

    def as_bytes(self) -> bytes:
        """Serialise, for `from_bytes`."""
        arrays = {field.name: getattr(self.levels, field.name) for field in fields(Levels)}
        if self.clouds is not None:
            arrays |= {"cell": self.clouds.cell, "bits": self.clouds.bits}
        out = io.BytesIO()
        np.savez(out, allow_pickle=False, **{name: value for name, value in arrays.items() if value is not None})
        return out.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> FirstLook:
        """What `as_bytes` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            arrays = {name: kept[name] if kept[name].ndim else kept[name].item() for name in kept.files}
        clouds = CloudMap(arrays.pop("cell"), arrays.pop("bits")) if "bits" in arrays else None
        return cls(Levels(**arrays | {"block_px": tuple(float(side) for side in arrays["block_px"])}), clouds)

    def corrected_at_coast(self, scene: Scene, config: DetectionConfig) -> FirstLook:
        """The look corrected by the map's land: clouds without the rims of bright ground."""
        if self.clouds is None:
            return self
        north_up = turn_scene(scene, north_up_turn(scene))
        return FirstLook(self.levels, correct_clouds_at_coast(self.clouds, north_up, self.levels, config.tile_px))


def can_be_searched(scene: Scene) -> bool:
    """Can ships be searched for? Coarse pixels need bands of known names; fine ones have edges, whatever the band."""
    return are_bands_known(scene.bands) or float(np.mean(scene.pixel_spacing_m)) < COARSE_FROM_M


def take_first_look(scene: Scene, config: DetectionConfig) -> FirstLook:
    """Read the image once for its levels, and again where there may be cloud; both in north-up orientation."""
    scene, _ = name_bands(turn_scene(scene, north_up_turn(scene)), config.tile_px)
    by_network = scene.sensor is Sensor.SENTINEL2 and network.is_trained_for(float(np.mean(scene.pixel_spacing_m)))
    white = WhiteCells(scene)
    levels = survey_levels(scene, config.tile_px, also=white.add, threads=config.threads, coast=by_network)
    return FirstLook(levels, cloud_map(scene, levels, config.tile_px, white.may_be_cloud) if levels.has_water else None)
