"""Transient faults: inputs that a finished run could not use but that are readable now, so the run is repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.provenance import read_manifest
from pipeline.table_files import read_table
from pipeline.tables import SCENES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from pipeline.ingest.ais.messages import AisFile

FAULTS = "faults"  # manifest key: AIS files that the system could not read; absent if there are none


def usable_now(folder: Path, scene_table: pd.DataFrame, ais: Sequence[Path]) -> list[str]:
    """Images that a finished run had to skip and that open now, and AIS files that it could not read and that now can
    be."""
    earlier_scenes = read_table(folder / "scenes.parquet", SCENES)
    skipped = set(earlier_scenes.loc[earlier_scenes["status"] == "skipped", "href"])
    images = skipped & set(scene_table.loc[scene_table["status"].isin(["used", "degraded"]), "href"])
    unread = set(read_manifest(folder).get(FAULTS, ()))
    return sorted(images) + sorted(str(path) for path in ais if str(path) in unread and _is_readable(path))


def faults_entry(files: Sequence[AisFile]) -> dict[str, list[str]]:
    """The manifest entry for AIS files that the system could not read; damaged files do not count."""
    paths = sorted(str(file.path) for file in files if file.fault)
    return {FAULTS: paths} if paths else {}


def _is_readable(path: Path) -> bool:
    from pipeline.ingest.ais.files import file_digest

    try:
        file_digest(path)
    except InputError:
        return False
    return True
