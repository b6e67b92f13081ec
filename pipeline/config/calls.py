"""The ``calls`` section: when a ship has called, and when two sightings are one stay."""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from pipeline.config.base import Section
from pipeline.types import Sensor

# Radar: our judgement. Optical: ships at quays that the detectors find, at ports held out (10 m), and simulated ones of
# unseen seeds (fine); docs/accuracy_optical.md
LOOK_RECALL = {"sentinel-1": 0.8, "sentinel-2": 0.66, "optical": 0.95}
USUAL_STAY_D = (0.8, 3.0)  # 5 % and 95 % points of stays at a berth [d]; see `CallsConfig.stay_d`


class CallsConfig(Section):
    """When a ship lies, when she moves, what belongs together."""

    stop_kn: float = Field(default=0.2, ge=0)
    """Stopped at or below this speed."""
    move_kn: float = Field(default=0.5, gt=0)
    """Moving again at or above this one."""
    gap_h: float = Field(default=4.0, gt=0)
    """A silence longer than this ends what is known."""
    max_stay_d: float = Field(default=6.0, gt=0)
    """Two sightings further apart than this are not one stay."""
    same_ship_length_share: float = Field(default=0.03, ge=0, lt=1)
    """Standard deviation between two lengths of one hull that their intervals do not tell, as a share (our choice)."""
    match_gate_m: float = Field(default=2000.0, gt=0)
    """No transponder further than this from a detection is its partner."""
    dark_per_km2: float = Field(default=0.02, gt=0)
    """Density of ships that do not transmit, where ships are: what a partner has to beat (our choice)."""
    berth_reach_m: float = Field(default=150.0, ge=0)
    """A ship stopped within this distance of a berth polygon lies at it: antennas, fenders, drawn outlines."""
    prior_p_loading: float = Field(default=0.95, ge=0, le=1)
    """Probability that a tanker at a counted (export) berth takes cargo, where no draught tells (our judgement)."""
    prior_p_tanker_at_oil_berth: float = Field(default=0.95, ge=0, lt=1)
    """Probability that a ship at an oil berth is a tanker, before her looks are asked (our judgement)."""
    stay_d: tuple[float, float] = USUAL_STAY_D
    """Length of a stay at a berth, 5 % and 95 % points [d], where AIS heard fewer than ten whole stays (our choice; one
    reported berth stay was 43 h, waiting included). Also decides whether looks of several days show one ship or several
    alike: one that lies much longer counts as several. Loads go by the usual values: a table of calls tells none."""
    stay_log_sd: float = Field(default=0.25, ge=0)
    """How far all stays together may be longer or shorter than ``stay_d`` says: standard deviation of ln (our choice:
    half as long again or two thirds as long is the 90 % interval). Only calls that nobody saw ask for it."""
    look_recall: dict[str, float] = Field(default=LOOK_RECALL)
    """Probability that a usable look shows a ship at her berth, by sensor, before ships that transmit have shown it;
    a sensor that is not named keeps its own."""
    radar_absence_counts: bool = False
    """Does a radar look without her end a stay? Radar misses ships alongside a quay too often to be sure."""

    @field_validator("look_recall")
    @classmethod
    def _of_every_sensor(cls, given: dict[str, float]) -> dict[str, float]:
        return LOOK_RECALL | given

    @model_validator(mode="after")
    def _hysteresis(self) -> CallsConfig:
        if self.move_kn < self.stop_kn:
            raise ValueError(f"move_kn ({self.move_kn}) must not be below stop_kn ({self.stop_kn})")
        if not 0 < self.stay_d[0] < self.stay_d[1]:
            raise ValueError(f"stay_d {self.stay_d}: a shorter and a longer stay, both above 0 days")
        if unknown := sorted(self.look_recall.keys() - {str(sensor) for sensor in Sensor}):
            raise ValueError(f"look_recall: {', '.join(unknown)} is no sensor; there are {', '.join(Sensor)}")
        if wrong := {name: share for name, share in self.look_recall.items() if not 0 <= share < 1}:
            raise ValueError(f"look_recall {wrong}: a probability from 0 to below 1")
        return self
