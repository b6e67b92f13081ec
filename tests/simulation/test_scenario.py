"""A scenario that no simulation could make, or of which one part would replace another, is refused by its key."""

from __future__ import annotations

import pytest

from pipeline.config import read_yaml
from pipeline.simulation.scenario import Scenario
from pipeline.workspace import configs_root
from tests.config.refusal import refused

TINY = read_yaml(configs_root() / "scenarios" / "tiny.yaml")[0]
SHIP, OPTICAL = TINY["ships"][0], TINY["looks"][1]


def test_the_tiny_scenario_is_taken_as_it_is():
    assert Scenario.model_validate(TINY).ships[0].id == SHIP["id"]


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        (
            {"fairways": {"default": [[42.69, 132.93]]}},
            r"fairways.default \(first entry\): .*lon and lat may be swapped",
        ),
        ({"ships": [SHIP, SHIP]}, "ships: 2 of them have the id t1"),
        ({"looks": [OPTICAL, OPTICAL]}, "looks: 2 of them are optical sim-3m .*; one would be written over the other"),
    ],
    ids=["fairway swapped", "one id twice", "one look twice"],
)
def test_a_scenario_that_makes_no_sense_is_refused(changed, cause):
    refused(Scenario, TINY | changed, cause)


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"bbox": [42.73, 133.055, 42.745, 133.08]}, "bbox: .*lon and lat may be swapped"),
        ({"bbox": [133.055, 42.73, 133.05501, 42.73001]}, "bbox: its sides must lie between"),
        ({"bands": ["Q"]}, "bands: must be some of B, G, R, N, each once, or pan alone"),
        ({"bands": []}, "bands: must be some of B, G, R, N"),
        ({"platform": "PlanetScope"}, "platform must begin with SIM"),
    ],
    ids=["box swapped", "box of no pixel", "unknown band", "no band", "a real satellite"],
)
def test_a_look_that_cannot_be_drawn_is_refused(changed, cause):
    refused(Scenario, TINY | {"looks": [OPTICAL | changed]}, cause)
