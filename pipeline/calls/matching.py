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
from pipeline.calls.motion import PositionMixture, TrackOnPlane, fit_drift_m_s
from pipeline.calls.pair_probabilities import pair_probabilities
from pipeline.calls.scene_fit import (
    Components,
    Geometry,
    SceneFit,
    densities,
    displaced_positions,
    fit_scene,
    possible_geometries,
)
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
    located = detections[detections[["lon", "lat", "acquired"]].notna().all(axis=1)]
    fixes = good_fixes(tracks).sort_values(["track_id", "time_utc"], kind="stable")
    passes = {} if scenes is None else dict(zip(scenes["scene_id"], scenes["pass_direction"], strict=True))
    rows: list[dict[str, object]] = []
    checks: list[dict[str, object]] = []
    if len(located):
        tracks_on_own_plane = [TrackOnPlane.of(t, _plane_origin(t)) for _, t in fixes.groupby("track_id", sort=True)]
        drift = fit_drift_m_s(tracks_on_own_plane)
        tracks_by_origin: dict[tuple[float, float], list[TrackOnPlane]] = {}  # scenes of one place share one
        for scene_id, unsorted in located.groupby("scene_id", sort=True):
            scene = unsorted.sort_values("detection_id")
            lengths = lengths_at(static, scene["acquired"].min())
            if (origin := _plane_origin(scene)) not in tracks_by_origin:
                tracks_by_origin[origin] = [track.on(origin) for track in tracks_on_own_plane]
            problem = _MatchProblem.of(scene, tracks_by_origin[origin], lengths, origin, drift)
            found, check = _match_scene(problem, _scene_geometries(problem.scene, passes.get(scene_id)), config)
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

    table = normalise_detections(detections)
    return associate(table, clean_tracks(messages), static_reports(messages), config)


def _plane_origin(points: pd.DataFrame) -> tuple[float, float]:
    """Origin of a plane for these points, rounded to a tenth of a degree, so that many scenes share one."""
    return round(float(points["lon"].iloc[0]), 1), round(float(points["lat"].median()), 1)


def _scene_geometries(scene: pd.DataFrame, pass_direction: Any) -> list[Geometry]:
    sensors = set(scene["sensor"]) if "sensor" in scene else set()
    radar = True if sensors and sensors <= RADARS else None if not sensors or sensors == {""} else False
    direction = pass_direction if isinstance(pass_direction, str) and pass_direction else None
    return possible_geometries(float(scene["lat"].mean()), direction, radar=radar)


