"""Sightings without a transponder, linked into stays: same berth, fitting times and sizes, nobody absent between.

Within one look two sightings are two ships. From look to look the likeliest pairing is taken: the assignment that makes
the sizes agree best, where a pair that disagrees beyond its intervals is not allowed. A look that does not show a ship
ends her stay, unless a later one shows her again and it is clearly likelier that the look missed her.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.calls.between_alike import joined
from pipeline.calls.chance_cuts import mended
from pipeline.calls.counting import MIN_SD_M, difference, empty_since, length_of
from pipeline.calls.dark_stays import DarkStay
from pipeline.calls.geodesy import distance_m
from pipeline.calls.same_ship import is_fine, odds_beyond_length, same_ship_probability
from pipeline.calls.ships_in_turn import counted
from pipeline.config import CallsConfig
from pipeline.ships.turnover import (
    DISAGREE,
    LIKELY,
    NOBODY_LOOKED,
    UNLIKELY,
    Before,
    Pair,
    chance_of_one_stay,
    turnover,
)
from pipeline.tables.records import records_of
from pipeline.times_places.passes import passes, twins
from pipeline.types import RADARS

ANOTHER_SHIP = 0.01  # probability below which two fine looks show two ships, whatever their lengths
ONE_WORD = timedelta(hours=12)  # nearer looks show what the other one shows: most stays are longer (our choice)
SAME_SPOT_M = 250.0  # along a berth a ship does not shift further during a stay (our choice)


def sightings_in_zones(detections: pd.DataFrame, matches: pd.DataFrame, pass_of: dict[str, str]) -> pd.DataFrame:
    """Accepted detections inside zones, each with its pass, and its transponder where it has one."""
    inside = detections["accepted"].astype(bool) & (detections["berth_id"] != "") & detections["acquired"].notna()
    partner = matches.dropna(subset=["mmsi"]).set_index("det_id")["mmsi"]
    certainty = matches.set_index("det_id")["probability"]
    seen = pd.DataFrame(detections[inside]).copy()
    seen["mmsi"] = seen["detection_id"].map(partner)
    seen["match_probability"] = seen["detection_id"].map(certainty).fillna(1.0).astype(float)
    seen["pass_id"] = seen["scene_id"].map(pass_of)
    return _once_a_pass(seen.sort_values(["acquired", "detection_id"], ignore_index=True))


def _once_a_pass(seen: pd.DataFrame) -> pd.DataFrame:
    """One sighting of what several pictures of a pass show: the one with the highest score."""
    gives_way: set[str] = set()
    for _, shown in seen.groupby("pass_id", sort=True):
        pictures = [picture.reset_index(drop=True) for _, picture in shown.groupby("scene_id", sort=True)]
        for pair in combinations(pictures, 2):
            for of_ship in twins(*(picture[["lon", "lat"]].to_numpy(float) for picture in pair)):
                both = (picture.loc[n] for picture, n in zip(pair, of_ship, strict=True))
                gives_way.add(max(both, key=_last_choice)["detection_id"])
    return seen[~seen["detection_id"].isin(gives_way)].reset_index(drop=True)


def _last_choice(row: pd.Series) -> tuple[bool, float, pd.Timestamp, str]:
    """Of sightings of one ship the one stays that a transponder fits, then that with the higher score."""
    return pd.isna(row["mmsi"]), -row["score"], row["acquired"], row["detection_id"]


def link(sightings: pd.DataFrame, looks: pd.DataFrame, config: CallsConfig) -> list[DarkStay]:
    """Stays of unnamed ships, in order of zone and first sighting.

    Ships whose transponders tell their stays are not among the sightings: to these turns a spot is free while one of
    them lies there. Counted in, they make it busier with ships of whom none is asked about: of drawn turns, three or
    six in ten of them heard, 3 to 8 % too many ships are expected then; of those alone their number within 1 %.
    """
    out: list[DarkStay] = []
    pass_of = passes(sightings, looks)
    sightings, looks = (table.assign(pass_id=table["scene_id"].map(pass_of)) for table in (sightings, looks))
    nobody = {"empty_before": [()] * len(sightings), "came_after": [NOBODY_LOOKED] * len(sightings)}
    sightings = sightings.assign(missed_before=1.0, **nobody)
    for zone_id in sorted(sightings["berth_id"].unique()):
        here = sightings[sightings["berth_id"] == zone_id]
        out += _at_zone(zone_id, here, looks[looks["zone_id"] == zone_id], config)
    return out


def _at_zone(zone_id: str, seen: pd.DataFrame, looks: pd.DataFrame, config: CallsConfig) -> list[DarkStay]:
    """Go through the looks in order; close what a look shows to be gone, extend or open what it shows to be there."""
    open_stays: list[DarkStay] = []
    closed: list[DarkStay] = []
    missed: list[DarkStay] = []  # those that a look found gone, and may have missed
    last_empty: pd.Timestamp | None = None
    last_misses = 1.0
    in_order, shown = _looks_in_order(seen, looks, config), _Shown(seen)
    for pass_id, when, misses, _ in in_order:
        here = shown.by(pass_id)
        limit = timedelta(days=config.max_stay_d)
        for stay in [s for s in open_stays + missed if when - s.last["acquired"] > limit]:
            (open_stays if stay in open_stays else missed).remove(stay)
            closed.append(stay)
        partner = _pairs([*open_stays, *(s for s in missed if not s.followed)], here, config)
        unmatched = [s for s in open_stays if s not in partner.values()]
        for stay in [s for s in missed if s in partner.values()]:
            missed.remove(stay)
            open_stays.append(stay)
        for n, sighting in enumerate(here):
            if n in partner:
                partner[n].goes_on(sighting)
            else:
                gone = [*unmatched, *missed]
                spot = _of_looks_apart(in_order, shown.passes_at(sighting), pass_id)
                open_stays.append(_begun(zone_id, sighting, gone, spot, (last_empty, last_misses), config))
                for stay in gone:
                    stay.followed |= _one_place(stay.last, sighting)
        if misses < 1:
            for stay in unmatched:
                stay.absent_after = when
                open_stays.remove(stay)
                missed.append(stay)
            for stay in missed:
                stay.missed *= misses
                if not any(_one_place(stay.last, sighting) for sighting in here):
                    stay.empty += ((when, misses),)
            last_empty, last_misses = when, misses
    found = closed + missed + open_stays
    found = sorted(found, key=lambda s: (s.sightings[0]["acquired"], str(s.sightings[0]["detection_id"])))
    whole = mended(found, config, _one_place, _beyond_length)
    whole = joined(whole, config, _one_place, lambda a, b: difference(length_of(a), length_of(b), config))
    counted(whole, config)
    return whole


def _begun(
    zone_id: str,
    sighting: dict[str, object],
    gone: list[DarkStay],
    spot: tuple[int, int],
    empty: tuple[pd.Timestamp | None, float],
    config: CallsConfig,
) -> DarkStay:
    """The stay that begins with a sighting, told by those ``gone`` and by the last look before it that shows nobody.

    ``spot`` says how busy her spot is, ``empty`` the time of that look and what it misses.
    """
    former = _former(sighting, gone, config)
    after, since = _newest_at(sighting, gone)
    first = sighting | {"came_after": _came_after(sighting, gone, *empty, former[1])} | since
    return DarkStay(zone_id, turnover(config.stay_d, *spot), [first], empty[0], after=after, former=former, spot=spot)


def _newest_at(sighting: dict[str, object], gone: list[DarkStay]) -> tuple[str, dict[str, object]]:
    """The newest sighting at a spot of stays that a look does not show, and what the looks since missed."""
    here = [stay for stay in gone if _one_place(stay.last, sighting)]
    if not here:
        return "", {}
    newest = max(here, key=lambda stay: stay.last["acquired"])  # type: ignore[arg-type, return-value]
    return str(newest.last["detection_id"]), {"missed_before": newest.missed, "empty_before": newest.empty}


def _came_after(
    sighting: dict[str, object], gone: list[DarkStay], last_empty: pd.Timestamp | None, misses: float, may_be: float
) -> Before:
    """The last look that did not show a ship before she was first seen: one at the berth, or of another at her spot.

    ``gone`` are the stays that the look of the sighting does not show, ``may_be`` is the chance that she is of one of
    them, ``misses`` what the last look at the berth does miss.
    """
    looks = [(stay.last["acquired"], 0.0) for stay in gone if _one_place(stay.last, sighting)]
    looks += [] if last_empty is None else [(last_empty, misses)]
    if not looks:
        return NOBODY_LOOKED
    when, missed = max(looks, key=lambda look: (look[0], -look[1]))
    return Before(float((sighting["acquired"] - when) / timedelta(days=1)), max(missed, may_be))  # type: ignore[operator]


class _Look(NamedTuple):
    """A pass over a berth: its time, what share of ships that lie there it misses, and what share it shows.

    Where absence says nothing it misses all, as far as one ship is asked about; how busy a spot is, many looks tell.
    """

    pass_id: str
    when: pd.Timestamp
    misses: float
    shows: float


def _looks_in_order(seen: pd.DataFrame, looks: pd.DataFrame, config: CallsConfig) -> list[_Look]:
    """The passes in order of time, each by its first picture; those whose sighting alone is known show it for sure."""
    out: dict[str, _Look] = {}
    for row in looks[(looks["state"] == "usable") & looks["acquired"].notna()].itertuples():
        absence = row.sensor not in RADARS or config.radar_absence_counts
        shows = config.look_recall.get(str(row.sensor), 0.0)
        look = _Look(row.pass_id, row.acquired, 1 - shows if absence else 1.0, shows)
        out[row.pass_id] = min(out.get(row.pass_id, look), look)
    for row in seen.itertuples():
        out.setdefault(row.pass_id, _Look(row.pass_id, row.acquired, 1.0, 1.0))
    return sorted(out.values(), key=lambda look: (look.when, look.pass_id))


def _pairs(stays: list[DarkStay], sightings: list[dict[str, object]], config: CallsConfig) -> dict[int, DarkStay]:
    """Sighting number -> the stay that it continues, of those that may go on."""
    if not stays or not sightings:
        return {}
    cost = np.array([[_disagreement(s, d, config) for s in stays] for d in sightings])
    rows, cols = linear_sum_assignment(np.where(np.isfinite(cost), cost, 1e6))
    return {int(r): stays[c] for r, c in zip(rows, cols, strict=True) if np.isfinite(cost[r, c])}


class _Shown:
    """What each pass shows at a zone, and where."""

    def __init__(self, seen: pd.DataFrame) -> None:
        self._by: dict[str, list[dict[str, object]]] = {}
        for row in records_of(seen.sort_values("detection_id")):  # at once: of a few rows it takes as long
            self._by.setdefault(row["pass_id"], []).append(row)
        self._lon, self._lat = (seen[name].to_numpy(float) for name in ("lon", "lat"))
        self._pass = seen["pass_id"].to_numpy(object)

    def by(self, pass_id: str) -> list[dict[str, object]]:
        """The sightings of a pass, by their names."""
        return self._by.get(pass_id, [])

    def passes_at(self, sighting: dict[str, object]) -> set[str]:
        """The passes that show somebody at the spot of a sighting."""
        apart = distance_m(self._lon, self._lat, sighting["lon"], sighting["lat"])
        return set(self._pass[apart <= SAME_SPOT_M])


def _of_looks_apart(in_order: list[_Look], that_show: set[str], asked: str) -> tuple[int, int]:
    """How many looks show somebody and how many would if the spot were never free, those within `ONE_WORD` as one.

    Near looks show the same ship, or the same empty spot: ten of a day say no more of how busy the spot is than one. A
    look that shows two ships in three shows a spot free that is taken; the ``asked`` one shows somebody in any case. Of
    a look of which nobody knows what it shows the ships are no share of anything: it says nothing.
    """
    in_order = [look for look in in_order if look.shows > 0 or look.pass_id == asked]
    when = np.array([look.when.timestamp() for look in in_order])
    word = 1 / (np.abs(when[:, None] - when) <= ONE_WORD.total_seconds()).sum(axis=1)
    showing = np.array([look.pass_id in that_show for look in in_order])
    shows = np.array([1.0 if look.pass_id == asked else look.shows for look in in_order])
    taken = max(1, round(float(word[showing].sum())))
    return taken, max(taken, round(float((word * shows).sum())))


def _one_place(first: dict[str, object], second: dict[str, object]) -> bool:
    """May two sightings be of one spot?"""
    return _apart_m(first, second) <= SAME_SPOT_M


def _apart_m(first: dict[str, object], second: dict[str, object]) -> float:
    """Metres between two sightings."""
    return float(distance_m(first["lon"], first["lat"], second["lon"], second["lat"]))


def _former(sighting: dict[str, object], before: list[DarkStay], config: CallsConfig) -> tuple[str, float]:
    """The stay that a new one may go on with after all, the likeliest of those before that this look does not show."""
    chances = [(str(stay.last["detection_id"]), _chance(stay, sighting, config)) for stay in before]
    return max(chances, key=lambda pair: pair[1], default=("", 0.0))


def _chance(stay: DarkStay, new: dict[str, object], config: CallsConfig) -> float:
    """That a sighting shows the ship of a stay, still there; 0 where it lies elsewhere or is surely another.

    Looks since that did not show her have all missed her then, and none of them otherwise.
    """
    if not _one_place(stay.last, new):
        return 0.0
    more = _beyond_length(stay.last, new)
    if more == -np.inf:
        return 0.0
    shift, spread = difference(stay.length(), length_of(new), config)
    gap_d = float((new["acquired"] - stay.last["acquired"]) / timedelta(days=1))  # type: ignore[operator]
    empty = empty_since(stay.last, stay.empty)
    return chance_of_one_stay(
        stay.turns,
        Pair(stay.seen_d, gap_d, shift, spread, more, missed=stay.missed, empty=empty, before=stay.came_after),
    )


def _beyond_length(first: dict[str, object], second: dict[str, object]) -> float:
    """How much likelier beam, house and deck are if both show one ship: a logarithm, minus infinity of surely two."""
    if not (is_fine(first) and is_fine(second)):
        return 0.0
    return -np.inf if same_ship_probability(first, second) < ANOTHER_SHIP else odds_beyond_length(first, second)


def _disagreement(stay: DarkStay, new: dict[str, object], config: CallsConfig) -> float:
    """Squared deviation of lengths, in standard deviations of their difference; infinite for likely different ships.

    A look that found her gone ended her stay: that it missed her must be as clear as two ships must be elsewhere.
    """
    least = UNLIKELY if stay.absent_after is None else LIKELY
    shift, spread = difference(stay.length(), length_of(new), config)
    z = abs(shift) / max(spread, MIN_SD_M)
    if z > DISAGREE or _chance(stay, new, config) < least:
        return np.inf
    return float(z**2 + (_apart_m(stay.last, new) / SAME_SPOT_M) ** 2)
