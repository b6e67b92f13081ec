"""One evidence card per call: what was seen and heard, what follows, and how much rests on the weakest evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.config import USUAL_STAY_D
from pipeline.report.ais_extract import Transponders, call_extract
from pipeline.report.assets import data_uri
from pipeline.report.chips import INDEX, scale_bar_m
from pipeline.report.freeboard_words import freeboard_at, outlier_clause, stay_passed
from pipeline.report.look_words import SENSOR_WORDS, LookIndex, berth_looks, missed_in, radar_rule, seen_in
from pipeline.report.wording import (
    barrels,
    call_numbers,
    chance,
    interval,
    method_words,
    percent,
    plain_flag,
    span,
)
from pipeline.times_places.moments import moment
from pipeline.types import OIL, ONLY_DATED

if TYPE_CHECKING:
    from pipeline.config import VolumeConfig
    from pipeline.report.story import Story

EVIDENCE_WORDS = {
    "A": "AIS entry, stop and exit",
    "B": "AIS in part",
    "C": "two or more images",
    "D": "one image",
}
MEASURED_LOADS = ("load_from_draught", "load_from_freeboard")  # prefixes of the methods that measure a load
OTHER_SIZE = 0.03  # cargo and fill may disagree with the printed deadweight by this share unremarked (our choice)
SAME_CHANCE = 1e-6  # two chances that differ by less are one, rounded
SURELY_NEW = 0.99  # above, a card does not mention the previous call
MOST_CHIP_BYTES = 3_000_000  # in one page; further chips are in the run's folder
# On a scale of 100: width of a label, of "100 % full", and where the last one starts at most
LABEL_WIDTH, FULL_LABEL_WIDTH, LAST_START = 2.6, 7.5, 88.0
CHIP_WORDS = {ONLY_DATED: "hour unknown"}  # flags worded differently for a sighting than for a call
DRAWN = {"hull": "her outline", "deck_edge": "deck's edge", "boot_top": "boot-topping", "waterline": "waterline",
         "shadow": "end of her shadow on the water"}  # fmt: skip


def cards(story: Story, folder: Path) -> list[dict[str, Any]]:
    """Every call with its cargo, chips and AIS extract, in order of arrival; counted ones get their chips first."""
    calls = story.calls_with_liftings()
    ordered = calls.sort_values(["arrival_hi", "call_id"])
    numbers = call_numbers(story)
    look_index, ais = LookIndex(story), Transponders(story)
    chips = _Chips(look_index, folder)
    pictures = {
        r["call_id"]: chips.of(r) for r in sorted(ordered.to_dict("records"), key=lambda r: not r["counts_lifting"])
    }
    robustness = story.tables.get("robustness")
    weakest = {} if robustness is None else {r.call_id: r for r in robustness.itertuples() if r.call_id in numbers}
    tops = calls.loc[calls["counts_lifting"].astype(bool), ["barrels_p95", "barrels_at_100"]].max().tolist()
    top = max([0.0, *(t for t in [*tops, *(r.barrels_p95 for r in weakest.values())] if pd.notna(t))])
    return [
        _card(row, look_index) | {
            "number": numbers.get(row["call_id"]),
            "chips": pictures[row["call_id"]],
            "ais": call_extract(row, ais),
            "without": _without_weakest(weakest.get(row["call_id"])),
            "range_bar": _range_bar(row, weakest.get(row["call_id"]), top),
        }
        for row in ordered.to_dict("records")
    ]  # fmt: skip


def _card(row: dict[Any, Any], look_index: LookIndex) -> dict[str, Any]:
    """What is known about the ship and her stay."""
    story = look_index.story
    dark = "dark" in row["flags"]
    deaf = "no_ais" in row["flags"]
    zone = story.place.zone(row["berth_id"])
    return {
        "id": row["call_id"],
        "name": row["name"] or "not identified",
        "named": bool(row["name"]),
        "mmsi": None if pd.isna(row["mmsi"]) else int(row["mmsi"]),
        "imo": None if pd.isna(row["imo"]) else int(row["imo"]),
        "identity": chance(row["identity_probability"]),
        "named_by": _named_by(row, story),
        "berth": row["berth_id"],
        "berth_name": zone.name if zone is not None and zone.name else row["berth_id"],
        "arrival": span(row["arrival_lo"], row["arrival_hi"], row["flags"]),
        "departure": span(row["departure_lo"], row["departure_hi"], row["flags"]),
        "arrival_day": row["arrival_hi"].strftime("%Y-%m-%d"),
        "counts": bool(row["counts_lifting"]),
        "why_not": row["cause"],
        "class": row["evidence_class"],
        "evidence": EVIDENCE_WORDS[row["evidence_class"]],
        "no_ais": "no transponder" if dark else "no AIS heard" if deaf else "",
        "seen": seen_in(row, look_index),
        "missed_in": missed_in(row, look_index),
        "radar_rule": radar_rule(row, look_index),
        "one_stay": chance(row["p_one_call"]) if row["n_seen"] > 1 and pd.isna(row["mmsi"]) else "",
        "new_call": chance(row["p_new_call"]) if row["p_new_call"] < SURELY_NEW else "",
        "berth_looks": berth_looks(row, look_index),
        "length": interval(row["length_m"], row["length_lo_m"], row["length_hi_m"], "m"),
        "length_m": None if pd.isna(row["length_m"]) else round(row["length_m"]),
        "beam": interval(row["beam_m"], row["beam_lo_m"], row["beam_hi_m"], "m", digits=1),
        "dwt": "–" if pd.isna(row["dwt_p50_t"]) else
            f"{barrels(row['dwt_p50_t'], 2)} t ({barrels(row['dwt_p5_t'], 2)} to {barrels(row['dwt_p95_t'], 2)})",
        "size_source": row["size_source"],
        "method": method_words(row["method"]),
        "raw_method": row["method"],
        "flags": [plain_flag(f) for f in row["flags"] if f != "weak_draught"],  # said with the draught itself
        "raw_flags": list(row["flags"]),
        "reviewed": any(f.startswith("review_") for f in row["flags"]),
    } | _load(row, look_index)  # fmt: skip


def _named_by(row: dict[Any, Any], story: Story) -> str:
    """The analyst who named her, else ""; the identity probability does not apply to a name given by an analyst."""
    if "review_named" not in row["flags"]:
        return ""
    table = story.tables.get("reviews")
    if table is not None:
        renames = table[
            (table["verdict"] == "rename") & (table["outcome"] == "applied") & (table["value"] == row["name"])
        ]
        # A verdict may give the call's id from before another verdict changed its evidence: its note gives the new id
        analysts = [
            r.who for r in renames.itertuples() if r.target == row["call_id"] or f"call {row['call_id']})" in r.note
        ]
        if analysts:
            return str(analysts[-1])
    return "an analyst"


def _load(row: dict[Any, Any], look_index: LookIndex) -> dict[str, Any]:
    """Her draughts and freeboards, and what follows for her cargo."""
    story, sightings = look_index.story, look_index.sightings_of(row)
    ends = [freeboard_at(row[f"freeboard_{k}_m"], row[f"freeboard_{k}_sd_m"], sightings) for k in ("in", "out")]
    return {
        "draughts": _both_ends(
            *("" if pd.isna(row[k]) else f"{row[k]:.1f} m" for k in ("draught_in_m", "draught_out_m"))
        ),
        "freeboards": _both_ends(*ends, n_looks=len(sightings)),
        "stay_passed": stay_passed(row, USUAL_STAY_D),
        "freeboard_change": _freeboard_change(row),
        "draughts_seen": _weak_draughts(row),
        "tonnes": "–" if pd.isna(row["tonnes_p50"]) else
            f"{barrels(row['tonnes_p50'], 2)} t ({barrels(row['tonnes_p5'], 2)} to {barrels(row['tonnes_p95'], 2)})",
        "fill": _fill(row, story.config.volume.constants_share),
        "product": _product(row["product"], story.config.volume),
        "factor": "–" if pd.isna(row["bbl_per_t"]) else f"{row['bbl_per_t']:.2f} bbl/t",
        "p_lifting": chance(row["p_lifting"]),
        "lifting_share": round(float(row["p_lifting"]), 4),
        "lifting_factors": _lifting_factors(row, story.config.volume.counted, *_tanker_basis(row, look_index)),
        "barrels": barrels(row["barrels_p50"]),
        "barrels_bbl": None if pd.isna(row["barrels_p50"]) else round(row["barrels_p50"]),
        "range": f"{barrels(row['barrels_p5'])} to {barrels(row['barrels_p95'])}",
        "scenarios": [barrels(row[f"barrels_at_{name}"]) for name in ("33", "50", "60", "90", "100")],
    }  # fmt: skip


def _product(name: str, config: VolumeConfig) -> str:
    """Her product in words; if nobody named it, what the assumptions take it for."""
    if name != "mix":
        return name.replace("_", " ")
    assumed = [product.name.replace("_", " ") for product in config.products if product.share > 0]
    return f"{assumed[0]}, by the assumptions: nobody named it" if len(assumed) == 1 else "product not known: a mix"


def _fill(row: dict[Any, Any], constants_share: float) -> str:
    """How full she was, consistent with the bar: median cargo over the capacity at the printed deadweight.

    The median of the sampled fills is a different number, since fills and deadweights are skewed; it would not agree
    with cargo, deadweight and the dot on the bar. If a measured load implies another size of ship than her outline, the
    fill is that ship's, and the text gives the deadweight at which cargo and fill agree, which is smaller or larger
    than the one used for the bar's marks.
    """
    if pd.isna(row["fill_p50"]):
        return "share of full not known"
    full = f"{percent(row['fill_p50'])} full"
    if str(row["method"]).endswith("given"):  # the bar takes what is stated for a full ship
        return full
    implied_dwt_t = (
        row["tonnes_p50"] / (row["fill_p50"] * (1 - constants_share)) if row["fill_p50"] > 0 else float("nan")
    )
    measured = any(word in str(row["method"]) for word in MEASURED_LOADS)
    if not measured or not abs(implied_dwt_t / row["dwt_p50_t"] - 1) > OTHER_SIZE:
        return f"{percent(min(1.0, row['barrels_p50'] / row['barrels_at_100']))} full"
    full = f"{percent(min(1.0, row['fill_p50'] / _full_by_weight(row, constants_share)))} full"
    return f"{full}, for a ship of some {barrels(implied_dwt_t, 2)} t deadweight"


def _full_by_weight(row: dict[Any, Any], constants_share: float) -> float:
    """Share of her cargo deadweight at which her tanks are full: below 1 for a named light product."""
    if row.get("product", "mix") in {"mix", "unnamed"}:
        return 1.0
    return float(min(1.0, row["barrels_at_100"] / row["bbl_per_t"] / (row["dwt_p50_t"] * (1 - constants_share))))


def _lifting_factors(row: dict[Any, Any], counted: str, tanker_by: str = "", prior: float = float("nan")) -> str:
    """The probabilities whose product is that of a lifting, for readers to check, and the basis of the last two.

    ``tanker_by``, ``prior``: from `_tanker_basis`.
    """
    p_tanker_ship = row["p_tanker"] * row["p_ship"]
    p_moved = min(1.0, row["p_lifting"] / p_tanker_ship) if p_tanker_ship > 0 else float("nan")
    parts = [("a ship at all", row["p_ship"])] if row["p_ship"] < 1 else []
    movement = "came to load" if counted == "loading" else "came to discharge"
    assumed = " (assumed: no measurement shows it)" if abs(p_moved - prior) < SAME_CHANCE else ""
    parts += [(f"a tanker{tanker_by}", row["p_tanker"]), (f"{movement}{assumed}", p_moved)]
    return " × ".join(f"{chance(p)} {words}" for words, p in parts)


def _tanker_basis(row: dict[Any, Any], look_index: LookIndex) -> tuple[str, float]:
    """The evidence that she is a tanker, in brackets, and the prior probability of her direction."""
    place, config = look_index.story.place, look_index.story.config
    prior = config.calls.prior_p_loading
    prior = prior if config.volume.counted == "loading" else 1 - prior
    if "review_confirmed" in row["flags"]:
        return " (by an analyst)", prior
    if pd.notna(row["mmsi"]) and int(row["mmsi"]) in look_index.mmsis_with_ship_type:
        return " (by her AIS ship type)", prior
    zone = place.zone(row["berth_id"])
    looks_words = "what looks show of her" if row["n_seen"] else ""
    if zone is None or zone.cargo not in OIL:
        return f" (by {looks_words or 'the usual share of tankers'})", prior
    trade_words = f"{chance(config.calls.prior_p_tanker_at_oil_berth)} by her berth's trade"
    return f" ({trade_words}, adjusted by {looks_words})" if looks_words else f" ({trade_words})", prior


def _both_ends(first: str, last: str, *, n_looks: int = 0) -> str:
    """What was measured at both ends of a stay, in words, including an end that was not measured.

    A single measurement by one of ``n_looks`` need not be of the first or the last, so neither is named.
    """
    if not first and not last:
        return "not known"
    if first and last:
        return f"{first}, then {last}"
    if n_looks:
        return f"{first or last} at {'the one look' if n_looks == 1 else f'one of {n_looks} looks'}"
    return f"{first} on arrival, not known on departure" if first else f"{last} on departure, not known on arrival"


def _freeboard_change(row: dict[Any, Any]) -> str:
    """How much deeper or higher she lay at the later look, with the probability that both looks show one hull."""
    change = row["freeboard_change_m"]
    if pd.isna(change):
        return ""
    way = "deeper" if change < 0 else "higher"
    bounds = sorted((-1 if change < 0 else 1) * row[f"freeboard_change_{k}_m"] for k in ("lo", "hi"))
    return (
        f"{abs(change):.1f} m {way} at the later look ({bounds[0]:.1f} to {bounds[1]:.1f}); both show "
        f"one hull with probability {chance(row['p_same_hull'])}"
    )


def _weak_draughts(row: dict[Any, Any]) -> str:
    """Draughts computed as the usual depth of such a hull minus freeboard."""
    parts = [
        f"{row[f'draught_seen_{end}_m']:.1f} m ({row[f'draught_seen_{end}_lo_m']:.1f} to "
        f"{row[f'draught_seen_{end}_hi_m']:.1f})"
        for end in ("in", "out")
        if pd.notna(row[f"draught_seen_{end}_m"])
    ]
    return (
        f"{', then '.join(parts)}: weak, as the hull's depth is known only from its length; no load rests on it"
        if parts
        else ""
    )


def _without_weakest(row: Any) -> dict[str, str] | None:
    """The sentence about the weakest evidence."""
    if row is None:
        return None
    after, base = barrels(row.sum_p50), barrels(row.base_sum_p50)
    total = f"the sum would {f'stay at {base}' if after == base else f'be {after} instead of {base}'} barrels"
    if not row.still_counts:
        return {"removed": row.removed, "then": f"none of her cargo would be counted, and {total}."}
    return {
        "removed": row.removed,
        "then": f"she would have {barrels(row.barrels_p50)} barrels ({barrels(row.barrels_p5)} to "
        f"{barrels(row.barrels_p95)}), and {total}.",
    }


def _range_bar(row: dict[Any, Any], without: Any, top: float) -> dict[str, Any] | None:
    """Positions, 0 to 100, of a counted call's interval and scenarios on the scale shared by all cards."""
    if not row["counts_lifting"] or pd.isna(row["barrels_p50"]) or top <= 0:
        return None

    def position(value: float) -> float:
        return round(100 * float(value) / top, 2)

    without_weakest = None
    if without is not None and without.still_counts:
        without_weakest = [position(without.barrels_p5), position(without.barrels_p50), position(without.barrels_p95)]
    names = (("33", "⅓"), ("50", "50"), ("60", "60"), ("90", "90"), ("100", "100 % full"))
    positions = [position(row[f"barrels_at_{key}"]) for key, _ in names]
    return {
        "own": [position(row["barrels_p5"]), position(row["barrels_p50"]), position(row["barrels_p95"])],
        "alt": without_weakest,
        "ticks": [(place, words) for place, (_, words) in zip(positions, names, strict=True)],
        "unlabelled": _crowded(positions),
    }


