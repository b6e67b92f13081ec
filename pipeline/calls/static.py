"""Static reports of transponders: one row per change, with impossible changes flagged."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pandas as pd

from pipeline.calls.draughts import flapping
from pipeline.calls.shared_numbers import identify_ships
from pipeline.ships.hull_depth import lightest_draught_m
from pipeline.ships.imo import imo_is_valid
from pipeline.tables import STATIC

FIELDS = ("imo", "name", "callsign", "ship_type", "length_m", "beam_m", "draught_m", "dest", "ship_words")
TEXT_FIELDS = ("name", "callsign", "dest", "ship_words")
SAME_LENGTH_M = 5.0  # crews re-enter antenna positions, and round (our choice)
# Types 24 A and B, each half of a report, come within it (sent every six minutes)
WHOLE_REPORT_WITHIN = pd.Timedelta(hours=1)
DRAUGHT_LIMIT = (0.1, 2.5)  # no ship draws more than a tenth of her length and 2.5 m (our bound over public registers)


def static_reports(messages: pd.DataFrame) -> pd.DataFrame:
    """The STATIC table: one row whenever a transponder sends something new about its ship."""
    if messages.empty:
        return STATIC.empty()
    reports = pd.DataFrame(
        {
            "mmsi": messages["mmsi"],
            "time_utc": messages["time_utc"],
            "imo": messages["imo"],
            "name": messages["name"].str.strip(),
            "callsign": messages["callsign"].str.strip(),
            "ship_type": messages["ship_type"],
            "length_m": _positive_sum(messages["a"], messages["b"]),
            "beam_m": _positive_sum(messages["c"], messages["d"]),
            "draught_m": messages["draught"],
            "dest": messages["dest"].str.strip(),
            "ship_words": messages["ship_words"],
            "message_id": messages["message_id"],
            "ship": identify_ships(messages),
        }
    )
    texts = (reports[list(TEXT_FIELDS)] != "").any(axis=1)
    numbers = reports[["imo", "ship_type", "length_m", "beam_m", "draught_m"]].notna().any(axis=1)
    reports = reports[(numbers | texts) & reports["time_utc"].notna()]
    reports = reports.sort_values(["mmsi", "ship", "time_utc"], kind="stable", ignore_index=True)
    if reports.empty:
        return STATIC.empty()
    reports["sender"] = reports.groupby(["mmsi", "ship"], dropna=False, sort=False).ngroup()
    reports = _fill_from_last(reports)
    key = reports[list(FIELDS)].astype("str").fillna("")  # unknown equals unknown
    repeats_last = (key == key.shift()).all(axis=1) & (reports["sender"] == reports["sender"].shift())
    reports = reports[~repeats_last].reset_index(drop=True)
    reports["flags"] = _report_flags(reports)
    reports.loc[["imo_check_digit" in f for f in reports["flags"]], "imo"] = pd.NA
    reports = reports.sort_values(["mmsi", "time_utc", "ship"], kind="stable", ignore_index=True)
    reports["report_id"] = reports["mmsi"].astype(str) + ":" + reports.groupby("mmsi").cumcount().astype(str)
    return STATIC.check(reports.drop(columns="sender"))


def reports_until(reports: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """Reports of one ship up to a moment; if there were none, her first ones after it.

    Two ships may use one number in turn, so later reports may be another's. ``reports`` are rows of STATIC of one ship,
    in order of time.
    """
    if (is_sent := reports["time_utc"] <= moment).any() or reports.empty:
        return reports[is_sent]
    return reports[reports["time_utc"] <= reports["time_utc"].min() + WHOLE_REPORT_WITHIN]


def reports_of_ship(static: pd.DataFrame, mmsi: int, ship: int | None) -> pd.DataFrame:
    """Reports of one ship under a number; rows of STATIC.

    ``ship`` is which of those that send it at once, where there are several. If None, only what all of them agree on is
    kept: fields in which their reports differ are blank.
    """
    reports = static[static["mmsi"] == mmsi]
    if not (is_told_apart := reports["ship"].notna()).any():
        return reports
    if ship is not None:
        return reports[(reports["ship"] == ship).fillna(False).astype(bool)]
    ships = [reports_of_one for _, reports_of_one in reports[is_told_apart].groupby("ship", sort=True)]
    out = ships[0].copy()
    for field in FIELDS:
        histories = {tuple(value for value, _ in groupby(reports_of_one[field].dropna())) for reports_of_one in ships}
        if len(histories) > 1:
            out[field] = "" if field in TEXT_FIELDS else pd.NA
    return STATIC.check(out)


def lengths_at(static: pd.DataFrame, moment: pd.Timestamp) -> dict[tuple[int, int], float]:
    """Length of each ship [m] as last sent by a moment, else as first sent after it.

    Keys are the MMSI and which of the ships that send it at once (0 where there is one).
    """
    reports = static[static["length_m"].notna()]
    reports = reports.assign(ship=reports["ship"].fillna(0))
    is_sent = reports["time_utc"] <= moment
    last = reports[is_sent].groupby(["mmsi", "ship"])["length_m"].last()
    found = last.combine_first(reports[~is_sent].groupby(["mmsi", "ship"])["length_m"].first())
    return {(int(mmsi), int(ship)): float(length_m) for (mmsi, ship), length_m in found.items()}


def _positive_sum(first: pd.Series, second: pd.Series) -> pd.Series:
    """Length from its two parts; null unless positive."""
    total = first.fillna(0) + second.fillna(0)
    return total.where(total > 0)


def _fill_from_last(reports: pd.DataFrame) -> pd.DataFrame:
    """Fill what a message leaves out with the value last sent: types 24 A and B each hold half a report.

    Nothing is carried over from one ship to the next under the same number: another IMO number or call sign starts
    anew, else a ship that types no draught would get that of the one before. Nor between ships that send it at once.
    """
    out = reports.copy()
    for field in TEXT_FIELDS:
        out[field] = out[field].where(out[field] != "")
    sender = out["sender"]
    is_other_ship = _differs(out["imo"].where(out["imo"] != 0), sender) | _differs(out["callsign"], sender)
    by_ship = out.groupby([sender, is_other_ship.groupby(sender).cumsum()])
    for field in FIELDS:
        out[field] = by_ship[field].ffill()
    return out


def _differs(values: pd.Series, sender: pd.Series) -> pd.Series:
    """Is a value given that differs from the last one of the same sender?"""
    before = values.groupby(sender).ffill().groupby(sender).shift()
    return (values.notna() & before.notna() & (values != before)).fillna(False).astype(bool)


def _changed(sender: np.ndarray, values: np.ndarray, tolerance: float) -> np.ndarray:
    """Does a value differ from the sender's last? A hull does not change, but a transponder may change hulls."""
    out = np.zeros(len(sender), bool)
    given = np.flatnonzero(~np.isnan(values))
    senders, value = sender[given], values[given]
    out[given[1:]] = (senders[1:] == senders[:-1]) & (np.abs(np.diff(value)) > tolerance)
    return out


