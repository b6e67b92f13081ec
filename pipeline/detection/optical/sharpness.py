"""Edge sharpness of an outline's sides, to tell hulls (as sharp as the sensor allows) from fragments of cloud."""

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
    """Sharpness of a hull's sides, 0 to 1; NaN where no side lies in the image.

    Along each profile from the axis to ``REACH_PX`` beyond a side: largest change of light over one pixel, divided by
    the total change within ``AROUND_PX`` of it. Returned is the median along the sharper of the sides with ``sea``
    beyond them (True on water of the map), or of both sides where neither has.

    A step seen through a Gaussian of s pixels changes by erf(1 / (2 sqrt(2) s)) over one pixel: 0.44 at 0.85 pixels
    (optics, detector and our own interpolation), 0.38 at 1.0. A bright hatch on a dark deck is a step as well.
    Something may lie alongside one side, hence the sharper one; but a pier's edge is sharp through any cloud, hence
    only sides with sea.
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
    """Largest change of each row over ``lag`` samples, divided by the total change within ``AROUND_PX`` of it."""
    change = np.abs(profiles[:, lag:] - profiles[:, :-lag])
    at = change.argmax(axis=1)
    reach = round(AROUND_PX / STEP_PX)
    around = at[:, None] + lag // 2 + np.arange(-reach, reach + 1)
    near = np.take_along_axis(profiles, np.clip(around, 0, profiles.shape[1] - 1), axis=1)
    return change.max(axis=1) / np.maximum(np.ptp(near, axis=1), 1e-6)
