"""A row of port calls from a stay: identity, size, draughts, freeboards and probabilities, with all its evidence."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.calls.candidates import candidates
from pipeline.calls.draughts import AFTER_SAILING, draughts_of_stay
from pipeline.calls.freeboards import FREEBOARD_COLUMNS, freeboards
from pipeline.calls.hulls import Spell
from pipeline.calls.identity import identity
from pipeline.calls.loading import freeboard_flags
from pipeline.calls.shared_stays import SHIP_UNKNOWN
from pipeline.calls.visits import SHORT_STAY, is_too_short
from pipeline.ships.turnover import Turnover, turnover
from pipeline.tables.records import records_of
from pipeline.types import LAST_OF_DAY, OIL, ONLY_DATED, Zone
from pipeline.types.ids import never_a_number

if TYPE_CHECKING:
    from pipeline.calls.dark_stays import DarkStay
    from pipeline.calls.listened import Listened
    from pipeline.calls.stays import Stay
    from pipeline.config import CallsConfig

WORKING = ("typed_until", "heard_after", "ship")  # only while a row is made: until when a typed draught belongs to this
# departure; which ship of her number she is
TANKER_TYPES = range(80, 90)  # AIS ship types of tankers
BASE_TANKER_SHARE = 0.28  # what a sighting's tanker_score is without any evidence but a merchant ship's size
MIN_P_TANKER = 0.5  # below this, the stay counts as another trade
SHORTEST_M = 25.0  # a ship surely shorter than this is a boat; images leave such objects out, too (our choice)

TOO_LONG, MAY_BE_SHORTER = "too_long_for_this_trade", "may_be_shorter"

Row = dict[str, Any]


class Evidence:
    """All that sightings say, as text: rows made of the same evidence are the same."""

    def __init__(self, sightings: pd.DataFrame) -> None:
        # made for the whole table at once: a few rows of so many columns take as long
        self._texts = {row["detection_id"]: repr(row) for row in records_of(sightings)}

    def texts(self, sightings: pd.DataFrame) -> list[str]:
        """The text of these sightings, in their order."""
        return [self._texts[detection_id] for detection_id in sightings["detection_id"]] if len(sightings) else []


def transponder_spell(stay: Stay, looks: pd.DataFrame) -> Spell:
    """A stay known from a transponder, with the looks at the ship."""
    if not len(looks):
        return Spell(stay.mmsi, stay.arrival_hi, stay.departure_lo, looks, stay.ship)
    start, end = min([stay.arrival_hi, *_present_by(looks)]), max([stay.departure_lo, *_present_from(looks)])
    return Spell(stay.mmsi, start, end, looks, stay.ship)


def image_spell(looks: pd.DataFrame) -> Spell:
    """A stay known from images alone; it has an MMSI where all matched transponders are one."""
    named = looks["mmsi"].dropna().unique()
    return Spell(
        int(named[0]) if len(named) == 1 else None, _present_by(looks).min(), _present_from(looks).max(), looks
    )


def from_transponder(n: int, spell: Spell, size: Row, evidence_texts: Evidence, listened: Listened) -> Row:
    """The row of the n-th stay known from a transponder."""
    stay, typed_until = listened.found[n], listened.typed_until[n]
    evidence = f"{n} {evidence_texts.texts(spell.looks)} {size}"
    return listened.made_once(evidence, lambda: _transponder_row(stay, typed_until, spell, size, listened))


def from_images(dark: DarkStay, spell: Spell, size: Row, listened: Listened) -> Row:
    """The row of a stay known from images alone."""
    source = (
        dark.zone_id,
        dark.looks_at_spot,
        dark.absent_before,
        dark.absent_after,
        dark.flags,
        dark.number,
        dark.sightings,
    )
    return listened.made_once(f"{source} {size}", lambda: _image_row(dark, spell, size, listened))


def _transponder_row(stay: Stay, typed_until: pd.Timestamp, spell: Spell, size: Row, listened: Listened) -> Row:
    sightings = spell.looks
    open_ends = (("arrival_open", stay.arrival_lo), ("left_open", stay.departure_hi))
    flags = [flag for flag, bound in open_ends if bound is None]
    if not (stay.heard_arriving and stay.heard_leaving):
        flags.append("ais_gap")
    if sightings["mmsi"].isna().any():
        flags.append("seen_while_silent")
    flags += listened.shared.flags(spell, stay)
    row: Row = {
        "berth_id": stay.zone_id,
        "arrival_lo": stay.arrival_lo,
        "arrival_hi": spell.start,
        "departure_lo": spell.end,
        "departure_hi": stay.departure_hi,
        "typed_until": typed_until,
        "heard_after": stay.departure_hi is not None and stay.departure_hi <= typed_until,
        "evidence_class": "A" if stay.heard_arriving and stay.heard_leaving else "B",
        "p_one_call": 1.0,
        "calls_mean": 1.0,
        "p_new_call": 1.0,
        "turns_slope": 0.0,
        "flags": flags,
    }
    turns = turnover(listened.config.stay_d, 1, 1)  # not used: her transponder says that she is one ship
    return _complete_row(row, 1.0, spell, size, turns, listened)


def _image_row(stay: DarkStay, spell: Spell, size: Row, listened: Listened) -> Row:
    sightings, mmsi = spell.looks, spell.mmsi
    last = sightings["acquired"].max()
    before, after = stay.absent_before, stay.absent_after
    earliest, latest = _stay_limits(spell.start, spell.end, listened.config)
    flags = [] if mmsi is not None else ["dark" if listened.heard.is_anyone_heard(stay) else "no_ais"]
    flags += [*stay.flags, *listened.shared.flags(spell)]
    if len(sightings) == 1:
        flags.append("single_sighting")
    if sightings["mmsi"].nunique() > 1:
        flags.append("several_transponders")
    if before is None:
        flags.append("arrival_open")
    if after is None:
        flags.append("left_open")
    row: Row = {
        "berth_id": stay.zone_id,
        "arrival_lo": max(before, earliest) if before is not None else earliest,
        "arrival_hi": spell.start,
        "departure_lo": spell.end,
        "departure_hi": min(after, latest) if after is not None else latest,
        "typed_until": last + AFTER_SAILING,
        "heard_after": mmsi is not None and listened.heard_after(mmsi, last),
        "evidence_class": "C" if len(sightings) > 1 else "D",
        "spot_taken": stay.looks_at_spot[0],
        "spot_looks": stay.looks_at_spot[1],
        "p_one_call": stay.number[0],
        "calls_mean": stay.number[1],
        "turns_slope": stay.turns_slope,
        "flags": flags,
    }
    hers = sightings["mmsi"].notna()  # of the others, the probability is that of no transponder
    certainty = float(sightings.loc[hers, "match_probability"].mean()) if mmsi is not None else 0.0
    return _complete_row(row, certainty, spell, size, stay.turns, listened)


def _present_by(sightings: pd.DataFrame) -> pd.Series:
    """Time by which each sighting shows that she had arrived; the end of the day where only the date is known."""
    return sightings["acquired"].mask(_is_only_dated(sightings), sightings["acquired"].dt.floor("D") + LAST_OF_DAY)


def _present_from(sightings: pd.DataFrame) -> pd.Series:
    """Time until which each sighting surely shows her; the start of the day where only the date is known."""
    return sightings["acquired"].mask(_is_only_dated(sightings), sightings["acquired"].dt.floor("D"))


def _is_only_dated(sightings: pd.DataFrame) -> pd.Series:
    return sightings["flags"].map(lambda flags: ONLY_DATED in flags).astype(bool)


def _stay_limits(first: pd.Timestamp, last: pd.Timestamp, config: CallsConfig) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Earliest arrival and latest departure by ``max_stay_d`` of a ship first and last seen at these times.

    A ship seen for longer than the limit is not bound by it: then it is counted outward from the first and last
    sighting.
    """
    limit = pd.Timedelta(days=config.max_stay_d)
    return (last - limit, first + limit) if last - first < limit else (first - limit, last + limit)


