"""From a config to input files: the simulated month, the user's own files, or live scenes of a public catalogue."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import RunConfig, load
from pipeline.console import Console
from pipeline.errors import ConfigError, EnvironmentFault, InputError, is_utf8, printable, shortened
from pipeline.ingest import unread_files
from pipeline.ingest.ais.folder import AIS_SUFFIXES, OTHER, ais_files
from pipeline.ingest.ais.zipped import holds_product
from pipeline.ingest.catalogue.cache import Cache
from pipeline.plurals import first_of, number_of
from pipeline.provenance import sha256_file, sha256_of
from pipeline.times_places.longitudes import wrap_centre, wrap_longitudes, wrap_table
from pipeline.workspace import cache_root

if TYPE_CHECKING:
    from pipeline.ingest.ais.messages import AisRead
    from pipeline.ingest.catalogue.cache_use import CacheUse
    from pipeline.ingest.found import Found
    from pipeline.simulation.scenario import Scenario
    from pipeline.types import Place

NO_AIS = "holds no AIS file"
AIS_MARGIN_DEG = 1.0  # around the place's box: several hours' sailing (our choice)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Image and AIS files of one run.

    ``base``: a folder whose path must not matter (the cache), or None; ``items``: the saved search of live scenes.
    """

    images: tuple[Path | Found, ...]
    ais: tuple[Path, ...]
    base: Path | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    items: bytes | None = None

    def name_of(self, path: Path | str) -> str:
        """The input's name in tables and manifest: relative to the base, else as given.

        Both are UTF-8, so a name that is not is escaped.
        """
        if str(path) in self.names:
            return self.names[str(path)]
        if self.base is not None and Path(path).is_relative_to(self.base):
            return f"demo:{Path(path).relative_to(self.base).as_posix()}"
        return str(path) if is_utf8(path) else printable(path)


def gather(config: RunConfig, root: Path, place: Place, console: Console, cache_use: CacheUse | None = None) -> Inputs:
    """The inputs that the config's source names. ``cache_use``: which cached live scenes are used (all, if None)."""
    source = config.source
    if source.kind == "demo":
        return _demo_inputs(config, root, console)
    if source.kind == "files":
        return Inputs(named_files(config)[0], _usable_ais_files(config, console))
    from pipeline.chain.live import gather_live
    from pipeline.ingest.catalogue.cache_use import CacheUse

    live = gather_live(config, root, console, cache_use or CacheUse.ALL)
    return Inputs(live.images, _usable_ais_files(config, console), names=live.names, items=live.items)


def report_unread_files(config: RunConfig, console: Console) -> None:
    """Report named or found files that are not used: hidden files, image formats that cannot be read."""
    source = config.source
    unread = {"demo": {"images": source.images, "ais": source.ais}, "stac": {"images": source.images}, "files": {}}
    for name, named in unread[source.kind].items():
        if named:
            reason = f"not read, since source.kind is {source.kind} (files reads them)"
            console.note(f"{config.aoi.id}: source.{name} ({printable(first_of(named, 2))}): {reason}", unknown=True)
    if source.kind == "demo":
        return
    images = source.images if source.kind == "files" else ()
    for line, look_missing in unread_files.unread_messages(map(Path, images), map(Path, source.ais)):
        console.note(printable(line), unknown=look_missing)


def named_files(config: RunConfig) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Images (or their folders) and AIS files of a config; ConfigError if it names none, or one does not exist."""
    source = config.source
    if not source.images and not source.ais:
        cause = "source.kind is files, but neither images nor ais are named; use --images and --ais"
        raise ConfigError(f"{config.aoi.id}: {cause}")
    return _existing_paths(source.images), _find_ais_files(config)[0]


def _existing_paths(names: tuple[str, ...]) -> tuple[Path, ...]:
    paths = tuple(Path(n) for n in names)
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{printable(path)}: no such file or folder{_searched_folder(path)}")
    return paths


def _searched_folder(path: Path) -> str:
    """Where a relative path was looked for; it may have been meant relative to another folder, e.g. the run file's."""
    return "" if path.is_absolute() else f" in {printable(Path.cwd())}, the working folder"


def _usable_ais_files(config: RunConfig, console: Console) -> tuple[Path, ...]:
    """The AIS files that a config names; reports what is left out of their folders."""
    files, faults = _find_ais_files(config)
    for fault, done in faults:
        console.problem(fault, done=done)
    return files


def report_ais_left_out(config: RunConfig, console: Console) -> None:
    """Report files in AIS folders that are not AIS. Folders without any AIS are not reported: the caller does so."""
    for fault, done in _find_ais_files(config)[1]:
        if fault.cause != NO_AIS:
            console.problem(fault, done=done)


