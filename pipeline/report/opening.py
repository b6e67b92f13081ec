"""The opening sentences of the report, and how much of the sum comes from the calls shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.config import MOVED
from pipeline.plurals import number_of
from pipeline.report.left_out import not_in_account_lines
from pipeline.report.wording import (
    account_begins,
    barrels,
    counted_place,
    counted_zones,
    day_counts,
    heard_any,
    interval_for_none,
    percent,
    visits,
    without_ais_words,
)

if TYPE_CHECKING:
    from pipeline.report.story import Story

SAME_SUM = 0.02  # tolerated relative difference of the sensitivity table's sum, which has fewer draws, from the account
WORTH_A_WORD = 0.01  # share of the sum below which further ships are not mentioned


@dataclass(frozen=True, slots=True)
class Shown:
    """The sum split into the calls shown and what the uncertainty of their number adds (negative: subtracts)."""

    alone_bbl: float  # median if there were exactly the calls of the table
    further_bbl: float  # the account's median minus that: a difference of medians, so approximate

    @property
    def says(self) -> str:
        """The wording of the split, printed beside the sum.

        >>> Shown(115_000, 22_000).says
        'about 115,000 for the calls shown, about 22,000 for possible further ships'
        """
        further = barrels(abs(self.further_bbl), 2)
        if self.further_bbl < 0:
            return f"about {further} less than the calls shown alone, as two of them may be one ship"
        return f"about {barrels(self.alone_bbl)} for the calls shown, about {further} for possible further ships"


def shown_alone(story: Story) -> Shown | None:
    """The sum for the calls shown alone; None if their number is not uncertain, or the run did not compute it."""
    table = story.tables.get("sensitivity")
    if table is None:
        return None
    row = table[(table["kind"] == "choice") & (table["name"] == "number_of_calls")]
    total = story.headline.barrels_p50
    if not len(row) or total <= 0:
        return None
    base, alone = float(row["base_p50"].iloc[0]), float(row["low_p50"].iloc[0])
    if abs(base - total) > SAME_SUM * total or abs(total - alone) < WORTH_A_WORD * total:
        return None
    return Shown(alone, total - alone)


def opening_text(story: Story) -> str:
    """The report's opening: the sum, how much of it comes from the calls shown, and what was looked at."""
    head, calls = story.headline, story.tables["port_calls"]
    if not counted_zones(story):
        n_visits = len(visits(calls))
        return (
            f"No zone of {story.place.name} takes part in the account, so nothing is added up; "
            f"{number_of(n_visits, 'port call')} {'was' if n_visits == 1 else 'were'} seen."
        )
    usable, unknown = _usable_looks(story), f"what was {MOVED[story.config.volume.counted][0]} there is unknown"
    if not usable and not len(calls):
        return (
            f"No usable look at any {counted_place(story)} of {story.place.name}, and "
            f"{'no call by transponder' if heard_any(story) else 'no readable AIS'} in the period: {unknown}."
        )
    if not head.calls_counted and (elsewhere := not_in_account_lines(head, story.cap)):
        return (
            f"{_verdicts_prefix(story)}The account holds no call of {story.place.name}: {'; '.join(elsewhere)}. "
            "Days without a look are unknown, not empty."
        )
    if not head.calls_counted and not usable:
        return (
            f"{_verdicts_prefix(story)}No counted call was observed at {story.place.name} in the period, and no usable "
            f"look showed a {counted_place(story)}: {unknown}."
        )
    if not head.calls_counted:
        return (
            f"{_verdicts_prefix(story)}No counted call was observed at {story.place.name} in the period, in "
            f"{number_of(usable, 'usable look')}; days without a look are unknown, not empty."
        )
    return f"{_verdicts_prefix(story)}{_sum_sentence(story)}{_split_sentence(story)} {_coverage_clause(story)}."


def caveats(story: Story) -> list[str]:
    """The config's caveats on the answer, which are printed with every sum."""
    return [fact.what for fact in story.config.aoi.facts if fact.caveat]


