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
    image_spell,
    set_cargo,
    transponder_spell,
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
    listened = listen(tracks=tracks, static=static, registry=registry, place=place, config=config)
    tables = {"detections": detections, "looks": looks, "matches": matches}
    return port_calls_with(learn_stays(listened, **tables), **tables)


def listen(
    *,
    tracks: pd.DataFrame,
    static: pd.DataFrame,
    registry: pd.DataFrame | None,
    place: Place,
    config: CallsConfig,
) -> Listened:
    """What transponders alone tell; how long ships were heard to stay corrects how long sightings may be of one."""
    listened = Listened(tracks=tracks, static=static, registry=registry, place=place, config=config)
    if not listened.found:
        return listened
    no_images = {"detections": DETECTIONS.empty(), "looks": LOOKS.empty(), "matches": MATCHES.empty()}
    law = stay_law(port_calls_with(listened, **no_images), config, tracks["time_utc"].max())
    return listened if law == listened.stays else listened.with_stays(law)


def learn_stays(
    listened: Listened, *, detections: pd.DataFrame, looks: pd.DataFrame, matches: pd.DataFrame
) -> Listened:
    """With how long ships stay corrected by the unnamed ones that consecutive looks show at counted zones."""
    sightings = sightings_in_zones(detections, matches, passes(detections, looks))
    counted = [zone.zone_id for zone in listened.place.zones if zone.counts]
    stay_of = sightings["detection_id"].map(listened.heard.stay_of_sightings(sightings, listened.config))
    unnamed = sightings[stay_of.isna() & sightings["berth_id"].isin(counted)]
    law = with_seen_stays(listened.stays, unnamed, looks, listened.config, listened.heard)
    return listened if law == listened.stays else listened.with_stays(law)


def port_calls_with(
    listened: Listened, *, detections: pd.DataFrame, looks: pd.DataFrame, matches: pd.DataFrame
) -> pd.DataFrame:
    """As `port_calls`, given what transponders alone tell, so that several tables of calls can share it."""
    seen = sightings_in_zones(detections, matches, passes(detections, looks))
    stay_of = seen["detection_id"].map(listened.heard.stay_of_sightings(seen, listened.config))
    dark_stays = link(seen[stay_of.isna()], looks, listened.config, listened.heard)
    seen_in = {int(n): seen[stay_of == n] for n in stay_of.dropna().unique()}
    spells = [transponder_spell(stay, seen_in.get(n, seen.iloc[:0])) for n, stay in enumerate(listened.found)]
    spells += [image_spell(pd.DataFrame(dark.sightings)) for dark in dark_stays]
    size_of = sizes(spells, [listened.reports_of(spell) for spell in spells])
    usable, evidence = UsableLooks(looks), Evidence(seen)
    rows = []
    for n in range(len(listened.found)):
        row = from_transponder(n, spells[n], size_of[n], evidence, listened)
        row["flags"] += ["encounter"] if listened.in_encounter[n] else []
        rows.append(row)
    for visit in listened.visits:
        _count_main_stay([rows[n] for n in visit], seen[stay_of.isin(visit)], listened)
    for n in alongside(listened.found, rows):
        rows[n]["flags"].append(ALONGSIDE)
    first = len(listened.found)
    rows += _image_rows(dark_stays, spells[first:], size_of[first:], rows, listened)
    for row in rows:
        row["n_looks"] = usable.during(row)
    _set_directions(rows, listened)
    rows.sort(key=lambda r: (r["arrival_hi"], r["berth_id"], r["call_id"], r["departure_lo"]))
    id_counts: Counter[str] = Counter()
    for row in rows:  # calls at one berth under one number in one hour
        id_counts[name := row["call_id"]] += 1
        row["call_id"] += f"-{id_counts[name]}" if id_counts[name] > 1 else ""
    return PORT_CALLS.check(PORT_CALLS.from_rows([{k: row[k] for k in row if k not in WORKING} for row in rows]))


def _image_rows(
    dark_stays: list[DarkStay], spells: list[Spell], size_of: list[Row], heard_rows: list[Row], listened: Listened
) -> list[Row]:
    """Rows of stays known from images alone, each with the probability that it is not part of another call."""
    row_of = {name: row for row in heard_rows for name in row["detection_ids"]}
    out = []
    for dark, spell, size in zip(dark_stays, spells, size_of, strict=True):
        row = from_images(dark, spell, size, listened)
        same_stay, chance = listened.heard.continued_stay(dark, listened.config)
        former = heard_rows[same_stay] if chance > dark.former[1] else row_of.get(dark.former[0])
        # the other call matters only where it, or its visit, counts
        counts = former is not None and (former["counts"] or SAME_VISIT in former["flags"])
        row["p_new_call"] = 1 - max(chance, dark.former[1]) if counts else 1.0
        row_of |= dict.fromkeys(row["detection_ids"], row)
        out.append(row)
    return out


def _count_main_stay(rows: list[Row], seen: pd.DataFrame, listened: Listened) -> None:
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
    reports = _reports_of_visit(row, rows, last["departure_lo"], seen, listened)
    turns = turnover(listened.config.stay_d, 1, 1)
    first = min(rows, key=lambda r: r["arrival_hi"])
    visit = last | {name: first[name] for name in ("arrival_lo", "arrival_hi")}
    set_cargo(row, visit, seen, reports, turns, listened.config)


def _reports_of_visit(
    row: Row, rows: list[Row], end: pd.Timestamp, seen: pd.DataFrame, listened: Listened
) -> pd.DataFrame:
    """Her reports until she had sailed, in order of time, under the MMSI of one row where she changed it."""
    ship_of: dict[int, int | None] = {}
    for part in rows:
        ship_of[part["mmsi"]] = ship_of.get(part["mmsi"]) or part["ship"]
    spells = [Spell(mmsi, row["arrival_hi"], end, seen, ship) for mmsi, ship in ship_of.items()]
    if len(spells) == 1:
        return listened.reports_of(spells[0])
    row["flags"].append(CHANGED_NUMBER)
    reports = pd.concat([listened.reports_of(spell) for spell in spells]).sort_values("time_utc", kind="stable")
    return STATIC.check(reports.assign(mmsi=row["mmsi"]).reset_index(drop=True))


def _set_directions(rows: list[Row], listened: Listened) -> None:
    """Set the probability of loading; an unchanged draught says more where most crews here change theirs."""
    for row, habit in zip(rows, habits_of(rows), strict=True):
        zone = listened.place.zone(row["berth_id"])
        assert zone is not None  # the row was made of it
        row["p_loading"] = chance_of_loading(row, zone, listened.config, habit)
