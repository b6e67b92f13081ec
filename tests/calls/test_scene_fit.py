"""How a scene displaces its ships: the geometries it can have, and a density that integrates to one."""

import numpy as np
import pytest

from pipeline.calls.scene_fit import SHIFTS_S, Components, Geometry, densities, possible_geometries


@pytest.mark.parametrize(
    ("said", "radar", "names"),
    [
        (None, False, {"none"}),
        ("ascending", False, {"none"}),
        ("ascending", True, {"ascending"}),
        ("descending", True, {"descending"}),
        (None, True, {"none", "ascending", "descending"}),
        (None, None, {"none", "ascending", "descending"}),
        ("ascending", None, {"none", "ascending"}),
    ],
)
def test_what_nobody_says_of_a_scene_stays_open_and_what_is_said_does_not(said, radar, names):
    options = possible_geometries(42.7, said, radar=radar)
    assert {option.name.split(",")[0] for option in options} == names
    assert len(options) == ("none" in names) + len(SHIFTS_S) * len(names - {"none"})


@pytest.mark.parametrize(("lat", "west_deg"), [(-42.7, 11.2), (0.0, 8.2), (42.7, 11.2), (60.0, 16.5)])
def test_a_radar_that_goes_north_looks_east_and_one_that_goes_south_looks_west(lat, west_deg):
    """Sentinel-1 looks to the right of its track; its inclination is 98.18 degrees: cos(i) = cos(lat) sin(heading)."""
    up, down = (possible_geometries(lat, name, radar=True)[0] for name in ("ascending", "descending"))
    assert up.flight[1] > 0.9
    assert up.look[0] > 0.9
    assert down.flight[1] < -0.9
    assert down.look[0] < -0.9
    assert np.degrees(np.arcsin([up.flight[0], down.flight[0]])) == pytest.approx([-west_deg] * 2, abs=0.1)


@pytest.mark.parametrize(("speed_m_s", "spread_s"), [(0.0, 30.0), (5.0, 0.0), (5.0, 30.0)])
def test_a_ship_is_somewhere_with_her_own_weight(speed_m_s, spread_s):
    """The density integrates to her weight, and its spread combines place, scene and clock in quadrature."""
    east = np.array([0.6 * speed_m_s])
    parts = Components(
        np.array([0]), *(np.zeros(1),) * 2, east, np.array([0.8 * speed_m_s]), np.array([40.0]), np.array([0.7])
    )
    step = 10.0
    off = np.arange(-1500, 1500, step)
    de, dn = (grid.reshape(-1, 1) for grid in np.meshgrid(off, off))
    density = densities(de, dn, parts, Geometry("none", spread_s=spread_s), 30.0) * step**2
    assert density.sum() == pytest.approx(0.7, rel=1e-3)
    variance = float((density * de**2).sum() / density.sum())
    assert variance == pytest.approx(40**2 + 30**2 + (spread_s * speed_m_s) ** 2, rel=1e-3)
