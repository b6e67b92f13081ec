"""A cut-out's tables, in its own lines and pixels, compared with those of the whole product."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.ingest.sentinel1.annotation import AzimuthNoise, Vector
from pipeline.ingest.sentinel1.calibration import Noise, Table
from pipeline.ingest.sentinel1.cutout import CUTOUT, Cut, cut_json, read_cut
from pipeline.types import Window

VECTORS = tuple(
    Vector(line, np.array([0.0, 17.0, 60.0, 99.0]), 100.0 + line + np.array([0.0, 9.0, 4.0, 30.0]))
    for line in (0.0, 13.0, 44.0, 79.0)
)
LINES, FACTORS = np.array([0.0, 11.0, 47.0, 79.0]), np.array([1.0, 1.7, 1.2, 2.0])
BLOCKS = (
    AzimuthNoise(0, 39, 0, 49, LINES, FACTORS),
    AzimuthNoise(40, 79, 0, 49, LINES, FACTORS + 1),
    AzimuthNoise(5, 79, 50, 99, LINES, 2 * FACTORS),
)


@pytest.mark.parametrize("row0", [0, 20, 39, 41])
@pytest.mark.parametrize("col0", [0, 30, 49, 50])
def test_noise_of_a_cut_out_is_that_of_the_same_pixels_of_the_whole(row0, col0):
    window = Window(row0, col0, 37, 45)
    cut = Cut(window, (80, 100), {})
    whole, part = Noise(Table(VECTORS), BLOCKS), Noise(Table(cut.vectors(VECTORS)), cut.blocks(BLOCKS))
    np.testing.assert_allclose(part.values(Window(0, 0, 37, 45)), whole.values(window), rtol=1e-6)


def test_factors_hold_on_the_first_and_the_last_line_and_pixel_of_their_block():
    """Bounds are included (Sentinel-1 Product Specification, noiseAzimuthVector)."""
    block = AzimuthNoise(3, 5, 2, 4, np.array([0.0]), np.array([2.0]))
    flat = Table((Vector(0.0, np.array([0.0]), np.array([1.0])),))
    doubled = np.argwhere(Noise(flat, (block,)).values(Window(0, 0, 8, 8)) == 2)
    assert (doubled.min(axis=0).tolist(), doubled.max(axis=0).tolist()) == ([3, 2], [5, 4])
    assert Noise(flat, (block,)).breaks(1).tolist() == [3, 6]


def described(window: Window) -> Cut | None:
    """What the description of a window of 80 x 100 pixels says after being written and read back."""
    text = cut_json(window, (80, 100), {}).decode()
    return read_cut(SimpleNamespace(sizes={CUTOUT: len(text)}, item=str, text=lambda _: text))


@pytest.mark.parametrize("window", [Window(0, 0, 80, 100), Window(79, 99, 1, 1)])
def test_a_window_of_the_image_comes_back(window):
    assert described(window) == Cut(window, (80, 100), {})


@pytest.mark.parametrize("window", [Window(41, 0, 40, 50), Window(0, 51, 40, 50), Window(-1, 0, 9, 9)])
def test_a_window_that_leaves_the_image_on_one_side_is_refused(window):
    with pytest.raises(InputError, match="its window leaves the image"):
        described(window)
