"""Match detections to transponders: likelihood of position and size, best assignment, and an explicit 'none'.

All detections of a scene compete for its transponders. The weight of a pair is the density of the ship's position at
the detection (``motion``, displaced as the image does: ``scene_fit``), times the agreement of sizes, times the odds
that a ship of her length is detected at all. The weight of 'no partner' is the density of ships that do not transmit.
Both are per square metre, so they can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.calls.geodesy import to_plane
from pipeline.calls.given_detections import normalise_detections
from pipeline.calls.motion import TrackOnPlane, Whereabouts, learned_drift_m_s
from pipeline.calls.scene_fit import Components, Geometry, SceneFit, densities, displaced, fitted, geometries
from pipeline.calls.static import lengths_at
from pipeline.calls.tracks import good_fixes
from pipeline.config import CallsConfig
from pipeline.plurals import number_of
from pipeline.quantiles import Z90
from pipeline.tables import MATCH_CHECKS, MATCHES
from pipeline.types import RADARS

if TYPE_CHECKING:
    from pipeline.types import FloatArray

SMALL_M, DETECTED_SMALL, DETECTED_LARGE = 40.0, 0.4, 0.95  # scale of the rise with length, and its limits (our choice)
DETECTED_UNKNOWN = 0.8  # length unknown: between the limits, nearer to merchant ships (our choice)
AREA_MARGIN_M = 1000.0  # margin around the detections of a scene within which its transponders are expected to be seen


@dataclass(frozen=True, slots=True)
class Association:
    """The matches, and the self-check of every scene."""

    matches: pd.DataFrame
    checks: pd.DataFrame


def match(detections: pd.DataFrame, tracks: pd.DataFrame, static: pd.DataFrame, config: CallsConfig) -> pd.DataFrame:
    """The MATCHES table: one row for each detection that has a place and a time, scene by scene."""
    return associate(detections, tracks, static, config).matches


def associate(
    detections: pd.DataFrame,
    tracks: pd.DataFrame,
    static: pd.DataFrame,
    config: CallsConfig,
    scenes: pd.DataFrame | None = None,
) -> Association:
    """Matches, and for each scene the number found against the number expected (MATCH_CHECKS).

    ``scenes`` (SCENES) gives the pass direction of radar scenes; without it, it is estimated from the data.
    """
    known = detections[detections[["lon", "lat", "acquired"]].notna().all(axis=1)]
    fixes = good_fixes(tracks).sort_values(["track_id", "time_utc"], kind="stable")
    passes = {} if scenes is None else dict(zip(scenes["scene_id"], scenes["pass_direction"], strict=True))
    rows: list[dict[str, object]] = []
    checks: list[dict[str, object]] = []
    if len(known):
        own_planes = [TrackOnPlane.of(t, _origin(t)) for _, t in fixes.groupby("track_id", sort=True)]
        drift = learned_drift_m_s(own_planes)
        planes: dict[tuple[float, float], list[TrackOnPlane]] = {}  # scenes of one place share one
        for scene_id, unsorted in known.groupby("scene_id", sort=True):
            scene = unsorted.sort_values("detection_id")
            lengths = lengths_at(static, scene["acquired"].min())
            if (origin := _origin(scene)) not in planes:
                planes[origin] = [track.on(origin) for track in own_planes]
            crowd = _Crowd.of(scene, planes[origin], lengths, origin, drift)
            found, check = _scene(crowd, _options(crowd.scene, passes.get(scene_id)), config)
            rows += found
            checks.append({"scene_id": str(scene_id)} | check)
    return Association(MATCHES.check(MATCHES.from_rows(rows)), MATCH_CHECKS.check(MATCH_CHECKS.from_rows(checks)))


def match_tables(detections: pd.DataFrame, messages: pd.DataFrame, config: CallsConfig) -> pd.DataFrame:
    """Match a foreign table of detections: columns det_id (or detection_id), time_utc (or acquired), lon, lat, and
    optionally scene and length_m (or manual_sar_length_m)."""
    return associate_tables(detections, messages, config).matches


def associate_tables(detections: pd.DataFrame, messages: pd.DataFrame, config: CallsConfig) -> Association:
    """As ``match_tables``, with the self-checks."""
    from pipeline.calls.static import static_reports
    from pipeline.calls.tracks import clean_tracks

    plain = normalise_detections(detections)
    return associate(plain, clean_tracks(messages), static_reports(messages), config)


def _origin(points: pd.DataFrame) -> tuple[float, float]:
    """Origin of a plane for these points, rounded to a tenth of a degree, so that many scenes share one."""
    return round(float(points["lon"].iloc[0]), 1), round(float(points["lat"].median()), 1)


def _options(scene: pd.DataFrame, pass_direction: Any) -> list[Geometry]:
    sensors = set(scene["sensor"]) if "sensor" in scene else set()
    radar = True if sensors and sensors <= RADARS else None if not sensors or sensors == {""} else False
    said = pass_direction if isinstance(pass_direction, str) and pass_direction else None
    return geometries(float(scene["lat"].mean()), said, radar=radar)


@dataclass(frozen=True, slots=True, eq=False)
class _Crowd:
    """The detections of one scene and the transponders that may be among them, on one plane."""

    scene: pd.DataFrame
    east: FloatArray
    north: FloatArray
    dt_s: FloatArray
    """Time of each detection less that of the scene."""
    mmsi: list[int]
    spots: list[Whereabouts]
    length_m: FloatArray
    """As broadcast; NaN where unknown."""

    @classmethod
    def of(
        cls,
        scene: pd.DataFrame,
        tracks: list[TrackOnPlane],
        lengths: dict[tuple[int, int], float],
        origin: tuple[float, float],
        drift_m_s: float,
    ) -> _Crowd:
        east, north = to_plane(scene["lon"].to_numpy(float), scene["lat"].to_numpy(float), origin)
        when = scene["acquired"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
        middle = float(np.median(when))
        near = [(t, spot) for t in tracks if (spot := t.at(middle, drift_m_s)) is not None]
        broadcast = np.array([lengths.get((t.mmsi, t.ship), np.nan) for t, _ in near])
        return cls(scene, east, north, when - middle, [t.mmsi for t, _ in near], [spot for _, spot in near], broadcast)


def _scene(
    crowd: _Crowd, options: list[Geometry], config: CallsConfig
) -> tuple[list[dict[str, object]], dict[str, object]]:
    """Verdicts for the detections of one scene, and its self-check."""
    names = list(crowd.scene["detection_id"])
    if not crowd.spots:
        return [_verdict(d, None, 1.0, None, None) for d in names], _check(crowd, None, np.zeros(0), np.zeros(0))
    none = config.dark_per_km2 * 1e-6
    parts = Components.stacked(crowd.spots)
    fit = fitted(crowd.east, crowd.north, parts, options, none, config.match_gate_m)
    weight, distance = _weights(crowd, parts, fit, config)
    partner = _assigned(weight, none)
    taken = {int(c) for c in partner if c >= 0}
    out, certain = [], []
    for row, (detection, col) in enumerate(zip(names, partner, strict=True)):
        if col >= 0:
            probability = weight[row, col] / (none + weight[row].sum())
            certain.append(probability)
            out.append(_verdict(detection, crowd.mmsi[col], probability, distance[row, col], crowd.spots[col].gap_s))
        else:  # partners taken by other detections do not count
            left = sum(weight[row, c] for c in range(weight.shape[1]) if c not in taken)
            out.append(_verdict(detection, None, none / (none + left), None, None))
    return out, _check(crowd, fit, np.array(certain), _inside(crowd, parts, fit) * detectability(crowd.length_m))


def _assigned(weight: FloatArray, none: float) -> np.ndarray:
    """Index of each detection's transponder in the likeliest assignment, -1 for none."""
    n, m = weight.shape
    cost = np.full((n, m + n), 1e9)
    with np.errstate(divide="ignore"):
        cost[:, :m] = np.where(weight > 0, -np.log(weight), 1e9)
    cost[np.arange(n), m + np.arange(n)] = -np.log(none)
    _, cols = linear_sum_assignment(cost)
    return np.where(cols < m, cols, -1)


