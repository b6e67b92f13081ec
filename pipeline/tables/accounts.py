"""Tables about cargo: what each call lifted, and the running account against a cap."""

from pipeline.tables.contract import Column, Contract
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
            "open_ends",
            "list",
            "Ends of the stay that no look or message bounds: arrival, departure, both or none.",
        ),
        Column(
            "seen_d",
            "float",
            "From the first to the last time at which she was surely there, where the table of calls tells both.",
            "d",
            required=False,
            low=0,
        ),
        Column("berth_id", "text", "Where.", required=False),
        Column("status", "text", "used, degraded, not_counted or refused.", choices=LIFTING_STATUS),
        Column("cause", "text", "Why it is not plainly used.", required=False),
        Column("counts", "bool", "Takes part in the account."),
        Column("p_lifting", "float", "That a counted cargo moved here at all.", low=0, high=1),
        Column("counted", "text", "What the account counts here.", choices=("loading", "discharging"), required=False),
        Column(
            "direction",
            "text",
            "Which way the cargo went: loading, discharging, neither, unknown.",
            choices=("loading", "discharging", "neither", "unknown"),
            required=False,
        ),
        Column("p_loading", "float", "That cargo came aboard.", low=0, high=1, required=False),
        Column("p_discharging", "float", "That cargo went ashore.", low=0, high=1, required=False),
        Column("length_m", "float", "Used for capacity.", "m", required=False, low=0),
        Column("beam_m", "float", "Used for capacity.", "m", required=False, low=0),
        Column("size_source", "text", "What of her size a registry told, and where it has that from.", required=False),
        Column("dwt_p5_t", "float", "Deadweight, before her load was measured.", "t", required=False, low=0),
        Column("dwt_p50_t", "float", "Deadweight, before her load was measured.", "t", required=False, low=0),
        Column("dwt_p95_t", "float", "Deadweight, before her load was measured.", "t", required=False, low=0),
        Column("dwt_log_sd", "float", "Spread of ln(deadweight).", required=False, low=0),
        Column("dwt_shared_sd", "float", "Spread of ln(deadweight) that all calls share.", required=False, low=0),
        Column("given_barrels", "float", "Barrels that the table stated as such.", "bbl", required=False, low=0),
        Column("given_tonnes", "float", "Tonnes that the table stated as such.", "t", required=False, low=0),
        Column(
            "fill_p50", "float", "Loaded share of her cargo capacity, both as measured.", required=False, low=0, high=1
        ),
        Column("tonnes_p5", "float", "Cargo.", "t", required=False, low=0),
        Column("tonnes_p50", "float", "Cargo.", "t", required=False, low=0),
        Column("tonnes_p95", "float", "Cargo.", "t", required=False, low=0),
        Column("product", "text", "Product if named, else 'mix'.", required=False),
        Column("bbl_per_t", "float", "Mean factor used.", "bbl/t", required=False, low=5, high=13),
        Column("barrels_p5", "float", "Cargo.", "bbl", required=False, low=0),
        Column("barrels_p50", "float", "Cargo.", "bbl", required=False, low=0),
        Column("barrels_p95", "float", "Cargo.", "bbl", required=False, low=0),
        Column(
            "barrels_mean",
            "float",
            "The row's part in a sum, mean: with the chances of no lifting, of further ships, and that she is the ship "
            "of a call before.",
            "bbl",
            required=False,
            low=0,
        ),
        *(
            Column(f"barrels_at_{name}", "float", f"Cargo if {100 * share:.0f} % full.", "bbl", required=False, low=0)
            for name, share in FILL_SCENARIOS
        ),
        Column(
            "hull_log_sd",
            "float",
            "Relative error of length times beam, or of the length alone.",
            required=False,
            low=0,
        ),
        Column("draught_in_m", "float", "Draught on arrival that the load rests on.", "m", required=False, low=0),
        Column("draught_out_m", "float", "Draught on departure that the load rests on.", "m", required=False, low=0),
        Column(
            "p_retyped",
            "float",
            "That the second draught was typed anew, by all calls of the table.",
            required=False,
            low=0,
            high=1,
        ),
        Column("freeboard_in_m", "float", "Freeboard at the first look that the load rests on.", "m", required=False),
        Column("freeboard_in_sd_m", "float", "Its standard error.", "m", required=False, low=0),
        Column("freeboard_out_m", "float", "Freeboard at the last look that the load rests on.", "m", required=False),
        Column("freeboard_out_sd_m", "float", "Its standard error.", "m", required=False, low=0),
        Column(
            "p_same_hull", "float", "That both looks with a freeboard show one hull.", required=False, low=0, high=1
        ),
        Column("p_one_call", "float", "That the call is one ship's, not two ships'.", required=False, low=0, high=1),
        Column(
            "calls_mean",
            "float",
            "Expected number of ships that the row stands for: no less than 2 - p_one_call.",
            required=False,
            low=1,
            high=MOST_CALLS,
        ),
        Column("p_new_call", "float", "That she is not the ship of a call before.", required=False, low=0, high=1),
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
        Column(
            "account_year",
            "text",
            "The year that the cap counts.",
        ),
        Column("calls", "int", "Counted calls so far, of a product that the cap may count.", low=0),
        Column("observed_p5", "float", "Cumulative barrels, observed calls only.", "bbl", low=0),
        Column("observed_p50", "float", "Cumulative barrels, observed calls only.", "bbl", low=0),
        Column("observed_p95", "float", "Cumulative barrels, observed calls only.", "bbl", low=0),
        Column("observed_mean", "float", "Cumulative barrels, mean.", "bbl", low=0),
        *(
            Column(
                f"at_{name}", "float", f"Cumulative barrels if every ship were {100 * share:.0f} % full.", "bbl", low=0
            )
            for name, share in FILL_SCENARIOS
        ),
        Column("cap_bbl", "float", "The cap.", "bbl", low=0),
        Column("share_p50", "float", "observed_p50 as a share of the cap.", low=0),
        Column("p_over_cap", "float", "Probability that the observed calls alone passed the cap.", low=0, high=1),
        Column("tonnes_p50", "float", "Cumulative tonnes, observed calls only.", "t", low=0, required=False),
        Column("cap_t", "float", "The cap in tonnes, where its text states them too.", "t", required=False, low=0),
        Column(
            "p_over_cap_tonnes",
            "float",
            "Probability that they passed the cap in tonnes.",
            required=False,
            low=0,
            high=1,
        ),
        *(
            Column(
                f"corrected_{name}",
                "float",
                "Cumulative barrels with the calls that nobody saw; empty where looks tell of no zone.",
                "bbl",
                required=False,
                low=0,
            )
            for name in ("p5", "p50", "p95", "mean")
        ),
        Column(
            "corrected_p_over_cap",
            "float",
            "Probability that observed and unseen calls passed the cap.",
            required=False,
            low=0,
            high=1,
        ),
        Column(
            "corrected_without",
            "list",
            "Counted zones of whose unseen calls nothing is known by then: they are unknown, and not in those numbers.",
        ),
        Column(
            "notified_bbl",
            "float",
            "Officially notified, as published by that day; never added.",
            "bbl",
            required=False,
            low=0,
        ),
        Column(
            "looked",
            "text",
            "Was any counted berth looked at this day: usable, partly, unknown, or not_given.",
            choices=("usable", "partly", "unknown", "not_given"),
        ),
    ),
)

