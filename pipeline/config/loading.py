"""YAML to config: layers, overrides, and errors that name file, key and line.

YAML 1.2 rules (``1e-6`` is a number, ``NO`` is text), no tags, no aliases, at most 1 MiB.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from pipeline.config.file_kinds import wrong_kind
from pipeline.config.key_words import key_words
from pipeline.config.mistakes import in_plain_words
from pipeline.config.text_mistakes import all_dotted_thousands, dotted_thousands, impossible_value
from pipeline.errors import ConfigError, printable

MAX_BYTES = 1 << 20  # our choice: the largest config in the project has some 10 KiB
MAX_DEPTH = 50  # our choice: the deepest config in the project has 5 levels

MAX_NAME_CHARACTERS = 100  # characters (our choice)
MOST_MISTAKES = 5  # mistakes in one line (our choice): a file of another kind has dozens
SET = 0  # line number of values set on the command line: no line of the file is at fault
YAML_HINTS = {  # the YAML reader's message: the usual remedy
    "mapping values are not allowed here": "indent keys alike, quote values that contain a colon",
    "found character '\\t'": "indent with spaces, not tabs",
    "could not find expected ':'": "a space must follow the colon of a key",
    "but found another document": "a config is one document, without ---",
}

_TWICE = re.compile(r'found duplicate key "(.*?)" with value')

M = TypeVar("M", bound=BaseModel)


def read_yaml(path: Path) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    """The mapping in a YAML file, and the 1-based line of each key path."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{printable(path)}: cannot be read ({error.strerror})") from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{printable(path)}: {len(raw)} bytes is too large for a config (limit {MAX_BYTES})")
    reader = YAML(typ="safe", pure=True)
    try:
        text = raw.decode("utf-8-sig")
        _refuse_oddities(text, path)
        root = reader.compose(text)
        data = reader.constructor.construct_document(root) if root is not None else None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{printable(path)}: is not UTF-8 ({error.reason} at byte {error.start})") from error
    except YAMLError as error:
        raise ConfigError(f"{printable(path)}{_yaml_cause(error)}") from error
    except ConfigError:
        raise
    except (ValueError, OverflowError) as error:  # a well-formed but impossible value, such as 2024-02-30
        line, mistake = impossible_value(text)
        place = f":{line}: {mistake}" if mistake else f": holds a value that does not exist ({printable(error)})"
        raise ConfigError(f"{printable(path)}{place}") from error
    if not isinstance(data, dict):
        holds = "is empty" if data is None else f"holds {'a list' if isinstance(data, list) else 'a text or number'}"
        raise ConfigError(f"{printable(path)}: {holds}; it must have keys with values, such as aoi: or cap:")
    if dotted := [f"{printable(path)}:{line}: {mistake}" for line, mistake in all_dotted_thousands(root)]:
        raise ConfigError(_in_one_line(dotted))
    return data, _lines(root)


def build(model: type[M], data: dict[str, Any], *, where: str, lines: dict[tuple[str, ...], int] | None = None) -> M:
    """The model built from a mapping; ConfigError with the first mistakes in one line: file, line, key, cause."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        if other := wrong_kind(model.model_fields, data):
            raise ConfigError(f"{where}: {other}") from error
        mistakes = [_explain(model, e, key_words(e["loc"], data), where, lines or {}) for e in _mistakes(error)]
        raise ConfigError(_in_one_line(mistakes)) from error


def causes_of(model: type[BaseModel], data: dict[str, Any], error: ValidationError) -> str:
    """The first mistakes that a model found in a mapping, in one line: key and cause, without file and line."""
    return _in_one_line([_cause(model, e, key_words(e["loc"], data)) for e in _mistakes(error)])


def _mistakes(error: ValidationError) -> list[Any]:
    """A model's errors. A list is called too short only if none of its entries is wrong, as those are not counted."""
    found = error.errors()
    wrong = [e["loc"] for e in found]
    return [e for e in found if e["type"] != "too_short" or not any(_within(loc, e["loc"]) for loc in wrong)]


def _within(path: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(path) > len(outer) and path[: len(outer)] == outer


def _in_one_line(mistakes: list[str]) -> str:
    """The first mistakes, and the number of further ones."""
    more = [f"and {len(mistakes) - MOST_MISTAKES} more"] if len(mistakes) > MOST_MISTAKES else []
    return "; ".join([*mistakes[:MOST_MISTAKES], *more])


def load(model: type[M], path: Path) -> M:
    """The model built from one YAML file."""
    data, lines = read_yaml(path)
    return build(model, data, where=printable(path), lines=lines)


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``base`` overridden by ``over``: mappings are merged key by key, everything else is replaced."""
    out = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = merged(out[key], value) if both else value
    return out


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The values in nested mappings, each with its path.

    >>> list(leaves({"a": {"b": 1, "c": {}}, "d": [2]}))
    [(('a', 'b'), 1), (('d',), [2])]
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, str(key)))
    else:
        yield path, value


def parse_overrides(settings: list[str]) -> dict[str, Any]:
    """``["detection.radar.false_alarm_rate=1e-7"]`` as a nested mapping; values are read as YAML.

    >>> parse_overrides(["a.b=1e-7", "a.c=[1, NO]"])
    {'a': {'b': 1e-07, 'c': [1, 'NO']}}
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    out: dict[str, Any] = {}
    for setting in settings:
        path, equals, text = setting.partition("=")
        keys = path.strip().split(".")
        if not equals or not all(keys):
            raise ConfigError(f"--set {printable(setting)}: write it as section.field=value")
        try:
            value = YAML(typ="safe", pure=True).load(text)
        except (YAMLError, ValueError, OverflowError, RecursionError) as error:
            mistake = impossible_value(text)[1] if isinstance(error, ValueError) else ""
            raise ConfigError(f"--set {printable(setting)[:200]}: {mistake or 'the value is not YAML'}") from error
        if mistake := dotted_thousands(keys[-1], text.strip()):
            raise ConfigError(f"--set {printable(setting)[:200]}: {mistake}")
        nested: Any = value
        for key in reversed(keys):
            nested = {key: nested}
        out = merged(out, nested)
    return out


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal bytes. Refuses NaN, infinity and sets."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_text)


def _text(value: Any) -> str:
    if isinstance(value, set | frozenset):
        raise TypeError("a set has no order, so it has no stable text; sort it first")
    return str(value)


def fingerprint(section: BaseModel, *, without: Collection[str] = ()) -> str:
    """Twelve hex digits that identify a section's content, except some fields: equal settings have equal digits."""
    content = section.model_dump(mode="json", exclude=set(without))
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:12]