def changed_by_verdicts(story: Story) -> str:
    """The account before and after analysts' verdicts, in barrels and counted calls; "" if neither changed."""
    if story.as_detected is None:
        return ""
    before, now = story.as_detected.headline, story.headline
    was, after = barrels(before.barrels_p50), barrels(now.barrels_p50)
    if (was, before.calls_counted) == (after, now.calls_counted):
        return ""
    calls = f"{number_of(now.calls_counted, 'counted call')} in both"
    if before.calls_counted != now.calls_counted:
        calls = f"{before.calls_counted} and {number_of(now.calls_counted, 'counted call')}"
    if not now.calls_counted:
        return f"{was} barrels before, no call counted after; {calls}"
    if not before.calls_counted:
        return f"no call counted before, {after} barrels after; {calls}"
    return f"{was} barrels before, {after} after; {calls}"


def _verdicts_prefix(story: Story) -> str:
    """The first words if verdicts changed the account: it is not from the images alone."""
    changed = changed_by_verdicts(story)
    return f"After analysts' verdicts ({changed}): " if changed else ""


def _usable_looks(story: Story) -> int:
    looks = story.tables["looks"]
    return int((looks["zone_id"].isin(counted_zones(story)) & (looks["state"] == "usable")).sum())


def _sum_sentence(story: Story) -> str:
    """Who lifted how much of the cap."""
    head, shown = story.headline, shown_alone(story)
    dark = without_ais_words(story.in_account(story.tables["port_calls"]))
    more = " and possible further ships" if shown is not None and shown.further_bbl > 0 else ""
    moved, cap = MOVED[story.config.volume.counted][0], f"of the cap of {head.cap_bbl:,.0f} barrels"
    who = (
        f"{number_of(head.calls_counted, 'counted call')}{_account_year_clause(story)} at {story.place.name}"
        f"{f' ({dark})' if dark else ''}{more} {moved} an estimated"
    )
    if not head.barrels_p50:
        interval_words = interval_for_none(head.barrels_p95, moved, "barrels")
        return f"{who} {interval_words}, up to {percent(head.share_p95)} {cap}."
    return (
        f"{who} {barrels(head.barrels_p50)} barrels (90 % interval {barrels(head.barrels_p5)} to "
        f"{barrels(head.barrels_p95)}), {percent(head.share_p50)} {cap} ({percent(head.share_p5)} to "
        f"{percent(head.share_p95)})."
    )


def _account_year_clause(story: Story) -> str:
    """The account year, if the period in the title also has days of another; else ""."""
    if account_begins(story) == story.config.period.start.date():
        return ""
    return f" of account year {story.cap.account_year_words(story.headline.account_year)}"


def _split_sentence(story: Story) -> str:
    """How much of the sum comes from the calls shown; "" if their number is not uncertain."""
    shown, span = shown_alone(story), _call_range(story)
    if shown is None:
        return f" {span[0].upper()}{span[1:]}." if span else ""
    return f" That is {shown.says}{f'; {span}' if span else ''}."


def _call_range(story: Story) -> str:
    """How many calls there may have been, and why that differs from the number counted; "" if it does not."""
    call_range = story.call_range
    if call_range is None or call_range[1] <= call_range[0]:
        return ""
    calls = f"{call_range[0]} to {call_range[1]} calls (90 % interval)"
    return f"as two looks may show the same ship or two, the sightings amount to {calls}"


def _coverage_clause(story: Story) -> str:
    """What was looked at and what was not."""
    days, place = day_counts(story), counted_place(story)
    if not days["usable"] and not days["partly"]:
        return (
            f"No usable look showed a {place} on any of the {number_of(days['total'], 'day')}: "
            f"{'only transponders cover it, and ' if heard_any(story) else ''}what else happened is unknown"
        )
    zones = len(counted_zones(story))
    seen = f"The {place} was seen" if zones == 1 else f"At least one of {zones} {place}s was seen"
    text = f"{seen} on {days['usable']} of {number_of(days['total'], 'day')}"
    if days["partly"]:
        text += f" and in part on {days['partly']}"
    return f"{text}; what else happened on the other {days['unknown']} is unknown" if days["unknown"] else text
