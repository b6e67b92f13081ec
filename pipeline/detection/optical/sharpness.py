"""How sharply a thing ends along its sides: a hull as sharply as the sensor sees, a rag of cloud over many pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical.frame import resample

if TYPE_CHECKING:
    from pipeline.detection.optical.outline import Hull
    from pipeline.types import BoolImage, FloatArray, FloatImage

REACH_PX = 4  # beyond a side
AROUND_PX = 3  # to each side of the steepest step
MIDDLE = 0.7  # of the length, along which a hull's sides are straight
POINTS = 25  # along a side: a median of so many is steady (our choice)
STEP_PX = 0.5  # between samples across: two to a pixel (our choice)


def side_sharpness(light: FloatImage, sea: BoolImage, hull: Hull, origin: tuple[int, int]) -> float:
    """Largest change of light over one pixel on the way from the middle line over a side to ``REACH_PX`` beyond it,
    over all the change within ``AROUND_PX`` of that place, 0 to 1: the median along the sharper of the sides with
    ``sea`` beyond them (True on water of the map), of both where neither has; NaN where no side lies in the image.

    A step seen through a Gaussian of s pixels changes by erf(1 / (2 sqrt(2) s)) over one pixel: 0.44 at 0.85 pixels
    (optics, detector and our own interpolation), 0.38 at 1.0. A bright hatch on a dark deck is a step as well.
    Something may lie alongside one side, so the sharper one speaks; but a pier's own edge is sharp through any cloud.
    """
    pixel = hull.frame.pixel_m
    half, reach = 0.5 * hull.beam_m, REACH_PX * pixel
    out = np.arange(-half, reach + 1e-6, STEP_PX * pixel)
    along = np.linspace(-0.5, 0.5, POINTS) * MIDDLE * hull.length_m
    lag = round(1 / STEP_PX)
    found, afloat = [], []
    for side in (-1.0, 1.0):
        across = resample(light, hull.frame, along, side * (half + out), origin)
        across = across[np.isfinite(across).all(axis=1)]
        if len(across):
            found.append(float(np.median(_steepest(across, lag))))
            beyond = resample(sea.astype(np.float32), hull.frame, along, side * (half + out[out > pixel]), origin)
            afloat.append(bool(np.nanmean(beyond) > 0.5))
    free = [value for value, wet in zip(found, afloat, strict=True) if wet]
    return max(free or found, default=float("nan"))


def _steepest(profiles: FloatImage, lag: int) -> FloatArray:
    """Of each row its largest change over ``lag`` samples, over all the change within ``AROUND_PX`` of it."""
    change = np.abs(profiles[:, lag:] - profiles[:, :-lag])
    at = change.argmax(axis=1)
    reach = round(AROUND_PX / STEP_PX)
    around = at[:, None] + lag // 2 + np.arange(-reach, reach + 1)
    near = np.take_along_axis(profiles, np.clip(around, 0, profiles.shape[1] - 1), axis=1)
    return change.max(axis=1) / np.maximum(np.ptp(near, axis=1), 1e-6)