def _weights(crowd: _Crowd, parts: Components, fit: SceneFit, config: CallsConfig) -> tuple[FloatArray, FloatArray]:
    """Weights [1/m2] and distances [m] of all pairs, shape (detections, transponders); zero beyond the gate.

    The distance is to the likeliest position of the ship, where the image would show her.
    """
    east, north = crowd.east - fit.offset[0], crowd.north - fit.offset[1]
    places = displaced(parts, fit.geometry)
    # the detection's own time: its image row was seen earlier or later than the scene's middle
    off_east = east[:, None] - crowd.dt_s[:, None] * parts.east_m_s - places[0]
    off_north = north[:, None] - crowd.dt_s[:, None] * parts.north_m_s - places[1]
    density = densities(off_east, off_north, parts, fit.geometry, fit.scatter_m)
    far = np.hypot(off_east, off_north)
    n_ships = len(crowd.mmsi)
    weight, distance = np.zeros((len(east), n_ships)), np.full((len(east), n_ships), np.inf)
    for k in range(n_ships):
        mine = parts.of == k
        weight[:, k] = np.where(far[:, mine] <= config.match_gate_m, density[:, mine], 0.0).sum(axis=1)
        likeliest = np.argmax(density[:, mine], axis=1)
        distance[:, k] = far[:, mine][np.arange(len(east)), likeliest]
    odds = detectability(crowd.length_m)
    sizes = _size_agreement(
        crowd.scene["length_m"].to_numpy(float),
        (crowd.scene["length_hi_m"] - crowd.scene["length_lo_m"]).to_numpy(float) / (2 * Z90),
        crowd.length_m,
    )
    return weight * sizes * (odds / (1 - odds)), distance


