"""Turn position reports into tracks: sort, flag repeats and jumps, tell ships on one MMSI apart. Nothing is deleted.

Each fix goes to the open track of its MMSI that it continues at the speed that it sends, else to the nearest that it
can have come from at a ship's speed, else it opens a new one. Fixes that a track skips are examined again by
themselves: they are spikes, or fixes of a second ship near by. Spikes are soon within reach of each other, but no ship
moves like that: beside the main track of an MMSI, runs of fixes that are short, or rare among the others of their time,
are spikes too. Finally, where messages under a number name several ships, each gets tracks of her own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from pipeline.calls.end_spikes import end_spikes
from pipeline.calls.geodesy import distance_m
from pipeline.calls.shared_numbers import identify_ships
from pipeline.calls.track_ships import ships_of_tracks, split_by_ship
from pipeline.plurals import number_of
from pipeline.ships.mmsi import is_equipment
from pipeline.tables import TRACKS
from pipeline.units import KNOT_M_S, METRES_PER_DEGREE

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

POSITION_TYPES = (0, 1, 2, 3, 18, 19, 27)  # 0: not stated; ships only, no aircraft, no beacons
MAX_SPEED_KN = 50.0  # faster than any merchant ship, with room for position noise
SLACK_M = 500.0  # noise and clock error between two fixes
FORGET_S = 86_400.0  # after a day's silence she may be anywhere
MIN_FIXES = 5  # fewer in a row beside the main track of the same MMSI are spikes: three that fit by chance come once in
# some hundred port-months of 5 % spikes, five hardly ever (simulated)
MIN_SHARE = 0.2  # ... and so are rarer ones: a second ship reports as often as the first, or nearly (our choice)
SAME_SPOT_M = 200.0  # a fix this close to two tracks: both are one ship, and the longer gets it (our choice)
MAX_SPEED_RATIO = 1.5  # a ship covers at most this multiple of what the speed sent says (our choice)
NO_SPEED = (13.0, 600.0)  # m/s and s, where no speed is sent: 25 kn, for ten minutes at most (our choice)
DUPLICATE_S = 1.0  # same position, and closer in time than this: one message, heard twice (our choice)
LEAP_M = 1e8  # longer than any way on Earth: added to the cost of a way that the speeds sent do not explain

FLAGS = ("spike", "duplicate", "bad_mmsi", "on_land")
INLAND_M = 300.0  # no ship floats this far inside any drawn coast (our choice)


def clean_tracks(messages: pd.DataFrame, land: BaseGeometry | None = None) -> pd.DataFrame:
    """The TRACKS table from decoded messages; fixes with flags are not used for calls.

    Nothing is configurable: the limits are physical. ``land`` (`Place.dry`) flags fixes that lie on it: an invented
    position, however slowly it moves, or a river missing from the map (`ashore_line`).
    """
    is_used = messages["msg_type"].isin(POSITION_TYPES) & messages[["lon", "lat", "time_utc"]].notna().all(axis=1)
    fixes = _sort_fixes(
        messages.loc[is_used, ["mmsi", "time_utc", "lon", "lat", "sog", "cog", "heading", "message_id"]]
    )
    if fixes.empty:
        return TRACKS.empty()
    mmsi = fixes["mmsi"].to_numpy(np.int64)
    seconds = fixes["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
    lon, lat = fixes["lon"].to_numpy(float), fixes["lat"].to_numpy(float)
    speed_m_s = fixes["sog"].to_numpy(float) * KNOT_M_S
    part, repeat, astray, follows = _split_tracks(mmsi, seconds, lon, lat, speed_m_s)
    # What a track skipped may be another ship's, near enough that either could have come from the other
    skipped = np.flatnonzero(astray)
    if len(skipped):
        others = part.max() + 1
        found = _split_tracks(mmsi[skipped], seconds[skipped], lon[skipped], lat[skipped], speed_m_s[skipped])
        part[skipped], repeat[skipped], astray[skipped], follows[skipped] = found
        part[skipped] += others
    names, name, spike = _name_tracks(mmsi, part, astray, follows, repeat)
    flag_masks = (spike, repeat, is_bad_mmsi(mmsi), _is_on_land(lon, lat, land))
    codes = np.sum([mask.astype(np.int64) << bit for bit, mask in enumerate(flag_masks)], axis=0)
    flag_lists = [[name for bit, name in enumerate(FLAGS) if code >> bit & 1] for code in range(1 << len(FLAGS))]
    order = np.argsort(name, kind="stable")  # names are numbered in sorted order; the order of time within each stays
    track = pa.array(names, pa.large_string()).take(pa.array(name[order]))
    number = pc.cast(pa.array(order), pa.large_string())
    table = pd.DataFrame(
        {
            "fix_id": pd.array(
                pc.binary_join_element_wise(track, number, pa.scalar(":", pa.large_string())), dtype="str"
            ),
            "track_id": pd.array(track, dtype="str"),
            "mmsi": mmsi[order],
            "time_utc": fixes["time_utc"].array[order],
            "lon": lon[order],
            "lat": lat[order],
            "sog_kn": fixes["sog"].to_numpy(float)[order],
            "cog_deg": fixes["cog"].to_numpy(float)[order],
            "heading_deg": fixes["heading"].to_numpy(float)[order],
            "flags": pd.Series([flag_lists[code] for code in codes[order].tolist()], dtype="object"),
            "message_id": fixes["message_id"].array[order],
        }
    )
    return TRACKS.check(split_by_ship(table.assign(ship=ships_of_tracks(table, messages, identify_ships(messages)))))


def _sort_fixes(fixes: pd.DataFrame) -> pd.DataFrame:
    """Sorted by ship and time; fixes at the same time, which have no order of their own, by name."""
    mmsi, micros = fixes["mmsi"].to_numpy(np.int64), fixes["time_utc"].to_numpy("datetime64[us]").astype(np.int64)
    order = np.lexsort((micros, mmsi))
    is_repeated = (np.diff(mmsi[order]) == 0) & (np.diff(micros[order]) == 0)
    tied = np.flatnonzero(np.r_[False, is_repeated] | np.r_[is_repeated, False])
    if len(tied):
        rows = order[tied]
        message_ids = fixes["message_id"].iloc[rows].to_numpy(object)
        order[tied] = rows[np.lexsort((pd.factorize(message_ids, sort=True)[0], micros[rows], mmsi[rows]))]
    return fixes.iloc[order].reset_index(drop=True)


def is_bad_mmsi(mmsi: np.ndarray) -> np.ndarray:
    """Numbers that are not a ship's: equipment, not nine digits, or one digit nine times (an unset transponder)."""
    is_invalid = (mmsi < 100_000_000) | (mmsi > 999_999_999) | (mmsi % 111_111_111 == 0)
    return is_invalid | is_equipment(mmsi)


