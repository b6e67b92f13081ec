"""What rasterio says beside its answers and errors, and nobody asked for: kept from a user's terminal."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType


def mute() -> None:
    """Once and for all: catch_warnings belongs to the whole process, and threads that use it undo one another's.

    What a missing georeference means is said of the scene.
    """
    sys.unraisablehook = _muted(sys.unraisablehook)
    sys.excepthook = _muted_print(sys.excepthook)
    warnings.filterwarnings("ignore", message="Dataset has no geotransform")


def _muted(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The hook without one complaint: rasterio's logger cannot decode what GDAL quotes of a damaged tag (in 1.4)."""

    def heard(found: Any) -> None:
        if not (isinstance(found.exc_value, UnicodeDecodeError) and "rasterio._env" in str(found.object)):
            hook(found)

    return heard


def _muted_print(hook: Callable[..., Any]) -> Callable[..., Any]:
    """The same for the hook that Cython has the complaint printed by first: it alone comes without a traceback."""

    def heard(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        if not (trace is None and isinstance(value, UnicodeDecodeError)):
            hook(kind, value, trace)

    return heard
