"""Write a simulated optical look as analysts get them: a GeoTIFF in UTM and a sidecar with sun and view angles."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

from pipeline.simulation.burn import water_on
from pipeline.simulation.optical import BANDS, Light, MapFrame, draw
from pipeline.simulation.scenario import Look
from pipeline.simulation.sun import sun_position
from pipeline.simulation.world import World

if TYPE_CHECKING:
    from numpy.typing import NDArray

REFLECTANCE_SCALE = 1e-4


def write_optical_look(world: World, look: Look, folder: Path, seed: np.random.SeedSequence) -> Path:
    """Write ``<id>.tif`` and ``<id>.json``; the path of the image. Both appear by rename, the sidecar first."""
    frame, light = map_frame(world, look), light_of(world, look)
    to_map = Transformer.from_crs(4326, frame.epsg, always_xy=True)
    water = water_on(world.place.land, frame.shape, lambda lon, lat: frame.rowcol(*to_map.transform(lon, lat)))
    ships = [(s, to_map.transform(s.lon, s.lat)) for s in world.states_at(look.time)]
    fixed = [(s, to_map.transform(s.lon, s.lat)) for s in world.structures]
    image = draw(frame, water, ships, fixed, light, look.cloud_cover, look.wind_m_s, seed)
    if look.bands == ("pan",):
        image = image[:3].mean(axis=0, keepdims=True)
    else:
        image = image[[BANDS.index(b) for b in look.bands]]
    content = _geotiff(frame, image, look)
    name = f"{look.platform.lower().replace(' ', '-')}_{look.time:%Y%m%dT%H%M%S}"
    sidecar = {
        "acquired": look.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "platform": look.platform,
        "sensor": "optical",
        "bands": list(look.bands),
        "scale": REFLECTANCE_SCALE,
        "offset": 0.0,
        "sun_elevation_deg": round(light.sun_elevation_deg, 3),
        "sun_azimuth_deg": round(light.sun_azimuth_deg, 3),
        "view_off_nadir_deg": light.off_nadir_deg,
        "view_azimuth_deg": light.view_azimuth_deg,
        "cloud_fraction": None,
        "simulated": True,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{name}.json", (json.dumps(sidecar, indent=1) + "\n").encode())
    _write(folder / f"{name}.tif", content)
    return folder / f"{name}.tif"


def light_of(world: World, look: Look) -> Light:
    """Sun and view of a look, the sun from its time and place."""
    west, south, east, north = look.bbox or world.place.bbox
    elevation, azimuth = sun_position(look.time, (west + east) / 2, (south + north) / 2)
    return Light(elevation, azimuth, look.view_off_nadir_deg, look.view_azimuth_deg)


def map_frame(world: World, look: Look) -> MapFrame:
    """A UTM frame over the look's box."""
    west, south, east, north = look.bbox or world.place.bbox
    epsg = (
        32601 + int((west + east) / 2 + 180) // 6 if south + north >= 0 else 32701 + int((west + east) / 2 + 180) // 6
    )
    to_map = Transformer.from_crs(4326, epsg, always_xy=True)
    easting, northing = to_map.transform([west, east, east, west], [south, south, north, north])
    east0 = np.floor(min(easting) / look.pixel_m) * look.pixel_m
    north0 = np.ceil(max(northing) / look.pixel_m) * look.pixel_m
    shape = (int((north0 - min(northing)) / look.pixel_m), int((max(easting) - east0) / look.pixel_m))
    return MapFrame(epsg, float(east0), float(north0), look.pixel_m, shape)


def _geotiff(frame: MapFrame, image: NDArray[np.float32], look: Look) -> bytes:
    from rasterio.io import MemoryFile
    from rasterio.transform import Affine

    half = frame.pixel_m / 2  # the frame speaks of pixel centres, a GeoTIFF of corners
    transform = Affine(frame.pixel_m, 0, frame.east0 - half, 0, -frame.pixel_m, frame.north0 + half)
    digital = np.rint(image / REFLECTANCE_SCALE).clip(1, 65535).astype(np.uint16)
    profile = {
        "driver": "GTiff",
        "width": frame.shape[1],
        "height": frame.shape[0],
        "count": len(digital),
        "dtype": "uint16",
        "crs": f"EPSG:{frame.epsg}",
        "transform": transform,
        "nodata": 0,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
        "zlevel": 1,
        "predictor": 2,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as out:
            out.write(digital)
            out.descriptions = look.bands
            out.update_tags(SIMULATED="yes")
        return memory.read()


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.rename(path)
