"""Hulls of known size, drawn with Gaussian blur and speckle."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.detection.radar import hull, hull_model
from pipeline.detection.radar.cutout import Cutout, cut_out
from pipeline.detection.radar.hull_profile import extents_m

SPACING_M = (10.0, 10.0)
FINE = 5  # sub-pixels per pixel in each direction


def drawn(
    length_m: float = 150.0,
    beam_m: float = 24.0,
    angle_deg: float = 30.0,
    side: int = 80,
    over_sea: float = 60.0,
    seed: int = 0,
    bands: tuple[str, ...] = ("VH", "VV"),
) -> Cutout:
    """An evenly bright hull in the middle of speckled sea of power 0.01."""
    rng = np.random.default_rng(seed)
    at = (np.arange(side * FINE) + 0.5) / FINE * 10.0 - side * 5.0
    y, x = np.meshgrid(at, at, indexing="ij")
    angle = np.radians(angle_deg)
    u, v = y * np.cos(angle) + x * np.sin(angle), x * np.cos(angle) - y * np.sin(angle)
    ship = ((np.abs(u) < length_m / 2) & (np.abs(v) < beam_m / 2)).astype(float)
    ship = gaussian_filter(ship, 0.93 * FINE).reshape(side, FINE, side, FINE).mean(axis=(1, 3))
    looks = rng.gamma(4.4, 1 / 4.4, (len(bands), side, side))
    data = (0.01 * (1.0 + over_sea * ship) * looks).astype(np.float32)
    label = (ship > 0.3 * ship.max()).astype(int)
    r, c = np.nonzero(label)
    box = (slice(r.min(), r.max() + 1), slice(c.min(), c.max() + 1))
    return cut_out(data, bands, np.ones((side, side), bool), label, 1, box, (0, 0), SPACING_M, 20.0)


@pytest.mark.parametrize("length_m", [60.0, 120.0, 250.0])
@pytest.mark.parametrize("angle_deg", [0.0, 35.0, 100.0])
def test_the_fit_finds_place_heading_and_length_of_a_drawn_hull(length_m, angle_deg):
    """An evenly bright hull has no dark ends, so the likelihood alone must find it."""
    cutout = drawn(length_m, length_m / 6.2, angle_deg)
    fit = hull.best_fit(cutout)
    turned = np.degrees(fit.angle_rad) - angle_deg
    assert fit.length_m == pytest.approx(length_m, abs=10.0)
    assert abs((turned + 90) % 180 - 90) < 6
    middle = hull.measure(cutout)
    assert (middle.row, middle.col) == pytest.approx((39.5, 39.5), abs=0.7)


def test_slopes_of_the_model_are_those_of_its_values():
    """The derivatives used in the search, against finite differences."""
    rng = np.random.default_rng(1)
    y, x = rng.uniform(0, 200, 30), rng.uniform(0, 200, 30)
    lobes = rng.uniform(0, 5, (2, 4, 30))
    p = hull_model.initial_parameters(95.0, 104.0, 0.6, 120.0, np.array([20.0, 40.0]))
    p += rng.normal(0, 0.1, p.size)

    def values(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean, slope = np.empty((2, 30, 2)), np.zeros((2, 30, p.size))
        hull_model._predict(at, y, x, lobes, 9.3, mean, slope)
        return np.log(mean[..., 0]), slope

    _, slope = values(p)
    for n in range(p.size):
        step = np.zeros(p.size)
        step[n] = 1e-5
        by_difference = (values(p + step)[0] - values(p - step)[0]) / 2e-5
        assert slope[..., n] == pytest.approx(by_difference, abs=1e-6)


def test_a_gain_changes_no_size():
    """Any scale of power: uncalibrated pictures give the same sizes as calibrated ones."""
    cutout = drawn()
    data = cutout.contrast * 123.0
    box = (slice(20, 60), slice(20, 60))
    one, two = (
        hull.measure(
            cut_out(
                d, ("VH", "VV"), np.ones(d.shape[1:], bool), cutout.member.astype(int), 1, box, (0, 0), SPACING_M, 20.0
            )
        )
        for d in (data, data * 1e4)
    )
    assert one.length_m == pytest.approx(two.length_m, rel=1e-6)


def test_a_mirrored_picture_gives_the_mirrored_hull():
    """The method treats left and right alike."""
    cutout = drawn(angle_deg=20.0)
    flipped = replace(
        cutout,
        contrast=cutout.contrast[:, :, ::-1].copy(),
        member=cutout.member[:, ::-1],
        clear=cutout.clear[:, ::-1],
    )
    one, two = hull.measure(cutout), hull.measure(flipped)
    assert two.length_m[1] == pytest.approx(one.length_m[1], rel=0.01)
    assert two.axis == pytest.approx((one.axis[0], -one.axis[1]), abs=0.01)


@pytest.mark.parametrize("bands", [("VV",), ("VH",), ("VH", "VV"), ("intensity",)])
def test_any_polarisations_give_a_size_within_its_interval(bands):
    """One band or two, named or not."""
    size = hull.measure(drawn(bands=bands))
    for low, middle, high in (size.length_m, size.beam_m):
        assert 0 < low < middle < high
    assert size.length_m[0] < 150 < size.length_m[2]
    assert size.beam_m[0] < 24 < size.beam_m[2]


def test_other_resolutions_scale_the_hull():
    """Twice the pixel and twice the blur: the same picture, of a ship of twice the size."""
    fine = drawn()
    coarse = replace(fine, spacing_m=(20.0, 20.0), resolution_m=40.0)
    assert hull.size_features(coarse, hull.best_fit(coarse)).extent == pytest.approx(
        hull.size_features(fine, hull.best_fit(fine)).extent, abs=0.06
    )
    small, large = (np.array([*size.length_m, *size.beam_m]) for size in map(hull.measure, (fine, coarse)))
    assert large == pytest.approx(2 * small, rel=0.08)


@pytest.mark.parametrize("angle_deg", [0.0, 35.0, 90.0])
def test_pixels_may_be_wider_than_high(angle_deg):
    """With every second column removed: the same ship, in the same place."""
    square = drawn(angle_deg=angle_deg)
    halves = {name: getattr(square, name)[..., ::2].copy() for name in ("contrast", "member", "clear")}
    wide = replace(square, **halves, spacing_m=(10.0, 20.0))
    guesses = [hull._moments(c.member, c.joint, c.spacing_m) for c in (square, wide)]
    fits = [hull.best_fit(c) for c in (square, wide)]
    assert guesses[1][3] == pytest.approx(guesses[0][3], abs=25.0)
    for one, two in ((guesses[0][2], guesses[1][2]), (fits[0].angle_rad, fits[1].angle_rad)):
        assert abs((np.degrees(two - one) + 90) % 180 - 90) < 8
    assert (fits[1].y_m, fits[1].x_m) == pytest.approx((fits[0].y_m, fits[0].x_m), abs=8.0)
    assert fits[1].length_m == pytest.approx(fits[0].length_m, abs=12.0)


def test_a_neighbour_lengthens_nobody():
    """A second ship in line, beyond 120 m of water, is not part of the hull."""
    alone = drawn(angle_deg=90.0, length_m=100.0, beam_m=16.0, side=120)
    ahead = np.roll(alone.contrast, 22, axis=2)
    both = replace(alone, contrast=np.where(ahead > 5.0, ahead, alone.contrast))
    assert hull.measure(both).length_m[1] == pytest.approx(hull.measure(alone).length_m[1], rel=0.1)


@pytest.mark.parametrize(("over_sea", "levels"), [(1000.0, (10**-2.2, 10**-1.2)), (10.0, (0.2, 0.15))])
def test_extents_are_distances_between_crossings(over_sea, levels):
    """A profile that falls from a flat top by a known law, wider than a pixel, crosses each level where the law says:
    22 dB below its peak, 12 below its median, but not below 2 and 1.5 times the sea; and at 6 dB.
    """
    spacing_m, fall_m = (2.0, 10.0), 12.0
    at = np.abs(np.arange(1000) * spacing_m[0] - 1000.0)
    image = np.ones((1000, 40))
    image[:, 19:22] += over_sea * np.exp(-np.maximum(at - 100.0, 0) / fall_m)[:, None]  # 20 m broad
    found = extents_m(image, spacing_m, (1000.0, 200.0, 0.0), 300.0, 20.0, 20.0)
    shares = np.array([*levels, 10**0.6 / over_sea])
    assert found == pytest.approx(2 * (100 + fall_m * np.log(1 / shares)), abs=0.3)


@pytest.mark.parametrize(("dark_m", "length_m"), [(8.0, 200.0), (20.0, 140.0)])
def test_a_short_dark_stretch_ends_no_hull_and_a_resolution_does(dark_m, length_m):
    """A hull of 200 m, dark from 40 m off its centre on, at a resolution of 20 m."""
    at = np.arange(1000) * 2.0 - 1000.0
    bright = (np.abs(at) < 100) & ~((at > 40) & (at < 40 + dark_m))
    image = np.tile(np.where(bright, 1000.0, 1.0)[:, None], (1, 40))
    found = extents_m(image, (2.0, 10.0), (1000.0, 200.0, 0.0), 200.0, 20.0, 20.0)
    assert found == pytest.approx((length_m,) * 3, abs=5)


def test_pixels_that_are_not_numbers_are_no_hull():
    """A hole beside the ship is not measured."""
    cutout = drawn()
    data = cutout.contrast.astype(np.float32)
    data[:, :20] = np.nan
    usable = np.isfinite(data).all(axis=0)
    box = (slice(20, 60), slice(20, 60))
    size = hull.measure(
        cut_out(data, ("VH", "VV"), usable, (cutout.member & usable).astype(int), 1, box, (0, 0), SPACING_M, 20.0)
    )
    assert np.isfinite(size.length_m).all()


def test_a_ship_near_by_is_kept_out_and_a_crumb_of_her_own_light_is_not():
    """Both are of one size; one has a twentieth of the object's peak, the other only as much as a side lobe."""
    data, label = np.full((1, 60, 60), 0.01, np.float32), np.zeros((60, 60), int)
    for number, cols, over_sea in ((1, slice(25, 35), 1000.0), (2, slice(45, 50), 100.0), (3, slice(5, 10), 20.0)):
        data[0, 29:31, cols], label[29:31, cols] = 0.01 * over_sea, number
    box = (slice(29, 31), slice(25, 35))
    cut = cut_out(data, ("VV",), np.ones((60, 60), bool), label, 1, box, (0, 0), SPACING_M, 20.0)
    near = label[cut.row0 : cut.row0 + cut.clear.shape[0], cut.col0 : cut.col0 + cut.clear.shape[1]]
    assert not cut.clear[near == 2].any()
    assert cut.clear[near == 3].all()
    assert cut.clear[near == 1].all()


