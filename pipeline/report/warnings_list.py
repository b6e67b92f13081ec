"""The report's warnings: what a reader must know before using the answer, the most serious first."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.config import cap_doubts
from pipeline.config.volume import PRODUCTS
from pipeline.errors import printable
from pipeline.plurals import number_of
from pipeline.report.extrapolated import extrapolated_line
from pipeline.report.file_names import shortener, with_short_names
from pipeline.report.hulls_without_a_call import hull_lines
from pipeline.report.left_out import excluded_call_lines, not_in_account_lines, outside_period_lines
from pipeline.report.opening import changed_by_verdicts
from pipeline.report.wording import (
    counted_place,
    counted_zones,
    day_counts,
    heard_any,
    percent,
    simulated_words,
    unverified_line,
    zones_without_estimate,
)
from pipeline.times_places.moments import moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.report.story import Story


FEWEST_ALIKE = 3  # problems with one cause that are merged into one line (our choice); the table of inputs names each
PRODUCTS_OF_TRADE = {"crude": ("crude",), "oil_products": tuple(p.name for p in PRODUCTS)}  # by a zone's cargo
DOUBT_WORDS = ("stand-in", "not published")  # words that make a fact about the place a warning


def warnings(story: Story) -> list[str]:
    """Sentences; empty if nothing is doubtful beyond the stated intervals.

    First what makes barrels uncertain or leaves them out, then faults of inputs that were used, and last files not
    known to bear on the question.
    """
    story = with_short_names(story)
    relevant, irrelevant = _problems(story)
    return [
        *_about_changes(story),
        *_about_the_place(story),
        *_about_the_cap(story),
        *_about_looks(story),
        *_about_reception(story),
        *_about_calls(story),
        *grouped(relevant),
        *_about_verdicts(story),
        *_about_checksums(story),
        *grouped(irrelevant),
    ]


def _about_changes(story: Story) -> list[str]:
    """Says that verdicts changed the account: even a reader of only the first sentence must see it."""
    changed = changed_by_verdicts(story)
    where = "Who decided what, and why, is listed under As detected and as reviewed."
    return [f"Analysts' verdicts changed the account: {changed}. {where}"] if changed else []


def _about_the_place(story: Story) -> list[str]:
    out = []
    if story.simulated:
        out.append(f"SIMULATED: {simulated_words(story)}. No figure may be quoted as real.")
    return out + [f.what for f in story.config.aoi.facts if any(w in f.what for w in DOUBT_WORDS)]


def _about_the_cap(story: Story) -> list[str]:
    """Says that the cap, on which all shares are based, may not be the one intended, or not that of a counted zone."""
    out = [f"{doubt[0].upper()}{doubt[1:]}. Every share of the cap rests on it." for doubt in cap_doubts(story.cap)]
    for zone in (zone for zone in story.place.zones if zone.counts and zone.cargo in PRODUCTS_OF_TRADE):
        if not any(map(story.cap.counts_product, PRODUCTS_OF_TRADE[zone.cargo])):
            trade = zone.cargo.replace("_", " ")
            what = "its calls are counted as if they carried the assumed products"
            out.append(f"{zone.name or zone.zone_id} handles {trade}, which this cap does not count: {what}.")
    return out


def _problems(story: Story) -> tuple[list[str], list[str]]:
    """Input problems: those that bear on the answer, and those of images with unknown time and sensor."""
    scenes = story.tables["scenes"]
    unknown = scenes[(scenes["status"] == "skipped") & scenes["acquired"].isna() & scenes["sensor"].isin(["", None])]
    shorten = shortener(story)
    names = tuple(f"{shorten(printable(href))}: " for href in unknown["href"])
    problems = [p.removeprefix("error: ") for p in story.problems]
    return [p for p in problems if not p.startswith(names)], [p for p in problems if p.startswith(names)]


def _about_checksums(story: Story) -> list[str]:
    doubtful = unverified_line(story.tables["scenes"])
    return [f"{doubtful}. A damaged file need not look damaged."] if doubtful else []


def grouped(problems: Sequence[str]) -> list[str]:
    """Problems, ``what: cause`` each, in order; if many share a cause, the first is named and the rest counted.

    Causes that differ only in the name of the file or its sidecar are the same.

    >>> grouped(["a.tif: a mask", "b.tif: torn", "c.tif: a mask", "d.tif: a mask"])
    ['a.tif and 2 more: a mask', 'b.tif: torn']
    >>> grouped([f"{name}.tif: no sensor; write {name}.json" for name in "abc"])
    ['a.tif and 2 more: no sensor; write a.json']
    """
    parts = [problem.partition(": ") for problem in problems]
    causes = [cause.replace(f"{Path(item).stem}.", "*.") for item, _, cause in parts]
    out = []
    for n, (item, _, cause_text) in enumerate(parts):
        n_alike = causes.count(causes[n])
        if not cause_text or n_alike < FEWEST_ALIKE:
            out.append(problems[n])
        elif causes[n] not in causes[:n]:
            out.append(f"{item} and {n_alike - 1} more: {cause_text}")
    return out


def _about_looks(story: Story) -> list[str]:
    if not counted_zones(story):
        return ["No zone of this place counts, by its zones file: nothing can take part in the account."]
    out, days = [], day_counts(story)
    corrected = story.headline.corrected_bbl is not None
    if days["unknown"]:
        which = f"On {days['unknown']} of {number_of(days['total'], 'day')}"
        calls = story.headline.calls_counted
        unseen = f"{which} no look showed a {counted_place(story)}: what {'else ' if calls else ''}happened is unknown."
        out.append(f"{unseen} The sum includes only what was seen or heard." if calls and not corrected else unseen)
    if zones := zones_without_estimate(story):
        unseen = f"Unseen calls at {zones} are unknown: there were too few looks to estimate them"
        out.append(unseen + (", and the sum with unseen calls includes none there." if corrected else "."))
    if line := extrapolated_line(story):
        out.append(f"{line[0].upper()}{line[1:]}.")
    return out


def _about_reception(story: Story) -> list[str]:
    """Warns of times without any AIS message that are long enough for a whole stay: these are unobserved too."""
    tracks = story.tables.get("tracks")
    if not heard_any(story):
        what = "ships that only a transponder would show are unknown, and no ship has a name from one"
        return [f"No readable AIS was given: {what}."]
    if tracks is None or (not len(tracks) and not story.ais_balance.get("decoded")):
        return []
    start, end = pd.Timestamp(story.config.period.start), pd.Timestamp(story.config.period.end)
    fix_times = tracks["time_utc"][tracks["time_utc"].between(start, end)].sort_values()
    times = pd.DatetimeIndex([start]).append(pd.DatetimeIndex(fix_times)).append(pd.DatetimeIndex([end]))
    silent = np.flatnonzero(times[1:] - times[:-1] > pd.Timedelta(days=story.config.calls.max_stay_d))
    gaps = [(times[n], times[n + 1]) for n in silent]
    if not gaps:
        return []
    when = " and ".join(f"from {moment(a)} to {moment(b)}" for a, b in gaps)
    return [f"No transponder at all was heard {when}: ships that only AIS would show in that time are unknown."]


def _about_calls(story: Story) -> list[str]:
    """What is missing from the sum, then what is uncertain in it, then what lies outside it."""
    calls, liftings = story.tables["port_calls"], story.tables["liftings"]
    counted = story.in_account(liftings)
    refused = liftings[
        (liftings["status"] == "refused") & liftings["call_id"].isin(calls.loc[calls["counts"], "call_id"])
    ]
    out = [f"Call {r.call_id} was refused: {r.cause}." for r in refused.itertuples()]
    out += hull_lines(story)
    out += [f"{line}." for line in excluded_call_lines(calls)]
    seen_once = calls[calls["call_id"].isin(counted["call_id"]) & (calls["n_seen"] == 1) & calls["mmsi"].isna()]
    if len(seen_once):
        these = "1 counted call rests" if len(seen_once) == 1 else f"{len(seen_once)} counted calls rest"
        out.append(f"{these} on a single sighting.")
    prior = int(counted["method"].str.contains("fill_prior").sum())
    if prior:
        out.append(f"{_of_counted(prior, counted)} the load was not measured; a usual fill is assumed.")
    one_side = int(counted["method"].str.contains("load_from_freeboard(?!s)").sum())
    if one_side:  # no change was measured: the usual fill is adjusted
        what = "the load is the usual fill, adjusted by a single freeboard measurement"
        out.append(f"{_of_counted(one_side, counted)} {what}.")
    out += _about_one_call(story)
    out += _about_encounters(calls[calls["call_id"].isin(counted["call_id"])])
    out += [_contradiction(r) for r in _size_findings(story, set(counted["call_id"]))]
    out += _about_turns_of_years(story)
    out += [f"{line}." for line in not_in_account_lines(story.headline, story.cap)]
    return out + [f"{line}." for line in outside_period_lines(calls)]


def _of_counted(count: int, counted: pd.DataFrame) -> str:
    return f"For {count} of {len(counted)} counted calls" if len(counted) > 1 else "For the counted call"


def _about_turns_of_years(story: Story) -> list[str]:
    """How calls around the first day of an account year were assigned to one, and which are ambiguous."""
    calls, end = story.tables["port_calls"].set_index("call_id"), story.cap.counts_on
    known = [c for c in story.headline.across_years if c in calls.index]
    unsure = {
        c
        for c in known
        if any(_year_start_within(calls.loc[c], e, story.cap.year_starts) for e in ("arrival", "departure"))
    }
    out = []
    for count, came in ((len(story.headline.across_years) - len(unsure), "came"), (len(unsure), "may have come")):
        if count:
            across = f"{number_of(count, 'call')} {came} in one account year and left in another"
            out.append(f"{across}: the cap counts by {end}.")
    liftings = story.tables["liftings"]
    counted = [c for c in liftings.loc[liftings["counts"].astype(bool), "call_id"] if c in calls.index]
    days = [day for c in counted if (day := _year_start_within(calls.loc[c], end, story.cap.year_starts))]
    for day in sorted(set(days)):
        moved = f"{number_of(days.count(day), 'counted call')} may have {'left' if end == 'departure' else 'come'}"
        out.append(f"{moved} before or after {day}, when an account year begins: the midpoint of the interval decides.")
    return out


def _year_start_within(call: pd.Series, end: str, year_starts: str) -> str:
    """First day of an account year that lies within the bounds of that end of a stay; "" if there is none."""
    low, high = call[f"{end}_lo"], call[f"{end}_hi"]
    if pd.isna(low) or pd.isna(high):
        return ""
    starts = (pd.Timestamp(f"{year}-{year_starts}", tz="UTC") for year in range(low.year, high.year + 1))
    return next((f"{start:%Y-%m-%d}" for start in starts if low < start <= high), "")


def _about_one_call(story: Story) -> list[str]:
    """Warns if one call makes up more than half of the sum."""
    sensitivity = story.tables.get("sensitivity")
    if sensitivity is None or not len(sensitivity):
        return []
    shares = sensitivity[sensitivity["kind"] == "call"]["share_of_mean"]
    most = len(shares) > 1 and shares.max() > 0.5
    return [f"One call carries {percent(shares.max())} of the sum."] if most else []


def _about_encounters(counted: pd.DataFrame) -> list[str]:
    """Warns of counted ships close together at an anchorage: a transfer between two would be counted twice."""
    encounters = counted[counted["flags"].map(lambda flags: "encounter" in list(flags))]
    pairs = combinations(encounters.to_dict("records"), 2)
    ids = {c["call_id"] for call, other_call in pairs if _overlap(call, other_call) for c in (call, other_call)}
    text = f"{len(ids)} counted calls were at an anchorage at the same time and close to another ship for hours"
    return [f"{text}: if one gave her cargo to the other, it counts twice."] if ids else []


def _overlap(call: Mapping[Any, Any], other_call: Mapping[Any, Any]) -> bool:
    """Were both at the same zone at the same time?"""
    during = call["arrival_hi"] <= other_call["departure_lo"] and other_call["arrival_hi"] <= call["departure_lo"]
    return bool(call["berth_id"] == other_call["berth_id"] and during)


def _size_findings(story: Story, counted: set[str]) -> list[Any]:
    """Findings for counted calls whose AIS and hull sizes disagree."""
    table = story.tables.get("findings")
    if table is None:
        return []
    return [r for r in table.itertuples() if r.kind.endswith("_disagrees") and counted & set(r.call_ids)]


def _contradiction(finding: Any) -> str:
    which = f"call {finding.call_ids[0]}" if len(finding.call_ids) == 1 else f"calls {', '.join(finding.call_ids)}"
    return (
        f"MMSI {finding.mmsi} ({which}) says {finding.said}, images show {finding.seen}: a wrong entry, another ship "
        "under that number, or a wrong match."
    )


def _about_verdicts(story: Story) -> list[str]:
    table = story.tables.get("reviews")
    if table is None:
        return []
    orphans = int((table["outcome"] == "orphaned").sum())
    name = "verdict of analysts names" if orphans == 1 else "verdicts of analysts name"
    return [f"{orphans} {name} something that is no longer there; see Review."] if orphans else []
