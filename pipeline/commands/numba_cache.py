"""Chooses where Numba caches compiled code: beside the sources, else in a folder of this user.

A package installed by another user may not be writable, and a service user may have no home.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

import pipeline
from pipeline.errors import EnvironmentFault
from pipeline.workspace import cache_root

VARIABLE = "NUMBA_CACHE_DIR"


def set_cache_folder() -> None:
    """Set ``NUMBA_CACHE_DIR`` if the folder beside the sources is not writable; call it before importing Numba.

    Raises EnvironmentFault if no folder can be used, since Numba would fail to load.
    """
    beside = sorted(Path(pipeline.__file__).parent.rglob("__pycache__"))
    sources = [Path(pipeline.__file__).parent, *beside]
    if VARIABLE in os.environ or all(os.access(folder, os.W_OK | os.X_OK) for folder in sources):
        return
    temporary = Path(tempfile.gettempdir()) / f"capwatch-{os.getuid()}"
    tried = [temporary]
    with suppress(EnvironmentFault):  # a user without a home
        tried.insert(0, cache_root() / "machine-code")
    for folder in tried:
        if _is_private(folder):
            os.environ[VARIABLE] = str(folder)
            return
    raise EnvironmentFault(
        f"no folder for compiled code can be written: neither {sources[0]} nor {' nor '.join(map(str, tried))}; "
        f"set {VARIABLE} to one that can"
    )


def _is_private(folder: Path) -> bool:
    """Can only this user write to the folder (created if missing)? Code that others put there would be executed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return False
    private = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022
    return private and os.access(folder, os.W_OK | os.X_OK)
