"""Tables about cargo: the amount each call lifted, and the running account against a cap."""

from pipeline.ships.largest import DEEPEST_M, HIGHEST_M
from pipeline.tables.contract import Column, Contract, amount, quantiles, share
from pipeline.tables.number_law import MOST_CALLS
from pipeline.tables.ships import SPOT_COLUMNS, TURNS_SLOPE

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
            "Random stream of a call without an id of its own: hash of the row's contents, not of its position.",
            required=False,
        ),
        Column("vessel_id", "text", "The ship.", required=False),
        Column("imo", "int", "IMO number, from her own row or, by MMSI, from another one.", required=False, low=1),
        Column("mmsi", "int", "Transponder number.", required=False, low=1),
        Column("name", "text", "Ship's name.", required=False),
        Column("arrival", "time", "Arrival; the middle of its interval.", "UTC", required=False),
        Column("departure", "time", "Departure; the middle of its interval.", "UTC", required=False),
        Column("open_ends", "list", "Ends of the stay that no look or message bounds: arrival, departure, or both."),
        amount(
            "seen_d",
            "From the first to the last time at which she was certainly there, where the table of calls has both.",
            "d",
            required=False,
        ),
        Column("berth_id", "text", "Berth or anchorage.", required=False),
        Column("status", "text", "used, degraded, not_counted or refused.", choices=LIFTING_STATUS),
        Column("cause", "text", "Why it is not `used`.", required=False),
        Column("counts", "bool", "Is it in the account?"),
        share("p_lifting", "Probability that a cargo that counts was moved here."),
        Column("counted", "text", "What the account counts here.", choices=("loading", "discharging"), required=False),
        Column(
            "direction",
            "text",
            "Which way the cargo went: loading, discharging, neither, unknown.",
            choices=("loading", "discharging", "neither", "unknown"),
            required=False,
        ),
        share("p_loading", "Probability that cargo was loaded.", required=False),
        share("p_discharging", "Probability that cargo was discharged.", required=False),
        amount("length_m", "Length from which capacity is computed.", "m", required=False),
        amount("beam_m", "Beam from which capacity is computed.", "m", required=False),
        amount("depth_m", "Depth, keel to deck, by identity, if used.", "m", required=False, high=HIGHEST_M),
        amount("design_draught_m", "Summer draught by identity, if used.", "m", required=False, high=DEEPEST_M),
        Column("size_source", "text", "Which sizes come from a registry, and its source.", required=False),
        *quantiles("dwt_{}_t", "Deadweight, before her load was measured.", "t", required=False),
        amount("dwt_log_sd", "Standard deviation of ln(deadweight), apart from what all calls share.", required=False),
        amount("dwt_shared_sd", "That of the error that all calls share; the interval has both.", required=False),
        amount("given_barrels", "Barrels stated by the table of calls.", "bbl", required=False),
        amount("given_tonnes", "Tonnes stated by the table of calls.", "t", required=False),
        share(
            "fill_p50",
            "Cargo as a share of deadweight less bunkers and stores, given what was measured of her load; tanks full "
            "of a light product hold less than 1.",
            required=False,
        ),
        *quantiles("tonnes_{}", "Cargo.", "t", required=False),
        Column("product", "text", "Product if it is named, otherwise 'mix'.", required=False),
        Column("bbl_per_t", "float", "Mean barrels per tonne used.", "bbl/t", required=False, low=5, high=13),
        *quantiles("barrels_{}", "Cargo.", "bbl", required=False),
        amount(
            "barrels_mean",
            "The row's contribution to the sum's mean: allows for no lifting, for further ships, and for her being the "
            "ship of an earlier call.",
            "bbl",
            required=False,
        ),
        *(
            amount(f"barrels_at_{name}", f"Cargo if {100 * fill:.0f} % full.", "bbl", required=False)
            for name, fill in FILL_SCENARIOS
        ),
        amount("length_log_sd", "Standard error of ln(length).", required=False),
        amount("hull_log_sd", "Standard error of ln(length × beam), or of ln(length) alone.", required=False),
        amount("draught_in_m", "Arrival draught used for the load.", "m", required=False),
        amount("draught_out_m", "Departure draught used for the load.", "m", required=False),
        share("p_retyped", "Probability that a crew enters a new draught, by the table's other calls.", required=False),
        Column("freeboard_in_m", "float", "Freeboard at the first look used for the load.", "m", required=False),
        amount("freeboard_in_sd_m", "Its standard error.", "m", required=False),
        Column("freeboard_out_m", "float", "Freeboard at the last look used for the load.", "m", required=False),
        amount("freeboard_out_sd_m", "Its standard error.", "m", required=False),
        Column(
            "freeboard_in_at",
            "time",
            "Time of the first look, if its place in the stay is used.",
            "UTC",
            required=False,
        ),
        Column("freeboard_out_at", "time", "Time of the last look, likewise.", "UTC", required=False),
        Column(
            "arrival_lo",
            "time",
            "Earliest arrival; this and the next three only where the times of looks are used.",
            "UTC",
            required=False,
        ),
        Column("arrival_hi", "time", "Latest arrival.", "UTC", required=False),
        Column("departure_lo", "time", "Earliest departure.", "UTC", required=False),
        Column("departure_hi", "time", "Latest departure.", "UTC", required=False),
        share("p_same_hull", "Probability that both looks with a freeboard show one hull.", required=False),
        share("p_one_call", "Probability that the call is one ship's, not several.", required=False),
        Column(
            "calls_mean",
            "float",
            "Expected number of ships that the row stands for: at least 2 - p_one_call.",
            required=False,
            low=1,
            high=MOST_CALLS,
        ),
        share("p_new_call", "Probability that she is not the ship of an earlier call.", required=False),
        TURNS_SLOPE,
        *SPOT_COLUMNS,
        Column("method", "text", "What the capacity was estimated from; what the load was estimated from."),
        Column("assumptions_id", "text", "Hash of the assumptions behind the barrels; must match the account's."),
        Column("evidence", "list", "Identifiers or hashes of the evidence."),
    ),
)

