"""Which detection is which transponder: likelihood of place and size, best assignment, and an explicit 'none'.

Every detection competes for transponders with the others of its scene. A pair's weight is the density of the predicted
position at the detection times the agreement of sizes; the weight of 'no partner' is the density of ships that do not
transmit. Both are per square metre, so they can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.calls.geodesy import KNOT_M_S, to_plane
from pipeline.calls.tracks import good_fixes
from pipeline.config import CallsConfig
from pipeline.tables import MATCHES

if TYPE_CHECKING:
    from pipeline.types import FloatArray

BASE_SD_M = 60.0  # position of a detection's centre against that of an antenna (our choice: half a hull)
DRIFT_SD_M_S = 0.5  # per second of dead reckoning or silence while lying still or moving
INTERPOLATED_SHARE = 0.15  # of the way between two fixes: straight-line interpolation of a turning ship
DOPPLER_SD_M = 40.0  # per knot: azimuth displacement of a moving ship in radar, R/V = 110 s times sin(incidence)
MIN_FOR_OFFSET = 6  # near pairs that a common offset of a scene can be told from
Z90 = 1.6448536


@dataclass(frozen=True, slots=True)
class Predicted:
    """Where a transponder's ship should be at one moment: metres on the plane, standard error, age of the fix."""

    east: float
    north: float
    sd_m: float
    gap_s: float


def match(detections: pd.DataFrame, tracks: pd.DataFrame, static: pd.DataFrame, config: CallsConfig) -> pd.DataFrame:
    """The MATCHES table: one row for each detection that has a place and a time, scene by scene."""
    known = detections[detections["lon"].notna() & detections["acquired"].notna()]
    lengths = static.dropna(subset=["length_m"]).groupby("mmsi")["length_m"].last()
    fixes = good_fixes(tracks).sort_values(["track_id", "time_utc"], kind="stable")
    by_track = dict(tuple(fixes.groupby("track_id", sort=True)))
    rows: list[dict[str, object]] = []
    for _, scene in known.groupby("scene_id", sort=True):
        rows += _scene(scene.sort_values("detection_id"), by_track, lengths, config)
    return MATCHES.check(MATCHES.from_rows(rows))


def match_tables(detections: pd.DataFrame, messages: pd.DataFrame, config: CallsConfig) -> pd.DataFrame:
    """Match a foreign table of detections: columns det_id (or detection_id), time_utc (or acquired), lon, lat, and
    optionally scene and length_m (or manual_sar_length_m)."""
    from pipeline.calls.static import static_reports
    from pipeline.calls.tracks import clean_tracks
    from pipeline.errors import ConfigError

    def column(*names: str) -> pd.Series | None:
        return next((detections[n] for n in names if n in detections), None)

    needed = {
        "detection_id": column("det_id", "detection_id"),
        "acquired": column("acquired", "time_utc"),
        "lon": column("lon"),
        "lat": column("lat"),
    }
    for name, values in needed.items():
        if values is None:
            raise ConfigError(f"the table of detections has no column {name}")
    length = column("length_m", "manual_sar_length_m")
    low, high = column("length_lo_m"), column("length_hi_m")
    plain = pd.DataFrame(needed)
    plain["acquired"] = pd.to_datetime(plain["acquired"], utc=True, format="ISO8601")
    scene = column("scene_id", "scene")
    plain["scene_id"] = scene if scene is not None else plain["acquired"].dt.floor("min").astype(str)
    plain["length_m"] = length if length is not None else np.nan
    plain["length_lo_m"] = low if low is not None else plain["length_m"] * 0.75 - 15
    plain["length_hi_m"] = high if high is not None else plain["length_m"] * 1.25 + 15
    return match(plain, clean_tracks(messages, config), static_reports(messages), config)


