"""Recall of looks by sensor, by where a ship lies and by her length, from ships that transmit.

Every transponder heard around the time of a usable look, inside what it shows, is a trial: was she found? The declared
recall is the prior, a Beta distribution worth ten looks for each sensor and context, and stands where no ship
transmits. The result over all lengths is in turn the prior, again worth ten looks, of each class of length.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from pipeline.calls.geodesy import distance_to_zone_m
from pipeline.calls.static import lengths_at
from pipeline.calls.tracks import good_fixes
from pipeline.tables import RECALLS
from pipeline.times_places.inside import points_inside
from pipeline.times_places.passes import passes

if TYPE_CHECKING:
    from pipeline.config import CallsConfig
    from pipeline.types import Place

PRIOR_LOOKS = 10.0  # weight of the prior, in looks at ships that transmit (our choice)
HEARD_S = 600.0  # a ship is where she was heard at most this long before or after (our choice)
MAX_CLOUD_SHARE = 0.1  # share of cloud over the AOI above which open water may have been covered (our choice)
SIZES = {"short": (0.0, 60.0), "middle": (60.0, 120.0), "long": (120.0, np.inf)}
CONTEXT_OF_KIND = {"berth": "quay", "anchorage": "anchorage"}


def look_trials(
    looks: pd.DataFrame,
    scenes: pd.DataFrame,
    tracks: pd.DataFrame,
    static: pd.DataFrame,
    detections: pd.DataFrame,
    matches: pd.DataFrame,
    place: Place,
    config: CallsConfig,
) -> pd.DataFrame:
    """One row for each usable look and transponder in it: scene_id, sensor, mmsi, context, length_m, found.

    The pictures of one pass are one look; a ship is found in it if any of them shows her.
    """
    pass_of = passes(scenes)
    accepted = set(detections.loc[detections["accepted"].astype(bool), "detection_id"])
    scene_of = dict(zip(detections["detection_id"], detections["scene_id"], strict=True))
    hers = matches[matches["mmsi"].notna() & matches["det_id"].isin(accepted)]  # if not this one, one beside her
    found = {
        (pass_of.get(scene_of[d]), int(m)) for d, m in zip(hers["det_id"], hers["mmsi"], strict=True) if d in scene_of
    }
    fixes = good_fixes(tracks).sort_values("time_utc", kind="stable")
    seconds = fixes["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
    usable = looks[looks["state"] == "usable"]
    zones_seen = usable.groupby("scene_id")["zone_id"].agg(set).to_dict()
    rows: list[dict[str, Any]] = []
    for scene in scenes[scenes["status"].isin(["used", "degraded"]) & scenes["acquired"].notna()].itertuples():
        when = scene.acquired.timestamp()
        a, b = np.searchsorted(seconds, [when - HEARD_S, when + HEARD_S])
        nearest = fixes.iloc[a:b].assign(gap=np.abs(seconds[a:b] - when)).sort_values(["mmsi", "gap"], kind="stable")
        nearest = nearest.drop_duplicates("mmsi")
        lengths = lengths_at(static, scene.acquired)
        contexts = _contexts(nearest, scene, zones_seen.get(scene.scene_id, set()), place, config)
        rows += [
            {
                "scene_id": scene.scene_id,
                "sensor": scene.sensor,
                "mmsi": int(mmsi),
                "context": context,
                "length_m": lengths.get((int(mmsi), int(ship)), np.nan),
                "found": (pass_of[scene.scene_id], int(mmsi)) in found,
            }
            for mmsi, ship, context in zip(nearest["mmsi"], nearest["ship"].fillna(0), contexts, strict=True)
            if context
        ]
    table = pd.DataFrame(rows, columns=["scene_id", "sensor", "mmsi", "context", "length_m", "found"])
    repeated = table.assign(scene_id=table["scene_id"].map(pass_of)).duplicated(["scene_id", "mmsi"])
    return table[~repeated].reset_index(drop=True)


def recall_table(trials: pd.DataFrame, config: CallsConfig) -> pd.DataFrame:
    """The RECALLS table: one row per declared sensor and context, over all lengths and by class of length."""
    rows: list[dict[str, Any]] = []

    def add_row(sensor: str, context: str, size: str, prior: float, subset: pd.DataFrame) -> float:
        tries, hits = len(subset), int(subset["found"].sum())
        a, b = PRIOR_LOOKS * prior + hits, PRIOR_LOOKS * (1 - prior) + tries - hits
        low, high = betaincinv(a, b, (0.05, 0.95)) if min(a, b) > 0 else (prior, prior)
        rows.append(
            {
                "recall_id": "/".join((sensor, context, size)),
                "sensor": sensor,
                "context": context,
                "size": size,
                "tries": tries,
                "hits": hits,
                "recall": a / (a + b),
                "recall_lo": low,
                "recall_hi": high,
            }
        )
        return float(a / (a + b))

    for sensor, declared in sorted(config.look_recall.items()):
        for context in ("quay", "anchorage", "open_water"):
            of_context = trials[(trials["sensor"] == sensor) & (trials["context"] == context)]
            over_all = add_row(sensor, context, "all", declared, of_context)
            for size, (low, high) in SIZES.items():
                add_row(
                    sensor,
                    context,
                    size,
                    over_all,
                    of_context[(of_context["length_m"] >= low) & (of_context["length_m"] < high)],
                )
    return RECALLS.check(RECALLS.from_rows(rows))


def recall_at(recalls: pd.DataFrame, context: str, lengths_m: pd.Series, column: str = "recall") -> dict[str, float]:
    """Recall of each sensor for ships of these lengths: the mean over them; that of all lengths where none is known.

    ``column`` is the column to use: the recall, or one of its bounds (those of several lengths err together).
    """
    known = lengths_m.dropna().to_numpy(float)
    here = recalls[recalls["context"] == context]
    by_size: Mapping[str, dict[str, float]] = {
        size: dict(zip(rows["sensor"], rows[column], strict=True)) for size, rows in here.groupby("size")
    }
    over_all = by_size.get("all", {})  # empty where no sensor is declared: then nothing is known of any look
    shares = {size: float(((known >= low) & (known < high)).mean()) if len(known) else 0.0
              for size, (low, high) in SIZES.items()}  # fmt: skip
    if not any(shares.values()):
        return dict(over_all)
    return {s: sum(share * by_size[size][s] for size, share in shares.items()) for s in over_all}


def recall_lines(recalls: pd.DataFrame) -> list[str]:
    """Recall in words: one line for each sensor and context in which ships transmitted."""
    out = []
    for row in recalls[(recalls["tries"] > 0) & (recalls["size"] == "all")].itertuples():
        sizes = recalls[
            (recalls["sensor"] == row.sensor)
            & (recalls["context"] == row.context)
            & (recalls["size"] != "all")
            & (recalls["tries"] > 0)
        ]
        by_size = ", ".join(f"{s.size} {s.hits} of {s.tries}" for s in sizes.itertuples())
        out.append(
            f"{row.sensor}, {row.context.replace('_', ' ')}: {row.hits} of {row.tries} ships that transmitted were "
            f"found{f' ({by_size})' if by_size else ''}; recall {row.recall:.2f} ({row.recall_lo:.2f} to "
            f"{row.recall_hi:.2f})"
        )
    return out


def _contexts(nearest: pd.DataFrame, scene: Any, seen: set[str], place: Place, config: CallsConfig) -> list[str]:
    """Context of each ship in this image; "" where it does not show her position, or not surely."""
    lon, lat = nearest["lon"].to_numpy(float), nearest["lat"].to_numpy(float)
    out = np.array([""] * len(nearest), dtype=object)
    west, south, east, north = place.bbox
    is_clear = pd.isna(scene.cloud_fraction) or scene.cloud_fraction <= MAX_CLOUD_SHARE
    if scene.footprint is not None and is_clear:
        inside = points_inside(scene.footprint, lon, lat)
        out[inside & (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)] = "open_water"
    for zone in sorted(place.zones, key=lambda z: z.kind == "berth"):  # berths last: they override anchorages
        reach = config.berth_reach_m if zone.kind == "berth" else 0.0
        there = distance_to_zone_m(lon, lat, zone.geometry) <= reach if len(nearest) else np.zeros(0, bool)
        out[there] = CONTEXT_OF_KIND[zone.kind] if zone.zone_id in seen else ""
    return [str(context) for context in out]
