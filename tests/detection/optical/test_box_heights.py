"""Height of a side from whole geometric pictures: what the light tells, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.detection.optical import freeboard
from pipeline.ships.hull_depth import usual_depth_of_any_kind_m
from tests.detection.optical.boxes import Box, light_from

ABEAM = light_from((30.0, 90.0))  # sun in the east, camera overhead: a north-going hull's shadow falls to the west


@pytest.mark.parametrize("height_m", [1.5, 3.5])
@pytest.mark.parametrize(
    ("sun_deg", "view_deg", "heading_deg"),
    [
        ((30, 90), (0, 0), 0),  # abeam, camera overhead
        ((20, 40), (0, 0), 0),  # low, on the quarter
        ((12, 60), (0, 0), 100),
        ((30, 90), (20, 90), 180),  # camera on the sun's side: the deck's edge hides part of the shadow
        ((45, 120), (25, 60), 20),
        ((30, 90), (15, 270), 37),  # camera on the other side: it sees the side and the whole shadow
    ],
)
def test_a_box_is_as_high_as_it_was_drawn(height_m, sun_deg, view_deg, heading_deg):
    found = Box(height_m, heading_deg).read(light_from(sun_deg, view_deg))
    assert found.value_m == pytest.approx(height_m, abs=0.25)
    assert found.lo_m < height_m < found.hi_m
    assert found.hi_m - found.lo_m < 1.0
    assert "shadow on water" in found.evidence


@pytest.mark.parametrize("azimuth_deg", [90.0, 120.0, 150.0])
def test_the_same_height_whichever_way_all_is_turned(azimuth_deg):
    """By quarter turns, in which pixels stay the same: rows become columns, also from the other end."""
    first = Box(3.0, 0.0).read(light_from((30, azimuth_deg), (18, azimuth_deg + 60)))
    for turn in (90.0, 180.0, 270.0):
        light = light_from((30, azimuth_deg + turn), (18, azimuth_deg + 60 + turn))
        box = Box(3.0, turn)
        unturned = Box(3.0, 0.0).drawn(light_from((30, azimuth_deg), (18, azimuth_deg + 60)))
        found = box.read(light, np.ascontiguousarray(np.rot90(unturned, -round(turn / 90))))
        assert (found.value_m, found.lo_m, found.hi_m) == pytest.approx(
            (first.value_m, first.lo_m, first.hi_m), abs=0.02
        )


def test_a_frame_that_points_astern_gives_the_same_height():
    """A hull with an unknown bow may point either way."""
    light = light_from((30, 60), (15, 240))
    box = Box(3.0, 10.0)
    hull = replace(box.outline(light), bow_known=False)
    turned = replace(hull, frame=replace(hull.frame, axis=(-hull.frame.axis[0], -hull.frame.axis[1])))
    one, other = (box.read(light, hull=h) for h in (hull, turned))
    assert (one.value_m, one.lo_m, one.hi_m) == pytest.approx((other.value_m, other.lo_m, other.hi_m), abs=0.03)


def test_half_the_size_in_half_the_pixels_is_half_the_height():
    """Except for quantities in real metres: waves, the depth of light, the usual depth of a hull."""
    coarse, fine = (Box(4.0, 0.0, 100.0, 16.0, pixel_m=p).read(ABEAM).value_m for p in (1.0, 0.5))
    assert coarse == pytest.approx(4.0, abs=0.35)
    assert fine == pytest.approx(4.0, abs=0.2)


@pytest.mark.parametrize(
    ("sun_deg", "view_deg"),
    [
        ((30, 0), (0, 0)),  # the sun along the hull
        ((85, 90), (0, 0)),  # overhead
        ((60, 90), (28, 90)),  # the deck hides the shadow, and the other side faces away from the sun
    ],
)
def test_where_no_shadow_and_no_side_shows_nothing_is_claimed(sun_deg, view_deg):
    box, light = Box(3.0), light_from(sun_deg, view_deg)
    if view_deg[0]:  # a quay lies at the side that the camera sees
        others = beside(box, 1)
        found = box.read(light, others=others)
    else:
        found = box.read(light)
    assert found.value_m is None


def beside(box, side, gap_m=0.0, room_m=30.0):
    """Mask of an object to the east (1) or west (-1) of a north-going hull, ``gap_m`` off her side."""
    east = (np.arange(box.pixels) - (box.pixels - 1) / 2) * box.pixel_m * side
    edge = box.beam_m / 2 + gap_m
    return np.broadcast_to((east > edge) & (east < edge + room_m), (box.pixels, box.pixels))


@pytest.mark.parametrize(
    ("gap_m", "words"),
    [
        (0.0, "the shaded side lies at a quay"),
        (3.0, "a quay or another hull lies where the shadow would end"),
        (5.5, "a quay or another hull lies where the shadow would end"),
        (7.5, None),
    ],
)
def test_a_quay_on_the_shaded_side_hides_the_shadow_as_far_as_it_is_near(gap_m, words):
    """A side of 3 m throws 5.2 m of shadow; one of 5.5 m, possible for such a hull, throws 9 m."""
    box = Box(3.0)
    found = box.read(ABEAM, others=beside(box, -1, gap_m))
    if words:
        assert found.value_m is None
        assert words in found.evidence
    else:
        assert found.value_m == pytest.approx(3.0, abs=0.25)


def test_a_quay_on_the_sunny_side_takes_nothing_from_the_shadow():
    box = Box(3.0)
    assert box.read(ABEAM, others=beside(box, 1)).value_m == box.read(ABEAM).value_m


def test_a_quay_where_the_other_side_faces_the_camera_leaves_the_shadow_to_speak():
    """The camera in the east sees her east side, where a quay lies; the shadow falls to the west."""
    light = light_from((30, 90), (12, 90))
    box = Box(3.0)
    found = box.read(light, others=beside(box, 1))
    assert found.value_m == pytest.approx(3.0, abs=0.25)
    assert "visible side" not in found.evidence


@pytest.mark.parametrize(("clear_m", "told"), [(6.0, False), (12.0, True)])
def test_ten_metres_of_a_clear_side_are_enough(clear_m, told):
    """Lighters lie along the rest of her."""
    box = Box(3.0)
    north = (np.arange(box.pixels) - (box.pixels - 1) / 2) * box.pixel_m
    found = box.read(ABEAM, others=beside(box, -1) & (np.abs(north) > clear_m / 2)[:, None])
    assert found.value_m == (pytest.approx(3.0, abs=0.3) if told else None)
    assert told or "too little of it is clear" in found.evidence


def test_beyond_the_images_edge_nothing_is_known():
    """If the edge cuts the shadow, the height is unknown; if it cuts her stern, the rest of her suffices."""
    box = Box(3.0)
    image = box.drawn(ABEAM)
    west = image.copy()
    west[:, : round((box.pixels - 1) / 2 - 8.0 / box.pixel_m)] = np.nan
    assert "where the shadow would end" in box.read(ABEAM, west).evidence
    south = image.copy()
    south[round(box.pixels * 0.55) :] = np.nan
    assert box.read(ABEAM, south).value_m == pytest.approx(3.0, abs=0.3)


def test_a_house_does_not_throw_the_shadow_that_is_measured():
    """Sun on the bow: the house's shadow falls aft, clear of the rows. On the quarter some rows are left out."""
    for azimuth_deg in (60.0, 120.0):
        box, light = Box(3.0), light_from((30, azimuth_deg))
        image = box.drawn(light)
        house = Box(14.0, 0.0, 10.0, box.beam_m, room_m=box.room_m + 27.0)
        south = round(25.0 / box.pixel_m)  # the house's centre is 25 m abaft amidships
        shade = np.roll(house.drawn(light), south, axis=0)
        found = box.read(light, np.where(shade < 0.97, np.minimum(image, shade), image))
        assert found.value_m == pytest.approx(3.0, abs=0.3), azimuth_deg


