"""Opens the images of a question, and finds a finished run that has already answered it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.chain.identity import ais_digests, compute_run_id, hash_question_files
from pipeline.chain.sources import Inputs, gather
from pipeline.chain.transient_faults import usable_now
from pipeline.config import RunConfig
from pipeline.config.writing import config_yaml
from pipeline.console import Console
from pipeline.engine import map_tasks
from pipeline.provenance import MANIFEST
from pipeline.workspace import RunFolder, proven_files

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.types import Place, Scene


def open_scenes(
    config: RunConfig, place: Place, inputs: Inputs, *, fresh: bool = False
) -> tuple[list[Scene], pd.DataFrame]:
    """The usable scenes, and the scenes table of all images, with the names that the user knows.

    ``fresh``: images that are slow to decode are fully decoded again, even if an earlier run did so.
    """
    from pipeline.ingest.inputs import abandoned_input, open_inputs
    from pipeline.ingest.metadata.options import OpenOptions

    source, proven = config.source, None if fresh else proven_files()
    options = OpenOptions(pixel_spacing_m=source.pixel_spacing_m, scaling=source.scaling, proven=proven)
    run_tasks = partial(map_tasks, engine=config.engine, lost=abandoned_input)
    scenes, table = open_inputs(inputs.images, options, place, config.period.start, config.period.end, run_tasks)
    return scenes, table.assign(href=[inputs.name_of(href) for href in table["href"]])


def find_finished_answer(config: RunConfig, root: Path, out: Path, reviews: Path | None = None) -> Path | None:
    """The folder of a finished run that already answers this question; None if there is none.

    Not for a question whose images have yet to be simulated or found. Images are opened, since their bytes are part of
    the question, but only if a finished run has exactly this config.
    """
    from pipeline.ingest.place import load_place

    config_bytes = config_yaml(config).encode()
    configs = [manifest.with_name("config.yaml") for manifest in (out / config.aoi.id).glob(f"*/{MANIFEST}")]
    if not any(path.is_file() and path.read_bytes() == config_bytes for path in configs):
        return None
    quiet = Console(quiet=True)
    question_files = hash_question_files(config, root, reviews)
    place = load_place(config.aoi, root)  # everything else was checked and reported before
    inputs = gather(config, root, place, quiet)
    table = open_scenes(config, place, inputs)[1]
    run_id = compute_run_id(config, question_files, table, inputs, ais_digests(inputs.ais))
    folder = RunFolder(out / config.aoi.id / run_id)
    return folder.path if folder.finished and not usable_now(folder.path, table, inputs.ais) else None
