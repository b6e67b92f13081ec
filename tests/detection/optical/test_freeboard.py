"""Geometry and posterior of a side's height, against profiles from the closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import erf

from pipeline.detection.optical import freeboard, gear_and_cargo
from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.freeboard import SunView, clear_rows, side_geometries
from pipeline.detection.optical.gear_and_cargo import without_gear
from pipeline.detection.optical.outline import Hull
from pipeline.detection.optical.side import Posterior, SideGeometry, fit_side, height_grid

PIXEL = 0.5


def profile(x, borders, levels, blur=0.35):
    """Levels between borders, blurred: levels[0] | borders[0] | levels[1] | ..."""
    out = np.full(x.shape, levels[0], float)
    for at, before, after in zip(borders, levels, levels[1:], strict=False):
        out += (after - before) * 0.5 * (1 + erf((x - at) / (np.sqrt(2) * blur)))
    return out


def seen(k_v: float, k_s: float, drift: float = 0.0) -> SideGeometry:
    """One side: metres of visible side, and of shadow, per metre of height."""
    return SideGeometry(1, k_v, k_s, 0.0, drift)


@pytest.mark.parametrize("elevation_deg", [20.0, 33.0, 45.0])
@pytest.mark.parametrize("heading_deg", [10.0, 100.0, 250.0])
def test_shadow_falls_as_far_as_the_sun_is_low(elevation_deg, heading_deg):
    """The across and along components of a metre's shadow combine to 1 / tan(elevation)."""
    h = np.radians(heading_deg)
    sides = side_geometries((-np.cos(h), np.sin(h)), SunView((0.6, 0.8), elevation_deg, (0.0, 1.0), 0.0))
    across = max(side.k_s for side in sides)
    assert np.hypot(across, sides[0].k_u) == pytest.approx(1 / np.tan(np.radians(elevation_deg)))
    assert min(side.k_s for side in sides) == 0.0
    assert [side.k_v for side in sides] == pytest.approx([0.0, 0.0])


def test_with_the_sun_astern_the_shadow_falls_ahead():
    ahead, behind = (
        side_geometries((-1.0, 0.0), SunView((south, 0.0), 45.0, (0.0, 1.0), 0.0)) for south in (1.0, -1.0)
    )
    assert [side.k_u for side in (*ahead, *behind)] == pytest.approx([1.0, 1.0, -1.0, -1.0])


def test_a_leaning_camera_sees_one_side_only():
    east, west = side_geometries(
        (-1.0, 0.0), SunView((1.0, 0.0), 40.0, (0.0, 1.0), 20.0)
    )  # north-going, camera in the east
    assert east.k_v == pytest.approx(np.tan(np.radians(20)))
    assert west.k_v == pytest.approx(-east.k_v)


@pytest.mark.parametrize("height_m", [2.0, 4.5, 7.0])
def test_shadow_on_the_far_side_gives_the_height(height_m):
    x, k_v, k_s = np.arange(2.0, 40.0, 0.25), -0.2, 1.5
    y = profile(x, [8.0, 8.0 + height_m * (k_s + k_v)], [2.5, 0.7, 1.0])
    found = fit_side(x, y, 8.0, seen(k_v, k_s), PIXEL, height_grid(10.0))
    low, middle, high = found.interval()
    assert middle == pytest.approx(height_m, abs=0.15)
    assert low < height_m < high
    assert found.depth == pytest.approx(0.3, abs=0.05)


def test_a_dark_side_and_its_shadow_count_together():
    x, k_v, k_s, height = np.arange(2.0, 40.0, 0.25), 0.3, 1.2, 5.0
    water = 8.0 + k_v * height
    y = profile(x, [8.0, water, water + k_s * height], [2.5, 0.85, 0.65, 1.0])
    found = fit_side(x, y, 8.0, seen(k_v, k_s), PIXEL, height_grid(10.0))
    assert found.interval()[1] == pytest.approx(height, abs=0.2)


def test_a_bright_side_is_part_of_the_bright_strip():
    """Then the outermost bright edge is the waterline; the deck's edge lies inside it."""
    x, k_v, height = np.arange(2.0, 40.0, 0.25), 0.45, 6.0
    y = profile(x, [8.0, 8.0 + k_v * height], [3.5, 1.9, 1.0])
    found = fit_side(x, y, 8.0 + k_v * height, seen(k_v, 0.0), PIXEL, height_grid(10.0))
    low, _, high = found.interval()
    assert low < height < high
    assert found.edge_m == pytest.approx(8.0, abs=0.5)


