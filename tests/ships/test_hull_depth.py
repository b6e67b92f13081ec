"""Depth of a hull by her length: the published lines, and what short hulls have in place of them."""

import numpy as np
import pytest

from pipeline.ships.hull_depth import usual_depth_m


@pytest.mark.parametrize("length_m", [55.0, 80.0, 110.0, 180.0])
def test_depth_is_the_mean_of_both_published_lines(length_m):
    """Danish Maritime Authority: chemical tankers 0.0775 L - 0.4337, products tankers 0.0958 L - 1.3162."""
    chemical, products = 0.0775 * length_m - 0.4337, 0.0958 * length_m - 1.3162
    assert usual_depth_m(length_m) == pytest.approx((chemical + products) / 2)


def test_depth_of_a_short_hull_is_a_depth():
    """The published lines have 0.2 m for 12 m; no hull is so flat: length over depth of ships is 8 to 16."""
    lengths = np.linspace(10, 110, 201)
    depths = np.array([usual_depth_m(m) for m in lengths])
    assert (np.diff(depths) > 0).all()
    assert (lengths / depths > 6).all()
    assert (lengths / depths < 16).all()
