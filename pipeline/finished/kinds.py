"""Tells folders of runs from those of recomputed cases (both have a manifest), and finds their page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, InputError, printable
from pipeline.provenance import MANIFEST, read_manifest


def page_of(folder: Path) -> Path:
    """The HTML page of a finished run or case. Raises as ``read_manifest`` does."""
    return folder / ("case.html" if "case" in read_manifest(folder) else "report.html")


def refuse_within(folder: Path, out: Path) -> None:
    """ConfigError if a file made from a run would be written into the run's folder, which would then disagree with its
    manifest."""
    if out.resolve().is_relative_to(folder.resolve()):
        cause = "lies in the run's own folder, which would no longer fit its manifest; write it elsewhere"
        raise ConfigError(f"{printable(out)}: {cause} (nothing was written)")


def case_in(folder: Path) -> str:
    """The id of the case that a folder holds; "" for a run, finished or not."""
    return printable(read_manifest(folder).get("case", "")) if (folder / MANIFEST).is_file() else ""


def manifest_with_answer(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run or case, for listing and comparing its answer; InputError if it was altered and no
    longer has the right structure. Otherwise raises as ``read_manifest`` does."""
    found = read_manifest(folder)
    if not _is_well_formed(found):
        raise InputError(
            folder / MANIFEST, "does not tell an answer as runs do; capwatch verify names what was changed"
        )
    return found


def _is_well_formed(manifest: dict[str, Any]) -> bool:
    """Do the parts present in a manifest have the right types? A case has no result."""
    kinds = {"inputs": list, "result": dict, "left_out": dict, "libraries": dict, "reviews": list}
    if not all(isinstance(manifest.get(name, kind()), kind) for name, kind in kinds.items()):
        return False
    result, verdicts = manifest.get("result", {}), manifest.get("reviews", [])
    sums = [result[name] for name in ("barrels", "as_detected") if name in result]
    numbers = [result.get(name, 1) for name in ("cap_bbl", "calls_counted", "looks")]
    period, verdict_fields = result.get("period", []), {"verdict", "target", "value", "outcome", "note"}
    return (
        all(
            isinstance(quantiles, list) and len(quantiles) == 3 and all(map(_is_number, quantiles))
            for quantiles in sums
        )
        and all(map(_is_number, numbers))
        and (not sums or result.get("cap_bbl", 0) > 0)
        and isinstance(period, list)
        and all(isinstance(day, str) for day in period)
        and all(isinstance(verdict, dict) and verdict_fields <= verdict.keys() for verdict in verdicts)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def manifest_of_run(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run; ConfigError if there is none, or if it is a case."""
    found = read_manifest(folder)
    if "case" in found:
        case = printable(found["case"])
        raise ConfigError(
            f"{printable(folder)}: is the case {case}, not a run (capwatch case {case} computes it again)"
        )
    return found
