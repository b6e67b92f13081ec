"""Range-Doppler geometry in a constructed world, with pyproj for the ellipsoid; real orbits are in test_products."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import ArrayLike
from pyproj import Geod, Transformer

from pipeline.ingest.sentinel1.cutout import Cut
from pipeline.ingest.sentinel1.orbit import grid_at_height, to_ecef
from pipeline.ingest.sentinel1.product_xml import read_annotation
from pipeline.ingest.sentinel1.products import sea_level_geolocation
from pipeline.times_places.geoid import geoid_height_m
from pipeline.types import Window
from tests.ingest.sentinel1.safe_product import Recipe, annotation

GEOD = Geod(ellps="WGS84")
TO_ECEF = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
SEEN_S = 10.0  # when the satellite is abeam of the place


def seen(lon: ArrayLike, lat: ArrayLike, height_m: float, told: tuple[ArrayLike, ArrayLike]) -> SimpleNamespace:
    """What an annotation says of places, 600 km east of a track that runs due north past the first; ``told`` as theirs.

    The track is a straight line, which a cubic between two of its states has without error.
    """
    lon, lat, told_lon, told_lat = (np.atleast_2d(np.asarray(v, float)) for v in (lon, lat, *told))
    target = np.stack(TO_ECEF.transform(lon, lat, np.full(lon.shape, height_m)), axis=-1)
    first = lon[0, 0], lat[0, 0]
    up = np.array(TO_ECEF.transform(*first, height_m + 1.0)) - target[0, 0]
    east = np.array([-np.sin(np.radians(first[0])), np.cos(np.radians(first[0])), 0.0])
    abeam = target[0, 0] + 700e3 * up - 600e3 * east
    velocity = 7500.0 * np.cross(up, east)
    passed_s = (target - abeam) @ velocity / (velocity @ velocity)
    times = np.array([0.0, 30.0])
    return SimpleNamespace(
        grid_lon=told_lon,
        grid_lat=told_lat,
        grid_height_m=np.full(lon.shape, height_m),
        grid_time_s=SEEN_S + passed_s,
        grid_slant_range_m=np.linalg.norm(target - abeam - passed_s[..., None] * velocity, axis=-1),
        orbit_time_s=times,
        orbit_position_m=abeam + (times - SEEN_S)[:, None] * velocity,
        orbit_velocity_m_s=np.tile(velocity, (2, 1)),
    )


@pytest.mark.parametrize("place", [(133.08, 42.75), (-179.999, -17.0), (10.0, 78.0)])
@pytest.mark.parametrize("height_m", [0.0, 35.0, 2500.0])
def test_time_and_range_give_the_place_back(place, height_m):
    """From a start that is a kilometre off."""
    lon, lat = grid_at_height(seen(*place, height_m, told=(place[0] + 0.01, place[1] - 0.01)), height_m)
    assert GEOD.inv(*place, float(lon[0, 0]), float(lat[0, 0]))[2] < 0.01


def test_at_sea_level_a_hill_moves_towards_the_radar():
    """By its height times vertical over horizontal distance, the slope of the circle of equal range."""
    place, height_m = (133.08, 42.75), 100.0
    lon, lat = grid_at_height(seen(*place, height_m, told=place), 0.0)
    azimuth, _, off_m = GEOD.inv(*place, float(lon[0, 0]), float(lat[0, 0]))
    assert off_m == pytest.approx(height_m * 700 / 600, rel=0.01)
    assert azimuth == pytest.approx(-90, abs=1)


@pytest.mark.parametrize("place", [(133.08, 42.75, 12.0), (-10.0, -70.0, 4000.0), (0.0, 0.0, 0.0)])
def test_earth_fixed_coordinates_are_those_of_the_ellipsoid(place):
    assert to_ecef(*place) == pytest.approx(TO_ECEF.transform(*place), abs=1e-3)


def test_a_cut_out_sees_the_same_place_at_the_same_time():
    """Its lines begin later, so counted from them its grid and its orbit are earlier by as much."""
    plain = read_annotation(annotation(Recipe(), "vv").encode(), "whole")
    whole = replace(plain, **vars(seen(133.08, 42.75, 100.0, told=(133.08, 42.75))))
    part = Cut(Window(20, 30, 40, 50), whole.shape, {}).annotation(whole, "part")
    assert part.first_line - whole.first_line == timedelta(seconds=20 * whole.line_interval_s)
    assert part.grid_time_s[0, 0] == pytest.approx(SEEN_S - 20 * whole.line_interval_s)
    assert np.array(grid_at_height(part, 0.0)) == pytest.approx(np.array(grid_at_height(whole, 0.0)), abs=1e-9)


def test_ships_lie_where_they_are_though_the_annotation_puts_the_sea_on_the_ellipsoid():
    """At Vostochny, 27 m above it (EGM2008, 2.5 minute grid): they would be 27 x 700 / 600 = 32 m off."""
    lon, lat = np.meshgrid(133.08 + 0.001 * np.arange(4), 42.74 - 0.001 * np.arange(4))
    truth = seen(lon, lat, 27.06, told=(lon, lat))
    on_ellipsoid = grid_at_height(truth, 0.0)
    annotation = SimpleNamespace(**vars(truth) | {"grid_height_m": np.zeros(lon.shape)})
    annotation.grid_lon, annotation.grid_lat = on_ellipsoid
    annotation.grid_line = annotation.grid_pixel = np.arange(4.0)
    assert GEOD.inv(*on_ellipsoid, lon, lat)[2] == pytest.approx(27.06 * 700 / 600, rel=0.01)
    place, doubt = sea_level_geolocation(annotation, "made")
    assert GEOD.inv(*place.lonlat(*np.indices((4, 4))), lon, lat)[2] == pytest.approx(0.0, abs=1.0)
    assert doubt == ""


@pytest.mark.parametrize("towards", [0.0, 90.0], ids=["north", "east"])
@pytest.mark.parametrize(("off_m", "fits"), [(28.0, True), (32.0, False)])
def test_an_orbit_thirty_metres_off_the_grid_does_not_move_it_to_sea_level(towards, off_m, fits):
    """At 60 degrees north, where a degree of longitude is half as long as one of latitude."""
    lon, lat = np.meshgrid(10 + 0.001 * np.arange(4), 60 - 0.001 * np.arange(4))
    told = GEOD.fwd(lon, lat, np.full(lon.shape, towards), np.full(lon.shape, off_m))[:2]
    annotation = seen(lon, lat, 100.0, told)
    annotation.grid_line = annotation.grid_pixel = np.arange(4.0)
    place, doubt = sea_level_geolocation(annotation, "made")
    wanted = grid_at_height(annotation, geoid_height_m(*told)) if fits else told
    assert np.array(place.lonlat(1, 2)) == pytest.approx([v[1, 2] for v in wanted], abs=1e-7)
    assert (doubt == "") == fits
