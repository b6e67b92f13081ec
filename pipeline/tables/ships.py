"""Tables about ships: what transponders said, which detection is whose, and who called when."""

from pipeline.ships.largest import BROADEST_M, DEEPEST_M, HIGHEST_M, LONGEST_M
from pipeline.tables.contract import Column, Contract, amount, bounds, share

SPOT_COLUMNS = (  # of a call, and of its lifting: how busy the spot was at which she lay
    Column(
        "spot_looks",
        "int",
        "Of a stay that images alone tell: looks at her berth in the whole period of its table that show somebody, or "
        "would if her spot were never free.",
        required=False,
        low=1,
    ),
    Column(
        "spot_taken",
        "int",
        "Of these, looks that do show one at her spot of whom no transponder tells.",
        required=False,
        low=0,
    ),
)

WHENCE = "first twelve digits of its file's SHA-256 and the line of its last sentence there, joined by a dash"

AIS_MESSAGES = Contract(
    "ais_messages",
    "One row per decoded AIS message. 'Not available' codes are null, never numbers.",
    "message_id",
    (
        Column("message_id", "text", f"Its name: {WHENCE}."),
        Column("line", "int", "1-based line of the message's last sentence in its file.", low=1),
        Column("source_file", "text", "File it stands in."),
        Column("time_utc", "time", "When it was received.", "UTC", required=False),
        Column("msg_type", "int", "AIS message number (0 for a table without one).", low=0, high=27),
        Column("mmsi", "int", "Transponder number.", low=0),
        Column("lon", "float", "Position.", "deg", required=False, low=-180, high=360),
        Column("lat", "float", "Position.", "deg", required=False, low=-90, high=90),
        amount("sog", "Speed over ground.", "kn", required=False),
        amount("cog", "Course over ground.", "deg", required=False, high=360),
        amount("heading", "True heading.", "deg", required=False, high=360),
        Column("nav", "int", "Navigational status code.", required=False, low=0, high=15),
        Column("imo", "int", "IMO number.", required=False, low=0),
        Column("callsign", "text", "Call sign.", required=False),
        Column("name", "text", "Ship's name as typed.", required=False),
        Column("ship_type", "int", "Ship and cargo type code.", required=False, low=0, high=255),
        amount("a", "Antenna to bow.", "m", required=False),
        amount("b", "Antenna to stern.", "m", required=False),
        amount("c", "Antenna to port.", "m", required=False),
        amount("d", "Antenna to starboard.", "m", required=False),
        amount("draught", "Static draught as typed.", "m", required=False, high=DEEPEST_M),
        Column("dest", "text", "Destination as typed.", required=False),
        Column("ship_words", "text", "Type of ship as a table words it, where that is no code's name.", required=False),
    ),
)

TRACKS = Contract(
    "tracks",
    "Cleaned AIS positions, sorted by track and time.",
    "fix_id",
    (
        Column("fix_id", "text", "Track and running number."),
        Column("track_id", "text", "One physical mover: an MMSI, or a part of it where two ships share one."),
        Column("mmsi", "int", "Transponder number.", low=0),
        Column("time_utc", "time", "When.", "UTC"),
        Column("lon", "float", "Position.", "deg", low=-180, high=360),
        Column("lat", "float", "Position.", "deg", low=-90, high=90),
        amount("sog_kn", "Speed over ground, as sent.", "kn", required=False),
        amount("cog_deg", "Course over ground.", "deg", required=False, high=360),
        amount("heading_deg", "True heading.", "deg", required=False, high=360),
        Column("flags", "list", "spike, duplicate, ...: flagged fixes take no part in calls."),
        Column("message_id", "text", f"Message that sent it: {WHENCE}.", required=False),
        Column(
            "ship",
            "int",
            "Of a number that several ships send at once: which of them the track is of (as in `static`); null where "
            "nothing tells, or there is one ship.",
            required=False,
            low=1,
        ),
    ),
)

