"""Finds mistakes that show only in a YAML file's text: impossible values (2024-04-31), and dots between thousands.

For the first, the YAML reader's error names neither key nor line. The second it reads as decimal points: a cap of
500.000 barrels becomes five hundred.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipeline.config.key_words import NAMES, entry_words
from pipeline.errors import printable

MOST_SHOWN = 60  # characters of the value (our choice)
_DOTTED = re.compile(r"[1-9]\d{0,2}\.\d{3}")
# Barrels, tonnes and separations in metres are often thousands, and never known to the thousandth
_IN_THOUSANDS = re.compile(r"(barrels|tonnes|.*_bbl|.*(?<!per)_t|(.*_)?(gate|guard|background|reach|shore)_m)")


def impossible_value(text: str) -> tuple[int, str]:
    """Line (from 1) of the first impossible value, and ``key: what is wrong``; (0, "") if there is none.

    >>> impossible_value("period:\\n  start: 2024-04-31\\n")
    (2, 'period.start: no such date (day is out of range for month); got 2024-04-31')
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, ValueError, OverflowError):  # a nonexistent character, such as \U00110000: not text at all
        return 0, ""
    for path, node in _scalars(root):
        written = text[node.start_mark.index : node.end_mark.index]
        try:
            YAML(typ="safe", pure=True).load(written)
        except YAMLError:
            continue  # not YAML by itself, such as a folded text: the reader accepted it in its context
        except ValueError as error:
            kind = "date" if node.tag.endswith(":timestamp") else "value"
            name = f"{printable('.'.join(path))}: " if path else ""
            return node.start_mark.line + 1, (
                f"{name}no such {kind} ({printable(error)}); got {printable(written)[:MOST_SHOWN]}"
            )
    return 0, ""


def dotted_thousands(key: str, written: str) -> str:
    """What is wrong with a number that has a dot between its thousands, for keys in such units; "" if nothing is.

    >>> dotted_thousands("barrels", "500.000")
    'in YAML the dot is a decimal point and 500.000 is 500; write 500000, or 500 where that is meant'
    >>> [dotted_thousands(*one) for one in (("barrels", "500.5"), ("length_m", "98.500"), ("bbl_per_t", "11.650"))]
    ['', '', '']
    """
    if not (_DOTTED.fullmatch(written) and _IN_THOUSANDS.fullmatch(key)):
        return ""
    whole = written.replace(".", "")
    return (
        f"in YAML the dot is a decimal point and {written} is {float(written):g}; write {whole}, or {float(written):g} "
        "where that is meant"
    )


def all_dotted_thousands(root: Any) -> list[tuple[int, str]]:
    """Line (from 1) and ``key: what is wrong`` of each such number in a composed YAML text."""
    return [
        (node.start_mark.line + 1, f"{printable('.'.join(path))}: {mistake}")
        for path, node in _scalars(root)
        if path and node.style is None and (mistake := dotted_thousands(path[-1], node.value))
    ]


def _scalars(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key and value of a composed YAML text with its key path; a key has its section's path."""
    kind = getattr(node, "id", "")
    if kind == "mapping":
        for key, value in node.value:
            yield path, key
            yield from _scalars(value, (*path, str(key.value)))
    elif kind == "sequence":
        names = [_name(entry) for entry in node.value]
        for index, value in enumerate(node.value):
            entry = f"{path[-1] if path else ''} ({entry_words(index, names)})".strip()
            yield from _scalars(value, (*path[:-1], entry))
    elif kind == "scalar":
        yield path, node


def _name(entry: Any) -> str:
    """The name that a list entry states for itself, if any."""
    pairs = entry.value if getattr(entry, "id", "") == "mapping" else []
    named = {key.value: value.value for key, value in pairs if getattr(value, "id", "") == "scalar"}
    return next((str(named[key]) for key in NAMES if key in named), "")