def _crowded(positions: list[float]) -> list[float]:
    """Marks that get no label because it would overlap the next; checked from the right, where the full ship's is."""
    kept, crowded = positions[-1] - (FULL_LABEL_WIDTH if positions[-1] > LAST_START else 0.0), []
    for place in reversed(positions[:-1]):
        if kept - place < LABEL_WIDTH:
            crowded.append(place)
        else:
            kept = place
    return crowded


class _Chips:
    """Chips of detections with the shapes drawn over them, as long as the page stays small enough to email."""

    def __init__(self, look_index: LookIndex, folder: Path) -> None:
        self.look_index, self.folder = look_index, folder
        path = folder / "chips" / INDEX
        self.index = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        self.spent = 0

    def of(self, call: dict[Any, Any]) -> list[dict[str, Any]]:
        """The chips of one call in order of time."""
        sightings = self.look_index.sightings_of(call)
        return [self._chip(s) for s in sorted(sightings, key=lambda s: (s.acquired, s.detection_id))]

    def _chip(self, row: Any) -> dict[str, Any]:
        detection_id = row.detection_id
        overlay = self.index.get(detection_id)
        plain = self.folder / "chips" / f"{detection_id}.webp"
        path = plain if overlay is not None and plain.is_file() else self.folder / (row.chip or "none")
        picture = data_uri(path) if self.spent < MOST_CHIP_BYTES else ""
        self.spent += len(picture)
        scene = self.look_index.scenes.get(row.scene_id)
        side = "" if pd.isna(row.freeboard_m) else (
            f"freeboard {row.freeboard_m:.1f} m ({row.freeboard_lo_m:.1f} to {row.freeboard_hi_m:.1f})"
        )  # fmt: skip
        drawing = (
            overlay if overlay is not None and path == plain else {"side_m": None, "north_deg": None, "shapes": {}}
        )
        bar = scale_bar_m(drawing["side_m"]) if drawing["side_m"] else 0.0
        return {
            "id": detection_id,
            "picture": picture,
            "when": f"{moment(row.acquired, row.flags)} UTC",
            "sensor": SENSOR_WORDS.get(row.sensor, row.sensor),
            "pixel": "" if scene is None or pd.isna(scene.pixel_spacing_m) else
                f"{scene.pixel_spacing_m:.3g} m pixels",
            "length": interval(row.length_m, row.length_lo_m, row.length_hi_m, "m"),
            "side": side,
            "draught_evidence": row.draught_evidence,
            "outside": outlier_clause(row.draught_evidence, row.freeboard_lo_m, row.freeboard_hi_m) if side else "",
            "score": chance(row.score),
            "flags": [CHIP_WORDS.get(f, plain_flag(f)) for f in row.flags if f != "weak_draught"],
            "scene": row.scene_id,
            "sha": "" if scene is None else str(scene.sha256)[:12],
            "shapes": {
                name: " ".join(f"{1000 * x:.0f},{1000 * y:.0f}" for x, y in line)
                for name, line in drawing["shapes"].items()
            },
            "legend": [(name, words) for name, words in DRAWN.items() if name in drawing["shapes"]]
                if set(drawing["shapes"]) - {"hull"} else [],
            "bar_m": f"{bar:.0f} m" if bar else "",
            "bar": round(1000 * bar / drawing["side_m"]) if bar else 0,
            "north": drawing["north_deg"],
        }  # fmt: skip
