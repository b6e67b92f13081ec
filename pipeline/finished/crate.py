"""Archives a finished run as a research object (RO-Crate 1.1, w3id.org/ro/crate/1.1) in one zip.

The zip holds the run folder unchanged and ``ro-crate-metadata.json``, which gives for each file its hash, its inputs,
and the code that made it. The same run always gives the same zip.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from pipeline.chain.verification import differences
from pipeline.errors import ConfigError, ContractError, printable
from pipeline.execution import journal
from pipeline.finished.kinds import manifest_of_run, refuse_within
from pipeline.provenance import CRATE as METADATA
from pipeline.provenance import MANIFEST, outputs_of, read_manifest, sha256_file
from pipeline.storage import json_text, replacing

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
TYPES = {
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can store


def write_crate(folder: Path, out: Path) -> int:
    """Write the zip and return its number of files; ContractError if the run disagrees with its manifest, ConfigError
    if the folder is not a run."""
    if out.suffix.lower() != ".zip":
        raise ConfigError(f"{printable(out)}: a crate is a zip; end the name in .zip")
    manifest_of_run(folder)
    refuse_within(folder, out)
    if found := manifest_disagreements(folder, inputs=False):  # inputs may be gone or changed
        more = f"and {len(found) - 1} more; " if len(found) > 1 else ""
        raise ContractError(f"{printable(folder)}: {found[0]} ({more}nothing was written)")
    names = _file_names(folder)
    with replacing(out) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as crate:
        _write_entry(crate, METADATA, json_text(metadata(folder, names)).encode())
        for name in sorted(names):
            _write_entry(crate, name, (folder / name).read_bytes())
    return len(names)


def manifest_disagreements(folder: Path, *, inputs: bool = True) -> list[str]:
    """What disagrees with the manifest, one line each; in a run unpacked from its crate, also a wrong description."""
    found = differences(folder, inputs=inputs)
    described = folder / METADATA
    if not described.is_file() or described.read_bytes() == json_text(metadata(folder, _file_names(folder))).encode():
        return found
    return [*found, f"{METADATA}: does not describe this run"]


def _file_names(folder: Path) -> list[str]:
    """Names of the files in a crate, other than its description."""
    own = [n for n in (MANIFEST, journal.LOG) if (folder / n).is_file()]
    return [r.path for r in outputs_of(folder)] + own


def metadata(folder: Path, names: list[str]) -> dict[str, Any]:
    """The description of a run folder as JSON-LD."""
    manifest = read_manifest(folder)
    files = [_file(folder, name) for name in sorted(names)]
    inputs = [
        {"@id": f"#input-{n}", "@type": "CreativeWork", "name": r["path"], "sha256": r["sha256"]}
        for n, r in enumerate(manifest["inputs"])
    ]
    ended = journal.finished_time(folder) or "1970-01-01T00:00:00Z"
    software = {
        "@id": "#capwatch",
        "@type": "SoftwareApplication",
        "name": "capwatch",
        "version": manifest["capwatch"],
        "softwareRequirements": [f"{name} {version}" for name, version in sorted(manifest["libraries"].items())],
    }
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"capwatch run {manifest['run_id']}",
        "instrument": {"@id": "#capwatch"},
        "object": [{"@id": i["@id"]} for i in inputs],
        "result": [{"@id": f["@id"]} for f in files if f["@id"] not in {MANIFEST, journal.LOG}],
        "endTime": ended,
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "identifier": manifest["run_id"],
        "name": manifest["headline"][0] if manifest["headline"] else manifest["run_id"],
        "description": "\n".join(manifest["headline"]),
        "datePublished": ended,
        "license": "See the licences of the inputs; what capwatch itself made is its user's.",
        "hasPart": [{"@id": f["@id"]} for f in files],
        "mentions": {"@id": "#run"},
    }
    descriptor = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    return {"@context": CONTEXT, "@graph": [descriptor, root, action, software, *inputs, *files]}


def _file(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    out = {"@id": name, "@type": "File", "contentSize": path.stat().st_size, "sha256": sha256_file(path)}
    kind = TYPES.get(path.suffix)
    return out | ({"encodingFormat": kind} if kind else {})


def _write_entry(crate: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    crate.writestr(entry, content)