STATIC = Contract(
    "static",
    "Static and voyage reports, one row per change of what a transponder says about its ship.",
    "report_id",
    (
        Column("report_id", "text", "MMSI and running number."),
        Column("mmsi", "int", "Transponder number.", low=0),
        Column("time_utc", "time", "When it was first said.", "UTC"),
        Column("imo", "int", "IMO number with a right check digit, else null.", required=False, low=0),
        Column("name", "text", "Name.", required=False),
        Column("callsign", "text", "Call sign.", required=False),
        Column("ship_type", "int", "Type code; 80-89 are tankers.", required=False, low=0, high=255),
        amount("length_m", "a + b.", "m", required=False, high=LONGEST_M),
        amount("beam_m", "c + d.", "m", required=False, high=BROADEST_M),
        amount("draught_m", "Draught as typed.", "m", required=False, high=DEEPEST_M),
        Column("dest", "text", "Destination as typed.", required=False),
        Column("ship_words", "text", "Type of ship as a table of messages words it.", required=False),
        Column(
            "flags",
            "list",
            "imo_check_digit, imo_changed, length_changed, implausible_draught, flapping_draught, shared_mmsi.",
        ),
        Column("message_id", "text", f"Message that said it first: {WHENCE}.", required=False),
        Column(
            "ship",
            "int",
            "Of a number that several ships send at once: which of them says so, from 1; null where one ship sends "
            "it, or the message does not name her.",
            required=False,
            low=1,
        ),
    ),
)

SILENCES = Contract(
    "silences",
    "Long gaps between two fixes of a track, with what was heard of others meanwhile. Counts, no verdict: the length "
    "of a gap says nothing of its reason.",
    "silence_id",
    (
        Column("silence_id", "text", "Track and start, joined by a slash."),
        Column("track_id", "text", "The track."),
        Column("mmsi", "int", "Transponder number.", low=0),
        Column("start", "time", "Last heard.", "UTC"),
        Column("end", "time", "Heard again.", "UTC"),
        amount("hours", "Between the two.", "h"),
        Column("lon", "float", "Where she was last heard.", "deg", low=-180, high=180),
        Column("lat", "float", "Where she was last heard.", "deg", low=-90, high=90),
        Column("lon_after", "float", "Where she was heard again.", "deg", low=-180, high=180),
        Column("lat_after", "float", "Where she was heard again.", "deg", low=-90, high=90),
        Column("others_before", "int", "Other transponders within 20 km, for as long before the gap.", low=0),
        Column("others_during", "int", "Other transponders within 20 km during it.", low=0),
        Column("messages_during", "int", "Their positions.", low=0),
        amount("quiet_h", "Longest time within it in which nobody was heard there.", "h"),
        Column("reception", "text", "nobody: none was heard there; others: some were.", choices=("nobody", "others")),
    ),
)

FINDING_KINDS = (
    "length_disagrees",
    "beam_disagrees",
    "imo_check_digit",
    "imo_changed",
    "length_changed",
    "implausible_draught",
    "flapping_draught",
    "shared_mmsi",
)

FINDINGS = Contract(
    "findings",
    "Contradictions of what transponders say of their ships: with themselves, and with the hull in the image.",
    "finding_id",
    (
        Column("finding_id", "text", "Transponder and kind, joined by a slash."),
        Column("kind", "text", "What disagrees.", choices=FINDING_KINDS),
        Column("mmsi", "int", "Transponder number.", low=0),
        Column("time_utc", "time", "When it first showed.", "UTC"),
        Column("said", "text", "What the transponder said."),
        Column("seen", "text", "What images showed.", required=False),
        amount("apart_sd", "Difference over its standard deviation (sizes).", required=False),
        Column("detection_ids", "list", "Sightings that it rests on."),
        Column("call_ids", "list", "Calls of that transponder; for sizes, those with these sightings."),
    ),
)

MATCHES = Contract(
    "matches",
    "Which detection is which transponder; an empty mmsi says 'none: dark'.",
    "det_id",
    (
        Column("det_id", "text", "The detection."),
        Column("mmsi", "int", "Its transponder; null where it has none.", required=False, low=0),
        share("probability", "Of this verdict."),
        amount("distance_m", "Between detection and predicted position.", "m", required=False),
        Column("time_gap_s", "float", "Between the acquisition and the nearest fix.", "s", required=False),
    ),
)

MATCH_CHECKS = Contract(
    "match_checks",
    "The self-check of a scene: transponders that found their ship against those that should; what all have wrong.",
    "scene_id",
    (
        Column("scene_id", "text", "The scene."),
        Column("n_detections", "int", "Detections with a place and a time.", low=0),
        Column("n_transponders", "int", "Transponders heard within the hour.", low=0),
        amount("matched", "Sum of the probabilities of the matches."),
        amount("expected", "Transponders about the detections, each times its chance to be seen."),
        Column("offset_east_m", "float", "What the image is misplaced by.", "m", required=False),
        Column("offset_north_m", "float", "What the image is misplaced by.", "m", required=False),
        amount("scatter_m", "Standard deviation of what is left, one axis.", "m", required=False),
        Column("displacement", "text", "How moving ships are displaced in it.", required=False),
    ),
)

