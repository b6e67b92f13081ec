"""Checks before any work that a run has what it needs: place, files, inputs. A dry run stops after these checks."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.chain.backgrounds import read_background_raster
from pipeline.chain.place_doubts import coast_doubts, zone_doubts
from pipeline.chain.sources import named_files, report_ais_left_out, report_unread_files, scenario_of
from pipeline.config import RunConfig, cap_doubts, load_cap
from pipeline.console import Console
from pipeline.errors import ConfigError, InputError, NothingUsable, printable
from pipeline.plurals import number_of
from pipeline.workspace import config_files, configs_root

if TYPE_CHECKING:
    from pipeline.simulation.scenario import Scenario
    from pipeline.types import Place


def check_readiness(config: RunConfig, root: Path, console: Console) -> Place:
    """The place, after checking that everything the config names exists and is readable; errors name what is not."""
    from pipeline.ingest.place import load_place
    from pipeline.ingest.registry import read_registry, shared_numbers
    from pipeline.ingest.scaling import parse_scaling

    for name in config_files(config):
        require_file(root, name)
    place = load_place(config.aoi, root)
    _report_doubts(place, config, console)
    for doubt in cap_doubts(load_cap(root / config.cap, config.volume), datetime.now(UTC).date()):
        console.note(f"{printable(config.cap)}: {doubt}")
    for name in config.aoi.backgrounds:
        read_background_raster(root / name)  # even if no look has its orbit: otherwise a wrong file would go unnoticed
    try:
        parse_scaling(config.source.scaling)
    except ConfigError as error:
        raise ConfigError(f"{config.aoi.id}: source.{error}") from error
    if config.source.registry:
        path = root / config.source.registry
        try:
            vessels = read_registry(path)
        except InputError as error:  # part of the question, like zones and cap: no other input replaces it
            raise ConfigError(str(error)) from error
        for shared in shared_numbers(vessels):  # named as in the config: a rerun has it in another folder
            fault = InputError(config.source.registry, shared)
            console.problem(fault, done="that number identifies no ship; IMO numbers and names still do")
    report_unread_files(config, console)  # before inputs are required: if there are none, it says why
    if config.source.kind == "files":
        _require_inputs(config, console)
    if config.source.kind == "demo":
        scenario = scenario_of(config, root)
        _require_scenario_zones(scenario, place, config, root)
        _report_looks_outside(scenario, config, console)
    return place


def require_file(root: Path, name: str) -> Path:
    """The path of a file that a config names; ConfigError if it is not a file."""
    path = root / name
    if os.path.isfile(path):  # unlike Path.is_file, False also for names too long to exist
        return path
    elsewhere = f"; there is one in {configs_root()}" if os.path.isfile(configs_root() / name) else ""
    raise ConfigError(
        f"{printable(path)}: the config names this file, and it is {_path_state(path)} "
        f"(names are relative to the run file's folder{printable(elsewhere)})"
    )


def _path_state(path: Path) -> str:
    """What is at a path where a file should be."""
    try:
        path.lstat()
    except PermissionError:  # the machine's fault: the file may exist
        raise
    except OSError:
        return "not there"
    if os.path.isdir(path):
        return "a folder"
    return "not a regular file" if os.path.exists(path) else "a broken link"


def count_looks_within(scenario: Scenario, config: RunConfig) -> int:
    """How many looks of a scenario lie in the period."""
    return sum(config.period.start <= look.time < config.period.end for look in scenario.looks)


def _report_doubts(place: Place, config: RunConfig, console: Console) -> None:
    """Warn of what is valid in the place but probably a mistake."""
    for doubt in zone_doubts(place):
        console.note(f"{printable(config.aoi.zones)}: {printable(doubt)}")
    for doubt in coast_doubts(place):
        console.remark(f"{printable(config.aoi.coast)}: {printable(doubt)}")


def _require_inputs(config: RunConfig, console: Console) -> None:
    """NothingUsable if the named files and folders hold neither images nor AIS."""
    from pipeline.ingest.found import find_inputs

    images, ais = named_files(config)
    without_image = [path for path in images if not find_inputs([path])]
    if not ais and len(without_image) == len(images):
        report_ais_left_out(config, console)
        named = ", ".join((*config.source.images, *config.source.ais))
        raise NothingUsable(f"{printable(named)}: neither an image nor an AIS file is there")
    for path in without_image:
        console.problem(InputError(path, "holds no image"), done="no look comes from it")


def _require_scenario_zones(scenario: Scenario, place: Place, config: RunConfig, root: Path) -> None:
    from pipeline.simulation.scenario import require_zones

    require_zones(scenario, place, printable(root / str(config.source.scenario)))


def _report_looks_outside(scenario: Scenario, config: RunConfig, console: Console) -> None:
    if scenario.looks and not count_looks_within(scenario, config):
        first, last = min(look.time for look in scenario.looks), max(look.time for look in scenario.looks)
        console.problem(
            f"{printable(config.source.scenario)}: none of its {number_of(len(scenario.looks), 'look')} lies in the "
            f"period {config.period.start:%Y-%m-%d} to {config.period.end:%Y-%m-%d}; they run from {first:%Y-%m-%d} to "
            f"{last:%Y-%m-%d}",
            done="no image is used",
        )
