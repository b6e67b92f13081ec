"""Tables about cargo: what each call lifted, and the running account against a cap."""

from pipeline.tables.contract import Column, Contract

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
        Column("vessel_id", "text", "The ship.", required=False),
        Column("name", "text", "Her name.", required=False),
        Column("arrival", "time", "Arrival; the middle of its interval.", "UTC", required=False),
        Column("departure", "time", "Departure; the middle of its interval.", "UTC", required=False),
        Column("berth_id", "text", "Where.", required=False),
        Column("status", "text", "used, degraded, not_counted or refused.", choices=LIFTING_STATUS),
        Column("cause", "text", "Why it is not plainly used.", required=False),
        Column("counts", "bool", "Takes part in the account."),
        Column("p_lifting", "float", "That a counted product was lifted here at all.", low=0, high=1),
        Column("length_m", "float", "Used for capacity.", "m", required=False, low=0),
        Column("beam_m", "float", "Used for capacity.", "m", required=False, low=0),
        Column("dwt_p5_t", "float", "Deadweight.", "t", required=False, low=0),
        Column("dwt_p50_t", "float", "Deadweight.", "t", required=False, low=0),
        Column("dwt_p95_t", "float", "Deadweight.", "t", required=False, low=0),
        Column("dwt_log_sd", "float", "Spread of ln(deadweight).", required=False, low=0),
        Column("dwt_shared_sd", "float", "Spread of ln(deadweight) that all calls share.", required=False, low=0),
        Column("given_barrels", "float", "Barrels that the table stated as such.", "bbl", required=False, low=0),
        Column("given_tonnes", "float", "Tonnes that the table stated as such.", "t", required=False, low=0),
        Column("fill_p50", "float", "Loaded share of cargo capacity.", required=False, low=0, high=1),
        Column("tonnes_p5", "float", "Cargo.", "t", required=False, low=0),
        Column("tonnes_p50", "float", "Cargo.", "t", required=False, low=0),
        Column("tonnes_p95", "float", "Cargo.", "t", required=False, low=0),
        Column("product", "text", "Product if named, else 'mix'.", required=False),
        Column("bbl_per_t", "float", "Mean factor used.", "bbl/t", required=False, low=5, high=13),
        Column("barrels_p5", "float", "Cargo.", "bbl", required=False, low=0),
        Column("barrels_p50", "float", "Cargo.", "bbl", required=False, low=0),
        Column("barrels_p95", "float", "Cargo.", "bbl", required=False, low=0),
        Column(
            "barrels_mean", "float", "Cargo, mean, the chance of no lifting included.", "bbl", required=False, low=0
        ),
        *(
            Column(f"barrels_at_{name}", "float", f"Cargo if {share:.0%} full.", "bbl", required=False, low=0)
            for name, share in FILL_SCENARIOS
        ),
        Column("hull_log_sd", "float", "Relative error of measured length times beam.", required=False, low=0),
        Column("draught_in_m", "float", "Draught on arrival that the load rests on.", "m", required=False, low=0),
        Column("draught_out_m", "float", "Draught on departure that the load rests on.", "m", required=False, low=0),
        Column("freeboard_in_m", "float", "Freeboard at the first look that the load rests on.", "m", required=False),
        Column("freeboard_in_sd_m", "float", "Its standard error.", "m", required=False, low=0),
        Column("freeboard_out_m", "float", "Freeboard at the last look that the load rests on.", "m", required=False),
        Column("freeboard_out_sd_m", "float", "Its standard error.", "m", required=False, low=0),
        Column("method", "text", "capacity from what; load from what."),
        Column("assumptions_id", "text", "Hash of the assumptions used."),
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
        Column("calls", "int", "Counted calls so far.", low=0),
        Column("observed_p5", "float", "Cumulative barrels, observed calls only.", "bbl", low=0),
        Column("observed_p50", "float", "Cumulative barrels, observed calls only.", "bbl", low=0),
        Column("observed_p95", "float", "Cumulative barrels, observed calls only.", "bbl", low=0),
        Column("observed_mean", "float", "Cumulative barrels, mean.", "bbl", low=0),
        *(
            Column(f"at_{name}", "float", f"Cumulative barrels if every ship were {share:.0%} full.", "bbl", low=0)
            for name, share in FILL_SCENARIOS
        ),
        Column("cap_bbl", "float", "The cap.", "bbl", low=0),
        Column("share_p50", "float", "observed_p50 as a share of the cap.", low=0),
        Column("p_over_cap", "float", "Probability that the observed calls alone passed the cap.", low=0, high=1),
        Column(
            "notified_bbl",
            "float",
            "Officially notified as of the stated date; never added.",
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
