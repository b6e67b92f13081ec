import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pipeline.detection.optical.discs import dilate, open_with_disc, within_reach, within_steps


def blots(seed: int, share: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 70, 2)
    field = ndimage.gaussian_filter(rng.normal(size=shape), rng.uniform(0, 5))
    return field > np.quantile(field, 1 - share)


@given(st.integers(0, 10_000), st.floats(0.02, 0.98))
def test_grown_is_a_dilation_by_a_square(seed, share):
    mask = blots(seed, share)
    before = mask.copy()
    assert (dilate(mask) == ndimage.binary_dilation(mask, np.ones((3, 3)))).all()
    assert (mask == before).all()


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 10_000), st.floats(0.02, 0.98), st.floats(0.6, 25))
def test_near_and_opened_are_those_of_the_whole_distance_transform(seed, share, reach):
    mask = blots(seed, share)
    if mask.any():
        assert (within_reach(mask, reach) == (ndimage.distance_transform_edt(~mask) < reach)).all()
    radius = max(0.5, reach / 2)
    padded = np.pad(mask, 1, mode="edge")
    if not padded.all():
        core = ndimage.distance_transform_edt(padded)[1:-1, 1:-1] > radius
        expected = ndimage.distance_transform_edt(~core) < radius + 1 if core.any() else np.zeros_like(mask)
        assert (open_with_disc(mask, reach) == expected).all()


@settings(deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 0.98), st.integers(1, 9))
def test_steps_are_those_of_repeated_dilation(seed, share, reach):
    mask = blots(seed, share)
    assert (within_steps(mask, reach) == ndimage.binary_dilation(mask, iterations=reach)).all()


def test_nothing_is_near_nothing_and_everything_is_open_where_all_is_mask():
    assert not within_reach(np.zeros((5, 9), bool), 3.0).any()
    assert open_with_disc(np.ones((5, 9), bool), 40.0).all()
    assert not open_with_disc(np.zeros((5, 9), bool), 4.0).any()


@pytest.mark.parametrize("width", [3.0, 8.0, 17.0])
def test_a_disc_stays_and_a_strip_goes(width):
    i, j = np.mgrid[:60, :60]
    disc, strip = (i - 30) ** 2 + (j - 30) ** 2 <= (width / 2 + 1.5) ** 2, abs(i - 10) < width / 2 - 1
    left = open_with_disc(disc | strip, width)
    assert left[30, 30]
    assert not left[10].any()
