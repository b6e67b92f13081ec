"""Detections do not depend on an image's orientation: rotated by quarters or mirrored, it shows the same ships."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.optical import network, object_mask_reader
from pipeline.detection.optical.north_up import Turn, north_up_turn
from pipeline.detection.optical.water import block_edges
from pipeline.types import Geolocation, Sensor, Window
from tests.builders import array_scene
from tests.detection.optical.hulls import painted
from tests.detection.optical.ten_metre import AT_ANCHOR, port

SIDES = (233, 240)  # neither is a multiple of a block of 480 m
FINE_SIDES = (331, 407)  # neither is a multiple of a cloud cell
FINE_SHIPS = ((60, 80, 98, 16, 10), (180, 220, 140, 22, 75), (150, 150, 90, 14, 40), (290, 330, 120, 18, 130))
SHIPS = (AT_ANCHOR, (110.0, 60.0, 140.0, 24.0, 120.0), (30.0, 60.0, 220.0, 32.0, 80.0))
WAYS = [Turn(*each) for each in product((False, True), repeat=3)]


@dataclass(frozen=True)
class Stored:
    """Geolocation of an image that ``turn`` brings back to its original orientation."""

    right: Geolocation
    turn: Turn
    shape: tuple[int, int]

    def lonlat(self, row, col):
        """As that of the pixel's place in the original orientation."""
        row, col = (col, row) if self.turn.swapped else (row, col)
        rows, cols = self.turn.shape(self.shape)
        row = rows - 1 - np.asarray(row) if self.turn.rows_reversed else row
        col = cols - 1 - np.asarray(col) if self.turn.cols_reversed else col
        return self.right.lonlat(row, col)

    def rowcol(self, lon, lat):
        """Pixel position of points."""
        row, col = self.right.rowcol(lon, lat)
        rows, cols = self.turn.shape(self.shape)
        row = rows - 1 - row if self.turn.rows_reversed else row
        col = cols - 1 - col if self.turn.cols_reversed else col
        return (col, row) if self.turn.swapped else (row, col)


def stored(image, turn):
    """The image as stored, such that ``turn`` brings it back to the original orientation."""
    way = image[:: -1 if turn.rows_reversed else 1, :: -1 if turn.cols_reversed else 1]
    return np.ascontiguousarray(way.T if turn.swapped else way)


def scene_of(turn, *, placed=True):
    """Three ships at anchor off a quay, in water with a brightness gradient."""
    slope = np.linspace(0, 0.02, SIDES[1]) + np.linspace(0.01, 0, SIDES[0])[:, None]
    bands = {name: image[: SIDES[0]] + slope for name, image in port(SHIPS, noise=0.004).items()}
    return scene_of_bands(bands, turn, placed=placed, sensor=Sensor.SENTINEL2, spacing_m=10.0)


def fine_scene_of(turn):
    """Hulls at sea in pixels of 3 m, one with a shadow, and shreds of cloud over and beside others."""
    rows, cols = FINE_SIDES
    painting = painted(FINE_SHIPS, shape=FINE_SIDES, sun=(30.0, 100.0), freeboard_m=9.0)
    image = painting.read(Window(0, 0, rows, cols)).data[0]
    for row, col, radius in ((150, 130, 34), (70, 300, 41), (260, 60, 29)):
        near = np.hypot(np.arange(rows)[:, None] - row, np.arange(cols) - col) / radius
        image = image + 0.5 * np.exp(-(near**4))
    settings = {"sensor": Sensor.OPTICAL, "spacing_m": 3.0, "radiometry": painting.radiometry}
    return scene_of_bands({"pan": image}, turn, optical=painting.optical, **settings)


def scene_of_bands(bands, turn, *, placed=True, **settings):
    """A scene of bands, stored so that ``turn`` brings them back to the original orientation."""
    plain = array_scene(bands, **settings)
    turned = array_scene({name: stored(image, turn) for name, image in bands.items()}, **settings | {"origin": None})
    return replace(turned, geolocation=Stored(plain.geolocation, turn, turned.shape)) if placed else turned


