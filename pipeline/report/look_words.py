"""What looks say of a call, in words: in which she was found, which missed her, and what each said of her berth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.plurals import number_of
from pipeline.report.wording import chance
from pipeline.times_places.moments import moment_of_image
from pipeline.types import TO_THE_DAY

if TYPE_CHECKING:
    from pipeline.report.story import Story

BY_IMAGES = ("C", "D")  # looks alone bound her stay
JOINED = "review_joined"
RADAR_RULE = (
    "A radar look without her does not bound her stay, even where it takes the berth for empty: radar can miss a ship "
    "at a quay. Only other looks set these bounds (calls.radar_absence_counts)."
)
SENSOR_WORDS = {"sentinel-1": "radar", "sentinel-2": "Sentinel-2", "optical": "optical"}


def seen_in(row: dict[Any, Any], story: Story) -> str:
    """In how many usable looks she was found, and in how many others: of a part of her berth, or of another one."""
    looks, detections = story.tables["looks"], story.tables["detections"]
    usable = set(looks.loc[looks["state"] == "usable", ["zone_id", "scene_id"]].itertuples(index=False, name=None))
    of_part = elsewhere = 0
    for sighting in detections[detections["detection_id"].isin(list(row["detection_ids"]))].itertuples():
        if (row["berth_id"], sighting.scene_id) in usable:
            continue
        at_another = sighting.berth_id not in ("", row["berth_id"])
        if at_another and JOINED in row["flags"] and (sighting.berth_id, sighting.scene_id) in usable:
            continue  # a call that an analyst joined has the looks at both berths in its number of looks
        of_part, elsewhere = of_part + (not at_another), elsewhere + at_another
    others = [f"{number_of(of_part, 'look')} of a part of the {row['berth_kind']}"] if of_part else []
    others += [f"{number_of(elsewhere, 'look')} of another berth of this visit"] if elsewhere else []
    if not row["n_looks"]:
        return f"seen in {' and in '.join(others)}" if others else "no look at the time"
    found = f"seen in {row['n_seen'] - of_part - elsewhere} of {number_of(row['n_looks'], 'look')}"
    return f"{found}, and in {' and in '.join(others)}" if others else found


def missed_in(row: dict[Any, Any], story: Story) -> list[str]:
    """The looks without her in words: when, by what, and what each said of the berth."""
    told = story.tables.get("occupancy")
    verdicts = {} if told is None else told[told["basis"] != "none"].set_index("look_id")["verdict"].to_dict()
    return [
        f"{_time_of_look(look, story)} ({SENSOR_WORDS.get(str(look.sensor), 'image')}"
        + {"empty": ": berth empty", "occupied": ": a hull there"}.get(str(verdicts.get(look.look_id)), "")
        + ")"
        for look in _looks_without_her(row, story).itertuples()
    ]


def radar_rule(row: dict[Any, Any], story: Story) -> str:
    """Why radar looks without her lie within her bounds, where they do; her transponder's bounds ask no look."""
    if row["evidence_class"] not in BY_IMAGES or story.config.calls.radar_absence_counts:
        return ""
    return RADAR_RULE if (_looks_without_her(row, story)["sensor"] == "sentinel-1").any() else ""


def berth_looks(row: dict[Any, Any], story: Story) -> list[str]:
    """What each look said of her berth while she may have been there, with those that bound it.

    Where no look bounds an end, the last one before she was seen, and the first one after.
    """
    table = story.tables.get("occupancy")
    if table is None:
        return []
    period = story.config.period  # an image of another time, or place, is no look at her berth
    at = table[(table["zone_id"] == row["berth_id"]) & (table["acquired"] >= period.start)]
    at = at[at["acquired"] < period.end].sort_values("acquired")
    if not (at["basis"] != "none").any():
        return []
    seen_first, seen_last = sorted([row["arrival_hi"], row["departure_lo"]])
    before, after = at.loc[at["acquired"] < seen_first, "acquired"], at.loc[at["acquired"] > seen_last, "acquired"]
    first = min(t for t in (seen_first, row["arrival_lo"], *before.tail(1)) if pd.notna(t))
    last = max(t for t in (seen_last, row["departure_hi"], *after.head(1)) if pd.notna(t))
    return [_berth_look(look, story) for look in at[at["acquired"].between(first, last)].itertuples()]


def _berth_look(look: Any, story: Story) -> str:
    """When, what the berth was taken for, and how likely a hull lay there or why that is not told."""
    words = look.cause if pd.isna(look.probability) else chance(look.probability)
    return f"{_time_of_look(look, story)} {look.verdict}{f' ({words})' if words else ''}"


def _time_of_look(look: Any, story: Story) -> str:
    """When a look was; the day alone where its image tells no more."""
    scenes = story.tables["scenes"]
    known = scenes.loc[scenes["scene_id"] == look.scene_id, "acquired_precision"]
    return moment_of_image(look.acquired, TO_THE_DAY if known.eq(TO_THE_DAY).any() else "")


def _looks_without_her(row: dict[Any, Any], story: Story) -> pd.DataFrame:
    """Usable looks at her berth, while she may have been there, in which she was not found; with their sensor."""
    looks, detections = story.tables["looks"], story.tables["detections"]
    seen = set(detections.loc[detections["detection_id"].isin(list(row["detection_ids"])), "scene_id"])
    during = looks[(looks["zone_id"] == row["berth_id"]) & (looks["state"] == "usable")]
    if pd.notna(row["arrival_lo"]):
        during = during[during["acquired"] > row["arrival_lo"]]
    if pd.notna(row["departure_hi"]):
        during = during[during["acquired"] < row["departure_hi"]]
    sensors = story.tables["scenes"].set_index("scene_id")["sensor"]
    others = during[~during["scene_id"].isin(seen)].sort_values("acquired")
    return others.assign(sensor=others["scene_id"].map(sensors))
