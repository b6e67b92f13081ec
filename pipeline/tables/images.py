"""Tables about images: which were given, what was looked at, what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.tables.contract import Column, Contract, amount, bounds, share
from pipeline.types import PRECISIONS, TIME_OF_DAY_UNKNOWN, TO_THE_DAY, TO_THE_MOMENT

if TYPE_CHECKING:
    import pandas as pd

SCENE_STATUS = ("used", "degraded", "skipped", "duplicate_of")


def _with_precision(scenes: pd.DataFrame) -> pd.DataFrame:
    """Scenes of a run from before ``acquired_precision``: their cause alone said that a time stands for its day."""
    if "acquired_precision" in scenes or not {"acquired", "cause"} <= set(scenes):
        return scenes
    dated = scenes["cause"].fillna("").str.contains(TIME_OF_DAY_UNKNOWN, regex=False)
    known = dated.map({True: TO_THE_DAY, False: TO_THE_MOMENT})
    return scenes.assign(acquired_precision=known.where(scenes["acquired"].notna(), ""))


SCENES = Contract(
    "scenes",
    "One row per input image, used or not, with the cause.",
    "scene_id",
    (
        Column("scene_id", "text", "Name of the scene; for a file that would not open, its file name."),
        Column("sensor", "text", "sentinel-1, sentinel-2 or optical.", required=False),
        Column("platform", "text", "Satellite, as the product names it.", required=False),
        Column("acquired", "time", "Middle of the acquisition.", "UTC", required=False),
        Column(
            "acquired_precision",
            "text",
            "How well that is known: to the moment; or to the day, for which its noon stands.",
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
            "cloud_fraction", "Share of the water under cloud; of the image, where no land is known.", required=False
        ),
        Column("status", "text", "What became of the input.", choices=SCENE_STATUS),
        Column("cause", "text", "Why it was not used, or what is missing; empty where all is well.", required=False),
        Column("duplicate_of", "text", "scene_id of the scene that stands for this one.", required=False),
        Column("sea_sigma0_db", "float", "Median of open water (radar).", "dB", required=False),
        amount("enl", "Equivalent number of looks measured on water (radar).", required=False),
        Column("clutter_law", "text", "Law that the threshold came from.", required=False),
        amount("false_alarm_rate", "Share of water pixels over the threshold, asked for.", required=False),
        amount("false_alarm_rate_achieved", "The same, measured on water away from detections.", required=False),
        Column("href", "text", "Where the input lies."),
        Column("sha256", "text", "Hash of the input's bytes.", required=False),
        Column("side_files", "list", "Files beside it that say when and how it was taken: hash, two blanks, name."),
        Column("verified", "bool", "A checksum of the product itself was compared and agreed."),
        Column("simulated", "bool", "Made by the simulator."),
    ),
    completed=_with_precision,
)

LOOK_STATES = ("usable", "partly", "unknown")

LOOKS = Contract(
    "looks",
    "One row per scene and zone, of a pass the one that shows most of the zone: was this place really looked at?",
    "look_id",
    (
        Column("look_id", "text", "scene_id and zone_id, joined by a slash."),
        Column("scene_id", "text", "The scene."),
        Column("zone_id", "text", "The berth or anchorage."),
        Column("acquired", "time", "When.", "UTC", required=False),
        Column("sensor", "text", "With what.", required=False),
        Column("state", "text", "usable, partly, or unknown (cloud, outside, failed).", choices=LOOK_STATES),
        share(
            "covered",
            "Share of the zone that was seen, by any picture of the pass; less where few are found.",
            required=False,
        ),
        Column("cause", "text", "Why it is not usable.", required=False),
        Column("n_detections", "int", "Accepted detections in the zone.", low=0),
    ),
)

VERDICTS = ("occupied", "empty", "unknown")
BASES = ("background", "picture", "detections", "none")

OCCUPANCY = Contract(
    "occupancy",
    "One row per scene and berth: did a hull lie there? An unseen berth is unknown. As detected, before any review.",
    "look_id",
    (
        Column("look_id", "text", "scene_id and zone_id, joined by a slash."),
        Column("scene_id", "text", "The scene."),
        Column("zone_id", "text", "The berth."),
        Column("acquired", "time", "When.", "UTC", required=False),
        Column("sensor", "text", "With what.", required=False),
        Column(
            "verdict",
            "text",
            "occupied (0.8 and more), empty (0.2 and less, usable looks only), else unknown.",
            choices=VERDICTS,
        ),
        share("probability", "That a hull lay there; null where too little was seen.", required=False),
        Column("n_hulls", "int", "Accepted detections there; 1 where a hull shows by change alone.", low=0),
        amount("longest_m", "Length of the longest of them.", "m", required=False),
        *bounds("longest", "m", required=False),
        Column("detection_ids", "list", "These detections, longest first."),
        Column(
            "basis",
            "text",
            "What the pixels were compared with: earlier looks of the orbit (background), the rest of the quay and "
            "the sea in the same picture (picture), or nothing: detections alone.",
            choices=BASES,
        ),
        Column("n_background", "int", "Earlier and other looks that the background comes from.", low=0),
        Column("background", "text", "Raster of the background in the run's folder.", required=False),
        amount(
            "change", "Likelihood ratio of the likeliest hull-sized change against none, ln (radar).", required=False
        ),
        Column("change_db", "float", "Power of that change over the expected.", "dB", required=False),
        amount("changed_m", "Its length along the berth.", "m", required=False),
        share(
            "seen",
            "Share of the berth that was measured; in optical looks what cloud leaves, less where few are found.",
            required=False,
        ),
        Column("cause", "text", "Why it is unknown.", required=False),
    ),
)

CONTEXTS = ("open_water", "near_shore", "berth")

DETECTIONS = Contract(
    "detections",
    "One row per object in one scene. Filters set flags; nothing is deleted. Intervals are 90 %.",
    "detection_id",
    (
        Column("detection_id", "text", "Hash of scene, position and size: same input, same id."),
        Column("scene_id", "text", "The scene."),
        Column("sensor", "text", "sentinel-1, sentinel-2 or optical."),
        Column("acquired", "time", "Time of the row that saw it.", "UTC", required=False),
        Column("geometry", "geometry", "Outline of the hull.", "EPSG:4326"),
        Column("lon", "float", "Centre of the hull.", "deg", required=False, low=-180, high=360),
        Column("lat", "float", "Centre of the hull.", "deg", required=False, low=-90, high=90),
        Column("row", "float", "Centre, pixel centres at whole numbers, 0-based; in the image's whole file.", "px"),
        Column("col", "float", "Centre, pixel centres at whole numbers, 0-based; in the image's whole file.", "px"),
        amount("length_m", "Length of the hull.", "m"),
        *bounds("length", "m"),
        amount("beam_m", "Width of the hull.", "m"),
        *bounds("beam", "m"),
        amount("heading_deg", "Direction of the long axis, from north.", "deg", required=False, high=360),
        amount(
            "heading_half_deg",
            "Half-width of the heading's 90 % interval, bow and stern apart.",
            "deg",
            required=False,
            high=90,
        ),
        Column("heading_ambiguous", "bool", "Bow and stern cannot be told apart: heading or heading + 180."),
        share("score", "Probability that it is a ship."),
        share("tanker_score", "Probability that the ship is a tanker, given size and shape."),
        Column("accepted", "bool", "The verdict after all flags."),
        Column("context", "text", "Where it lies.", choices=CONTEXTS),
        Column("berth_id", "text", "Zone in which it lies, if any.", required=False),
        Column("contrast_db", "float", "Mean brightness over the local background.", "dB", required=False),
        amount("freeboard_m", "Height of the side above water.", "m", required=False, high=40),
        *bounds("freeboard", "m", required=False, high=40),
        Column("draught_evidence", "text", "How freeboard was measured, or why it was not.", required=False),
        amount(
            "draught_m",
            "Usual depth of tankers of her length less freeboard: weak, always flagged weak_draught.",
            "m",
            required=False,
            high=40,
        ),
        *bounds("draught", "m", required=False, high=40),
        amount("speed_kn", "Speed along the hull, from the delay between bands (Sentinel-2).", "kn", required=False),
        *bounds("speed", "kn", required=False),
        amount("boot_topping_m", "Height of the boot-topping that shows above water.", "m", required=False),
        Column(
            "measured_lines",
            "text",
            "What the freeboard was read from: GeoJSON, lines of kind deck_edge, waterline, boot_top, shadow_end.",
            required=False,
        ),
        share("house_position", "Middle of the superstructure, share of the length from the stern.", required=False),
        amount("deck_tone", "Median light of the deck over the water's.", required=False),
        Column("n_pixels", "int", "Pixels of the object.", low=1),
        Column("flags", "list", "Why it may not be a ship, or why its size is doubtful."),
        Column("flag_evidence", "text", "What speaks for the flags, in words.", required=False),
        Column("method", "text", "Detector that found it."),
        Column("chip", "text", "Path of its picture, relative to the run folder.", required=False),
    ),
)
