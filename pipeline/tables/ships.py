"""Tables about ships: what transponders said, which detection is whose, and who called when."""

from pipeline.ships.largest import BROADEST_M, DEEPEST_M, HIGHEST_M, LONGEST_M
from pipeline.tables.contract import Column, Contract, amount, bounds, share
from pipeline.tables.number_law import MOST_SLOPE

TURNS_SLOPE = Column(  # of a call and of its lifting
    "turns_slope",
    "float",
    "Change of ln of the hazard of a change of ship, on which p_one_call, calls_mean and p_new_call rest, if ships "
    "stay longer by one standard deviation than estimated. Empty or 0: the number of calls does not depend on stays.",
    required=False,
    low=-MOST_SLOPE,
    high=MOST_SLOPE,
)
SPOT_COLUMNS = (  # of a call and of its lifting: how busy the spot was where she lay
    Column(
        "spot_looks",
        "int",
        "For a stay known only from images: looks at her berth, over the table's whole period, that show a ship at her "
        "spot or would if one lay there.",
        required=False,
        low=1,
    ),
    Column(
        "spot_taken",
        "int",
        "Those of these looks that do show a ship without a transponder at her spot.",
        required=False,
        low=0,
    ),
)

MESSAGE_NAME = "first twelve digits of its file's SHA-256 and the line of its last sentence there, joined by a dash"

AIS_MESSAGES = Contract(
    "ais_messages",
    "One row per decoded AIS message. Codes for 'not available' are null.",
    "message_id",
    (
        Column("message_id", "text", f"Its name: {MESSAGE_NAME}."),
        Column("line", "int", "1-based line of the message's last sentence in its file.", low=1),
        Column("source_file", "text", "File that it was read from."),
        Column("time_utc", "time", "Time of reception.", "UTC", required=False),
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
        Column("name", "text", "Ship's name as entered by the crew.", required=False),
        Column("ship_type", "int", "Ship and cargo type code.", required=False, low=0, high=255),
        amount("a", "Antenna to bow.", "m", required=False),
        amount("b", "Antenna to stern.", "m", required=False),
        amount("c", "Antenna to port.", "m", required=False),
        amount("d", "Antenna to starboard.", "m", required=False),
        amount("draught", "Draught as entered by the crew.", "m", required=False, high=DEEPEST_M),
        Column("dest", "text", "Destination as entered by the crew.", required=False),
        Column("ship_words", "text", "Ship type in a table's own words, where they name no AIS code.", required=False),
    ),
)

TRACKS = Contract(
    "tracks",
    "Cleaned AIS positions, sorted by track and time.",
    "fix_id",
    (
        Column("fix_id", "text", "Track and running number."),
        Column("track_id", "text", "One ship's track: an MMSI, or part of its messages where ships share one."),
        Column("mmsi", "int", "Transponder number.", low=0),
        Column("time_utc", "time", "When.", "UTC"),
        Column("lon", "float", "Position.", "deg", low=-180, high=360),
        Column("lat", "float", "Position.", "deg", low=-90, high=90),
        amount("sog_kn", "Speed over ground, as sent.", "kn", required=False),
        amount("cog_deg", "Course over ground.", "deg", required=False, high=360),
        amount("heading_deg", "True heading.", "deg", required=False, high=360),
        Column("flags", "list", "spike, duplicate, ...: flagged fixes are not used for calls."),
        Column("message_id", "text", f"Message that sent it: {MESSAGE_NAME}.", required=False),
        Column(
            "ship",
            "int",
            "If several ships send one MMSI at once: which of them this is (as in `static`); null if unknown or if "
            "there is only one.",
            required=False,
            low=1,
        ),
    ),
)

STATIC = Contract(
    "static",
    "Static and voyage reports, one row per change in what a transponder reports about its ship.",
    "report_id",
    (
        Column("report_id", "text", "MMSI and running number."),
        Column("mmsi", "int", "Transponder number.", low=0),
        Column("time_utc", "time", "When it was first reported.", "UTC"),
        Column("imo", "int", "IMO number if its check digit is right, otherwise null.", required=False, low=0),
        Column("name", "text", "Name.", required=False),
        Column("callsign", "text", "Call sign.", required=False),
        Column("ship_type", "int", "Type code; 80-89 are tankers.", required=False, low=0, high=255),
        amount("length_m", "a + b.", "m", required=False, high=LONGEST_M),
        amount("beam_m", "c + d.", "m", required=False, high=BROADEST_M),
        amount("draught_m", "Draught as entered by the crew.", "m", required=False, high=DEEPEST_M),
        Column("dest", "text", "Destination as entered by the crew.", required=False),
        Column("ship_words", "text", "Ship type in the words of a table of messages.", required=False),
        Column(
            "flags",
            "list",
            "imo_check_digit, imo_changed, length_changed, implausible_draught, flapping_draught, shared_mmsi.",
        ),
        Column("message_id", "text", f"First message that reported it: {MESSAGE_NAME}.", required=False),
        Column(
            "ship",
            "int",
            "If several ships send one MMSI at once: which of them this is, from 1; null if there is only one, or if "
            "the message does not name her.",
            required=False,
            low=1,
        ),
    ),
)

