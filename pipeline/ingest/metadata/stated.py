"""When an image was taken, as far as its sidecar, its tags or its name state it; also of one that cannot be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.ingest.metadata.acquisition import acquired_of
from pipeline.ingest.metadata.sidecar import Sidecar, read_sidecar
from pipeline.types import utc

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def time_of(sidecar: Sidecar | None, tags: dict[str, str], name: str) -> tuple[datetime | None, str]:
    """UTC time of an image, and what is doubtful about it: the sidecar's word goes before tags and name."""
    if sidecar is not None and sidecar.acquired is not None:
        return utc(sidecar.acquired), ""
    return acquired_of(tags, name)


def stated_time(image: Path) -> datetime | None:
    """UTC time by the sidecar, else by the name; None where neither states one, or no more than a day."""
    try:
        sidecar, _ = read_sidecar(image)
    except InputError:
        sidecar = None
    moment, doubt = time_of(sidecar, {}, image.stem)
    return None if doubt else moment
