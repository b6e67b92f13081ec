"""What looks say about a call, in words: which found her, which did not, and what each showed at her berth."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.plurals import number_of
from pipeline.report.wording import chance
from pipeline.tables.ships import BY_IMAGES
from pipeline.times_places.moments import moment_of_image
from pipeline.types import RADARS

if TYPE_CHECKING:
    from pipeline.report.story import Story

JOINED_FLAG = "review_joined"
RADAR_RULE = (
    "A radar look that does not show her does not bound her stay, even if it calls the berth empty: radar can miss a "
    "ship at a quay. Only other looks set these bounds (calls.radar_absence_counts)."
)
SENSOR_WORDS = {"sentinel-1": "radar", "sentinel-2": "Sentinel-2", "optical": "optical"}
TIME = attrgetter("acquired")


class LookIndex:
    """A story's looks, scenes and sightings, indexed once, on first use, for lookup by cards.

    If every card filtered the tables itself, time would grow with the square of the number of calls.
    """

    def __init__(self, story: Story) -> None:
        self.story, self._tables = story, story.tables

    @cached_property
    def sightings(self) -> dict[str, Any]:
        """Rows of detections by their id."""
        return {r.detection_id: r for r in self._tables["detections"].itertuples()}

    @cached_property
    def scenes(self) -> dict[str, Any]:
        """Rows of scenes by their id."""
        return {r.scene_id: r for r in self._tables["scenes"].itertuples()}

    @cached_property
    def mmsis_with_ship_type(self) -> set[int]:
        """MMSIs that sent a ship type."""
        static = self._tables["static"]
        return {int(n) for n in static.loc[static["ship_type"] > 0, "mmsi"]}

    @cached_property
    def usable_pairs(self) -> set[tuple[str, str]]:
        """(zone, scene) of every usable look."""
        looks = self._tables["looks"]
        return set(looks.loc[looks["state"] == "usable", ["zone_id", "scene_id"]].itertuples(index=False, name=None))

    @cached_property
    def usable_at(self) -> dict[str, list[Any]]:
        """Usable looks of each zone, in order of time."""
        looks = self._tables["looks"]
        return _rows_by_zone(looks[looks["state"] == "usable"])

    @cached_property
    def berth_verdicts(self) -> dict[str, list[Any]]:
        """What looks within the period showed at each berth, in order of time."""
        table, period = self._tables.get("occupancy"), self.story.config.period
        if table is None:
            return {}
        return _rows_by_zone(table[(table["acquired"] >= period.start) & (table["acquired"] < period.end)])

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """The berth verdict of each look that had a basis for one, by look id."""
        occupancy = self._tables.get("occupancy")
        return (
            {}
            if occupancy is None
            else occupancy[occupancy["basis"] != "none"].set_index("look_id")["verdict"].to_dict()
        )

    def sightings_of(self, row: dict[Any, Any]) -> list[Any]:
        """Rows of this call's detections."""
        return [self.sightings[d] for d in row["detection_ids"] if d in self.sightings]

    def sensor_of(self, scene_id: str) -> str:
        """Kind of image; "" for an unknown scene."""
        return str(self.scenes[scene_id].sensor) if scene_id in self.scenes else ""

    def looks_without(self, row: dict[Any, Any]) -> list[Any]:
        """Usable looks at her berth, while she may have been there, in which she was not found."""
        seen = {s.scene_id for s in self.sightings_of(row)}
        looks = self.usable_at.get(row["berth_id"], [])
        low, high = row["arrival_lo"], row["departure_hi"]
        start = 0 if pd.isna(low) else bisect_right(looks, low, key=TIME)
        end = len(looks) if pd.isna(high) else bisect_left(looks, high, key=TIME)
        return [look for look in looks[start:end] if look.scene_id not in seen]

    def time_of(self, look: Any) -> str:
        """The time of a look; only the day if its image gives no more."""
        scene = self.scenes.get(look.scene_id)
        return moment_of_image(look.acquired, "" if scene is None else scene.acquired_precision)