SILENCES = Contract(
    "silences",
    "Long gaps between two fixes of a track, with what was heard from other ships meanwhile. Counts, no verdict: the "
    "length of a gap does not tell its reason.",
    "silence_id",
    (
        Column("silence_id", "text", "Track and start, joined by a slash."),
        Column("track_id", "text", "The track."),
        Column("mmsi", "int", "Transponder number.", low=0),
        Column("start", "time", "Last heard.", "UTC"),
        Column("end", "time", "Heard again.", "UTC"),
        amount("hours", "Time between the two.", "h"),
        Column("lon", "float", "Where she was last heard.", "deg", low=-180, high=180),
        Column("lat", "float", "Where she was last heard.", "deg", low=-90, high=90),
        Column("lon_after", "float", "Where she was heard again.", "deg", low=-180, high=180),
        Column("lat_after", "float", "Where she was heard again.", "deg", low=-90, high=90),
        Column("others_before", "int", "Other transponders within 20 km, for as long before the gap.", low=0),
        Column("others_during", "int", "Other transponders within 20 km during the gap.", low=0),
        Column("messages_during", "int", "Positions received from these during the gap.", low=0),
        amount("quiet_h", "Longest time in the gap with no transponder heard there.", "h"),
        Column("reception", "text", "Were other transponders heard there?", choices=("nobody", "others")),
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
    "Transponder reports that contradict each other, or the hull in the image.",
    "finding_id",
    (
        Column("finding_id", "text", "Transponder and kind, joined by a slash."),
        Column("kind", "text", "What disagrees.", choices=FINDING_KINDS),
        Column("mmsi", "int", "Transponder number.", low=0),
        Column("time_utc", "time", "When it first appeared.", "UTC"),
        Column("said", "text", "What the transponder reported."),
        Column("seen", "text", "What the images showed.", required=False),
        amount("apart_sd", "Difference divided by its standard deviation (sizes only).", required=False),
        Column("detection_ids", "list", "Detections that it is based on."),
        Column("call_ids", "list", "Calls of that transponder; for sizes, those with these detections."),
    ),
)

MATCHES = Contract(
    "matches",
    "Which transponder belongs to which detection; mmsi null means none (dark).",
    "det_id",
    (
        Column("det_id", "text", "The detection."),
        Column("mmsi", "int", "Its transponder; null if it has none.", required=False, low=0),
        share("probability", "Probability of this match, or of none."),
        amount("distance_m", "Distance between detection and predicted position.", "m", required=False),
        Column("time_gap_s", "float", "Time between the acquisition and the nearest fix.", "s", required=False),
    ),
)

MATCH_CHECKS = Contract(
    "match_checks",
    "Self-check of a scene: how many transponders were matched, how many should have been, and the common offset.",
    "scene_id",
    (
        Column("scene_id", "text", "The scene."),
        Column("n_detections", "int", "Detections with a position and a time.", low=0),
        Column("n_transponders", "int", "Transponders heard within the hour.", low=0),
        amount("matched", "Sum of the probabilities of all pairs of a detection and a transponder."),
        amount("expected", "Expected value of matched: the chances of being seen, summed over transponders."),
        Column("offset_east_m", "float", "Displacement of the whole image.", "m", required=False),
        Column("offset_north_m", "float", "Displacement of the whole image.", "m", required=False),
        amount("scatter_m", "Standard deviation of the remaining distances, one axis.", "m", required=False),
        Column("displacement", "text", "How moving ships are displaced in the image.", required=False),
    ),
)

LISTED_SD_M = {"length": 1.0, "beam": 0.3}  # error of a register's figures [m] (our choice)
# Error of a transponder's figures [m] (our choice): whole metres, antenna positions guessed
TYPED_SD_M = {"length": 2.0, "beam": 1.0}
SHARED_ERROR = {"length": 0.03, "beam": 0.08}  # error common to all looks, as a share of the size (our choice)
EVIDENCE_CLASSES = ("A", "B", "C", "D")
BY_IMAGES = ("C", "D")  # of stays that only images bound, without a transponder

PORT_CALLS = Contract(
    "port_calls",
    "One visit of one ship, with all its evidence. Arrival and departure are intervals: arrival lies between the last "
    "time that she was certainly not there and the first time that she certainly was; departure likewise.",
    "call_id",
    (
        Column("call_id", "text", "Name of the call; the same evidence gives the same id."),
        Column("vessel_id", "text", "imo:NNNNNNN, mmsi:NNNNNNNNN, or anonymous."),
        Column("name", "text", "Name as broadcast or registered.", required=False),
        Column("imo", "int", "IMO number.", required=False, low=0),
        Column("mmsi", "int", "Transponder number.", required=False, low=0),
        share("identity_probability", "Probability that this is that ship."),
        Column("berth_id", "text", "Zone of the stay."),
        Column("berth_kind", "text", "berth or anchorage.", choices=("berth", "anchorage")),
        Column("counts", "bool", "Does a stay here count toward the account?"),
        Column("arrival_lo", "time", "Earliest arrival.", "UTC", required=False),
        Column("arrival_hi", "time", "Latest arrival.", "UTC"),
        Column("departure_lo", "time", "Earliest departure.", "UTC"),
        Column("departure_hi", "time", "Latest departure; null if she may still be there.", "UTC", required=False),
        Column(
            "evidence_class",
            "text",
            "A: AIS entry, stop and exit; B: AIS in part; C: images; D: one detection.",
            choices=EVIDENCE_CLASSES,
        ),
        Column("n_looks", "int", "Usable looks at the berth from arrival_lo to departure_hi.", low=0),
        Column("n_seen", "int", "Looks that saw her.", low=0),
        Column("detection_ids", "list", "Detections of her."),
        amount(
            "length_m",
            "Combined from all her detections in the run and her AIS.",
            "m",
            required=False,
            high=LONGEST_M,
        ),
        *bounds("length", "m", required=False, high=LONGEST_M),
        amount("beam_m", "Combined likewise.", "m", required=False, high=BROADEST_M),
        *bounds("beam", "m", required=False, high=BROADEST_M),
        amount("dwt_t", "Deadweight from a registry, or a tonnage of unknown kind.", "t", required=False),
        Column("tonnage_kind", "text", "unknown if dwt_t may be a gross tonnage.", required=False),
        amount("gt", "Gross tonnage from a registry.", required=False),
        amount("listed_length_m", "Length from a registry.", "m", required=False, high=LONGEST_M),
        amount("listed_beam_m", "Beam from a registry.", "m", required=False, high=BROADEST_M),
        amount("depth_m", "Depth, keel to deck, from a registry.", "m", required=False, high=HIGHEST_M),
        amount("design_draught_m", "Summer draught from a registry.", "m", required=False, high=DEEPEST_M),
        Column("listed_source", "text", "The registry's own source for her.", required=False),
        Column(
            "ship_type",
            "text",
            "Ship type in words, from the registry, otherwise from a table of messages.",
            required=False,
        ),
        amount("draught_in_m", "Draught reported on arrival.", "m", required=False, high=DEEPEST_M),
        amount(
            "draught_out_m",
            "Draught reported on departure; the arrival draught if she was heard after sailing and reported no other.",
            "m",
            required=False,
            high=DEEPEST_M,
        ),
        amount("freeboard_in_m", "First freeboard measured.", "m", required=False, high=40),
        amount("freeboard_in_sd_m", "Its standard error.", "m", required=False, high=40),
        Column("freeboard_in_at", "time", "Time of that look.", "UTC", required=False),
        amount("freeboard_out_m", "Last freeboard measured.", "m", required=False, high=40),
        amount("freeboard_out_sd_m", "Its standard error.", "m", required=False, high=40),
        Column("freeboard_out_at", "time", "Time of that look.", "UTC", required=False),
        Column(
            "freeboard_change_m",
            "float",
            "Last minus first freeboard; negative if she lies deeper. Needs no depth.",
            "m",
            required=False,
            low=-40,
            high=40,
        ),
        Column("freeboard_change_lo_m", "float", "5 % bound.", "m", required=False, low=-40, high=40),
        Column("freeboard_change_hi_m", "float", "95 % bound.", "m", required=False, low=-40, high=40),
        share("p_same_hull", "Probability that both looks with a freeboard show one hull.", required=False),
        *(
            Column(name, "float", text, "m", required=False, low=0, high=40)
            for end, look in (("in", "first"), ("out", "last"))
            for name, text in (
                (f"draught_seen_{end}_m", f"Usual depth minus freeboard, {look} look: weak evidence, no load uses it."),
                (f"draught_seen_{end}_lo_m", "5 % bound."),
                (f"draught_seen_{end}_hi_m", "95 % bound."),
            )
        ),
        share("p_one_call", "Probability that all its detections are one stay of one ship.", required=False),
        Column(
            "calls_mean",
            "float",
            "Expected number of ships that its detections show: 1 if certainly one.",
            required=False,
            low=1,
        ),
        *SPOT_COLUMNS,
        share(
            "p_new_call",
            "Probability that she is not the ship of an earlier counted call at her spot, seen again.",
            required=False,
        ),
        TURNS_SLOPE,
        Column(
            "candidates", "text", "Ships that an unnamed caller may be, by size: name probability; ...", required=False
        ),
        share(
            "p_ship",
            "Probability that it is a ship at all: 1 with a transponder, otherwise her detections' best score.",
            required=False,
        ),
        share("p_tanker", "Probability that she is a tanker."),
        share("p_loading", "Probability that she loaded cargo here."),
        Column(
            "flags",
            "list",
            "dark (no transponder, others were heard), no_ais (no ship was heard), left_open, zone_not_counted, ...",
        ),
    ),
)
