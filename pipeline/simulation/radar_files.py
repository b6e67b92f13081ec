"""Write a simulated radar look as a Sentinel-1 SAFE folder."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.simulation.frame import RadarFrame
from pipeline.simulation.land_mask import rasterise_water
from pipeline.simulation.radar import RadarPass, SeaState, render
from pipeline.simulation.safe import write_safe
from pipeline.simulation.safe_xml import ROW_TIME_S, ProductFacts
from pipeline.simulation.scenario import Look
from pipeline.simulation.world import World

if TYPE_CHECKING:
    from datetime import datetime

SPACING_M = 10.0  # Sentinel-1 IW GRDH's pixels
HEADING_DEG = {"ascending": 348.0, "descending": 192.0}  # at 43 degrees north, for a near-polar orbit
ORBITS_A_DAY = 175 / 12  # Sentinel-1: 175 orbits in 12 days (ESA)
FIRST_ORBIT_OFFSET = 73  # relative orbit = (absolute - 73) mod 175 + 1, as for Sentinel-1A


def write_radar_look(world: World, look: Look, folder: Path, seed: np.random.SeedSequence) -> Path:
    """Write ``<product>.SAFE`` and return its path."""
    ascending = look.orbit == "ascending"
    radar_pass = RadarPass(HEADING_DEG[look.orbit])
    frame = RadarFrame.over(look.bbox or world.place.bbox, radar_pass.heading_deg, SPACING_M)
    water = rasterise_water(world.place.land, frame.shape, lambda lon, lat: np.column_stack(frame.rowcol(lon, lat)))
    sea = SeaState.of_wind(look.wind_m_s)
    sigma0 = render(frame, water, world.states_at(look.time), world.structures, radar_pass, sea, seed)
    facts = ProductFacts(
        mission="S1X",
        start=look.time - timedelta(seconds=ROW_TIME_S * frame.shape[0] / 2),
        frame=frame,
        radar_pass=radar_pass,
        ascending=ascending,
        absolute_orbit=_absolute_orbit(look.time, look.relative_orbit),
        relative_orbit=look.relative_orbit,
        data_take=f"{int(look.time.timestamp()) % 0xFFFFFF:06X}",
    )
    folder.mkdir(parents=True, exist_ok=True)
    return write_safe(facts, sigma0, folder)


def _absolute_orbit(time: datetime, relative_orbit: int) -> int:
    """The next absolute orbit, from the one estimated by date, that has the stated relative orbit."""
    about = int((time.timestamp() - 1_396_500_000) / 86_400 * ORBITS_A_DAY)  # counted from April 2014
    return about + (relative_orbit - 1 - (about - FIRST_ORBIT_OFFSET)) % 175