def found(turn, **more):
    """Sorted places in the original orientation, lengths and beams."""
    table, _ = detect(scene_of(turn, **more))
    table = table[table["accepted"]]
    row, col = set_right(table, turn, SIDES)
    rows = np.column_stack([row, col, table["length_m"], table["beam_m"], table["score"]])
    return rows[np.argsort(rows[:, 0])]


def set_right(table, turn, sides):
    """Rows and columns of a table's detections in the original orientation."""
    row, col = (table[name].to_numpy(float) for name in ("row", "col"))
    row, col = (col, row) if turn.swapped else (row, col)
    row = sides[0] - 1 - row if turn.rows_reversed else row
    return row, sides[1] - 1 - col if turn.cols_reversed else col


@pytest.mark.parametrize("turn", WAYS[1:])
def test_by_contrast_it_matters_not_how_a_picture_lies(turn, monkeypatch):
    monkeypatch.setattr(network, "sessions", tuple)
    plain = found(Turn(), placed=False)
    assert len(plain) == len(SHIPS)
    assert found(turn, placed=False) == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize("turn", WAYS[1:])
def test_the_network_is_shown_every_image_north_up(turn):
    pytest.importorskip("onnxruntime")
    plain = found(Turn())
    assert len(plain) == len(SHIPS)
    assert found(turn) == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize("turn", WAYS[1:])
def test_in_fine_pixels_all_that_is_found_is_the_same_with_every_flag(turn):
    tables, noticed, places = [], [], []
    for way in (Turn(), turn):
        table, diagnostics = detect(fine_scene_of(way))
        table["row"], table["col"] = set_right(table, way, FINE_SIDES)
        tables.append(table.sort_values(["row", "col"], ignore_index=True))
        noticed.append(diagnostics)
        places.append(np.array([shapely.get_coordinates(one).mean(axis=0) for one in tables[-1]["geometry"]]))
    plain, same = tables
    assert plain["accepted"].sum() >= 3
    assert any("cloud" in flags for flags in plain["flags"])
    assert plain["freeboard_m"].notna().any()
    alike = [name for name in plain if name not in ("detection_id", "geometry", "measured_lines")]
    pd.testing.assert_frame_equal(plain[alike], same[alike], rtol=0, atol=1e-6)
    assert places[0] == pytest.approx(places[1], abs=1e-7)
    assert noticed[0] == noticed[1]


@pytest.mark.parametrize("turn", WAYS[1:])
def test_what_stands_out_of_the_water_lies_where_the_image_has_it(turn):
    look, right = (object_mask_reader(fine_scene_of(way), DetectionConfig()) for way in (turn, Turn()))
    window = Window(31, 40, 150, 97)
    onto = turn.window(window, turn.inverse.shape(FINE_SIDES))
    for mask, known in zip(look(window), right(onto), strict=True):
        assert (turn.image(mask) == known).all()
        assert known.any()


@pytest.mark.parametrize("turn", WAYS)
def test_a_turn_is_told_from_the_place_and_undone(turn):
    scene = scene_of(turn)
    assert north_up_turn(scene) == turn
    assert north_up_turn(replace(scene, geolocation=None)) == Turn()
    numbers = np.arange(12.0).reshape(3, 4)
    assert (turn.image(stored(numbers, turn)) == numbers).all()
    window, whole = Window(1, 0, 2, 1), stored(numbers, turn)
    right = turn.window(window, whole.shape)
    part = whole[window.row0 : window.row1, window.col0 : window.col1]
    assert (turn.image(part) == numbers[right.row0 : right.row1, right.col0 : right.col1]).all()
    row, col = turn.inverse.place(2, 1, turn.shape(whole.shape))
    assert whole[row, col] == numbers[2, 1]
    assert turn.place(row, col, whole.shape) == (2, 1)
    assert turn.inverse.inverse == turn


@pytest.mark.parametrize("count", [7, 96, 97, 1042, 10_980])
def test_blocks_of_an_axis_are_the_same_from_both_ends(count):
    edges = block_edges(count, 48.0)
    assert (edges == count - edges[::-1]).all()
    widths = np.diff(edges)
    assert widths.sum() == count
    assert np.ptp(widths) <= 1
    assert count < 48 or ((widths > 24) & (widths <= 96)).all()
