"""A run repeated after its inputs changed: what changed is named, not only the files that differ for it."""

import json

import numpy as np
import pytest

from pipeline.chain.verification import differences
from pipeline.console import Console
from pipeline.errors import RunDiffers
from pipeline.finished.repeat import rerun
from pipeline.provenance import MANIFEST, manifest_hash
from pipeline.storage import write_json
from tests.cases.desk import Desk, radar, speckle


@pytest.fixture
def finished(tmp_path):
    desk = Desk(tmp_path / "desk").furnished()
    return desk, desk.run().folder


def test_inputs_that_changed_came_or_went_are_told_before_the_files_that_differ(finished, capsys):
    """Before, "60 of 80 files differ when run again" read as a result that cannot be had twice."""
    desk, folder = finished
    first, second = sorted(desk.images.glob("*.tif"))
    radar(first, np.flip(speckle(7), axis=1).copy(), sidecar=True)
    second.rename(desk.images / "look_vv_20240309T092000.tif")
    with pytest.raises(RunDiffers, match=r"files differ when run again, on \d inputs not the same$"):
        rerun(folder, Console(quiet=True))
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if "input" in line] == told[: len([line for line in told if "input" in line])]
    done = "(run again with what lies there now)"
    assert f"error: {first}: input changed since the run {done}" in told
    assert f"error: {second}: input not there any more, or not to be read {done}" in told
    assert f"error: {desk.images}/look_vv_20240309T092000.tif: input that the run did not have {done}" in told
    assert any(line.startswith(f"error: {folder}/detections.parquet: differs") for line in told)


def test_an_answer_that_was_written_into_the_manifest_by_hand_is_not_blessed(finished, tmp_path, capsys):
    """No hash of an output holds headline, numbers and the mark of a simulation: with a new hash of its own such a
    manifest verifies, and every other file agrees."""
    _, folder = finished
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    forged = manifest | {"headline": ["nothing was lifted"], "simulated": not manifest["simulated"]}
    forged["libraries"] = manifest["libraries"] | {"numpy": "0.1"}
    write_json(folder / MANIFEST, forged | {"self_sha256": manifest_hash(forged)})
    assert differences(folder) == []
    numpy = manifest["libraries"]["numpy"]
    with pytest.raises(
        RunDiffers, match=rf"1 of \d+ files differ .*\(the run was made by numpy 0.1, this is {numpy}\)$"
    ):
        rerun(folder, Console(quiet=True))
    told = f"error: {folder}/manifest.json: other headline, libraries, simulated when run again (reported)\n"
    assert capsys.readouterr().err == told


def test_with_the_same_inputs_nothing_is_told_of_them(finished, capsys):
    _, folder = finished
    rerun(folder, Console(quiet=True))
    assert capsys.readouterr().err == ""


def test_a_question_answered_from_a_folder_changed_by_hand_says_so(finished, capsys):
    """It said "nothing changed since", and told the number that somebody had written there."""
    desk, folder = finished
    desk.run()
    assert capsys.readouterr().err == ""
    (folder / "calls.csv").write_text("nobody called\n", "utf-8")
    desk.run()
    done = "(the answer is told as it stands there; --fresh makes it anew)"
    first = "1 difference from its manifest, the first: calls.csv: changed"
    assert capsys.readouterr().err == f"error: {folder}: {first} {done}\n"
    desk.run(fresh=True)
    assert differences(folder) == []


def test_what_was_told_of_a_file_of_the_question_is_told_alike_when_run_again(tmp_path):
    """A run keeps such files in a folder of its own: a message that names the folder would differ."""
    desk = Desk(tmp_path / "desk").furnished()
    rows = [f"{imo},445999001,ONE,5000,DWT,https://example.org" for imo in (9074729, 9000003)]
    text = "\n".join(["imo,mmsi,name,dwt_t,tonnage_kind,source", *rows]) + "\n"
    (desk.root / "registry.csv").write_text(text, "utf-8")
    folder = desk.run(source={"registry": "registry.csv"}).folder
    told = json.loads((folder / MANIFEST).read_text("utf-8"))["problems"]
    assert any("stands in lines" in line for line in told)
    rerun(folder, Console(quiet=True))
