"""Runs and recomputed cases both lie in folders with a manifest: which of the two a folder holds, and its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, printable
from pipeline.provenance import MANIFEST, read_manifest


def page_of(folder: Path) -> Path:
    """The page that tells what a finished folder holds. Raises as ``read_manifest`` does."""
    return folder / ("case.html" if "case" in read_manifest(folder) else "report.html")


def refuse_within(folder: Path, out: Path) -> None:
    """ConfigError where a file that is made of a run would lie in the run's folder: it would no longer fit its
    manifest."""
    if out.resolve().is_relative_to(folder.resolve()):
        cause = "lies in the run's own folder, which would no longer fit its manifest; write it elsewhere"
        raise ConfigError(f"{printable(out)}: {cause} (nothing was written)")


def case_in(folder: Path) -> str:
    """The id of the case that a folder holds; "" for a run, finished or not."""
    return printable(read_manifest(folder).get("case", "")) if (folder / MANIFEST).is_file() else ""


def manifest_of_run(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run; ConfigError where there is none, or a case, which is no run."""
    found = read_manifest(folder)
    if "case" in found:
        case = printable(found["case"])
        raise ConfigError(
            f"{printable(folder)}: is the case {case}, not a run (capwatch case {case} computes it again)"
        )
    return found
