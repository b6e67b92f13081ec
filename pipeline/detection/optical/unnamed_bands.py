"""Name the bands of a stack without band names, where spectra of the ground allow only one order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.detection.optical.band_order import only_possible_order
from pipeline.detection.optical.water import ORDER_SAMPLES, are_bands_known, sample_lattice
from pipeline.types import Radiometry, Scene, Sensor, Tile, Window

USUAL_BANDS = {4: ("B02", "B03", "B04", "B08"), 5: ("B02", "B03", "B04", "B08", "B11")}  # stacks of Sentinel-2's bands
BANDS_UNKNOWN = "its bands are unknown, so what ships are there is unknown"


@dataclass(frozen=True, slots=True)
class RenamedBandsReader:
    """A reader of tiles whose bands have other names."""

    read: Callable[[Window], Tile]
    bands: tuple[str, ...]

    def __call__(self, window: Window) -> Tile:
        """The tile under the new names."""
        return replace(self.read(window), bands=self.bands)


def name_bands(scene: Scene, tile_px: int) -> tuple[Scene, str]:
    """The scene with names for its unnamed bands, where the ground allows only one order, and a line that says so.

    Only for Sentinel-2 stacks of four or five bands in reflectance; others are returned as they are.
    """
    usual = USUAL_BANDS.get(len(scene.bands))
    unnamed = not any(b in names for b in scene.bands for names in USUAL_BANDS.values())
    wanted = scene.sensor is Sensor.SENTINEL2 and scene.radiometry is Radiometry.REFLECTANCE and usual is not None
    if are_bands_known(scene.bands) or not (unnamed and wanted and usual):
        return scene, ""
    data, valid, _, _ = sample_lattice(scene, tile_px)
    known = data[:, valid]
    order = only_possible_order(known[:, :: max(1, known.shape[1] // ORDER_SAMPLES)], usual) if known.size else None
    if order is None:
        return scene, ""
    line = f"bands without names: only the order {', '.join(order)} fits the ground, and is used"
    return replace(scene, bands=order, read=RenamedBandsReader(scene.read, order)), line
