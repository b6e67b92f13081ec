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
from pipeline.ingest.blank_images import blank_cause
from pipeline.ingest.coverage import aoi_coverage
from pipeline.ingest.cut import cut_to
from pipeline.ingest.duplicates import find_clashes, find_duplicates
from pipeline.ingest.found import Found, find_inputs
from pipeline.ingest.input_rows import OpenedInput, scenes_table, with_unique_names
from pipeline.ingest.metadata.acquisition import implausible
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.metadata.sensors import MASK
from pipeline.ingest.metadata.stated import stated_time
from pipeline.ingest.scaling import parse_scaling
from pipeline.ingest.scenes import NotPlaced, open_scene, with_longitudes_near
from pipeline.times_places.longitudes import wrap_centre, wrap_geometry
from pipeline.types import Place, Scene

if TYPE_CHECKING:
    import pandas as pd

NO_GEOREFERENCE = "has no georeference, so it cannot be laid over the AOI"
NOTHING_OF_AOI = "shows nothing of the AOI"
OUTSIDE_PERIOD = "outside the period"
Each = Callable[[Callable[[Found], OpenedInput], Sequence[Found]], Iterable[OpenedInput]]
_MIN_SHARE_MEASURED = 0.5  # our choice: a scene that measured less of the AOI within its frame is degraded


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
    work = partial(_open_input, options=options, place=place, start=start, end=end)
    opened = with_unique_names(list((each or map)(work, find_inputs(paths))))
    clashes = find_clashes([o.scene for o in opened if o.scene is not None and not o.cause])
    opened = [replace(o, cause=clashes.get(o.scene.scene_id, o.cause)) if o.scene else o for o in opened]
    duplicates = find_duplicates([(o.scene, o.coverage) for o in opened if o.scene is not None and not o.cause])
    used = [o.scene for o in opened if o.scene is not None and not o.cause and o.scene.scene_id not in duplicates]
    used.sort(key=lambda s: (s.acquired or datetime.max.replace(tzinfo=UTC), s.scene_id))
    return [cut_to(scene, place) for scene in used], scenes_table(opened, duplicates)


def _open_input(
    found: Found, options: OpenOptions, place: Place | None, start: datetime | None, end: datetime | None
) -> OpenedInput:
    """One input opened and checked; every failure becomes a cause."""
    if found.refused:
        outline = found.footprint if place is None else wrap_geometry(found.footprint, wrap_centre(place.bbox))
        return OpenedInput(replace(found, footprint=outline), None, found.refused)
    middle = None if place is None else wrap_centre(place.bbox)
    dated = partial(_with_stated_time, found, start, end)
    try:
        scene = with_longitudes_near(open_scene(found.path, options, None if place is None else place.land), middle)
        cause = _outside_period(scene, start, end) or implausible(scene.acquired, datetime.now(UTC))
        coverage, doubt = None, ""
        if place is not None and not cause:
            shares = aoi_coverage(scene, place)
            if shares is None:
                cause = NO_GEOREFERENCE
            elif shares[1] == 0:
                cause = NOTHING_OF_AOI
            else:
                coverage, cause = shares[0], blank_cause(scene, place)
                if shares[0] < _MIN_SHARE_MEASURED * shares[1]:
                    doubt = f"{100 * (1 - shares[0] / shares[1]):.0f} % of its part of the AOI holds no data"
        return OpenedInput(found, scene, cause, coverage, doubt)
    except EnvironmentFault:
        raise
    except NotPlaced as error:
        cause = error.cause if place is None else "; ".join(filter(None, (NO_GEOREFERENCE, error.unplaced)))
        return OpenedInput(dated(), None, cause)
    except InputError as error:
        return OpenedInput(dated(), None, error.cause if error.item == printable(found.path.name) else str(error))
    except PipelineError as error:
        return OpenedInput(dated(), None, str(error).removeprefix(f"{found.path.name}: "))


def _with_stated_time(found: Found, start: datetime | None, end: datetime | None) -> Found:
    """An unusable input with the time that it states, if that is within the period: the look is then unknown."""
    moment = found.acquired or stated_time(found.path)
    if moment is None or implausible(moment, datetime.now(UTC)):
        return found
    early, late = start is not None and moment < start, end is not None and moment >= end
    return found if early or late else replace(found, acquired=moment)


def abandoned_input(found: Found, why: str) -> OpenedInput:
    """The outcome for an input that killed the workers that tried to open it."""
    return OpenedInput(found, None, why)


def _outside_period(scene: Scene, start: datetime | None, end: datetime | None) -> str:
    if start is None and end is None:
        return ""
    if scene.acquired is None:
        return "acquisition time unknown, so it cannot be placed in the period"
    early = start is not None and scene.acquired < start
    late = end is not None and scene.acquired >= end
    when = f"{scene.acquired:%Y-%m-%d}" if scene.only_dated else f"{scene.acquired:%Y-%m-%d %H:%M}Z"
    return f"acquired {when}, {OUTSIDE_PERIOD}" if early or late else ""


def is_irrelevant(cause: str) -> bool:
    """Is an input left out only because it shows another place or time, or is a mask? Then nothing is wrong with it."""
    return cause in (NOTHING_OF_AOI, MASK) or cause.endswith(OUTSIDE_PERIOD)


def irrelevant_counts(causes: Iterable[str]) -> str:
    """How many inputs were left out only for their place or time, which is not reported one by one; "" if none.

    >>> irrelevant_counts([NOTHING_OF_AOI, "acquired 2023-09-17, outside the period", "is empty (0 bytes)"])
    ' (1 of another place, 1 of another time)'
    """
    irrelevant = [c for c in causes if is_irrelevant(c) and c != MASK]
    elsewhere = irrelevant.count(NOTHING_OF_AOI)
    counts = ((elsewhere, "place"), (len(irrelevant) - elsewhere, "time"))
    counts_text = ", ".join(f"{n:,} of another {what}" for n, what in counts if n)
    return f" ({counts_text})" if counts_text else ""
