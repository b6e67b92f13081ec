"""Cache of stage results, one per item, keyed by a hash of everything that the result was made from.

An entry is a payload and, written after it, a note with the payload's hash: a torn or altered entry fails its hash and
is made again. Keys cover settings, inputs, code and libraries, so entries of another version are never hit.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.checkpoints import checkpoint
from pipeline.config.loading import leaves
from pipeline.provenance import code_version, library_versions, sha256_of
from pipeline.storage import sweep, write_bytes, write_json

LIMIT_BYTES = 2 << 30  # our choice: some 20,000 looks
STALE_PART_S = 3600.0  # other runs write here too
_PART_WORDS = {
    "input": "the input",
    "metadata": "what is known of the image",
    "place": "the place",
    "shore": "what the images together show of the shore",
    "code": "the code",
    "libraries": "a library",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """The cache slot of one result; small, so that it can be sent to a worker."""

    folder: Path
    stage: str
    item: str
    parts: dict[str, Any]
    ignore: bool = False  # never read, only written

    @property
    def key(self) -> str:
        """Cache key: a hash of the stage, the item and everything that goes into the result."""
        return sha256_of([self.stage, self.item, self.parts])[:24]

    @property
    def payload(self) -> Path:
        """The file with the result."""
        return self.folder / f"{self.key}.bin"

    @property
    def note(self) -> Path:
        """The file with the payload's hash and facts, written after it."""
        return self.folder / f"{self.key}.json"

    @property
    def last(self) -> Path:
        """The file with hashes of what the item's last result was made from."""
        return self.folder / f"{self.stage}-{sha256_of(self.item)[:16]}.last.json"

    def load(self) -> tuple[bytes, dict[str, Any]] | None:
        """Payload and facts; None if there is no entry, or it is damaged."""
        if self.ignore:
            return None
        try:
            note = json.loads(self.note.read_text("utf-8"))
            content = self.payload.read_bytes()
            intact = note["self"] == sha256_of([note["sha256"], note["facts"]])
            if intact and note["sha256"] == _digest(content):
                return content, note["facts"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return None

    def store(self, content: bytes, facts: dict[str, Any]) -> None:
        """Store a result: first the payload, then the note."""
        digest = _digest(content)
        write_bytes(self.payload, content)
        write_json(self.note, {"sha256": digest, "facts": facts, "self": sha256_of([digest, facts])})
        write_json(self.last, _digests(self.parts))
        checkpoint(f"kept {self.stage} {self.item}")

    def why(self) -> str:
        """``kept``, or ``run`` with the reason."""
        if self.ignore:
            return "run: --fresh"
        if self.note.is_file():
            return "kept" if self.load() is not None else "run: what was kept is damaged"
        try:
            before = json.loads(self.last.read_text("utf-8"))
            now = _digests(self.parts)
            changed = [_part_words(n) for n in sorted(now.keys() | before.keys()) if now.get(n) != before.get(n)]
        except (OSError, ValueError, AttributeError):
            return "run: nothing kept"
        return f"run: changed {', '.join(changed)}" if changed else "run: what was kept is gone"


@dataclass(frozen=True, slots=True)
class StageCache:
    """The cached results in one folder."""

    folder: Path
    ignore: bool = False
    common: dict[str, Any] = field(
        default_factory=lambda: {"code": code_version(), "libraries": dict(library_versions())}
    )

    def slot(self, stage: str, item: str, **parts: Any) -> Slot:
        """The slot of a stage's result for an item, keyed by these parts, this code and these libraries."""
        return Slot(self.folder, stage, item, parts | self.common, self.ignore)

    def tidy(self, limit_bytes: int = LIMIT_BYTES) -> None:
        """Remove the oldest results beyond the size limit."""
        sweep(self.folder, STALE_PART_S)
        entries = []
        for path in self.folder.glob("*.bin"):
            with suppress(OSError):
                entries.append((path.stat().st_mtime, path.stat().st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= limit_bytes:
                return
            for file in (path.with_suffix(".json"), path):
                with suppress(OSError):
                    file.unlink()
            total -= size


def _digest(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def _digests(parts: dict[str, Any]) -> dict[str, str]:
    """Hash of each part; of settings and libraries one by one, so that a change can be named."""
    out = {}
    for name, value in parts.items():
        for path, leaf in leaves(value) if name in {"settings", "libraries"} else [((), value)]:
            out[".".join((name, *path))] = sha256_of(leaf)[:16]
    return out


def _part_words(part: str) -> str:
    head, _, rest = part.partition(".")
    return rest or _PART_WORDS.get(head, head)