def test_hatches_over_most_of_her_lengthen_the_shadow_where_a_gap_between_them_tells_better():
    """Four fifths of the rows show 1.5 m of extra shadow height; the least shaded rows are right."""
    box = Box(3.0)
    image, higher = box.drawn(ABEAM), Box(4.5).drawn(ABEAM)
    rows = np.arange(box.pixels) % 20 >= 7
    found = box.read(ABEAM, np.where(rows[:, None], higher, image))
    assert found.value_m == pytest.approx(3.0, abs=0.35)
    assert found.lo_m < 3.0 < found.hi_m


def test_on_calm_water_with_no_shadow_none_is_seen():
    """A picture without any shadow gives no height, whatever the sun's angles."""
    box = Box(3.0)
    bare = np.where(box.drawn(ABEAM) < 1.5, 1.0, 2.5).astype(np.float32)
    found = box.read(ABEAM, bare)
    assert found.value_m is None
    assert "no dark strip and no side" in found.evidence


@pytest.mark.parametrize("azimuth_deg", [0.0, 355.0])
@pytest.mark.parametrize("height_m", [2.0, 3.5])
def test_shade_at_the_foot_of_a_side_is_no_part_of_its_height(height_m, azimuth_deg):
    """Sun along her or nearly, camera abeam: the little shade there is lies beside the visible side, which is dark too.

    Light also comes from under water, there from below the hull. If all of it counted as side, 2 m would be read as 2.8
    and 3.5 m.
    """
    found = Box(height_m).read(light_from((30, azimuth_deg), (25, 90)))
    assert found.value_m == pytest.approx(height_m, abs=0.5)
    assert found.lo_m < height_m < found.hi_m
    assert "shadow" not in found.evidence, "too narrow to tell a height"


