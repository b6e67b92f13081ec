"""Read a foreign table of detections for matching: columns renamed to ours, cells as times and numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.errors import ConfigError
from pipeline.plurals import first_of
from pipeline.tables.delimited import plain_column_name
from pipeline.tables.foreign_words import position_column
from pipeline.tables.time_formats import time_format_option

TIMES = ("acquired", "time_utc")  # either names the column of times
OTHER_NAMES = {"detection_id": "det_id", "acquired": "time_utc"}
FOREIGN_WORDS = {  # word in a foreign column name: our name
    "longitude": "lon", "long": "lon", "lng": "lon", "lon": "lon", "latitude": "lat", "lat": "lat",
    "timestamp": "acquired", "datetime": "acquired", "time": "acquired", "date": "acquired",
    "id": "detection_id", "fid": "detection_id", "detection": "detection_id",
}  # fmt: skip
MAX_NAMES = 12  # of columns in one line (our choice)
SPELLED_OUT = {"longitude": "lon", "latitude": "lat"}
COLUMNS_READ = {
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
    plain_names = {
        name: SPELLED_OUT.get(plain_column_name(str(name)), plain_column_name(str(name))) for name in detections.columns
    }
    wanted = list(plain_names.values())
    renamed = {
        name: plain_name
        for name, plain_name in plain_names.items()
        if plain_name in COLUMNS_READ and name != plain_name and wanted.count(plain_name) == 1
    }
    return detections.rename(columns=renamed)


def normalise_detections(detections: pd.DataFrame) -> pd.DataFrame:
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
    if missing := [name for name, values in needed.items() if values is None]:
        raise ConfigError(_missing_columns_text(missing, list(map(str, detections.columns))))
    length = column("length_m", "manual_sar_length_m")
    low, high = column("length_lo_m"), column("length_hi_m")
    table = pd.DataFrame(needed)
    table["acquired"] = _parse_times(needed["acquired"])
    table["scene_id"] = _scene_names(column("scene_id", "scene"), table["acquired"])
    table["length_m"] = _parse_numbers(length) if length is not None else np.nan
    table["length_lo_m"] = _parse_numbers(low) if low is not None else table["length_m"] * 0.75 - 15
    table["length_hi_m"] = _parse_numbers(high) if high is not None else table["length_m"] * 1.25 + 15
    table = table.assign(**{name: _parse_numbers(table[name]) for name in ("lon", "lat")})
    if len(out_of_range := table["lat"][table["lat"].abs() > 90]):
        raise ConfigError(f"column lat: {out_of_range.iloc[0]:g} lies beyond the poles; lon and lat may be swapped")
    if len(out_of_range := table["lon"][table["lon"].abs() > 360]):
        raise ConfigError(f"column lon: {out_of_range.iloc[0]:g} is more than a full turn; a decimal point may be lost")
    if len(repeated := table["detection_id"][table["detection_id"].duplicated()]):
        name = "an empty cell" if pd.isna(repeated.iloc[0]) else repr(repeated.iloc[0])
        column_name = "detection_id" if "det_id" not in detections else "det_id"
        raise ConfigError(f"column {column_name}: {name} appears twice; each row needs its own")
    sensor = column("sensor")
    table["sensor"] = sensor if sensor is not None else ""
    return table


def _missing_columns_text(missing: Sequence[str], found: Sequence[str]) -> str:
    """Error text: which columns are missing, which there are, and which of these may be meant."""
    wanted = ", ".join(f"{name} (or {OTHER_NAMES[name]})" if name in OTHER_NAMES else name for name in missing)
    resembling = {name: column for name in found if (column := _resembled_column(name)) in missing}
    hint = "; " + ", ".join(f"{name} may be {column}" for name, column in resembling.items()) if resembling else ""
    return f"the table of detections has no column {wanted}; it has {first_of(found, MAX_NAMES)}{hint}"


def _resembled_column(name: str) -> str:
    """Which required column a foreign one may be; "" where it resembles none.

    >>> [_resembled_column(name) for name in ("Longitude", "Breitengrad", "Zeit (UTC)", "ID", "score")]
    ['lon', 'lat', 'acquired', 'detection_id', '']
    """
    words = plain_column_name(name)
    found = position_column(words) or next(
        (FOREIGN_WORDS[word] for word in words.split("_") if word in FOREIGN_WORDS), ""
    )
    return {"time": "acquired"}.get(found, found)


def _parse_times(cells: pd.Series) -> pd.Series:
    """Times in UTC; ConfigError where a cell is not a time."""
    read = pd.to_datetime(cells, utc=True, format="ISO8601", errors="coerce")
    wrong = cells[read.isna() & cells.notna()].astype(str).tolist()
    if wrong:
        form = time_format_option(wrong)
        hint = f"; add {form}" if form else ""
        raise ConfigError(f"column {cells.name}: {_first_and_count(wrong)} not written as YYYY-MM-DDTHH:MM:SSZ{hint}")
    return read


def _scene_names(given_names: pd.Series | None, acquired: pd.Series) -> pd.Series:
    """The scene of each detection: by name, else all detections within a minute of each other.

    Where one name covers several images (a satellite, a port), each image is a scene of its own: a transponder matched
    in one may be matched again in the next.
    """
    name = (
        pd.Series("", index=acquired.index) if given_names is None else given_names.fillna("").astype(str).str.strip()
    )
    max_gap = pd.Series(pd.Timedelta(0), index=acquired.index).mask(name == "", ONE_LOOK).mask(name != "", ONE_SCENE)
    order = pd.DataFrame({"name": name, "acquired": acquired}).sort_values(["name", "acquired"], kind="stable").index
    name, acquired = name[order], acquired[order]
    first = (name != name.shift()) | (acquired.diff() > max_gap[order])
    image_number = first.groupby(name).cumsum()
    started = acquired.groupby([name, image_number]).transform("min").dt.floor("s").astype(str)
    several = image_number.groupby(name).transform("max") > 1
    return name.where((name != "") & ~several, (name + " " + started).str.strip()).sort_index()


def _parse_numbers(cells: pd.Series) -> pd.Series:
    """Numbers; ConfigError where a cell is not a number."""
    read = pd.to_numeric(cells, errors="coerce").astype(float)
    wrong = cells[read.isna() & cells.notna()].astype(str).tolist()
    if wrong:
        raise ConfigError(f"column {cells.name}: {_first_and_count(wrong)} not numeric")
    return read


def _first_and_count(wrong: list[str]) -> str:
    """The first of some cells, and how many more.

    >>> _first_and_count(["a"]), _first_and_count(["a", "b"])
    ("'a' is", "'a' and 1 more are")
    """
    return f"{wrong[0]!r} is" if len(wrong) == 1 else f"{wrong[0]!r} and {len(wrong) - 1} more are"