def _rows_by_zone(looks: pd.DataFrame) -> dict[str, list[Any]]:
    """Rows of each zone in order of time, without those that have no time."""
    out: dict[str, list[Any]] = {}
    for look in looks[looks["acquired"].notna()].sort_values("acquired", kind="stable").itertuples():
        out.setdefault(look.zone_id, []).append(look)
    return out


def seen_in(row: dict[Any, Any], look_index: LookIndex) -> str:
    """In how many usable looks she was found, and in how many others: poor ones, or at another berth."""
    poor = elsewhere = 0
    for sighting in look_index.sightings_of(row):
        if (row["berth_id"], sighting.scene_id) in look_index.usable_pairs:
            continue
        at_another = sighting.berth_id not in ("", row["berth_id"])
        if (
            at_another
            and JOINED_FLAG in row["flags"]
            and (sighting.berth_id, sighting.scene_id) in look_index.usable_pairs
        ):
            continue  # the number of looks of a joined call includes both berths
        poor, elsewhere = poor + (not at_another), elsewhere + at_another
    others = [f"{number_of(poor, 'poor look')} at the {row['berth_kind']}"] if poor else []
    others += [f"{number_of(elsewhere, 'look')} of another berth of this visit"] if elsewhere else []
    if not row["n_looks"]:
        return f"seen in {' and in '.join(others)}" if others else "no look at the time"
    found = f"seen in {row['n_seen'] - poor - elsewhere} of {number_of(row['n_looks'], 'look')}"
    return f"{found}, and in {' and in '.join(others)}" if others else found


def missed_in(row: dict[Any, Any], look_index: LookIndex) -> list[str]:
    """The looks that did not find her, in words: when, which sensor, and what each showed at the berth."""
    verdict_words = {"empty": ": berth empty", "occupied": ": a hull there"}
    return [
        f"{look_index.time_of(look)} ({SENSOR_WORDS.get(look_index.sensor_of(look.scene_id), 'image')}"
        f"{verdict_words.get(look_index.verdicts.get(look.look_id, ''), '')})"
        for look in look_index.looks_without(row)
    ]


def radar_rule(row: dict[Any, Any], look_index: LookIndex) -> str:
    """Why radar looks that did not find her are within her bounds, if any; "" for calls bounded by AIS."""
    if row["evidence_class"] not in BY_IMAGES or look_index.story.config.calls.radar_absence_counts:
        return ""
    by_radar = any(look_index.sensor_of(look.scene_id) in RADARS for look in look_index.looks_without(row))
    return RADAR_RULE if by_radar else ""


def berth_looks(row: dict[Any, Any], look_index: LookIndex) -> list[str]:
    """What each look showed at her berth while she may have been there, including those that bound her stay.

    If no look bounds an end, the last look before she was seen, or the first one after.
    """
    berth_rows = look_index.berth_verdicts.get(row["berth_id"], [])
    if all(look.basis == "none" for look in berth_rows):
        return []
    seen_first, seen_last = sorted([row["arrival_hi"], row["departure_lo"]])
    before = berth_rows[: bisect_left(berth_rows, seen_first, key=TIME)][-1:]
    after = berth_rows[bisect_right(berth_rows, seen_last, key=TIME) :][:1]
    first = min(t for t in (seen_first, row["arrival_lo"], *map(TIME, before)) if pd.notna(t))
    last = max(t for t in (seen_last, row["departure_hi"], *map(TIME, after)) if pd.notna(t))
    between = berth_rows[bisect_left(berth_rows, first, key=TIME) : bisect_right(berth_rows, last, key=TIME)]
    return [_berth_look(look, look_index) for look in between]


def _berth_look(look: Any, look_index: LookIndex) -> str:
    """Time, verdict on the berth, and the probability of a hull there or why there is none."""
    words = look.cause if pd.isna(look.probability) else chance(look.probability)
    return f"{look_index.time_of(look)} {look.verdict}{f' ({words})' if words else ''}"