def detectability(length_m: FloatArray) -> FloatArray:
    """Probability that an image shows a ship, by her length; in between where the length is unknown.

    >>> print(detectability(np.array([10.0, 100.0, np.nan])).round(2))
    [0.52 0.9  0.8 ]
    """
    rise = DETECTED_LARGE - (DETECTED_LARGE - DETECTED_SMALL) * np.exp(-length_m / SMALL_M)
    return np.where(np.isnan(length_m), DETECTED_UNKNOWN, rise)


def _size_agreement(seen_m: FloatArray, sd_m: FloatArray, broadcast_m: FloatArray) -> FloatArray:
    """Likelihood ratio of a seen length for this ship against any ship, shape (detections, ships); 1 where unknown.

    The tail is that of a Cauchy distribution: crews type wrong lengths, and images cut hulls in two.
    """
    sd = np.hypot(np.maximum(np.nan_to_num(sd_m), 5.0)[:, None], 0.1 * broadcast_m)
    ratio = 3.0 / (1 + ((seen_m[:, None] - broadcast_m) / sd) ** 2) + 0.05
    return np.where(np.isfinite(ratio), ratio, 1.0)


def _inside(crowd: _Crowd, parts: Components, fit: SceneFit) -> FloatArray:
    """Probability that each transponder is within the area in which the scene shows ships."""
    east, north = displaced(parts, fit.geometry)
    west, right = crowd.east.min() - AREA_MARGIN_M, crowd.east.max() + AREA_MARGIN_M
    south, top = crowd.north.min() - AREA_MARGIN_M, crowd.north.max() + AREA_MARGIN_M
    there = (east >= west) & (east <= right) & (north >= south) & (north <= top)
    return np.bincount(parts.of, parts.weight * there, len(crowd.mmsi)).astype(float)


def _check(crowd: _Crowd, fit: SceneFit | None, certain: FloatArray, expected: FloatArray) -> dict[str, object]:
    return {
        "n_detections": len(crowd.scene),
        "n_transponders": len(crowd.mmsi),
        "matched": float(certain.sum()),
        "expected": float(expected.sum()),
        "offset_east_m": fit.offset[0] if fit else None,
        "offset_north_m": fit.offset[1] if fit else None,
        "scatter_m": fit.scatter_m if fit else None,
        "displacement": fit.geometry.name if fit else "",
    }


def check_lines(checks: pd.DataFrame) -> list[str]:
    """The self-checks in words, a line for each scene that had transponders."""
    out = []
    for check in checks[checks["n_transponders"] > 0].to_dict("records"):
        line = (
            f"{check['scene_id']}: {check['matched']:.1f} matches with transponders, {check['expected']:.1f} expected "
            f"({number_of(check['n_transponders'], 'transponder')}, {number_of(check['n_detections'], 'detection')})"
        )
        if round(check["matched"], 1) > 0:  # without a match the offset of the image is unknown
            line += f"; image off by {check['offset_east_m']:.0f} m east, {check['offset_north_m']:.0f} m north"
        out.append(line + (f"; moving ships: {check['displacement']}" if check["displacement"] != "none" else ""))
    return out


def _verdict(
    detection: str, mmsi: int | None, probability: float, distance_m: float | None, gap_s: float | None
) -> dict[str, object]:
    return {
        "det_id": detection,
        "mmsi": mmsi,
        "probability": float(np.clip(probability, 0, 1)),
        "distance_m": distance_m,
        "time_gap_s": gap_s,
    }
