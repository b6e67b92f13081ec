"""The sidecar that people write by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.metadata.sidecar import read_sidecar
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor, utc
from tests.ingest.test_rasters import GRID, write


def test_a_key_that_stands_twice_is_refused(tmp_path):
    """Which of the two times it is cannot be known; YAML says the same."""
    (tmp_path / "x.json").write_text('{"acquired": "2024-03-07T12:00:00Z", "acquired": "2024-03-08T12:00:00Z"}')
    with pytest.raises(InputError, match=r"x\.json: key acquired appears twice"):
        read_sidecar(tmp_path / "x.tif")


def test_a_leap_second_is_a_time(tmp_path):
    """The last second of 2016 had number 60 (IERS Bulletin C 52); it belongs to 2016."""
    (tmp_path / "x.json").write_text('{"acquired": "2016-12-31T23:59:60Z"}')
    told, _ = read_sidecar(tmp_path / "x.tif")
    assert utc(told.acquired) == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"acquired": "2024-03-07", "scale": -1}', "acquired: write the time .*; scale: must be above 0; got -1$"),
        ('{"scale": "0,0001"}', "scale: must be a number such as .* a point before decimals; got 0,0001$"),
        (
            '{"sensor": "optic"}',
            r"sensor: must be sentinel-1, sentinel-2 or optical \(did you mean optical\?\); got optic$",
        ),
        ('{"bands": "BGRN"}', "bands: must be a list; got BGRN$"),
        ('{"crs": "UTM 53N"}', "crs: must be a coordinate system such as EPSG:32652; got UTM 53N$"),
        ('{"platform": "X", "sun_elevation": 40}', r"sun_elevation: no such key \(did you mean sun_elevation_deg\?\)$"),
        ('{"cloud_fraction": 25}', "cloud_fraction: must be at most 1; got 25$"),
        ('{"scales": [0.1, "x"]}', r"scales \(second entry\): must be a number; got x$"),
    ],
    ids=["two", "comma", "sensor", "list", "crs", "slip", "percent", "entry"],
)
def test_a_sidecar_is_refused_in_the_words_of_a_config(tmp_path, content, said):
    """They were those of the library that checks it: "Input should be greater than 0", "Extra inputs are not"."""
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(InputError, match=rf"^x\.json: {said}"):
        read_sidecar(tmp_path / "x.tif")


def test_a_file_whose_only_key_has_a_slip_says_what_may_be_meant(tmp_path):
    (tmp_path / "x.json").write_text('{"Aquired": "2024-03-07T12:00:00Z"}')
    assert read_sidecar(tmp_path / "x.tif") == (
        None,
        "x.json has no key of a sidecar; did you mean acquired? (ignored)",
    )
    (tmp_path / "x.json").write_text('{"counts": 3}')
    assert read_sidecar(tmp_path / "x.tif") == (None, "x.json has no key of a sidecar (ignored)")


@pytest.mark.parametrize(
    ("stem", "told"),
    [
        ("ICEYE_X2_GRD_SLEA_20240308T021000", {}),
        ("CAPELLA_C02_SM_GEO_HH_20240308021000", {}),
        ("GF3_KAS_FSII_001234_E132.9_N42.7_20240308_L1A_HH_L10001234567", {}),
        ("TERRASARX_20240308T021000", {}),
        ("CSKS4_GEC_B_HI_05_20240308021000", {}),
        ("scene", {"platform": "Gaofen-3"}),
        ("scene", {"platform": "TerraSAR-X"}),
        ("scene", {"bands": ["HH"]}),
    ],
)
def test_a_radar_is_not_taken_for_optical_for_want_of_its_sensor(tmp_path, stem, told):
    """Names as operators give them: as optical it would have a recall of 0.95 and clouds."""
    sea = np.random.default_rng(0).integers(20, 250, (60, 60)).astype(np.uint16)
    image = write(tmp_path / f"{stem}.tif", sea, crs="EPSG:32653", transform=GRID)
    beside, told = image.with_suffix(".json"), {"acquired": "2024-03-08T02:10:00Z"} | told
    beside.write_text(json.dumps(told))
    with pytest.raises(ConfigError, match=r'write \{"sensor": "sentinel-1"\}'):
        open_scene(image)
    beside.write_text(json.dumps(told | {"sensor": "sentinel-1"}))
    assert open_scene(image).sensor is Sensor.SENTINEL1


@pytest.mark.parametrize(
    ("stem", "told"),
    [
        ("hamburg_HH_20240308", {"sun_elevation_deg": 30.0}),
        ("hamburg_HH_20240308", {"bands": ["pan"]}),
        ("SARDINIA_20240308", {}),
        ("GF2_PMS1_E132.9_N42.7_20240308", {}),  # an optical one of the same family
        ("CAESAREA_20240308", {}),
    ],
)
def test_a_place_that_is_called_like_a_radar_is_none(tmp_path, stem, told):
    sea = np.random.default_rng(0).integers(20, 250, (60, 60)).astype(np.uint16)
    image = write(tmp_path / f"{stem}.tif", sea, crs="EPSG:32653", transform=GRID)
    image.with_suffix(".json").write_text(json.dumps({"acquired": "2024-03-08T02:10:00Z"} | told))
    assert open_scene(image).sensor is Sensor.OPTICAL
