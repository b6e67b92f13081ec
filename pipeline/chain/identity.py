"""What makes a run this run: the hash of its question, of every file that goes in, and of the code that answers it."""

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

SPEED = {"threads"}  # of the detection: no result depends on it, to the last bit
# how live scenes are come by, which is no part of the question
HOW = {"stac": {"items", "services", "hosts", "connections", "tries", "silence_s", "scene_limit_s", "cache_gb"}}
BESIDE: dict[str, Any] = {
    "engine": True,
    "detection": SPEED,
    "source": {"images": True, "ais": True, **HOW},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The files of a question as they were when it was asked: people edit them while a run is made.

    ``files``: the hash of each that the config names; ``reviews``: the bytes of the analysts' verdicts.
    """

    files: Mapping[str, str]
    reviews: bytes | None = None

    def still(self, root: Path, name: str) -> bytes:
        """The bytes of a file that the config names; EnvironmentFault where they are not those that were asked about.

        A stage may have read the old ones or the new ones, and the run's id tells of the old ones alone.
        """
        try:
            content = (root / name).read_bytes()
        except FileNotFoundError:
            content = b""
        if hashlib.sha256(content).hexdigest() != self.files[name]:
            why = "changed while the run was made (no answer was written; the same command asks about it as it is now)"
            raise EnvironmentFault(f"{printable(root / name)}: {why}")
        return content


def files_asked(config: RunConfig, root: Path, reviews: Path | None = None) -> Asked:
    """The question's files as they are now; to be called before any of them is read for what it says."""
    files = {name: sha256_file(require_file(root, name)) for name in config_files(config)}
    return Asked(files, None if reviews is None else review_bytes(reviews))


def ais_digests(paths: Iterable[Path]) -> dict[Path, str]:
    """The hash of each AIS file, "" where it cannot be read: who reads it says why, and goes on without it."""
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

    Where it runs (engine), on how many threads an image is searched, and in which folders the inputs lie do not matter.
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
    """Whether a setting, by its dotted path, is part of a question, so that its value may change the answer.

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
    """Of each image its name, its bytes' hash, and the files beside it, in an order that no folder decides.

    Time, satellite, bands and angles come from these three and from nothing else, so that other metadata is another
    question. The name without its ending: many images tell their date only there.
    """
    rows = zip(scene_table["href"], scene_table["sha256"], scene_table["side_files"], strict=True)
    return sorted([PurePosixPath(href).stem.removesuffix(".SAFE"), sha256, list(files)] for href, sha256, files in rows)


def image_records(scene_table: pd.DataFrame) -> list[dict[str, Any]]:
    """Each image and each file beside it, once, as a manifest lists its inputs."""
    found: dict[str, str] = {}
    for row in scene_table.itertuples():
        if row.sha256:
            found.setdefault(row.href, row.sha256)
        for digest, name in map(unlisted, row.side_files):
            found.setdefault(_path_beside(row.href, name), digest)
    return [{"path": path, "sha256": digest, "bytes": None} for path, digest in found.items() if digest]


def _path_beside(href: str, name: str) -> str:
    """A file in the folder of an image; what was fetched lies in no folder, and its side file goes by its address."""
    return f"{href}#{name}" if "://" in href else href[: len(href) - len(PurePosixPath(href).name)] + name
