"""Hulls that looks show in a counted zone and of which no call came: they are in no sum, and must not go unsaid.

A berth's verdict rests on how the whole berth looks, a call on a hull that was outlined: the one may be sure where the
other fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.plurals import number_of
from pipeline.times_places.moments import moment

if TYPE_CHECKING:
    from pipeline.report.story import Story

NAMED = 3  # looks that are named; the table ``occupancy`` has all (our choice)


def hull_lines(story: Story) -> list[str]:
    """A line for each counted zone in which looks of the period show a hull that no call holds."""
    told, calls = story.tables.get("occupancy"), story.tables["port_calls"]
    if told is None or not len(told):
        return []
    period = story.config.period
    within = told["acquired"].between(pd.Timestamp(period.start), pd.Timestamp(period.end), inclusive="left")
    looks = told[(told["verdict"] == "occupied") & within].sort_values("acquired")
    held = {detection for ids in calls["detection_ids"] for detection in ids}
    out = []
    for zone in (zone for zone in story.place.zones if zone.counts):
        here = looks[looks["zone_id"] == zone.zone_id]
        stays = calls[calls["berth_id"] == zone.zone_id]
        lost = [
            look.acquired
            for look in here.itertuples()
            if held.isdisjoint(look.detection_ids) and not _stays_over(stays, look.acquired)
        ]
        if lost:
            named = ", ".join(moment(when) for when in lost[:NAMED]) + (", ..." if len(lost) > NAMED else "")
            show = f"{number_of(len(lost), 'look')} {'shows' if len(lost) == 1 else 'show'} a hull at {zone.zone_id}"
            out.append(f"{show} that belongs to no call ({named}): if she lifted, no sum includes it.")
    return out


def _stays_over(stays: pd.DataFrame, when: pd.Timestamp) -> bool:
    """Does the table tell of a stay at that moment? Where nothing bounds an end, what was seen of her does."""
    had_come = (stays["arrival_lo"] <= when) | (stays["arrival_hi"] <= when)
    not_gone = (stays["departure_hi"] >= when) | (stays["departure_lo"] >= when)
    return bool((had_come & not_gone).any())
