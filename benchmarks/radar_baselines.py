"""Two published rules for ships in radar images, re-implemented for comparison in one run.

- Global Fishing Watch (Paolo et al., Nature 2024; their notes on the detection footprint): a pixel is bright where it
  exceeds the mean of a ring by 22 of its standard deviations; inner and outer window 140 and 200 m, or 600 m out.
- SNAP's adaptive thresholding: target, guard and background windows of 50, 500 and 800 m, false-alarm rate 10^-6.5
  under Gaussian statistics; objects outside 30 to 600 m are dropped; sizes are those of the bounding box.

A pixel bright in either polarisation is bright. Ghosts are kept: neither rule handles them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, special


@dataclass(frozen=True)
class Found:
    """What a rule found: centres [px] and lengths [m]."""

    row: np.ndarray
    col: np.ndarray
    length_m: np.ndarray


def ring(power: np.ndarray, hole: int, outer: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation between two squares of half-widths ``hole`` and ``outer`` around each pixel."""
    sums = []
    for values in (np.ones_like(power, float), power.astype(float), power.astype(float) ** 2):
        whole = ndimage.uniform_filter(values, 2 * outer + 1, mode="constant") * (2 * outer + 1) ** 2
        inner = ndimage.uniform_filter(values, 2 * hole + 1, mode="constant") * (2 * hole + 1) ** 2
        sums.append(whole - inner)
    mean = sums[1] / sums[0]
    return mean, np.sqrt(np.maximum(sums[2] / sums[0] - mean**2, 0.0))


def gfw(bands: np.ndarray, spacing_m: float, inner_m: float, outer_m: float) -> Found:
    """Mean + 22 standard deviations, as said above; ``bands`` has shape (bands, rows, cols)."""
    bright = np.zeros(bands.shape[1:], bool)
    for power in bands:
        mean, deviation = ring(power, round(inner_m / 2 / spacing_m), round(outer_m / 2 / spacing_m))
        bright |= power > mean + 22 * deviation
    return _objects(bright, spacing_m, 0.0, np.inf)


def snap(bands: np.ndarray, spacing_m: float) -> Found:
    """Mean of the target window against background mean + t standard deviations; t follows from the rate."""
    bright = np.zeros(bands.shape[1:], bool)
    t = -special.ndtri(10**-6.5)
    for power in bands:
        target = ndimage.uniform_filter(power.astype(float), max(1, round(50 / spacing_m)))
        mean, deviation = ring(power, round(500 / 2 / spacing_m), round(800 / 2 / spacing_m))
        bright |= target > mean + t * deviation
    return _objects(bright, spacing_m, 30.0, 600.0)


def _objects(bright: np.ndarray, spacing_m: float, shortest_m: float, longest_m: float) -> Found:
    labels, _ = ndimage.label(bright, np.ones((3, 3)))
    rows, cols, lengths = [], [], []
    for cut in ndimage.find_objects(labels):
        height, width = (s.stop - s.start for s in cut)
        length = spacing_m * max(height, width)
        if shortest_m <= length <= longest_m:
            rows.append((cut[0].start + cut[0].stop - 1) / 2)
            cols.append((cut[1].start + cut[1].stop - 1) / 2)
            lengths.append(length)
    return Found(np.array(rows), np.array(cols), np.array(lengths))
