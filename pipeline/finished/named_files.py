"""Compares the content of the files that a run's config names: zones, coast, cap, scenario, registry.

They are usually edited in place, so two runs may have the same config but different questions.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.chain.review_file import FOLDER as VERDICTS
from pipeline.config import read_yaml
from pipeline.errors import PipelineError
from pipeline.provenance import read_manifest
from pipeline.workspace import CONFIG_FILES


def changed_files(before: Path, after: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The files that both runs name and whose bytes differ, as values by ``file: field`` for each run.

    A file that only one run names already differs in the config; verdicts are compared elsewhere, one by one. Fields
    are those of YAML files, and of zones by id; for other files, or if the content is equal, the value is the hash.
    """
    old, new = _hashes(before), _hashes(after)
    values: tuple[dict[str, str], dict[str, str]] = {}, {}
    for name in sorted(old.keys() & new.keys()):
        if old[name] == new[name]:
            continue
        fields = [_fields(folder / CONFIG_FILES / name) for folder in (before, after)]
        if fields[0] == fields[1]:  # a kind not read here, or a change of line ends and comments only
            same_content = ", the same content" if fields[0] else ""
            fields = [{"": f"sha256 {hashes[name][:12]}{same_content}"} for hashes in (old, new)]
        for run_values, run_fields in zip(values, fields, strict=True):
            run_values.update({f"{name}: {field}" if field else name: value for field, value in run_fields.items()})
    return values


def flattened(value: Any, path: str = "") -> dict[str, str]:
    """Nested values as text by their dotted path; lists as a whole."""
    if isinstance(value, dict):
        return {
            k: v for name, inner in value.items() for k, v in flattened(inner, f"{path}.{name}".lstrip(".")).items()
        }
    return {path: value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)}


def _hashes(folder: Path) -> dict[str, str]:
    """Hash in the manifest of each file that the config names, by name."""
    prefix = f"{CONFIG_FILES}/"
    return {
        record["path"].removeprefix(prefix): record["sha256"]
        for record in read_manifest(folder)["outputs"]
        if record["path"].startswith(prefix) and not record["path"].startswith(f"{prefix}{VERDICTS}/")
    }


def _fields(path: Path) -> dict[str, str]:
    """A file's values by field; empty if its kind is not read here, or if it is damaged."""
    with suppress(PipelineError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        if path.suffix == ".yaml":
            return flattened(read_yaml(path)[0])
        if path.suffix == ".geojson":
            features = json.loads(path.read_text("utf-8-sig"))["features"]
            return {k: v for feature in features for k, v in _zone(feature).items()}
    return {}


def _zone(feature: dict[str, Any]) -> dict[str, str]:
    """Properties of a zone, and a hash of its outline; KeyError if the feature is not a zone."""
    properties = feature["properties"]
    outline = hashlib.sha256(json.dumps(feature["geometry"], sort_keys=True).encode()).hexdigest()
    return flattened(properties | {"outline": outline[:12]}, properties["zone_id"])
