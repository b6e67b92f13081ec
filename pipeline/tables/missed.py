"""Contracts of what looks find and miss: their recall, how long ships stay, and the calls that nobody saw."""

from __future__ import annotations

from pipeline.tables.contract import Column, Contract, amount, share

RECALLS = Contract(
    "recalls",
    "Recall of usable looks, by sensor, place and length: the share of transmitting ships that the images showed, with "
    "the declared recall as a prior worth ten looks.",
    "recall_id",
    (
        Column("recall_id", "text", "Sensor, context and size, joined by slashes."),
        Column("sensor", "text", "sentinel-1, sentinel-2 or optical."),
        Column("context", "text", "Where the ship lies.", choices=("quay", "anchorage", "open_water")),
        Column(
            "size", "text", "short: below 60 m; middle; long: from 120 m.", choices=("all", "short", "middle", "long")
        ),
        Column("tries", "int", "Ships with AIS in usable looks.", low=0),
        Column("hits", "int", "Those of them that were detected.", low=0),
        share("recall", "Recall, posterior mean."),
        share("recall_lo", "5 % bound."),
        share("recall_hi", "95 % bound."),
    ),
)

STAY_LAWS = Contract(
    "stay_laws",
    "How long ships stay at counted berths: as declared (calls.stay_d), and as used, which stays heard by AIS and "
    "pairs of consecutive looks at unnamed ships correct. Stays are log-normal.",
    "law",
    (
        Column("law", "text", "declared or used."),
        amount("stay_lo_d", "5 % of stays are shorter.", "d"),
        amount("stay_d", "Median stay.", "d"),
        amount("stay_hi_d", "5 % of stays are longer.", "d"),
        amount("log_sd", "Standard deviation of ln of the factor by which all stays may be longer or shorter."),
        Column("heard", "int", "Stays heard from arrival to departure that it rests on.", low=0),
        Column("unended", "int", "Further stays that it rests on, which were not over when AIS ends.", low=0),
        Column(
            "pairs",
            "int",
            "Pairs of consecutive looks that both show an unnamed ship at a spot, that it rests on.",
            low=0,
        ),
    ),
)

MISSED_STATES = ("known", "unknown")

MISSED = Contract(
    "missed",
    "Calls that nobody saw, one row per counted zone and day of arrival. All days of a zone share one rate: calls a "
    "day ~ Gamma(rate_shape, 1 / rate_per_d); a day's unseen calls are Poisson with mean rate * unseen_days. Where "
    "p_seen has bounds, its logit is normal on either side and its error is common to all days and zones; seen_days "
    "and unseen_days change with it, the rate inversely with the sum of seen_days.",
    "missed_id",
    (
        Column("missed_id", "text", "zone_id and day, joined by a slash."),
        Column("zone_id", "text", "The berth."),
        Column("day", "text", "Calendar day of arrival, UTC, YYYY-MM-DD; the first includes ships already there."),
        Column("state", "text", "unknown: too few looks, so all numbers are null.", choices=MISSED_STATES),
        share("p_seen", "Probability that a call arriving this day is seen.", required=False),
        share("p_seen_lo", "5 % bound: recall may be lower and stays shorter than assumed.", required=False),
        share("p_seen_hi", "95 % bound.", required=False),
        amount("seen_days", "Share of the day's arrivals that a look would see.", "d", required=False),
        amount("unseen_days", "Share of the day's arrivals that no look would see.", "d", required=False),
        amount("rate_shape", "Shape of the rate's posterior gamma.", required=False),
        amount(
            "rate_per_d",
            "Inverse scale of that gamma: the sum of seen_days; smaller, as is rate_shape, where the number of calls "
            "seen is uncertain, or where some were found only by looks of unknown recall (covered 0).",
            "d",
            required=False,
        ),
        amount(
            "unseen_mean",
            "Expected number of unseen calls by that law, as the account draws them; if p_seen were known, the "
            "unbiased number would be that of calls seen * unseen_days / the sum of seen_days.",
            required=False,
        ),
        Column(
            "n_seen",
            "int",
            "Rows of counted calls of the zone seen by images alone, by at least one that covers it. The number of "
            "calls that they stand for (p_one_call, calls_mean, p_new_call) is extrapolated.",
            low=0,
        ),
    ),
)