def _report_flags(reports: pd.DataFrame) -> list[list[str]]:
    draught, length = reports["draught_m"].to_numpy(float), reports["length_m"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        deep = draught > DRAUGHT_LIMIT[0] * length + DRAUGHT_LIMIT[1]
        shallow = draught < [lightest_draught_m(m) if m > 0 else 0.0 for m in length]
    implausible = deep | shallow
    hours = reports["time_utc"].astype("datetime64[us, UTC]").astype("int64").to_numpy() / 3.6e9
    sender = reports["sender"].to_numpy(np.int64)
    flaps = flapping(sender, hours, np.where(implausible, np.nan, draught))
    bad_imo = [bool(pd.notna(i) and i != 0 and not imo_is_valid(int(i))) for i in reports["imo"]]
    flag_masks = (
        ("imo_check_digit", bad_imo),
        ("implausible_draught", implausible),
        ("flapping_draught", flaps),
        ("length_changed", _changed(sender, length, SAME_LENGTH_M)),
        ("imo_changed", _changed(sender, reports["imo"].to_numpy("float64", na_value=np.nan), 0.0)),
        ("shared_mmsi", reports["ship"].notna() & ~reports.duplicated("sender")),
    )
    return [[name for name, mask in flag_masks if mask[n]] for n in range(len(reports))]
