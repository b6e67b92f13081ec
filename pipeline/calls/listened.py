"""What transponders alone tell of a place, computed once for all tables of calls made from the same tracks.

To measure how much an account depends on one look, the calls are made again without it (`pipeline.chain.weakest`), up
to sixty times. Stays of transponders, their reports, and rows whose evidence is unchanged are the same in all of these.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.calls.draughts import AFTER_SAILING
from pipeline.calls.encounters import Encounter, encounters
from pipeline.calls.heard import Heard
from pipeline.calls.hulls import Spell, last_imo, reports_of
from pipeline.calls.shared_stays import SharedNumbers
from pipeline.calls.stay_law import StayLaw, law_from
from pipeline.calls.stays import Stay, at_berths, stays
from pipeline.calls.tracks import good_fixes
from pipeline.calls.visits import visits

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.config import CallsConfig
    from pipeline.types import Place

Row = dict[str, Any]


class Listened:
    """Tracks and reports of a place, and everything that follows from them without images."""

    def __init__(
        self,
        *,
        tracks: pd.DataFrame,
        static: pd.DataFrame,
        registry: pd.DataFrame | None,
        place: Place,
        config: CallsConfig,
    ) -> None:
        self.tracks, self.registry, self.place, self.config = tracks, registry, place, config
        self.stays = self._declared = law_from(np.empty(0), np.empty(0), config)
        self._declared_max_stay_d = config.max_stay_d
        self.found = stays(tracks, place, config)
        self.heard = Heard(self.found, tracks, static, place)
        self.shared = SharedNumbers(tracks, static)
        berthed = at_berths(self.found, place)
        self.typed_until = [_typed_until(stay, berthed) for stay in self.found]
        met = encounters(tracks, place, config)
        self.in_encounter = [any(_was_in(stay, one) for one in met) for stay in self.found]
        self._static = static
        self._reports: dict[tuple[int | None, int | None, pd.Timestamp], pd.DataFrame] = {}
        self._rows: dict[str, Row] = {}
        nobody_saw = pd.DataFrame()
        spells = [Spell(s.mmsi, s.arrival_hi, s.departure_lo, nobody_saw, s.ship) for s in self.found]
        self.visits = visits(self.found, tracks, place, [last_imo(self.reports_of(spell)) for spell in spells])

    def with_stays(self, law: StayLaw) -> Listened:
        """A copy in which sightings are linked by this law; the limit on a stay is longer by as much as stays are."""
        longer = max(1.0, law.stay_d[1] / self._declared.stay_d[1])
        limits = {"stay_d": law.stay_d, "max_stay_d": longer * self._declared_max_stay_d}
        other = self.under(self.config.model_copy(update=limits | {"stay_log_sd": law.log_sd}))
        other.stays = law
        other._rows = dict(self._rows)  # of stays that no image shows: of these, this law changes nothing
        return other

    def under(self, config: CallsConfig) -> Listened:
        """A copy with the same AIS stays, for linking the sightings in images again under other settings."""
        other = copy(self)
        other.config, other._rows = config, {}
        return other

    def reports_of(self, spell: Spell) -> pd.DataFrame:
        """As `hulls.reports_of`."""
        key = spell.mmsi, spell.ship, spell.end
        if key not in self._reports:
            self._reports[key] = reports_of(spell, self._static)
        return self._reports[key]

    def heard_after(self, mmsi: int, last: pd.Timestamp) -> bool:
        """Was her transponder heard soon enough after her last sighting to know a draught typed on departure?"""
        hers = good_fixes(self.tracks[self.tracks["mmsi"] == mmsi])["time_utc"]
        return bool(((hers > last) & (hers <= last + AFTER_SAILING)).any())

    def made_once(self, evidence: str, make: Callable[[], Row]) -> Row:
        """A copy of the row that ``make`` returns for this evidence, computed once; the caller may modify it."""
        if evidence not in self._rows:
            self._rows[evidence] = make()
        return {
            name: value.copy() if isinstance(value, list) else value for name, value in self._rows[evidence].items()
        }


def _was_in(stay: Stay, met: Encounter) -> bool:
    """Did this stay at an anchorage include an encounter with another ship?"""
    during = met.start <= stay.departure_lo and met.end >= stay.arrival_hi
    return met.holds(stay.mmsi, stay.ship) and stay.zone_id == met.zone_id and during


def _typed_until(stay: Stay, berthed: dict[int, list[Stay]]) -> pd.Timestamp:
    """Until when a typed draught may belong to this departure: at most to her next berth; an anchorage is no end."""
    hers = [other.arrival_hi for other in berthed.get(stay.mmsi, []) if other.may_be(stay)]
    later = [when for when in hers if when > stay.departure_lo]
    return min([*later, stay.departure_lo + AFTER_SAILING])
