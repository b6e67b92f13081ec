"""Short file names for readers: the fewest trailing parts of a path that distinguish it, without private folders.

Tables, manifest and log keep full paths, by which a file can be found again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from pipeline.errors import printable

if TYPE_CHECKING:
    from pipeline.report.story import Story

WITH_CAUSES = ("scenes", "looks", "occupancy")  # tables whose ``cause`` the page shows


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """The fewest trailing parts of each absolute path that no other path ends in; relative paths are left out.

    >>> short_names(["/home/x/may/a.tif", "/home/x/july/a.tif", "/home/x/b.tif", "demo:c.tif"])
    {'/home/x/may/a.tif': 'may/a.tif', '/home/x/july/a.tif': 'july/a.tif', '/home/x/b.tif': 'b.tif'}
    """
    parts = {path: PurePath(path).parts[1:] for path in dict.fromkeys(paths) if PurePath(path).is_absolute()}
    ends = Counter(path_parts[-n:] for path_parts in parts.values() for n in range(1, len(path_parts) + 1))
    out = {}
    for path, path_parts in parts.items():
        fewest = next((n for n in range(1, len(path_parts) + 1) if ends[path_parts[-n:]] == 1), len(path_parts))
        if path_parts:  # the root folder has no name
            out[path] = "/".join(path_parts[-fewest:])
    return out


def shortener(story: Story) -> Callable[[str], str]:
    """A function that shortens the paths of this run's inputs, their folders and their sidecars in a text."""
    source = story.config.source
    files = {*story.tables["scenes"]["href"], *(str(record["path"]) for record in story.inputs)}
    folders = {str(PurePath(name).parent) for name in files}
    known = sorted(printable(path) for path in files | folders | {*source.images, *source.ais})
    names = short_names(known)
    if not names:
        return str
    longest_first = "|".join(re.escape(path) for path in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w./-])(?:{longest_first})")  # not within a longer path
    return lambda text: pattern.sub(lambda match: names[match[0]], text)


def with_short_names(story: Story) -> Story:
    """The story with short names in problems, remarks and causes. Columns that join its tables are unchanged."""
    shorten, tables = shortener(story), dict(story.tables)
    for name in WITH_CAUSES:
        if "cause" in tables.get(name, ()):
            tables[name] = tables[name].assign(cause=tables[name]["cause"].map(shorten, na_action="ignore"))
    return replace(
        story, problems=tuple(map(shorten, story.problems)), remarks=tuple(map(shorten, story.remarks)), tables=tables
    )
