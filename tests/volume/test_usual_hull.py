"""The hull by which a load is read where a table does not state one."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.volume.capacity import tanker_regression
from pipeline.volume.usual_hull import hull_for_loads


@pytest.mark.parametrize("dwt_t", [1300.0, 4500.0, 6500.0, 40_000.0])
def test_the_usual_hull_carries_the_deadweight_it_was_asked_for(dwt_t):
    hull = hull_for_loads({"dwt_p50_t": dwt_t})
    back = np.exp(tanker_regression().log_dwt(np.array(hull.length_m), np.array(hull.beam_m)))
    assert back == pytest.approx(dwt_t, rel=0.01)
    assert not hull.stated


def test_published_ships_have_nearly_the_usual_hull():
    """YN Yeosu, 6,500 t: 109.4 x 18.2 m; Etsuzan Maru No. 8, 1,295 t: 65.0 x 10.95 m (docs/volume.md)."""
    for dwt_t, length_m, beam_m in ((6500.0, 109.4, 18.2), (1295.0, 65.0, 10.95)):
        hull = hull_for_loads({"dwt_p50_t": dwt_t})
        assert abs(np.log(hull.length_m * hull.beam_m / (length_m * beam_m))) < 2 * hull.log_sd


def test_what_is_stated_stays_and_nothing_known_is_no_hull():
    stated = hull_for_loads({"length_m": 98.0, "beam_m": 15.8, "hull_log_sd": 0.04, "dwt_p50_t": 900.0})
    assert (stated.length_m, stated.beam_m, stated.log_sd, stated.stated) == (98.0, 15.8, 0.04, True)
    half = hull_for_loads({"length_m": 98.0, "beam_m": np.nan, "dwt_p50_t": 900.0})
    assert half.length_m == 98.0
    assert half.beam_m == pytest.approx(15.8, rel=0.1)
    assert hull_for_loads({"length_m": None, "beam_m": None, "dwt_p50_t": np.nan}) is None
