"""Reports hulls seen in a counted zone that led to no call, and so are in no sum.

A berth's verdict is based on the appearance of the whole berth, a call on an outlined hull, so the verdict may be
certain where outlining fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.config import MOVED
from pipeline.plurals import number_of
from pipeline.times_places.moments import moment

if TYPE_CHECKING:
    from pipeline.report.story import Story

NAMED = 3  # looks named in a line (our choice); the table ``occupancy`` has all


def hull_lines(story: Story) -> list[str]:
    """A line for each counted zone in which looks of the period show a hull that belongs to no call."""
    occupancy, calls = story.tables.get("occupancy"), story.tables["port_calls"]
    if occupancy is None or not len(occupancy):
        return []
    period = story.config.period
    within = occupancy["acquired"].between(pd.Timestamp(period.start), pd.Timestamp(period.end), inclusive="left")
    looks = occupancy[(occupancy["verdict"] == "occupied") & within].sort_values("acquired")
    called_ids = {detection for ids in calls["detection_ids"] for detection in ids}
    moved, out = MOVED[story.config.volume.counted][0], []
    for zone in (zone for zone in story.place.zones if zone.counts):
        zone_looks = looks[looks["zone_id"] == zone.zone_id]
        stays = calls[calls["berth_id"] == zone.zone_id]
        times = [
            look.acquired
            for look in zone_looks.itertuples()
            if called_ids.isdisjoint(look.detection_ids) and not _stays_over(stays, look.acquired)
        ]
        if times:
            named = ", ".join(moment(when) for when in times[:NAMED]) + (", ..." if len(times) > NAMED else "")
            show = f"{number_of(len(times), 'look')} {'shows' if len(times) == 1 else 'show'} a hull at {zone.zone_id}"
            out.append(f"{show} that belongs to no call ({named}): if she {moved}, no sum includes it.")
    return out


def _stays_over(stays: pd.DataFrame, when: pd.Timestamp) -> bool:
    """Does a stay in the table cover that moment? An unbounded end is replaced by the sighting nearest to it."""
    had_come = (stays["arrival_lo"] <= when) | (stays["arrival_hi"] <= when)
    not_gone = (stays["departure_hi"] >= when) | (stays["departure_lo"] >= when)
    return bool((had_come & not_gone).any())
