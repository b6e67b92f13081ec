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
from pipeline.ingest.metadata.side_files import parse_line
from pipeline.provenance import code_version, sha256_file, sha256_of
from pipeline.workspace import config_files

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.chain.sources import Inputs

SPEED_SETTINGS = {"threads"}  # detection settings that affect speed only: results are identical to the last bit
# how live scenes are obtained, which is not part of the question
FETCH_SETTINGS = {
    "stac": {"items", "services", "hosts", "connections", "tries", "silence_s", "scene_limit_s", "cache_gb"}
}
EXCLUDED_SETTINGS: dict[str, Any] = {
    "engine": True,
    "detection": SPEED_SETTINGS,
    "source": {"images": True, "ais": True, **FETCH_SETTINGS},
}


@dataclass(frozen=True, slots=True)
class QuestionFiles:
    """The files of a question as they were when it was asked, since people may edit them during the run.

    ``files``: the hash of each file that the config names; ``reviews``: the bytes of the analysts' verdicts.
    """

    files: Mapping[str, str]
    reviews: bytes | None = None

    def read_unchanged(self, root: Path, name: str) -> bytes:
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


def hash_question_files(config: RunConfig, root: Path, reviews: Path | None = None) -> QuestionFiles:
    """The question's files as they are now; call it before any of them is used."""
    hashes = {name: sha256_file(require_file(root, name)) for name in config_files(config)}
    return QuestionFiles(hashes, None if reviews is None else review_bytes(reviews))


def ais_digests(paths: Iterable[Path]) -> dict[Path, str]:
    """The hash of each AIS file, "" if it cannot be read: the AIS reader reports why and goes on without it."""
    from pipeline.ingest.ais.files import file_digest

    digests = dict.fromkeys(paths, "")
    for path in digests:
        with suppress(InputError):
            digests[path] = file_digest(path)
    return digests


def compute_run_id(
    config: RunConfig, question_files: QuestionFiles, scene_table: pd.DataFrame, inputs: Inputs, ais: Mapping[Path, str]
) -> str:
    """The run id: a hash of the question (config, verdicts), of every input, and of the code that answers it.

    The engine, the number of detection threads, and the folders of the inputs do not enter.
    ``ais``: the hash of each AIS file.
    """
    question = config.model_dump(mode="json", exclude=EXCLUDED_SETTINGS)
    parts = {
        "search": None if inputs.items is None else hashlib.sha256(inputs.items).hexdigest(),
        "config": question,
        "files": dict(question_files.files),
        "scenes": image_identities(scene_table),
        "ais": sorted(ais[path] for path in inputs.ais),
        "code": code_version(),
    }
    if question_files.reviews is not None:
        parts["reviews"] = hashlib.sha256(question_files.reviews).hexdigest()
    return sha256_of(parts)[:12]


def is_part_of_question(setting: str) -> bool:
    """Is a setting (dotted path) part of the question, so that its value may change the answer?

    >>> names = ("volume.fill.mean", "engine.workers", "source.images", "source.kind")
    >>> [is_part_of_question(name) for name in names]
    [True, False, False, True]
    """
    excluded: Any = EXCLUDED_SETTINGS
    for name in setting.split("."):
        if name not in excluded:
            return True
        if isinstance(excluded, set) or excluded[name] is True:
            return False
        excluded = excluded[name]
    return True


def image_identities(scene_table: pd.DataFrame) -> list[list[Any]]:
    """Each image's name, content hash and sidecar files, in an order independent of its folder.

    Time, satellite, bands and angles come only from these three, so that different metadata is a different question.
    The name, without suffix, is included because for many images it alone gives the date.
    """
    rows = zip(scene_table["href"], scene_table["sha256"], scene_table["side_files"], strict=True)
    return sorted([PurePosixPath(href).stem.removesuffix(".SAFE"), sha256, list(files)] for href, sha256, files in rows)


def image_records(scene_table: pd.DataFrame) -> list[dict[str, Any]]:
    """Each image and each of its sidecar files once, as the manifest lists inputs."""
    digests: dict[str, str] = {}
    for row in scene_table.itertuples():
        if row.sha256:
            digests.setdefault(row.href, row.sha256)
        for digest, name in map(parse_line, row.side_files):
            digests.setdefault(_side_file_path(row.href, name), digest)
    return [{"path": path, "sha256": digest, "bytes": None} for path, digest in digests.items() if digest]


def _side_file_path(href: str, name: str) -> str:
    """The path of a sidecar file in an image's folder; for a fetched image, its address with ``#name``."""
    return f"{href}#{name}" if "://" in href else href[: len(href) - len(PurePosixPath(href).name)] + name
