"""Says how much of the sum with unseen calls is extrapolated, if the looks are few in relation to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.plurals import number_of
from pipeline.report.wording import account_begins, counted_place, day_counts, percent

if TYPE_CHECKING:
    from pipeline.report.story import Story

WARNING_SHARE = 0.5  # share of the estimate unseen, or of days without a look, above which we warn (our choice)
NEGLIGIBLE_SHARE = 0.05  # share of the estimate below which we do not warn (our choice)


def unseen_share(story: Story) -> float:
    """Extrapolated share of the sum with unseen calls, 0 to 1; 0 without such a sum. From medians, so approximate."""
    corrected = story.headline.corrected_bbl
    if corrected is None or corrected[1] <= 0:
        return 0.0
    return max(0.0, 1 - story.headline.barrels_p50 / corrected[1])


def mostly_extrapolated(story: Story) -> str:
    """That share in percent if most of the sum is extrapolated, so that its numbers must not stand alone; else ""."""
    unseen = unseen_share(story)
    return percent(round(unseen, 2)) if unseen > WARNING_SHARE else ""


def extrapolated_line(story: Story) -> str:
    """Says how much of the sum with unseen calls is extrapolated, without a full stop; "" if most of it was seen.

    The days are those of the account: if the period spans account years, those of the last one.
    """
    unseen, days = unseen_share(story), day_counts(story, account_begins(story))
    looked, total = days["usable"] + days["partly"], days["total"]
    if unseen < NEGLIGIBLE_SHARE or (unseen <= WARNING_SHARE and looked >= WARNING_SHARE * total):
        return ""
    share, of = percent(round(unseen, 2)), "" if total == day_counts(story)["total"] else " of the account"
    return (
        f"about {share} of the sum with the calls that nobody saw is extrapolated: a {counted_place(story)} was seen "
        f"on {looked} of {number_of(total, 'day')}{of}"
    )


def looks_show_line(story: Story) -> str:
    """How many of the ships that called the looks would have shown, and how certain that is; "" if not estimated."""
    missed = story.tables.get("missed")
    if missed is None or "p_seen_lo" not in missed:
        return ""
    estimated = missed[missed["p_seen_lo"].notna() & missed["seen_days"].notna()]
    arrivals = estimated["seen_days"] + estimated["unseen_days"]
    if not arrivals.sum() > 0:
        return ""
    low, middle, high = (
        percent(float((estimated[name] * arrivals).sum() / arrivals.sum()))
        for name in ("p_seen_lo", "p_seen", "p_seen_hi")
    )
    return (
        f"From these shares, the times of the looks and the usual lengths of stay, the looks show about {middle} of "
        f"the ships that call at a {counted_place(story)} ({low} to {high}). "
        "The interval of the sum with unseen calls includes this uncertainty."
    )
