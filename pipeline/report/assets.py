"""Styles and scripts of the report page, read from the package and inlined; its CSP admits scripts by hash."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parent / "static"
STYLES = ("vendor/leaflet-1.9.4.css", "report.css", "map.css", "cards.css")
LIBRARIES = ("vendor/leaflet-1.9.4.js", "vendor/d3-7.9.2.min.js", "vendor/plot-0.6.17.umd.min.js")
SCRIPTS = ("start.js", "charts.js", "calendar.js", "apart.js", "map.js", "time.js", "table.js", "review.js")
PLAIN_STYLES = ("report.css", "cards.css")


@dataclass(frozen=True, slots=True)
class Assets:
    """What a page inlines. ``policy`` (CSP) lets only these scripts run, and allows no network request."""

    styles: str
    scripts: tuple[str, ...]
    policy: str


@cache
def assets(styles: tuple[str, ...] = STYLES, scripts: tuple[str, ...] = (*LIBRARIES, *SCRIPTS)) -> Assets:
    """The assets of the report, or those named."""
    texts = tuple(_script(name) for name in scripts)
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    allowed = " ".join(f"'sha256-{name}'" for name in hashes) or "'none'"
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'"
    )
    return Assets("\n".join((STATIC / name).read_text("utf-8") for name in styles), texts, policy)


def _script(name: str) -> str:
    """The script's text without its source map comment."""
    lines = (STATIC / name).read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("//# sourceMappingURL="))
    if "</script" in text.lower():
        raise ValueError(f"{name} would end its own script element")
    return text


def as_json(value: Any) -> str:
    """JSON that is safe inside a script element: no ``<``, no JavaScript line separators, no NaN."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def data_uri(path: Path) -> str:
    """An image file as a data URI; "" if there is no file."""
    kinds = {".webp": "image/webp", ".png": "image/png"}
    if not path.is_file() or path.suffix not in kinds:
        return ""
    return f"data:{kinds[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"
