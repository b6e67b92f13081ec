"""User options that supply or override an image's metadata."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.types import Sensor

COARSEST_M = 100.0  # our choice, as in a run's config: three pixels for the largest tanker


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """Options of `pipeline.ingest.scenes.open_scene`; what is None or auto is read or guessed from the file."""

    sensor: Sensor | None = None
    pixel_spacing_m: float | None = None  # used where the image has no georeference
    bands: dict[str, int] | None = None  # name -> 1-based index in the file
    scaling: str = "auto"
    land: Path | None = None  # raster mask (non-zero = land) or GeoJSON
    proven: Path | None = None  # folder that keeps which files were decoded whole before (`pipeline.ingest.proven`)
    search_land: bool = True  # may a detector look for land in the image where none is given?

    def __post_init__(self) -> None:
        if self.pixel_spacing_m is not None and not 0 < self.pixel_spacing_m <= COARSEST_M:
            raise ConfigError(f"pixel spacing must lie between 0 and {COARSEST_M:g} m; got {self.pixel_spacing_m:g}")
        for name, index in (self.bands or {}).items():
            if not name or index < 1:
                raise ConfigError(f"bands are written name=index with indexes from 1; got {name}={index}")
