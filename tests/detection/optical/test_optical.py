"""Ships painted into optical scenes are found at their places and with their lengths, whatever the tiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.optical import fine, hulls
from pipeline.ships.hull_depth import usual_depth_m
from pipeline.types import OpticalView, Radiometry, Sensor
from tests.builders import array_scene, box_zone, place_of
from tests.detection.optical.hulls import mask_of, painted

SHIPS = [(100, 120, 98, 16, 35), (260, 300, 180, 28, 100), (320, 90, 60, 11, 350)]


def found(scene, place=None, **config):
    table, diagnostics = detect(scene, place=place, config=DetectionConfig(**config))
    return table[table["accepted"]].reset_index(drop=True), diagnostics


def test_ships_are_found_where_they_were_put_and_as_long():
    ships, _ = found(painted(SHIPS))
    assert len(ships) == 3
    for ship, (row, col, length_m, beam_m, heading_deg) in zip(ships.itertuples(), SHIPS, strict=True):
        assert (ship.row, ship.col) == pytest.approx((row, col), abs=1.0)
        assert ship.length_m == pytest.approx(length_m, abs=4.0)
        assert ship.beam_m == pytest.approx(beam_m, abs=2.0)
        assert np.sin(np.radians(ship.heading_deg - heading_deg)) == pytest.approx(0, abs=0.04)


def test_the_bow_tells_the_heading():
    ships, _ = found(painted(SHIPS))
    known = ships[~ships["heading_ambiguous"]]
    assert len(known) >= 2
    truth = {round(row): heading for row, _, _, _, heading in SHIPS}
    for ship in known.itertuples():
        nearest = min(truth, key=lambda row: abs(row - ship.row))
        assert np.cos(np.radians(ship.heading_deg - truth[nearest])) > 0.99


@pytest.mark.parametrize("tile_px", [128, 192, 1024])
def test_tiles_leave_no_trace(tile_px):
    whole, _ = detect(painted(SHIPS), config=DetectionConfig(tile_px=4096))
    tiled, _ = detect(painted(SHIPS), config=DetectionConfig(tile_px=tile_px))
    pd.testing.assert_frame_equal(
        pd.DataFrame(tiled.drop(columns="geometry")), pd.DataFrame(whole.drop(columns="geometry"))
    )


def test_gain_moves_no_ship():
    """A picture of unknown stretch, brightness times three plus an offset, shows the same ships and lengths."""
    scene = painted(SHIPS, radiometry=Radiometry.RELATIVE)
    ships, _ = found(scene)
    bright = painted(SHIPS, radiometry=Radiometry.RELATIVE)
    read = bright.read
    brighter = replace(bright, read=lambda w: replace(read(w), data=read(w).data * 3 + 0.4))
    again, _ = found(brighter)
    assert again[["row", "col", "length_m"]].to_numpy() == pytest.approx(
        ships[["row", "col", "length_m"]].to_numpy(), abs=0.3
    )


@pytest.mark.parametrize("elevation_deg", [20, 32, 45])
@pytest.mark.parametrize("freeboard_m", [2.0, 5.0])
def test_the_shadow_gives_the_height_of_the_side(elevation_deg, freeboard_m):
    """Theory: a side of height h throws a shadow h / tan(elevation) long; sun abeam, camera overhead."""
    scene = painted(
        [(200, 200, 98, 16, 0)], spacing_m=0.5, sun=(elevation_deg, 90.0), freeboard_m=freeboard_m, noise=0.001
    )
    ships, _ = found(scene)
    assert len(ships) == 1
    ship = ships.iloc[0]
    assert ship["freeboard_m"] == pytest.approx(freeboard_m, abs=0.5)
    assert ship["freeboard_lo_m"] < freeboard_m < ship["freeboard_hi_m"]
    assert ship["length_m"] == pytest.approx(98, rel=0.02)


@pytest.mark.parametrize(("tanker", "reckoned"), [(0.1, True), (0.9, False)])
def test_hatches_that_may_lengthen_the_shadow_open_the_interval_downwards(monkeypatch, tanker, reckoned):
    """With the sun low abeam, shadows of 2.5 m hatches near the side reach past the deck's; a tanker has no hatches."""
    read = fine.read_deck
    monkeypatch.setattr(fine, "read_deck", lambda *seen: replace(read(*seen), tanker=tanker))
    scene = painted([(200, 200, 98, 16, 0)], spacing_m=0.5, sun=(22, 90.0), freeboard_m=4.0, noise=0.001)
    ship = found(scene)[0].iloc[0]
    assert ("gear_may_lengthen_shadow" in ship["flags"]) is reckoned
    below, above = ship["freeboard_m"] - ship["freeboard_lo_m"], ship["freeboard_hi_m"] - ship["freeboard_m"]
    assert above < 1.0
    assert bool(below > 1.0) is reckoned


