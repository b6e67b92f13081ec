"""Parses command-line options of the form name=value,name=value."""

from __future__ import annotations

from pipeline.errors import ConfigError, printable


def parse_pairs(option: str, text: str | None) -> dict[str, str]:
    """``a=1,b=2`` as a mapping.

    >>> parse_pairs("--columns", "mmsi=ID,lon=X")
    {'mmsi': 'ID', 'lon': 'X'}
    """
    out: dict[str, str] = {}
    for part in text.split(",") if text else []:
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise ConfigError(f"{option} {printable(part)}: write it as name=value,name=value")
        if name.strip() in out:
            raise ConfigError(f"{option} {printable(part)}: {name.strip()} appears twice")
        out[name.strip()] = value.strip()
    return out
