"""What transponders say of their ships: one row per change, with the changes that cannot be true flagged."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.calls.draughts import flapping
from pipeline.ships.hull_depth import lightest_draught_m
from pipeline.ships.imo import imo_is_valid
from pipeline.tables import STATIC

FIELDS = ("imo", "name", "callsign", "ship_type", "length_m", "beam_m", "draught_m", "dest", "ship_words")
TEXTS = ("name", "callsign", "dest", "ship_words")
SAME_LENGTH_M = 5.0  # crews set antennas anew, and round (our choice)
WHOLE = pd.Timedelta(hours=1)  # types 24 A and B, each a half of a report, come within it (sent every six minutes)
DRAUGHT_LIMIT = (0.1, 2.5)  # no ship draws more than a tenth of her length and 2.5 m (our bound over public registers)


def static_reports(messages: pd.DataFrame) -> pd.DataFrame:
    """The STATIC table: one row whenever a transponder says something new about its ship."""
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
        }
    )
    texts = (said[list(TEXTS)] != "").any(axis=1)
    numbers = said[["imo", "ship_type", "length_m", "beam_m", "draught_m"]].notna().any(axis=1)
    said = said[(numbers | texts) & said["time_utc"].notna()]
    said = said.sort_values(["mmsi", "time_utc"], kind="stable", ignore_index=True)
    if said.empty:
        return STATIC.empty()
    said = _filled(said)
    key = said[list(FIELDS)].astype("str").fillna("")  # unknown equals unknown
    same = (key == key.shift()).all(axis=1) & (said["mmsi"] == said["mmsi"].shift())
    said = said[~same].reset_index(drop=True)
    said["report_id"] = said["mmsi"].astype(str) + ":" + said.groupby("mmsi").cumcount().astype(str)
    flags = _flags(said)
    wrong = [f for f in flags if "imo_check_digit" in f]
    if wrong:
        said.loc[["imo_check_digit" in f for f in flags], "imo"] = pd.NA
    return STATIC.check(said.assign(flags=flags))


def said_by(reports: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """What one ship had said by a moment; where she had said nothing, her first words after it.

    One number may be two ships' in turn: what it says later is another's, for all that is known. ``reports`` are rows
    of STATIC of one ship, in order of time.
    """
    if (until := reports["time_utc"] <= moment).any() or reports.empty:
        return reports[until]
    return reports[reports["time_utc"] <= reports["time_utc"].min() + WHOLE]


def lengths_at(static: pd.DataFrame, moment: pd.Timestamp) -> pd.Series:
    """Length of each ship [m] as last said by a moment, else as first said after it; the index is the MMSI."""
    said = static[static["length_m"].notna()]
    until = said["time_utc"] <= moment
    last = said[until].groupby("mmsi")["length_m"].last()
    return last.combine_first(said[~until].groupby("mmsi")["length_m"].first())


def _sum(first: pd.Series, second: pd.Series) -> pd.Series:
    """Length from its two parts; null unless there is something in it."""
    total = first.fillna(0) + second.fillna(0)
    return total.where(total > 0)


def _filled(said: pd.DataFrame) -> pd.DataFrame:
    """What one message leaves out stays as last said: types 24 A and B each hold a half.

    Nothing passes from one ship to the next that sends under her number: another IMO number or call sign starts anew,
    or a ship that types no draught would sail on the draught of the one before.
    """
    out = said.copy()
    for field in TEXTS:
        out[field] = out[field].where(out[field] != "")
    other = _differs(out["imo"].where(out["imo"] != 0), out["mmsi"]) | _differs(out["callsign"], out["mmsi"])
    by_ship = out.groupby(["mmsi", other.groupby(out["mmsi"]).cumsum()])
    for field in FIELDS:
        out[field] = by_ship[field].ffill()
    return out


def _differs(values: pd.Series, mmsi: pd.Series) -> pd.Series:
    """Is a value given that is not the last one given under the same number?"""
    before = values.groupby(mmsi).ffill().groupby(mmsi).shift()
    return (values.notna() & before.notna() & (values != before)).fillna(False).astype(bool)


def _changed(mmsi: np.ndarray, values: np.ndarray, tolerance: float) -> np.ndarray:
    """Does a transponder say something else of its hull than before? A hull does not change; whose it is may."""
    out = np.zeros(len(mmsi), bool)
    given = np.flatnonzero(~np.isnan(values))
    ship, value = mmsi[given], values[given]
    out[given[1:]] = (ship[1:] == ship[:-1]) & (np.abs(np.diff(value)) > tolerance)
    return out


def _flags(said: pd.DataFrame) -> list[list[str]]:
    draught, length = said["draught_m"].to_numpy(float), said["length_m"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        deep = draught > DRAUGHT_LIMIT[0] * length + DRAUGHT_LIMIT[1]
        shallow = draught < [lightest_draught_m(m) if m > 0 else 0.0 for m in length]
    wrong = deep | shallow
    hours = said["time_utc"].astype("datetime64[us, UTC]").astype("int64").to_numpy() / 3.6e9
    mmsi = said["mmsi"].to_numpy(np.int64)
    flap = flapping(mmsi, hours, np.where(wrong, np.nan, draught))
    bad_imo = [bool(pd.notna(i) and i != 0 and not imo_is_valid(int(i))) for i in said["imo"]]
    named = (
        ("imo_check_digit", bad_imo),
        ("implausible_draught", wrong),
        ("flapping_draught", flap),
        ("length_changed", _changed(mmsi, length, SAME_LENGTH_M)),
        ("imo_changed", _changed(mmsi, said["imo"].to_numpy("float64", na_value=np.nan), 0.0)),
    )
    return [[name for name, on in named if on[n]] for n in range(len(said))]
