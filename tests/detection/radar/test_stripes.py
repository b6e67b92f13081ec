"""Image lines filled by another transmitter, and ships in line that are no such stripe."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.detection import detect
from pipeline.detection.radar import stripes
from tests.builders import array_scene

LOOKS = 4.4
SHIPS = ((150, 200, 4, 18), (420, 600, 20, 3))  # row, col, rows, cols


def sea(*, ships=SHIPS, seed=2, shape=(600, 800)):
    """Speckle of mean 1, with ships of 20 dB blurred as by the sensor."""
    rng = np.random.default_rng(seed)
    level = np.ones(shape)
    for row, col, rows, cols in ships:
        level[row : row + rows, col : col + cols] = 100.0
    return gaussian_filter(level, 0.93) * rng.gamma(LOOKS, 1 / LOOKS, shape)


def with_stripe(image, over_db, *, row=300, rows=3, cols=slice(0, 800), seed=3):
    rng = np.random.default_rng(seed)
    out = image.copy()
    noise = rng.gamma(LOOKS, 1 / LOOKS, (rows, image.shape[1]))
    out[row : row + rows, cols] += (10 ** (over_db / 10) * np.sqrt(noise * np.roll(noise, 1, 1)))[:, cols]
    return out


@pytest.mark.parametrize("turned", [False, True], ids=["row", "column"])
@pytest.mark.parametrize("over_db", [11.0, 20.0])
def test_a_stripe_gives_no_ships_and_takes_none_elsewhere(over_db, turned):
    image = with_stripe(sea(), over_db)
    table, diagnostics = detect(array_scene({"VV": image.T.copy() if turned else image}))
    accepted = table[table["accepted"]]
    assert len(accepted) == len(SHIPS)
    line = table["col" if turned else "row"]
    of_stripe = table[(line - 301).abs() < 4]
    assert len(of_stripe)
    assert all("interference" in flags for flags in of_stripe["flags"])
    assert any("stripes of interference" in note for note in diagnostics["notes"])


def test_ships_in_line_are_no_stripe():
    """Six ships of 240 m heading along one row, 60 m apart: a hull's breadth and blur reach the adjacent lines."""
    ships = tuple((300, 100 + 30 * n, 4, 24) for n in range(6))
    table, diagnostics = detect(array_scene({"VV": sea(ships=ships)}))
    assert not any("interference" in flags for flags in table["flags"])
    assert not any("stripes" in note for note in diagnostics["notes"])


def test_a_line_at_a_shore_is_no_stripe():
    """Barges at a quay lie like that. Sea is required 160 m off on both sides; here one side is land, 100 m off."""
    image = with_stripe(sea(ships=()), 20.0)
    for quay, is_stripe in ((None, True), (312, False)):
        water = np.ones(image.shape, bool)
        water[quay:] = quay is None
        table, _ = detect(array_scene({"VV": image}, water=water))
        assert any("interference" in flags for flags in table["flags"]) == is_stripe


@pytest.mark.parametrize("spacing_m", [(10.0, 10.0), (5.0, 20.0)])
def test_what_is_striped_is_as_counted_line_by_line(spacing_m):
    """84 pixels of 10 m in 5 km of a line, and five times as many as 30 to 50 m beside it, counted over the image."""
    rng = np.random.default_rng(1)
    density = rng.choice([0.0, 0.02, 0.1, 0.2, 0.4], 60, p=[0.4, 0.3, 0.1, 0.1, 0.1])
    bright = rng.random((60, 900)) < density[:, None]
    half = round(2500 / spacing_m[1])
    sums = np.array([np.convolve(line, np.ones(2 * half + 1))[half : half + 900] for line in bright])
    near, far = (round(m / spacing_m[0]) for m in (30, 50))
    padded = np.pad(sums, ((far, far), (0, 0)))
    beside = np.mean([padded[far + s * n :][:60] for n in range(near, far + 1) for s in (-1, 1)], axis=0)
    truth = (sums * spacing_m[1] >= 840) & (sums >= 5 * beside)
    row, col = np.nonzero(bright)
    found = stripes._is_on_stripe(row, col, 900, spacing_m)
    assert np.array_equal(found, truth[bright])
    assert 0.05 < found.mean() < 0.95
