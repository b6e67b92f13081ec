"""All images of a run: each input becomes one row of the scenes table, used or not, with the cause.

Nothing is counted twice: equal bytes, reprocessed products and re-sliced data takes give way to one scene. One bad
file never stops the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from pipeline.errors import ConfigError, EnvironmentFault, InputError, PipelineError, is_utf8, printable
from pipeline.ingest.duplicates import Duplicate, find_clashes, find_duplicates
from pipeline.ingest.hashing import sha256_of
from pipeline.ingest.junk import is_junk
from pipeline.ingest.lifeless import lifeless
from pipeline.ingest.metadata.acquisition import implausible
from pipeline.ingest.metadata.beside import listed, side_files
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.metadata.sensors import MASK, is_mask_file
from pipeline.ingest.radiometry import parse_scaling
from pipeline.ingest.rasters import FOREIGN_NAME
from pipeline.ingest.safe.files import MANIFEST, is_safe
from pipeline.ingest.scenes import open_scene, seen_near, without_water
from pipeline.tables import SCENES
from pipeline.times_places.longitudes import middle_of, moved
from pipeline.types import Place, Scene, Sensor, Window

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

IMAGE_SUFFIXES = (".tif", ".tiff", ".png", ".jp2", ".j2k", ".jpg", ".jpeg", ".zip")
NOTHING_OF_AOI = "shows nothing of the AOI"
OUTSIDE_PERIOD = "outside the period"
UNDER_WAY = (".part", ".partial", ".crdownload", ".tmp", ".download", ".filepart", ".aria2")
Each = Callable[[Callable[["Found"], "Opened"], Sequence["Found"]], Iterable["Opened"]]
_HALF = 0.5  # our choice: a scene that measured less of what its frame holds of the AOI is called degraded
_POINTS = 40  # per side: coverage to 0.1 % of the AOI
_READ_LIMIT_PX = 30_000_000  # an AOI with more pixels is judged by the image's outline alone


@dataclass(frozen=True, slots=True)
class Found:
    """One input: where it lies, and why it will not even be opened.

    What a catalogue says of an input that could not be had dates the look that is unknown because of it.
    """

    path: Path
    refused: str = ""
    name: str = ""  # the row's scene_id; the file's name where it is empty
    acquired: datetime | None = None
    sensor: Sensor | None = None
    platform: str = ""
    footprint: BaseGeometry | None = None
    doubt: str = ""  # what was odd about it when it was fetched, and again when it was fetched anew


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What became of one input so far."""

    found: Found
    scene: Scene | None
    cause: str = ""  # why it is skipped
    coverage: float | None = None
    doubt: str = ""  # why it is degraded


def open_inputs(
    paths: Sequence[Path | Found],
    options: OpenOptions | None = None,
    place: Place | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    each: Each | None = None,
) -> tuple[list[Scene], pd.DataFrame]:
    """Scenes to use, in order of time, and the scenes table with one row per input.

    Folders are walked; a SAFE folder or zip is one input. ``start`` (included) and ``end`` (not included) bound the
    acquisition time. With a place, a scene must show part of its box. ``each(work, tasks)`` is ``map`` by default;
    another one may work on several inputs at once. Raises only for options that make no sense.
    """
    options = options or OpenOptions()
    parse_scaling(options.scaling)
    if options.land is not None and not options.land.is_file():
        raise ConfigError(f"{options.land}: there is no such land mask")
    work = partial(_open, options=options, place=place, start=start, end=end)
    opened = list((each or map)(work, find_inputs(paths)))
    opened = _unique_ids(opened)
    clashes = find_clashes([o.scene for o in opened if o.scene is not None and not o.cause])
    opened = [replace(o, cause=clashes.get(o.scene.scene_id, o.cause)) if o.scene else o for o in opened]
    duplicates = find_duplicates([(o.scene, o.coverage) for o in opened if o.scene is not None and not o.cause])
    rows = _numbered([_row(o, duplicates) for o in opened])
    table = SCENES.from_rows(rows).sort_values(["acquired", "scene_id"], na_position="last", kind="stable")
    used = [o.scene for o in opened if o.scene is not None and not o.cause and o.scene.scene_id not in duplicates]
    used.sort(key=lambda s: (s.acquired or datetime.max.replace(tzinfo=UTC), s.scene_id))
    return used, SCENES.check(table)


def find_inputs(paths: Sequence[Path | Found]) -> list[Found]:
    """Every image below the given paths, sorted, each once; what is found already stays as it is.

    Of a file and a link to it the file stays: its own name and the files beside it tell of it.
    """
    found: dict[str, Found] = {}
    for path in paths:
        for one in [path] if isinstance(path, Found) else _walk(Path(path)):
            key = os.path.realpath(one.path)
            if key not in found or _links_in(one.path) < _links_in(found[key].path):
                found[key] = one
    return [_tellable(f) for f in sorted(found.values(), key=lambda f: (f.name or f.path.name, str(f.path)))]


