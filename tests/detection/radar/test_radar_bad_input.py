"""Broken, empty, tiny or all-land radar scenes: a correct table and a reason, never a crash."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detection import detect
from pipeline.types import RadarView
from tests.builders import array_scene, box_zone, place_of


def sea(shape=(400, 400), seed=0, mean=0.02):
    return np.random.default_rng(seed).gamma(4.4, mean / 4.4, shape)


def ship(image, power=3.0):
    image[100:104, 150:165] = power
    return image


@pytest.mark.parametrize("dead", [0.0, np.nan], ids=["zeros", "NaN"])
def test_a_dead_band_leaves_the_other_and_says_so(dead):
    table, diagnostics = detect(array_scene({"VV": ship(sea()), "VH": np.full((400, 400), dead)}))
    assert table["accepted"].sum() == 1
    assert any("VH holds no measurement" in note for note in diagnostics["notes"])


def test_one_polarisation_is_enough():
    table, _ = detect(array_scene({"VH": ship(sea(mean=0.003), 0.5)}))
    assert table["accepted"].sum() == 1


@pytest.mark.parametrize("what", ["land", "nothing measured"])
def test_no_water_gives_an_empty_table_and_a_reason(what):
    image = ship(sea())
    water = np.ones(image.shape, bool)
    if what == "land":
        water[:] = False
    else:
        image[:] = np.nan
    table, diagnostics = detect(array_scene({"VV": image}, water=water))
    assert len(table) == 0
    assert diagnostics["notes"] == diagnostics["unknown"] == ["no usable water in the image"]
    assert diagnostics["false_alarm_rate_achieved"] is None


@pytest.mark.parametrize("shape", [(1, 1), (3, 300), (9, 9), (17, 23)])
def test_images_smaller_than_a_window_do_not_fail(shape):
    table, _ = detect(array_scene({"VV": sea(shape)}))
    assert table["accepted"].sum() == 0


def test_a_ship_in_a_small_chip_is_found():
    image = sea((60, 60))
    image[28:32, 22:37] = 3.0
    table, _ = detect(array_scene({"VV": image}))
    assert table["accepted"].sum() == 1


def test_saturated_pixels_are_a_ship_like_any_other():
    image = ship(sea(), power=50.0)  # saturated
    table, _ = detect(array_scene({"VV": image}))
    assert table["accepted"].sum() == 1


def test_a_hole_in_the_geometry_costs_flags_not_ships():
    view = RadarView(
        slant_range_m=(np.array([0.0, 400.0]), np.array([np.nan, 850e3])), wavelength_m=0.0555, prf_hz=(1700.0,),
        satellite_velocity_m_s=7500.0, incidence_deg=(np.array([0.0, 400.0]), np.array([np.nan, 40.0])),
    )  # fmt: skip
    table, _ = detect(array_scene({"VV": ship(sea())}, radar=view))
    assert table["accepted"].sum() == 1


def picture(top):
    """A calm sea with a ship 30 dB over it, as an amplitude picture clipped at ``top`` times the sea."""
    return np.minimum(ship(sea(), power=20.0), 0.02 * top**2)


@pytest.mark.parametrize(("top", "shown"), [(1.4, False), (1.8, False), (6.0, True)])
def test_where_numbers_end_below_what_a_ship_must_exceed_nothing_is_known(top, shown):
    """A picture stretched to a viewer's 98 % loses 12 of 15 ships; its empty table must not read as an empty sea.

    This ship is white throughout, as no sea is, and is found.
    """
    place = place_of(box_zone("berth", 132.99, 42.70, 133.10, 42.76))
    table, diagnostics = detect(array_scene({"VV": picture(top)}), place=place)
    (row,) = table[table["accepted"]].itertuples()
    assert ("cut_off" in row.flags) is not shown
    assert row.length_lo_m < 150 < row.length_hi_m
    (covered,) = diagnostics["zone_covered"].values()
    if shown:
        assert (diagnostics["unknown"], covered > 0) == ([], True)
        return
    (line,) = diagnostics["unknown"]
    assert f"its numbers end {20 * np.log10(top):.0f} dB over the sea" in line
    assert (covered, diagnostics["berths"][0]["verdict"]) == (pytest.approx(0, abs=0.01), "occupied"), (
        "she is seen all the same"
    )
    _, diagnostics = detect(array_scene({"VV": np.minimum(sea(), 0.02 * top**2)}), place=place)
    assert diagnostics["berths"][0]["verdict"] == "unknown", "where nobody was found"


def test_an_empty_sea_that_was_not_cut_off_is_known():
    """Its brightest pixel is also below what a ship must exceed; in whole dB many pixels share that value."""
    power = sea()
    for image in (power, 10 ** (np.round(10 * np.log10(power)) / 10)):
        assert detect(array_scene({"VV": image}))[1]["unknown"] == []


def test_a_few_pixels_amid_nothing_are_no_look_at_empty_water():
    image = np.full((300, 300), np.nan)
    image[100:103, 100:103] = sea((3, 3))
    assert detect(array_scene({"VV": image}))[1]["unknown"] == ["too little sea around to tell a ship from it"]


def test_a_sea_with_a_spike_in_every_block_is_read():
    """Regular hot pixels leave no block of 80 m that is all sea."""
    image = sea()
    image[::6, ::6] = 20 * 0.02
    _, diagnostics = detect(array_scene({"VV": image}, radar=RadarView()))
    assert diagnostics["enl"] == pytest.approx(4.4, rel=0.5)
