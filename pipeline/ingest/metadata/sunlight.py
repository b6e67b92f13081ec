"""Checks an image's stated sun angles against those computed from its time and place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from pipeline.ingest.metadata.acquisition import MAYBE_WRITTEN
from pipeline.times_places.sun import sun_position
from pipeline.types import TIME_OF_DAY_UNKNOWN, OpticalView

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# Arc allowed between stated and computed sun (our choice): it moves 14 degrees an hour and more, and names may give the
# start of a data take
SUN_APART_DEG = 5.0
DARK_DEG = -6.0  # end of civil twilight: no optical image shows ships after it


def usable_view(
    stated: OpticalView,
    acquired: datetime | None,
    time_doubt: str,
    footprint: BaseGeometry | None,
    *,
    check_sun: bool,
    fine: bool,
) -> tuple[OpticalView, str]:
    """The angles, without sun angles that are in doubt, and that doubt; for ``fine`` pixels, why there is no freeboard.

    ``check_sun``: is the stated sun compared with time and place? Simulated suns may stand anywhere.
    """
    doubt = sun_doubt(stated, acquired, time_doubt, footprint) if check_sun else ""
    view = replace(stated, sun_elevation_deg=None, sun_azimuth_deg=None) if doubt else stated
    return view, no_freeboard(view, doubt) if fine else doubt


def sun_doubt(view: OpticalView, acquired: datetime | None, time_doubt: str, footprint: BaseGeometry | None) -> str:
    """Why time, place and sun cannot all be right, or "". Not checked if the time of day or place is unknown.

    >>> from datetime import UTC
    >>> import shapely
    >>> seoul, noon = shapely.Point(127, 37.5).buffer(0.01), datetime(2024, 3, 20, 3, 39, tzinfo=UTC)
    >>> sun_doubt(OpticalView(sun_elevation_deg=52.5, sun_azimuth_deg=180.0), noon, "", seoul)
    ''
    >>> "high at azimuth 0" in sun_doubt(OpticalView(sun_elevation_deg=52.5, sun_azimuth_deg=0.0), noon, "", seoul)
    True
    """
    has_time_of_day = (
        acquired is not None and not time_doubt.startswith(TIME_OF_DAY_UNKNOWN) and time_doubt != MAYBE_WRITTEN
    )
    if acquired is None or not has_time_of_day or footprint is None:
        return ""
    middle = footprint.representative_point()  # of two parts beside 180 degrees the centroid lies far away
    elevation, azimuth = sun_position(acquired, middle.x, middle.y)
    if view.sun_elevation_deg is None or view.sun_azimuth_deg is None:
        if time_doubt or elevation > DARK_DEG:
            return ""
        return f"at its time the sun stood {-elevation:.0f} degrees below the horizon there: is it a local time?"
    if _angle_between_deg((view.sun_elevation_deg, view.sun_azimuth_deg), (elevation, azimuth)) <= SUN_APART_DEG:
        return ""
    return (
        f"the sun is stated {view.sun_elevation_deg:.0f} degrees high at azimuth {view.sun_azimuth_deg:.0f}; at its "
        f"time and place it stood {elevation:.0f} degrees high at {azimuth:.0f}: is the time a local one, are the "
        "angles in radians, is azimuth told from the south?"
    )


def no_freeboard(view: OpticalView, sun: str) -> str:
    """Which angles are missing for a freeboard, or why the stated sun is not used (``sun``)."""
    missing = [
        name
        for name, value in (
            ("sun elevation", 0.0 if sun else view.sun_elevation_deg),
            ("sun azimuth", 0.0 if sun else view.sun_azimuth_deg),
            ("view angle", view.view_off_nadir_deg),
            ("view azimuth", view.view_azimuth_deg if (view.view_off_nadir_deg or 0.0) > 1.0 else 0.0),
        )
        if value is None
    ]
    cause = f"no freeboard: {', '.join(missing)} unknown" if missing else ""
    return "; ".join(filter(None, (cause if cause or not sun else "no freeboard", sun)))


def _angle_between_deg(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Arc [deg] between two directions, each an elevation and an azimuth [deg]."""
    a, b = (
        np.array([np.cos(e) * np.sin(az), np.cos(e) * np.cos(az), np.sin(e)]) for e, az in np.radians([first, second])
    )
    return float(np.degrees(np.arccos(np.clip(a @ b, -1.0, 1.0))))
