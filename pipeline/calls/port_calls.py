"""Stays by transponder and stays by image, joined into port calls with all their evidence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.calls.alongside import ALONGSIDE, alongside
from pipeline.calls.call_rows import (
    WORKING,
    Evidence,
    UsableLooks,
    from_images,
    from_transponder,
    set_cargo,
    spell_heard,
    spell_seen,
)
from pipeline.calls.hulls import Spell, sizes
from pipeline.calls.listened import Listened
from pipeline.calls.loading import chance_of_loading, habits_of
from pipeline.calls.seen_stays import with_seen_stays
from pipeline.calls.sightings import link, sightings_in_zones
from pipeline.calls.stay_law import stay_law
from pipeline.calls.visits import CHANGED_NUMBER, SAME_VISIT, SHIFTED, main_stay
from pipeline.ships.turnover import turnover
from pipeline.tables import DETECTIONS, LOOKS, MATCHES, PORT_CALLS, STATIC
from pipeline.times_places.passes import passes

if TYPE_CHECKING:
    from pipeline.calls.dark_stays import DarkStay
    from pipeline.config import CallsConfig
    from pipeline.types import Place

Row = dict[str, Any]


def port_calls(
    *,
    detections: pd.DataFrame,
    looks: pd.DataFrame,
    matches: pd.DataFrame,
    tracks: pd.DataFrame,
    static: pd.DataFrame,
    registry: pd.DataFrame | None,
    place: Place,
    config: CallsConfig,
) -> pd.DataFrame:
    """The PORT_CALLS table, in order of arrival."""
    known = listen(tracks=tracks, static=static, registry=registry, place=place, config=config)
    seen = {"detections": detections, "looks": looks, "matches": matches}
    return port_calls_with(learn_stays(known, **seen), **seen)


def listen(
    *,
    tracks: pd.DataFrame,
    static: pd.DataFrame,
    registry: pd.DataFrame | None,
    place: Place,
    config: CallsConfig,
) -> Listened:
    """What transponders alone tell; how long ships were heard to stay corrects how long sightings may be of one."""
    known = Listened(tracks=tracks, static=static, registry=registry, place=place, config=config)
    if not known.found:
        return known
    nobody_looked = {"detections": DETECTIONS.empty(), "looks": LOOKS.empty(), "matches": MATCHES.empty()}
    law = stay_law(port_calls_with(known, **nobody_looked), config, tracks["time_utc"].max())
    return known if law == known.stays else known.with_stays(law)


def learn_stays(known: Listened, *, detections: pd.DataFrame, looks: pd.DataFrame, matches: pd.DataFrame) -> Listened:
    """With how long ships stay corrected by the unnamed ones that consecutive looks show at counted zones."""
    seen = sightings_in_zones(detections, matches, passes(detections, looks))
    counted = [zone.zone_id for zone in known.place.zones if zone.counts]
    unnamed = seen[seen["detection_id"].map(known.heard.sightings(seen, known.config)).isna()]
    unnamed = unnamed[unnamed["berth_id"].isin(counted)]
    law = with_seen_stays(known.stays, unnamed, looks, known.config, known.heard)
    return known if law == known.stays else known.with_stays(law)


def port_calls_with(
    known: Listened, *, detections: pd.DataFrame, looks: pd.DataFrame, matches: pd.DataFrame
) -> pd.DataFrame:
    """As `port_calls`, given what transponders alone tell, so that several tables of calls can share it."""
    seen = sightings_in_zones(detections, matches, passes(detections, looks))
    shown = seen["detection_id"].map(known.heard.sightings(seen, known.config))
    unheard = link(seen[shown.isna()], looks, known.config, known.heard)
    shown_at = {int(n): seen[shown == n] for n in shown.dropna().unique()}
    spells = [spell_heard(stay, shown_at.get(n, seen.iloc[:0])) for n, stay in enumerate(known.found)]
    spells += [spell_seen(pd.DataFrame(dark.sightings)) for dark in unheard]
    size_of = sizes(spells, [known.reports_of(spell) for spell in spells])
    usable, evidence = UsableLooks(looks), Evidence(seen)
    rows = []
    for n in range(len(known.found)):
        row = from_transponder(n, spells[n], size_of[n], evidence, known)
        row["flags"] += ["encounter"] if known.in_encounter[n] else []
        rows.append(row)
    for visit in known.visits:
        _one_cargo([rows[n] for n in visit], seen[shown.isin(visit)], known)
    for n in alongside(known.found, rows):
        rows[n]["flags"].append(ALONGSIDE)
    first = len(known.found)
    rows += _of_images(unheard, spells[first:], size_of[first:], rows, known)
    for row in rows:
        row["n_looks"] = usable.during(row)
    _set_directions(rows, known)
    rows.sort(key=lambda r: (r["arrival_hi"], r["berth_id"], r["call_id"], r["departure_lo"]))
    alike: Counter[str] = Counter()
    for row in rows:  # calls at one berth under one number in one hour
        alike[name := row["call_id"]] += 1
        row["call_id"] += f"-{alike[name]}" if alike[name] > 1 else ""
    return PORT_CALLS.check(PORT_CALLS.from_rows([{k: row[k] for k in row if k not in WORKING} for row in rows]))


def _of_images(
    unheard: list[DarkStay], spells: list[Spell], size_of: list[Row], heard_rows: list[Row], known: Listened
) -> list[Row]:
    """Rows of stays known from images alone, each with the probability that it is not part of another call."""
    row_of = {name: row for row in heard_rows for name in row["detection_ids"]}
    out = []
    for dark, spell, size in zip(unheard, spells, size_of, strict=True):
        row = from_images(dark, spell, size, known)
        same_stay, chance = known.heard.goes_on(dark, known.config)
        former = heard_rows[same_stay] if chance > dark.former[1] else row_of.get(dark.former[0])
        # the other call matters only where it, or its visit, counts
        counts = former is not None and (former["counts"] or SAME_VISIT in former["flags"])
        row["p_new_call"] = 1 - max(chance, dark.former[1]) if counts else 1.0
        row_of |= dict.fromkeys(row["detection_ids"], row)
        out.append(row)
    return out


def _one_cargo(rows: list[Row], shown: pd.DataFrame, known: Listened) -> None:
    """Let only the longest stay of a visit count, with the evidence on cargo from the first stay to the last."""
    counted = [row for row in rows if row["counts"]]
    if len(counted) < 2:
        return
    row = counted[main_stay(counted)]
    row["flags"].append(SHIFTED)
    for other in counted:
        if other is not row:
            other["counts"] = False
            other["flags"].append(SAME_VISIT)
    last = max(rows, key=lambda r: r["departure_lo"])
    reports = _said_in_visit(row, rows, last["departure_lo"], shown, known)
    turns = turnover(known.config.stay_d, 1, 1)
    first = min(rows, key=lambda r: r["arrival_hi"])
    visit = last | {name: first[name] for name in ("arrival_lo", "arrival_hi")}
    set_cargo(row, visit, shown, reports, turns, known.config)


def _said_in_visit(row: Row, rows: list[Row], end: pd.Timestamp, shown: pd.DataFrame, known: Listened) -> pd.DataFrame:
    """Her reports until she had sailed, in order of time, under the MMSI of one row where she changed it."""
    ship_of: dict[int, int | None] = {}
    for one in rows:
        ship_of[one["mmsi"]] = ship_of.get(one["mmsi"]) or one["ship"]
    spells = [Spell(mmsi, row["arrival_hi"], end, shown, ship) for mmsi, ship in ship_of.items()]
    if len(spells) == 1:
        return known.reports_of(spells[0])
    row["flags"].append(CHANGED_NUMBER)
    said = pd.concat([known.reports_of(spell) for spell in spells]).sort_values("time_utc", kind="stable")
    return STATIC.check(said.assign(mmsi=row["mmsi"]).reset_index(drop=True))


def _set_directions(rows: list[Row], known: Listened) -> None:
    """Set the probability of loading; an unchanged draught says more where most crews here change theirs."""
    for row, habit in zip(rows, habits_of(rows), strict=True):
        zone = known.place.zone(row["berth_id"])
        assert zone is not None  # the row was made of it
        row["p_loading"] = chance_of_loading(row, zone, known.config, habit)