def test_light_that_scatters_under_water_does_not_lengthen_the_side():
    """The shadow's end is smeared exponentially by 0.7 m of depth; when modelled, this hardly shifts the height."""
    x, k_s, height, drift, depth = np.arange(2.0, 40.0, 0.05), 1.5, 4.0, 0.8, 0.7
    sharp = profile(x, [8.0, 8.0 + height * k_s], [0.0, -0.3, 0.0])
    tail = np.exp(-np.arange(0, 6, 0.05) / (drift * depth))
    soft = np.convolve(sharp, tail / tail.sum())[: len(x)]
    y = 1 + np.where(x < 11, sharp, soft) + profile(x, [8.0], [1.5, 0.0])
    found = fit_side(x[::5], y[::5], 8.0, seen(0.0, k_s, drift), PIXEL, height_grid(10.0))
    assert found.interval()[1] == pytest.approx(height, abs=0.25)


def test_without_shadow_and_side_nothing_is_claimed():
    x = np.arange(2.0, 40.0, 0.25)
    assert fit_side(x, profile(x, [8.0], [2.5, 1.0]), 8.0, seen(-0.1, 0.1), PIXEL, height_grid(10.0)) is None


def reading(height_m, sd_m=0.12):
    """A normal posterior of the height."""
    heights = height_grid(10.0)
    return Posterior(heights, -0.5 * ((heights - height_m) / sd_m) ** 2, 8.0, height_m, 0.0, 0.2, 0.01, 500.0)


def test_no_hairs_breadth_moves_the_height_from_most_rows_to_the_least_shaded_ones():
    """With a hard switch at half a metre between the two, the height would jump that far, out of its own interval."""
    apart = np.arange(0.0, 1.001, 0.02)
    found = [without_gear(reading(5.4), reading(5.4 - step)).interval() for step in apart]
    middles = np.array([middle for _, middle, _ in found])
    assert np.abs(np.diff(middles)).max() < 0.1
    assert middles[0] == pytest.approx(5.4, abs=0.02)
    assert middles[-1] == pytest.approx(4.4, abs=0.02)
    low, _, high = found[25]
    assert apart[25] == pytest.approx(0.5)
    assert low < 4.9 < 5.4 < high


def test_least_shaded_rows_that_say_nothing_leave_the_height_alone():
    vague = reading(3.0, sd_m=1.5)
    usual = reading(4.0)
    assert without_gear(usual, vague) is usual


def test_least_shaded_rows_are_right_however_vague_where_they_plainly_say_less():
    vague = reading(2.0, sd_m=0.5)
    assert without_gear(reading(6.0), vague) is vague


@pytest.mark.parametrize("elevation_deg", [20.0, 45.0, 70.0])
def test_light_under_water_goes_by_snell(elevation_deg):
    """Sun in the east: light leaving the water beside a north-going hull has drifted to the west."""
    east, west = side_geometries((-1.0, 0.0), SunView((0.0, 1.0), elevation_deg, (0.0, 1.0), 0.0))
    below = np.arctan(west.drift)
    assert 1.34 * np.sin(below) == pytest.approx(np.cos(np.radians(elevation_deg)))
    assert east.drift == 0


def hull_of(length_m=100.0) -> Hull:
    frame = HullFrame((50.0, 50.0), (-1.0, 0.0), (0.5, 0.5))
    return Hull(frame, length_m, 16.0, 0.5, 0.3, 0.005, False, 0.95, (True, True), (1.0, 1.0), 0.1)


@pytest.mark.parametrize("k_u", [2.0, -2.0])
def test_rows_are_clear_where_the_straight_side_throws_its_shadow(k_u):
    """A 6 m side throws its shadow 12 m along the hull: rows near one end show shadow from amidships, and are kept."""
    u = clear_rows(hull_of(), k_u, 6.0, 0.5)
    assert (np.abs(u - 6.0 * k_u) < 36).all()
    assert np.abs(u).max() > 27
    assert (np.sign(u) == np.sign(k_u)).all(), "where the house's own shadow does not fall"


