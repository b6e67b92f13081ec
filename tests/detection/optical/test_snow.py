"""Snow on land: recognised by its published index, excluded from an image's levels, grey to the hull network."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.optical import network, search
from pipeline.detection.optical.quay_recall import SNOW_RECALL
from pipeline.detection.optical.spectral import snow_as_ground
from pipeline.detection.optical.water import survey_levels
from pipeline.types import Radiometry, Sensor, Window
from tests.builders import array_scene, box_zone, place_of
from tests.detection.optical.ten_metre import QUAY_ROW, SHAPE, WATER, port

# Fresh snow as in spectral libraries: white in visible light, dark at 1.6 um
SNOW = {"B02": 0.82, "B03": 0.82, "B04": 0.80, "B08": 0.72, "B11": 0.09}


def snowed(share: float, names: tuple[str, ...] = tuple(SNOW)) -> dict[str, np.ndarray]:
    """The painted port with this share of its land, from the left, under snow."""
    painted = port()
    there = np.zeros(SHAPE, bool)
    there[QUAY_ROW + 4 :, : round(share * SHAPE[1])] = True
    return {name: np.where(there, SNOW[name], painted[name]) for name in names}


def scene_of(bands: dict[str, np.ndarray]):
    return array_scene(bands, sensor=Sensor.SENTINEL2, radiometry=Radiometry.REFLECTANCE)


def test_snow_does_not_change_what_the_image_calls_land():
    bare, white = (survey_levels(scene_of(snowed(share)), 512) for share in (0.0, 0.6))
    assert bare.snow == 0.0
    assert white.snow == pytest.approx(0.6, abs=0.05)
    np.testing.assert_allclose(white.land, bare.land, rtol=0.1)
    np.testing.assert_allclose(white.water, bare.water, rtol=0.1)


def test_snow_is_shown_as_grey_ground_and_nothing_else_changes():
    scene, bare = scene_of(snowed(0.6)), scene_of(port())
    levels = survey_levels(scene, 512)
    whole = Window(0, 0, *SHAPE)
    shown, painted = snow_as_ground(scene.read(whole), levels, scene.radiometry), bare.read(whole)
    np.testing.assert_array_equal(shown.data[:, :QUAY_ROW], painted.data[:, :QUAY_ROW])
    np.testing.assert_array_equal(shown.data[:, :, 160:], painted.data[:, :, 160:])
    np.testing.assert_allclose(shown.data[:, QUAY_ROW + 6 :, :140], levels.land[3], rtol=1e-6)


@pytest.mark.parametrize(("share", "seen"), [(0.3, True), (0.8, False)])
def test_a_berth_is_seen_by_half_where_most_of_the_land_is_white(share, seen):
    pytest.importorskip("onnxruntime", reason="the hull network needs ONNX Runtime")
    scene = scene_of(snowed(share))
    (west, south), (east, north) = (scene.geolocation.lonlat(*at) for at in ((150, 60), (140, 130)))
    _, diagnostics = detect(scene, place=place_of(box_zone("berth", west, south, east, north)))
    assert diagnostics["zone_covered"]["berth"] == pytest.approx(1.0 if seen else SNOW_RECALL, abs=0.05)
    assert {row["verdict"] for row in diagnostics["berths"]} <= {"occupied", "empty" if seen else "unknown"}
    assert any("of the land hides ships" in line for line in diagnostics["unknown"]) != seen


def test_without_short_wave_infrared_white_ground_may_be_concrete():
    scene = scene_of(snowed(0.6, ("B02", "B03", "B04", "B08")))
    tile = scene.read(Window(0, 0, *SHAPE))
    levels = survey_levels(scene, 512)
    assert levels.snow == 0.0
    assert snow_as_ground(tile, levels, scene.radiometry) is tile


def test_ice_cloud_over_mapped_water_is_no_snow_on_land():
    """Ice cloud is as white as snow, and as dark at 1.6 um."""
    bands = port()
    row, col = np.ogrid[: SHAPE[0], : SHAPE[1]]
    ice = (row < 100) & (col >= 0)
    bands = {name: np.where(ice, SNOW[name], light) for name, light in bands.items()}
    settings = {"sensor": Sensor.SENTINEL2, "radiometry": Radiometry.REFLECTANCE}
    water = np.broadcast_to(row < QUAY_ROW, SHAPE)
    assert survey_levels(array_scene(bands, water=water, **settings), 512).snow == 0.0
    assert survey_levels(array_scene(bands, **settings), 512).snow > 0.4  # without a map it may lie on land


def test_a_handful_of_white_pixels_is_no_snowy_land():
    """Thirty pixels of 57,600, on a mole without other land."""
    bands = {name: np.where(np.indices(SHAPE)[0] < QUAY_ROW, light, WATER[name]) for name, light in port(()).items()}
    for name, light in bands.items():
        light[200:205, 100:106] = SNOW[name]
    assert survey_levels(scene_of(bands), 512).snow == 0.0


def test_what_the_network_is_shown_does_not_depend_on_tiles(monkeypatch):
    """Snow depends on a pixel's neighbours, so those of a tile's outermost pixels are read as well."""
    pytest.importorskip("onnxruntime", reason="the hull network needs ONNX Runtime")
    drift = np.random.default_rng(0).random((480, 480)) < 0.5
    thin = SNOW | {"B11": 0.2}  # snow only where neighbours are bright
    scene = scene_of({name: np.where(drift, thin[name], np.tile(light, (2, 2))) for name, light in port().items()})
    whole = snow_as_ground(scene.read(Window(0, 0, 480, 480)), survey_levels(scene, 512), scene.radiometry).data
    shown = []
    monkeypatch.setattr(search, "ScaledView", lambda tile, _: tile)
    monkeypatch.setattr(search, "counts_without_network", lambda *_: False)
    monkeypatch.setattr(search, "network_candidates", lambda *a, **_: shown.append((a[2].core, a[3])) or [])
    detect(scene, config=DetectionConfig(tile_px=320))
    for core, tile in shown:
        seen = core.padded(network.HALO_PX, scene.shape)
        r, c = seen.row0 - tile.window.row0, seen.col0 - tile.window.col0
        cut = np.s_[:, seen.row0 : seen.row1, seen.col0 : seen.col1]
        np.testing.assert_array_equal(tile.data[:, r : r + seen.rows, c : c + seen.cols], whole[cut])
    assert len(shown) == 4
