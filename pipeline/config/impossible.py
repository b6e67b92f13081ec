"""Values of a plain shape that do not exist, as 2024-04-31: which one of a YAML text it is.

The reader tells what is wrong, and neither key nor line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.errors import printable

MOST_SHOWN = 60  # characters of the value (our choice)


def impossible_value(text: str) -> tuple[int, str]:
    """Line (from 1) of the first value that does not exist, and ``key: what is wrong``; (0, "") where none is found.

    >>> impossible_value("period:\\n  start: 2024-04-31\\n")
    (2, 'period.start: no such date (day is out of range for month); got 2024-04-31')
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, ValueError, OverflowError):  # a sign that does not exist, as \U00110000: no text at all
        return 0, ""
    for path, node in _scalars(root):
        written = text[node.start_mark.index : node.end_mark.index]
        try:
            YAML(typ="safe", pure=True).load(written)
        except YAMLError:
            continue  # a part of the text that is none alone, as a folded one: the reader took it where it stands
        except ValueError as error:
            kind = "date" if node.tag.endswith(":timestamp") else "value"
            name = f"{printable('.'.join(path))}: " if path else ""
            return node.start_mark.line + 1, (
                f"{name}no such {kind} ({printable(error)}); got {printable(written)[:MOST_SHOWN]}"
            )
    return 0, ""


def _scalars(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key and value of a composed YAML text with its key path; a key has that of its section."""
    kind = getattr(node, "id", "")
    if kind == "mapping":
        for key, value in node.value:
            yield path, key
            yield from _scalars(value, (*path, str(key.value)))
    elif kind == "sequence":
        for index, value in enumerate(node.value):
            yield from _scalars(value, (*path, str(index)))
    elif kind == "scalar":
        yield path, node