@pytest.mark.parametrize(("tanker", "trusted_m"), [(1.0, 5.0), (0.1, 3.0)])
def test_where_shadow_and_side_dispute_the_shadow_is_right_unless_gear_may_lengthen_it(tanker, trusted_m):
    shaded, facing = SideGeometry(1, -0.2, 1.5, 0.0, 0.0), SideGeometry(-1, 0.6, 0.0, 0.0, 0.0)
    by_shadow, by_side = (replace(reading(m, sd_m=0.2), depth=d) for m, d in ((5.0, 0.4), (3.0, 0.0)))
    sun = SunView((0.0, 1.0), 40.0, (0.0, 1.0), 20.0)
    grid = by_shadow.heights_m
    for sides in ([(shaded, by_shadow), (facing, by_side)], [(facing, by_side), (shaded, by_shadow)]):
        found = freeboard._combine_sides(hull_of(), sides, grid, sun, tanker)
        assert "freeboard_disputed" in found.flags
        assert found.value_m == pytest.approx(trusted_m, abs=0.1)
        assert found.lo_m < 3.0 < 5.0 < found.hi_m


def test_what_is_usual_for_her_length_counts_once_where_both_sides_tell():
    """A product of normal laws: one per side, and one for the usual height of a hull."""
    heights = height_grid(12.0)
    usual, spread = (share * freeboard.usual_depth_of_any_kind_m(100.0) for share in freeboard.USUAL_SHARE)
    told_m, sd_m = (5.6, 6.0), 1.0
    prior = freeboard.log_prior(heights, 100.0)
    by_side = [replace(reading(m), heights_m=heights, log_p=prior - 0.5 * ((heights - m) / sd_m) ** 2) for m in told_m]
    sides = list(zip((SideGeometry(1, 0.0, 1.5, 0.0, 0.0), SideGeometry(-1, 0.6, 0.0, 0.0, 0.0)), by_side, strict=True))
    found = freeboard._combine_sides(hull_of(), sides, heights, SunView((0.0, 1.0), 40.0, (0.0, 1.0), 0.0), 1.0)
    weights = np.array([sd_m, sd_m, spread]) ** -2.0
    assert found.value_m == pytest.approx(weights @ (*told_m, usual) / weights.sum(), abs=0.02)


@pytest.mark.parametrize(("share", "told"), [(0.8, True), (1.0, False)])
def test_a_side_as_high_as_the_hull_is_deep_is_cargo(share, told):
    """A floating hull has part of her depth under water."""
    depth_m = freeboard.usual_depth_of_any_kind_m(100.0)
    sides = [(SideGeometry(1, 0.0, 1.5, 0.0, 0.0), reading(share * depth_m))]
    sun = SunView((0.0, 1.0), 40.0, (0.0, 1.0), 0.0)
    found = freeboard._combine_sides(hull_of(), sides, sides[0][1].heights_m, sun, 1.0)
    assert (found.value_m is not None) == told
    assert told or "cargo stands at the side" in found.evidence


@pytest.mark.parametrize("k_v", [-0.5, 0.0, 0.4])
def test_a_hatch_lengthens_the_strip_by_as_much_as_its_shadow_reaches_beyond_the_decks(k_v):
    """A hatch 2.5 m above deck, its side 0.15 beams inboard: the end of its shadow minus that of the deck's.

    The strip is read as h (k_s + k_v), so the hatch adds its extra shadow divided by that.
    """
    k_s, beam, height = 3.0, 12.0, 4.0
    ends = height * k_s, (height + 2.5) * k_s - 0.15 * beam  # from the waterline
    read = [(end + height * k_v) / (k_s + k_v) for end in ends]
    assert read[0] == pytest.approx(height)
    found = gear_and_cargo.gear_m(beam, SideGeometry(1, k_v, k_s, 0.0, 0.0), 0.1)
    assert found == pytest.approx(read[1] - height, abs=0.01)


@pytest.mark.parametrize("elevation_deg", [25.0, 55.0])
def test_an_error_of_the_suns_elevation_is_one_of_the_height(elevation_deg):
    """h = strip tan(elevation): 0.2 degrees of the sun limit a sharp height, besides sea and form."""
    shadow = SideGeometry(1, 0.0, 1 / np.tan(np.radians(elevation_deg)), 0.0, 0.0)
    sun, height = SunView((0.0, 1.0), elevation_deg, (0.0, 1.0), 0.0), 20.0
    value, low, high = freeboard._widened((height, height, height), shadow, hull_of(), sun)
    by_tangent = [height * np.tan(np.radians(elevation_deg + d)) * shadow.k_s for d in (-0.2, 0.2)]
    sun_m = (by_tangent[1] - by_tangent[0]) / 2
    reach = 1.6448536 * np.sqrt(sun_m**2 + 0.06**2 + 0.10**2)
    assert (value, low, high) == pytest.approx((height, height - reach, height + reach), rel=1e-3)