@pytest.mark.parametrize(("pixel_m", "parted"), [(1.5, True), (1.8, False)])
def test_pixels_above_one_metre_six_do_not_part_a_side_from_its_deck(pixel_m, parted):
    """The shadow beyond the side still gives the height; deck edge and waterline are then not reported."""
    light = light_from((20, 90), (20, 270))
    found = Box(5.0, 0.0, 120.0, 20.0, pixel_m=pixel_m, boot_m=5.0, room_m=32.0).read(light)
    assert ("visible side" in found.evidence) is parted
    assert ("waterline" in {kind for kind, _ in found.labelled_lines()}) is bool(found.deck_edges) is parted
    assert found.lo_m < 5.0 < found.hi_m


@pytest.mark.parametrize("boot_m", [0.0, 1.6])
def test_a_boot_topping_is_told_where_there_is_one(boot_m):
    """One more layer always fits slightly better: it must not make a boot-topping of 65 % of a one-colour side."""
    found = Box(3.5, 0.0, boot_m=boot_m).read(light_from((30, 90), (25, 90)))
    kinds = {kind for kind, _ in found.labelled_lines()}
    assert ("boot_top" in kinds) is bool(boot_m)
    assert found.boot_m == (pytest.approx(boot_m, abs=0.25) if boot_m else None)


def test_deck_edges_are_where_the_camera_sees_them():
    """If the outline is the deck's: half the beam to either side of the frame's centre line."""
    found = Box(3.5).read(light_from((30, 90), (15, 90)))
    assert set(found.deck_edges) == {-1, 1}
    assert list(found.deck_edges.values()) == pytest.approx([5.0, 5.0], abs=0.4)


def test_a_side_as_high_as_the_hull_is_deep_is_cargo():
    """At least an eighth of the depth is below water (`draught.LEAST_SHARE`)."""
    box = Box(1.1 * usual_depth_of_any_kind_m(64.0))
    found = box.read(light_from((45, 90)))
    assert found.value_m is None
    assert "cargo stands at the side" in found.evidence


@pytest.mark.parametrize("length_m", [100.0, 200.0, 320.0])
def test_what_is_usual_of_a_side_goes_with_the_depth_of_any_hull(length_m):
    """docs/submetre.md: 0.42 of the depth, 0.22 either way; above 219 m, too, and not by the end of the height grid."""
    depth = usual_depth_of_any_kind_m(length_m)
    heights = np.linspace(0.2, 25.0, 500)
    told = freeboard.log_prior(heights, length_m)
    assert heights[told.argmax()] == pytest.approx(0.42 * depth, abs=0.05)
    assert told.max() - np.interp(0.64 * depth, heights, told) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("height_m", [18.5, 21.0])
def test_the_largest_tankers_in_ballast_are_no_deck_cargo(height_m):
    """A hull of 330 m is some 29 m deep and floats at 9 m without cargo: 20 m of side are above water."""
    box = Box(height_m, 0.0, 330.0, 58.0, pixel_m=1.0, room_m=60.0)
    found = box.read(light_from((30, 90)))
    assert found.value_m == pytest.approx(height_m, rel=0.04)
    assert found.lo_m < height_m < found.hi_m


@pytest.mark.parametrize(("tanker", "share"), [(0.1, 0.6), (0.4, 0.35), (0.9, 0.0)])
def test_cargo_at_the_side_opens_the_interval_downwards_only(tanker, share):
    box = Box(3.0)
    image = box.drawn(ABEAM)
    clean, found = box.read(ABEAM, image), box.read(ABEAM, image, tanker=tanker)
    assert (found.value_m, found.hi_m) == (clean.value_m, clean.hi_m)
    gear = max(1.5, 2.5 - 0.15 * box.beam_m / 3**0.5) if tanker < 0.25 else 0.0  # 3 ** 0.5: 1 / tan(30 degrees)
    below = np.hypot(np.hypot(clean.value_m - clean.lo_m, gear), share * clean.value_m)
    assert found.lo_m == pytest.approx(max(0.0, found.value_m - below), abs=0.01)
    assert ("gear_may_lengthen_shadow" in found.flags) is (tanker < 0.25)


def test_coarse_pixels_open_the_interval_downwards():
    """By 8 % of the height per metre of pixel size above 0.7 m: neighbouring surfaces blend with the strip."""
    light = light_from((20, 90))
    sizes = (0.7, 1.4)
    below, above = np.array(
        [
            [(f.value_m - f.lo_m) / f.value_m, (f.hi_m - f.value_m) / f.value_m]
            for f in (Box(4.0, 0.0, 100.0, 16.0, pixel_m=p, room_m=28.0).read(light) for p in sizes)
        ]
    ).T
    assert below[1] > 0.08 * 0.7
    assert above[1] - above[0] < below[1] - below[0]
