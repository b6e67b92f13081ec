"""Writes a run's outputs: tables, pictures, the report, the config that repeats it, and last the manifest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.chain.identity import QuestionFiles, image_records
from pipeline.chain.job import Job
from pipeline.chain.review_file import FOLDER as REVIEWS_FOLDER
from pipeline.chain.transient_faults import faults_entry
from pipeline.chain.verification import CHAINED_TABLES, ROW_HASHES_FILE, rows_of
from pipeline.checkpoints import checkpoint
from pipeline.config.writing import config_yaml
from pipeline.provenance import MANIFEST, manifest_hash, outputs_of, require_same_code
from pipeline.report.summary import headline_lines, result_of, verdicts_of
from pipeline.storage import write_bytes, write_json, write_text
from pipeline.table_files import marked, write_table
from pipeline.times_places.longitudes import as_written
from pipeline.workspace import CONFIG_FILES, RunFolder, config_files

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.chain.sources import Inputs
    from pipeline.ingest.ais.messages import AisRead
    from pipeline.report.story import Story
    from pipeline.types import Scene


def draw_pictures(scenes: list[Scene], tables: dict[str, pd.DataFrame], job: Job) -> pd.DataFrame:
    """Draw a chip for every sighting in a call and quicklooks for the map; returns the detections with chip paths."""
    import pandas as pd

    from pipeline.ingest.scenes import without_water
    from pipeline.report.chips import draw_chips
    from pipeline.report.quicklooks import draw_quicklooks

    folder, threads = job.folder, job.config.engine.workers
    scenes = [without_water(scene) for scene in scenes]
    draw_quicklooks(scenes, job.place, folder.path / "quicklooks", threads)
    seen_ids = sorted({detection_id for ids in tables["port_calls"]["detection_ids"] for detection_id in ids})
    chips = draw_chips(scenes, tables["detections"], seen_ids, folder.path / "chips", threads)
    detections = tables["detections"]
    paths = [
        f"chips/{chips[detection_id]}" if detection_id in chips else "" for detection_id in detections["detection_id"]
    ]
    return detections.assign(chip=pd.Series(paths, detections.index, dtype="str"))  # text dtype even if there is none


def publish(
    story: Story, job: Job, inputs: Inputs, ais: AisRead, previous: dict[str, str] | None, question_files: QuestionFiles
) -> None:
    """Write all of a run's outputs, the manifest last."""
    from pipeline.report import write_report

    folder = job.folder
    records = [
        {"path": inputs.name_of(file.path), "sha256": file.sha256, "bytes": None} for file in ais.files if file.sha256
    ]
    records += image_records(story.tables["scenes"])
    story = replace(story, inputs=tuple(records))
    _write_question(story, job, inputs, question_files)
    _write_tables(story, folder)
    write_report(story, folder.path)
    chained = [name for name in CHAINED_TABLES if name in story.tables]
    write_json(folder.path / ROW_HASHES_FILE, {name: rows_of(as_written(story.tables[name]), name) for name in chained})
    checkpoint("everything but the manifest")
    require_same_code()
    manifest = _manifest(story, folder, ais, previous)
    manifest["self_sha256"] = manifest_hash(manifest)
    write_json(folder.path / MANIFEST, manifest)


def _write_question(story: Story, job: Job, inputs: Inputs, question_files: QuestionFiles) -> None:
    """Write the resolved config as YAML, and copies of the files that it refers to, the verdicts and the saved search.

    EnvironmentFault if one of the files that the config names changed since the question was asked.
    """
    copies_folder = job.folder.path / CONFIG_FILES
    write_text(job.folder.path / "config.yaml", config_yaml(story.config))
    for name in config_files(story.config):
        write_bytes(copies_folder / name, question_files.read_unchanged(job.root, name))
    if question_files.reviews is not None:
        write_bytes(copies_folder / REVIEWS_FOLDER / f"{story.config.aoi.id}.csv", question_files.reviews)
    if inputs.items is not None:
        from pipeline.chain.live import ITEMS

        write_bytes(copies_folder / ITEMS, inputs.items)


def _write_tables(story: Story, folder: RunFolder) -> None:
    """Write every table, and those that verdicts changed also as detected."""
    for name, table in story.tables.items():
        write_table(marked(table, story.simulated), folder.path / f"{name}.parquet")
    if story.as_detected is not None:
        for name in ("detections", "port_calls", "liftings", "ledger"):
            before = marked(story.as_detected.tables[name], story.simulated)
            write_table(before, folder.path / "as_detected" / f"{name}.parquet")


def _manifest(story: Story, folder: RunFolder, ais: AisRead, previous: dict[str, str] | None) -> dict[str, Any]:
    """The manifest: hashes of question, code, inputs and outputs; the problems; and the answer."""
    return {
        "capwatch": story.code_version,
        "run_id": story.run_id,
        "aoi": story.config.aoi.id,
        "simulated": story.simulated,
        "seed": story.config.seed,
        "previous": previous,
        "libraries": dict(story.versions),
        "inputs": list(story.inputs),
        **faults_entry(ais.files),
        "outputs": [record.as_json() for record in outputs_of(folder.path)],
        "problems": list(story.problems),
        "headline": headline_lines(story),
        "result": result_of(story),
        "left_out": dict(story.headline.left_out),
        "reviews": verdicts_of(story),
    }