SENSITIVITY_KINDS = ("assumption", "choice", "published", "input", "call")

SENSITIVITY = Contract(
    "sensitivity",
    "What moves the account's sum: each assumption at both ends of its range, each drawn input, each call.",
    "item",
    (
        Column("item", "text", "kind and name, as kind:name."),
        Column(
            "kind",
            "text",
            "assumption, choice (of rule or data), published (a range of others), input, call.",
            choices=SENSITIVITY_KINDS,
        ),
        Column("name", "text", "Short name; of a call, its call_id."),
        Column("what", "text", "The same in plain words."),
        Column("low_setting", "text", "First end of an assumption's range, with its source.", required=False),
        Column("high_setting", "text", "Second end.", required=False),
        Column("base_p50", "float", "Median of the sum as assumed, from the same draws.", "bbl", low=0),
        Column("base_p_over_cap", "float", "Probability of passing the cap as assumed.", low=0, high=1),
        Column("low_p50", "float", "Median of the sum at the first end.", "bbl", required=False, low=0),
        Column("high_p50", "float", "Median of the sum at the second end.", "bbl", required=False, low=0),
        Column("low_p_over_cap", "float", "The probability at the first end.", required=False, low=0, high=1),
        Column("high_p_over_cap", "float", "The probability at the second end.", required=False, low=0, high=1),
        Column(
            "sobol",
            "float",
            "First-order Sobol index: the share of the sum's variance that would go if this alone were known; near 0 "
            "it may be negative by sampling.",
            required=False,
        ),
        Column("sobol_se", "float", "Its sampling error (one standard error, by jackknife).", required=False, low=0),
        Column("share_of_mean", "float", "The call's share of the sum's mean.", required=False, low=0, high=1),
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
        Column("barrels_p5", "float", "Cargo without it; null where no call remains.", "bbl", required=False, low=0),
        Column("barrels_p50", "float", "Cargo without it.", "bbl", required=False, low=0),
        Column("barrels_p95", "float", "Cargo without it.", "bbl", required=False, low=0),
        Column("sum_p50", "float", "Median of the account's sum without it.", "bbl", low=0),
        Column("base_sum_p50", "float", "Median of the sum as it stands.", "bbl", low=0),
    ),
)
