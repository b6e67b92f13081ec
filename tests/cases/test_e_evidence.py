"""Cases E: whoever changes a byte of a finished run, a row of its ledger or the run before it is found out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.table_files import read_table, write_table
from pipeline.tables import LEDGER
from tests.cases.desk import Desk

case = pytest.mark.case


@pytest.fixture
def finished(done_once) -> Path:
    """The folder of its run."""
    return next(p.parent for p in done_once.runs.rglob("manifest.json"))


@pytest.fixture
def own_run(done_once, tmp_path) -> Desk:
    """A finished run of the test's own, whose inputs may be spoilt too."""
    desk = Desk(tmp_path / "own").furnished()
    desk.run()
    return desk


@case("E-19")
def test_one_byte_of_the_evidence(own_run, capwatch, saw):
    folder = next(p.parent for p in own_run.runs.rglob("manifest.json"))
    assert capwatch("verify", folder).code == 0
    outputs = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "log.jsonl"]
    inputs = [own_run.ais, sorted(own_run.images.glob("*.tif"))[1]]
    rng = np.random.default_rng(0)
    for path in [*outputs, *inputs]:
        whole = path.read_bytes()
        raw = bytearray(whole)
        raw[rng.integers(len(raw))] ^= 1 << int(rng.integers(8))
        path.write_bytes(raw)
        done = capwatch("verify", folder, "--quiet")
        named = [line for line in done.errors if path.name in line]
        assert (done.code in (2, 3), bool(named)) == (True, True), f"{path}: {done.err}"
        path.write_bytes(whole)
    assert capwatch("verify", folder).code == 0
    saw(f"{len(outputs) + len(inputs)} files, a bit of each: named every time, as {named[0].split('/')[-1]}")


@case("E-20")
def test_a_row_of_the_ledger(finished, tmp_path, capwatch, saw):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    path = folder / "ledger.parquet"
    ledger = read_table(path, LEDGER)
    for change, said in {
        "removed": ledger.drop(index=40),
        "moved": ledger.iloc[[*range(40), 41, 40, *range(42, len(ledger))]],
        "changed": ledger.assign(observed_p50=ledger["observed_p50"].where(ledger.index != 40, 7.0)),
    }.items():
        write_table(said.reset_index(drop=True), path)
        done = capwatch("verify", folder)
        assert done.code == 2
        line = done.error("ledger.parquet")
        day = ledger["day"][40]
        assert f"day={day} {change}" in line or (change == "moved" and " moved" in line), line
        saw(line.split("/")[-1])
    write_table(ledger, path)
    assert capwatch("verify", folder).code == 0, "the table itself is written as it was"


@case("E-20")
def test_runs_form_a_chain(done_once, finished, tmp_path, capwatch, saw):
    runs = tmp_path / "runs"
    shutil.copytree(done_once.runs, runs)
    first = runs / finished.relative_to(done_once.runs)
    second = done_once.run(runs, volume={"draws": 201})
    told = json.loads((second.folder / "manifest.json").read_text())["previous"]
    before = json.loads((first / "manifest.json").read_text())
    assert told == {"run_id": first.name, "self_sha256": before["self_sha256"]}
    assert before["previous"] is None
    assert capwatch("verify", second.folder).code == 0
    (first / "manifest.json").write_text(json.dumps(before | {"seed": 1}))
    done = capwatch("verify", second.folder)
    assert done.code == 2
    line = done.error("previous run")
    assert f"previous run {first.name}: its manifest changed since" in line
    saw(line.split("/")[-1])
