"""How sharply a thing ends along its sides: a hull as sharply as the sensor sees, a rag of cloud over many pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical.frame import resample

if TYPE_CHECKING:
    from pipeline.detection.optical.outline import Hull
    from pipeline.types import FloatImage

REACH_PX = 4  # to each side of an edge
MIDDLE = 0.7  # of the length, along which a hull's sides are straight
POINTS = 25
STEP_PX = 0.5


def side_sharpness(light: FloatImage, hull: Hull, origin: tuple[int, int]) -> float:
    """Largest change of light over one pixel across a side, over all its change within ``REACH_PX``: the median along
    the sharper side, 0 to 1; NaN where no side lies in the image.

    A step seen through a Gaussian of s pixels changes by erf(1 / (2 sqrt(2) s)) over one pixel: 0.44 at 0.85 pixels
    (optics, detector and our own interpolation), 0.38 at 1.0. Something lies alongside at most one side, so the sharper
    one speaks.
    """
    pixel = float(np.mean(hull.frame.spacing_m))
    half, reach = 0.5 * hull.beam_m, REACH_PX * pixel
    out = np.arange(-min(reach, half), reach + 1e-6, STEP_PX * pixel)
    along = np.linspace(-0.5, 0.5, POINTS) * MIDDLE * hull.length_m
    lag = round(1 / STEP_PX)
    found = []
    for side in (-1.0, 1.0):
        across = resample(light, hull.frame, along, side * (half + out), origin)
        across = across[np.isfinite(across).all(axis=1)]
        if len(across):
            step = np.abs(across[:, lag:] - across[:, :-lag]).max(axis=1)
            found.append(float(np.median(step / np.maximum(np.ptp(across, axis=1), 1e-6))))
    return max(found, default=float("nan"))
