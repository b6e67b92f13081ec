"""A run as a research object: everything is in it, by its hash, and the same run gives the same zip."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from types import SimpleNamespace

import pytest

from pipeline.console import Console
from pipeline.errors import ConfigError, ContractError
from pipeline.finished import repeat
from pipeline.finished.crate import METADATA, manifest_disagreements, write_crate
from pipeline.finished.repeat import verify
from pipeline.provenance import manifest_hash
from pipeline.storage import json_text, write_text


@pytest.fixture(scope="module")
def crate(tiny_run, tmp_path_factory):
    path = tmp_path_factory.mktemp("crate") / "run.zip"
    write_crate(tiny_run, path)
    return path


def test_every_file_is_described_by_its_hash(crate, tiny_run):
    with zipfile.ZipFile(crate) as held:
        graph = json.loads(held.read(METADATA))["@graph"]
        files = {e["@id"]: e for e in graph if e["@type"] == "File"}
        assert set(files) | {METADATA} == set(held.namelist())
        for name, entity in files.items():
            assert hashlib.sha256(held.read(name)).hexdigest() == entity["sha256"]
    on_disk = {p.relative_to(tiny_run).as_posix() for p in tiny_run.rglob("*") if p.is_file()}
    assert set(files) == on_disk


def test_it_has_what_the_specification_demands(crate):
    """RO-Crate 1.1: a descriptor about the root, and a root with name, description, date and licence."""
    with zipfile.ZipFile(crate) as held:
        content = json.loads(held.read(METADATA))
    assert content["@context"] == "https://w3id.org/ro/crate/1.1/context"
    by_id = {e["@id"]: e for e in content["@graph"]}
    assert by_id[METADATA]["about"] == {"@id": "./"}
    root = by_id["./"]
    assert root["@type"] == "Dataset"
    assert all(root[k] for k in ("name", "description", "datePublished", "license"))
    assert all(part["@id"] in by_id for part in root["hasPart"])
    assert all(o["@id"] in by_id for o in by_id["#run"]["object"])
    assert root["description"].startswith("SIMULATED")


def test_the_same_run_gives_the_same_zip(crate, tiny_run, tmp_path):
    write_crate(tiny_run, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == crate.read_bytes()


def test_a_run_that_was_altered_is_not_archived(tiny_run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_run, copy)
    (copy / "calls.csv").write_text("nothing")
    with pytest.raises(ContractError, match=r"calls\.csv: changed"):
        write_crate(copy, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()
    with pytest.raises(ConfigError, match=r"end the name in \.zip"):
        write_crate(tiny_run, tmp_path / "x.tar")


def test_an_unpacked_crate_verifies_and_its_description_too(crate, tmp_path):
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(crate) as held:
        held.extractall(folder)
    assert manifest_disagreements(folder) == []
    write_crate(folder, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == crate.read_bytes()
    described = folder / METADATA
    described.write_text(described.read_text("utf-8").replace("SIMULATED: ", "", 1), "utf-8")
    assert manifest_disagreements(folder) == [f"{METADATA}: does not describe this run"]


def test_an_altered_file_with_the_word_input_in_its_name_is_not_archived(tiny_run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_run, copy)
    (copy / "chips" / "my input image.png").write_bytes(b"new")
    with pytest.raises(ContractError, match=r"my input image\.png: not in the manifest"):
        write_crate(copy, tmp_path / "x.zip")


def test_inputs_that_verify_could_not_compare_are_counted(tiny_run, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_run, copy)
    manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
    manifest["inputs"] = [{"path": "gone/x.tif", "sha256": "0" * 64, "bytes": 1}]
    manifest["self_sha256"] = manifest_hash(manifest)
    write_text(copy / "manifest.json", json_text(manifest))
    verify(copy, Console(quiet=True))
    assert "1 of 1 input not found from here, so not compared" in capsys.readouterr().out
    verify(tiny_run, Console(quiet=True))  # the demo's inputs are made, not found
    assert "not compared" not in capsys.readouterr().out


def test_a_case_is_not_archived_and_says_so(capwatch, tmp_path):
    """It has no list of libraries: the program ended with Python's own error."""
    assert capwatch("case", "rusi-2024-03", "--out", tmp_path)[0] == 0
    code, _, err = capwatch("archive", tmp_path / "cases" / "rusi-2024-03", "-o", tmp_path / "x.zip")
    assert (code, err.count("\n")) == (2, 1)
    assert "is the case rusi-2024-03, not a run" in err
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize(("names", "words"), [(["calls.csv"], ""), (["calls.csv", "rows.json"], "and 1 more; ")])
def test_a_refused_archive_counts_what_else_was_altered(tiny_run, tmp_path, names, words):
    """Of one altered file it said "and 0 more"."""
    copy = tmp_path / "copy"
    shutil.copytree(tiny_run, copy)
    for name in names:
        (copy / name).write_text("nothing")
    with pytest.raises(ContractError, match=rf"calls\.csv: changed \({words}nothing was written\)$"):
        write_crate(copy, tmp_path / "x.zip")


