"""Suppresses rasterio's spurious warnings and messages, which would clutter a user's terminal."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType


def mute_spurious() -> None:
    """Mute for the whole process: catch_warnings is not thread-safe, threads that use it undo one another's filters.

    A missing georeference is reported for the scene instead.
    """
    sys.unraisablehook = _muted(sys.unraisablehook)
    sys.excepthook = _muted_print(sys.excepthook)
    warnings.filterwarnings("ignore", message="Dataset has no geotransform")


def _muted(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The hook, ignoring one error: rasterio's logger (1.4) cannot decode what GDAL quotes from a damaged tag."""

    def filtered(found: Any) -> None:
        if not (isinstance(found.exc_value, UnicodeDecodeError) and "rasterio._env" in str(found.object)):
            hook(found)

    return filtered


def _muted_print(hook: Callable[..., Any]) -> Callable[..., Any]:
    """The same for the hook by which Cython prints that error first, recognised by having no traceback."""

    def filtered(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        if not (trace is None and isinstance(value, UnicodeDecodeError)):
            hook(kind, value, trace)

    return filtered