def _refuse_oddities(text: str, path: Path) -> None:
    """Refuse aliases and deep nesting (both can exhaust memory), and ``%YAML 1.1`` (in which ``NO`` means false)."""
    from ruamel.yaml import YAML
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, DocumentStartEvent

    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, AliasEvent):
            raise ConfigError(f"{printable(path)}:{event.start_mark.line + 1}: YAML aliases are not supported here")
        if isinstance(event, DocumentStartEvent) and event.version not in {None, (1, 2)}:
            raise ConfigError(f"{printable(path)}: configs are YAML 1.2; remove the %YAML line")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1
            raise ConfigError(f"{printable(path)}:{line}: is nested too deeply for a config (limit {MAX_DEPTH})")


def _yaml_cause(error: Any) -> str:
    """A YAML error as ``:line: problem``, in one line."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    if "expected ':'" in problem:  # missing at the end of the key, but reported on the next line
        mark = getattr(error, "context_mark", None) or mark
    if repeated := _TWICE.match(problem):
        problem = f"{repeated[1]} appears twice in one section"
    place = f":{mark.line + 1}" if mark is not None else ""
    hint = next((f" ({hint})" for words, hint in YAML_HINTS.items() if words in problem), "")
    return f"{place}: {printable(' '.join(problem.split()))[:200]}{hint}"


def _lines(node: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], int]:
    """1-based line of every key, by its path."""
    out: dict[tuple[str, ...], int] = {}
    if getattr(node, "id", "") == "mapping":
        for key, value in node.value:
            key_path = (*path, str(key.value))
            out[key_path] = key.start_mark.line + 1
            out |= _lines(value, key_path)
    elif getattr(node, "id", "") == "sequence":
        for index, value in enumerate(node.value):
            key_path = (*path, str(index))
            out[key_path] = value.start_mark.line + 1
            out |= _lines(value, key_path)
    return out


def _explain(model: type[BaseModel], error: Any, named: str, where: str, lines: dict[tuple[str, ...], int]) -> str:
    """File, line, key and cause of one mistake; ``named`` is the key in words (`key_words`)."""
    path = tuple(str(p) for p in error["loc"])
    place = _location(path, in_plain_words(error), isinstance(error.get("input"), dict), where, lines)
    return f"{place}: {_cause(model, error, named)}"


def _cause(model: type[BaseModel], error: Any, named: str) -> str:
    """Key and cause of one mistake, with what may be meant, or the value given."""
    path, message = tuple(str(p) for p in error["loc"]), in_plain_words(error)
    name = printable(named)[:MAX_NAME_CHARACTERS]
    if error["type"] == "extra_forbidden":
        written = path[-1].lower()  # keys are in lower case
        close = difflib.get_close_matches(written, _fields(model, path[:-1]), n=1) or _in_sections(model, path)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return f"{name}: no such key{hint}"
    got = error.get("input")
    shown = f"; got {printable(got)[:60]}" if isinstance(got, str | int | float | bool) and got != "" else ""
    return f"{name}: {message}{shown}" if name else message


def _location(
    path: tuple[str, ...], message: str, of_section: bool, where: str, lines: dict[tuple[str, ...], int]
) -> str:
    """File and line of a mistake, or the command line if it set the value with ``--set``."""
    # The message of a section's own check starts with the key
    stated_path = tuple(message.split(" ", maxsplit=1)[0].split("."))
    named = stated_path if stated_path[: len(path)] == path else path
    line = next((lines[named[:n]] for n in range(len(named), 0, -1) if named[:n] in lines), None)
    section = path or stated_path[:1]
    partly_set = of_section and any(n == SET and key[: len(section)] == section for key, n in lines.items())
    if line == SET or partly_set:
        return f"command line, over {where}"
    return f"{where}:{line}" if line else where


def _in_sections(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    """For a top-level key without its section: the sections that have a field of that name."""
    if len(path) > 1:
        return []
    return [f"{section}.{path[0]}" for section in _fields(model, ()) if path[0] in _fields(model, (section,))]


def _fields(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    """Names of the fields at a path inside a model; empty if the path leads out of the models."""
    here: Any = model
    for name in path:
        if not name.isdecimal():  # the index of a list entry does not change the fields
            field = getattr(here, "model_fields", {}).get(name)
            here = _model_in(field.annotation) if field is not None else None
    return list(getattr(here, "model_fields", {}))


def _model_in(annotation: Any) -> Any:
    """The section that a field holds, be it optional or in a list; None if it holds none.

    >>> class A(BaseModel): ...
    >>> _model_in(A) is _model_in(A | None) is _model_in(tuple[A, ...]) is A
    True
    """
    annotations = (annotation, *get_args(annotation))
    return next((kind for kind in annotations if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
