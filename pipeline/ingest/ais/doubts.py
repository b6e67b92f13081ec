"""Finds rows of a table that are valid by themselves but inconsistent with the ship's other rows, a sign of damage.

Nothing is changed or left out here. Ships and tracks are judged elsewhere, with all sources; this only reports once
per file that some of its values may not be what was sent.
"""

from __future__ import annotations

import numba
import numpy as np
import pandas as pd

from pipeline.ingest.ais.prints import row_prints
from pipeline.plurals import number_of
from pipeline.units import EARTH_RADIUS_M, KNOT_M_S

STANDING = ("name", "callsign", "imo", "ship_type", "a", "b", "c", "d", "draught")
"""What a ship says again and again in the same words, for a voyage at least."""

ALONE = 2
USUAL_FOR_ONE = 8
"""A value in one or two rows is odd where each of them stands against eight with another value; our choice."""

OUT_OF_REACH_KN, OUT_OF_REACH_M = 100.0, 1000.0
"""A leg that no ship makes; our choice: the fastest ferries make 58 kn, and a fix may be off by some hundred metres."""

STEADY_S, STEADY_KN, STEADY_BY_KN, STEADY_BY_DEG = 900.0, 2.0, 0.5, 5.0
OFF_M, OFF_S, OFF_KN, OFF_DEG = 50.0, 10.0, 2.0, 30.0
"""Rows at most so far apart that agree on speed, course and way made good; what one between them may differ by: fixes
are good to 10 m or somewhat more, their times to some seconds (ITU-R M.1371-5). Our choice."""

STRAYS = 0.01
"""In a file whose ships are in order of time, at most this share of rows runs backwards; our choice."""

_COMPACT_AT = 1 << 18  # distinct rows (about 50 MB) held before equal ones are merged; our choice
_NEAR_DEG = 0.006  # of latitude or longitude, together less than OUT_OF_REACH_M


class Doubts:
    """Collects the frames of one table in turn; ``said`` reports what was odd in them."""

    def __init__(self) -> None:
        self._kinds: list[pd.DataFrame] = []
        self._held = self._rows = 0
        self._count = np.zeros(3, np.int64)  # legs too fast, times that go backwards, breaks of a steady course
        self._first = np.zeros(3, np.int64)

    def add(self, frame: pd.DataFrame) -> None:
        """Rows with ``line`` and the columns of ``tables.AIS_MESSAGES``, codes already made null.

        The optional ``standing`` is a fingerprint of the MMSI and the columns in ``STANDING``.
        """
        if frame.empty:
            return
        self._rows += len(frame)
        kinds = frame[["mmsi", *STANDING]]
        codes, prints = pd.factorize(frame["standing"] if "standing" in frame else row_prints(kinds))
        first = _firsts(codes, len(prints))
        counted = kinds.iloc[first].assign(line=frame["line"].to_numpy()[first], n=np.bincount(codes))
        self._kinds.append(counted.reset_index(drop=True))
        self._held += len(counted)
        if self._held > _COMPACT_AT:
            self._kinds = [_joined(self._kinds)]
            self._held = len(self._kinds[0])
        self._follow(frame)

    def _follow(self, frame: pd.DataFrame) -> None:
        times, lines = frame["time_utc"], frame["line"].to_numpy()
        micros = times.to_numpy("datetime64[us]").astype(np.int64)
        mmsi, *measured = (frame[c].to_numpy() for c in ("mmsi", "lon", "lat", "sog", "cog"))
        ship, numbers = pd.factorize(mmsi)
        counts, firsts = _followed(ship, len(numbers), micros, times.notna().to_numpy(), *measured)
        self._first = np.where((self._count == 0) & (counts > 0), lines[firsts % len(lines)], self._first)
        self._count += counts

    def said(self) -> list[str]:
        """Each kind of oddity once, with the number of rows and the first line; empty if there are none."""
        out = _standing_doubts(_joined(self._kinds)) if self._kinds else []
        leaps, returns, breaks = self._count.tolist()
        if leaps:
            out.append(f"{leaps} legs between fixes that no ship makes (first: to line {self._first[0]})")
        if 0 < returns <= max(1.0, STRAYS * self._rows):
            out.append(f"a ship's time runs backwards {returns} times (first: line {self._first[1]})")
        if breaks:
            out.append(f"a steady way is left for one report, at {breaks} rows (first: near line {self._first[2]})")
        return out


def _joined(kinds: list[pd.DataFrame]) -> pd.DataFrame:
    """Merge equal rows into one, with the first line and the number of rows."""
    if len(kinds) == 1:
        return kinds[0]
    table = pd.concat(kinds, ignore_index=True)
    codes, prints = pd.factorize(row_prints(table[["mmsi", *STANDING]]))
    n, line = _summed(codes, len(prints), table)
    return table.iloc[_firsts(codes, len(prints))].assign(n=n, line=line).reset_index(drop=True)