@dataclass(frozen=True, slots=True, eq=False)
class _MatchProblem:
    """The detections of one scene and the transponders that may be among them, on one plane."""

    scene: pd.DataFrame
    east: FloatArray
    north: FloatArray
    dt_s: FloatArray
    """Time of each detection less that of the scene."""
    mmsi: list[int]
    positions: list[PositionMixture]
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
    ) -> _MatchProblem:
        east, north = to_plane(scene["lon"].to_numpy(float), scene["lat"].to_numpy(float), origin)
        when = scene["acquired"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
        middle = float(np.median(when))
        near = [(t, position) for t in tracks if (position := t.at(middle, drift_m_s)) is not None]
        broadcast = np.array([lengths.get((t.mmsi, t.ship), np.nan) for t, _ in near])
        return cls(
            scene, east, north, when - middle, [t.mmsi for t, _ in near], [position for _, position in near], broadcast
        )


def _match_scene(
    problem: _MatchProblem, options: list[Geometry], config: CallsConfig
) -> tuple[list[dict[str, object]], dict[str, object]]:
    """Verdicts for the detections of one scene, and its self-check."""
    names = list(problem.scene["detection_id"])
    if not problem.positions:
        return [_match_row(d, None, 1.0, None, None) for d in names], _self_check(
            problem, None, np.zeros(0), np.zeros(0)
        )
    dark_per_m2 = config.dark_per_km2 * 1e-6
    components = Components.stack(problem.positions)
    fit = fit_scene(problem.east, problem.north, components, options, dark_per_m2, config.match_gate_m)
    weight, distance = _pair_weights(problem, components, fit, config)
    partner = _assign(weight, dark_per_m2)
    probability = pair_probabilities(weight / dark_per_m2, partner)
    out = []
    for row, (detection, col) in enumerate(zip(names, partner, strict=True)):
        if col >= 0:
            gap_s = problem.positions[col].gap_s
            out.append(_match_row(detection, problem.mmsi[col], probability[row, col], distance[row, col], gap_s))
        else:
            out.append(_match_row(detection, None, 1 - probability[row].sum(), None, None))
    return out, _self_check(
        problem, fit, probability, _p_inside(problem, components, fit) * detectability(problem.length_m)
    )


def _assign(weight: FloatArray, dark_per_m2: float) -> np.ndarray:
    """Index of each detection's transponder in the likeliest assignment, -1 for none."""
    n_detections, n_transponders = weight.shape
    cost = np.full((n_detections, n_transponders + n_detections), 1e9)
    with np.errstate(divide="ignore"):
        cost[:, :n_transponders] = np.where(weight > 0, -np.log(weight), 1e9)
    cost[np.arange(n_detections), n_transponders + np.arange(n_detections)] = -np.log(dark_per_m2)
    _, cols = linear_sum_assignment(cost)
    return np.where(cols < n_transponders, cols, -1)


def _pair_weights(
    problem: _MatchProblem, components: Components, fit: SceneFit, config: CallsConfig
) -> tuple[FloatArray, FloatArray]:
    """Weights [1/m2] and distances [m] of all pairs, shape (detections, transponders); zero beyond the gate.

    The distance is to the likeliest position of the ship, where the image would show her.
    """
    east, north = problem.east - fit.offset[0], problem.north - fit.offset[1]
    shown_at = displaced_positions(components, fit.geometry)
    # the detection's own time: its image row was seen earlier or later than the scene's middle
    off_east = east[:, None] - problem.dt_s[:, None] * components.east_m_s - shown_at[0]
    off_north = north[:, None] - problem.dt_s[:, None] * components.north_m_s - shown_at[1]
    density = densities(off_east, off_north, components, fit.geometry, fit.scatter_m)
    distances = np.hypot(off_east, off_north)
    n_ships = len(problem.mmsi)
    weight, distance = np.zeros((len(east), n_ships)), np.full((len(east), n_ships), np.inf)
    for k in range(n_ships):
        own = components.of == k
        weight[:, k] = np.where(distances[:, own] <= config.match_gate_m, density[:, own], 0.0).sum(axis=1)
        likeliest = np.argmax(density[:, own], axis=1)
        distance[:, k] = distances[:, own][np.arange(len(east)), likeliest]
    odds = detectability(problem.length_m)
    sizes = _size_agreement(
        problem.scene["length_m"].to_numpy(float),
        (problem.scene["length_hi_m"] - problem.scene["length_lo_m"]).to_numpy(float) / (2 * Z90),
        problem.length_m,
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


def _p_inside(problem: _MatchProblem, components: Components, fit: SceneFit) -> FloatArray:
    """Probability that each transponder is within the area in which the scene shows ships."""
    east, north = displaced_positions(components, fit.geometry)
    west, right = problem.east.min() - AREA_MARGIN_M, problem.east.max() + AREA_MARGIN_M
    south, top = problem.north.min() - AREA_MARGIN_M, problem.north.max() + AREA_MARGIN_M
    is_inside = (east >= west) & (east <= right) & (north >= south) & (north <= top)
    return np.bincount(components.of, components.weight * is_inside, len(problem.mmsi)).astype(float)


def _self_check(
    problem: _MatchProblem, fit: SceneFit | None, probabilities: FloatArray, expected: FloatArray
) -> dict[str, object]:
    return {
        "n_detections": len(problem.scene),
        "n_transponders": len(problem.mmsi),
        "matched": float(probabilities.sum()),
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


def _match_row(
    detection: str, mmsi: int | None, probability: float, distance_m: float | None, gap_s: float | None
) -> dict[str, object]:
    return {
        "det_id": detection,
        "mmsi": mmsi,
        "probability": float(np.clip(probability, 0, 1)),
        "distance_m": distance_m,
        "time_gap_s": gap_s,
    }