def _scene(
    scene: pd.DataFrame, by_track: dict[str, pd.DataFrame], lengths: pd.Series, config: CallsConfig
) -> list[dict[str, object]]:
    """Verdicts for the detections of one scene."""
    origin = (float(scene["lon"].mean()), float(scene["lat"].mean()))
    east, north = to_plane(scene["lon"], scene["lat"], origin)
    when = scene["acquired"].astype("datetime64[us, UTC]").astype("int64").to_numpy() / 1e6
    names, predicted = [], []
    for name in sorted(by_track):
        track = _Track.of(by_track[name], origin)
        spots = [track.at(t) for t in when]
        if any(s is not None for s in spots):
            names.append(track.mmsi)
            predicted.append(spots)
    if not names:
        return [_verdict(d, None, 1.0, None, None) for d in scene["detection_id"]]
    offset = _common_offset(east, north, predicted, config.match_gate_m)
    weight, distance = _weights(scene, east - offset[0], north - offset[1], names, predicted, lengths, config)
    none = config.dark_per_km2 * 1e-6
    n, m = weight.shape
    cost = np.full((n, m + n), 1e9)
    with np.errstate(divide="ignore"):
        cost[:, :m] = np.where(weight > 0, -np.log(weight), 1e9)
    cost[np.arange(n), m + np.arange(n)] = -np.log(none)
    rows, cols = linear_sum_assignment(cost)
    out = []
    for row, col in zip(rows, cols, strict=True):
        detection = scene["detection_id"].iloc[row]
        total = none + weight[row].sum()
        if col < m:
            spot = predicted[col][row]
            gap = spot.gap_s if spot else None
            out.append(_verdict(detection, names[col], weight[row, col] / total, distance[row, col], gap))
        else:  # the weight of partners that other detections took does not speak for this one
            taken = {int(c) for r, c in zip(rows, cols, strict=True) if c < m and r != row}
            left = sum(weight[row, c] for c in range(m) if c not in taken)
            out.append(_verdict(detection, None, none / (none + left), None, None))
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Track:
    """The fixes of one transponder on a plane."""

    mmsi: int
    seconds: FloatArray
    east: FloatArray
    north: FloatArray
    speed_m_s: FloatArray
    course_deg: FloatArray

    @classmethod
    def of(cls, fixes: pd.DataFrame, origin: tuple[float, float]) -> _Track:
        east, north = to_plane(fixes["lon"], fixes["lat"], origin)
        return cls(
            int(fixes["mmsi"].iloc[0]),
            fixes["time_utc"].astype("int64").to_numpy() / 1e6,
            east,
            north,
            fixes["sog_kn"].fillna(0).to_numpy(float) * KNOT_M_S,
            fixes["cog_deg"].fillna(0).to_numpy(float),
        )

    def at(self, t: float) -> Predicted | None:
        """Between two fixes on the straight line, outside of them by dead reckoning; None after an hour's silence."""
        after = int(np.searchsorted(self.seconds, t))
        if 0 < after < len(self.seconds):
            t0, t1 = self.seconds[after - 1], self.seconds[after]
            near = min(t - t0, t1 - t)
            if t1 - t0 <= 2 * MAX_AGE_S and near <= MAX_AGE_S:
                share = (t - t0) / (t1 - t0) if t1 > t0 else 0.0
                east = self.east[after - 1] + share * (self.east[after] - self.east[after - 1])
                north = self.north[after - 1] + share * (self.north[after] - self.north[after - 1])
                way = np.hypot(self.east[after] - self.east[after - 1], self.north[after] - self.north[after - 1])
                speed = way / (t1 - t0) if t1 > t0 else 0.0
                bend = INTERPOLATED_SHARE * way * min(1.0, near / 60.0)
                return Predicted(float(east), float(north), self._sd(float(bend), speed), float(near))
        nearest = min(
            range(max(0, after - 1), min(len(self.seconds), after + 1)), key=lambda k: abs(self.seconds[k] - t)
        )
        gap = t - self.seconds[nearest]
        if abs(gap) > MAX_AGE_S:
            return None
        course, speed = np.radians(self.course_deg[nearest]), self.speed_m_s[nearest]
        east = self.east[nearest] + speed * gap * np.sin(course)
        north = self.north[nearest] + speed * gap * np.cos(course)
        drift = DRIFT_SD_M_S * abs(gap) * (0.2 + min(1.0, speed / 2))
        return Predicted(float(east), float(north), self._sd(float(drift), float(speed)), float(gap))

    @staticmethod
    def _sd(own_m: float, speed_m_s: float) -> float:
        return float(np.hypot(np.hypot(BASE_SD_M, own_m), DOPPLER_SD_M * speed_m_s / KNOT_M_S))


