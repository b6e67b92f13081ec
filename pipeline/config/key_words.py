"""Words the path of a key as someone who edits YAML would: list entries have names or ordinals, not numbers from 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

NAMES = ("name", "id")  # keys that name the entries of our lists
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def key_words(path: Sequence[str | int], data: Any) -> str:
    """The path of a key inside nested mappings and lists; an entry is given in brackets after its list.

    >>> data = {"volume": {"products": [{"name": "gas_oil"}, {"name": "lpg"}]}, "bbox": [1, 2]}
    >>> key_words(("volume", "products", 1, "share"), data), key_words(("bbox", 1), data)
    ('volume.products (lpg).share', 'bbox (second entry)')
    """
    words: list[str] = []
    for part in path:
        outer = data
        data = _inner(data, part)
        if isinstance(part, int) and isinstance(outer, list | tuple):  # in a mapping such as {1: a} it is a key
            words[-1:] = [f"{words[-1] if words else ''} ({entry_words(part, [_name(e) for e in outer])})".strip()]
        else:
            words.append(str(part))
    return ".".join(words)


def entry_words(index: int, names: Sequence[str], noun: str = "entry") -> str:
    """An entry by its name if that is unique, else counted from one.

    >>> [entry_words(n, ["lpg", "", "oil", "oil"]) for n in range(4)], entry_words(11, [])
    (['lpg', 'second entry', 'third entry', 'fourth entry'], 'entry 12')
    """
    name = names[index] if index < len(names) else ""
    if name and names.count(name) == 1:
        return name
    return f"{ORDINALS[index]} {noun}" if index < len(ORDINALS) else f"{noun} {index + 1}"


def _inner(data: Any, part: str | int) -> Any:
    """What a mapping or a list holds at a key; None if it has no such key."""
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None


def _name(entry: Any) -> str:
    named = [entry[key] for key in NAMES if key in entry] if isinstance(entry, dict) else []
    return next((value for value in named if isinstance(value, str)), "")
