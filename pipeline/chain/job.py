"""The context that a run passes to its stages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import RunConfig
from pipeline.console import Console
from pipeline.workspace import RunFolder

if TYPE_CHECKING:
    from pipeline.types import Place


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A run in progress: its question, its place, the folder that it fills and the console that it reports to.

    ``root`` is the folder that file names in the config are relative to.
    """

    config: RunConfig
    root: Path
    place: Place
    folder: RunFolder
    console: Console
