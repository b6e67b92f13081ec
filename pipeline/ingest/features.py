"""Words that identify a feature of a GeoJSON file to its editor: its own name, or its position counted from one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.config.key_words import entry_words
from pipeline.errors import printable

NAME_KEYS = ("zone_id", "name", "id", "fid", "osm_id", "gid")  # properties by which GIS programs identify a feature
MOST_OF_A_NAME = 60  # characters (our choice)


def feature_words(features: Sequence[Any]) -> list[str]:
    """Each feature by the first of its names that is unique, else by its position from one and what it is.

    >>> told = [{"zone_id": "pier"}, {"kind": "berth"}, {"name": "A"}, {"name": "A"}, {"osm_id": 7}]
    >>> feature_words([{"properties": one} for one in told])
    ['feature pier', 'second feature (berth)', 'third feature (A)', 'fourth feature (A)', 'feature with osm_id 7']
    """
    counts = Counter(key_and_name for feature in features for key_and_name in _names(feature).items())
    return [_words_for(index, feature, counts) for index, feature in enumerate(features)]


def _words_for(index: int, feature: Any, counts: Counter[tuple[str, str]]) -> str:
    names = _names(feature)
    for key, name in names.items():
        if counts[key, name] == 1:
            return f"feature with {key} {name}" if name.isdecimal() else f"feature {name}"  # a number counts nothing
    position, what = entry_words(index, (), noun="feature"), next(iter(names.values()), "") or _kind(feature)
    return f"{position} ({what})" if what else position


def _names(feature: Any) -> dict[str, str]:
    """A feature's names by key, including GeoJSON's own ``id`` outside the properties."""
    if not isinstance(feature, dict):
        return {}
    properties = feature.get("properties")
    candidates = {"id": feature.get("id")} | (properties if isinstance(properties, dict) else {})
    values = {key: candidates.get(key) for key in NAME_KEYS}
    return {key: name for key, value in values.items() if (name := _name_text(value))}


def _kind(feature: Any) -> str:
    """What a feature says it is: its ``kind``, or the type of its geometry; "" if neither is given."""
    if not isinstance(feature, dict):
        return ""
    properties, geometry = feature.get("properties"), feature.get("geometry")
    values = [part.get(key) for part, key in ((properties, "kind"), (geometry, "type")) if isinstance(part, dict)]
    return next((kind for value in values if (kind := _name_text(value))), "")


def _name_text(value: Any) -> str:
    is_name = isinstance(value, str | int) and not isinstance(value, bool)
    return printable(value).strip()[:MOST_OF_A_NAME] if is_name else ""
