"""Which cached cut-outs of live scenes may be used instead of fetching them again."""

from __future__ import annotations

from enum import StrEnum


class CacheUse(StrEnum):
    """Which cut-outs of the cache are used as they are; the others are asked for again."""

    ALL = "all"
    UNDOUBTED = "undoubted"
    """All but those that came odd, alike twice. Where one cannot be had now, it is used nevertheless."""
    NONE = "none"
