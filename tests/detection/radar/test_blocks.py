"""The single pass over a scene: sums against plain arithmetic, whatever the tiles, threads, orientation or storage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, special, stats

from pipeline.detection.radar import blocks
from pipeline.detection.radar.blocks import LN_STEP, NOTHING, SHORT_LN, Blocks, _add_row, edges, scan
from pipeline.detection.radar.clutter import CENSOR, CENSOR_SMALL, local_clutter, ring
from pipeline.types import Counts, Tile, Window
from tests.builders import array_scene

SHAPE = (531, 219)
WEIGHTS = np.array([3.0, 40.0])
FIELDS = ("count", "log_sum", "square_sum", "brightest", "brightest_any")


def bands(seed=0):
    rng = np.random.default_rng(seed)
    vv, vh = (rng.gamma(4.4, mean / 4.4, SHAPE).astype(np.float32) for mean in (0.02, 0.004))
    vv[100:130, 50:90] = np.nan
    return {"VV": vv, "VH": vh}


def blocks_of(arrays, water=None, threads=1, strip_px=4_000_000):
    return scan(array_scene(arrays, water=water), WEIGHTS, 8, strip_px=strip_px, threads=threads)


def same(a: Blocks, b: Blocks) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in FIELDS)


def test_sums_are_those_of_plain_arithmetic():
    arrays, water = bands(), np.ones(SHAPE, bool)
    water[300:, 100:] = False
    found = blocks_of(arrays, water)
    joint = 3.0 * arrays["VV"] + 40.0 * arrays["VH"]
    for i in range(len(found.row_edges) - 1):
        for j in range(len(found.col_edges) - 1):
            cut = np.s_[found.row_edges[i] : found.row_edges[i + 1], found.col_edges[j] : found.col_edges[j + 1]]
            values = joint[cut][water[cut] & np.isfinite(joint[cut])]
            assert found.count[i, j] == len(values)
            if not len(values):
                assert found.brightest[i, j] == NOTHING
                continue
            log = np.log(values)
            assert found.log_sum[i, j] * LN_STEP / len(values) == pytest.approx(log.mean(), abs=0.01)
            assert found.brightest[i, j] * LN_STEP == pytest.approx(log.max(), abs=0.02)
            variance = found.square_sum[i, j] / len(values) - (found.log_sum[i, j] / len(values)) ** 2
            assert variance * LN_STEP**2 == pytest.approx(log.var(), abs=0.01, rel=0.03)
    assert (found.brightest_any[40:, 14:] > NOTHING).all()  # land is recorded too


def test_a_logarithm_in_steps_hardly_falls_short():
    """Over two octaves with 128 steps each: rounding makes nothing brighter than a threshold be missed."""
    power = (1 + np.arange(1 << 15) / (1 << 14)).astype(np.float32)
    columns, yes = np.zeros((5, len(power)), np.int32), np.ones(len(power), np.int32)
    _add_row(power.view(np.int32), yes, yes, columns)
    short = np.log(power.astype(float)) - columns[1] * LN_STEP
    assert short.max() < SHORT_LN
    assert short.min() > -0.005


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("strip_px", [1, 300_000])
def test_strips_and_threads_leave_no_trace(threads, strip_px):
    assert same(blocks_of(bands()), blocks_of(bands(), threads=threads, strip_px=strip_px))


@pytest.mark.parametrize("water", [None, np.arange(SHAPE[1]) % 40 > 9], ids=["sea", "islands"])
@pytest.mark.parametrize("sides", [(512, 50), (64, 8), (100, 219)])
def test_pieces_leave_no_trace(monkeypatch, sides, water):
    """Their borders may cross blocks, which are then summed from both."""
    water = None if water is None else np.broadcast_to(water, SHAPE)
    whole = blocks_of(bands(), water)
    monkeypatch.setattr(blocks, "STRIP_ROWS", sides[0])
    monkeypatch.setattr(blocks, "PIECE_COLS", sides[1])
    assert same(whole, blocks_of(bands(), water))


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_image_has_turned_blocks(turns):
    arrays = bands()
    here = blocks_of(arrays)
    there = blocks_of({name: np.rot90(band, turns).copy() for name, band in arrays.items()})
    for name in FIELDS:
        assert np.array_equal(getattr(there, name), np.rot90(getattr(here, name), turns))


@pytest.mark.parametrize("cols", [50, 4096])
def test_stored_amplitudes_count_as_their_powers(monkeypatch, cols):
    """The fast path for 16-bit numbers, with varying noise and gain, against the general path by tiles."""
    monkeypatch.setattr(blocks, "PIECE_COLS", cols)
    rng = np.random.default_rng(1)
    stored = np.sqrt(rng.gamma(4.4, 900.0, (2, *SHAPE))).astype(np.uint16)
    stored[:, 5, 7] = 0
    scale = np.linspace(1e-5, 2e-5, 2 * SHAPE[1], dtype=np.float32).reshape(2, 1, -1)
    noise = np.full_like(scale, 300.0)

    class Reader:
        def __call__(self, window):
            cut = stored[:, window.row0 : window.row1, window.col0 : window.col1]
            data = np.maximum(scale[:, :, window.col0 : window.col1] * (cut.astype(np.float32) ** 2 - 300.0), 1e-5)
            data[cut == 0] = np.nan
            return Tile(window, ("VV", "VH"), data, np.isfinite(data).all(axis=0), np.ones(cut.shape[1:], bool))

    class ShortReader(Reader):
        def counts(self, window):
            cols = np.s_[..., window.col0 : window.col1]
            here = stored[:, window.row0 : window.row1][cols]
            strip = np.zeros(window.rows, np.int32)
            return Counts(here, scale[cols], noise[cols], strip, 1e-5, None, 0.01 if window.row0 else 0.0)

    scene = array_scene(bands())
    long, short = (
        scan(replace(scene, read=reader()), WEIGHTS, 8, strip_px=1, threads=1) for reader in (Reader, ShortReader)
    )
    assert np.array_equal(long.count, short.count)
    assert (long.coarse_ln, short.coarse_ln) == (0.0, 0.01)  # as coarse as its coarsest part
    assert np.abs(long.brightest - short.brightest).max() <= 1  # rounding in the last bit
    assert np.abs(long.log_sum - short.log_sum).max() <= 64


def test_blocks_are_symmetric_and_whole():
    for length in (1, 7, 8, 9, 24, 31, 100, 531):
        steps = np.diff(edges(length, 8))
        assert steps.sum() == length
        assert np.array_equal(steps, steps[::-1])
        assert length < 8 or (steps[[0, -1]] == 8).all() or len(steps) == 1


def test_a_ring_is_the_sea_between_two_rectangles():
    rng = np.random.default_rng(0)
    grid = (41, 37)
    found = Blocks(
        edges(grid[0] * 8, 8), edges(grid[1] * 8, 8), rng.integers(0, 65, grid).astype(np.int32),
        rng.integers(-900, 900, grid).astype(np.int32), rng.integers(900_000, 990_000, grid).astype(np.int64),
        np.zeros(grid, np.int32), np.zeros(grid, np.int32),
    )  # fmt: skip
    sea = rng.random(grid) > 0.2
    mean, variance = ring(found, sea, (3, 5), (7, 12), threads=2)
    for r, c in ((0, 0), (20, 20), (40, 36), (3, 30)):
        part = np.zeros(grid, bool)
        part[max(0, r - 7) : r + 8, max(0, c - 12) : c + 13] = True
        part[max(0, r - 3) : r + 4, max(0, c - 5) : c + 6] = False
        part &= sea
        n = found.count[part].sum()
        middle = found.log_sum[part].sum() / n
        assert mean[r, c] == pytest.approx(middle * LN_STEP, rel=1e-4, abs=1e-6)
        expected = found.square_sum[part].sum() / n - middle**2
        assert variance[r, c] == pytest.approx(expected * LN_STEP**2, rel=1e-4)


def test_windows_know_their_blocks():
    found = blocks_of(bands())
    rows, cols = found.blocks_of_pixels(Window(100, 30, 50, 60))
    assert found.within(Window(100, 30, 50, 60)) == (slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1))
    assert (found.row_edges[rows] <= np.arange(100, 150)).all()
    assert (np.arange(100, 150) < found.row_edges[rows + 1]).all()
    assert (found.col_edges[cols] <= np.arange(30, 90)).all()


def clutter_of(power, side, guard, background):
    """The clutter of a picture whose usual sea power is 1."""
    found = scan(array_scene({"VV": power}), np.array([1.0]), side, strip_px=4_000_000, threads=1)
    return local_clutter(found, np.ones(found.count.shape, bool), guard, background, threads=1)


def speckle(shape, seed=0):
    return np.random.default_rng(seed).gamma(4.4, 1 / 4.4, shape)


@pytest.mark.parametrize("over_db", [17.0, 30.0])
def test_ships_in_the_ring_tell_nothing_of_the_sea(over_db):
    """Nor does the reach of their light: the sea is as without them, and speckle's logarithm has variance psi'(4.4)."""
    plain = speckle((400, 400))
    ships = plain.copy()
    for row, col in np.ndindex(4, 4):
        top, left = 50 + 90 * row, 40 + 90 * col
        ships[top - 2 : top + 6, left - 2 : left + 22] *= 4.0
        ships[top : top + 4, left : left + 20] = plain[top : top + 4, left : left + 20] * 10 ** (over_db / 10)
    bare, clutter = (clutter_of(power, 8, (4, 4), (9, 9)) for power in (plain, ships))
    np.testing.assert_allclose(clutter.log_mean, bare.log_mean, atol=0.05)
    assert np.median(clutter.log_variance) == pytest.approx(special.polygamma(1, 4.4), rel=0.05)
    assert not clutter.sea[50 // 8, 40 // 8 : 60 // 8].any()


@pytest.mark.parametrize("over_db", [10.0, 17.0])
def test_a_ship_over_a_tenth_of_a_small_picture_tells_nothing_of_its_sea(over_db):
    power = speckle((60, 60))
    power[20:38, 20:40] *= 10 ** (over_db / 10)
    clutter = clutter_of(power, 2, (-1, -1), (40, 40))
    assert np.median(clutter.log_mean) == pytest.approx(special.digamma(4.4) - np.log(4.4), abs=0.05)
    assert np.median(clutter.log_variance) == pytest.approx(special.polygamma(1, 4.4), rel=0.1)


def test_what_is_too_bright_to_be_sea_is_so_rare_in_it():
    """By the integral of the K law of order 1.5 and 4.4 looks, and by the gamma law for pictures without texture."""
    looks, order = 4.4, 1.5
    geometric = np.exp(special.digamma(looks) - np.log(looks) + special.digamma(order) - np.log(order))

    def beyond(texture):
        return stats.gamma.pdf(texture, order, scale=1 / order) * stats.gamma.sf(
            CENSOR * geometric / texture, looks, scale=1 / looks
        )

    assert 1e-6 < integrate.quad(beyond, 0, 40, points=[1, 5, 15])[0] < 1e-5
    assert stats.gamma.sf(CENSOR_SMALL * np.exp(special.digamma(looks)), looks) < 1e-6


def test_the_sea_is_known_from_a_hundredth_of_a_ring():
    """81 blocks of 64 pixels without the central block: 51 pixels."""
    grid = (9, 9)
    zeros = np.zeros(grid, np.int32)
    for pixels, known in ((50, False), (51, True)):
        count = zeros.copy()
        count[4, 8] = pixels
        found = Blocks(edges(72, 8), edges(72, 8), count, zeros, zeros.astype(np.int64), zeros, zeros)
        mean, _ = ring(found, np.ones(grid, bool), (0, 0), (4, 4), threads=1)
        assert np.isfinite(mean[4, 4]) == known
