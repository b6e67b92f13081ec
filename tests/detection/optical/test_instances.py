"""From network output to hulls: a perfect output gives each hull once, however long or close to the next."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detection.optical.instances import OFFSET_UNIT_PX, find_instances


def network_output(boxes, shape=(120, 120)):
    """The perfect network output for rectangles (row0, col0, row1, col1)."""
    output = np.zeros((4, *shape), np.float32)
    output[:2] = -8
    rows, cols = np.mgrid[0 : shape[0], 0 : shape[1]]
    for row0, col0, row1, col1 in boxes:
        at = np.s_[row0:row1, col0:col1]
        middle = ((row0 + row1 - 1) / 2, (col0 + col1 - 1) / 2)
        output[(0, *at)] = 8
        output[(2, *at)] = (middle[0] - rows[at]) / OFFSET_UNIT_PX
        output[(3, *at)] = (middle[1] - cols[at]) / OFFSET_UNIT_PX
        bump = np.exp(-((rows - middle[0]) ** 2 + (cols - middle[1]) ** 2) / 5)
        output[1] = np.maximum(output[1], 16 * bump.astype(np.float32) - 8)
    return output


@pytest.mark.parametrize("length_px", [6, 20, 45])
def test_one_hull_is_one_instance(length_px):
    found = find_instances(network_output([(40, 30, 44, 30 + length_px)]))
    assert len(found) == 1
    assert len(found[0].rows) == 4 * length_px
    assert found[0].score > 0.9


def test_hulls_side_by_side_and_end_to_end_stay_apart():
    boxes = [(40, 30, 43, 50), (43, 30, 46, 50), (40, 50, 43, 70)]
    found = find_instances(network_output(boxes))
    assert sorted(len(f.rows) for f in found) == [60, 60, 60]


def test_nothing_said_nothing_found():
    assert find_instances(network_output([])) == []


def test_pixels_that_agree_on_no_centre_are_a_weaker_claim():
    sure = network_output([(40, 30, 44, 60)])
    torn = sure.copy()
    torn[3, 40:44, 30:60] += np.random.default_rng(0).normal(0, 6 / OFFSET_UNIT_PX, (4, 30)).astype(np.float32)
    best = max((f.score for f in find_instances(torn)), default=0.0)
    assert best < find_instances(sure)[0].score