def blot(*, side=120, seed=0, sea=0.003, bands=1):
    """Speckled sea, with the labels of one object of 4 by 12 pixels in its middle."""
    data = sea * np.random.default_rng(seed).gamma(4.4, 1 / 4.4, (bands, side, side))
    label = np.zeros((side, side), int)
    label[58:62, 54:66] = 1
    data[:, label > 0] = 300 * sea
    return data, label, (slice(58, 62), slice(54, 66))


def cut_of(data, label, box, *, bands=("VV",), origin=(0, 0), usable=None, outside_swath=None):
    usable = np.ones(label.shape, bool) if usable is None else usable
    return cut_out(data, bands, usable, label, 1, box, origin, SPACING_M, 20.0, outside_swath)


@pytest.mark.parametrize("spoilt", ["nothing", "halo", "spots", "darkness"])
def test_contrast_is_power_over_the_mean_of_the_sea(spoilt):
    """Excludes the reach of the object's own blur, other objects brighter than speckle, and land."""
    data, label, box = blot()
    usable, sea = np.ones(label.shape, bool), np.ones(label.shape, bool)
    sea[52:68, 48:72] = False
    if spoilt == "halo":
        data[0, 55:65, 51:69] = np.where(label[55:65, 51:69] > 0, 0.9, 0.3)
    elif spoilt == "spots":
        sea &= np.random.default_rng(1).random(label.shape) > 0.08
        data[0, ~sea & (label == 0)] = 0.015
    elif spoilt == "darkness":
        usable[:, :50] = sea[:, :50] = False
        data[0, :, :50] = 1e-6
    cut = cut_of(data, label, box, usable=usable)
    rows, cols = (slice(at, at + n) for at, n in zip((cut.row0, cut.col0), cut.member.shape, strict=True))
    assert cut.contrast[0][sea[rows, cols]].mean() == pytest.approx(1.0, abs=0.04)