def _complete_row(row: Row, certainty: float, spell: Spell, size: Row, turns: Turnover, listened: Listened) -> Row:
    """Identity, size, draughts, freeboards and probabilities of a stay whose place and times are known."""
    mmsi, sightings, registry, config = spell.mmsi, spell.looks, listened.registry, listened.config
    zone = listened.place.zone(row["berth_id"])
    if zone is None:
        raise ValueError(f"a stay at zone {row['berth_id']!r}, which the place does not have")
    reports = listened.reports_of(spell)
    row["ship"] = spell.ship
    row["flags"] += [ONLY_DATED] if _is_only_dated(sightings).any() else []
    row |= identity(mmsi, certainty, reports, registry if SHIP_UNKNOWN not in row["flags"] else None)
    row |= size
    row["p_tanker"] = _p_tanker(sightings, reports, zone, config)
    row["p_ship"] = 1.0 if mmsi is not None else _p_ship(sightings)
    set_cargo(row, row, sightings, reports, turns, config)
    reason = _reason_not_counted(row, zone)
    row["counts"] = not reason
    row["flags"] += [reason] if reason else []
    row["flags"] += [MAY_BE_SHORTER] if reason == TOO_LONG and _may_be_shorter(row, zone) else []
    row["berth_kind"] = zone.kind
    row["n_seen"] = len(sightings)
    row["candidates"] = _candidates_text(row, registry)
    row["detection_ids"] = list(sightings["detection_id"]) if len(sightings) else []
    row["call_id"] = call_id_of(row, mmsi, sightings)
    return row


