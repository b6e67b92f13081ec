"""Finds rows of a table that are valid by themselves but inconsistent with the ship's other rows, a sign of damage.

Nothing is changed or left out here. Ships and tracks are judged elsewhere, with all sources; this only reports once
per file that some of its values may not be what was sent.
"""

from __future__ import annotations

import numba
import numpy as np
import pandas as pd

from pipeline.ingest.ais.fingerprints import row_fingerprints
from pipeline.plurals import number_of
from pipeline.units import EARTH_RADIUS_M, KNOT_M_S

STATIC_FIELDS = ("name", "callsign", "imo", "ship_type", "a", "b", "c", "d", "draught")
"""What a ship says again and again in the same words, for a voyage at least."""

RARE_ROWS = 2
USUAL_PER_RARE_ROW = 8
"""A value in one or two rows is odd where each of them stands against eight with another value; our choice."""

OUT_OF_REACH_KN, OUT_OF_REACH_M = 100.0, 1000.0
"""A leg that no ship makes; our choice: the fastest ferries make 58 kn, and a fix may be off by some hundred metres."""

STEADY_S, STEADY_KN, STEADY_BY_KN, STEADY_BY_DEG = 900.0, 2.0, 0.5, 5.0
OFF_M, OFF_S, OFF_KN, OFF_DEG = 50.0, 10.0, 2.0, 30.0
"""Rows at most so far apart that agree on speed, course and way made good; what one between them may differ by: fixes
are good to 10 m or somewhat more, their times to some seconds (ITU-R M.1371-5). Our choice."""

MAX_BACKWARD_SHARE = 0.01
"""In a file whose ships are in order of time, at most this share of rows runs backwards; our choice."""

_COMPACT_AT = 1 << 18  # distinct rows (about 50 MB) held before equal ones are merged; our choice
_NEAR_DEG = 0.006  # of latitude or longitude, together less than OUT_OF_REACH_M


class InconsistentRows:
    """Collects the frames of one table in turn; ``remarks`` reports what was odd in them."""

    def __init__(self) -> None:
        self._distinct_rows: list[pd.DataFrame] = []
        self._n_distinct = self._rows = 0
        self._count = np.zeros(3, np.int64)  # legs too fast, times that go backwards, breaks of a steady course
        self._first = np.zeros(3, np.int64)

    def add(self, frame: pd.DataFrame) -> None:
        """Rows with ``line`` and the columns of ``tables.AIS_MESSAGES``, codes already made null.

        The optional ``static_fingerprint`` is a fingerprint of the MMSI and the columns in ``STATIC_FIELDS``.
        """
        if frame.empty:
            return
        self._rows += len(frame)
        static = frame[["mmsi", *STATIC_FIELDS]]
        codes, prints = pd.factorize(
            frame["static_fingerprint"] if "static_fingerprint" in frame else row_fingerprints(static)
        )
        first = _first_rows(codes, len(prints))
        counted = static.iloc[first].assign(line=frame["line"].to_numpy()[first], n=np.bincount(codes))
        self._distinct_rows.append(counted.reset_index(drop=True))
        self._n_distinct += len(counted)
        if self._n_distinct > _COMPACT_AT:
            self._distinct_rows = [_merged_equal_rows(self._distinct_rows)]
            self._n_distinct = len(self._distinct_rows[0])
        self._add_motion(frame)

    def _add_motion(self, frame: pd.DataFrame) -> None:
        times, lines = frame["time_utc"], frame["line"].to_numpy()
        micros = times.to_numpy("datetime64[us]").astype(np.int64)
        mmsi, *measured = (frame[c].to_numpy() for c in ("mmsi", "lon", "lat", "sog", "cog"))
        ship, numbers = pd.factorize(mmsi)
        counts, firsts = _count_motion_breaks(ship, len(numbers), micros, times.notna().to_numpy(), *measured)
        self._first = np.where((self._count == 0) & (counts > 0), lines[firsts % len(lines)], self._first)
        self._count += counts

    def remarks(self) -> list[str]:
        """Each kind of oddity once, with the number of rows and the first line; empty if there are none."""
        out = _static_remarks(_merged_equal_rows(self._distinct_rows)) if self._distinct_rows else []
        leaps, returns, breaks = self._count.tolist()
        if leaps:
            out.append(f"{leaps} legs between fixes that no ship makes (first: to line {self._first[0]})")
        if 0 < returns <= max(1.0, MAX_BACKWARD_SHARE * self._rows):
            out.append(f"a ship's time runs backwards {returns} times (first: line {self._first[1]})")
        if breaks:
            out.append(f"a steady way is left for one report, at {breaks} rows (first: near line {self._first[2]})")
        return out


