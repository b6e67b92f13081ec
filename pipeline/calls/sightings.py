"""Link sightings without a transponder into stays: same berth, compatible times and sizes, not absent in between.

Two sightings within one look are two ships. From look to look the likeliest pairing is taken: the assignment in which
the sizes agree best; a pair that disagrees beyond its intervals is not allowed. A look that does not show a ship ends
her stay, unless a later one shows her again and it is clearly likelier that the look missed her.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.calls.berth_looks import (
    SAME_SPOT_M,
    BerthLook,
    SightingsByPass,
    apart_m,
    is_same_spot,
    looks_in_order,
    occupied_looks,
)
from pipeline.calls.counting import MIN_SD_M, difference, empty_since, length_of
from pipeline.calls.dark_stays import DarkStay
from pipeline.calls.heard_at_spots import SIDE_BY_SIDE, Change, HeardAtSpots
from pipeline.calls.odd_looks import rejoin_around_odd_looks
from pipeline.calls.rejoined_stays import rejoin_cut_stays
from pipeline.calls.same_ship import fine_log_odds
from pipeline.calls.ships_in_turn import set_ship_numbers
from pipeline.config import CallsConfig
from pipeline.ships.turnover import (
    DISAGREE,
    LIKELY,
    NO_LOOK_BEFORE,
    UNLIKELY,
    LookBefore,
    Pair,
    chance_of_one_stay,
    turnover,
)
from pipeline.times_places.passes import passes, twins

if TYPE_CHECKING:
    from pipeline.calls.heard import Heard


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
    """Of several sightings of one ship in one pass, keep the one with the highest score."""
    dropped_ids: set[str] = set()
    for _, shown in seen.groupby("pass_id", sort=True):
        pictures = [picture.reset_index(drop=True) for _, picture in shown.groupby("scene_id", sort=True)]
        for pair in combinations(pictures, 2):
            for of_ship in twins(*(picture[["lon", "lat"]].to_numpy(float) for picture in pair)):
                both = (picture.loc[n] for picture, n in zip(pair, of_ship, strict=True))
                dropped_ids.add(max(both, key=_last_choice)["detection_id"])
    return seen[~seen["detection_id"].isin(dropped_ids)].reset_index(drop=True)


def _last_choice(row: pd.Series) -> tuple[bool, float, pd.Timestamp, str]:
    """Sort key: the sighting that is kept comes first, one with a transponder before others, then by higher score."""
    return pd.isna(row["mmsi"]), -row["score"], row["acquired"], row["detection_id"]


def link(
    sightings: pd.DataFrame, looks: pd.DataFrame, config: CallsConfig, heard: Heard | None = None
) -> list[DarkStay]:
    """Stays of unnamed ships, in order of zone and first sighting.

    Sightings that belong to stays known from transponders are not included; ``heard`` says where those ships lay.
    """
    out: list[DarkStay] = []
    at_spots = HeardAtSpots(heard, sightings, config)
    pass_of = passes(sightings, looks)
    sightings, looks = (table.assign(pass_id=table["scene_id"].map(pass_of)) for table in (sightings, looks))
    no_looks = {"empty_before": [()] * len(sightings), "look_before": [NO_LOOK_BEFORE] * len(sightings)}
    sightings = sightings.assign(missed_before=1.0, **no_looks)
    for zone_id in sorted(sightings["berth_id"].unique()):
        here = sightings[sightings["berth_id"] == zone_id]
        out += _link_at_zone(zone_id, here, looks[looks["zone_id"] == zone_id], at_spots, config)
    return out


def _link_at_zone(
    zone_id: str, seen: pd.DataFrame, looks: pd.DataFrame, heard: HeardAtSpots, config: CallsConfig
) -> list[DarkStay]:
    """Process the looks, and the arrivals and departures of heard ships, in order of time."""
    in_order, by_pass = looks_in_order(seen, looks, config), SightingsByPass(seen)
    berth, changes = _Berth(zone_id, in_order, by_pass, heard, config), heard.changes(by_pass.all)
    for look in in_order:
        while changes and changes[0].when <= look.when:
            berth.add_change(changes.pop(0))
        berth.add_look(look)
    for change in changes:
        berth.add_change(change)
    found = berth.closed + berth.unseen + berth.open
    found = sorted(found, key=lambda s: (s.sightings[0]["acquired"], str(s.sightings[0]["detection_id"])))
    stays = rejoin_cut_stays(found, config, is_same_spot, fine_log_odds)
    stays = rejoin_around_odd_looks(
        stays, config, is_same_spot, lambda a, b: difference(length_of(a), length_of(b), config)
    )
    set_ship_numbers(stays, config)
    return stays


class _Berth:
    """Stays at one zone, up to the look processed last."""

    def __init__(
        self,
        zone_id: str,
        in_order: list[BerthLook],
        by_pass: SightingsByPass,
        heard: HeardAtSpots,
        config: CallsConfig,
    ) -> None:
        self._zone_id, self._in_order, self._by_pass = zone_id, in_order, by_pass
        self._looks_s = np.array([look.when.timestamp() for look in in_order])
        self._heard, self._config = heard, config
        self.open: list[DarkStay] = []
        self.closed: list[DarkStay] = []
        self.unseen: list[DarkStay] = []
        """Stays whose ship a look did not show, but may have missed."""
        self._absent = _Absent(None, 1.0)

    def add_change(self, change: Change) -> None:
        """Record that a heard ship lay at a spot: then no unnamed ship was there."""
        self._close_old(change.when)
        for stay in [s for s in self.open if self._heard.lay_at(change.stay, s.last)]:
            self._mark_unseen(stay, change.when)
        for stay in self.unseen:
            if self._heard.lay_at(change.stay, stay.last):
                stay.p_missed *= SIDE_BY_SIDE
                stay.empty_looks += ((change.when, SIDE_BY_SIDE),)

    def add_look(self, look: BerthLook) -> None:
        """Close stays whose ship is gone, extend or open those whose ship is there."""
        here = self._by_pass.of_pass(look.pass_id)
        self._close_old(look.when)
        stay_of = _pairs([*self.open, *(s for s in self.unseen if not s.is_followed)], here, self._config)
        unmatched = [s for s in self.open if s not in stay_of.values()]
        for stay in [s for s in self.unseen if s in stay_of.values()]:
            self.unseen.remove(stay)
            self.open.append(stay)
        for n, sighting in enumerate(here):
            if n in stay_of:
                stay_of[n].extend(sighting)
            else:
                unseen = [*unmatched, *self.unseen]
                self.open.append(self._new_stay(sighting, unseen, look))
                for stay in unseen:
                    stay.is_followed |= is_same_spot(stay.last, sighting)
        if look.misses < 1:
            for stay in unmatched:
                self._mark_unseen(stay, look.when)
            for stay in self.unseen:
                stay.p_missed *= look.misses
                if not any(is_same_spot(stay.last, sighting) for sighting in here):
                    stay.empty_looks += ((look.when, look.misses),)
            self._absent = _Absent(look.when, look.misses)

    def _close_old(self, when: pd.Timestamp) -> None:
        """Close stays that have not been seen for longer than any stay lasts."""
        limit = timedelta(days=self._config.max_stay_d)
        for stays in (self.open, self.unseen):
            old = [stay for stay in stays if when - stay.last["acquired"] > limit]
            self.closed += old
            stays[:] = [stay for stay in stays if stay not in old]

    def _mark_unseen(self, stay: DarkStay, when: pd.Timestamp) -> None:
        stay.absent_after = when
        self.open.remove(stay)
        self.unseen.append(stay)

    def _new_stay(self, sighting: dict[str, object], unseen: list[DarkStay], look: BerthLook) -> DarkStay:
        """The stay that begins with a sighting; ``unseen`` are the stays that its look does not show."""
        absent, left = self._absent, self._heard.last_departure(sighting)
        if left is not None and (absent.when is None or left > absent.when):
            absent = _Absent(left, SIDE_BY_SIDE)
        former = _former(sighting, unseen, self._config)
        predecessor_id, since = _newest_at(sighting, unseen)
        first = sighting | {"look_before": _look_before(sighting, unseen, *absent, former[1])} | since
        is_heard = self._heard.occupied_at(sighting, SAME_SPOT_M, self._looks_s)
        showing = self._by_pass.passes_at(sighting)
        occupied, looks, heard = occupied_looks(self._in_order, showing, is_heard, look.pass_id)
        return DarkStay(
            self._zone_id,
            turnover(self._config.stay_d, occupied, looks, heard),
            [first],
            absent.when,
            predecessor_id=predecessor_id,
            former=former,
            looks_at_spot=(occupied, looks),
        )


def _newest_at(sighting: dict[str, object], unseen: list[DarkStay]) -> tuple[str, dict[str, object]]:
    """The newest sighting at a spot among stays that a look does not show, and what the looks since then missed."""
    here = [stay for stay in unseen if is_same_spot(stay.last, sighting)]
    if not here:
        return "", {}
    newest = max(here, key=lambda stay: stay.last["acquired"])  # type: ignore[arg-type, return-value]
    return str(newest.last["detection_id"]), {"missed_before": newest.p_missed, "empty_before": newest.empty_looks}


def _look_before(
    sighting: dict[str, object], unseen: list[DarkStay], last_empty: pd.Timestamp | None, misses: float, p_former: float
) -> LookBefore:
    """The last look that did not show a ship before she was first seen: at the berth, or of another ship at her spot.

    ``unseen`` are the stays that the look of the sighting does not show, ``p_former`` is the probability that she is of
    one of them, ``misses`` the share of ships that the last look at the berth misses.
    """
    looks = [(stay.last["acquired"], 0.0, True) for stay in unseen if is_same_spot(stay.last, sighting)]
    looks += [] if last_empty is None else [(last_empty, misses, False)]
    if not looks:
        return NO_LOOK_BEFORE
    when, missed, is_taken = max(looks, key=lambda look: (look[0], -look[1]))
    days = float((sighting["acquired"] - when) / timedelta(days=1))  # type: ignore[operator]
    return LookBefore(days, max(missed, p_former), is_taken)


class _Absent(NamedTuple):
    """The last look that did not show a ship at her berth, if any, and the share of ships that it misses."""

    when: pd.Timestamp | None
    misses: float


def _pairs(stays: list[DarkStay], sightings: list[dict[str, object]], config: CallsConfig) -> dict[int, DarkStay]:
    """Sighting index -> the stay that it continues, if any."""
    if not stays or not sightings:
        return {}
    cost = np.array([[_disagreement(s, d, config) for s in stays] for d in sightings])
    rows, cols = linear_sum_assignment(np.where(np.isfinite(cost), cost, 1e6))
    return {int(r): stays[c] for r, c in zip(rows, cols, strict=True) if np.isfinite(cost[r, c])}


def _former(sighting: dict[str, object], before: list[DarkStay], config: CallsConfig) -> tuple[str, float]:
    """The stay that a new one may continue after all: the likeliest of those that this look does not show."""
    chances = [(str(stay.last["detection_id"]), _p_same_ship(stay, sighting, config)) for stay in before]
    return max(chances, key=lambda pair: pair[1], default=("", 0.0))


def _p_same_ship(stay: DarkStay, new: dict[str, object], config: CallsConfig) -> float:
    """Probability that a sighting shows the ship of a stay, still there; 0 if elsewhere or surely another.

    If so, all looks since then that did not show her have missed her; if not, none has.
    """
    if not is_same_spot(stay.last, new):
        return 0.0
    log_odds = fine_log_odds(stay.last, new)
    if log_odds == -np.inf:
        return 0.0
    difference_m, error_m = difference(stay.length(), length_of(new), config)
    gap_d = float((new["acquired"] - stay.last["acquired"]) / timedelta(days=1))  # type: ignore[operator]
    empty, missed = empty_since(stay.last, stay.empty_looks), stay.p_missed
    pair = Pair(stay.seen_d, gap_d, difference_m, error_m, log_odds, 0.0, missed, empty, stay.look_before)
    return chance_of_one_stay(stay.turns, pair)


def _disagreement(stay: DarkStay, new: dict[str, object], config: CallsConfig) -> float:
    """Squared deviation of lengths, in standard deviations of their difference; infinite for likely different ships.

    A look that did not show her ended her stay: to continue it, one ship must be clearly likelier than two (`LIKELY`);
    else a pair is refused only if clearly unlikely (`UNLIKELY`).
    """
    least = UNLIKELY if stay.absent_after is None else LIKELY
    difference_m, error_m = difference(stay.length(), length_of(new), config)
    z = abs(difference_m) / max(error_m, MIN_SD_M)
    if z > DISAGREE or _p_same_ship(stay, new, config) < least:
        return np.inf
    return float(z**2 + (apart_m(stay.last, new) / SAME_SPOT_M) ** 2)