def _tellable(found: Found) -> Found:
    """An input as a table can name it. Tables are UTF-8: what has another name is refused, and escaped in its row."""
    if is_utf8(found.path):
        return found
    return replace(found, refused=found.refused or FOREIGN_NAME, name=found.name or printable(found.path.name))


def _links_in(path: Path) -> int:
    """How many links lead to a file: it and the folders that it lies in."""
    return sum(os.path.islink(part) for part in (path, *path.parents))


def _walk(path: Path, above: tuple[Path, ...] = ()) -> Iterator[Found]:
    """The inputs below a path; ``above`` are the folders, without links, that it is being walked from."""
    if not path.is_dir() or is_safe(path):
        yield Found(path.parent if path.name == MANIFEST else path)
        return
    above = (*above, path.resolve())
    try:
        entries = sorted(path.iterdir(), key=lambda p: p.name)
    except OSError as error:
        yield Found(path, f"cannot be read ({error.strerror})")
        return
    if not os.access(path, os.X_OK):
        yield Found(path, "cannot be read (its files may not be reached)")
        return
    for entry in (e for e in entries if not is_junk(e)):
        if entry.is_symlink() and (refused := _bad_link(entry, above)) is not None:
            yield from refused
        elif entry.suffix.lower() in UNDER_WAY and Path(entry.stem).suffix.lower() in (*IMAGE_SUFFIXES, ".safe"):
            yield Found(entry, "is a download under way (ignored)")
        elif entry.is_dir():
            yield from _walk(entry, above)
        elif entry.suffix.lower() in IMAGE_SUFFIXES and not is_mask_file(entry.name):  # a mask belongs to its image
            yield Found(entry)


def _bad_link(link: Path, above: tuple[Path, ...]) -> list[Found] | None:
    """Of a link that is not followed: its row, if it has one; None of one that is. ``above``: see `_walk`."""
    image = link.suffix.lower() in IMAGE_SUFFIXES
    if not os.path.exists(link):  # its end is missing, or it leads to itself
        return [Found(link, "is a link that leads nowhere")] if image else []
    if link.resolve() in above:  # what is there is met under its own name
        return []
    if link.resolve().is_relative_to(above[-1]):
        return None
    return [Found(link, "is a link that leads out of the folder (refused)")] if image or link.is_dir() else []


def _open(
    found: Found, options: OpenOptions, place: Place | None, start: datetime | None, end: datetime | None
) -> Opened:
    """One input opened and judged; every failure becomes a cause."""
    if found.refused:
        outline = found.footprint if place is None else moved(found.footprint, middle_of(place.bbox))
        return Opened(replace(found, footprint=outline), None, found.refused)
    middle = None if place is None else middle_of(place.bbox)
    try:
        scene = seen_near(open_scene(found.path, options, None if place is None else place.land), middle)
        cause = _outside_period(scene, start, end) or implausible(scene.acquired, datetime.now(UTC))
        coverage, doubt = None, ""
        if place is not None and not cause:
            shares = aoi_coverage(scene, place)
            if shares is None:
                cause = "has no georeference, so it cannot be laid over the AOI"
            elif shares[1] == 0:
                cause = NOTHING_OF_AOI
            else:
                coverage, cause = shares[0], lifeless(scene, place)
                if shares[0] < _HALF * shares[1]:
                    doubt = f"{100 * (1 - shares[0] / shares[1]):.0f} % of its part of the AOI holds no data"
        return Opened(found, scene, cause, coverage, doubt)
    except EnvironmentFault:
        raise
    except InputError as error:
        return Opened(found, None, error.cause if error.item == printable(found.path.name) else str(error))
    except PipelineError as error:
        return Opened(found, None, str(error).removeprefix(f"{printable(found.path.name)}: "))


def given_up(found: Found, why: str) -> Opened:
    """What becomes of an input that killed the workers which opened it."""
    return Opened(found, None, why)


def aoi_coverage(scene: Scene, place: Place) -> tuple[float, float] | None:
    """Shares of the AOI's box that the scene really measured and that its frame holds; None without georeference.

    Where the AOI has at most 30 million pixels its pixels are read, so that missing data count as not seen.
    """
    if scene.geolocation is None:
        return None
    west, south, east, north = place.bbox
    share = (np.arange(_POINTS) + 0.5) / _POINTS
    lon, lat = np.meshgrid(west + share * (east - west), south + share * (north - south))
    row, col = scene.geolocation.rowcol(lon.ravel(), lat.ravel())
    with np.errstate(invalid="ignore"):
        inside = (row >= -0.5) & (row < scene.shape[0] - 0.5) & (col >= -0.5) & (col < scene.shape[1] - 0.5)
    if not inside.any():  # between the points of the grid, or elsewhere
        box = shapely.box(*place.bbox)
        tiny = scene.footprint.intersection(box).area / box.area if scene.footprint is not None else 0.0
        return tiny, tiny
    r, c = np.rint(row[inside]).astype(int), np.rint(col[inside]).astype(int)
    window = Window(int(r.min()), int(c.min()), int(np.ptp(r)) + 1, int(np.ptp(c)) + 1)
    if window.rows * window.cols > _READ_LIMIT_PX:
        return float(inside.mean()), float(inside.mean())
    read = without_water(scene).read
    seen = 0
    for top in range(window.row0, window.row1, 512):
        part = Window(top, window.col0, min(512, window.row1 - top), window.cols)
        here = (r >= part.row0) & (r < part.row1)
        if here.any():
            seen += int(read(part).valid[r[here] - part.row0, c[here] - part.col0].sum())
    return seen / inside.size, float(inside.mean())


