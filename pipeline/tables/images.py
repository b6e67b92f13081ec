"""Tables about images: which were given, what they cover, and what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.tables.contract import Column, Contract, amount, bounds, share
from pipeline.types import PRECISIONS, TIME_OF_DAY_UNKNOWN, TO_THE_DAY, TO_THE_MOMENT

if TYPE_CHECKING:
    import pandas as pd

SCENE_STATUS = ("used", "degraded", "skipped", "duplicate_of")


def _with_precision(scenes: pd.DataFrame) -> pd.DataFrame:
    """Add ``acquired_precision`` to an earlier version's scenes, whose cause alone says that only the day is known."""
    if "acquired_precision" in scenes or not {"acquired", "cause"} <= set(scenes):
        return scenes
    dated = scenes["cause"].fillna("").str.contains(TIME_OF_DAY_UNKNOWN, regex=False)
    known = dated.map({True: TO_THE_DAY, False: TO_THE_MOMENT})
    return scenes.assign(acquired_precision=known.where(scenes["acquired"].notna(), ""))


SCENES = Contract(
    "scenes",
    "One row per input image, whether used or not, with the cause.",
    "scene_id",
    (
        Column("scene_id", "text", "Name of the scene; for a file that could not be opened, its file name."),
        Column("sensor", "text", "sentinel-1, sentinel-2 or optical.", required=False),
        Column("platform", "text", "Satellite, as the product names it.", required=False),
        Column("acquired", "time", "Middle of the acquisition.", "UTC", required=False),
        Column(
            "acquired_precision",
            "text",
            "Precision of that time: moment; or day, in which case noon is given.",
            required=False,
            choices=PRECISIONS,
        ),
        Column("relative_orbit", "int", "Track number of the repeat cycle.", required=False, low=1),
        Column("pass_direction", "text", "ascending or descending.", required=False),
        amount("pixel_spacing_m", "Ground distance between pixels.", "m", required=False),
        Column("bands", "list", "Band or polarisation names."),
        Column("footprint", "geometry", "Outline of the image.", "EPSG:4326"),
        share("aoi_coverage", "Share of the AOI inside the valid image.", required=False),
        share(
            "cloud_fraction",
            "Share of the water under cloud; where no land is known, share of the image.",
            required=False,
        ),
        Column("status", "text", "What became of the input.", choices=SCENE_STATUS),
        Column("cause", "text", "Why it was not used, or what is missing; empty if nothing is.", required=False),
        Column("duplicate_of", "text", "scene_id of the scene used in its place.", required=False),
        Column("sea_sigma0_db", "float", "Median sigma nought of open water (radar).", "dB", required=False),
        amount("enl", "Equivalent number of looks measured on water (radar).", required=False),
        Column("clutter_law", "text", "Clutter law that gave the threshold (radar).", required=False),
        amount("false_alarm_rate", "Share of water pixels above the threshold, as configured.", required=False),
        amount("false_alarm_rate_achieved", "The same, measured on water away from detections.", required=False),
        Column("href", "text", "Location of the input."),
        Column("sha256", "text", "Hash of the input's bytes.", required=False),
        Column("side_files", "list", "Files beside it that state when and how it was taken: hash, two spaces, name."),
        Column("verified", "bool", "Did the product's own checksums match?"),
        Column("simulated", "bool", "Was it made by the simulator?"),
    ),
    completed=_with_precision,
)

LOOK_STATES = ("usable", "partly", "unknown")

LOOKS = Contract(
    "looks",
    "One row per scene and zone (of a pass, the scene that shows most of the zone): was this place really seen?",
    "look_id",
    (
        Column("look_id", "text", "scene_id and zone_id, joined by a slash."),
        Column("scene_id", "text", "The scene."),
        Column("zone_id", "text", "The berth or anchorage."),
        Column("acquired", "time", "Time of the look.", "UTC", required=False),
        Column("sensor", "text", "sentinel-1, sentinel-2 or optical.", required=False),
        Column("state", "text", "usable, partly, or unknown (cloud, outside the image, failed).", choices=LOOK_STATES),
        share(
            "covered",
            "Share of the zone seen in any image of the pass; lowered where few ships would be found.",
            required=False,
        ),
        Column("cause", "text", "Why the look is not usable.", required=False),
        Column("n_detections", "int", "Accepted detections in the zone.", low=0),
    ),
)

VERDICTS = ("occupied", "empty", "unknown")
BASES = ("background", "picture", "detections", "none")