def _firsts(codes: np.ndarray, groups: int) -> np.ndarray:
    first = np.full(groups, len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    return first


def _summed(codes: np.ndarray, groups: int, kinds: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Number of rows and first line of each group."""
    line = np.full(groups, np.iinfo(np.int64).max)
    np.minimum.at(line, codes, kinds["line"].to_numpy())
    return np.bincount(codes, kinds["n"].to_numpy(), groups).astype(np.int64), line


def _standing_doubts(kinds: pd.DataFrame) -> list[str]:
    out = []
    for column in STANDING:
        given = kinds[kinds[column].notna() & (kinds[column] != "")]
        n, line = _odd_ones(pd.factorize(given["mmsi"])[0], pd.factorize(given[column])[0], given)
        if n:
            differ = "differs from its" if n == 1 else "differ from their"
            out.append(f"column {column}: {number_of(n, 'row')} {differ} ship's others (first: line {line})")
    named = kinds[kinds["name"] != ""]
    looks = pd.factorize(row_prints(named[list(STANDING[:-1])]))[0]
    n, line = _odd_ones(looks, pd.factorize(named["mmsi"])[0], named)
    if n:
        out.append(f"{n} rows give a ship another number than the rest, for all else alike (first: line {line})")
    return out


def _odd_ones(of: np.ndarray, value: np.ndarray, kinds: pd.DataFrame) -> tuple[int, int]:
    """In groups ``of``, rows whose value is rare compared with the usual one; returns their number and first line."""
    if not len(kinds):
        return 0, 0
    codes, pairs = pd.factorize(of * (value.max() + 1) + value)
    n, line = _summed(codes, len(pairs), kinds)
    group = pairs // (value.max() + 1)
    most = np.zeros(of.max() + 1, np.int64)
    np.maximum.at(most, group, n)
    odd = (n <= ALONE) & (most[group] >= USUAL_FOR_ONE * n)
    return int(n[odd].sum()), int(line[odd].min(initial=np.iinfo(np.int64).max))


@numba.njit(cache=True)
def _followed(ship, n_ships, micros, given, lon, lat, sog, cog):  # type: ignore[no-untyped-def]
    """In each ship's rows in file order: legs that are too fast, times that go backwards, breaks of a steady course.

    ``ship`` numbers the ships from 0. How many, and the first of each.
    """
    counts, firsts = np.zeros(3, np.int64), np.full(3, len(ship))
    before, last = np.full(n_ships, -1), np.full(n_ships, -1)
    for i in range(len(ship)):
        if not given[i]:
            continue
        k = ship[i]
        j = last[k]
        if j >= 0:
            took_s = (micros[i] - micros[j]) / 1e6
            broken = before[k] >= 0 and _breaks(before[k], j, i, micros, lon, lat, sog, cog)
            far = _out_of_reach(lon[j], lat[j], lon[i], lat[i], took_s)
            for kind, (met, at) in enumerate(((far, i), (took_s < 0, i), (broken, j))):
                if met:
                    counts[kind] += 1
                    firsts[kind] = min(firsts[kind], at)
        before[k], last[k] = j, i
    return counts, firsts


@numba.njit(cache=True)
def _out_of_reach(lon, lat, to_lon, to_lat, took_s):  # type: ignore[no-untyped-def]
    """Is a leg too fast to be possible? False if a position is NaN, since comparisons with NaN are false."""
    if not (abs(to_lon - lon) > _NEAR_DEG or abs(to_lat - lat) > _NEAR_DEG):
        return False
    far_m = np.hypot(*_metres(lon, lat, to_lon, to_lat))
    return far_m > OUT_OF_REACH_M and far_m > OUT_OF_REACH_KN * KNOT_M_S * abs(took_s)


@numba.njit(cache=True)
def _breaks(one, middle, two, micros, lon, lat, sog, cog):  # type: ignore[no-untyped-def]
    """Do a ship's rows before and after agree on a steady course that the one between does not fit?"""
    whole_s, part_s = (micros[two] - micros[one]) / 1e6, (micros[middle] - micros[one]) / 1e6
    speed_kn = (sog[one] + sog[two]) / 2
    steady = (
        0.0 < part_s < whole_s <= STEADY_S
        and speed_kn >= STEADY_KN
        and abs(sog[one] - sog[two]) <= STEADY_BY_KN
        and _turn(cog[one], cog[two]) <= STEADY_BY_DEG
    )
    if not steady:
        return False
    east_m, north_m = _metres(lon[one], lat[one], lon[two], lat[two])
    made_good_kn = np.hypot(east_m, north_m) / whole_s / KNOT_M_S
    if not abs(made_good_kn - speed_kn) <= STEADY_BY_KN:
        return False
    x_m, y_m = _metres(lon[one], lat[one], lon[middle], lat[middle])
    off_m = np.hypot(x_m - part_s / whole_s * east_m, y_m - part_s / whole_s * north_m)
    aside = off_m > OFF_M + OFF_S * speed_kn * KNOT_M_S
    return aside or abs(sog[middle] - speed_kn) >= OFF_KN or _turn(cog[middle], cog[one]) > OFF_DEG


@numba.njit(cache=True)
def _metres(lon, lat, to_lon, to_lat):  # type: ignore[no-untyped-def]
    """East and north [m], on a local tangent plane."""
    turned = (to_lon - lon + 540.0) % 360.0 - 180.0
    east = np.radians(turned) * np.cos(np.radians(lat + to_lat) / 2)
    return EARTH_RADIUS_M * east, EARTH_RADIUS_M * np.radians(to_lat - lat)


@numba.njit(cache=True)
def _turn(course, other):  # type: ignore[no-untyped-def]
    return abs((other - course + 540.0) % 360.0 - 180.0)
