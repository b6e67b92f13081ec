"""Where a ship is at a time at which her transponder sent nothing: between two fixes, or beyond the nearest one.

Between two fixes her path is the cubic through their positions and velocities (Hermite) if the velocities fit the
positions, else the straight line. A fix without speed, or under way without course, takes its velocity from the path
around it. Beyond the last fix, or before the first, she keeps the speed and course sent; but crews cast off, turn and
slow down, so part of the weight lies along the path at lower speeds. The spread grows with speed and silence at a rate
learned from the tracks themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.calls.geodesy import from_plane, to_plane
from pipeline.units import KNOT_M_S

if TYPE_CHECKING:
    from pipeline.types import FloatArray

MAX_AGE_S = 3600.0  # an hour's silence is too long (our choice)
DRIFT_M_S = 0.5  # spread per second of silence at 2 m/s and more, prior to learning from tracks (our choice)
STILL_SHARE = 0.2  # share of it for a ship at rest
PRIOR_PAIRS = 50  # number of pairs of fixes that weigh as much as the spread above
LEARN_GAP_S = (20.0, 900.0)  # between the fixes that the spread is learned from
INTERPOLATED_SHARE = 0.15  # share of the distance between two fixes: what a turn in between can hide
SLOWER = ((0.0, 0.06), (0.33, 0.04), (0.66, 0.04), (1.2, 0.02))  # share of the speed sent and its weight (our choice)
NOT_SLOWER_WEIGHT = 1.0 - sum(weight for _, weight in SLOWER)
UNSENT_OVER_S = 180.0  # time on either side for a velocity that was not sent; a shorter one gives noise (our choice)
MOVING_M_S = 1.0  # two knots: slower, a ship lies or drifts and cannot slow down further (our choice)


@dataclass(frozen=True, slots=True)
class PositionMixture:
    """Where a ship may be, as weighted normal distributions on the plane [m, m/s]; time to the nearest fix [s]."""

    east: FloatArray
    north: FloatArray
    east_m_s: FloatArray
    north_m_s: FloatArray
    sd_m: FloatArray
    weight: FloatArray
    gap_s: float


@dataclass(frozen=True, slots=True, eq=False)
class TrackOnPlane:
    """The fixes of one track on a plane, in order of time."""

    mmsi: int
    seconds: FloatArray
    east: FloatArray
    north: FloatArray
    east_m_s: FloatArray
    north_m_s: FloatArray
    ship: int = 0
    """Which of the ships that send under her number; 0 where that is not known, or there is only one."""
    sent: np.ndarray | None = None
    """Which velocities were sent (None: all). The others are derived from neighbouring fixes."""
    origin: tuple[float, float] = (0.0, 0.0)
    """Of the plane: longitude and latitude."""

    @classmethod
    def of(cls, fixes: pd.DataFrame, origin: tuple[float, float]) -> TrackOnPlane:
        """From fixes of the TRACKS table; a ship at rest needs no course."""
        east, north = to_plane(fixes["lon"].to_numpy(float), fixes["lat"].to_numpy(float), origin)
        speed = fixes["sog_kn"].to_numpy(float) * KNOT_M_S
        course = np.radians(fixes["cog_deg"].to_numpy(float))
        seconds = fixes["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
        sent = ~np.isnan(speed) & (~np.isnan(course) | (speed < MOVING_M_S))
        velocity = np.nan_to_num(speed * np.array([np.sin(course), np.cos(course)]))
        mmsi, ship = fixes[["mmsi", "ship"]].fillna(0).iloc[0].astype(int)
        track = cls(mmsi, seconds, east, north, velocity[0], velocity[1], ship, sent, origin)
        return track._fill_unsent()

    def on(self, origin: tuple[float, float]) -> TrackOnPlane:
        """The same track on the plane of another origin: metres per degree differ by latitude."""
        if origin == self.origin:
            return self
        east, north = to_plane(*from_plane(self.east, self.north, self.origin), origin)
        return replace(self, east=east, north=north, origin=origin)._fill_unsent()

    def _fill_unsent(self) -> TrackOnPlane:
        if self.sent is None or self.sent.all():
            return self
        east_m_s, north_m_s = _derived_velocity(self.seconds, self.east, self.north)
        return replace(
            self,
            east_m_s=np.where(self.sent, self.east_m_s, east_m_s),
            north_m_s=np.where(self.sent, self.north_m_s, north_m_s),
        )

    def at(self, t: float, drift_m_s: float = DRIFT_M_S) -> PositionMixture | None:
        """Her position at a time [s since 1970]; None after an hour's silence."""
        after = int(np.searchsorted(self.seconds, t))
        if 0 < after < len(self.seconds):
            t0, t1 = self.seconds[after - 1], self.seconds[after]
            if t1 - t0 <= 2 * MAX_AGE_S and min(t - t0, t1 - t) <= MAX_AGE_S:
                return self._interpolate(after, t)
        near = [k for k in (after - 1, after) if 0 <= k < len(self.seconds)]
        nearest = min(near, key=lambda k: abs(self.seconds[k] - t))
        return self._extrapolate(nearest, t, drift_m_s) if abs(t - self.seconds[nearest]) <= MAX_AGE_S else None

    def _interpolate(self, after: int, t: float) -> PositionMixture:
        a, b = after - 1, after
        span_s = max(float(self.seconds[b] - self.seconds[a]), 1e-6)
        u = (t - self.seconds[a]) / span_s
        nearest_s = min(t - self.seconds[a], self.seconds[b] - t)
        path_m = np.hypot(self.east[b] - self.east[a], self.north[b] - self.north[a])
        on_line = np.array(
            [self.east[a] + u * (self.east[b] - self.east[a]), self.north[a] + u * (self.north[b] - self.north[a])]
        )
        on_curve = _hermite(self, a, b, u, span_s)
        curve_fits = np.hypot(*(on_curve - on_line)) <= 0.25 * path_m
        position = on_curve if curve_fits else on_line
        bend_m = INTERPOLATED_SHARE * path_m * min(1.0, nearest_s / 60.0) * (0.5 if curve_fits else 1.0)
        velocity = (self.east[b] - self.east[a]) / span_s, (self.north[b] - self.north[a]) / span_s
        fields = (np.array([float(v)]) for v in (*position, *velocity, bend_m, 1.0))
        return PositionMixture(
            next(fields), next(fields), next(fields), next(fields), next(fields), next(fields), float(nearest_s)
        )

    def _extrapolate(self, k: int, t: float, drift_m_s: float) -> PositionMixture:
        gap_s = float(t - self.seconds[k])
        ve, vn = self.east_m_s[k], self.north_m_s[k]
        speed_m_s = float(np.hypot(ve, vn))
        drift_m = drift_m_s * abs(gap_s) * (STILL_SHARE + (1 - STILL_SHARE) * min(1.0, speed_m_s / 2))
        shares, weights = (np.array(v) for v in zip((1.0, NOT_SLOWER_WEIGHT), *SLOWER, strict=False))
        if speed_m_s < MOVING_M_S or abs(gap_s) < 30:
            shares, weights = np.array([1.0]), np.array([1.0])
        spread_m = np.where(shares == 1.0, drift_m, np.hypot(drift_m, 0.2 * speed_m_s * abs(gap_s)))
        return PositionMixture(
            self.east[k] + shares * ve * gap_s,
            self.north[k] + shares * vn * gap_s,
            shares * ve,
            shares * vn,
            spread_m,
            weights,
            gap_s,
        )