class UsableLooks:
    """When each zone was looked at and could be seen."""

    def __init__(self, looks: pd.DataFrame) -> None:
        usable = looks[(looks["state"] == "usable") & looks["acquired"].notna()]
        self._times_by_zone = {
            str(zone): here.to_numpy("datetime64[us]") for zone, here in usable.groupby("zone_id")["acquired"]
        }

    def during(self, row: Row) -> int:
        """Number of looks at the zone during a stay, without those that bound it from outside."""
        start = row["arrival_lo"] if row["arrival_lo"] is not None else row["arrival_hi"]
        end = row["departure_hi"] if row["departure_hi"] is not None else row["departure_lo"]
        sure = sorted([row["arrival_hi"], row["departure_lo"]])  # in reverse order where a sighting has no time of day
        when = self._times_by_zone.get(row["berth_id"], np.empty(0, "datetime64[us]"))
        start, end, first, last = (moment.to_datetime64() for moment in (start, end, *sure))
        return int((((when > start) & (when < end)) | ((when >= first) & (when <= last))).sum())


def _candidates_text(row: Row, registry: pd.DataFrame | None) -> str:
    """For a call without a transponder, the ships of the registry ranked by size, each with its probability."""
    if row["mmsi"] is not None or registry is None or not len(registry):
        return ""
    ranked = candidates(row, registry)
    if len(ranked) == 1:  # no listed ship has a size to compare
        return ""
    return "; ".join(f"{name} {chance:.2f}" for name, chance in zip(ranked["name"], ranked["probability"], strict=True))