def test_where_no_sea_is_left_the_darkest_tenth_stands_for_it():
    data, label, box = blot()
    data[0] = np.random.default_rng(3).permutation(np.linspace(1.0, 101.0, data[0].size)).reshape(label.shape)
    contrast = cut_of(data, label, box, usable=label > 0).contrast[0]
    assert np.mean(contrast < 1) == pytest.approx(0.1, abs=0.01)


def test_of_several_bands_one_of_each_kind_is_sized_the_crossed_one_first():
    data, label, box = blot(bands=3)
    data[0, label > 0], data[1, label > 0], data[2, label > 0] = 0.3, 0.6, 0.15
    for bands, kinds, over_sea in (
        (("VV", "HH", "VH"), ("cross", "co"), (50, 100)),
        (("HV", "VH", "HH"), ("cross", "co"), (100, 50)),
        (("VV", "HH", "x"), ("co",), (100,)),
        (("x", "y", "z"), ("co",), (100,)),
    ):
        cut = cut_of(data, label, box, bands=bands)
        assert cut.polarisations == kinds
        assert [np.median(band[cut.member]) for band in cut.contrast] == pytest.approx(over_sea, rel=0.06)


def test_a_cut_out_lies_where_its_pixels_do():
    """Its corner is in image pixels; a neighbour's blur is excluded from water, the object's own pixels are not."""
    data, label, box = blot()
    label[58:62, 67:72] = 2
    data[0, 58:62, 67:72] = 0.9
    outside_swath = np.indices(label.shape)[1] > 80
    cut = cut_of(data, label, box, origin=(1000, 500), outside_swath=outside_swath)
    rows, cols = np.nonzero(cut.member)
    assert (rows.min() + cut.row0, cols.min() + cut.col0) == (1058, 554)
    whole = np.s_[cut.row0 - 1000 :, cut.col0 - 500 :]
    shape = cut.member.shape
    assert np.array_equal(cut.outside_swath, outside_swath[whole][: shape[0], : shape[1]])
    near = label[whole][: shape[0], : shape[1]]
    assert cut.clear[near == 1].all()
    row, col = 60 + 1000 - cut.row0, 500 - cut.col0
    assert cut.clear[row, 66 + col - 1]
    assert not cut.clear[row, 66 + col : 73 + col].any()
    assert cut.clear[row, 73 + col]
