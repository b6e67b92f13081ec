"""The sun's direction in a picture, whatever the orientation of its rows and columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from pyproj import Geod
from rasterio import CRS

from pipeline.detection import detect
from pipeline.detection.optical.bearings import toward
from pipeline.detection.optical.north_up import Turn, north_up_turn
from pipeline.ingest.geolocation import MapGeolocation
from pipeline.types import Tile, Window
from tests.builders import array_scene
from tests.detection.optical.hulls import painted

GEOD = Geod(ellps="WGS84")
TRANSFORMS = {
    "north up": (10.0, 0.0, 6e5, 0.0, -10.0, 4.7e6),
    "south up": (10.0, 0.0, 6e5, 0.0, 10.0, 4.7e6),
    "east on the left": (-10.0, 0.0, 6e5, 0.0, -10.0, 4.7e6),
    "both": (-10.0, 0.0, 6e5, 0.0, 10.0, 4.7e6),
    "turned": (8.0, 6.0, 6e5, 6.0, -8.0, 4.7e6),
    "turned and mirrored": (8.0, -6.0, 6e5, 6.0, 8.0, 4.7e6),
    "rows run east": (0.0, 10.0, 6e5, 10.0, 0.0, 4.7e6),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("azimuth_deg", [0.0, 77.0, 150.0, 290.0])
def test_the_direction_is_the_geodesics(transform, azimuth_deg):
    """A kilometre along the azimuth by Karney's geodesic leads to pixels in this direction."""
    place = MapGeolocation(CRS.from_epsg(32652).to_wkt(), transform, (100, 100))
    scene = replace(array_scene({"pan": np.zeros((400, 400))}), geolocation=place)
    lon, lat = place.lonlat(np.array([200.0]), np.array([200.0]))
    lon, lat, _ = GEOD.fwd(lon, lat, [azimuth_deg], [1000.0])
    row, col = place.rowcol(lon, lat)
    step = np.array([row[0] - 200, col[0] - 200])
    assert toward(scene, (200.0, 200.0), azimuth_deg) == pytest.approx(tuple(step / np.hypot(*step)), abs=0.005)


def test_without_a_place_north_is_up():
    scene = array_scene({"pan": np.zeros((9, 9))}, origin=None)
    assert toward(scene, (4.0, 4.0), 90.0) == pytest.approx((0.0, 1.0))


@dataclass(frozen=True)
class Mirrored:
    """A geolocation or tile reader with rows, columns or both reversed."""

    of: object
    shape: tuple[int, int]
    rows: bool
    cols: bool

    def _turned(self, row, col):
        row, col = np.asarray(row, float), np.asarray(col, float)
        return (self.shape[0] - 1 - row if self.rows else row), (self.shape[1] - 1 - col if self.cols else col)

    def lonlat(self, row, col):
        return self.of.lonlat(*self._turned(row, col))

    def rowcol(self, lon, lat):
        return self._turned(*self.of.rowcol(lon, lat))

    def __call__(self, window):
        row0 = self.shape[0] - window.row1 if self.rows else window.row0
        col0 = self.shape[1] - window.col1 if self.cols else window.col0
        tile = self.of(Window(row0, col0, window.rows, window.cols))
        turn = np.s_[..., :: -1 if self.rows else 1, :: -1 if self.cols else 1]
        return Tile(window, tile.bands, tile.data[turn], tile.valid[turn], tile.water[turn])


@pytest.mark.parametrize(("rows", "cols"), [(True, False), (False, True), (True, True)])
def test_the_freeboard_does_not_depend_on_which_end_a_picture_is_stored_from(rows, cols):
    """Sun abeam in the east, 30 degrees high: the shadow is west of the hull on the ground, wherever in the file."""
    scene = painted([(190, 210, 98, 16, 10)], spacing_m=0.5, sun=(30, 100.0), freeboard_m=4.0, noise=0.001)
    turned = replace(scene, read=Mirrored(scene.read, scene.shape, rows, cols),
                     geolocation=Mirrored(scene.geolocation, scene.shape, rows, cols))  # fmt: skip
    (ship,), (same,) = (detect(s)[0].to_dict("records") for s in (scene, turned))
    assert ship["freeboard_m"] == pytest.approx(4.0, abs=0.5)
    for name in ("freeboard_m", "freeboard_lo_m", "freeboard_hi_m", "length_m", "beam_m"):
        assert same[name] == pytest.approx(ship[name], abs=1e-6), name
    assert (same["lon"], same["lat"]) == pytest.approx((ship["lon"], ship["lat"]), abs=1e-5)


def test_across_180_degrees_east_is_where_it_is_elsewhere():
    """Longitudes on its two sides differ by a full turn, which must not swap the image's left and right."""
    zone = CRS.from_epsg(32601).to_wkt()
    (edge,), _ = MapGeolocation(zone, (1.0, 0.0, 0.0, 0.0, -1.0, 0.0), (0, 0)).rowcol(180.0, [42.7])[::-1]
    place = MapGeolocation(zone, (10.0, 0.0, edge - 2000.0, 0.0, -10.0, 4.74e6), (400, 400))
    scene = replace(array_scene({"pan": np.zeros((400, 400))}), geolocation=place)
    lon, _ = place.lonlat(np.array([200.0, 200.0]), np.array([150.0, 250.0]))
    assert lon[0] > 179.9
    assert lon[1] < -179.9
    assert north_up_turn(scene) == Turn()
    down, along = toward(scene, (200.0, 200.0), 90.0)
    assert along == pytest.approx(1.0, abs=0.01)
    assert down == pytest.approx(0.0, abs=0.06), "the meridians converge by two degrees there"