def set_cargo(
    row: Row, spell: Row, sightings: pd.DataFrame, reports: pd.DataFrame, turns: Turnover, config: CallsConfig
) -> None:
    """Set draughts as typed and freeboards as seen over a spell, and the flags that say what is doubtful about them.

    ``spell`` is the row itself, or that of a whole visit.
    """
    draught_in_m, draught_out_m = draughts_of_stay(
        reports,
        spell["arrival_hi"],
        spell["departure_lo"],
        spell["typed_until"],
        heard_after=spell["heard_after"],
        loads=config.prior_p_loading >= 0.5,
    )
    for name in FREEBOARD_COLUMNS:  # left from a part of the spell: its first look may be the last of the whole
        row.pop(name, None)
    row |= {"draught_in_m": draught_in_m, "draught_out_m": draught_out_m} | freeboards(
        sightings, row["mmsi"], turns, spell
    )
    doubts = freeboard_flags(row)
    row["flags"] = [flag for flag in row["flags"] if flag not in doubts] + [flag for flag, on in doubts.items() if on]


def _reason_not_counted(row: Row, zone: Zone) -> str:
    """The flag that says why a call does not count; "" where it counts."""
    if not zone.counts:
        return "zone_not_counted"
    length_m = row["length_m"] if pd.notna(row["length_m"]) else row.get("listed_length_m")
    if zone.max_length_m is not None and length_m is not None and length_m > zone.max_length_m:
        return TOO_LONG
    longest_m = row["length_hi_m"] if pd.notna(row.get("length_hi_m")) else length_m
    if longest_m is not None and longest_m < SHORTEST_M:
        return "too_short_for_this_trade"
    if row["p_tanker"] < MIN_P_TANKER:
        return "unlikely_tanker"
    # the times of a ship seen in images and missed before and after are not known well enough for this test
    return SHORT_STAY if row["evidence_class"] in {"A", "B"} and is_too_short(row) else ""


def _may_be_shorter(row: Row, zone: Zone) -> bool:
    """Does the length's interval reach down to what the zone's trade allows, though the length itself is too long?"""
    return zone.max_length_m is not None and pd.notna(row["length_lo_m"]) and row["length_lo_m"] <= zone.max_length_m


def _p_ship(sightings: pd.DataFrame) -> float:
    """The best score, since a quay looks like a ship in every look; 1 where an analyst confirmed the ship."""
    confirmed = sightings["flags"].map(lambda flags: "review_confirmed" in flags)
    return 1.0 if confirmed.any() else float(sightings["score"].max())


def _p_tanker(sightings: pd.DataFrame, reports: pd.DataFrame, zone: Zone, config: CallsConfig) -> float:
    """By the broadcast type; without one, by the berth's trade and the sightings' tanker scores."""
    types = reports["ship_type"].dropna()
    types = types[types > 0]
    if len(types):
        return 0.98 if int(types.iloc[-1]) in TANKER_TYPES else 0.02
    prior = config.prior_p_tanker_at_oil_berth if zone.cargo in OIL else BASE_TANKER_SHARE
    odds = prior / (1 - prior)
    if len(sightings):
        score = float(np.clip(sightings["tanker_score"].mean(), 0.02, 0.98))
        odds *= score / (1 - score) / (BASE_TANKER_SHARE / (1 - BASE_TANKER_SHARE))
    return float(odds / (1 + odds))


def call_id_of(row: Row, mmsi: int | None, sightings: pd.DataFrame) -> str:
    """Twelve letters and digits (never a number) from berth, ship and first sighting, or hour of arrival without one.

    The sighting enters by time and place, not by file name: renaming a copy of an image changes no call and, since a
    call's random numbers come from its name, no barrels. Time goes to the second only: a radar sighting has the time of
    its image row, whose microseconds shift with the hull's centre by less than its position is rounded to.
    """
    evidence = row["arrival_hi"].strftime("%Y%m%dT%H")
    if len(sightings):
        first = sightings.sort_values(["acquired", "lon", "lat"]).iloc[0]
        evidence = f"{first['acquired'].isoformat(timespec='seconds')}|{first['lon']:.4f}|{first['lat']:.4f}"
    return never_a_number(hashlib.sha256(f"{row['berth_id']}|{mmsi}|{evidence}".encode()).hexdigest()[:12])
