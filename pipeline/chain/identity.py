"""The run id: a hash of the question, of every input file, and of the code that answers it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pipeline.chain.readiness import require_file
from pipeline.chain.review_file import review_bytes
from pipeline.config import RunConfig
from pipeline.errors import EnvironmentFault, InputError, printable
from pipeline.ingest.metadata.beside import unlisted
from pipeline.provenance import code_version, sha256_file, sha256_of
from pipeline.workspace import config_files

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.chain.sources import Inputs

SPEED = {"threads"}  # detection settings that affect speed only: results are identical to the last bit
# how live scenes are obtained, which is not part of the question
HOW = {"stac": {"items", "services", "hosts", "connections", "tries", "silence_s", "scene_limit_s", "cache_gb"}}
BESIDE: dict[str, Any] = {
    "engine": True,
    "detection": SPEED,
    "source": {"images": True, "ais": True, **HOW},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The files of a question as they were when it was asked, since people may edit them during the run.

    ``files``: the hash of each file that the config names; ``reviews``: the bytes of the analysts' verdicts.
    """

    files: Mapping[str, str]
    reviews: bytes | None = None

    def still(self, root: Path, name: str) -> bytes:
        """The bytes of a file that the config names; EnvironmentFault if it changed since the question was asked.

        A stage may have read either version, and the run id covers only the old one.
        """
        try:
            content = (root / name).read_bytes()
        except FileNotFoundError:
            content = b""
        if hashlib.sha256(content).hexdigest() != self.files[name]:
            why = "changed during the run (no answer was written; give the command again to use it as it is now)"
            raise EnvironmentFault(f"{printable(root / name)}: {why}")
        return content


def files_asked(config: RunConfig, root: Path, reviews: Path | None = None) -> Asked:
    """The question's files as they are now; call it before any of them is used."""
    files = {name: sha256_file(require_file(root, name)) for name in config_files(config)}
    return Asked(files, None if reviews is None else review_bytes(reviews))


def ais_digests(paths: Iterable[Path]) -> dict[Path, str]:
    """The hash of each AIS file, "" if it cannot be read: the AIS reader reports why and goes on without it."""
    from pipeline.ingest.ais.files import file_digest

    out = dict.fromkeys(paths, "")
    for path in out:
        with suppress(InputError):
            out[path] = file_digest(path)
    return out


def identify(
    config: RunConfig, question_files: Asked, scene_table: pd.DataFrame, inputs: Inputs, ais: Mapping[Path, str]
) -> str:
    """The run id: a hash of the question (config, verdicts), of every input, and of the code that answers it.

    The engine, the number of detection threads, and the folders of the inputs do not enter.
    ``ais``: the hash of each AIS file.
    """
    question = config.model_dump(mode="json", exclude=BESIDE)
    parts = {
        "search": None if inputs.items is None else hashlib.sha256(inputs.items).hexdigest(),
        "config": question,
        "files": dict(question_files.files),
        "scenes": images_of(scene_table),
        "ais": sorted(ais[path] for path in inputs.ais),
        "code": code_version(),
    }
    if question_files.reviews is not None:
        parts["reviews"] = hashlib.sha256(question_files.reviews).hexdigest()
    return sha256_of(parts)[:12]


def is_asked(setting: str) -> bool:
    """Is a setting (dotted path) part of the question, so that its value may change the answer?

    >>> is_asked("volume.fill.mean"), is_asked("engine.workers"), is_asked("source.images"), is_asked("source.kind")
    (True, False, False, True)
    """
    beside: Any = BESIDE
    for name in setting.split("."):
        if name not in beside:
            return True
        if isinstance(beside, set) or beside[name] is True:
            return False
        beside = beside[name]
    return True


def images_of(scene_table: pd.DataFrame) -> list[list[Any]]:
    """Each image's name, content hash and sidecar files, in an order independent of its folder.

    Time, satellite, bands and angles come only from these three, so that different metadata is a different question.
    The name, without suffix, is included because for many images it alone gives the date.
    """
    rows = zip(scene_table["href"], scene_table["sha256"], scene_table["side_files"], strict=True)
    return sorted([PurePosixPath(href).stem.removesuffix(".SAFE"), sha256, list(files)] for href, sha256, files in rows)


def image_records(scene_table: pd.DataFrame) -> list[dict[str, Any]]:
    """Each image and each of its sidecar files once, as the manifest lists inputs."""
    found: dict[str, str] = {}
    for row in scene_table.itertuples():
        if row.sha256:
            found.setdefault(row.href, row.sha256)
        for digest, name in map(unlisted, row.side_files):
            found.setdefault(_path_beside(row.href, name), digest)
    return [{"path": path, "sha256": digest, "bytes": None} for path, digest in found.items() if digest]


def _path_beside(href: str, name: str) -> str:
    """The path of a sidecar file in an image's folder; for a fetched image, its address with ``#name``."""
    return f"{href}#{name}" if "://" in href else href[: len(href) - len(PurePosixPath(href).name)] + name
