"""Tables about cargo: what each call lifted, and the running account against a cap."""

from pipeline.ships.largest import DEEPEST_M, HIGHEST_M
from pipeline.tables.contract import Column, Contract, amount, quantiles, share
from pipeline.tables.number_law import MOST_CALLS
from pipeline.tables.ships import SPOT_COLUMNS

FILL_SCENARIOS: tuple[tuple[str, float], ...] = (
    ("33", 1 / 3),
    ("50", 0.5),
    ("60", 0.6),
    ("90", 0.9),
    ("100", 1.0),
)

LIFTING_STATUS = ("used", "degraded", "not_counted", "refused")

LIFTINGS = Contract(
    "liftings",
    "The cargo of one call as a distribution, beside the published fill scenarios.",
    "call_id",
    (
        Column("call_id", "text", "The call."),
        Column(
            "draw_key",
            "text",
            "By what a call without an id of its own is drawn: hash of what its row says, not of where that stands.",
            required=False,
        ),
        Column("vessel_id", "text", "The ship.", required=False),
        Column("imo", "int", "Her IMO number, by her own row or, through her MMSI, by another.", required=False, low=1),
        Column("mmsi", "int", "Her transponder's number.", required=False, low=1),
        Column("name", "text", "Her name.", required=False),
        Column("arrival", "time", "Arrival; the middle of its interval.", "UTC", required=False),
        Column("departure", "time", "Departure; the middle of its interval.", "UTC", required=False),
        Column(
            "open_ends", "list", "Ends of the stay that no look or message bounds: arrival, departure, both or none."
        ),
        amount(
            "seen_d",
            "From the first to the last time at which she was surely there, where the table of calls tells both.",
            "d",
            required=False,
        ),
        Column("berth_id", "text", "Where.", required=False),
        Column("status", "text", "used, degraded, not_counted or refused.", choices=LIFTING_STATUS),
        Column("cause", "text", "Why it is not plainly used.", required=False),
        Column("counts", "bool", "Takes part in the account."),
        share("p_lifting", "That a counted cargo moved here at all."),
        Column("counted", "text", "What the account counts here.", choices=("loading", "discharging"), required=False),
        Column(
            "direction",
            "text",
            "Which way the cargo went: loading, discharging, neither, unknown.",
            choices=("loading", "discharging", "neither", "unknown"),
            required=False,
        ),
        share("p_loading", "That cargo came aboard.", required=False),
        share("p_discharging", "That cargo went ashore.", required=False),
        amount("length_m", "Used for capacity.", "m", required=False),
        amount("beam_m", "Used for capacity.", "m", required=False),
        amount(
            "depth_m", "Depth, keel to deck, by identity, as far as it was used.", "m", required=False, high=HIGHEST_M
        ),
        amount(
            "design_draught_m",
            "Summer draught by identity, as far as it was used.",
            "m",
            required=False,
            high=DEEPEST_M,
        ),
        Column("size_source", "text", "What of her size a registry told, and where it has that from.", required=False),
        *quantiles("dwt_{}_t", "Deadweight, before her load was measured.", "t", required=False),
        amount("dwt_log_sd", "Spread of ln(deadweight).", required=False),
        amount("dwt_shared_sd", "Spread of ln(deadweight) that all calls share.", required=False),
        amount("given_barrels", "Barrels that the table stated as such.", "bbl", required=False),
        amount("given_tonnes", "Tonnes that the table stated as such.", "t", required=False),
        share("fill_p50", "Loaded share of her cargo capacity, both as measured.", required=False),
        *quantiles("tonnes_{}", "Cargo.", "t", required=False),
        Column("product", "text", "Product if named, else 'mix'.", required=False),
        Column("bbl_per_t", "float", "Mean factor used.", "bbl/t", required=False, low=5, high=13),
        *quantiles("barrels_{}", "Cargo.", "bbl", required=False),
        amount(
            "barrels_mean",
            "The row's part in a sum, mean: with the chances of no lifting, of further ships, and that she is the "
            "ship of a call before.",
            "bbl",
            required=False,
        ),
        *(
            amount(f"barrels_at_{name}", f"Cargo if {100 * fill:.0f} % full.", "bbl", required=False)
            for name, fill in FILL_SCENARIOS
        ),
        amount("length_log_sd", "Relative error of the length.", required=False),
        amount("hull_log_sd", "Relative error of length times beam, or of the length alone.", required=False),
        amount("draught_in_m", "Draught on arrival that the load rests on.", "m", required=False),
        amount("draught_out_m", "Draught on departure that the load rests on.", "m", required=False),
        share("p_retyped", "That a crew types a new draught, by other calls of the table.", required=False),
        Column("freeboard_in_m", "float", "Freeboard at the first look that the load rests on.", "m", required=False),
        amount("freeboard_in_sd_m", "Its standard error.", "m", required=False),
        Column("freeboard_out_m", "float", "Freeboard at the last look that the load rests on.", "m", required=False),
        amount("freeboard_out_sd_m", "Its standard error.", "m", required=False),
        Column(
            "freeboard_in_at",
            "time",
            "When the first look was, where its time in the stay is used.",
            "UTC",
            required=False,
        ),
        Column("freeboard_out_at", "time", "When the last look was, likewise.", "UTC", required=False),
        Column(
            "arrival_lo",
            "time",
            "Bounds of her stay where looks in it have a time: not there before.",
            "UTC",
            required=False,
        ),
        Column("arrival_hi", "time", "There at the latest.", "UTC", required=False),
        Column("departure_lo", "time", "Still there.", "UTC", required=False),
        Column("departure_hi", "time", "Gone at the latest.", "UTC", required=False),
        share("p_same_hull", "That both looks with a freeboard show one hull.", required=False),
        share("p_one_call", "That the call is one ship's, not two ships'.", required=False),
        Column(
            "calls_mean",
            "float",
            "Expected number of ships that the row stands for: no less than 2 - p_one_call.",
            required=False,
            low=1,
            high=MOST_CALLS,
        ),
        share("p_new_call", "That she is not the ship of a call before.", required=False),
        *SPOT_COLUMNS,
        Column("method", "text", "capacity from what; load from what."),
        Column("assumptions_id", "text", "Hash of the assumptions behind the barrels; an account wants the same."),
        Column("evidence", "list", "Identifiers or hashes of what it rests on."),
    ),
)

