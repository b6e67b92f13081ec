"""Conditions under which coarse images miss many ships at quays, so that a berth without one is unknown, not empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical import network
from pipeline.detection.optical.first_look import COARSE_FROM_M
from pipeline.types import Scene, Sensor

if TYPE_CHECKING:
    from pipeline.detection.optical.water import Levels

# In six real ports, without the network: 0.05 of ships at quays, 0.76 of those in open water (docs/accuracy_optical.md)
CONTRAST_ALONE = (
    "in pixels of {spacing:.3g} m only contrast finds ships here ({why}): at quays it finds one in twenty, "
    "so a berth where none shows is unknown"
)
# Real ports warped to pixels longer one way (F1): 1.2 times 0.93, 1.4 times 0.89, 1.6 times 0.86, 2.4 times 0.42
OBLONG = 1.5  # ratio of a pixel's sides from which this is reported (our choice)
OBLONG_PIXELS = (
    "in pixels of {row_m:.3g} by {col_m:.3g} m hulls look squashed to the hull network, trained on square pixels: it "
    "misses ships and takes other things for them, so a berth where none shows is unknown (warp it to a grid in metres)"
)
# From simulations (docs/accuracy_optical.md): ships found at quays shaded by sheds, and with snow on land, relative to
# normal conditions. A berth counts as seen by that share; with 0, each ship found there would stand for many unseen
# ones (calls/missed.py)
LOW_SUN_DEG, LOW_SUN_RECALL = 15.0, 0.7
LOW_SUN = (
    "the sun stood {sun:.0f} degrees high, so sheds may shade quays and hide ships there: a berth where none shows is "
    "unknown"
)
SNOWY_SHARE, SNOW_RECALL = 0.5, 0.5  # share of the land; ships at quays found
SNOW = "snow on {share:.0f} % of the land hides ships at quays: a berth where none shows is unknown"


def recall_at_quays(scene: Scene, levels: Levels) -> tuple[str, float]:
    """Why many ships are missed in a coarse image, and the share of those at quays that is still found.

    "" and 1 where the image is like those the hull network was trained on, and in fine pixels.
    """
    row_m, col_m = scene.pixel_spacing_m
    spacing = float(np.mean(scene.pixel_spacing_m))
    if spacing < COARSE_FROM_M:
        return "", 1.0
    if why := untrained_reason(scene):
        return CONTRAST_ALONE.format(spacing=spacing, why=why), 0.0
    if max(row_m, col_m) / min(row_m, col_m) >= OBLONG:
        return OBLONG_PIXELS.format(row_m=row_m, col_m=col_m), 0.0
    sun = None if scene.optical is None else scene.optical.sun_elevation_deg
    if sun is not None and sun < LOW_SUN_DEG:
        return LOW_SUN.format(sun=sun), LOW_SUN_RECALL
    return (SNOW.format(share=100 * levels.snow), SNOW_RECALL) if levels.snow > SNOWY_SHARE else ("", 1.0)


def untrained_reason(scene: Scene) -> str:
    """Why the hull network cannot be used on a coarse image; "" where it can, or where pixels are fine."""
    spacing = float(np.mean(scene.pixel_spacing_m))
    if spacing < COARSE_FROM_M:
        return ""
    if scene.sensor is not Sensor.SENTINEL2:
        return "the hull network is trained on Sentinel-2 only"
    if not network.is_trained_for(spacing):
        return f"the hull network is trained on pixels of {network.TRAINED_M[0]:g} to {network.TRAINED_M[1]:g} m"
    return "" if network.is_available() else "ONNX Runtime or the networks' files are missing"
