"""Detect ships in a scene. Pure: pixels come through the scene's reader, no file is opened here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.config import DetectionConfig
from pipeline.types import RADARS, Place, Scene, Sensor

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.detection.optical.first_look import FirstLook

__all__ = ["detect", "preload_detector"]


def preload_detector(sensor: Sensor | None) -> None:
    """Import a sensor's detector, which takes two seconds, ahead of time."""
    import pipeline.detection.tabulate

    if sensor in RADARS:
        import pipeline.detection.radar
    elif sensor is Sensor.SENTINEL2:
        import pipeline.detection.optical  # noqa: F401


def detect(
    scene: Scene,
    *,
    place: Place | None = None,
    config: DetectionConfig | None = None,
    first_look: FirstLook | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Detect ships in one scene: the DETECTIONS table, and diagnostics (clutter, false alarms, clouds, zones seen,
    berths).

    ``first_look`` is an optical scene's first look, if already taken.
    """
    from pipeline.detection.earlier.occupancy import berth_verdicts
    from pipeline.detection.earlier.quay_flags import flag_quay_detections
    from pipeline.detection.tabulate import tabulate
    from pipeline.detection.zones import zone_shares

    config = config or DetectionConfig()
    if scene.sensor in RADARS:
        from pipeline.detection.radar import detect_radar

        found = detect_radar(scene, config)
    else:
        from pipeline.detection.optical import detect_optical

        found = detect_optical(scene, place, config, first_look)
    diagnostics: dict[str, Any] = {"zone_covered": zone_shares(scene, place, found.seen_weight)} | found.diagnostics
    table = flag_quay_detections(scene, tabulate(scene, found.candidates, place, config), place)
    return table, diagnostics | {"berths": berth_verdicts(scene, place, table, diagnostics["zone_covered"])}
