"""The inputs of finished runs by path, and which of them differ between two runs."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

SKIPPED = "skipped"  # in place of the hash of an image that was present but could not be fully read


def listed_inputs(manifest: dict[str, Any]) -> dict[str, str]:
    """Shortened hash of each input in a manifest, by path."""
    return {r["path"]: r["sha256"][:12] for r in manifest.get("inputs", [])}


def inputs_of(folder: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Hash of each input of a run by path, and `SKIPPED` for images without one, which manifests do not list: an
    inconsistent product has no hash, but was present."""
    out = listed_inputs(manifest)
    with suppress(OSError, ValueError, KeyError):  # a damaged table adds nothing to the manifest
        scenes = pd.read_parquet(folder / "scenes.parquet", columns=["href", "status"])
        for href in scenes.loc[scenes["status"] == SKIPPED, "href"]:
            out.setdefault(href, SKIPPED)
    return out


def without_moved(before: dict[str, str], after: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The inputs of two runs without those that only moved to another folder, which changes no run id and no answer.

    >>> without_moved({"a/x.tif": "12", "a/y.tif": "34"}, {"b/x.tif": "12", "b/y.tif": "56"})
    ({'a/y.tif': '34'}, {'b/y.tif': '56'})
    """
    elsewhere = defaultdict(list)
    for path in sorted(after.keys() - before.keys()):
        elsewhere[PurePosixPath(path).name, after[path]].append(path)
    moved: set[str] = set()
    for path in sorted(before.keys() - after.keys()):
        if found := elsewhere[PurePosixPath(path).name, before[path]]:
            moved |= {path, found.pop(0)}
    kept = [{path: digest for path, digest in files.items() if path not in moved} for files in (before, after)]
    return kept[0], kept[1]
