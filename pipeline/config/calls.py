"""The ``calls`` section: when a ship has called, and when two sightings are one stay."""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from pipeline.config.base import Section
from pipeline.types import Sensor

# Radar: our judgement. Optical: share of ships at quays that the detectors find, at held-out ports (10 m) and in
# simulated images of unseen seeds (fine); docs/accuracy_optical.md
LOOK_RECALL = {"sentinel-1": 0.8, "sentinel-2": 0.66, "optical": 0.95}
USUAL_STAY_D = (0.8, 3.0)  # 5 % and 95 % points of stays at a berth [d]; see `CallsConfig.stay_d`
LEAST_DARK_PER_KM2 = 1e-9  # a third of a ship on all oceans, 361 million km2 (Eakins & Sharman, NOAA, 2010)
YEAR_D = 366  # limit of times set here: none lasts longer than an account year


class CallsConfig(Section):
    """When a ship lies still, when she moves, and which sightings are one stay."""

    stop_kn: float = Field(default=0.2, ge=0, le=20)
    """A ship is stopped at or below this speed."""
    move_kn: float = Field(default=0.5, gt=0, le=20)
    """She is moving again at or above this speed."""
    gap_h: float = Field(default=4.0, gt=0, le=24 * YEAR_D)
    """After a gap in AIS longer than this her position is unknown."""
    max_stay_d: float = Field(default=6.0, gt=0, le=YEAR_D)
    """Two sightings, or AIS on both sides of a silence, further apart than this are not one stay. Longer in proportion
    where AIS or looks show that stays are; where ``stay_d`` says that, raise it, too."""
    same_ship_length_share: float = Field(default=0.03, ge=0, lt=1)
    """Standard deviation between two measured lengths of one hull, beyond their intervals, as a share (our choice)."""
    match_gate_m: float = Field(default=2000.0, gt=0, le=100_000)
    """A transponder further than this from a detection is not matched to it."""
    dark_per_km2: float = Field(default=0.02, ge=LEAST_DARK_PER_KM2, le=1000)
    """Density of ships without AIS where ships lie; a match must be more likely than one of these (our choice)."""
    berth_reach_m: float = Field(default=150.0, ge=0, le=10_000)
    """A ship stopped within this distance of a berth polygon lies at it: allows for antenna, fenders and outline."""
    prior_p_loading: float = Field(default=0.95, ge=0, le=1)
    """Probability that a tanker at a counted (export) berth loads, if no draught is known (our judgement)."""
    prior_p_tanker_at_oil_berth: float = Field(default=0.95, ge=0, lt=1)
    """Probability that a ship at an oil berth is a tanker, before the images are used (our judgement)."""
    stay_d: tuple[float, float] = USUAL_STAY_D
    """Length of a stay at a berth, 5 % and 95 % points [d] (our choice; one reported berth stay was 43 h, waiting
    included). Stays heard by AIS at counted berths of the run correct it, and so do consecutive looks at unnamed ships
    there. It also decides whether looks on several days show one ship or several of one size: a ship that stays much
    longer counts as several. Loads are computed with the default."""
    stay_log_sd: float = Field(default=0.25, ge=0, le=3)
    """Uncertainty of ``stay_d`` as a whole: standard deviation of ln (our choice: a 90 % interval from two thirds to
    one and a half times). The larger it is, the more AIS and looks correct ``stay_d``; with 0 they do not. It also
    widens the interval of calls that nobody saw."""
    look_recall: dict[str, float] = Field(default=LOOK_RECALL)
    """Probability that a usable look shows a ship at her berth, by sensor, before ships with AIS in the run refine it.
    Sensors not named keep their default."""
    radar_absence_counts: bool = False
    """Does a radar look that does not show her end her stay? Radar often misses ships alongside a quay."""

    @field_validator("look_recall")
    @classmethod
    def _with_default_recalls(cls, given: dict[str, float]) -> dict[str, float]:
        return LOOK_RECALL | given

    @model_validator(mode="after")
    def _is_consistent(self) -> CallsConfig:
        if self.move_kn < self.stop_kn:
            raise ValueError(f"move_kn ({self.move_kn}) must not be below stop_kn ({self.stop_kn})")
        if not 0 < self.stay_d[0] < self.stay_d[1] <= YEAR_D:
            raise ValueError(f"stay_d {self.stay_d}: a shorter and a longer stay, both above 0 and up to {YEAR_D} days")
        if unknown := sorted(self.look_recall.keys() - {str(sensor) for sensor in Sensor}):
            raise ValueError(f"look_recall: {', '.join(unknown)} is no sensor; there are {', '.join(Sensor)}")
        if wrong := {name: share for name, share in self.look_recall.items() if not 0 <= share < 1}:
            raise ValueError(f"look_recall {wrong}: a probability from 0 to below 1")
        return self
