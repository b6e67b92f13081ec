"""Static reports of transponders: one row per change, with impossible changes flagged."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pandas as pd

from pipeline.calls.draughts import flapping
from pipeline.calls.shared_numbers import ships_named
from pipeline.ships.hull_depth import lightest_draught_m
from pipeline.ships.imo import imo_is_valid
from pipeline.tables import STATIC

FIELDS = ("imo", "name", "callsign", "ship_type", "length_m", "beam_m", "draught_m", "dest", "ship_words")
TEXTS = ("name", "callsign", "dest", "ship_words")
SAME_LENGTH_M = 5.0  # crews re-enter antenna positions, and round (our choice)
WHOLE = pd.Timedelta(hours=1)  # types 24 A and B, each half of a report, come within it (sent every six minutes)
DRAUGHT_LIMIT = (0.1, 2.5)  # no ship draws more than a tenth of her length and 2.5 m (our bound over public registers)


def static_reports(messages: pd.DataFrame) -> pd.DataFrame:
    """The STATIC table: one row whenever a transponder sends something new about its ship."""
    if messages.empty:
        return STATIC.empty()
    said = pd.DataFrame(
        {
            "mmsi": messages["mmsi"],
            "time_utc": messages["time_utc"],
            "imo": messages["imo"],
            "name": messages["name"].str.strip(),
            "callsign": messages["callsign"].str.strip(),
            "ship_type": messages["ship_type"],
            "length_m": _sum(messages["a"], messages["b"]),
            "beam_m": _sum(messages["c"], messages["d"]),
            "draught_m": messages["draught"],
            "dest": messages["dest"].str.strip(),
            "ship_words": messages["ship_words"],
            "message_id": messages["message_id"],
            "ship": ships_named(messages),
        }
    )
    texts = (said[list(TEXTS)] != "").any(axis=1)
    numbers = said[["imo", "ship_type", "length_m", "beam_m", "draught_m"]].notna().any(axis=1)
    said = said[(numbers | texts) & said["time_utc"].notna()]
    said = said.sort_values(["mmsi", "ship", "time_utc"], kind="stable", ignore_index=True)
    if said.empty:
        return STATIC.empty()
    said["sender"] = said.groupby(["mmsi", "ship"], dropna=False, sort=False).ngroup()
    said = _filled(said)
    key = said[list(FIELDS)].astype("str").fillna("")  # unknown equals unknown
    same = (key == key.shift()).all(axis=1) & (said["sender"] == said["sender"].shift())
    said = said[~same].reset_index(drop=True)
    said["flags"] = _flags(said)
    said.loc[["imo_check_digit" in f for f in said["flags"]], "imo"] = pd.NA
    said = said.sort_values(["mmsi", "time_utc", "ship"], kind="stable", ignore_index=True)
    said["report_id"] = said["mmsi"].astype(str) + ":" + said.groupby("mmsi").cumcount().astype(str)
    return STATIC.check(said.drop(columns="sender"))


def said_by(reports: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """Reports of one ship up to a moment; if there were none, her first ones after it.

    Two ships may use one number in turn, so later reports may be another's. ``reports`` are rows of STATIC of one ship,
    in order of time.
    """
    if (until := reports["time_utc"] <= moment).any() or reports.empty:
        return reports[until]
    return reports[reports["time_utc"] <= reports["time_utc"].min() + WHOLE]


def said_under(static: pd.DataFrame, mmsi: int, ship: int | None) -> pd.DataFrame:
    """Reports of one ship under a number; rows of STATIC.

    ``ship`` is which of those that send it at once, where there are several. If None, only what all of them agree on is
    kept: fields in which their reports differ are blank.
    """
    hers = static[static["mmsi"] == mmsi]
    if not (several := hers["ship"].notna()).any():
        return hers
    if ship is not None:
        return hers[(hers["ship"] == ship).fillna(False).astype(bool)]
    ships = [said for _, said in hers[several].groupby("ship", sort=True)]
    out = ships[0].copy()
    for field in FIELDS:
        stories = {tuple(value for value, _ in groupby(said[field].dropna())) for said in ships}
        if len(stories) > 1:
            out[field] = "" if field in TEXTS else pd.NA
    return STATIC.check(out)


def lengths_at(static: pd.DataFrame, moment: pd.Timestamp) -> dict[tuple[int, int], float]:
    """Length of each ship [m] as last sent by a moment, else as first sent after it.

    Keys are the MMSI and which of the ships that send it at once (0 where there is one).
    """
    said = static[static["length_m"].notna()]
    said = said.assign(ship=said["ship"].fillna(0))
    until = said["time_utc"] <= moment
    last = said[until].groupby(["mmsi", "ship"])["length_m"].last()
    found = last.combine_first(said[~until].groupby(["mmsi", "ship"])["length_m"].first())
    return {(int(mmsi), int(ship)): float(length_m) for (mmsi, ship), length_m in found.items()}


def _sum(first: pd.Series, second: pd.Series) -> pd.Series:
    """Length from its two parts; null unless positive."""
    total = first.fillna(0) + second.fillna(0)
    return total.where(total > 0)


def _filled(said: pd.DataFrame) -> pd.DataFrame:
    """Fill what a message leaves out with the value last sent: types 24 A and B each hold half a report.

    Nothing is carried over from one ship to the next under the same number: another IMO number or call sign starts
    anew, else a ship that types no draught would get that of the one before. Nor between ships that send it at once.
    """
    out = said.copy()
    for field in TEXTS:
        out[field] = out[field].where(out[field] != "")
    sender = out["sender"]
    other = _differs(out["imo"].where(out["imo"] != 0), sender) | _differs(out["callsign"], sender)
    by_ship = out.groupby([sender, other.groupby(sender).cumsum()])
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
    by, value = sender[given], values[given]
    out[given[1:]] = (by[1:] == by[:-1]) & (np.abs(np.diff(value)) > tolerance)
    return out


def _flags(said: pd.DataFrame) -> list[list[str]]:
    draught, length = said["draught_m"].to_numpy(float), said["length_m"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        deep = draught > DRAUGHT_LIMIT[0] * length + DRAUGHT_LIMIT[1]
        shallow = draught < [lightest_draught_m(m) if m > 0 else 0.0 for m in length]
    wrong = deep | shallow
    hours = said["time_utc"].astype("datetime64[us, UTC]").astype("int64").to_numpy() / 3.6e9
    sender = said["sender"].to_numpy(np.int64)
    flap = flapping(sender, hours, np.where(wrong, np.nan, draught))
    bad_imo = [bool(pd.notna(i) and i != 0 and not imo_is_valid(int(i))) for i in said["imo"]]
    named = (
        ("imo_check_digit", bad_imo),
        ("implausible_draught", wrong),
        ("flapping_draught", flap),
        ("length_changed", _changed(sender, length, SAME_LENGTH_M)),
        ("imo_changed", _changed(sender, said["imo"].to_numpy("float64", na_value=np.nan), 0.0)),
        ("shared_mmsi", said["ship"].notna() & ~said.duplicated("sender")),
    )
    return [[name for name, on in named if on[n]] for n in range(len(said))]
