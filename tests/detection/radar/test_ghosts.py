"""Ghosts and stripes: flagged, with evidence, only where the radar itself explains an object."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.detection import detect
from pipeline.detection.candidates import Candidate
from pipeline.detection.radar import ghosts
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
    image[700:703, 30:33] = 0.2  # there is no land there
    table = found(image, radar=VIEW, water=water)
    assert "azimuth_ghost" in at(table, 31 + SHIFT, 151)["flags"]
    assert "land" in at(table, 31 + SHIFT, 151)["flag_evidence"]
    assert "azimuth_ghost" not in at(table, 701, 31)["flags"]


def test_a_shift_is_learnt_where_no_annotation_tells_it():
    """Six ships with ghosts at one distance, and a boat elsewhere, as faint as the ghosts."""
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


LIGHT_M_S = 299_792_458.0


def flags_of(*objects, radar=None, shape=(3000, 3000), spacing_m=(10.0, 10.0)):
    """Flags and evidence of objects given as (row, col, dB over the sea) or (row, col, dB, length), on open sea."""
    candidates, blobs = [], []
    for row, col, power_db, *length in objects:
        length_m = length[0] if length else 20.0
        candidates.append(
            Candidate(
                row=row, col=col, length_m=length_m, length_lo_m=length_m, length_hi_m=length_m, beam_m=5.0,
                beam_lo_m=5.0, beam_hi_m=5.0, axis=(1.0, 0.0), axis_points_to_bow=False, outline=np.zeros((4, 2)),
                n_pixels=9, score=0.9, tanker_score=0.3, contrast_db=power_db, method="radar-cfar",
            )
        )  # fmt: skip
        blobs.append(SimpleNamespace(peak_db=power_db, relative=np.array([10 ** (power_db / 10)])))
    ends = [np.array([0, n]) for n in shape]
    blocks = SimpleNamespace(
        row_edges=ends[0], col_edges=ends[1], count=np.ones((1, 1)), brightest_any=np.zeros((1, 1))
    )
    known = SimpleNamespace(blocks=blocks, land=np.zeros((1, 1), bool))
    scene = SimpleNamespace(radar=radar, grid=None, pixel_spacing_m=spacing_m, shape=shape)
    return [(c.flags, c.evidence) for c in ghosts.flag_ghosts(candidates, blobs, known, scene)]


@pytest.mark.parametrize(
    ("share", "below_db", "is_ghost"), [(1, 28, True), (2, 28, False), (0.5, 28, False), (1, 20, False)]
)
def test_a_range_ghost_lies_half_a_pulse_interval_of_light_off(share, below_db, is_ghost):
    """An echo one pulse late has travelled c / PRF more there and back, half of it one way."""
    per_col_m, prf_hz = 100.0, 1700.0
    view = RadarView(slant_range_m=(np.array([0.0, 3000.0]), np.array([800e3, 1100e3])), prf_hz=(prf_hz,))
    cols = share * LIGHT_M_S / 2 / prf_hz / per_col_m
    source, ghost = flags_of((500, 200, 40), (505, 200 + cols, 40 - below_db), radar=view)
    assert "range_ghost" not in source[0]
    assert ("range_ghost" in ghost[0]) == is_ghost


def pairs(count, apart_rows, first_col):
    """Ships and their possible ghosts, 24 dB below, each pair in a column and rows of its own."""
    found = []
    for n in range(count):
        found += [(37 * n, first_col + 150 * n, 36), (37 * n + apart_rows, first_col + 150 * n, 12)]
    return found


def test_a_shift_is_learnt_only_where_no_other_has_a_third_of_its_votes():
    alone = flags_of(*pairs(6, 500, 100))
    assert all("6 pairs in the image agree" in evidence for _, evidence in alone[1::2])
    disputed = flags_of(*pairs(6, 500, 100), *pairs(3, 550, 1100))
    assert not any("pairs in the image agree" in evidence for _, evidence in disputed)
    assert "usual for Sentinel-1" in disputed[1][1]


@pytest.mark.parametrize(("off_m", "is_ghost"), [(0, True), (200, True), (260, False)])
def test_the_ghost_of_any_part_of_a_long_ship_is_hers(off_m, is_ghost):
    """Her brightest part may be her bow: the tolerance is half of her 300 m plus the reach."""
    shift_m = 0.0555 * 850e3 * 1700 / (2 * 7500)
    _, ghost = flags_of((100, 150, 40, 300.0), (100 + (shift_m + off_m) / 10, 150, 16), radar=VIEW)
    assert ("azimuth_ghost" in ghost[0]) == is_ghost


def test_many_faint_objects_everywhere_are_no_stripe():
    """As many per line as in a stripe, and as many beside it: a rough sea, or a fleet of boats."""
    rng = np.random.default_rng(2)
    crowd = [(row, col, 12) for row, col in rng.uniform(0, (400, 4000), (1200, 2))]
    line = [(205.0, col, 12) for col in np.linspace(5, 3995, 200)]
    assert not any("interference" in flags for flags, _ in flags_of(*crowd, shape=(400, 4000)))
    striped = flags_of(*crowd, *line, shape=(400, 4000))
    assert all("interference" in flags for flags, _ in striped[len(crowd) :])


SHIFT_M = 0.0555 * 850e3 * 1700 / (2 * 7500)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(("off_m", "is_ghost"), [(-85, True), (85, True), (-95, False), (95, False)])
@pytest.mark.parametrize("spacing_m", [(10.0, 10.0), (5.0, 20.0)])
def test_first_and_second_ghosts_lie_before_and_behind_within_the_reach(order, side, off_m, is_ghost, spacing_m):
    """The reach is 80 m along and across track, plus half of a source of 20 m."""
    along_m = side * order * SHIFT_M
    for rows_m, cols_m in ((along_m + side * off_m, 0.0), (along_m, off_m)):
        place = 1500 + rows_m / spacing_m[0], 150 + cols_m / spacing_m[1]
        _, ghost = flags_of((1500, 150, 40), (*place, 16), radar=VIEW, spacing_m=spacing_m)
        assert ("azimuth_ghost" in ghost[0]) == is_ghost


def test_what_is_fainter_than_any_ghost_of_a_source_is_none_of_hers():
    """RATIO_DB: ambiguities are suppressed by at most 45 dB."""
    for below_db, is_ghost in ((44, True), (46, False)):
        _, ghost = flags_of((1500, 150, 60), (1500 + SHIFT_M / 10, 150, 60 - below_db), radar=VIEW)
        assert ("azimuth_ghost" in ghost[0]) == is_ghost


@pytest.mark.parametrize("missing", ["slant_range_m", "wavelength_m", "satellite_velocity_m_s", "prf_hz"])
def test_an_annotation_that_lacks_what_a_shift_is_made_of_says_nothing_of_it(missing):
    view = replace(VIEW, **{missing: () if missing == "prf_hz" else None})
    _, ghost = flags_of((100, 150, 40), (100 + SHIFT_M / 10, 150, 16), radar=view)
    assert "usual for Sentinel-1" in ghost[1]


@pytest.mark.parametrize(("source_db", "object_db", "is_ghost"), [(40, 19, True), (45, 21, False), (38, 19, False)])
def test_where_only_a_usual_range_of_shifts_is_known_ghosts_are_faint_and_their_sources_bright(
    source_db, object_db, is_ghost
):
    """At most 20 dB over the sea, and at least 20 dB below the source."""
    _, ghost = flags_of((100, 150, source_db), (600, 150, object_db))
    assert ("azimuth_ghost" in ghost[0]) == is_ghost
    assert ("azimuth_ghost" in flags_of((100, 150, source_db), (600, 150, object_db), radar=VIEW)[1][0]) is False


def test_the_shift_of_most_pairs_is_learnt_beside_a_few_others_and_holds_there_alone():
    """Twelve pairs against three; a faint object not at a ghost's distance from any of them stays an object."""
    seen = flags_of(*pairs(3, 550, 2100), *pairs(12, 500, 100), (800, 100, 12))
    few, most, other = seen[1:6:2], seen[7:-1:2], seen[-1]
    assert all("12 pairs in the image agree" in evidence for _, evidence in most)
    assert not any(evidence for _, evidence in [*few, other])
