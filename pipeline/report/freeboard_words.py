"""Wording of freeboards on cards: a value with its sighting's interval, and why a part of the evidence is outside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.quantiles import Z90
from pipeline.report.wording import interval
from pipeline.ships.stay_times import stay_times_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PART = re.compile(r"(shadow on water|visible side) \((\d+(?:\.\d+)?) m\)")  # in a detection's draught_evidence


def freeboard_at(value_m: float, sd_m: float, sightings: Iterable[Any]) -> str:
    """A call's freeboard with the interval of its sighting, or with ± if no single sighting has that value.

    A sighting's interval is asymmetric: a ± for it would contradict what is said of the same look elsewhere.
    """
    if pd.isna(value_m):
        return ""
    bounds = {
        (s.freeboard_lo_m, s.freeboard_hi_m)
        for s in sightings
        if pd.notna(s.freeboard_m) and abs(s.freeboard_m - value_m) < 5e-4
    }
    if len(bounds) == 1:
        return interval(value_m, *bounds.pop(), "m", digits=1)
    return f"{value_m:.1f} m" + ("" if pd.isna(sd_m) else f" ± {Z90 * sd_m:.1f}")


def outlier_clause(evidence: str, low_m: float, high_m: float) -> str:
    """Why a part of the evidence lies outside the combined interval, as the end of a sentence; "" if none does.

    >>> outlier_clause("freeboard by shadow on water (3.8 m) and visible side (4.9 m)", 2.4, 4.1)
    '; the visible side alone lies outside 2.4 to 4.1 m: each is weighted by how sharply it is seen, this one less'
    >>> outlier_clause("freeboard by shadow on water (3.8 m)", 2.4, 4.1)
    ''
    """
    outliers = [what for what, value in PART.findall(evidence) if not low_m - 0.05 <= float(value) <= high_m + 0.05]
    if "do not agree" in evidence or not outliers:
        return ""
    return (
        f"; the {outliers[0]} alone lies outside {low_m:.1f} to {high_m:.1f} m: each is weighted by how sharply "
        "it is seen, this one less"
    )


def stay_passed(row: Mapping[Any, Any], stay_d: tuple[float, float]) -> str:
    """Share of her stay that had passed at the looks whose freeboards her load is based on; "" if that is not used.

    With 90 % intervals. ``row`` is a call joined with its lifting, whose columns end in ``_lifting``; ``stay_d`` says
    how long ships stay.
    """
    lifting = {name.removesuffix("_lifting"): value for name, value in row.items() if str(name).endswith("_lifting")}
    stay = stay_times_of(lifting, stay_d)
    if stay is None:
        return ""
    shares = [stay.share_quantiles(look) for look in (stay.first_h, stay.last_h) if look is not None]
    return ", then ".join(_share(low, high) for low, _, high in shares)


def _share(low: float, high: float) -> str:
    """A share between two bounds, in percent.

    >>> _share(0.0, 0.421), _share(0.95, 0.953)
    ('0 to 42 %', '95 %')
    """
    bounds = list(dict.fromkeys(f"{100 * share:.0f}" for share in (low, high)))
    return f"{' to '.join(bounds)} %"