MAX_AGE_S = 3600.0


def _common_offset(
    east: FloatArray, north: FloatArray, predicted: list[list[Predicted | None]], gate_m: float
) -> tuple[float, float]:
    """What all near pairs of a scene are displaced by: a badly placed image. Zero where too few pairs tell.

    The median over detections of the vector to the nearest predicted position, taken twice.
    """
    shift = np.zeros(2)
    for _ in range(3):
        vectors = []
        for n in range(len(east)):
            spots = [p[n] for p in predicted if p[n] is not None]
            if not spots:
                continue
            d = np.array([(east[n] - shift[0] - s.east, north[n] - shift[1] - s.north) for s in spots if s])
            best = d[np.argmin(np.hypot(d[:, 0], d[:, 1]))]
            if np.hypot(*best) < gate_m / 2:
                vectors.append(best)
        if len(vectors) < MIN_FOR_OFFSET:
            return 0.0, 0.0
        shift = shift + np.median(np.array(vectors), axis=0)
    return float(shift[0]), float(shift[1])


def _weights(
    scene: pd.DataFrame,
    east: FloatArray,
    north: FloatArray,
    names: list[int],
    predicted: list[list[Predicted | None]],
    lengths: pd.Series,
    config: CallsConfig,
) -> tuple[FloatArray, FloatArray]:
    """Weights [1/m2] and distances [m] of all pairs, shape (detections, transponders); zero beyond the gate."""
    weight = np.zeros((len(scene), len(names)))
    distance = np.full(weight.shape, np.inf)
    length = scene["length_m"].to_numpy(float)
    spread = (scene["length_hi_m"] - scene["length_lo_m"]).to_numpy(float) / (2 * Z90)
    for k, spots in enumerate(predicted):
        broadcast = float(lengths.get(names[k], np.nan))
        for n, spot in enumerate(spots):
            if spot is None:
                continue
            distance[n, k] = np.hypot(east[n] - spot.east, north[n] - spot.north)
            if distance[n, k] > config.match_gate_m:
                continue
            density = np.exp(-0.5 * (distance[n, k] / spot.sd_m) ** 2) / (2 * np.pi * spot.sd_m**2)
            weight[n, k] = density * _size_agreement(length[n], spread[n], broadcast)
    return weight, distance


def _size_agreement(seen_m: float, sd_m: float, broadcast_m: float) -> float:
    """How much likelier the seen length is for this ship than for any ship; 1 where either is unknown.

    The tail is that of a Cauchy law: crews type wrong lengths, and images cut hulls in two.
    """
    if not np.isfinite(seen_m) or not np.isfinite(broadcast_m) or broadcast_m <= 0:
        return 1.0
    sd = np.hypot(max(sd_m, 5.0), 0.1 * broadcast_m)
    return float(3.0 / (1 + ((seen_m - broadcast_m) / sd) ** 2) + 0.05)


def _verdict(
    detection: str, mmsi: int | None, probability: float, distance: float | None, gap: float | None
) -> dict[str, object]:
    return {
        "det_id": detection,
        "mmsi": mmsi,
        "probability": float(np.clip(probability, 0, 1)),
        "distance_m": distance,
        "time_gap_s": gap,
    }