def _is_on_land(lon: np.ndarray, lat: np.ndarray, land: BaseGeometry | None) -> np.ndarray:
    out = np.zeros(len(lon), bool)
    if land is None or land.is_empty:
        return out
    inland = land.buffer(-INLAND_M / METRES_PER_DEGREE)  # less than that in longitude, which errs to the safe side
    west, south, east, north = inland.bounds if not inland.is_empty else (0.0, 0.0, -1.0, -1.0)
    near = np.flatnonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
    if len(near):
        shapely.prepare(inland)
        out[near] = shapely.contains_xy(inland, lon[near], lat[near])
    return out


def ashore_line(tracks: pd.DataFrame) -> str:
    """How many positions were left out because the map has land there; "" for none. The map may be wrong."""
    ashore = tracks.loc[tracks["flags"].map(lambda flags: "on_land" in flags), "mmsi"]
    if not len(ashore):
        return ""
    positions, ships = number_of(len(ashore), "position"), number_of(ashore.nunique(), "transponder")
    return (
        f"{positions} of {ships} lie {INLAND_M:.0f} m or more inland by the map's coast, in no zone: treated as false, "
        "so in no call; if there is a river or dock, correct the coast"
    )


def good_fixes(tracks: pd.DataFrame) -> pd.DataFrame:
    """The fixes without flags."""
    return tracks[tracks["flags"].map(len) == 0]