def _merged_equal_rows(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Merge equal rows into one, with the first line and the number of rows."""
    if len(tables) == 1:
        return tables[0]
    table = pd.concat(tables, ignore_index=True)
    codes, prints = pd.factorize(row_fingerprints(table[["mmsi", *STATIC_FIELDS]]))
    n, line = _group_totals(codes, len(prints), table)
    return table.iloc[_first_rows(codes, len(prints))].assign(n=n, line=line).reset_index(drop=True)


def _first_rows(codes: np.ndarray, groups: int) -> np.ndarray:
    first = np.full(groups, len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    return first


def _group_totals(codes: np.ndarray, groups: int, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Number of rows and first line of each group."""
    line = np.full(groups, np.iinfo(np.int64).max)
    np.minimum.at(line, codes, rows["line"].to_numpy())
    return np.bincount(codes, rows["n"].to_numpy(), groups).astype(np.int64), line


def _static_remarks(rows: pd.DataFrame) -> list[str]:
    out = []
    for column in STATIC_FIELDS:
        given = rows[rows[column].notna() & (rows[column] != "")]
        n, line = _count_rare_values(pd.factorize(given["mmsi"])[0], pd.factorize(given[column])[0], given)
        if n:
            differ = "differs from its" if n == 1 else "differ from their"
            out.append(f"column {column}: {number_of(n, 'row')} {differ} ship's others (first: line {line})")
    named = rows[rows["name"] != ""]
    identity = pd.factorize(row_fingerprints(named[list(STATIC_FIELDS[:-1])]))[0]
    n, line = _count_rare_values(identity, pd.factorize(named["mmsi"])[0], named)
    if n:
        out.append(f"{n} rows give a ship another number than the rest, for all else alike (first: line {line})")
    return out


def _count_rare_values(group_of_row: np.ndarray, value: np.ndarray, rows: pd.DataFrame) -> tuple[int, int]:
    """Rows whose value is rare compared with the usual one of their group; returns their number and first line."""
    if not len(rows):
        return 0, 0
    codes, pairs = pd.factorize(group_of_row * (value.max() + 1) + value)
    n, line = _group_totals(codes, len(pairs), rows)
    group = pairs // (value.max() + 1)
    most = np.zeros(group_of_row.max() + 1, np.int64)
    np.maximum.at(most, group, n)
    rare = (n <= RARE_ROWS) & (most[group] >= USUAL_PER_RARE_ROW * n)
    return int(n[rare].sum()), int(line[rare].min(initial=np.iinfo(np.int64).max))


@numba.njit(cache=True)
def _count_motion_breaks(ship, n_ships, micros, timed, lon, lat, sog, cog):  # type: ignore[no-untyped-def]
    """In each ship's rows in file order: legs that are too fast, times that go backwards, breaks of a steady course.

    ``ship`` numbers the ships from 0. How many, and the first of each.
    """
    counts, firsts = np.zeros(3, np.int64), np.full(3, len(ship))
    previous, last = np.full(n_ships, -1), np.full(n_ships, -1)
    for i in range(len(ship)):
        if not timed[i]:
            continue
        k = ship[i]
        j = last[k]
        if j >= 0:
            took_s = (micros[i] - micros[j]) / 1e6
            is_break = previous[k] >= 0 and _is_course_break(previous[k], j, i, micros, lon, lat, sog, cog)
            too_fast = _is_too_fast(lon[j], lat[j], lon[i], lat[i], took_s)
            for kind, (met, at) in enumerate(((too_fast, i), (took_s < 0, i), (is_break, j))):
                if met:
                    counts[kind] += 1
                    firsts[kind] = min(firsts[kind], at)
        previous[k], last[k] = j, i
    return counts, firsts


@numba.njit(cache=True)
def _is_too_fast(lon, lat, to_lon, to_lat, took_s):  # type: ignore[no-untyped-def]
    """Is a leg too fast to be possible? False if a position is NaN, since comparisons with NaN are false."""
    if not (abs(to_lon - lon) > _NEAR_DEG or abs(to_lat - lat) > _NEAR_DEG):
        return False
    distance_m = np.hypot(*_east_north_m(lon, lat, to_lon, to_lat))
    return distance_m > OUT_OF_REACH_M and distance_m > OUT_OF_REACH_KN * KNOT_M_S * abs(took_s)


@numba.njit(cache=True)
def _is_course_break(before, middle, after, micros, lon, lat, sog, cog):  # type: ignore[no-untyped-def]
    """Do a ship's rows before and after agree on a steady course that the one between does not fit?"""
    whole_s, part_s = (micros[after] - micros[before]) / 1e6, (micros[middle] - micros[before]) / 1e6
    speed_kn = (sog[before] + sog[after]) / 2
    steady = (
        0.0 < part_s < whole_s <= STEADY_S
        and speed_kn >= STEADY_KN
        and abs(sog[before] - sog[after]) <= STEADY_BY_KN
        and _turn_deg(cog[before], cog[after]) <= STEADY_BY_DEG
    )
    if not steady:
        return False
    east_m, north_m = _east_north_m(lon[before], lat[before], lon[after], lat[after])
    made_good_kn = np.hypot(east_m, north_m) / whole_s / KNOT_M_S
    if not abs(made_good_kn - speed_kn) <= STEADY_BY_KN:
        return False
    x_m, y_m = _east_north_m(lon[before], lat[before], lon[middle], lat[middle])
    off_m = np.hypot(x_m - part_s / whole_s * east_m, y_m - part_s / whole_s * north_m)
    aside = off_m > OFF_M + OFF_S * speed_kn * KNOT_M_S
    return aside or abs(sog[middle] - speed_kn) >= OFF_KN or _turn_deg(cog[middle], cog[before]) > OFF_DEG


@numba.njit(cache=True)
def _east_north_m(lon, lat, to_lon, to_lat):  # type: ignore[no-untyped-def]
    """East and north [m], on a local tangent plane."""
    turned = (to_lon - lon + 540.0) % 360.0 - 180.0
    east = np.radians(turned) * np.cos(np.radians(lat + to_lat) / 2)
    return EARTH_RADIUS_M * east, EARTH_RADIUS_M * np.radians(to_lat - lat)


@numba.njit(cache=True)
def _turn_deg(course, other):  # type: ignore[no-untyped-def]
    return abs((other - course + 540.0) % 360.0 - 180.0)
