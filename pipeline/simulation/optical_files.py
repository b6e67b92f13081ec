"""Write a simulated optical look as delivered to analysts: a GeoTIFF in UTM and metadata with sun and view angles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from pyproj import Transformer

from pipeline.simulation.land_mask import rasterise_water
from pipeline.simulation.optical import Light, MapFrame, render
from pipeline.simulation.optical_products import Picture, write_picture
from pipeline.simulation.scenario import Look
from pipeline.simulation.world import World
from pipeline.times_places.sun import sun_position


def write_optical_look(world: World, look: Look, folder: Path, seed: np.random.SeedSequence) -> Path:
    """Write ``<id>.tif`` with its sidecar; the path of the image. Both appear by rename, the sidecar first."""
    frame, light = map_frame(world, look), light_at_look(world, look)
    to_map = Transformer.from_crs(4326, frame.epsg, always_xy=True)
    water = rasterise_water(world.place.land, frame.shape, lambda lon, lat: frame.rowcol(*to_map.transform(lon, lat)))
    # Headings are true; the map's north is rotated by the grid convergence
    turn = _convergence_deg(to_map, look.bbox or world.place.bbox)
    ships = [
        (replace(s, heading_deg=s.heading_deg - turn), to_map.transform(s.lon, s.lat))
        for s in world.states_at(look.time)
    ]
    fixed = [(replace(s, heading_deg=s.heading_deg - turn), to_map.transform(s.lon, s.lat)) for s in world.structures]
    on_map = replace(
        light,
        sun_azimuth_deg=light.sun_azimuth_deg - turn,
        view_azimuth_deg=light.view_azimuth_deg - turn,
    )
    image = render(frame, water, ships, fixed, on_map, look.cloud_cover, look.wind_m_s, seed)
    name = f"{look.platform.lower().replace(' ', '-')}_{look.time:%Y%m%dT%H%M%S}"
    return write_picture(folder, Picture(name, frame, image, look.bands, look.platform, look.time, light), look.style)


def light_at_look(world: World, look: Look) -> Light:
    """Sun and view of a look, the sun from its time and place."""
    west, south, east, north = look.bbox or world.place.bbox
    elevation, azimuth = sun_position(look.time, (west + east) / 2, (south + north) / 2)
    return Light(elevation, azimuth, look.view_off_nadir_deg, look.view_azimuth_deg)


def map_frame(world: World, look: Look) -> MapFrame:
    """A UTM frame over the look's box."""
    west, south, east, north = look.bbox or world.place.bbox
    zone = int((west + east) / 2 + 180) // 6 % 60 + 1  # a box across 180 degrees may have its middle beyond them
    epsg = (32600 if south + north >= 0 else 32700) + zone
    to_map = Transformer.from_crs(4326, epsg, always_xy=True)
    easting, northing = to_map.transform([west, east, east, west], [south, south, north, north])
    east0 = np.floor(min(easting) / look.pixel_m) * look.pixel_m
    north0 = np.ceil(max(northing) / look.pixel_m) * look.pixel_m
    shape = (int((north0 - min(northing)) / look.pixel_m), int((max(easting) - east0) / look.pixel_m))
    return MapFrame(epsg, float(east0), float(north0), look.pixel_m, shape)


def _convergence_deg(to_map: Transformer, bbox: tuple[float, float, float, float]) -> float:
    """Azimuth of the map's north at the middle of a box."""
    lon, lat = (bbox[0] + bbox[2]) / 2, (bbox[1] + bbox[3]) / 2
    (east0, north0), (east1, north1) = to_map.transform(lon, lat), to_map.transform(lon, lat + 0.001)
    return -float(np.degrees(np.arctan2(east1 - east0, north1 - north0)))
