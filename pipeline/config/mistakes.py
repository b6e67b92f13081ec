"""Says in plain words what is wrong with a config's value, and what may have been meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

WORDS = {  # pydantic's name of a mistake: what is wanted
    "missing": "is missing",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "finite_number": "must be a finite number",
    "too_short": "must have {min_length} or more entries; it has {actual_length}",
    "too_long": "must have at most {max_length} entries; it has {actual_length}",
    "model_type": "must be a section: keys with values",
    "dict_type": "must be a section: keys with values",
    "invalid_key": "is not a key; write decimals with a point, not a comma",  # {mean: 0,6} is read as two
}
SHORT_NAME = r"^[a-z0-9][a-z0-9_-]{0,40}$"  # valid for folders and files on every system
WEB_ADDRESS = r"^https?://[^\s\"'<>]+$"
LOOPBACK = r"^(127\.0\.0\.1|localhost):\d{1,5}$"
PROFILE = r"^[A-Za-z0-9_.@-]{1,64}$"
ZONE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}$"
EPSG = r"^EPSG:\d{4,6}$"
SHA256 = r"^[0-9a-fA-F]{64}$"
SIMULATED_NAME = r"^SIM "  # no real ship has such a name
PATTERNS = {  # each pattern in words
    SHORT_NAME: "must be lower-case a to z, digits, - and _, a letter or digit first, 41 characters at most",
    WEB_ADDRESS: "must be a web address from https:// on, without blanks, quotes and angle brackets",
    LOOPBACK: "must be this computer and a port, such as 127.0.0.1:8787",
    ZONE_NAME: "must be letters a to z, digits, - and _, a letter or digit first, 61 characters at most",
    EPSG: "must be a coordinate system such as EPSG:32652",
    SHA256: "must be the 64 digits of a SHA-256",
    SIMULATED_NAME: "must begin with SIM, so that no simulated ship has a real one's name",
    PROFILE: "must be letters, digits and . _ - @, 64 characters at most",
}
KINDS = {  # first word of pydantic's name of a mistake: what the value must be
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
    "list": "a list",
    "datetime": "a time such as 2024-03-07T02:00:00Z",
    "date": "a day such as 2024-03-07",
}
_MARKED = re.compile(r"[+-]?\d+([.,' \u00a0\u202f]\d+)+")  # 500,000 and 4.000.000 and 0,5, which YAML reads as texts
SYNONYMS = {"unloading": "discharging", "unload": "discharging", "discharge": "discharging", "load": "loading"}
"""Synonyms of our words, where the most similar spelling would mean the opposite."""
OWN_CHECKS = ("value_error", "assertion_error")  # our own checks, already in plain words


def in_plain_words(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors in plain words, without the name of the field.

    >>> in_plain_words({"type": "less_than", "msg": "Input should be less than 1", "ctx": {"lt": 1.0}})
    'must be below 1'
    >>> in_plain_words({"type": "string_type", "msg": "Input should be a valid string", "input": {"barrels": 1}})
    'must be text, or the name of a file that sets barrels'
    """
    kind, message = str(error["type"]), str(error["msg"]).removeprefix("Value error, ")
    if kind in {"literal_error", "enum"}:
        return _allowed_words(re.findall(r"'([^']*)'", error["ctx"]["expected"]), error.get("input"))
    if kind == "string_pattern_mismatch":
        return PATTERNS[error["ctx"]["pattern"]]
    if kind in WORDS:
        return WORDS[kind].format(**error.get("ctx", {}))
    wanted = KINDS.get(kind.split("_", maxsplit=1)[0])
    got = error.get("input")
    if wanted == "text" and isinstance(got, dict) and got:
        wanted += f", or the name of a file that sets {next(iter(got))}"
    if wanted in {"a number", "a whole number"} and isinstance(got, str) and _MARKED.fullmatch(got):
        wanted += " such as 500000 or 0.5: no thousands separator, a point before decimals"
    return message if kind in OWN_CHECKS or wanted is None else f"must be {wanted}"


def _allowed_words(words: list[str], got: object) -> str:
    """The allowed words, and the one that may have been meant.

    >>> _allowed_words(["berth", "anchorage"], "Berths")
    'must be berth or anchorage (did you mean berth?)'
    >>> _allowed_words(["90", "100"], 100)
    'must be 90 or 100 (did you mean the text "100", in quotes?)'
    >>> _allowed_words(["loading", "discharging"], "unloading")
    'must be loading or discharging (did you mean discharging?)'
    """
    normalised = "_".join(str(got).lower().replace("-", " ").split())
    close = (
        [SYNONYMS[normalised]]
        if SYNONYMS.get(normalised) in words
        else difflib.get_close_matches(normalised, words, n=1)
    )
    if str(got) in words:  # 100 for "100"
        close = [f'the text "{got}", in quotes']
    last = f" or {words[-1]}" if len(words) > 1 else words[-1]
    return f"must be {', '.join(words[:-1])}{last}" + (f" (did you mean {close[0]}?)" if close else "")
