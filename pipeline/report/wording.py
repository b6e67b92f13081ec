"""Wording of numbers and flags for readers: rounded to what is known, with units."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from math import floor, log10

import pandas as pd

from pipeline.config import VolumeConfig
from pipeline.report.story import Story
from pipeline.times_places.moments import moment
from pipeline.types import Headline, Zone


def barrels(value: float | None, most_digits: int = 3) -> str:
    """Barrels to two significant digits below a thousand, three above; a dash if unknown.

    More digits would claim more than is known.

    >>> barrels(124950.37), barrels(38854.0), barrels(845.0), barrels(None), barrels(4453.6, 2)
    ('125,000', '38,900', '840', '–', '4,500')
    >>> barrels(5.46), barrels(0.0)  # no tenth of a barrel on the way: 5.5 would be 6
    ('5', '0')
    """
    if value is None or pd.isna(value):
        return "–"
    if value <= 0:
        return "0"
    digits = most_digits if value >= 1000 else 2
    return f"{round(value, min(0, digits - 1 - floor(log10(value)))):,.0f}"


def percent(share: float) -> str:
    """A share in percent: one decimal below ten unless it is zero, and at most three significant digits.

    >>> percent(0.2531), percent(0.0123), percent(1.2), percent(0.05)
    ('25 %', '1.2 %', '120 %', '5 %')
    >>> percent(0.0), percent(0.0003), percent(110.39)
    ('0 %', 'under 0.1 %', '11,000 %')
    """
    if 0 < share < 0.0005:  # "0 %" would say that there is nothing
        return "under 0.1 %"
    if share >= 9.995:
        return f"{barrels(100 * share)} %"
    return f"{100 * share:.0f} %" if share >= 0.0995 or share == 0 else f"{100 * share:.1f} %".replace(".0 %", " %")


def change(now: float, before: float) -> str:
    """Relative change of a sum; "" if either is unknown, and the new sum itself if there was none before.

    >>> change(76.0, 100.0), change(124.0, 100.0), change(100.2, 100.0), change(99.9, 100.0), change(100.0, 100.0)
    ('−24 %', '+24 %', '+0.2 %', '−0.1 %', '0 %')
    >>> change(4453.6, 0.0), change(float("nan"), 100.0)
    ('4,450', '')
    """
    if pd.isna(now) or pd.isna(before):
        return ""
    if before <= 0:
        return barrels(now)
    percent_more = 100 * (now - before) / before
    text = f"{percent_more:+.{int(abs(percent_more) < 0.95)}f}"
    return "0 %" if float(text) == 0 else f"{text} %".replace("-", "−")


def chance(probability: float) -> str:
    """A probability in percent; an estimate never claims certainty.

    >>> chance(0.74), chance(0.998), chance(0.002), chance(float("nan"))
    ('74 %', 'over 99 %', 'under 1 %', 'not known')
    """
    if pd.isna(probability):
        return "not known"
    return "over 99 %" if probability > 0.99 else "under 1 %" if probability < 0.01 else f"{100 * probability:.0f} %"


def passing(probability: float) -> str:
    """The probability that a sum passed a cap, from ten thousand draws: never shown as 0 or 100 %.

    >>> passing(0.0), passing(0.004), passing(0.5), passing(0.996), passing(1.0)
    ('under 0.1 %', '0.4 %', '50 %', '99.6 %', 'over 99.9 %')
    """
    if probability < 0.001:
        return "under 0.1 %"
    if probability > 0.999:
        return "over 99.9 %"
    return percent(probability) if probability < 0.99 else f"{100 * probability:.1f} %"


def crossing_words(head: Headline) -> str:
    """The days on which the probability of having passed the cap reached 5, 50 and 95 %; "" if it never did."""
    days = [f"{share} % on {day}" for share, day in head.crossing_days.items() if day]
    return f"it reached {', '.join(days)}" if days else ""


def day_range(start: pd.Timestamp, end: pd.Timestamp) -> str:
    """First and last day of a period with an exclusive end.

    >>> day_range(pd.Timestamp("2024-03-01T00:00Z"), pd.Timestamp("2024-04-01T00:00Z"))
    '2024-03-01 to 2024-03-31'
    """
    first, last = start.strftime("%Y-%m-%d"), (pd.Timestamp(end) - pd.Timedelta(seconds=1)).strftime("%Y-%m-%d")
    return first if first == last else f"{first} to {last}"


def interval(middle: float, low: float, high: float, unit: str, digits: int = 0) -> str:
    """``98 m (84 to 112)``; a dash if unknown."""
    if pd.isna(middle):
        return "–"
    bounds = "" if pd.isna(low) or pd.isna(high) else f" ({low:.{digits}f} to {high:.{digits}f})"
    return f"{middle:.{digits}f} {unit}{bounds}"


def span(low: object, high: object, flags: Collection[str] = ()) -> str:
    """Two bounds of one moment, as briefly as possible.

    >>> span(pd.Timestamp("2024-03-06T09:58Z"), pd.Timestamp("2024-03-06T10:01Z"))
    '2024-03-06, 09:58 to 10:01'
    >>> span(pd.Timestamp("2024-03-03T01:52Z"), None)
    'after 2024-03-03 01:52, not known when'
    >>> span(pd.Timestamp("2024-03-03T01:52Z"), pd.Timestamp("2024-03-03T23:59:59.999999Z"), ["time_of_day_unknown"])
    '2024-03-03 01:52 to 2024-03-03'
    """
    first, last = moment(low, flags), moment(high, flags)
    if first == "–" and last == "–":
        return "not known"
    if first == "–":
        return f"not known, before {last}"
    if last == "–":
        return f"after {first}, not known when"
    if first == last:
        return first
    one_day = first[:10] == last[:10] and first[11:] and last[11:]
    return f"{first[:10]}, {first[11:]} to {last[11:]}" if one_day else f"{first} to {last}"


METHOD_WORDS = {
    "dwt_given": "deadweight from identity",
    "dwt_from_length_beam": "deadweight from measured length and beam",
    "dwt_from_length_beam_and_draught": "deadweight from length, beam and hull depth or summer draught",
    "dwt_from_length": "deadweight from measured length",
    "dwt_from_length_and_draught": "deadweight from length and hull depth or summer draught",
    "dwt_from_gt": "deadweight from gross tonnage",
    "load_from_fill_prior": "load not measured: the usual fill of such ships",
    "load_from_draughts": "load from the draughts she broadcast",
    "load_from_freeboards": "load from freeboards at two looks",
    "load_from_freeboard": "load by the usual fill; one freeboard adjusted the assumed fill and size",
}

METHOD_ENDINGS = {
    "_by_usual_hull": ", length and beam as usual for such a ship",
    "_of_gas_carrier": ", as of gas carriers",
}


def method_words(method: str) -> str:
    """The method behind a call's barrels, in words; parts without a wording stay as they are.

    >>> method_words("dwt_given; load_from_draughts")
    'deadweight from identity; load from the draughts she broadcast'
    >>> method_words("load_from_draughts_by_usual_hull")
    'load from the draughts she broadcast, length and beam as usual for such a ship'
    """
    out = []
    for part in (part.strip() for part in method.split(";")):
        ending = next((end for end in METHOD_ENDINGS if part.endswith(end)), "")
        plain = part.removesuffix(ending)
        out.append(METHOD_WORDS.get(plain, plain.replace("_", " ")) + METHOD_ENDINGS.get(ending, ""))
    return "; ".join(out)


FLAG_WORDS = {
    "dark": "no transponder, though others were heard",
    "no_ais": "no AIS was heard at all",
    "single_sighting": "one sighting only",
    "seen_while_silent": "images while her transponder was silent, attributed to her by place and size",
    "shared_mmsi": "another ship sends her number as well",
    "which_ship_unknown": "nothing shows which ship on her number she is: only what all of them send alike is used",
    "odd_look": "one look between two that agree gave another length: taken for a failed measurement",
    "left_open": "no later look or message: she may have stayed longer",
    "arrival_open": "no earlier look or message: she may have come earlier",
    "zone_not_counted": "zone takes no part in the account",
    "outside_period": "outside the requested period: she takes no part",
    "short_stay": "alongside for less time than any cargo takes: she takes no part",
    "alongside_another": "lay within reach of a longer counted ship: a barge alongside her, or a cargo of its own",
    "encounter": "slow and close to another ship for hours, away from berths: no proof of a transfer",
    "same_visit": "one of several stays of one visit: another of them counts",
    "shifted": "one of several stays of one visit: one cargo, by the longest stay",
    "mmsi_changed": "her transponder changed its MMSI during this visit: both report the same IMO number",
    "unlikely_tanker": "not likely a tanker",
    "too_long_for_this_trade": "longer than ships of this trade",
    "may_be_shorter": "her length interval begins within this trade's sizes: check her outline",
    "too_short_for_this_trade": "a boat, shorter than any tanker at sea",
    "size_contradicts_transponder": "her size in the image differs from the one she broadcasts",
    "time_of_day_unknown": "an image gives only its date, so bounds are whole days",
    "weak_draught": "draught from freeboard is weak",
    "doubtful_outline": "unusual proportions, square ends, or the water beside it gives other ends: one may be wrong",
    "gear_may_lengthen_shadow": "hatches may lengthen the shadow",
    "freeboard_disputed": "shadow and visible side disagree",
    "freeboards_of_two_hulls": "the looks with a freeboard may show two ships",
    "beside_berth": "stands beside the berth, not in it",
    "quay_gear": "as likely a quay crane",
    "review_confirmed": "confirmed by an analyst",
    "review_rejected": "rejected by an analyst",
    "of_rejected_call": "of a call that an analyst rejected: not used for her size",
    "review_merged": "joined to another call by an analyst",
    "review_joined": "holds a call that an analyst joined to it",
    "review_named": "named by an analyst",
}


def plain_flag(flag: str) -> str:
    """A flag in words.

    >>> plain_flag("single_sighting"), plain_flag("touches_edge")
    ('one sighting only', 'touches edge')
    """
    return FLAG_WORDS.get(flag, flag.replace("_", " "))


def call_numbers(story: Story) -> dict[str, int]:
    """Numbers of the counted calls, from 1 in order of arrival, as used on the map, in the table and on the cards."""
    counted = set(story.in_account(story.tables["liftings"])["call_id"])
    ordered = story.tables["port_calls"].sort_values(["arrival_hi", "call_id"])["call_id"]
    return {call_id: n for n, call_id in enumerate((c for c in ordered if c in counted), start=1)}


def tonnes_line(head: Headline) -> str:
    """The sum relative to the cap in tonnes, without a full stop; "" if the cap has none."""
    if head.cap_t is None or head.p_over_cap_tonnes is None:
        return ""
    return f"median {barrels(head.tonnes_p50)} t of {head.cap_t:,.0f} t, P(over) {chance(head.p_over_cap_tonnes)}"


def zones_without_estimate(story: Story) -> str:
    """Names of zones whose unseen calls are unknown and so in no sum; "" if there are none."""
    zones = [(zone, story.place.zone(zone)) for zone in story.headline.corrected_without]
    names = [known.name if known is not None and known.name else zone for zone, known in zones]
    return ("; " if any("," in name for name in names) else ", ").join(names)


def visits(calls: pd.DataFrame) -> pd.DataFrame:
    """The calls without those that an analyst joined to another: each visit once.

    >>> visits(pd.DataFrame({"flags": [["dark", "review_merged"], ["review_joined"]]}))["flags"].tolist()
    [['review_joined']]
    """
    return calls[calls["flags"].map(lambda flags: "review_merged" not in flags).astype(bool)]


def without_ais_words(calls: pd.DataFrame) -> str:
    """How many visits had no AIS, in words; "" if all had.

    >>> [without_ais_words(pd.DataFrame({"flags": flags})) for flags in ([["dark"], []], [["no_ais"]])]
    ['1 without AIS', 'no AIS to compare with']
    >>> [without_ais_words(pd.DataFrame({"flags": flags})) for flags in ([["dark"]], [["dark"], ["dark"]])]
    ['without AIS', 'all without AIS']
    """
    calls = visits(calls)
    n_dark = sum("dark" in flags for flags in calls["flags"])
    n_no_ais = sum("no_ais" in flags for flags in calls["flags"])
    how_many = f"{n_dark} " if n_dark < len(calls) else "all " if n_dark > 1 else ""
    parts = [f"{how_many}without AIS"] if n_dark else []
    if n_no_ais:
        parts.append("no AIS to compare with" if n_no_ais == len(calls) else f"{n_no_ais} while no AIS was heard")
    return ", ".join(parts)


def product_sources(volume: VolumeConfig) -> str:
    """Source of the product factors and shares: named as the Committee's or ours only if unchanged.

    >>> product_sources(VolumeConfig())
    "factors: the Committee's chart; shares: our judgement"
    """
    used, ours = ({p.name: p for p in v.products if p.share} for v in (volume, VolumeConfig()))
    chart = {p.name: p.bbl_per_t for p in VolumeConfig().products}
    of_chart = all(chart.get(name) == p.bbl_per_t for name, p in used.items())
    our_shares = {n: p.share for n, p in used.items()} == {n: p.share for n, p in ours.items()}
    if not of_chart and not our_shares:
        return "factors and shares: as configured"
    factors = "the Committee's chart" if of_chart else "as configured"
    return f"factors: {factors}; shares: {'our judgement' if our_shares else 'as configured'}"


def outside_period_words(calls: pd.DataFrame) -> str:
    """How many visits are entirely before or after the requested period, in words; "" if none.

    >>> [outside_period_words(pd.DataFrame({"flags": flags})) for flags in ([["outside_period"], []], [[]])]
    ['1 before or after the period', '']
    >>> outside_period_words(pd.DataFrame({"flags": [["outside_period"]] * 2}))
    'all before or after the period'
    """
    calls = visits(calls)
    n_outside = sum("outside_period" in flags for flags in calls["flags"])
    how_many = f"{n_outside} " if n_outside < len(calls) else "all " if n_outside > 1 else ""
    return f"{how_many}before or after the period" if n_outside else ""


def counted_zones(story: Story) -> set[str]:
    """Ids of the zones whose stays count in the account; empty if the zones file counts none."""
    return {z.zone_id for z in story.place.zones if z.counts}


def interval_for_none(barrels_p95: float, moved: str, unit: str = "bbl") -> str:
    """Wording for a sum whose median is 0, since "0 barrels" would read as a finding.

    ``moved`` as in "lifted"; "" for unseen calls.

    >>> interval_for_none(21_100, "lifted")
    '0 to 21,100 bbl (90 % interval; that nothing was lifted is at least as likely as not)'
    >>> interval_for_none(46_400, "")
    '0 to 46,400 bbl (90 % interval; that there were none is at least as likely as not)'
    """
    likely = f"that {f'nothing was {moved}' if moved else 'there were none'} is at least as likely as not"
    return f"0 to {barrels(barrels_p95)} {unit} (90 % interval; {likely})"


def heard_any(story: Story) -> bool:
    """Was any line of AIS read? Without one, silence says nothing of ships."""
    tracks = story.tables.get("tracks")
    return tracks is None or bool(len(tracks)) or any(story.ais_balance.values())


def simulated_words(story: Story) -> str:
    """What SIMULATED means here: only the demo is known to hold nothing real; own files may be mixed with simulated."""
    if story.config.source.kind == "demo":
        return "no real ship, image or message is in this report"
    return "simulated images or AIS went into this report"


def counted_place(story: Story) -> str:
    """The name for a counted zone: "counted berth" if all of them are berths, else "counted zone"."""
    return "counted berth" if all(z.kind == "berth" for z in story.place.zones if z.counts) else "counted zone"


def zones_in_order(story: Story) -> list[Zone]:
    """The zones in display order: counted ones first, berths before anchorages."""
    return sorted(story.place.zones, key=lambda z: (not z.counts, z.kind != "berth", z.zone_id))


def days_of_period(story: Story) -> list[date]:
    """The calendar days (UTC) that the period covers, its first and last perhaps in part."""
    first, last = story.config.period.start.date(), (story.config.period.end - timedelta(microseconds=1)).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def account_begins(story: Story) -> date:
    """First day of the period that the account covers: the start of the account year if that is within the period."""
    first, days = story.config.period.start.date(), story.tables["ledger"]["day"]
    return max(first, date.fromisoformat(days.min())) if len(days) else first


def day_counts(story: Story, since: date = date.min) -> dict[str, int]:
    """Number of days of the period, from ``since`` on, by best look at any counted zone: usable, partly, unknown."""
    looks = story.tables["looks"]
    counted = counted_zones(story)
    counted_looks = looks[looks["zone_id"].isin(counted) & looks["acquired"].notna()]
    best: dict[object, str] = {}
    rank = {"unknown": 0, "partly": 1, "usable": 2}
    for row in counted_looks.itertuples():
        day = row.acquired.date()
        if day < since:
            continue
        if day not in best or rank[row.state] > rank[best[day]]:
            best[day] = row.state
    total = sum(day >= since for day in days_of_period(story))
    counts = {state: sum(s == state for s in best.values()) for state in ("usable", "partly")}
    return counts | {"unknown": total - sum(counts.values()), "total": total}


def unverified_line(scenes: pd.DataFrame) -> str:
    """How many of the used images have no checksum that was compared; "" if all have."""
    used = scenes[scenes["status"].isin(["used", "degraded"])]
    count = int((~used["verified"].astype(bool)).sum())
    if not count:
        return ""
    carry = "image carries" if len(used) == 1 else "images carry"
    return f"{count} of {len(used)} {carry} no checksum that could be compared: unverified"
