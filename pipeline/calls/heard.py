"""Which sightings show a ship whose stay her transponder tells.

Those matched to her are hers by transponder and time: an antenna and the middle of a hull may lie on two sides of the
line between two berths. A sighting that was matched to nobody while she lay silent at that spot, heard there before and
after, shows her as well: no transponder could claim it, for a match needs a fix within the hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.calls.counting import difference, length_of
from pipeline.calls.dark_stays import DarkStay
from pipeline.calls.geodesy import distance_m
from pipeline.calls.motion import MAX_AGE_S
from pipeline.calls.static import lengths_at
from pipeline.calls.stays import SAME_SPOT_M as SWING_M
from pipeline.calls.tracks import good_fixes
from pipeline.ships.turnover import DISAGREE, NOBODY_LOOKED, Before, Pair, chance_of_one_stay
from pipeline.tables.records import records_of
from pipeline.tables.ships import TYPED_SD_M

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.calls.stays import Stay
    from pipeline.config import CallsConfig
    from pipeline.types import FloatArray, Place

HEARD_WITHIN_S = 6 * 3600.0  # our choice: a receiver that hears nobody for so long was off
ERRORS_M = 100.0  # of the places of an antenna and an image together (our choice)
UNKNOWN_SD_M = 1e3  # of a length that nobody told: it speaks neither for nor against

Sighting = Mapping[Any, Any]


class Heard:
    """The stays of transponders at a place, and what is asked of sightings about them."""

    def __init__(self, found: Sequence[Stay], tracks: pd.DataFrame, static: pd.DataFrame, place: Place) -> None:
        self.found = found
        self._static = static
        self._longest_m: dict[int, float] = static.groupby("mmsi")["length_m"].max().astype(float).to_dict()
        self._berths = {zone.zone_id for zone in place.zones if zone.kind == "berth"}
        self._all = np.sort(tracks["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 1e6)
        fixes = good_fixes(tracks).sort_values("time_utc", kind="stable")
        seconds = fixes["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
        ships = pd.Series(seconds).groupby(fixes["mmsi"].to_numpy())
        self._heard: dict[int, FloatArray] = {int(mmsi): hers.to_numpy(float) for mmsi, hers in ships}

    def sightings(self, seen: pd.DataFrame, config: CallsConfig) -> dict[str, int]:
        """Number of the stay that each sighting is evidence of, by detection; sightings of nobody's stay are left out.

        ``seen`` has a column mmsi, empty where nobody's transponder fits, and a column pass_id.
        """
        out: dict[str, int] = {}
        taken: set[tuple[int, str]] = set()
        rows = records_of(seen)
        for row in (r for r in rows if pd.notna(r["mmsi"])):
            if (stay := self._named(row, config)) is not None:
                out[row["detection_id"]] = stay
                taken.add((stay, row["pass_id"]))
        silent = [fit for row in rows if pd.isna(row["mmsi"]) for fit in self._silent(row, config)]
        for _, name, stay, pass_id in sorted(silent):
            if name not in out and (stay, pass_id) not in taken:  # one ship is seen once in one pass
                out[name] = stay
                taken.add((stay, pass_id))
        return out

    def _named(self, row: Sighting, config: CallsConfig) -> int | None:
        """The stay of the ship that a sighting was matched to: of her stays at that time the nearest, in that zone."""
        fits, gap = [], pd.Timedelta(hours=config.gap_h)
        for n, stay in enumerate(self.found):
            if stay.mmsi != row["mmsi"] or not _holds(stay, row["acquired"], gap):
                continue
            metres, elsewhere = _apart_m(stay, row), stay.zone_id != row["berth_id"]
            if not elsewhere or metres <= self._reach_m(stay, row):
                outside = not stay.arrival_hi <= row["acquired"] <= stay.departure_lo
                fits.append((elsewhere, outside, metres, n))
        return min(fits)[-1] if fits else None

    def _silent(self, row: Sighting, config: CallsConfig) -> Iterator[tuple[float, str, int, str]]:
        """Stays of ships that a sighting may show, being silent: misfit, detection, stay, pass."""
        when, gap = row["acquired"], pd.Timedelta(hours=config.gap_h)
        for n, stay in enumerate(self.found):
            if not _holds(stay, when, gap, at_most=True):
                continue
            metres, reach = _apart_m(stay, row), self._reach_m(stay, row)
            if metres > reach or self._speaks(stay.mmsi, when):
                continue
            shift, spread = difference(self._length(stay, when), length_of(row), config)
            if abs(shift) <= DISAGREE * spread:
                yield (metres / reach) ** 2 + (shift / spread) ** 2, row["detection_id"], n, row["pass_id"]

    def goes_on(self, dark: DarkStay, config: CallsConfig) -> tuple[int, float]:
        """The heard stay that a ship without a transponder may go on with, or come before, and the chance; -1 for none.

        She lay at that spot, was not heard for hours, and the picture is of that time: the ship in it may be her, still
        or already there, or another. Who was heard to come stays on for longer than one found amid her stay.
        """
        best = (-1, 0.0)
        first, last = dark.sightings[0], dark.last
        longest, day = pd.Timedelta(days=config.max_stay_d), pd.Timedelta(days=1)
        for n, stay in enumerate(self.found):
            if first["acquired"] > stay.departure_lo:
                near, gap = first, first["acquired"] - stay.departure_lo
                came = stay.arrival_lo, stay.arrival_hi
            elif last["acquired"] < stay.arrival_hi:
                near, gap = last, stay.arrival_hi - last["acquired"]
                came = stay.departure_lo, stay.departure_hi  # turns are as likely with their time turned round
            else:
                continue
            when = near["acquired"]
            possible = _holds(stay, first["acquired"], longest) and _holds(stay, last["acquired"], longest)
            if not possible or _apart_m(stay, near) > self._reach_m(stay, near) or self._speaks(stay.mmsi, when):
                continue
            shift, spread = difference(self._length(stay, when), dark.length(), config)
            seen_d = (stay.departure_lo - stay.arrival_hi) / day
            before = NOBODY_LOOKED if None in came else Before((came[1] - came[0]) / day, 0.0)
            pair = Pair(seen_d, gap / day, shift, spread, then_d=dark.seen_d, before=before)
            chance = chance_of_one_stay(dark.turns, pair)
            best = max(best, (n, chance), key=lambda pair: pair[1])
        return best

    def anybody(self, dark: DarkStay) -> bool:
        """Was any transponder heard near the time of any sighting? If none was, a ship without one is not dark."""
        seen_s = np.array([s["acquired"].timestamp() for s in dark.sightings])  # type: ignore[attr-defined]
        return bool(self.listened_at(seen_s).any())

    def listened_at(self, when_s: FloatArray) -> NDArray[np.bool_]:
        """Was any transponder heard near each of these times [s since 1970]?"""
        near = (-HEARD_WITHIN_S, HEARD_WITHIN_S)
        first, after = (np.searchsorted(self._all, when_s + side, "right") for side in near)
        return np.asarray(after > first)

    def at_berth(self, stay: Stay) -> bool:
        """Is the zone of a stay a berth?"""
        return stay.zone_id in self._berths

    def longest_m(self, stay: Stay) -> float:
        """The greatest length [m] that was ever said under her number; NaN where none was."""
        return self._longest_m.get(stay.mmsi, np.nan)

    def _speaks(self, mmsi: int, when: pd.Timestamp) -> bool:
        """Was she heard within the hour? Then the match has decided whether a sighting is hers."""
        hers = self._heard.get(mmsi, np.empty(0))
        second = when.timestamp()
        return bool(np.searchsorted(hers, second + MAX_AGE_S, "right") > np.searchsorted(hers, second - MAX_AGE_S))

    def _length(self, stay: Stay, when: pd.Timestamp) -> tuple[float, float]:
        """Length as broadcast, with its standard deviation [m]."""
        said = lengths_at(self._static[self._static["mmsi"] == stay.mmsi], when).get((stay.mmsi, stay.ship or 0))
        return (0.0, UNKNOWN_SD_M) if said is None else (said, TYPED_SD_M["length"])

    def _reach_m(self, stay: Stay, row: Sighting) -> float:
        """How far the middle of her hull may lie from her antenna: half a hull, or her swing at anchor."""
        half = float(row["length_m"]) / 2
        return max(SWING_M, half) + ERRORS_M if not self.at_berth(stay) else half + ERRORS_M


def _apart_m(stay: Stay, row: Sighting) -> float:
    return float(distance_m(*stay.spot, row["lon"], row["lat"]))


def _holds(stay: Stay, when: pd.Timestamp, unheard: pd.Timedelta, *, at_most: bool = False) -> bool:
    """May she have been there? On a side that nobody heard, so long before or after; ``at_most`` on both sides."""
    start, end = stay.arrival_lo, stay.departure_hi
    earliest, latest = stay.arrival_hi - unheard, stay.departure_lo + unheard
    if at_most:
        start, end = max(start or earliest, earliest), min(end or latest, latest)
    return bool((start or earliest) <= when <= (end or latest))
