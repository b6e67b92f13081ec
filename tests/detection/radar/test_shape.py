"""Objects that are not a single hull are flagged."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.detection import detect
from pipeline.detection.radar import shape
from pipeline.detection.radar.rough_size import rough_size
from tests.builders import array_scene


def sea(seed=0):
    return np.random.default_rng(seed).gamma(4.4, 0.02 / 4.4, (400, 400))


def only(image):
    table, _ = detect(array_scene({"VV": image}, tags={"land": "none"}))
    return table.sort_values("contrast_db").iloc[-1]


def test_an_islet_is_no_hull():
    image = sea()
    rows, cols = np.indices(image.shape)
    image[np.hypot(rows - 200, cols - 200) < 13] *= 100
    assert "no_hull_shape" in only(image)["flags"]
    assert not only(image)["accepted"]


def test_two_ships_at_right_angles_are_said_to_be_merged():
    image = sea()
    image[200:204, 150:180] = 3.0
    image[204:224, 150:154] = 3.0
    assert "merged" in only(image)["flags"]


def test_one_ship_is_not():
    image = sea()
    image[200:204, 150:180] = 3.0
    ship = only(image)
    assert list(ship["flags"]) == []
    assert ship["flag_evidence"] == ""


WHOLE = SimpleNamespace(outside_swath=None)


def blob(rows, cols, relative=100.0) -> SimpleNamespace:
    """An object of these pixels, with this brightness relative to the sea."""
    rows, cols = np.asarray(rows), np.asarray(cols)
    relative = np.broadcast_to(np.asarray(relative, float), rows.shape)

    def at_least(level):
        return blob(rows[relative >= level], cols[relative >= level], relative[relative >= level])

    return SimpleNamespace(rows=rows, cols=cols, relative=relative, at_least=at_least, white=False, cutout=WHOLE)


def rectangle(top, left, height, width, relative=100.0) -> SimpleNamespace:
    rows, cols = np.indices((height, width)).reshape(2, -1)
    return blob(rows + top, cols + left, relative)


SCENE = SimpleNamespace(shape=(300, 200), pixel_spacing_m=(10.0, 5.0), grid=None)
HULL = SimpleNamespace(
    row=100.0, col=80.0, axis=(0.0, 1.0), length_m=(90.0, 100.0, 110.0), beam_m=(18.0, 20.0, 22.0), smear_db=0.0
)


@pytest.mark.parametrize(
    ("top", "left", "cut"),
    [(0, 50, True), (1, 50, False), (297, 50, True), (296, 50, False),
     (50, 0, True), (50, 1, False), (50, 195, True), (50, 194, False)],
)  # fmt: skip
def test_what_reaches_any_edge_of_the_image_says_so(top, left, cut):
    """Objects of 3 by 5 pixels in an image of 300 by 200."""
    ship = rectangle(top, left, 3, 5)
    assert ("touches_edge" in shape.shape_flags(ship, ship, HULL, SCENE)) == cut


@pytest.mark.parametrize(("height", "width"), [(4, 60), (30, 6), (1, 40), (1, 1)])
def test_the_width_of_a_filled_rectangle_is_its_smaller_side(height, width):
    sides = height * SCENE.pixel_spacing_m[0], width * SCENE.pixel_spacing_m[1]
    assert shape.width_m(rectangle(20, 30, height, width), SCENE) == pytest.approx(min(sides))


def test_one_bright_point_on_an_islet_makes_it_no_ship():
    """Its outline at 24 dB below the peak is wide; at 18 dB only a point remains."""
    islet = rectangle(20, 30, 20, 40)
    relative = np.where((islet.rows == 30) & (islet.cols == 50), 100.0, 1.0)
    islet = blob(islet.rows, islet.cols, relative)
    assert shape.shape_flags(islet, islet, HULL, SCENE)["no_hull_shape"] == "200 m wide"


@pytest.mark.parametrize(("beyond_m", "off"), [(-1.0, False), (1.0, True)])
@pytest.mark.parametrize("side", [-1, 1])
def test_pixels_are_beside_a_hull_beyond_her_ends_and_sides_and_the_blur(side, beyond_m, off):
    """A hull of 100 by 20 m along a row of the image; the blur reaches 40 m."""
    ahead, abeam = side * (50 + 40 + beyond_m), side * (10 + 40 + beyond_m)
    spots = blob(HULL.row + np.array([0, abeam / 10]), HULL.col + np.array([ahead / 5, 0]))
    assert shape.off_hull(spots, HULL, SCENE).tolist() == [off, off]
    turned = SimpleNamespace(**{**vars(HULL), "axis": (1.0, 0.0)})
    spots = blob(HULL.row + np.array([ahead / 10, 0]), HULL.col + np.array([0, abeam / 5]))
    assert shape.off_hull(spots, turned, SCENE).tolist() == [off, off]


def test_tails_along_track_are_told_where_rows_run_along_it():
    """On a map grid they do not."""
    ship, smeared = rectangle(98, 70, 3, 20), SimpleNamespace(**{**vars(HULL), "smear_db": 7.0})
    assert "7.0 dB" in shape.shape_flags(ship, ship, smeared, SCENE)["smeared"]
    on_a_map = SimpleNamespace(**{**vars(SCENE), "grid": "a map"})
    assert shape.shape_flags(ship, ship, smeared, on_a_map) == shape.shape_flags(ship, ship, HULL, SCENE) == {}


def cut_by_the_frame(missing, water=None):
    image = sea()
    image[195:200, 150:180] = 3.0
    image[missing] = np.nan
    table, _ = detect(array_scene({"VV": image}, tags={"land": "none"}, water=water))
    return table.sort_values("contrast_db").iloc[-1]


def test_a_slanted_frame_cuts_a_hull_as_the_edge_of_the_file_does():
    rows, cols = np.indices((400, 400))
    assert "touches_edge" in cut_by_the_frame(cols - 0.3 * rows > 108)["flags"]  # cut through her middle
    assert "touches_edge" not in cut_by_the_frame(cols - 0.3 * rows > 140)["flags"]  # 200 m off her end


def test_a_hole_or_an_operators_mask_of_land_cuts_no_hull():
    rows, cols = np.indices((400, 400))
    hole = (rows > 193) & (rows < 197) & (cols > 163) & (cols < 167)
    assert "touches_edge" not in cut_by_the_frame(hole)["flags"]
    masked, map_says = rows >= 200, rows >= 204  # the mask reaches 40 m farther out than the map's coast
    assert "touches_edge" not in cut_by_the_frame(masked, water=~map_says)["flags"]


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0, 150.0])
def test_what_is_hardly_a_ship_has_the_size_of_the_rectangle_that_she_fills_less_the_blur(angle_deg):
    """200 by 60 m, drawn in pixels of 4 by 2 m, with faint light around that must have no effect."""
    spacing, angle = np.array([4.0, 2.0]), np.radians(angle_deg)
    rows, cols = np.indices((150, 300)).reshape(2, -1).astype(float)
    y, x = (rows - 70) * spacing[0], (cols - 160) * spacing[1]
    ahead, abeam = y * np.cos(angle) + x * np.sin(angle), x * np.cos(angle) - y * np.sin(angle)
    hull = (np.abs(ahead) < 100) & (np.abs(abeam) < 30)
    power = np.where(hull, 50.0, 1e-3)
    near = (ahead > -110) & (ahead < 150) & (np.abs(abeam) < 50)
    size = rough_size(rows[near], cols[near], power[near], tuple(spacing), 20.0)
    assert (size.row, size.col) == pytest.approx((70, 160), abs=0.5)
    assert (size.length_m[1], size.beam_m[1]) == pytest.approx((180, 40), abs=4)
    assert size.length_m[0] <= 180 - 20 < 200 + 20 <= size.length_m[2]  # a wide interval
    assert abs(np.dot(size.axis, (np.cos(angle), np.sin(angle)))) == pytest.approx(1, abs=1e-3)
    corner_y, corner_x = ((size.outline - (70, 160)) * spacing).T
    along = corner_y * np.cos(angle) + corner_x * np.sin(angle)
    across = corner_x * np.cos(angle) - corner_y * np.sin(angle)
    np.testing.assert_allclose(np.abs([along, across]).T, [[90, 20]] * 4, atol=3)
    assert len({(a > 0, c > 0) for a, c in zip(along, across, strict=True)}) == 4


def test_a_speck_has_no_size_of_its_own():
    """One pixel, half as wide as the sensor's resolution: all of it is blur."""
    size = rough_size(np.array([7.0]), np.array([9.0]), np.array([3.0]), (10.0, 10.0), 20.0)
    assert (size.row, size.col) == (7.0, 9.0)
    assert size.beam_m[0] <= size.beam_m[1] <= size.length_m[1] < 10
    assert size.length_m[2] >= 20
