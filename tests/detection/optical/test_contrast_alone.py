"""Coarse pixels without the hull network: a quay where contrast finds nothing may have a ship, and is unknown."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detection import detect
from pipeline.detection.optical import merging, network
from pipeline.detection.optical.quay_recall import LOW_SUN_RECALL
from pipeline.types import OpticalView, Radiometry, Sensor
from tests.builders import array_scene, box_zone, place_of
from tests.detection.optical.ten_metre import ALONGSIDE, AT_ANCHOR, port

CAUSE = "only contrast finds ships"


def a_look(monkeypatch, *, sensor, spacing_m=10.0, runtime=True, ships=(ALONGSIDE, AT_ANCHOR), sun_deg=None):
    """What a picture of the painted port says about its berth and its anchorage."""
    if not runtime:
        monkeypatch.setattr(network, "is_available", lambda: False)
    settings = {"radiometry": Radiometry.REFLECTANCE, "optical": OpticalView(sun_elevation_deg=sun_deg)}
    scene = array_scene(port(ships), sensor=sensor, spacing_m=spacing_m, **settings)
    corners = [scene.geolocation.lonlat(*at) for at in ((150, 60), (140, 130), (100, 100), (20, 220))]
    (w, s), (e, n), (aw, a_s), (ae, an) = corners
    place = place_of(box_zone("berth", w, s, e, n), box_zone("roads", aw, a_s, ae, an, kind="anchorage"))
    return detect(scene, place=place)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ({"sensor": Sensor.OPTICAL, "spacing_m": 8.0}, "trained on Sentinel-2 only"),
        ({"sensor": Sensor.SENTINEL2, "spacing_m": 20.0}, "trained on pixels of 5 to 15 m"),
        ({"sensor": Sensor.SENTINEL2, "runtime": False}, "ONNX Runtime"),
    ],
    ids=["another satellite", "pixels of 20 m", "no runtime"],
)
def test_a_berth_is_not_seen_and_open_water_is(monkeypatch, case, why):
    """Contrast finds five in a hundred labelled ships at quays (docs/accuracy_optical.md), so it may be occupied."""
    table, diagnostics = a_look(monkeypatch, **case)
    assert diagnostics["zone_covered"]["berth"] == 0.0
    assert diagnostics["zone_covered"]["roads"] > 0.9
    (line,) = [line for line in diagnostics["unknown"] if CAUSE in line]
    assert why in line
    assert line in diagnostics["notes"]
    at_anchor = np.hypot(table["row"] - AT_ANCHOR[0], table["col"] - AT_ANCHOR[1]) < 3
    assert table.loc[at_anchor, "accepted"].any()


@pytest.mark.parametrize(
    "case",
    [{"sensor": Sensor.SENTINEL2}, {"sensor": Sensor.OPTICAL, "spacing_m": 3.0}],
    ids=["the network looks", "fine pixels"],
)
def test_where_hulls_are_told_a_berth_is_seen(monkeypatch, case):
    pytest.importorskip("onnxruntime", reason="the hull network needs ONNX Runtime")
    _, diagnostics = a_look(monkeypatch, ships=(), **case)
    assert diagnostics["zone_covered"]["berth"] > 0.9
    assert not [line for line in diagnostics["unknown"] if CAUSE in line]


@pytest.mark.parametrize(
    ("spacing_m", "squashed"),
    [((10.0, 4.2), True), ((4.2, 10.0), True), ((10.0, 6.0), True), ((10.0, 7.5), False)],
    ids=["degrees at 65 north", "turned by a quarter", "degrees at 53 north", "degrees at 41 north"],
)
def test_a_berth_in_squashed_pixels_is_not_seen(monkeypatch, spacing_m, squashed):
    """A grid in degrees has pixels cos(latitude) as wide as high; the networks were trained on square ones."""
    pytest.importorskip("onnxruntime", reason="the hull network needs ONNX Runtime")
    _, diagnostics = a_look(monkeypatch, sensor=Sensor.SENTINEL2, spacing_m=spacing_m, ships=())
    assert (diagnostics["zone_covered"]["berth"] == 0.0) == squashed
    assert diagnostics["zone_covered"]["roads"] > 0.9
    assert bool([line for line in diagnostics["unknown"] if "hulls look squashed" in line]) == squashed


@pytest.mark.parametrize(("sun_deg", "low"), [(8.0, True), (22.0, False), (None, False)])
def test_a_berth_at_a_low_sun_is_seen_in_part(monkeypatch, sun_deg, low):
    """A shed 12 m high throws a shadow of 12 / tan(8 degrees) = 85 m over quay and berth. A ship found there still
    counts, so the look must count as well, by its recall."""
    pytest.importorskip("onnxruntime", reason="the hull network needs ONNX Runtime")
    table, diagnostics = a_look(monkeypatch, sensor=Sensor.SENTINEL2, sun_deg=sun_deg)
    assert diagnostics["zone_covered"]["berth"] == pytest.approx(LOW_SUN_RECALL if low else 1.0, abs=0.05)
    assert diagnostics["zone_covered"]["roads"] > 0.9
    assert bool([line for line in diagnostics["unknown"] if "the sun stood 8 degrees high" in line]) == low
    (berth,) = diagnostics["berths"]
    assert berth["verdict"] == "occupied"
    assert table["accepted"].sum() == 2


@pytest.mark.parametrize("cloudy", [False, True])
def test_what_contrast_alone_sees_near_a_cloud_needs_the_network(monkeypatch, cloudy):
    """Without the network's support an object beside a cloud may be a shred of it; in a clear sky it is a ship."""
    monkeypatch.setattr(merging, "detect_hulls", lambda *_, **__: [])
    row, col = np.ogrid[:240, :240]
    cloud = ((row - 40) ** 2 + (col - 50) ** 2 < 20**2) & cloudy
    bands = {name: np.where(cloud, 0.5, light) for name, light in port((AT_ANCHOR,)).items()}
    table, _ = detect(array_scene(bands, sensor=Sensor.SENTINEL2, radiometry=Radiometry.REFLECTANCE))
    (found,) = table[np.hypot(table["row"] - AT_ANCHOR[0], table["col"] - AT_ANCHOR[1]) < 4].to_dict("records")
    assert found["accepted"] != cloudy
    assert ("not_confirmed" in found["flags"]) == cloudy
