"""Parses hand-written JSON; repeated keys are ambiguous, and refused as in YAML."""

from __future__ import annotations

import json
from typing import Any

from pipeline.errors import printable


class RepeatedKey(ValueError):
    """A mapping names a key twice."""


def parse_json(text: str) -> Any:
    """The content of a JSON text; RepeatedKey if a mapping has a key twice, ValueError if it is not JSON.

    Text nested deeper than Python's parser can read (some hundred levels) counts as not JSON.

    >>> parse_json('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    pipeline.ingest.json_text.RepeatedKey: key a appears twice
    """
    try:
        return json.loads(text, object_pairs_hook=_mapping)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise RepeatedKey(f"key {printable(twice)[:60]} appears twice")
    return out
