"""Opens all images of a run: each input becomes one row of the scenes table, used or not, with the cause.

Nothing is counted twice: of equal bytes, reprocessed products and re-sliced data takes one scene is kept. One bad
file never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, EnvironmentFault, InputError, PipelineError, printable
from pipeline.ingest.coverage import aoi_coverage
from pipeline.ingest.cut import cut_to
from pipeline.ingest.duplicates import find_clashes, find_duplicates
from pipeline.ingest.found import Found, find_inputs
from pipeline.ingest.input_rows import Opened, table_of, told_apart
from pipeline.ingest.lifeless import lifeless
from pipeline.ingest.metadata.acquisition import implausible
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.metadata.sensors import MASK
from pipeline.ingest.metadata.stated import stated_time
from pipeline.ingest.scaling import parse_scaling
from pipeline.ingest.scenes import NotPlaced, open_scene, seen_near
from pipeline.times_places.longitudes import wrap_centre, wrap_geometry
from pipeline.types import Place, Scene

if TYPE_CHECKING:
    import pandas as pd

NOWHERE = "has no georeference, so it cannot be laid over the AOI"
NOTHING_OF_AOI = "shows nothing of the AOI"
OUTSIDE_PERIOD = "outside the period"
Each = Callable[[Callable[[Found], Opened], Sequence[Found]], Iterable[Opened]]
_HALF = 0.5  # our choice: a scene that measured less of the AOI within its frame is degraded


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
    acquisition time. With a place, a scene must show part of its box, and is cropped to its surroundings.
    ``each(work, tasks)`` is ``map`` by default; it may process several inputs at once. Raises only for invalid options.
    """
    options = options or OpenOptions()
    parse_scaling(options.scaling)
    if options.land is not None and not options.land.is_file():
        raise ConfigError(f"{options.land}: there is no such land mask")
    work = partial(_open, options=options, place=place, start=start, end=end)
    opened = told_apart(list((each or map)(work, find_inputs(paths))))
    clashes = find_clashes([o.scene for o in opened if o.scene is not None and not o.cause])
    opened = [replace(o, cause=clashes.get(o.scene.scene_id, o.cause)) if o.scene else o for o in opened]
    duplicates = find_duplicates([(o.scene, o.coverage) for o in opened if o.scene is not None and not o.cause])
    used = [o.scene for o in opened if o.scene is not None and not o.cause and o.scene.scene_id not in duplicates]
    used.sort(key=lambda s: (s.acquired or datetime.max.replace(tzinfo=UTC), s.scene_id))
    return [cut_to(scene, place) for scene in used], table_of(opened, duplicates)


def _open(
    found: Found, options: OpenOptions, place: Place | None, start: datetime | None, end: datetime | None
) -> Opened:
    """One input opened and checked; every failure becomes a cause."""
    if found.refused:
        outline = found.footprint if place is None else wrap_geometry(found.footprint, wrap_centre(place.bbox))
        return Opened(replace(found, footprint=outline), None, found.refused)
    middle = None if place is None else wrap_centre(place.bbox)
    dated = partial(_dated, found, start, end)
    try:
        scene = seen_near(open_scene(found.path, options, None if place is None else place.land), middle)
        cause = _outside_period(scene, start, end) or implausible(scene.acquired, datetime.now(UTC))
        coverage, doubt = None, ""
        if place is not None and not cause:
            shares = aoi_coverage(scene, place)
            if shares is None:
                cause = NOWHERE
            elif shares[1] == 0:
                cause = NOTHING_OF_AOI
            else:
                coverage, cause = shares[0], lifeless(scene, place)
                if shares[0] < _HALF * shares[1]:
                    doubt = f"{100 * (1 - shares[0] / shares[1]):.0f} % of its part of the AOI holds no data"
        return Opened(found, scene, cause, coverage, doubt)
    except EnvironmentFault:
        raise
    except NotPlaced as error:
        cause = error.cause if place is None else "; ".join(filter(None, (NOWHERE, error.unplaced)))
        return Opened(dated(), None, cause)
    except InputError as error:
        return Opened(dated(), None, error.cause if error.item == printable(found.path.name) else str(error))
    except PipelineError as error:
        return Opened(dated(), None, str(error).removeprefix(f"{found.path.name}: "))


def _dated(found: Found, start: datetime | None, end: datetime | None) -> Found:
    """An unusable input with the time that it states, if that is within the period: the look is then unknown."""
    moment = found.acquired or stated_time(found.path)
    if moment is None or implausible(moment, datetime.now(UTC)):
        return found
    early, late = start is not None and moment < start, end is not None and moment >= end
    return found if early or late else replace(found, acquired=moment)


def given_up(found: Found, why: str) -> Opened:
    """The outcome for an input that killed the workers that tried to open it."""
    return Opened(found, None, why)


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
    """Is an input left out only because it shows another place or time, or is a mask? Then nothing is wrong with it."""
    return cause in (NOTHING_OF_AOI, MASK) or cause.endswith(OUTSIDE_PERIOD)


def beside_in_words(causes: Iterable[str]) -> str:
    """How many inputs were left out only for their place or time, which is not reported one by one; "" if none.

    >>> beside_in_words([NOTHING_OF_AOI, "acquired 2023-09-17, outside the period", "is empty (0 bytes)"])
    ' (1 of another place, 1 of another time)'
    """
    left = [c for c in causes if beside_the_question(c) and c != MASK]
    elsewhere = left.count(NOTHING_OF_AOI)
    counts = ((elsewhere, "place"), (len(left) - elsewhere, "time"))
    told = ", ".join(f"{n:,} of another {what}" for n, what in counts if n)
    return f" ({told})" if told else ""
