"""Hashes against hashlib, and a manifest that names every file whose bytes are no longer those of the run."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeline
from pipeline import provenance
from pipeline.errors import ConfigError, EnvironmentFault, InputError
from pipeline.provenance import (
    MANIFEST,
    FileRecord,
    changes,
    code_version,
    library_versions,
    manifest_hash,
    outputs_of,
    read_manifest,
    require_same_code,
    sha256_file,
    sha256_of,
)
from pipeline.storage import write_json


def finished_run(folder: Path, inputs: list[FileRecord] | None = None) -> Path:
    """A run folder with four outputs, a log and a manifest."""
    for name, content in {
        "config.yaml": b"seed: 1\n",
        "ledger.parquet": bytes(range(256)) * 5,
        "report.html": b"<html></html>",
        "chips/a.png": b"\x89PNG",
        "log.jsonl": b"{}\n",
        ".hidden": b"",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    manifest = {
        "outputs": [r.as_json() for r in outputs_of(folder)],
        "inputs": [r.as_json() for r in inputs or []],
        "headline": ["5 port calls"],
        "capwatch": "0.1.0+000000000000",
    }
    write_json(folder / MANIFEST, manifest | {"self_sha256": manifest_hash(manifest)})
    return folder


@pytest.fixture
def run_folder(tmp_path):
    return finished_run(tmp_path / "run")


OUTPUTS = ["chips/a.png", "config.yaml", "ledger.parquet", "report.html"]


# hashes


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_a_files_hash_is_that_of_its_bytes_at_any_size(tmp_path, size):
    content = bytes(n % 251 for n in range(1000)) * (size // 1000 + 1)
    (tmp_path / "f").write_bytes(content[:size])
    assert sha256_file(tmp_path / "f") == hashlib.sha256(content[:size]).hexdigest()


def test_the_hash_of_nothing_is_the_published_one(tmp_path):
    """FIPS 180-4 example values, as printed by NIST."""
    (tmp_path / "f").touch()
    assert sha256_file(tmp_path / "f") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256_file(tmp_path / "f") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_values_hash_is_that_of_its_canonical_json():
    assert sha256_of({"b": 1, "a": "é"}) == hashlib.sha256('{"a":"é","b":1}'.encode()).hexdigest()
    assert sha256_of({"a": "é", "b": 1}) == sha256_of({"b": 1, "a": "é"})


@given(st.lists(st.one_of(st.integers(), st.text(), st.booleans(), st.none()), min_size=2, max_size=6))
def test_different_values_have_different_hashes(values):
    by_json = {json.dumps(v): v for v in values}
    assert len({sha256_of(v) for v in by_json.values()}) == len(by_json)


def test_a_record_has_name_hash_and_size(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    record = FileRecord.of(tmp_path / "f", "inputs/f")
    assert record.as_json() == {"path": "inputs/f", "sha256": hashlib.sha256(b"abc").hexdigest(), "bytes": 3}


# versions


def test_the_code_version_changes_with_any_byte_of_the_code(tmp_path, monkeypatch):
    package = tmp_path / "pipeline"
    shutil.copytree(Path(provenance.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__", "_configs"))
    monkeypatch.setattr(provenance, "__file__", str(package / "provenance.py"))
    version = code_version.__wrapped__
    assert version() == code_version(), "a copy is the same code"
    assert re.fullmatch(re.escape(pipeline.__version__) + r"\+[0-9a-f]{12}", version())
    seen = {version()}
    (package / "errors.py").write_bytes((package / "errors.py").read_bytes() + b"\n")
    seen.add(version())
    (package / "errors.py").rename(package / "faults.py")
    seen.add(version())
    (package / "calls" / "new.py").touch()
    seen.add(version())
    for fitted in (
        "detection/radar/hull_regression.json",
        "volume/tanker_regression.json",
        "detection/optical/hulls_1.onnx",
    ):
        (package / fitted).write_bytes((package / fitted).read_bytes() + b"\n")
        seen.add(version())
    assert len(seen) == 7
    (package / "notes.txt").write_text("not code")
    assert version() in seen


def test_code_that_changed_under_a_run_makes_no_answer(monkeypatch):
    """What is imported late would be of other code than the manifest names."""
    require_same_code()
    monkeypatch.setattr(code_version, "__wrapped__", lambda: "0.1.0+another")
    with pytest.raises(EnvironmentFault, match="the code of capwatch changed while this ran"):
        require_same_code()


def test_library_versions_name_what_numbers_come_through():
    import numpy as np
    import rasterio

    versions = library_versions()
    assert versions["numpy"] == np.__version__
    assert versions["gdal (rasterio)"] == rasterio.__gdal_version__
    assert all(re.match(r"\d+\.\d+", v) for v in versions.values())


# the manifest


def test_outputs_are_every_file_but_manifest_log_and_hidden_ones_in_order(run_folder):
    assert [r.path for r in outputs_of(run_folder)] == OUTPUTS


def test_an_untouched_run_has_no_changes(run_folder):
    assert changes(run_folder) == []


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("bit", [0, 7])
@pytest.mark.parametrize("end", ["first", "last"])
def test_a_flipped_bit_in_any_output_is_named(run_folder, name, bit, end):
    path = run_folder / name
    content = bytearray(path.read_bytes())
    content[0 if end == "first" else -1] ^= 1 << bit
    path.write_bytes(content)
    assert changes(run_folder) == [f"{name}: changed"]


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_lost_and_a_truncated_output_are_named(run_folder, name):
    path = run_folder / name
    path.write_bytes(path.read_bytes()[:-1])
    assert changes(run_folder) == [f"{name}: changed"]
    path.unlink()
    assert changes(run_folder) == [f"{name}: missing"]


def test_a_file_that_the_run_did_not_make_is_named(run_folder):
    (run_folder / "chips" / "b.png").touch()
    assert changes(run_folder) == ["chips/b.png: not in the manifest"]


def test_the_log_may_differ(run_folder):
    (run_folder / "log.jsonl").write_text("more")
    assert changes(run_folder) == []


def test_two_outputs_that_changed_places_are_both_named(run_folder):
    first, second = run_folder / "config.yaml", run_folder / "report.html"
    a, b = first.read_bytes(), second.read_bytes()
    first.write_bytes(b)
    second.write_bytes(a)
    assert changes(run_folder) == ["config.yaml: changed", "report.html: changed"]


def edit(folder: Path, change) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    write_json(folder / MANIFEST, manifest)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(headline=["no port calls"]),
        lambda m: m.update(extra=1),
        lambda m: m.pop("headline"),
        lambda m: m.pop("self_sha256"),
        lambda m: m.update(self_sha256="0" * 64),
    ],
    ids=["edited", "added", "removed", "no hash", "another hash"],
)
def test_an_edited_manifest_does_not_fit_its_own_hash(run_folder, change):
    edit(run_folder, change)
    assert changes(run_folder) == ["manifest.json: its own hash does not fit its content"]


def test_an_output_and_its_record_cannot_be_changed_together_unnoticed(run_folder):
    (run_folder / "report.html").write_bytes(b"<html>0 barrels</html>")
    forged = FileRecord.of(run_folder / "report.html", "report.html").as_json()
    edit(run_folder, lambda m: m.update(outputs=[forged if r["path"] == "report.html" else r for r in m["outputs"]]))
    assert changes(run_folder) == ["manifest.json: its own hash does not fit its content"]


def test_the_manifests_hash_depends_on_its_content_and_not_on_its_layout(run_folder):
    manifest = read_manifest(run_folder)
    (run_folder / MANIFEST).write_text(json.dumps(dict(reversed(manifest.items())), indent=7))
    assert changes(run_folder) == []
    assert manifest["self_sha256"] == manifest_hash(manifest)


def test_an_input_that_changed_is_named_and_one_that_is_gone_is_not(tmp_path):
    image, ais = tmp_path / "a.tif", tmp_path / "b.nmea"
    image.write_bytes(b"image")
    ais.write_bytes(b"ais")
    run = finished_run(tmp_path / "run", [FileRecord.of(p, str(p)) for p in (image, ais)])
    assert changes(run) == []
    image.write_bytes(b"imagf")
    assert changes(run) == [f"{image}: input changed since the run"]
    image.unlink()
    assert changes(run) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"outputs": {}}',
        b'{"outputs": [], "inputs": []}',
        b'{"outputs": [1]}',
        b'{"outputs": [{"path": "a"}]}',
        b'{"outputs": [], "inputs": [{"sha256": "0"}]}',
    ],
)
def test_a_torn_or_foreign_manifest_is_refused_by_name(run_folder, content):
    (run_folder / MANIFEST).write_bytes(content)
    with pytest.raises(InputError, match=r"manifest\.json: is not a (readable )?manifest"):
        changes(run_folder)


def test_a_folder_without_a_manifest_is_no_finished_run(tmp_path):
    with pytest.raises(ConfigError, match="not a run folder, or the run did not finish"):
        read_manifest(tmp_path)
    with pytest.raises(ConfigError, match="none: no such folder; a run's is wanted"):
        read_manifest(tmp_path / "none")


def test_a_manifest_that_may_not_be_read_is_the_machines_fault(run_folder, monkeypatch):
    """It was a damaged input (exit code 4); a permission is 5."""

    def refused(path, *_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(EnvironmentFault, match=r"manifest\.json: cannot be read \(Permission denied\)"):
        read_manifest(run_folder)


def test_a_folder_of_runs_is_told_from_one(tmp_path):
    """It was "not a run folder, or the run did not finish", one step above the run that was meant."""
    run = finished_run(tmp_path / "runs" / "pier" / "abc")
    for folder in (run.parent, run.parents[1]):
        with pytest.raises(ConfigError, match=rf"is a folder of runs, .*, such as {re.escape(str(run))} \("):
            read_manifest(folder)
