"""Calibration and noise tables at their ends, where the format's own rules replace interpolation."""

import numpy as np
import pytest

from pipeline.ingest.sentinel1.annotation import AzimuthNoise, Vector
from pipeline.ingest.sentinel1.calibration import Noise, Table, fill_zero_noise
from pipeline.types import Window


def test_beyond_the_first_and_the_last_line_of_a_table_their_values_hold():
    pixel = np.array([0, 9])
    table = Table((Vector(10, pixel, np.array([1.0, 1.0])), Vector(20, pixel, np.array([2.0, 4.0]))))
    values = table.values(Window(0, 0, 31, 10))
    np.testing.assert_allclose(values[[0, 9, 15, 21, 30], -1], [1, 1, 2.5, 4, 4])


@pytest.mark.parametrize(("line", "power"), [(10, 5.0), (26, 9.0)])
def test_a_zero_among_noise_takes_the_power_of_the_nearest_line(line, power):
    pixel = np.array([0, 9])
    known = Vector(6, pixel, np.array([5.0, 5.0])), Vector(30, pixel, np.array([9.0, 9.0]))
    mended = fill_zero_noise((known[0], Vector(line, pixel, np.array([7.0, 0.0])), known[1]))[1]
    assert mended.value.tolist() == [7.0, power]


def test_a_block_of_azimuth_noise_holds_from_its_first_to_its_last_line_and_pixel():
    """Both ends are included, whichever window is read; its factors are by line of the whole image."""
    table = Table((Vector(0, np.array([0, 99]), np.array([10.0, 10.0])),))
    block = AzimuthNoise(20, 29, 40, 49, np.array([20, 29]), np.array([2.0, 3.8]))
    noise = Noise(table, (block,))
    assert {*noise.breaks(8).tolist()} == {20, 30}
    expected = np.full((60, 100), 10.0)
    expected[20:30, 40:50] = 10 * (2 + 0.2 * np.arange(10))[:, None]
    for window in (Window(0, 0, 60, 100), Window(15, 35, 20, 20), Window(24, 44, 3, 3)):
        part = np.s_[window.row0 : window.row1, window.col0 : window.col1]
        np.testing.assert_allclose(noise.values(window), expected[part], rtol=1e-6)
