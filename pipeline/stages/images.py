"""`capwatch detect` and `capwatch simulate` on files: images to detections, and scenarios to simulated images."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import (
    DetectionConfig,
    RunConfig,
    build,
    load,
)
from pipeline.console import Console
from pipeline.errors import ConfigError, InputError, MemoryShort, NothingUsable, printable
from pipeline.plurals import number_of
from pipeline.stages.option_pairs import parse_pairs
from pipeline.storage import cannot_write
from pipeline.table_files import marked, require_format, write_table
from pipeline.workspace import config_root

if TYPE_CHECKING:
    from pipeline.ingest.metadata.options import OpenOptions

FOLDER_FORMATS = ("csv", "parquet", "geojson")


def open_options(
    sensor: str | None, pixel_spacing_m: float | None, bands: str | None, scaling: str, land: str
) -> OpenOptions:
    """How to open images, from the command line's options."""
    from pipeline.ingest.metadata.options import OpenOptions
    from pipeline.ingest.scaling import parse_scaling
    from pipeline.types import Sensor

    known = [str(s) for s in Sensor]
    if sensor is not None and sensor not in known:
        raise ConfigError(f"--sensor {printable(sensor)}: must be one of {', '.join(known)}")
    parse_scaling(scaling)
    indexes: dict[str, int] = {}
    for name, index in parse_pairs("--bands", bands).items():
        if not index.isdigit() or int(index) < 1:
            raise ConfigError(f"--bands {name}={printable(index)}: a band's index is a whole number from 1 on")
        if int(index) in indexes.values():
            raise ConfigError(f"--bands {name}={index}: that band has another name already")
        indexes[name] = int(index)
    return OpenOptions(
        sensor=Sensor(sensor) if sensor else None,
        pixel_spacing_m=pixel_spacing_m,
        bands=indexes or None,
        scaling=scaling,
        land=None if land in {"auto", "none"} else Path(land),
        search_land=land != "none",
    )


def detect(
    images: Sequence[Path],
    out: Path,
    options: OpenOptions,
    settings: dict[str, object],
    console: Console,
    *,
    folder: bool,
    suffix: str | None,
) -> None:
    """Detect ships in images. One image writes ``out``; ``folder`` makes each write ``out/<stem>.<suffix>``."""
    config = build(DetectionConfig, settings, where="--set")
    if suffix not in (None, *FOLDER_FORMATS):
        raise ConfigError(f"--format {printable(suffix)}: must be one of {', '.join(FOLDER_FORMATS)}")
    if suffix and not folder and out.suffix.lower() != f".{suffix}":
        raise ConfigError(
            f"--format {suffix} is for a folder; one table's format is that of its name, {printable(out)}"
        )
    images, stems = _group_bands(images, options, console)
    if len(images) > 1 and not folder:
        raise ConfigError("several images need a folder to write to: end -o with a slash")
    targets = [out / f"{stem}.{suffix or FOLDER_FORMATS[0]}" if folder else out for stem in stems]
    for target in targets:
        same_target = [printable(image) for image, other in zip(images, targets, strict=True) if other == target]
        if len(same_target) > 1:
            raise ConfigError(
                f"{' and '.join(same_target)} would write the same table, {printable(target)}; rename one"
            )
    for target in targets:
        require_format(target)  # checked first: an image takes minutes
    done = 0
    with console.progress("detect", len(images)) as step:
        for image, target in zip(images, targets, strict=True):
            try:
                done += _detect_one(image, target, options, config, console)
            except (ConfigError, MemoryShort) as error:  # an option does not fit this image, or the image is too large
                if len(images) == 1:
                    raise
                console.problem(error, done="image skipped, no table written")
            step(image.name)
    if not done:
        raise NothingUsable(f"of {number_of(len(images), 'image')} none could be used (no table was written)")


def _group_bands(images: Sequence[Path], options: OpenOptions, console: Console) -> tuple[list[Path], list[str]]:
    """The images and the names of their tables; single-band files of one Sentinel-2 image count as one image."""
    from pipeline.ingest.scenes import bands_of

    kept: list[Path] = []
    stems: list[str] = []
    read: set[Path] = set()
    for image in images:
        bands = bands_of(image, options)
        if bands is not None and bands.first in read:
            console.note(f"{printable(image)}: a band of {printable(bands.name)}, which is read as one image")
            continue
        if bands is not None:
            read.add(bands.first)
        kept.append(image)
        stems.append(image.stem if bands is None else bands.name)
    return kept, stems


def _detect_one(image: Path, target: Path, options: OpenOptions, config: DetectionConfig, console: Console) -> bool:
    from pipeline.detection import detect as detect_scene
    from pipeline.detection import preload_detector
    from pipeline.ingest.blank_images import blank_cause
    from pipeline.ingest.scenes import open_scene, with_decoding_doubt

    try:
        scene = open_scene(image, options, meanwhile=partial(preload_detector, options.sensor), all_read=True)
        table, diagnostics = detect_scene(scene, place=None, config=config)
        scene = with_decoding_doubt(scene)
        if table.empty and (cause := blank_cause(scene, None)):
            raise InputError(image, cause)
    except InputError as error:
        console.problem(error, done="image skipped, no table written")
        return False
    for doubt in scene.degraded:
        console.problem(f"{printable(image)}: {doubt}", done="scene degraded")
    for note in diagnostics.get("notes", ()):
        console.note(f"{printable(image)}: {note}", unknown=note in diagnostics.get("unknown", ()))
    write_table(marked(table, scene.simulated), target)
    return True


def simulate(scenario: Path, aoi_config: Path, out: Path, seed: int, console: Console) -> None:
    """Write the images, AIS and truth of a scenario to a folder."""
    from pipeline.ingest.place import load_place
    from pipeline.simulation.scenario import Scenario, require_zones
    from pipeline.simulation.simulate import simulate as write

    if out.exists() and any(out.iterdir()):
        raise ConfigError(f"{printable(out)}: exists and is not empty (nothing was written)")
    content = load(Scenario, scenario)
    config = load(RunConfig, aoi_config)
    place = load_place(config.aoi, config_root(aoi_config, config))
    require_zones(content, place, printable(scenario))
    try:
        with console.progress("simulate", len(content.looks)) as step:
            write(content, place, out, seed=seed, progress=step)
    except BaseException as error:  # half a simulation would pass for a complete one
        shutil.rmtree(out, ignore_errors=True)
        if isinstance(error, OSError):
            raise cannot_write(out, error) from error
        raise