def test_a_manifest_without_its_headline_is_told_by_name(capwatch, tiny_run, tmp_path):
    """The program ended with Python's own error on a key."""
    shutil.copytree(tiny_run, tmp_path / "copy")
    path = tmp_path / "copy" / "manifest.json"
    write_text(path, json_text({k: v for k, v in json.loads(path.read_text("utf-8")).items() if k != "headline"}))
    code, _, err = capwatch("report", tmp_path / "copy")
    assert (code, err.count("\n")) == (4, 1)
    assert "copy/manifest.json: its headline has gone; capwatch verify names what was changed" in err


@pytest.mark.parametrize("gone", ["config.yaml", "config_files"])
def test_a_rerun_without_what_was_asked_is_one_line(tiny_run, tmp_path, gone):
    """It told every file that has gone, and then stopped at the one that it opened first."""
    shutil.copytree(tiny_run, copy := tmp_path / "copy")
    lost = copy / gone
    shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
    told = (
        rf"copy: {gone}\S*( and \d+ more)? missing, without which it cannot be run again \(nothing was compared; .*\)$"
    )
    console = Console(quiet=True)
    with pytest.raises(ConfigError, match=told):
        repeat.rerun(copy, console)
    assert not console.problems


def test_a_rerun_of_a_folder_changed_by_hand_says_that_it_was(tiny_run, tmp_path, monkeypatch, capsys):
    """Of a folder with another byte in it, it said that all files agree byte for byte: with the manifest they did."""
    shutil.copytree(tiny_run, tmp_path / "copy")
    monkeypatch.setattr(repeat, "run", lambda *_, **__: SimpleNamespace(folder=tiny_run))  # the same bytes again
    repeat.rerun(tmp_path / "copy", Console(quiet=True))
    assert capsys.readouterr().out.endswith("files agree byte for byte\n")
    with (tmp_path / "copy" / "calls.csv").open("a") as file:
        file.write("x")
    console = Console(quiet=True)
    repeat.rerun(tmp_path / "copy", console)
    told = capsys.readouterr()
    assert "copy: calls.csv: changed (what the manifest says of it is compared)" in told.err
    assert told.out.endswith("files agree byte for byte with the manifest; 1 file of the folder not\n")
    assert console.exit_code == 3


def test_what_is_made_of_a_run_is_not_written_into_its_folder(capwatch, tiny_run, tmp_path):
    """The zip lay in the folder then, and of that verify said that it does not fit its manifest."""
    shutil.copytree(tiny_run, tmp_path / "copy")
    for words in (("archive", tmp_path / "copy", "-o"), ("report", tmp_path / "copy", "--pdf")):
        code, _, err = capwatch(*words, tmp_path / "copy" / "new" / "x.zip")
        assert (code, err.count("\n")) == (2, 1)
        assert "x.zip: lies in the run's own folder, which would no longer fit its manifest; write it elsewhere" in err
    assert manifest_disagreements(tmp_path / "copy") == []