def _outside_period(scene: Scene, start: datetime | None, end: datetime | None) -> str:
    if start is None and end is None:
        return ""
    if scene.acquired is None:
        return "acquisition time unknown, so it cannot be placed in the period"
    early = start is not None and scene.acquired < start
    late = end is not None and scene.acquired >= end
    when = f"{scene.acquired:%Y-%m-%d}" if scene.only_dated else f"{scene.acquired:%Y-%m-%d %H:%M}Z"
    return f"acquired {when}, {OUTSIDE_PERIOD}" if early or late else ""


def beside_the_question(cause: str) -> bool:
    """Is an input left out only because it is about another place or time, or a mask? Nothing is wrong with it then."""
    return cause in (NOTHING_OF_AOI, MASK) or cause.endswith(OUTSIDE_PERIOD)


def _unique_ids(opened: list[Opened]) -> list[Opened]:
    """Scenes of equal names get a part of their hash as well."""
    counts: dict[str, int] = {}
    for one in opened:
        if one.scene is not None:
            counts[one.scene.scene_id] = counts.get(one.scene.scene_id, 0) + 1
    out = []
    seen: dict[str, int] = {}
    for one in opened:
        if one.scene is not None and counts[one.scene.scene_id] > 1:
            name = f"{one.scene.scene_id}-{one.scene.source.sha256[:8]}"
            seen[name] = seen.get(name, 0) + 1
            name = name if seen[name] == 1 else f"{name}-{seen[name]}"
            one = replace(one, scene=replace(one.scene, scene_id=name))
        out.append(one)
    return out


def _row(one: Opened, duplicates: dict[str, Duplicate]) -> dict[str, Any]:
    if one.scene is None:
        path = one.found.path
        return {
            "scene_id": one.found.name or path.name,
            "sensor": str(one.found.sensor or ""),
            "platform": one.found.platform,
            "acquired": one.found.acquired,
            "footprint": one.found.footprint,
            "status": "skipped",
            "cause": one.cause,
            "href": str(path) if is_utf8(path) else printable(path),
            "sha256": _hash_or_nothing(path),
            "side_files": listed(side_files(path)) if is_utf8(path) else [],
            "verified": False,
            "simulated": False,
        }
    scene = one.scene
    duplicate = duplicates.get(scene.scene_id)
    doubts = [*_fetched_odd(one.found.doubt, scene), *scene.degraded, *([one.doubt] if one.doubt else [])]
    cause = one.cause or (duplicate.cause if duplicate else "; ".join(doubts))
    status = "skipped" if one.cause else "duplicate_of" if duplicate else "degraded" if doubts else "used"
    return {
        "scene_id": scene.scene_id,
        "sensor": str(scene.sensor),
        "platform": scene.platform,
        "acquired": scene.acquired,
        "relative_orbit": scene.radar.relative_orbit if scene.radar else None,
        "pass_direction": (scene.radar.pass_direction or "") if scene.radar else "",
        "pixel_spacing_m": float(np.sqrt(scene.pixel_spacing_m[0] * scene.pixel_spacing_m[1])),
        "bands": list(scene.bands),
        "footprint": scene.footprint,
        "aoi_coverage": one.coverage,
        "cloud_fraction": scene.optical.cloud_fraction if scene.optical else None,
        "status": status,
        "cause": cause,
        "duplicate_of": duplicate.of if duplicate and not one.cause else "",
        "href": scene.source.href,
        "sha256": scene.source.sha256,
        "side_files": listed(scene.source.beside),
        "verified": scene.source.verified,
        "simulated": scene.simulated,
    }


def _fetched_odd(doubt: str, scene: Scene) -> list[str]:
    """What was odd about a fetched image, where its own reader does not say it."""
    return [f"{doubt} (alike when fetched anew)"] if doubt and not any(doubt in d for d in scene.degraded) else []


def _numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of equal names (files that would not open, in several folders) get a number."""
    seen: dict[str, int] = {}
    out = []
    for row in rows:
        name = row["scene_id"]
        seen[name] = seen.get(name, 0) + 1
        out.append(row if seen[name] == 1 else row | {"scene_id": f"{name} ({seen[name]})"})
    return out


def _hash_or_nothing(path: Path) -> str:
    try:
        return sha256_of(path) if path.is_file() and not path.is_symlink() else ""
    except InputError:
        return ""
