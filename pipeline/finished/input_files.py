"""The inputs of finished runs, by path, and which of them are not the same in two of them."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

SKIPPED = "skipped"  # in place of the hash of an image that lay there and could not be read whole


def listed_inputs(manifest: dict[str, Any]) -> dict[str, str]:
    """Hash of each input that a manifest lists, shortened, by path."""
    return {r["path"]: r["sha256"][:12] for r in manifest.get("inputs", [])}


def inputs_of(folder: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Hash of each input of a run by path, and `SKIPPED` for images that have none, which no manifest lists: a product
    whose files do not fit together has no hash, but was there."""
    out = listed_inputs(manifest)
    with suppress(OSError, ValueError, KeyError):  # a torn table says nothing more than the manifest
        scenes = pd.read_parquet(folder / "scenes.parquet", columns=["href", "status"])
        for href in scenes.loc[scenes["status"] == SKIPPED, "href"]:
            out.setdefault(href, SKIPPED)
    return out


def without_moved(before: dict[str, str], after: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The inputs of two runs without those that only lie in another folder: no run id and no answer knows of that.

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
    kept = [{path: told for path, told in files.items() if path not in moved} for files in (before, after)]
    return kept[0], kept[1]
