"""Times worded for readers: one format, and one time for everything that one image shows.

A row of a radar image is acquired seconds before or after the image's middle, so a sighting has its own time, which
beside that of its image would read as another look. Tables keep the exact time; text gives that of the image.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from pipeline.types import LAST_OF_DAY, ONLY_DATED, TO_THE_DAY

BOUNDS = ("arrival_lo", "arrival_hi", "departure_lo", "departure_hi")


def moment(value: object, flags: Collection[str] = ()) -> str:
    """A UTC time truncated to the minute, as a clock shows it; a dash if unknown.

    If the flags say that the time of day is unknown, the start, noon and end of a day are shown as the day alone.

    >>> moment(pd.Timestamp("2024-03-21T21:21:59.999Z")), moment(None)
    ('2024-03-21 21:21', '–')
    >>> moment(pd.Timestamp("2024-03-21T12:00Z"), ["time_of_day_unknown"])
    '2024-03-21'
    """
    if value is None or pd.isna(value):
        return "–"
    time = pd.Timestamp(value)
    of_day = time - time.floor("D")
    whole = ONLY_DATED in flags and of_day in (pd.Timedelta(0), pd.Timedelta(hours=12), pd.Timedelta(LAST_OF_DAY))
    return time.strftime("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M")


def moment_of_image(acquired: object, precision: str) -> str:
    """When an image was acquired, as precisely as known (the scenes' ``acquired`` and ``acquired_precision``).

    >>> moment_of_image(pd.Timestamp("2024-03-21T12:00Z"), "day")
    '2024-03-21'
    """
    return moment(acquired, [ONLY_DATED] if precision == TO_THE_DAY else ())


def at_image_times(detections: pd.DataFrame, scenes: pd.DataFrame) -> pd.DataFrame:
    """Detections with the time of their image instead of their row's; unchanged if the image's is unknown."""
    image = scenes.set_index("scene_id")["acquired"].reindex(detections["scene_id"]).set_axis(detections.index)
    return detections.assign(acquired=image.where(image.notna(), detections["acquired"]))


def bounds_at_image_times(calls: pd.DataFrame, exact: pd.DataFrame, adjusted: pd.DataFrame) -> pd.DataFrame:
    """Port calls with bounds set to the image's time where a bound is one of their sightings; others unchanged.

    ``exact`` and ``adjusted`` are the same detections before and after ``at_image_times``.
    """
    row_time, image_time = (table.set_index("detection_id")["acquired"] for table in (exact, adjusted))

    def shown(call: dict[str, object], name: str) -> object:
        same_time = [d for d in call["detection_ids"] if d in row_time.index and row_time[d] == call[name]]  # type: ignore[attr-defined]
        return image_time[same_time[0]] if same_time else call[name]

    rows = [{str(k): v for k, v in row.items()} for row in calls.to_dict("records")]
    return calls.assign(
        **{name: pd.Series([shown(row, name) for row in rows], calls.index, calls[name].dtype) for name in BOUNDS}
    )