LISTED_SD_M = {"length": 1.0, "beam": 0.3}  # of a register's figures [m] (our choice)
# Of what a transponder says: whole metres, antennas placed by guess (our choice)
TYPED_SD_M = {"length": 2.0, "beam": 1.0}
SHARED_ERROR = {"length": 0.03, "beam": 0.08}  # share of the size that all looks have wrong together (our choice)
EVIDENCE_CLASSES = ("A", "B", "C", "D")

PORT_CALLS = Contract(
    "port_calls",
    "One visit of one ship, with all its evidence. Arrival and departure are intervals: between the last time "
    "that she was surely not there and the first time that she surely was.",
    "call_id",
    (
        Column("call_id", "text", "Same evidence, same id."),
        Column("vessel_id", "text", "imo:NNNNNNN, mmsi:NNNNNNNNN, or anonymous."),
        Column("name", "text", "Name as broadcast or registered.", required=False),
        Column("imo", "int", "IMO number.", required=False, low=0),
        Column("mmsi", "int", "Transponder number.", required=False, low=0),
        share("identity_probability", "That this is that ship."),
        Column("berth_id", "text", "Zone of the stay."),
        Column("berth_kind", "text", "berth or anchorage.", choices=("berth", "anchorage")),
        Column("counts", "bool", "Does a stay here count toward the account?"),
        Column("arrival_lo", "time", "Not there before.", "UTC", required=False),
        Column("arrival_hi", "time", "There at the latest.", "UTC"),
        Column("departure_lo", "time", "Still there.", "UTC"),
        Column("departure_hi", "time", "Gone at the latest; null while she may still be there.", "UTC", required=False),
        Column(
            "evidence_class",
            "text",
            "A AIS entry, stop, exit; B AIS in part; C images; D one.",
            choices=EVIDENCE_CLASSES,
        ),
        Column("n_looks", "int", "Usable looks at the berth during the widest stay.", low=0),
        Column("n_seen", "int", "Looks that saw her.", low=0),
        Column("detection_ids", "list", "The sightings."),
        amount(
            "length_m",
            "Fused from all sightings of her in the run and her broadcast.",
            "m",
            required=False,
            high=LONGEST_M,
        ),
        *bounds("length", "m", required=False, high=LONGEST_M),
        amount("beam_m", "Fused likewise.", "m", required=False, high=BROADEST_M),
        *bounds("beam", "m", required=False, high=BROADEST_M),
        amount("dwt_t", "Deadweight by identity, or a tonnage of unknown kind.", "t", required=False),
        Column("tonnage_kind", "text", "unknown where dwt_t may be a gross tonnage.", required=False),
        amount("gt", "Gross tonnage by identity.", required=False),
        amount("listed_length_m", "Length by identity, beside the measured.", "m", required=False, high=LONGEST_M),
        amount("listed_beam_m", "Beam by identity.", "m", required=False, high=BROADEST_M),
        amount("depth_m", "Depth, keel to deck, by identity.", "m", required=False, high=HIGHEST_M),
        amount("design_draught_m", "Summer draught by identity.", "m", required=False, high=DEEPEST_M),
        Column("listed_source", "text", "Where the registry has its line of her from.", required=False),
        Column(
            "ship_type",
            "text",
            "Type of ship in words: the registry's, else as a table of messages words it.",
            required=False,
        ),
        amount("draught_in_m", "Draught said on arrival.", "m", required=False, high=DEEPEST_M),
        amount(
            "draught_out_m",
            "Draught said on departure; that of arrival again where she was heard after sailing and typed no other.",
            "m",
            required=False,
            high=DEEPEST_M,
        ),
        amount("freeboard_in_m", "First freeboard seen.", "m", required=False, high=40),
        amount("freeboard_in_sd_m", "Its standard error.", "m", required=False, high=40),
        Column("freeboard_in_at", "time", "When that look was.", "UTC", required=False),
        amount("freeboard_out_m", "Last freeboard seen.", "m", required=False, high=40),
        amount("freeboard_out_sd_m", "Its standard error.", "m", required=False, high=40),
        Column("freeboard_out_at", "time", "When that look was.", "UTC", required=False),
        Column(
            "freeboard_change_m",
            "float",
            "Last less first freeboard: below 0 where she lies deeper. Needs no depth.",
            "m",
            required=False,
            low=-40,
            high=40,
        ),
        Column("freeboard_change_lo_m", "float", "5 % bound.", "m", required=False, low=-40, high=40),
        Column("freeboard_change_hi_m", "float", "95 % bound.", "m", required=False, low=-40, high=40),
        share("p_same_hull", "That both looks with a freeboard show one hull.", required=False),
        *(
            Column(name, "float", text, "m", required=False, low=0, high=40)
            for end, look in (("in", "first"), ("out", "last"))
            for name, text in (
                (f"draught_seen_{end}_m", f"Usual depth less freeboard at the {look} look: weak, no load rests on it."),
                (f"draught_seen_{end}_lo_m", "5 % bound."),
                (f"draught_seen_{end}_hi_m", "95 % bound."),
            )
        ),
        share("p_one_call", "That all its sightings are one stay of one ship, not two.", required=False),
        Column(
            "calls_mean",
            "float",
            "Expected number of ships whose stays its sightings are: 1 where they are surely one's.",
            required=False,
            low=1,
        ),
        *SPOT_COLUMNS,
        share(
            "p_new_call", "That she is not the ship of a counted call before at her spot, seen again.", required=False
        ),
        Column(
            "candidates", "text", "Who an unnamed caller may have been, by size: name probability; ...", required=False
        ),
        share(
            "p_ship",
            "That it is a ship at all: sure with a transponder, else the best score of her sightings.",
            required=False,
        ),
        share("p_tanker", "That she is a tanker."),
        share("p_loading", "That she took cargo here."),
        Column(
            "flags",
            "list",
            "dark (no transponder, others were heard), no_ais (nobody was heard), left_open, zone_not_counted, ...",
        ),
    ),
)

