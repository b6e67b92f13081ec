"""Ghosts and stripes: flagged with their evidence where the radar itself explains an object, and nowhere else."""

from __future__ import annotations

import numpy as np

from pipeline.detection import detect
from pipeline.types import RadarView
from tests.builders import array_scene

VIEW = RadarView(
    slant_range_m=(np.array([0.0, 400.0]), np.array([850e3, 850e3])), wavelength_m=0.0555, prf_hz=(1700.0,),
    satellite_velocity_m_s=7500.0,
)  # fmt: skip
SHIFT = round(0.0555 * 850e3 * 1700 / (2 * 7500) / 10)


def sea(shape=(900, 300), seed=4):
    return np.random.default_rng(seed).gamma(4.4, 0.02 / 4.4, shape)


def found(image, **more):
    table, _ = detect(array_scene({"VV": image}, **({"tags": {"land": "none"}} | more)))
    return table


def at(table, row, col):
    return table.iloc[int(np.hypot(table["row"] - row, table["col"] - col).argmin())]


def test_a_ghost_names_its_source():
    image = sea()
    image[100:104, 150:165] = 40.0
    image[100 + SHIFT : 104 + SHIFT, 150:165] = 0.4  # 20 dB below
    ghost = at(found(image, radar=VIEW), 101.5 + SHIFT, 157)
    assert "azimuth_ghost" in ghost["flags"]
    assert not ghost["accepted"]
    assert "20 dB below the object at row 10" in ghost["flag_evidence"]
    assert "5.3" in ghost["flag_evidence"]
    assert "by the annotation" in ghost["flag_evidence"]


def test_bright_land_casts_ghosts_too():
    image, water = sea(), np.ones((900, 300), bool)
    image[:60, 100:200] = 30.0
    water[:60, 100:200] = False
    image[30 + SHIFT : 33 + SHIFT, 150:153] = 0.2
    image[700:703, 30:33] = 0.2  # no land there
    table = found(image, radar=VIEW, water=water)
    assert "azimuth_ghost" in at(table, 31 + SHIFT, 151)["flags"]
    assert "land" in at(table, 31 + SHIFT, 151)["flag_evidence"]
    assert "azimuth_ghost" not in at(table, 701, 31)["flags"]


def test_a_shift_is_learnt_where_no_annotation_tells_it():
    """Six ships with ghosts at one distance, and a boat elsewhere that is as faint as they."""
    image = sea((900, 900))
    for n in range(6):
        row, col = 40 + 50 * n, 60 + 140 * n
        image[row : row + 4, col : col + 15] = 20.0
        image[row + 470 : row + 474, col : col + 15] = 0.25
    image[850:853, 500:504] = 0.25
    table = found(image)
    assert table["accepted"].sum() == 7
    ghosts = table[[("azimuth_ghost" in f) for f in table["flags"]]]
    assert len(ghosts) == 6
    assert ghosts["flag_evidence"].str.contains("pairs in the image agree").all()


def test_a_line_of_faint_spots_is_interference():
    image = sea((600, 900))
    for col in range(20, 880, 60):
        image[300:302, col : col + 3] = 0.3
    image[100:104, 400:412] = 3.0
    table = found(image)
    assert table["accepted"].sum() == 1
    assert sum("interference" in f for f in table["flags"]) >= 10
