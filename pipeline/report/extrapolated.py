"""How much of the sum with unseen calls nobody saw: said where the looks are few beside what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.plurals import number_of
from pipeline.report.wording import day_counts, percent

if TYPE_CHECKING:
    from pipeline.report.story import Story

WORTH_SAYING = 0.5  # of the estimate unseen, or of the days without a look: beyond, a reader is warned (our choice)
A_TRIFLE = 0.05  # of the estimate: so little is no reason to warn (our choice)


def extrapolated_line(story: Story) -> str:
    """That much of the sum with unseen calls is extrapolated, without a full stop; "" where most of it was seen.

    The share is of medians, so only about.
    """
    head, days = story.headline, day_counts(story)
    if head.corrected_bbl is None or head.corrected_bbl[1] <= 0:
        return ""
    looked, total = days["usable"] + days["partly"], days["total"]
    unseen = max(0.0, 1 - head.barrels_p50 / head.corrected_bbl[1])
    if unseen < A_TRIFLE or (unseen <= WORTH_SAYING and looked >= WORTH_SAYING * total):
        return ""
    share = percent(round(unseen, 2))
    return (
        f"about {share} of the sum with the calls that nobody saw is extrapolated: a counted berth was seen on "
        f"{looked} of {number_of(total, 'day')}"
    )