RECALLS = Contract(
    "recalls",
    "What usable looks find, by sensor, place and length: the share of ships that transmitted which the image showed, "
    "with what was declared as a prior worth ten looks.",
    "recall_id",
    (
        Column("recall_id", "text", "Sensor, context and size, joined by slashes."),
        Column("sensor", "text", "sentinel-1, sentinel-2 or optical."),
        Column("context", "text", "Where the ship lies.", choices=("quay", "anchorage", "open_water")),
        Column(
            "size", "text", "short: below 60 m; middle; long: from 120 m.", choices=("all", "short", "middle", "long")
        ),
        Column("tries", "int", "Ships heard in usable looks.", low=0),
        Column("hits", "int", "Those of them that were found.", low=0),
        share("recall", "Posterior mean."),
        share("recall_lo", "5 % bound."),
        share("recall_hi", "95 % bound."),
    ),
)

MISSED_STATES = ("known", "unknown")

MISSED = Contract(
    "missed",
    "Calls that nobody saw, one row per counted zone and day of arrival. Of one zone, all days share one rate: calls a "
    "day ~ Gamma(rate_shape, 1 / rate_per_d); a day's unseen calls are Poisson with mean rate * unseen_days. Where "
    "p_seen has bounds its logit is normal on either side, all days and zones err together, seen_days and unseen_days "
    "move with it, and the rate against the sum of the seen_days.",
    "missed_id",
    (
        Column("missed_id", "text", "zone_id and day, joined by a slash."),
        Column("zone_id", "text", "The berth."),
        Column("day", "text", "Calendar day of arrival, UTC, YYYY-MM-DD; the first also holds who lay there already."),
        Column("state", "text", "unknown: the looks were too few to say; then no number is.", choices=MISSED_STATES),
        share("p_seen", "Chance that a call arriving this day is seen.", required=False),
        share(
            "p_seen_lo", "5 % bound of that: looks may find less than thought, and stays be shorter.", required=False
        ),
        share("p_seen_hi", "95 % bound.", required=False),
        amount("seen_days", "The day's share of arrivals that a look would see.", "d", required=False),
        amount("unseen_days", "The day's share of arrivals that no look would see.", "d", required=False),
        amount("rate_shape", "Shape of the rate's posterior.", required=False),
        amount(
            "rate_per_d",
            "Days of arrivals that looks would see, the sum of seen_days; with rate_shape less than that where calls "
            "were found by looks alone of which nobody knows what they find (covered 0): the rate is less sure.",
            "d",
            required=False,
        ),
        amount(
            "unseen_mean",
            "Expected number of unseen calls by that law, as the account draws them; the unbiased one, were p_seen "
            "known, is n_seen * unseen_days / rate_per_d.",
            required=False,
        ),
        Column(
            "n_seen",
            "int",
            "Counted calls of the zone that images alone saw, one that covers it among them: what is extrapolated.",
            low=0,
        ),
    ),
)
