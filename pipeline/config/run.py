"""A run file as a whole."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.config.aoi import AoiConfig, PeriodConfig, SourceConfig
from pipeline.config.base import Section
from pipeline.config.calls import CallsConfig
from pipeline.config.detection import DetectionConfig
from pipeline.config.mistakes import LOOPBACK
from pipeline.config.volume import VolumeConfig

MOSTLY = 0.5  # a probability above it makes something the likelier case


class EngineConfig(Section):
    """Where scenes are processed; does not affect results."""

    kind: Literal["serial", "threads", "processes", "dask"] = "threads"
    """threads is fastest on one machine; dask can use a cluster."""
    workers: int = Field(default=2, ge=1, le=256)
    """Scenes processed at once."""
    scheduler: str | None = None
    """Address of a running Dask scheduler; null starts a local one on loopback."""
    dashboard: str | None = Field(default=None, pattern=LOOPBACK)
    """Address of the local Dask cluster's dashboard, e.g. 127.0.0.1:8787; null: no dashboard."""
    memory_gb: float | None = Field(default=None, gt=0.1, le=10_000)
    """Memory limit of a worker (processes, dask); a scene that needs more is given up. Null: no limit."""


class RunConfig(Section):
    """A run: a place, a period, inputs, methods and a cap."""

    aoi: AoiConfig
    """The place."""
    period: PeriodConfig
    """The period."""
    source: SourceConfig = SourceConfig()
    """The inputs."""
    detection: DetectionConfig = DetectionConfig()
    """How ships are found."""
    calls: CallsConfig = CallsConfig()
    """How sightings become port calls."""
    volume: VolumeConfig = VolumeConfig()
    """How port calls become barrels."""
    cap: str = "caps/unscr-2397.yaml"
    """The cap's file, relative to the config's folder."""
    seed: int = Field(default=20240307, ge=0, lt=2**63)
    """Seed of all random numbers."""
    engine: EngineConfig = EngineConfig()
    """Where it runs."""

    @field_validator("cap", mode="before")
    @classmethod
    def _is_file_name(cls, value: Any) -> Any:
        """Require a file name; another amount is set as ``cap.barrels``, or in that file."""
        if not isinstance(value, str):
            raise ValueError("must be the name of the cap's file, as caps/unscr-2397.yaml; its barrels stand in there")
        return value

    @model_validator(mode="after")
    def _one_direction(self) -> RunConfig:
        if self.volume.counted == "discharging" and self.calls.prior_p_loading > MOSTLY:
            raise ValueError(
                "volume.counted is discharging, but by calls.prior_p_loading "
                f"({self.calls.prior_p_loading:g}) ships come to load; where they come to discharge write 0.05 there"
            )
        return self
