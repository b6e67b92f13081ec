"""A table of detections that somebody brings to be matched: columns by our names, cells as times and numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.errors import ConfigError
from pipeline.plurals import first_of
from pipeline.tables.delimited import plain
from pipeline.tables.foreign_words import position_column
from pipeline.tables.time_forms import told_forms

TIMES = ("acquired", "time_utc")  # either names the column of times
OTHER_NAMES = {"detection_id": "det_id", "acquired": "time_utc"}
ELSEWHERE = {  # a word in a name elsewhere: ours
    "longitude": "lon", "long": "lon", "lng": "lon", "lon": "lon", "latitude": "lat", "lat": "lat",
    "timestamp": "acquired", "datetime": "acquired", "time": "acquired", "date": "acquired",
    "id": "detection_id", "fid": "detection_id", "detection": "detection_id",
}  # fmt: skip
MOST_NAMES = 12  # of columns in one line (our choice)
SPELLED_OUT = {"longitude": "lon", "latitude": "lat"}
READ = {
    "det_id", "detection_id", *TIMES, "lon", "lat", "scene_id", "scene", "sensor", "flags",
    "length_m", "length_lo_m", "length_hi_m", "manual_sar_length_m",
}  # fmt: skip
NUMBERS = ("lon", "lat", "length_m", "length_lo_m", "length_hi_m")


def with_plain_names(detections: pd.DataFrame) -> pd.DataFrame:
    """The table with our names for columns that differ from them in case, blanks or brackets alone, or are spelled out.

    >>> list(with_plain_names(pd.DataFrame(columns=["Det ID", "Time_UTC", "Longitude", "Lat", "lat"])))
    ['det_id', 'time_utc', 'lon', 'Lat', 'lat']
    """
    ours = {name: SPELLED_OUT.get(plain(str(name)), plain(str(name))) for name in detections.columns}
    named = list(ours.values())
    clear = {name: own for name, own in ours.items() if own in READ and name != own and named.count(own) == 1}
    return detections.rename(columns=clear)


def own_names(detections: pd.DataFrame) -> pd.DataFrame:
    """detection_id, acquired, lon, lat, scene_id, length with its bounds, and sensor; empty where a cell is.

    Raises ConfigError where a column is missing, or a cell is no time or no number.
    """

    detections = with_plain_names(detections)

    def column(*names: str) -> pd.Series | None:
        return next((detections[n] for n in names if n in detections), None)

    needed = {
        "detection_id": column("det_id", "detection_id"),
        "acquired": column(*TIMES),
        "lon": column("lon"),
        "lat": column("lat"),
    }
    if lacking := [name for name, values in needed.items() if values is None]:
        raise ConfigError(_lacking(lacking, list(map(str, detections.columns))))
    length = column("length_m", "manual_sar_length_m")
    low, high = column("length_lo_m"), column("length_hi_m")
    plain = pd.DataFrame(needed)
    plain["acquired"] = _moments(needed["acquired"])
    scene = column("scene_id", "scene")
    plain["scene_id"] = scene if scene is not None else plain["acquired"].dt.floor("min").astype(str)
    plain["length_m"] = _numbers(length) if length is not None else np.nan
    plain["length_lo_m"] = _numbers(low) if low is not None else plain["length_m"] * 0.75 - 15
    plain["length_hi_m"] = _numbers(high) if high is not None else plain["length_m"] * 1.25 + 15
    plain = plain.assign(**{name: _numbers(plain[name]) for name in ("lon", "lat")})
    if len(odd := plain["lat"][plain["lat"].abs() > 90]):
        raise ConfigError(f"column lat: {odd.iloc[0]:g} lies beyond the poles; lon and lat may be swapped")
    sensor = column("sensor")
    plain["sensor"] = sensor if sensor is not None else ""
    return plain


def _lacking(names: Sequence[str], found: Sequence[str]) -> str:
    """That columns are not there, which are, and which of these may be meant."""
    wanted = ", ".join(f"{name} (or {OTHER_NAMES[name]})" if name in OTHER_NAMES else name for name in names)
    meant = {name: ours for name in found if (ours := _resembled(name)) in names}
    hint = "; " + ", ".join(f"{name} may be {ours}" for name, ours in meant.items()) if meant else ""
    return f"the table of detections has no column {wanted}; it has {first_of(found, MOST_NAMES)}{hint}"


def _resembled(name: str) -> str:
    """Which needed column a foreign one may be; "" where it resembles none.

    >>> [_resembled(name) for name in ("Longitude", "Breitengrad", "Zeit (UTC)", "ID", "score")]
    ['lon', 'lat', 'acquired', 'detection_id', '']
    """
    words = plain(name)
    found = position_column(words) or next((ELSEWHERE[word] for word in words.split("_") if word in ELSEWHERE), "")
    return {"time": "acquired"}.get(found, found)


def _moments(cells: pd.Series) -> pd.Series:
    """Times in UTC; ConfigError where a cell is none."""
    read = pd.to_datetime(cells, utc=True, format="ISO8601", errors="coerce")
    wrong = cells[read.isna() & cells.notna()].astype(str).tolist()
    if wrong:
        form = told_forms(wrong)
        hint = f"; name theirs with {form}" if form else ""
        raise ConfigError(f"column {cells.name}: {_some(wrong)} no time of the form YYYY-MM-DDTHH:MM:SSZ{hint}")
    return read


def _numbers(cells: pd.Series) -> pd.Series:
    """Numbers; ConfigError where a cell is none."""
    read = pd.to_numeric(cells, errors="coerce").astype(float)
    wrong = cells[read.isna() & cells.notna()].astype(str).tolist()
    if wrong:
        raise ConfigError(f"column {cells.name}: {_some(wrong)} no number")
    return read


def _some(wrong: list[str]) -> str:
    """The first of some cells, and how many more.

    >>> _some(["a"]), _some(["a", "b"])
    ("'a' is", "'a' and 1 more are")
    """
    return f"{wrong[0]!r} is" if len(wrong) == 1 else f"{wrong[0]!r} and {len(wrong) - 1} more are"
