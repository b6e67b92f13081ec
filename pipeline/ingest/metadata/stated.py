"""When an image that cannot be used was taken, as far as its sidecar or its name states it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.ingest.metadata.acquisition import acquired_of
from pipeline.ingest.metadata.sidecar import read_sidecar
from pipeline.types import utc

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def stated_time(image: Path) -> datetime | None:
    """UTC time by the sidecar, else by the name; None where neither states one, or no more than a day."""
    try:
        sidecar, _ = read_sidecar(image)
    except InputError:
        sidecar = None
    if sidecar is not None and sidecar.acquired is not None:
        return utc(sidecar.acquired)
    moment, doubt = acquired_of({}, image.stem)
    return None if doubt else moment