def test_a_freeboard_comes_with_a_weak_draught():
    scene = painted([(200, 200, 98, 16, 0)], spacing_m=0.5, sun=(30, 90.0), freeboard_m=4.0, noise=0.001)
    ship = found(scene)[0].iloc[0]
    assert "weak_draught" in ship["flags"]
    assert ship["draught_m"] == pytest.approx(usual_depth_m(ship["length_m"]) - ship["freeboard_m"], abs=0.01)
    assert ship["draught_hi_m"] - ship["draught_lo_m"] > 2.0
    assert 0 < ship["heading_half_deg"] < 2.0


def test_no_sun_no_freeboard():
    ships, _ = found(painted([(200, 200, 98, 16, 0)], spacing_m=0.5))
    assert ships["freeboard_m"].isna().all()
    assert "angles are known" in ships["draught_evidence"].iloc[0]


def test_ten_metre_pixels_claim_no_freeboard():
    ships, _ = found(painted([(60, 60, 180, 30, 20)], shape=(120, 120), spacing_m=10.0, sun=(30.0, 110.0)))
    assert len(ships) == 1
    assert ships["freeboard_m"].isna().all()
    assert "show no shadow edge" in ships["draught_evidence"].iloc[0]


def test_empty_sea_has_no_ship():
    ships, diagnostics = found(painted([], noise=0.004))
    assert len(ships) == 0
    assert diagnostics["cloud_fraction"] == 0


def test_what_the_operators_mask_calls_cloud_hides_its_zone_and_no_other():
    """A clear image whose mask shows cloud over its upper 30 %: that zone is unseen, a ship below is found."""
    scene = painted([(100, 120, 98, 16, 35), (300, 300, 180, 28, 100)])
    top = round(0.3 * scene.shape[0])

    def read(window):
        clouded = np.arange(window.row0, window.row1)[:, None] < np.full(window.cols, top)
        return replace(scene.read(window), clouded=clouded)

    lon, lat = scene.geolocation.lonlat(np.array([20, 60, 330, 370]), np.array([20, 60, 20, 60]))
    place = place_of(
        box_zone("hidden", lon[0], lat[1], lon[1], lat[0]), box_zone("clear", lon[2], lat[3], lon[3], lat[2])
    )
    ships, diagnostics = found(replace(scene, read=read), place)
    assert [round(row) for row in ships["row"]] == [300]
    assert diagnostics["zone_covered"] == {"hidden": 0.0, "clear": 1.0}
    assert diagnostics["cloud_fraction"] == pytest.approx(0.3, abs=0.01)


def test_a_cloud_is_no_ship_and_hides_its_zone():
    """A soft bright patch over one of two zones: nothing is accepted there, and the zone counts as unseen."""
    rows, cols = np.mgrid[0:500, 0:500]
    blob = 0.5 * np.exp(-(((rows - 120) / 55.0) ** 2 + ((cols - 120) / 55.0) ** 2))
    rng = np.random.default_rng(1)
    bands = {
        b: level + blob + rng.normal(0, 0.002, blob.shape)
        for b, level in zip("BGRN", (0.07, 0.06, 0.04, 0.02), strict=True)
    }
    scene = array_scene(bands, sensor=Sensor.OPTICAL, radiometry=Radiometry.REFLECTANCE, spacing_m=3.0)
    lon, lat = scene.geolocation.lonlat(np.array([100, 140, 350, 400]), np.array([100, 140, 350, 400]))
    place = place_of(
        box_zone("hidden", lon[0], lat[1], lon[1], lat[0]), box_zone("clear", lon[2], lat[3], lon[3], lat[2])
    )
    ships, diagnostics = found(scene, place)
    assert len(ships) == 0
    assert diagnostics["zone_covered"]["hidden"] < 0.2
    assert diagnostics["zone_covered"]["clear"] == 1.0
    assert 0.01 < diagnostics["cloud_fraction"] < 0.2


def test_land_of_the_map_never_fires():
    water = np.ones((400, 400), bool)
    water[:, 250:] = False
    scene = painted([(200, 120, 98, 16, 0), (200, 320, 98, 16, 0)], water=water)
    ships, _ = found(scene)
    assert [round(c) for c in ships["col"]] == [120]


def test_a_hull_beside_a_jetty_is_parted_from_it():
    """A ship of 98 m, two metres off a jetty of 300 m x 13 m: one ship, of the right length."""
    scene = painted(
        [(200, 230, 98, 16, 0), (200, 230 + (8 + 2 + 6.5) / 0.5, 300, 13, 0)], shape=(700, 460), spacing_m=0.5
    )
    ships, _ = found(scene)
    near = ships[np.abs(ships["col"] - 230) < 8]
    assert len(near) == 1
    assert near["length_m"].iloc[0] == pytest.approx(98, rel=0.03)


