"""Verifies the bytes of a finished run, repeats it from its own folder, or shows its answer."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pipeline.chain.review_file import find_reviews
from pipeline.chain.verification import altered_since
from pipeline.console import Console
from pipeline.errors import ConfigError, ContractError, InputError, RunDiffers, printable
from pipeline.finished.crate import manifest_disagreements
from pipeline.finished.input_files import listed_inputs, without_moved
from pipeline.finished.kinds import manifest_of_run, page_of
from pipeline.ingest.catalogue.cache_use import CacheUse
from pipeline.plurals import number_of
from pipeline.provenance import MANIFEST, read_manifest
from pipeline.run import run
from pipeline.workspace import CONFIG_FILES, load_run_config

CONFIG = "config.yaml"


def verify(folder: Path, console: Console) -> None:
    """Report every file of a run that differs from its manifest; ContractError (exit 2) if any does."""
    disagreements = manifest_disagreements(folder)
    for line in disagreements:
        console.problem(f"{printable(folder)}: {line}", done="reported")
    if disagreements:
        raise ContractError(f"{printable(folder)}: {number_of(len(disagreements), 'difference')} from the manifest")
    console.result(f"{folder}: every file agrees with the manifest{_missing_inputs(folder)}")


def _missing_inputs(folder: Path) -> str:
    """Says how many inputs are no longer where the run found them, and so were not compared. A case names its inputs
    without a folder, and keeps copies of what it read."""
    manifest = read_manifest(folder)
    inputs = [] if "case" in manifest else [record["path"] for record in manifest["inputs"]]
    files = [path for path in inputs if "://" not in path and not path.startswith("demo:")]
    n_missing = sum(not Path(path).exists() for path in files)
    return (
        f"; {n_missing} of {number_of(len(files), 'input')} not found from here, so not compared" if n_missing else ""
    )


def rerun(folder: Path, console: Console) -> None:
    """Run the folder's own config again, elsewhere, and compare every output byte for byte with the manifest's.

    Files changed by hand are reported first, since the comparison is with the manifest, not the folder; so are inputs
    that changed.
    """
    manifest = manifest_of_run(folder)
    _require_own_files(folder, [record["path"] for record in manifest["outputs"]])
    changed = manifest_disagreements(folder, inputs=False)
    for line in changed:
        console.problem(f"{printable(folder)}: {line}", done="what the manifest says of it is compared")
    config = load_run_config(folder / CONFIG, {})
    with tempfile.TemporaryDirectory(prefix="capwatch-rerun-") as scratch:
        root = folder / CONFIG_FILES
        reviews = find_reviews(config.aoi.id, root)
        repeated_run = run(
            config, root, Path(scratch), _own_console(console), fresh=True, reviews=reviews, cache_use=CacheUse.ALL
        )
        repeated = read_manifest(repeated_run.folder)
    changed_inputs = _changed_inputs(manifest, repeated)
    for line in changed_inputs:
        console.problem(line, done="run again with what lies there now")
    before, after = ({r["path"]: r["sha256"] for r in record["outputs"]} for record in (manifest, repeated))
    differing = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
    for path in differing:
        console.problem(f"{printable(folder / path)}: differs when run again", done="reported")
    if fields := _differing_fields(manifest, repeated):
        console.problem(f"{printable(folder / MANIFEST)}: other {', '.join(fields)} when run again", done="reported")
    if differing or fields:
        count = len(differing) + bool(fields)
        on_changed_inputs = f", on {number_of(len(changed_inputs), 'input')} not the same" if changed_inputs else ""
        summary = f"{count} of {number_of(len(before) + 1, 'file')} differ when run again{on_changed_inputs}"
        raise RunDiffers(f"{printable(folder)}: {summary}{_software_differences(manifest, repeated)}")
    agreement = f" with the manifest; {number_of(len(changed), 'file')} of the folder not" if changed else ""
    console.result(f"{folder}: run again, all {len(before)} files agree byte for byte{agreement}")


def _differing_fields(manifest: dict[str, Any], repeated: dict[str, Any]) -> list[str]:
    """Manifest fields that differ in the repetition: the headline, for one, is covered by no output's hash."""
    not_compared = {"previous", "inputs", "outputs", "self_sha256"}  # depend on location, or are compared file by file
    return sorted(k for k in (manifest.keys() | repeated.keys()) - not_compared if manifest.get(k) != repeated.get(k))


def _software_differences(manifest: dict[str, Any], repeated: dict[str, Any]) -> str:
    """In brackets, which code or libraries differ from the run's, as a possible cause of differences; else ""."""
    recorded, now = ({"code": record["capwatch"], **record.get("libraries", {})} for record in (manifest, repeated))
    others = [
        f"{name} {recorded[name]}, this is {now.get(name)}" for name in recorded if recorded[name] != now.get(name)
    ]
    return f" (the run was made by {'; '.join(others)})" if others else ""


def _changed_inputs(manifest: dict[str, Any], repeated: dict[str, Any]) -> list[str]:
    """A line for each input that is no longer the run's: the cause, reported before the files that differ."""
    before, after = without_moved(listed_inputs(manifest), listed_inputs(repeated))
    out = []
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            out.append(f"{printable(path)}: input not there any more, or not to be read")
        elif path not in before:
            out.append(f"{printable(path)}: input that the run did not have")
        elif before[path] != after[path]:
            out.append(f"{printable(path)}: input changed since the run")
    return out


def _require_own_files(folder: Path, outputs: list[str]) -> None:
    """ConfigError if files needed to repeat the run are missing from its folder."""
    own_files = [path for path in outputs if path == CONFIG or path.startswith(f"{CONFIG_FILES}/")]
    missing = [path for path in dict.fromkeys((CONFIG, *own_files)) if not (folder / path).is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ConfigError(
            f"{printable(folder)}: {printable(missing[0])}{more} missing, without which it cannot be run again "
            "(nothing was compared; capwatch verify names all that is)"
        )


def show(folder: Path, console: Console) -> None:
    """Show the headline of a finished run or case and the path of its report, and report changes made by hand."""
    headline = read_manifest(folder).get("headline")
    if not isinstance(headline, list) or not all(isinstance(line, str) for line in headline):
        raise InputError(folder / MANIFEST, "its headline has gone; capwatch verify names what was changed")
    if changed := altered_since(folder):
        console.problem(f"{printable(folder)}: {changed}", done="told as it stands there")
    for line in (*headline, f"report: {page_of(folder)}"):
        console.result(line)


def _own_console(console: Console) -> Console:
    """A separate console for the repeated run, whose problems are those of the first run and already known."""
    return Console(quiet=console.quiet)