def _split_tracks(
    mmsi: np.ndarray, seconds: np.ndarray, lon: np.ndarray, lat: np.ndarray, speed_m_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """As ``_assign_tracks``, with single unreachable fixes at the ends of tracks counted as astray, too."""
    part, repeat, astray, follows = _assign_tracks(mmsi, seconds, lon, lat, speed_m_s)
    rows = np.flatnonzero(~(repeat | astray))
    key = mmsi[rows] * (int(part.max()) + 1) + part[rows]
    order = np.argsort(key, kind="stable")  # nearly sorted already: by ship and time
    rows, key = rows[order], key[order]
    step_m = np.zeros(len(rows))
    jumps = np.flatnonzero(~follows[rows[1:]]) + 1  # few of many
    step_m[jumps] = distance_m(lon[rows[jumps - 1]], lat[rows[jumps - 1]], lon[rows[jumps]], lat[rows[jumps]])
    is_spike = end_spikes(
        key,
        seconds[rows],
        step_m,
        speed_m_s[rows],
        follows[rows],
        slack_m=SLACK_M,
        silence_s=FORGET_S,
        min_fixes=MIN_FIXES,
    )
    astray[rows[is_spike]] = True
    return part, repeat, astray, follows


@numba.njit(cache=True)
def _distance_m(lon, lat, i, j):  # type: ignore[no-untyped-def]
    """Distance of two fixes [m]; a sphere will do for limits."""
    around = (lon[i] - lon[j] + 180.0) % 360.0 - 180.0
    east = around * np.cos(np.radians(0.5 * (lat[i] + lat[j])))
    return METRES_PER_DEGREE * np.sqrt(east * east + (lat[i] - lat[j]) ** 2)


@numba.njit(cache=True)
def _mismatch_m(lon, lat, seconds, speed_m_s, i, j):  # type: ignore[no-untyped-def]
    """Difference [m] between the way from fix j to fix i and what the speeds sent imply; infinite if impossible."""
    interval_s = seconds[i] - seconds[j]
    distance_m = _distance_m(lon, lat, i, j)
    if np.isnan(speed_m_s[i]) or np.isnan(speed_m_s[j]):
        return distance_m + interval_s if distance_m <= SLACK_M + NO_SPEED[0] * min(interval_s, NO_SPEED[1]) else np.inf
    if distance_m > SLACK_M + MAX_SPEED_RATIO * max(speed_m_s[i], speed_m_s[j]) * interval_s:
        return np.inf
    return abs(distance_m - 0.5 * (speed_m_s[i] + speed_m_s[j]) * interval_s)


@numba.njit(cache=True)
def _reach_cost_m(lon, lat, seconds, i, j):  # type: ignore[no-untyped-def]
    """Cost of the way from fix j to i if a ship can make it: above all that fit; of long silences, above that."""
    interval_s = seconds[i] - seconds[j]
    if interval_s > FORGET_S:
        return LEAP_M * 10 + interval_s
    distance_m = _distance_m(lon, lat, i, j)
    return LEAP_M + distance_m if distance_m < SLACK_M + MAX_SPEED_KN * KNOT_M_S * interval_s else np.inf


@numba.njit(cache=True)
def _continuation_cost(lon, lat, seconds, speed_m_s, i, last, sound, length):  # type: ignore[no-untyped-def]
    """How badly fix i continues a track [m], and whether it does so by skipping the track's last fix.

    Tracks that it fits to within a berth's width are one ship's: the longest has the lowest cost.
    """
    mismatch_m, skips_last = _mismatch_m(lon, lat, seconds, speed_m_s, i, last), False
    if mismatch_m == np.inf and sound >= 0 and seconds[i] - seconds[sound] <= FORGET_S:  # else she had time to go there
        mismatch_m = _mismatch_m(lon, lat, seconds, speed_m_s, i, sound)
        skips_last = mismatch_m < np.inf
    if mismatch_m == np.inf:
        return _reach_cost_m(lon, lat, seconds, i, last), False
    return (-float(length) if mismatch_m < SAME_SPOT_M else mismatch_m), skips_last


@numba.njit(cache=True)
def _assign_tracks(mmsi, seconds, lon, lat, speed_m_s):  # type: ignore[no-untyped-def]
    """For each fix: its track within its MMSI; does it repeat the fix before; was it skipped as a spike; does it
    continue from the fix before it in its track."""
    n = len(mmsi)
    part = np.zeros(n, np.int64)
    repeat, astray, follows = np.zeros(n, np.bool_), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    # for each open track: its last fix, the one before it from which a later fix may continue, its number
    last, sound, number = np.zeros(16, np.int64), np.zeros(16, np.int64), np.zeros(16, np.int64)
    length = np.zeros(16, np.int64)
    n_open = n_made = 0
    for i in range(n):
        if i == 0 or mmsi[i] != mmsi[i - 1]:
            n_open = n_made = 0
        best, least_m, skips = -1, np.inf, False
        for k in range(n_open):
            from_sound = sound[k] if not follows[last[k]] else -1
            cost_m, skips_last = _continuation_cost(lon, lat, seconds, speed_m_s, i, last[k], from_sound, length[k])
            if cost_m < least_m:
                best, least_m, skips = k, cost_m, skips_last
        if best < 0:
            best = n_open if n_open < 16 else int(np.argmin(last))  # the track silent for longest makes room
            n_open = min(n_open + 1, 16)
            sound[best], number[best], length[best] = -1, n_made, 0
            n_made += 1
        else:
            j = last[best]
            if seconds[i] - seconds[j] <= DUPLICATE_S and _distance_m(lon, lat, i, j) < SLACK_M:
                # a repeated fix is no new evidence: it makes no spike sounder
                part[i], repeat[i], follows[i] = number[best], True, follows[j]
                continue
            follows[i] = least_m < LEAP_M
            if skips:
                for skipped in range(sound[best] + 1, i):
                    astray[skipped] |= part[skipped] == number[best]
            elif follows[j] or sound[best] < 0:
                sound[best] = j
        part[i] = number[best]
        last[best] = i
        length[best] += follows[i]
    return part, repeat, astray, follows


def _name_tracks(
    mmsi: np.ndarray, part: np.ndarray, astray: np.ndarray, follows: np.ndarray, repeat: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Track names in order (the MMSI, with a number for each further one), each fix's name, and which are spikes.

    The main track of an MMSI is the one with most fixes that fit their speeds.
    """
    ships, ship = np.unique(mmsi, return_inverse=True)
    keys, key = np.unique(ship * (int(part.max()) + 1) + part, return_inverse=True)
    ship_of, part_of = np.divmod(keys, int(part.max()) + 1)
    sound = _is_sound_run(ship, key, len(keys), follows, repeat)
    ranked = np.lexsort((part_of, -np.bincount(key), -np.bincount(key, sound), ship_of))
    first = np.searchsorted(ship_of[ranked], np.arange(len(ships)))
    rank = np.empty(len(keys), np.int64)
    rank[ranked] = np.arange(len(keys)) - first[ship_of[ranked]]
    spike = astray | ((rank[key] > 0) & ~sound)
    # a spike stays with the ship whose transponder sent it
    of_key = [f"{ships[s]}-{r + 1}" if r else f"{ships[s]}" for s, r in zip(ship_of, rank, strict=True)]
    used = np.where(spike, ranked[first][ship], key)
    names = sorted({of_key[k] for k in np.unique(used)})
    number = {name: n for n, name in enumerate(names)}
    return names, np.array([number.get(name, -1) for name in of_key])[used], spike


@numba.njit(cache=True)
def _is_sound_run(ship, key, n_keys, follows, repeat):  # type: ignore[no-untyped-def]
    """Is each fix part of a run, each fix continuing from the one before, that is longer than any run of spikes?

    Such runs have at least ``MIN_FIXES`` new fixes and make up ``MIN_SHARE`` of what the ship sent meanwhile.
    """
    n = len(key)
    run, running, runs = np.empty(n, np.int64), np.full(n_keys, -1, np.int64), 0
    n_new, first, last = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    place = 0
    for i in range(n):
        # repeats do not count: how many receivers heard a ship is no evidence
        place = (place if i > 0 and ship[i] == ship[i - 1] else 0) + (not repeat[i])
        if running[key[i]] < 0 or not (follows[i] or repeat[i]):
            running[key[i]] = runs
            first[runs] = place
            runs += 1
        r = running[key[i]]
        run[i], last[r] = r, place
        n_new[r] += not repeat[i]
    out = np.empty(n, np.bool_)
    for i in range(n):
        r = run[i]
        out[i] = n_new[r] >= MIN_FIXES and n_new[r] >= MIN_SHARE * (last[r] - first[r] + 1)
    return out