LEDGER = Contract(
    "ledger",
    "One row per day of the account's year: cumulative barrels with their band, against the cap.",
    "day",
    (
        Column("day", "text", "Calendar day, UTC, YYYY-MM-DD."),
        Column("account_year", "text", "The year that the cap counts."),
        Column("calls", "int", "Counted calls so far, of a product that the cap may count.", low=0),
        *quantiles("observed_{}", "Cumulative barrels, observed calls only.", "bbl"),
        amount("observed_mean", "Cumulative barrels, mean.", "bbl"),
        *(
            amount(f"at_{name}", f"Cumulative barrels if every ship were {100 * fill:.0f} % full.", "bbl")
            for name, fill in FILL_SCENARIOS
        ),
        amount("cap_bbl", "The cap.", "bbl"),
        amount("share_p50", "observed_p50 as a share of the cap."),
        share("p_over_cap", "Probability that the observed calls alone passed the cap."),
        amount("tonnes_p50", "Cumulative tonnes, observed calls only.", "t", required=False),
        amount("cap_t", "The cap in tonnes, where its text states them too.", "t", required=False),
        share("p_over_cap_tonnes", "Probability that they passed the cap in tonnes.", required=False),
        *(
            amount(
                f"corrected_{name}",
                "Cumulative barrels with the calls that nobody saw; empty where looks tell of no zone.",
                "bbl",
                required=False,
            )
            for name in ("p5", "p50", "p95", "mean")
        ),
        share("corrected_p_over_cap", "Probability that observed and unseen calls passed the cap.", required=False),
        Column(
            "corrected_without",
            "list",
            "Counted zones of whose unseen calls nothing is known by then: they are unknown, and not in those numbers.",
        ),
        amount("notified_bbl", "Officially notified, as published by that day; never added.", "bbl", required=False),
        Column(
            "looked",
            "text",
            "Was any counted zone looked at this day: usable, partly, unknown, or not_given.",
            choices=("usable", "partly", "unknown", "not_given"),
        ),
        Column(
            "rests_on",
            "text",
            "What the observed sum rests on by then: calls; looks, in which no counted call was; nothing, neither call "
            "nor look of this account: its zeros say nothing of what was lifted.",
            required=False,  # earlier versions did not write it
            choices=("calls", "looks", "nothing"),
        ),
    ),
)

SENSITIVITY_KINDS = ("assumption", "choice", "published", "input", "call", "with_unseen")

SENSITIVITY = Contract(
    "sensitivity",
    "What moves the account's sum: each assumption at both ends of its range, each drawn input, each call. Rows of "
    "kind with_unseen are of the sum with unseen calls, their base too; all others are of the observed one.",
    "item",
    (
        Column("item", "text", "kind and name, as kind:name."),
        Column(
            "kind",
            "text",
            "assumption, choice (of rule or data), published (a range of others), input, call, with_unseen (an input).",
            choices=SENSITIVITY_KINDS,
        ),
        Column("name", "text", "Short name; of a call, its call_id."),
        Column("what", "text", "The same in plain words."),
        Column(
            "low_setting",
            "text",
            "First end of an assumption's range, with its source; of with_unseen, the tenth of the draws there.",
            required=False,
        ),
        Column("high_setting", "text", "Second end.", required=False),
        amount("base_p50", "Median of the sum as assumed, from the same draws.", "bbl"),
        share("base_p_over_cap", "Probability of passing the cap as assumed."),
        amount("low_p50", "Median of the sum at the first end.", "bbl", required=False),
        amount("high_p50", "Median of the sum at the second end.", "bbl", required=False),
        share("low_p_over_cap", "The probability at the first end.", required=False),
        share("high_p_over_cap", "The probability at the second end.", required=False),
        Column(
            "sobol",
            "float",
            "First-order Sobol index: the share of the sum's variance that would go if this alone were known; near 0 "
            "it may be negative by sampling.",
            required=False,
        ),
        amount("sobol_se", "Its sampling error (one standard error, by jackknife).", required=False),
        share("share_of_mean", "The call's share of the sum's mean.", required=False),
        Column(
            "share_of_variance",
            "float",
            "cov(call, sum) / var(sum): the shares of all calls add up to 1.",
            required=False,
        ),
    ),
)

REMOVED_KINDS = ("freeboard", "draught", "sighting", "transponder")

ROBUSTNESS = Contract(
    "robustness",
    "Each counted call, and the account's sum, had the call's weakest evidence never existed.",
    "call_id",
    (
        Column("call_id", "text", "The call."),
        Column("removed_kind", "text", "What was taken away.", choices=REMOVED_KINDS),
        Column("removed", "text", "The same in plain words, with the identifier of a sighting."),
        Column("still_counts", "bool", "Does a counted call remain of her?"),
        amount("barrels_p5", "Cargo without it; null where no call remains.", "bbl", required=False),
        amount("barrels_p50", "Cargo without it.", "bbl", required=False),
        amount("barrels_p95", "Cargo without it.", "bbl", required=False),
        amount("sum_p50", "Median of the account's sum without it.", "bbl"),
        amount("base_sum_p50", "Median of the sum as it stands.", "bbl"),
    ),
)