OCCUPANCY = Contract(
    "occupancy",
    "One row per scene and berth: did a hull lie there? An unseen berth is unknown. Before any review.",
    "look_id",
    (
        Column("look_id", "text", "scene_id and zone_id, joined by a slash."),
        Column("scene_id", "text", "The scene."),
        Column("zone_id", "text", "The berth."),
        Column("acquired", "time", "Time of the look.", "UTC", required=False),
        Column("sensor", "text", "sentinel-1, sentinel-2 or optical.", required=False),
        Column(
            "verdict",
            "text",
            "occupied (0.8 or more), empty (0.2 or less, usable looks only), otherwise unknown.",
            choices=VERDICTS,
        ),
        share("probability", "Probability that a hull lay there; null if too little was seen.", required=False),
        Column("n_hulls", "int", "Accepted detections there; 1 if only the change in power shows a hull.", low=0),
        amount("longest_m", "Length of the longest of them.", "m", required=False),
        *bounds("longest", "m", required=False),
        Column("detection_ids", "list", "These detections, longest first."),
        Column(
            "basis",
            "text",
            "What the pixels were compared with: other looks of the orbit (background), the rest of the quay and the "
            "sea in the same image (picture), or nothing (detections: those alone).",
            choices=BASES,
        ),
        Column("n_background", "int", "Number of looks behind the background.", low=0),
        Column("background", "text", "Raster of the background in the run folder.", required=False),
        amount(
            "change",
            "Log likelihood ratio (ln) of the likeliest hull-sized change against none (radar).",
            required=False,
        ),
        Column("change_db", "float", "Power of that change relative to the expected power.", "dB", required=False),
        amount("changed_m", "Its length along the berth.", "m", required=False),
        share(
            "seen",
            "Share of the berth that was measured; optical: free of cloud, lowered where few ships would be found.",
            required=False,
        ),
        Column("cause", "text", "Why the verdict is unknown.", required=False),
    ),
)

CONTEXTS = ("open_water", "near_shore", "berth")

DETECTIONS = Contract(
    "detections",
    "One row per object in one scene. Filters set flags; nothing is deleted. Intervals are 90 %.",
    "detection_id",
    (
        Column("detection_id", "text", "Hash of scene, position and size; the same input gives the same id."),
        Column("scene_id", "text", "The scene."),
        Column("sensor", "text", "sentinel-1, sentinel-2 or optical."),
        Column("acquired", "time", "Time at which its image row was taken.", "UTC", required=False),
        Column("geometry", "geometry", "Outline of the hull.", "EPSG:4326"),
        Column("lon", "float", "Centre of the hull.", "deg", required=False, low=-180, high=360),
        Column("lat", "float", "Centre of the hull.", "deg", required=False, low=-90, high=90),
        Column(
            "row", "float", "Centre, counted from 0 in the whole image file; whole numbers are pixel centres.", "px"
        ),
        Column(
            "col", "float", "Centre, counted from 0 in the whole image file; whole numbers are pixel centres.", "px"
        ),
        amount("length_m", "Length of the hull.", "m"),
        *bounds("length", "m"),
        amount("beam_m", "Width of the hull.", "m"),
        *bounds("beam", "m"),
        amount("heading_deg", "Direction of the long axis, clockwise from north.", "deg", required=False, high=360),
        amount(
            "heading_half_deg",
            "Half-width of the heading's 90 % interval, not counting a swap of bow and stern.",
            "deg",
            required=False,
            high=90,
        ),
        Column("heading_ambiguous", "bool", "Could bow and stern be swapped (heading or heading + 180)?"),
        share("score", "Probability that it is a ship."),
        share("tanker_score", "Probability that the ship is a tanker, given size and shape."),
        Column("accepted", "bool", "Is it taken for a ship, after all flags?"),
        Column("context", "text", "Where it lies.", choices=CONTEXTS),
        Column("berth_id", "text", "Zone in which it lies, if any.", required=False),
        Column("contrast_db", "float", "Mean brightness relative to the local background.", "dB", required=False),
        amount("freeboard_m", "Height of the ship's side above water.", "m", required=False, high=40),
        *bounds("freeboard", "m", required=False, high=40),
        Column("draught_evidence", "text", "How freeboard was measured, or why it was not.", required=False),
        amount(
            "draught_m",
            "Usual depth of tankers of her length minus freeboard: weak evidence, always flagged weak_draught.",
            "m",
            required=False,
            high=40,
        ),
        *bounds("draught", "m", required=False, high=40),
        amount(
            "speed_kn", "Speed along the hull, from the time offset between bands (Sentinel-2).", "kn", required=False
        ),
        *bounds("speed", "kn", required=False),
        amount("boot_topping_m", "Height of boot-topping visible above water.", "m", required=False),
        Column(
            "measured_lines",
            "text",
            "Lines that the freeboard was measured from: GeoJSON, kinds deck_edge, waterline, boot_top, shadow_end.",
            required=False,
        ),
        share(
            "house_position", "Middle of the superstructure, as a share of the length from the stern.", required=False
        ),
        amount("deck_tone", "Median brightness of the deck relative to the water.", required=False),
        Column("n_pixels", "int", "Pixels of the object.", low=1),
        Column("flags", "list", "Why it may not be a ship, or why its size is doubtful."),
        Column("flag_evidence", "text", "What the flags are based on, in words.", required=False),
        Column("method", "text", "Detector that found it."),
        Column("chip", "text", "Path of its image chip, relative to the run folder.", required=False),
    ),
)