LEDGER = Contract(
    "ledger",
    "One row per day of the account year: cumulative barrels with 90 % interval, against the cap.",
    "day",
    (
        Column("day", "text", "Calendar day, UTC, YYYY-MM-DD."),
        Column("account_year", "text", "Account year of the cap."),
        Column("calls", "int", "Counted calls so far, of products that the cap may cover.", low=0),
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
        amount("cap_t", "The cap in tonnes, if its text states that too.", "t", required=False),
        share("p_over_cap_tonnes", "Probability that these tonnes passed the cap in tonnes.", required=False),
        *(
            amount(
                f"corrected_{name}",
                "Cumulative barrels, calls that nobody saw included; null where looks suffice at no zone.",
                "bbl",
                required=False,
            )
            for name in ("p5", "p50", "p95", "mean")
        ),
        share("corrected_p_over_cap", "Probability that observed and unseen calls passed the cap.", required=False),
        Column(
            "corrected_without",
            "list",
            "Counted zones whose unseen calls are unknown by then, and not in the corrected numbers.",
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
            "What the observed sum rests on by then: calls; looks without a counted call; or nothing, neither calls "
            "nor looks, so that its zeros do not mean that nothing was lifted.",
            required=False,  # earlier versions did not write it
            choices=("calls", "looks", "nothing"),
        ),
    ),
)

SENSITIVITY_KINDS = ("assumption", "choice", "published", "input", "call", "with_unseen")

SENSITIVITY = Contract(
    "sensitivity",
    "What moves the account's sum: each assumption at both ends of its range, each drawn input, each call. Rows of "
    "kind with_unseen, and their base, refer to the sum with unseen calls; all others to the observed sum.",
    "item",
    (
        Column("item", "text", "kind and name, as kind:name."),
        Column(
            "kind",
            "text",
            "assumption, choice (of rule or data), published (a range of others), input, call, with_unseen (an input).",
            choices=SENSITIVITY_KINDS,
        ),
        Column("name", "text", "Short name; for a call, its call_id."),
        Column("what", "text", "The same in plain words."),
        Column(
            "low_setting",
            "text",
            "First end of the assumption's range, with its source; for with_unseen, the tenth of draws in which the "
            "input is smallest.",
            required=False,
        ),
        Column("high_setting", "text", "Second end; for with_unseen, the tenth with the largest.", required=False),
        amount("base_p50", "Median of the sum with the assumptions as set, from the same draws.", "bbl"),
        share("base_p_over_cap", "Probability of passing the cap with the assumptions as set."),
        amount("low_p50", "Median of the sum at the first end.", "bbl", required=False),
        amount("high_p50", "Median of the sum at the second end.", "bbl", required=False),
        share("low_p_over_cap", "Probability of passing the cap at the first end.", required=False),
        share("high_p_over_cap", "Probability of passing the cap at the second end.", required=False),
        Column(
            "sobol",
            "float",
            "First-order Sobol index: the share of the sum's variance that would vanish if this alone were known; "
            "sampling can make a value near 0 negative.",
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
    "Each counted call, and the account's sum, without the call's weakest piece of evidence.",
    "call_id",
    (
        Column("call_id", "text", "The call."),
        Column("removed_kind", "text", "What was removed.", choices=REMOVED_KINDS),
        Column("removed", "text", "The same in plain words, with the identifier of a sighting."),
        Column("still_counts", "bool", "Does a counted call of hers remain?"),
        amount("barrels_p5", "Cargo without it; null where no call remains.", "bbl", required=False),
        amount("barrels_p50", "Cargo without it.", "bbl", required=False),
        amount("barrels_p95", "Cargo without it.", "bbl", required=False),
        amount("sum_p50", "Median of the account's sum without it.", "bbl"),
        amount("base_sum_p50", "Median of the sum as it stands.", "bbl"),
    ),
)