def _find_ais_files(config: RunConfig) -> tuple[tuple[Path, ...], list[tuple[InputError, str]]]:
    """The AIS files that a config names; and other files in their folders, with what was done about each."""
    images = _existing_paths(config.source.images) if config.source.kind == "files" else ()
    out: list[Path] = []
    faults: list[tuple[InputError, str]] = []
    for path in _existing_paths(config.source.ais):
        if not path.is_dir():
            out.append(path)
            continue
        found, others = ais_files(path)
        if any(_overlap(path, image) for image in images):  # image products there are neither AIS nor a fault
            found = [f for f in found if f.suffix.lower() != ".zip" or not holds_product(f)]
            others = [(p, cause) for p, cause in others if cause != OTHER and p.suffix.lower() in AIS_SUFFIXES]
        faults += [(InputError(other, cause), "left out") for other, cause in others]
        if not found:
            faults.append((InputError(path, NO_AIS), "no message comes from it"))
        out += found
    return tuple(out), faults


def _overlap(path: Path, other: Path) -> bool:
    """Are two paths equal, or is one inside the other?"""
    path, other = path.resolve(), other.resolve()
    return path.is_relative_to(other) or other.is_relative_to(path)


def scenario_of(config: RunConfig, root: Path) -> Scenario:
    """The scenario of a demo."""
    from pipeline.simulation.scenario import Scenario

    if config.source.scenario is None:
        raise ConfigError("source.kind is demo, but source.scenario names no scenario file")
    return load(Scenario, root / config.source.scenario)


def _demo_inputs(config: RunConfig, root: Path, console: Console) -> Inputs:
    """The simulated period, cached under the hash of everything it is made from, and sealed by its files' hashes.

    Without the seal, a missing or altered file in the cache would go unnoticed.
    """
    folder = simulated_inputs(config, root)

    def make(part: Path) -> None:
        from pipeline.ingest.place import load_place
        from pipeline.simulation.simulate import simulate

        scenario = scenario_of(config, root)
        lost = "the cached files have changed; " if folder.is_dir() else ""
        console.note(f"{lost}simulating {scenario.title} (kept in the cache for later runs)")
        with console.progress("simulate", len(scenario.looks)) as step:
            simulate(scenario, load_place(config.aoi, root), part, seed=config.seed, progress=step)
        if simulated_inputs(config, root) != folder:  # it would be cached under the key of other files
            why = "scenario, zones or coast changed while it was simulated (nothing was kept; give the command again)"
            raise EnvironmentFault(f"{config.aoi.id}: {why}")

    Cache(folder.parent, math.inf).entry_of(folder.name, make)
    return Inputs((folder / "scenes",), tuple(ais_files(folder / "ais")[0]), base=folder)


def simulated_inputs(config: RunConfig, root: Path) -> Path:
    """Cache folder of a demo's inputs, keyed by scenario, coast, zones, seed, box and the simulator's code."""
    files = [root / str(config.source.scenario), root / config.aoi.zones] + (
        [root / config.aoi.coast] if config.aoi.coast else []
    )
    code = sorted((Path(__file__).parents[1] / "simulation").glob("*.py"))
    made_from = {
        "files": [sha256_file(path) for path in files],
        "code": hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest(),
        "seed": config.seed,
        "bbox": config.aoi.bbox,
    }
    return cache_root() / "simulated" / sha256_of(made_from)[:16]


def read_ais_around(inputs: Inputs, digests: Mapping[Path, str], place: Place, console: Console) -> AisRead:
    """AIS messages at the place and within a degree of it, so that even a global feed fits in memory.

    ``digests`` are those in the run id: a file whose hash differs now is not used.
    """
    from pipeline.ingest.ais.messages import problems_of, read_ais

    west, south, east, north = place.bbox
    # west > east if the box crosses 180 degrees
    sides = [float(wrap_longitudes(x)) for x in (west - AIS_MARGIN_DEG, east + AIS_MARGIN_DEG)]
    region = (sides[0], south - AIS_MARGIN_DEG, sides[1], north + AIS_MARGIN_DEG)
    read = read_ais(inputs.ais, region=region, digests=digests)
    read = replace(read, messages=wrap_table(read.messages, wrap_centre(place.bbox)))
    for problem, done in problems_of(read.files):
        console.problem(problem, done)
    for file in read.files:
        if file.note:
            console.remark(shortened(f"{inputs.name_of(file.path)}: {file.note}"))
    return correct_clocks(read, console)


def correct_clocks(read: AisRead, console: Console) -> AisRead:
    """The messages on one clock: receivers whose clocks are ahead or behind are reported and corrected."""
    from pipeline import calls

    offsets = calls.clock_offsets(read.messages)
    for offset in offsets:
        cause = (
            f"its clock is {offset.ahead_s:+.0f} s off, by {number_of(offset.n_shared, 'message')} also in other files"
        )
        guess = "times set to those of another file; which of the two clocks is right is unknown"
        console.problem(InputError(Path(offset.source), cause), done="times corrected" if offset.sure else guess)
    return replace(read, messages=calls.correct_clocks(read.messages, offsets))