def _derived_velocity(seconds: FloatArray, east: FloatArray, north: FloatArray) -> FloatArray:
    """Velocity [m/s] around each fix, shape (2, fixes), from an earlier to a later fix; 0 where none is near enough."""
    index = np.arange(len(seconds))
    before = np.maximum(np.searchsorted(seconds, seconds - UNSENT_OVER_S, "right") - 1, 0)
    after = np.minimum(np.searchsorted(seconds, seconds + UNSENT_OVER_S, "left"), len(seconds) - 1)
    before = np.where(seconds - seconds[before] <= MAX_AGE_S, before, index)
    after = np.where(seconds[after] - seconds <= MAX_AGE_S, after, index)
    span_s = seconds[after] - seconds[before]
    step_m = np.array([east[after] - east[before], north[after] - north[before]])
    return np.where(span_s >= LEARN_GAP_S[0], step_m / np.maximum(span_s, 1.0), 0.0)


def _hermite(track: TrackOnPlane, a: int, b: int, u: float, span: float) -> FloatArray:
    """Position on the cubic through two fixes with the velocities sent there; u from 0 to 1."""
    h00, h10 = (1 + 2 * u) * (1 - u) ** 2, u * (1 - u) ** 2
    h01, h11 = u**2 * (3 - 2 * u), u**2 * (u - 1)
    return np.array(
        [
            h00 * p[a] + h01 * p[b] + span * (h10 * v[a] + h11 * v[b])
            for p, v in ((track.east, track.east_m_s), (track.north, track.north_m_s))
        ]
    )


def fit_drift_m_s(tracks: list[TrackOnPlane]) -> float:
    """Spread per second of silence of ships under way: how far they were from where they said they would be [m/s].

    The median over pairs of neighbouring fixes of miss over time, converted to the standard deviation of one axis (the
    median of a Rayleigh distribution is 1.177 of these), combined with the declared spread, which weighs as much as
    fifty pairs.
    """
    rates: list[FloatArray] = []
    for track in tracks:
        dt = np.diff(track.seconds)
        speed = np.hypot(track.east_m_s, track.north_m_s)[:-1]
        use = (dt >= LEARN_GAP_S[0]) & (dt <= LEARN_GAP_S[1]) & (speed > 2 * MOVING_M_S)
        if track.sent is not None:
            use &= track.sent[:-1]  # the others are derived from the positions compared here
        if use.any():
            east = track.east[1:] - track.east[:-1] - dt * track.east_m_s[:-1]
            north = track.north[1:] - track.north[:-1] - dt * track.north_m_s[:-1]
            rates.append(np.hypot(east, north)[use] / dt[use])
    all_rates = np.concatenate(rates) if rates else np.zeros(0)
    if not len(all_rates):
        return DRIFT_M_S
    share = len(all_rates) / (len(all_rates) + PRIOR_PAIRS)
    return float(np.exp(share * np.log(max(np.median(all_rates) / 1.177, 0.05)) + (1 - share) * np.log(DRIFT_M_S)))
