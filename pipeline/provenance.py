"""Manifests: the hashes of a run's inputs, code and outputs, and the check that nothing changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.config.loading import canonical_json
from pipeline.errors import ConfigError, EnvironmentFault, InputError, printable

MANIFEST = "manifest.json"
CRATE = "ro-crate-metadata.json"  # the description of an unpacked archive
# The log holds times, the manifest cannot hold its own hash, and an archive's description is compared separately
UNHASHED = {MANIFEST, CRATE, "log.jsonl"}
_CHUNK = 1 << 20  # bytes read at a time (our choice)


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_of(value: Any) -> str:
    """Hex SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


CODE_SUFFIXES = {".py", ".json", ".onnx", ".tif", ".j2", ".js", ".css"}  # not a wheel's _configs: part of the question


@cache
def code_version() -> str:
    """The version, with a hash of every package file that an answer or its page depends on, fitted coefficients,
    network weights and the geoid included: an edited or refitted checkout is a different version."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(p for p in here.rglob("*") if p.suffix in CODE_SUFFIXES and "_configs" not in p.parts):
        digest.update(str(path.relative_to(here)).encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{__version__}+{digest.hexdigest()[:12]}"


def require_same_code() -> None:
    """EnvironmentFault if the code was edited or reinstalled since it was hashed: modules imported later would come
    from code other than what the answer states."""
    if code_version.__wrapped__() != code_version():
        raise EnvironmentFault("the code of capwatch changed while this ran (no answer was written; ask again)")


@cache
def library_versions() -> dict[str, str]:
    """Versions of the libraries that affect the numbers, both GDAL builds included."""
    from importlib.metadata import version

    import pyogrio
    import rasterio

    names = ("numpy", "scipy", "scikit-image", "pandas", "geopandas", "shapely", "pyproj", "rasterio", "numba", "pyais",
             "onnxruntime")  # fmt: skip
    gdal = {
        "gdal (rasterio)": rasterio.__gdal_version__,
        "gdal (pyogrio)": ".".join(map(str, pyogrio.__gdal_version__)),
    }
    return {name: version(name) for name in names} | gdal


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file by name and content."""

    path: str
    sha256: str
    size_bytes: int

    @classmethod
    def of(cls, path: Path, name: str) -> FileRecord:
        """The record of a file as it is now."""
        return cls(name, sha256_file(path), path.stat().st_size)

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        return {"path": self.path, "sha256": self.sha256, "bytes": self.size_bytes}


def outputs_of(folder: Path) -> list[FileRecord]:
    """Every file in a run folder that the manifest covers, sorted by path."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    named = ((p, p.relative_to(folder).as_posix()) for p in files)
    return [FileRecord.of(p, name) for p, name in named if name not in UNHASHED and not Path(name).name.startswith(".")]


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run; ConfigError if there is none, InputError if it is damaged, EnvironmentFault if
    access is denied."""
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{printable(folder)}: {_missing_manifest_cause(folder)} (capwatch runs lists them)"
        ) from error
    except NotADirectoryError as error:
        raise ConfigError(f"{printable(folder)}: is a file, not a run folder") from error
    except PermissionError as error:
        raise EnvironmentFault(f"{printable(path)}: cannot be read ({error.strerror})") from error
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(path, "is not a readable manifest") from error
    if not isinstance(found, dict) or not _is_own_manifest(found):
        raise InputError(path, "is not a manifest of capwatch")
    return found


def _missing_manifest_cause(folder: Path) -> str:
    """Why a folder has no manifest: it is not there, holds runs, or something else."""
    if not folder.is_dir():
        return "no such folder; a run's is wanted"
    pages = [page for depth in ("*", "*/*") for page in folder.glob(f"{depth}/report.html")]
    if runs := sorted(page.parent for page in pages if (page.parent / MANIFEST).is_file()):
        return f"is a folder of runs, not of one; name one of them, such as {printable(runs[-1])}"
    return f"no {MANIFEST} here: not a run folder, or the run did not finish"


def _is_own_manifest(found: dict[str, Any]) -> bool:
    """Was this manifest written by capwatch? Other programs also write files of that name."""
    files = _are_records(found.get("outputs")) and _are_records(found.get("inputs", []))
    return files and isinstance(found.get("capwatch"), str)


def _are_records(found: Any) -> bool:
    fields = ("path", "sha256")
    return isinstance(found, list) and all(
        isinstance(record, dict) and all(isinstance(record.get(name), str) for name in fields) for record in found
    )


def changes(folder: Path, digest_of: Callable[[Path], str] | None = None, *, inputs: bool = True) -> list[str]:
    """What differs between a run folder and its manifest, one line per file; empty if every byte agrees.

    With ``inputs``, input files still at their recorded paths are compared too; ``digest_of`` hashes them as the run
    did (a product folder's hash is computed from its files).
    """
    manifest = read_manifest(folder)
    stated = manifest.get("self_sha256")
    out = []
    if stated != manifest_hash(manifest):
        out.append(f"{MANIFEST}: its own hash does not fit its content")
    recorded = {r["path"]: r["sha256"] for r in manifest["outputs"]}
    present = {r.path: r.sha256 for r in outputs_of(folder)}
    out += [f"{p}: missing" for p in recorded if p not in present]
    out += [f"{p}: changed" for p in recorded if p in present and present[p] != recorded[p]]
    out += [f"{p}: not in the manifest" for p in present if p not in recorded]
    inputs_read = manifest.get("inputs", []) if inputs else []
    return out + [line for record in inputs_read if (line := _input_change(record, digest_of))]


def _input_change(record: dict[str, Any], digest_of: Callable[[Path], str] | None) -> str:
    """How an input differs from the one the run read; "" if it does not, or if it no longer exists."""
    path = Path(record["path"])
    if not (path.is_file() or (digest_of is not None and path.is_dir())):
        return ""
    try:
        now = (digest_of or sha256_file)(path)
    except (OSError, InputError) as error:
        return f"{record['path']}: input cannot be read any more ({error})"
    return "" if now == record["sha256"] else f"{record['path']}: input changed since the run"


def manifest_hash(manifest: dict[str, Any]) -> str:
    """Hash of a manifest without its own hash."""
    return sha256_of({k: v for k, v in manifest.items() if k != "self_sha256"})
