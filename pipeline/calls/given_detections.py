"""Read a foreign table of detections for matching: columns renamed to ours, cells as times and numbers."""

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
ELSEWHERE = {  # word in a foreign column name: our name
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
ONE_LOOK = pd.Timedelta(minutes=1)  # between detections of one unnamed image (our choice)
ONE_SCENE = pd.Timedelta(hours=1)  # between those of one named image: no image takes so long
NUMBERS = ("lon", "lat", "length_m", "length_lo_m", "length_hi_m")


def with_plain_names(detections: pd.DataFrame) -> pd.DataFrame:
    """The table with our names for columns that differ only in case, blanks or brackets, or that are spelled out.

    >>> list(with_plain_names(pd.DataFrame(columns=["Det ID", "Time_UTC", "Longitude", "Lat", "lat"])))
    ['det_id', 'time_utc', 'lon', 'Lat', 'lat']
    """
    ours = {name: SPELLED_OUT.get(plain(str(name)), plain(str(name))) for name in detections.columns}
    named = list(ours.values())
    clear = {name: own for name, own in ours.items() if own in READ and name != own and named.count(own) == 1}
    return detections.rename(columns=clear)


def own_names(detections: pd.DataFrame) -> pd.DataFrame:
    """Columns detection_id, acquired, lon, lat, scene_id, length with its bounds, and sensor; empty cells stay empty.

    Raises ConfigError where a column is missing, a cell is not a time, number or position, or an id occurs twice.
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
    plain["scene_id"] = _scenes(column("scene_id", "scene"), plain["acquired"])
    plain["length_m"] = _numbers(length) if length is not None else np.nan
    plain["length_lo_m"] = _numbers(low) if low is not None else plain["length_m"] * 0.75 - 15
    plain["length_hi_m"] = _numbers(high) if high is not None else plain["length_m"] * 1.25 + 15
    plain = plain.assign(**{name: _numbers(plain[name]) for name in ("lon", "lat")})
    if len(odd := plain["lat"][plain["lat"].abs() > 90]):
        raise ConfigError(f"column lat: {odd.iloc[0]:g} lies beyond the poles; lon and lat may be swapped")
    if len(odd := plain["lon"][plain["lon"].abs() > 360]):
        raise ConfigError(f"column lon: {odd.iloc[0]:g} is more than a full turn; a decimal point may be lost")
    if len(again := plain["detection_id"][plain["detection_id"].duplicated()]):
        name = "an empty cell" if pd.isna(again.iloc[0]) else repr(again.iloc[0])
        column_name = "detection_id" if "det_id" not in detections else "det_id"
        raise ConfigError(f"column {column_name}: {name} appears twice; each row needs its own")
    sensor = column("sensor")
    plain["sensor"] = sensor if sensor is not None else ""
    return plain


def _lacking(names: Sequence[str], found: Sequence[str]) -> str:
    """Error text: which columns are missing, which there are, and which of these may be meant."""
    wanted = ", ".join(f"{name} (or {OTHER_NAMES[name]})" if name in OTHER_NAMES else name for name in names)
    meant = {name: ours for name in found if (ours := _resembled(name)) in names}
    hint = "; " + ", ".join(f"{name} may be {ours}" for name, ours in meant.items()) if meant else ""
    return f"the table of detections has no column {wanted}; it has {first_of(found, MOST_NAMES)}{hint}"


def _resembled(name: str) -> str:
    """Which required column a foreign one may be; "" where it resembles none.

    >>> [_resembled(name) for name in ("Longitude", "Breitengrad", "Zeit (UTC)", "ID", "score")]
    ['lon', 'lat', 'acquired', 'detection_id', '']
    """
    words = plain(name)
    found = position_column(words) or next((ELSEWHERE[word] for word in words.split("_") if word in ELSEWHERE), "")
    return {"time": "acquired"}.get(found, found)


def _moments(cells: pd.Series) -> pd.Series:
    """Times in UTC; ConfigError where a cell is not a time."""
    read = pd.to_datetime(cells, utc=True, format="ISO8601", errors="coerce")
    wrong = cells[read.isna() & cells.notna()].astype(str).tolist()
    if wrong:
        form = told_forms(wrong)
        hint = f"; add {form}" if form else ""
        raise ConfigError(f"column {cells.name}: {_some(wrong)} not written as YYYY-MM-DDTHH:MM:SSZ{hint}")
    return read


def _scenes(named: pd.Series | None, acquired: pd.Series) -> pd.Series:
    """The scene of each detection: by name, else all detections within a minute of each other.

    Where one name covers several images (a satellite, a port), each image is a scene of its own: a transponder matched
    in one may be matched again in the next.
    """
    name = pd.Series("", index=acquired.index) if named is None else named.fillna("").astype(str).str.strip()
    within = pd.Series(pd.Timedelta(0), index=acquired.index).mask(name == "", ONE_LOOK).mask(name != "", ONE_SCENE)
    order = pd.DataFrame({"name": name, "acquired": acquired}).sort_values(["name", "acquired"], kind="stable").index
    name, acquired = name[order], acquired[order]
    first = (name != name.shift()) | (acquired.diff() > within[order])
    looks = first.groupby(name).cumsum()
    began = acquired.groupby([name, looks]).transform("min").dt.floor("s").astype(str)
    several = looks.groupby(name).transform("max") > 1
    return name.where((name != "") & ~several, (name + " " + began).str.strip()).sort_index()


def _numbers(cells: pd.Series) -> pd.Series:
    """Numbers; ConfigError where a cell is not a number."""
    read = pd.to_numeric(cells, errors="coerce").astype(float)
    wrong = cells[read.isna() & cells.notna()].astype(str).tolist()
    if wrong:
        raise ConfigError(f"column {cells.name}: {_some(wrong)} not numeric")
    return read


def _some(wrong: list[str]) -> str:
    """The first of some cells, and how many more.

    >>> _some(["a"]), _some(["a", "b"])
    ("'a' is", "'a' and 1 more are")
    """
    return f"{wrong[0]!r} is" if len(wrong) == 1 else f"{wrong[0]!r} and {len(wrong) - 1} more are"