@pytest.mark.parametrize("width_px", [4, 14, 20])
def test_a_long_pier_that_no_map_knows_hides_nobody(width_px):
    """1,350 m long and up to 81,000 m2, larger than any hull and too narrow for land: reported, and so is a ship."""
    image = np.stack([np.full((300, 600), level) for level in (0.06, 0.05, 0.04, 0.02)])
    image += np.random.default_rng(1).normal(0, 0.002, image.shape)
    image[:, 150 : 150 + width_px, 50:500] = 0.15

    def seen():
        scene = array_scene(dict(zip("BGRN", image, strict=True)), sensor=Sensor.OPTICAL, spacing_m=3.0)
        return detect(scene)[0]

    alone = seen()
    assert len(alone)
    assert not alone["accepted"].any()
    image[:, 150 + width_px : 156 + width_px, 200:236] = 0.35
    ship = seen().query("accepted")
    assert ship["length_m"].tolist() == pytest.approx([108.0], rel=0.05)
    assert ship["col"].tolist() == pytest.approx([217.5], abs=2)


def test_what_is_not_a_ship_stays_in_the_table_with_its_flag():
    """A square island of 100 m is found and not accepted, with a reason."""
    table, _ = detect(painted([(200, 200, 100, 100, 0)]))
    assert len(table) == 1
    assert not table["accepted"].iloc[0]
    assert "no_hull_shape" in table["flags"].iloc[0]


def test_missing_pixels_are_no_ships():
    scene = painted(SHIPS)
    read = scene.read

    def holed(window):
        tile = read(window)
        data = tile.data.copy()
        rows = np.arange(window.row0, window.row1)
        data[:, (rows >= 180) & (rows < 220), :] = np.nan
        return replace(tile, data=data, valid=np.isfinite(data).all(axis=0))

    ships, _ = found(replace(scene, read=holed))
    assert len(ships) == 3
    nothing = replace(
        scene, read=lambda w: replace(read(w), data=read(w).data * np.nan, valid=np.zeros((w.rows, w.cols), bool))
    )
    table, _ = detect(nothing)
    assert len(table) == 0


def test_proportions_that_no_merchant_hull_has_open_both_intervals():
    """A hull 100 m long and 26 m wide is 100 m long beside a quay, or 160 m long with a lost end."""
    length, beam = hulls._widen_to_usual_aspect((98.0, 100.0, 102.0), (25.0, 26.0, 27.0))
    assert length[0] == 98.0
    assert length[2] > 160.0
    assert beam[0] < 16.0
    assert beam[2] == 27.0
    length, beam = hulls._widen_to_usual_aspect((98.0, 100.0, 102.0), (9.0, 10.0, 11.0))
    assert length[0] < 50.0
    assert beam[2] > 20.0


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (50, 50)])
@pytest.mark.parametrize("bands", [("B02", "B03", "B04", "B08"), ("B04",)], ids=len)
def test_nothing_measured_gives_an_empty_table_and_a_reason(bands, shape):
    nothing = {band: np.full(shape, np.nan) for band in bands}
    scene = array_scene(nothing, sensor=Sensor.SENTINEL2, spacing_m=10.0, radiometry=Radiometry.REFLECTANCE)
    table, diagnostics = detect(scene)
    assert len(table) == 0
    assert diagnostics["notes"] == ["no usable water in the image: what ships are there is unknown"]


@pytest.mark.parametrize("side_light", [0.045, 0.10, 0.22], ids=["dark side", "dim side", "bright side"])
def test_a_side_that_the_camera_sees_is_no_neighbour_of_hers(side_light):
    """Camera in the east, sun in the west, water on all sides: shadow and side lie on her east side, by trigonometry.

    A side brighter than water, yet much dimmer than the deck, is neither deck nor another hull.
    """
    height_m, lean_deg, elevation_deg, spacing_m, water, deck, dark = 5.0, 20.0, 30.0, 0.5, 0.06, 0.28, 0.018
    light = np.full((400, 400), water)
    side_px = height_m * np.tan(np.radians(lean_deg)) / spacing_m
    shadow_px = height_m / np.tan(np.radians(elevation_deg)) / spacing_m
    swept = [(dark, shadow_px * share) for share in np.linspace(0, 1, 25)]
    swept += [(side_light, -side_px * share) for share in np.linspace(0, 1, 25)]
    for level, east_px in [*swept, (deck, -side_px)]:
        cover = mask_of(light.shape, (190, 210 + east_px), 98, 16, 0, spacing_m, 12.0)
        light = light * (1 - cover) + level * cover
    light = ndimage.gaussian_filter(light, 0.6) + np.random.default_rng(0).normal(0, 0.001, light.shape)
    view = OpticalView(elevation_deg, 270.0, lean_deg, 90.0)
    scene = array_scene(
        {"pan": light}, sensor=Sensor.OPTICAL, spacing_m=spacing_m, radiometry=Radiometry.REFLECTANCE, optical=view
    )
    (ship,) = detect(scene)[0].to_dict("records")
    assert ship["freeboard_m"] == pytest.approx(height_m, abs=0.5), ship["draught_evidence"]
