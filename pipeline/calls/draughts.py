"""Draughts as typed by crews: which changes are cargo, and a ship's draughts on arrival and departure.

A step is a change to a value that lasts. An alternation between two values (x, y, x, y within a day) says nothing of
cargo, nor does a value taken back within the hour, nor one that the hull cannot have. A step's time is when it was
typed: the cargo moved hours before, and some crews type it after the ship has left.

A draught typed at the berth may be that of arrival, typed late, or that of departure, typed early. How late crews type
is not published, so it is given to the nearer end of the stay: in the first half most of the cargo is still to move.
There are two exceptions. An arrival is typed only once: a crew that types several draughts in a row, all deeper or all
lighter, types as the cargo moves. And a ship that comes to load arrives light: if the last draught that she sends was
typed early and is a quarter deeper than the one before, it is that of departure (for discharging, a quarter lighter).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.ships.retyping import TYPED_STEP_M

ALTERNATES_H = 24.0  # x, y, x, y within a day: no ship loads, discharges and loads again so fast (our choice)
TAKEN_BACK_H = 1.0  # a value so short-lived was a slip (our choice)
MIN_STEP_M = TYPED_STEP_M  # below lie trim, fuel and water too
# Share of the deeper draught that ballast does not reach. Light ships draw about half of their laden draught, and 2 m
# and 2 % of their length at least (MARPOL Annex I, regulation 18), and differ by ballast by a tenth or so (our choice).
MIN_CARGO_SHARE = 0.25
AFTER_SAILING = pd.Timedelta(days=2)  # a later change is the next port's (our choice)


def flapping(mmsi: np.ndarray, hours: np.ndarray, draught_m: np.ndarray) -> np.ndarray:
    """For each report, in order of ship and time: is its draught void because it alternates or was taken back?

    Reports without a draught (NaN) are never void. Of an alternation all but the first value are: which of the two is
    right cannot be told.

    >>> ship, hours = np.ones(5), np.array([0.0, 1, 2, 3, 40])
    >>> flapping(ship, hours, np.array([6.0, 7, 6, 7, 9])).tolist()
    [False, True, True, True, False]
    """
    out = np.zeros(len(mmsi), bool)
    given = np.flatnonzero(~np.isnan(draught_m))
    if not len(given):
        return out
    new = np.ones(len(given), bool)
    new[1:] = (draught_m[given][1:] != draught_m[given][:-1]) | (mmsi[given][1:] != mmsi[given][:-1])
    first = given[new]  # of each spell of one value
    ship, when, value = mmsi[first], hours[first], draught_m[first]
    void = np.zeros(len(first), bool)
    for n in range(2, len(first)):
        if ship[n] != ship[n - 2] or value[n] != value[n - 2]:
            continue
        if when[n] - when[n - 1] < TAKEN_BACK_H:
            void[n - 1] = True
        back_again = n >= 3 and ship[n - 3] == ship[n] and value[n - 3] == value[n - 1]
        if back_again and when[n] - when[n - 3] < ALTERNATES_H:
            void[n - 2 : n + 1] = True
    out[given] = void[np.cumsum(new) - 1]
    return out


def draught_steps(static: pd.DataFrame, min_step_m: float = MIN_STEP_M) -> pd.DataFrame:
    """The genuine changes of draught: mmsi, time_utc (when it was typed), before_m, after_m, before_since.

    ``static`` is the STATIC table; its flags name the reports that do not count. A step out of an alternation starts
    from its last value.
    """
    bad = static["flags"].map(lambda f: "implausible_draught" in f).to_numpy(bool)
    reports = static[static["draught_m"].notna().to_numpy() & ~bad].sort_values(["mmsi", "time_utc"], kind="stable")
    value, ship = reports["draught_m"].to_numpy(float), reports["mmsi"].to_numpy(np.int64)
    void = reports["flags"].map(lambda f: "flapping_draught" in f).to_numpy(bool)
    changed = np.zeros(len(reports), bool)
    changed[1:] = (ship[1:] == ship[:-1]) & (np.abs(value[1:] - value[:-1]) >= min_step_m - 1e-9)
    keep = np.flatnonzero(changed & ~void)
    return pd.DataFrame(
        {
            "mmsi": ship[keep],
            "time_utc": reports["time_utc"].to_numpy()[keep],
            "before_m": value[keep - 1],
            "after_m": value[keep],
            "before_since": reports["time_utc"].to_numpy()[keep - 1],
        }
    )


def draughts_of_stay(
    reports: pd.DataFrame,
    arrival_hi: pd.Timestamp,
    departure_lo: pd.Timestamp,
    until: pd.Timestamp,
    *,
    heard_after: bool,
    loads: bool = True,
) -> tuple[float | None, float | None]:
    """Draughts [m] on arrival and departure of one ship's stay, from her reports (rows of STATIC); None where unknown.

    On arrival: the draught sent last by the middle of the stay or, where she typed as the cargo moved
    (`_arrival_draught_m`), the one before she began to; if none had been sent by then, the first sent at the berth. On
    departure: of the genuine steps typed after the middle and up to ``until`` (`AFTER_SAILING`, or her next berth), the
    one typed nearest to sailing; without one, a large step typed before the middle in the direction of the trade
    (``loads``: ships mostly load here; see `_cargo_step_typed_early`). Without either, if she was heard after sailing
    (``heard_after``), the draught still sent, unless the last one typed is impossible for her hull.
    """
    valid = reports[reports["draught_m"].notna()].sort_values("time_utc", kind="stable")
    last_is_impossible = any(
        "implausible_draught" in flags for flags in valid.loc[valid["time_utc"] <= until, "flags"].tail(1)
    )
    void = valid["flags"].map(lambda f: "implausible_draught" in f or "flapping_draught" in f)
    valid = valid[~void.astype(bool)]
    middle = arrival_hi + (departure_lo - arrival_hi) / 2
    sent_m = valid.loc[valid["time_utc"] <= departure_lo, "draught_m"].to_list()
    early = valid[valid["time_utc"] <= middle]
    draught_in_m = _arrival_draught_m(early, arrival_hi) if len(early) else sent_m[0] if sent_m else None
    steps = draught_steps(valid)
    early_step = _cargo_step_typed_early(steps[steps["time_utc"] <= until], arrival_hi, middle, loads=loads)
    if early_step is not None:
        return draught_in_m if draught_in_m != early_step[1] else early_step[0], early_step[1]
    steps = steps[(steps["time_utc"] > middle) & (steps["time_utc"] <= until)]
    if len(steps):
        nearest = (steps["time_utc"] - departure_lo).abs().argmin()
        return draught_in_m, float(steps["after_m"].iloc[nearest])
    after_sailing_m = valid.loc[
        (valid["time_utc"] > departure_lo) & (valid["time_utc"] <= until), "draught_m"
    ].to_list()
    still_sent_m = sent_m[-1] if sent_m and heard_after and not last_is_impossible else None
    return draught_in_m, after_sailing_m[0] if after_sailing_m else still_sent_m


def _cargo_step_typed_early(
    steps: pd.DataFrame, arrival_hi: pd.Timestamp, middle: pd.Timestamp, *, loads: bool
) -> tuple[float, float] | None:
    """The draughts before and after her last step, if typed at the berth by the middle of the stay and due to cargo.

    It is due to cargo if it is larger than ballast allows and goes the way of the trade; None otherwise.
    """
    if not len(steps) or not arrival_hi < steps["time_utc"].iloc[-1] <= middle:
        return None
    before_m, after_m = float(steps["before_m"].iloc[-1]), float(steps["after_m"].iloc[-1])
    deeper_m = after_m - before_m if loads else before_m - after_m
    return (before_m, after_m) if deeper_m >= MIN_CARGO_SHARE * max(before_m, after_m) else None


def _arrival_draught_m(early: pd.DataFrame, arrival_hi: pd.Timestamp) -> float:
    """Her last draught by the middle of the stay; if a run of changes in one direction ends there, the one before it.

    A run is cargo if it lasts longer than a slip (an hour) and holds, beside its largest change, another step's worth:
    fuel burnt after the late typing of an arrival draught is less.
    """
    draught_m, when = early["draught_m"].to_numpy(float), early["time_utc"]
    change_m = np.diff(draught_m)
    run: list[int] = []
    for n in np.flatnonzero((change_m != 0) & (when.iloc[1:] > arrival_hi).to_numpy())[::-1].tolist():
        if run and change_m[n] * change_m[run[0]] < 0:
            break
        run.insert(0, n)
    if not run:
        return float(draught_m[-1])
    lasted_h = (when.iloc[run[-1] + 1] - when.iloc[run[0] + 1]).total_seconds() / 3600
    moved_m = np.abs(change_m[run])
    typed_as_it_moved = lasted_h > TAKEN_BACK_H and moved_m.sum() - moved_m.max() >= MIN_STEP_M - 1e-9
    return float(draught_m[run[0]] if typed_as_it_moved else draught_m[-1])
