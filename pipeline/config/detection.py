"""The ``detection`` section. Widths are in metres on the ground, so that one setting serves every pixel size."""

from __future__ import annotations

from pydantic import Field, model_validator

from pipeline.config.base import Section


class RadarConfig(Section):
    """Constant false-alarm rate detection on radar images."""

    false_alarm_rate: float = Field(default=1e-6, gt=0, le=1e-3)
    """Share of clutter pixels that may pass the threshold; objects grow down to that of 1e-3, so it is at most that."""
    guard_m: float = Field(default=300.0, gt=0, lt=10_000)
    """Half-width of the window kept out of the clutter estimate, so that a long hull stays out of it."""
    background_m: float = Field(default=700.0, gt=0, le=10_000)
    """Half-width of the window in which clutter is measured."""

    @model_validator(mode="after")
    def _ring(self) -> RadarConfig:
        if self.background_m <= self.guard_m:
            raise ValueError(
                f"background_m ({self.background_m}) must exceed guard_m ({self.guard_m}), "
                "or the clutter ring is empty. Typical values: 700 and 300"
            )
        return self


class OpticalConfig(Section):
    """Detection on optical images, Sentinel-2 and finer."""

    contrast_sigmas: float = Field(default=6.0, ge=1, le=100)
    """Contrast that an object needs over the local water, in robust standard deviations of that water. It must also
    have a quarter of the contrast of land, which decides in calm water."""


class ScreeningConfig(Section):
    """Flags for what is not a ship, or not a ship of interest."""

    min_length_m: float = Field(default=25.0, ge=0)
    """Objects certainly shorter than this (upper end of the 90 % interval) are flagged too_small."""
    min_pixels: int = Field(default=3, ge=1, le=10_000)
    """Objects with fewer pixels are flagged too_small: one or two bright pixels may be noise."""
    max_length_m: float = Field(default=420.0, gt=0, le=500)
    """Objects certainly longer than this (lower end of the 90 % interval), or most likely longer than 500 m, are
    flagged too_large; the longest ship afloat has some 400 m."""
    min_score: float = Field(default=0.5, ge=0, le=1)
    """Objects with a lower score are not accepted."""
    near_shore_m: float = Field(default=200.0, ge=0, le=10_000)
    """Objects within this distance of land are near_shore."""

    @model_validator(mode="after")
    def _lengths(self) -> ScreeningConfig:
        if self.min_length_m >= self.max_length_m:
            raise ValueError(
                f"min_length_m ({self.min_length_m:g}) must be below max_length_m ({self.max_length_m:g}), "
                "or no object is a ship. Typical values: 25 and 420"
            )
        return self


class HistoryConfig(Section):
    """Structures in the water near land, learnt from all looks of a run: quays, jetties, cranes that no map shows."""

    enabled: bool = True
    """Learn structures before ships are searched for?"""
    min_looks: int = Field(default=5, ge=3, le=1000)
    """Clear looks needed at a place before anything there is called a structure."""
    min_span_days: float = Field(default=14.0, ge=0, le=3660)
    """Least time from the first to the last of these: longer than a ship loads."""
    min_share: float = Field(default=0.8, gt=0.5, le=1)
    """Least share of these looks in which something stands out of the water there."""
    reach_m: float = Field(default=150.0, gt=0, le=5000)
    """Distance from land or from a berth within which structures are looked for. Our choice."""
    cell_m: float = Field(default=5.0, gt=0.5, le=100)
    """Side of the cells by which looks are compared."""


class DetectionConfig(Section):
    """The ``detection`` section of a run file."""

    tile_px: int = Field(default=2048, ge=64, le=16384)
    """Side of the tiles in which an image is read; does not affect results."""
    threads: int = Field(default=2, ge=1, le=64)
    """Threads per image; does not affect results."""
    radar: RadarConfig = RadarConfig()
    """Radar images."""
    optical: OpticalConfig = OpticalConfig()
    """Optical images."""
    history: HistoryConfig = HistoryConfig()
    """Structures learnt from all looks of a run."""
    screening: ScreeningConfig = ScreeningConfig()
    """Flags."""
