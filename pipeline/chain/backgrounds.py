"""Stores the background of a radar orbit (its usual backscatter at the berths) as a small GeoTIFF.

``backgrounds/<orbit>.tif`` of a run: byte bands on a longitude/latitude grid, holding for each polarisation the
quantiles of the power relative to the sea's (`Background`), as ``0.25 dB * code - 50 dB``, nodata 0. The tag
``CAPWATCH_BACKGROUND`` holds orbit, steps and looks (scene, time, SHA-256). A later run whose config names the file
under ``aoi.backgrounds`` combines it with its own looks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import ConfigError, printable
from pipeline.storage import write_bytes
from pipeline.table_files import iso_z
from pipeline.types import utc

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rasterio.transform import Affine

    from pipeline.detection.earlier.background import Background, Source
    from pipeline.detection.earlier.history import Cells

FOLDER = "backgrounds"
TAG = "CAPWATCH_BACKGROUND"
MOST_CELLS = 40_000_000  # our choice: a port of 30 km at 5 m; a larger raster is not one of ours


def file_name(orbit: str) -> str:
    """Where a run keeps the background of an orbit, relative to its folder.

    >>> file_name("ascending-10-VV+VH")
    'backgrounds/ascending-10-VV-VH.tif'
    """
    return f"{FOLDER}/{orbit.replace('+', '-')}.tif"


def raster_bytes(background: Background, cells: Cells) -> bytes:
    """A background as the bytes of a GeoTIFF, cut to the cells of berths."""
    from rasterio.io import MemoryFile
    from rasterio.transform import Affine

    from pipeline.detection.earlier.background import DARKEST_DB, STEP_DB

    inside = np.flatnonzero(cells.berth)
    row, col = cells.row[inside], cells.col[inside]
    r0, c0 = int(row.min()), int(col.min())
    (d_lat, d_lon), (west, north) = cells.step_deg, cells.corner
    levels, bands, _ = background.levels.shape
    profile = {
        "driver": "GTiff", "dtype": "uint8", "count": levels * bands, "height": int(np.ptp(row)) + 1,
        "width": int(np.ptp(col)) + 1, "crs": "EPSG:4326", "nodata": 0, "compress": "deflate", "zlevel": 9,
        "transform": Affine(d_lon, 0.0, west + c0 * d_lon, 0.0, -d_lat, north - r0 * d_lat), "interleave": "band",
    }  # fmt: skip
    tag = {
        "orbit": background.orbit, "step_db": STEP_DB, "darkest_db": DARKEST_DB, "levels": levels,
        "simulated": background.simulated,
        "looks": [
            {"scene_id": s.scene_id, "acquired": iso_z(s.acquired), "sha256": s.sha256} for s in background.looks
        ],
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile) as file:
            names = []
            for band, name in enumerate(background.bands):
                for level in range(levels):
                    image = np.zeros((profile["height"], profile["width"]), np.uint8)
                    image[row - r0, col - c0] = background.levels[level, band, inside]
                    file.write(image, band * levels + level + 1)
                    names.append(f"{name} {100 * (level + 0.5) / levels:.0f} %")
            file.descriptions = names
            file.update_tags(
                **{TAG: json.dumps(tag, sort_keys=True), "SIMULATED": "YES" if background.simulated else "NO"}
            )
        return bytes(memory.read())


def write_background(background: Background, cells: Cells, folder: Path) -> str:
    """Write a background into a run's folder; returns its name there."""
    name = file_name(background.orbit)
    write_bytes(folder / name, raster_bytes(background, cells))
    return name


def read_background(path: Path, cells: Cells) -> Background:
    """The background in a raster, resampled to these cells (nearest neighbour).

    Raises ConfigError if the file is not a background written by capwatch.
    """
    from pipeline.detection.earlier.background import LEVELS, Background

    raster = read_background_raster(path)
    row = np.floor(raster.to_px.d * cells.lon + raster.to_px.e * cells.lat + raster.to_px.f).astype(np.intp)
    col = np.floor(raster.to_px.a * cells.lon + raster.to_px.b * cells.lat + raster.to_px.c).astype(np.intp)
    codes = raster.codes
    inside = (row >= 0) & (col >= 0) & (row < codes.shape[1]) & (col < codes.shape[2]) & cells.berth
    levels = np.zeros((codes.shape[0], len(cells.lon)), np.uint8)
    levels[:, inside] = codes[:, row[inside], col[inside]]
    by_band = levels.reshape(-1, LEVELS, levels.shape[1]).transpose(1, 0, 2)
    return Background(raster.orbit, np.ascontiguousarray(by_band), raster.looks, raster.simulated)


@dataclass(frozen=True, slots=True, eq=False)
class BackgroundRaster:
    """The content of a background raster: codes of shape (levels of bands, rows, cols), and their georeference."""

    codes: NDArray[np.uint8]
    to_px: Affine
    looks: tuple[Source, ...]
    orbit: str
    simulated: bool


def read_background_raster(path: Path) -> BackgroundRaster:
    """Read a background raster; ConfigError if the file was not written by capwatch."""
    import rasterio
    from rasterio.errors import RasterioError

    from pipeline.detection.earlier.background import DARKEST_DB, LEVELS, STEP_DB, Source

    try:
        with rasterio.open(path, driver="GTiff") as file:
            tag = json.loads(file.tags()[TAG])
            if file.width * file.height > MOST_CELLS or file.count % LEVELS or file.dtypes[0] != "uint8":
                raise ValueError("its bands")
            if (tag["step_db"], tag["darkest_db"], tag["levels"]) != (STEP_DB, DARKEST_DB, LEVELS):
                raise ValueError("its steps")
            codes, to_px = file.read(), ~file.transform
        looks = tuple(
            Source(str(look["scene_id"]), utc(look["acquired"]), str(look["sha256"])) for look in tag["looks"]
        )
        return BackgroundRaster(codes, to_px, looks, str(tag["orbit"]), bool(tag["simulated"]))
    except (OSError, RasterioError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"{printable(path)}: is not a background raster that an earlier run left") from error
