"""Acquisition time stated by an image's sidecar, tags or name; also for images that cannot be opened."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.ingest.metadata.acquisition import FILE_DATE, ONLY_DATE, acquired_of
from pipeline.ingest.metadata.sidecar import Sidecar, read_sidecar
from pipeline.types import utc

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

ONE_IMAGE = timedelta(hours=1)  # our choice: names may give the start of a data take, which lasts up to 40 minutes
ONE_DAY = timedelta(hours=12 + 14)  # from noon to the ends of the day, where clocks are up to 14 hours from UTC


def time_of(sidecar: Sidecar | None, tags: dict[str, str], name: str) -> tuple[datetime | None, str]:
    """UTC time of an image, and what is doubtful about it: the sidecar overrides tags and name."""
    own, doubt = acquired_of(tags, name)
    if sidecar is None or sidecar.acquired is None:
        return own, doubt
    beside = utc(sidecar.acquired)
    if own is not None and not doubt and abs(own - beside) > ONE_IMAGE:
        return beside, f"time from the file beside it; its own tag or name says {own:%Y-%m-%dT%H:%M:%SZ}"
    if own is not None and doubt in (FILE_DATE, ONLY_DATE) and abs(own - beside) > ONE_DAY:
        return beside, f"time from the file beside it; its own tag or name says {own:%Y-%m-%d}"
    return beside, ""


def stated_time(image: Path) -> datetime | None:
    """UTC time from the sidecar, else from the name; None if neither gives one, or only a date."""
    try:
        sidecar, _ = read_sidecar(image)
    except InputError:
        sidecar = None
    if sidecar is not None and sidecar.acquired is not None:
        return utc(sidecar.acquired)
    moment, doubt = acquired_of({}, image.stem)
    return None if doubt else moment