@pytest.mark.parametrize("k_v", [0.3, -0.3])
def test_an_error_of_the_cameras_angle_is_one_of_the_height(k_v):
    """h = strip / (k_s + k_v), on the side facing the camera and on the other; k_v is off by 0.5 degrees."""
    seen_from_aside, from_above = (SideGeometry(1, k, 1.0 - k, 0.0, 0.0) for k in (k_v, 0.0))
    sun = SunView((0.0, 1.0), 45.0, (0.0, 1.0), 17.0)
    own, more = (freeboard._widened((6.0, 6.0, 6.0), k, hull_of(), sun) for k in (from_above, seen_from_aside))
    by_sun = np.radians(0.2) / 0.5  # 1 / (sin cos) at 45 degrees
    reach = [1.6448536 * 6.0 * np.hypot(by_sun * k_s, view) for k_s, view in ((1.0, 0.0), (1.0 - k_v, np.radians(0.5)))]
    assert (more[2] - 6.0) ** 2 - (own[2] - 6.0) ** 2 == pytest.approx(reach[1] ** 2 - reach[0] ** 2)


def test_an_error_of_the_hulls_direction_turns_the_shadow_about_her():
    """Of a shadow that falls k_u along her per metre, a turn by one radian moves k_u across."""
    aslant, across = (SideGeometry(1, 0.0, 0.5, k_u, 0.0) for k_u in (3.0, 0.0))
    sun = SunView((0.0, 1.0), 40.0, (0.0, 1.0), 0.0)
    hull = replace(hull_of(), heading_se_rad=0.02)
    wide, own = (freeboard._widened((6.0, 6.0, 6.0), k, hull, sun)[2] - 6.0 for k in (aslant, across))
    strip_m, turned_m = 6.0 * 0.5, 6.0 * 3.0 * 0.02
    assert wide**2 - own**2 == pytest.approx((1.6448536 * 6.0 * turned_m / strip_m) ** 2)


@pytest.mark.parametrize("side", [-1, 1])
def test_lines_are_drawn_where_the_closed_form_puts_them(side):
    """docs/submetre.md, side facing the camera: deck, side to x + h k_v, shadow to x + h (k_v + k_s), water."""
    hull, height, boot = hull_of(), 5.0, 1.5
    k = SideGeometry(side, 0.4, 1.2, 0.0, 0.0)
    lines = freeboard._lines(hull, k, replace(reading(height), edge_m=8.0, boot_m=boot, depth=0.3), height)
    across = {
        name: {round(side * hull.frame.across(*at), 6) for at in getattr(lines, name)}
        for name in ("deck_edge", "waterline", "boot_top", "shadow_end")
    }
    assert across == {"deck_edge": {8.0}, "waterline": {10.0}, "boot_top": {9.4}, "shadow_end": {16.0}}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"length_m": 41.0}, "a hull of 41 m is too short"),
        ({"sun": 7.9}, "the sun is too low"),
        ({"pixel_m": 3.6}, "pixels of 3.6 m show no shadow edge"),
        ({"sun": None}, "not all sun and view angles are known"),
        ({"length_m": 43.0, "sun": 8.1, "pixel_m": 3.4}, None),
    ],
)
def test_why_no_side_is_measured_is_told_as_docs_say(fields, reason):
    """docs/submetre.md: pixels above 3.5 m, missing angles, sun below 8 degrees, hull shorter than 42 m."""
    told = {"length_m": 100.0, "sun": 40.0, "pixel_m": 0.5} | fields
    hull = hull_of(told["length_m"])
    hull = replace(hull, frame=replace(hull.frame, spacing_m=(told["pixel_m"],) * 2))
    sun = None if told["sun"] is None else SunView((0.0, 1.0), told["sun"], (0.0, 1.0), 0.0)
    sea = np.ones((100, 100), np.float32)
    found = freeboard.measure_freeboard(sea, np.zeros(sea.shape, bool), hull, sun, (0, 0))
    assert found.value_m is None
    guards = ("too short", "too low", "show no", "not known")
    assert (reason in found.evidence) if reason else not any(word in found.evidence for word in guards)
