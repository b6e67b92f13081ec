"""The whole chain on a small simulated scenario: the same question has the same folder and the same bytes."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.console import Console
from pipeline.errors import ContractError, NothingUsable
from pipeline.finished.repeat import rerun, verify
from pipeline.provenance import changes, sha256_file
from pipeline.run import run
from pipeline.table_files import read_table
from pipeline.tables import ALL
from pipeline.workspace import configs_root, load_run_config
from tests.conftest import TINY, run_tiny

STORED = [contract for contract in ALL if contract.name != "ais_messages"]


def hashes(folder):
    """Every file but the log, which holds the time of day."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "log.jsonl")
    return {str(p.relative_to(folder)): sha256_file(p) for p in files}


def test_every_table_is_there_and_fits_its_contract(tiny_run):
    for contract in STORED:
        read_table(tiny_run / f"{contract.name}.parquet", contract)


def test_the_tanker_of_the_scenario_is_the_call_that_counts(tiny_run):
    """Truth: one tanker of 99 m and 4,600 t deadweight at the oil pier from 7 March 01:00 to 8 March 20:00, loading."""
    calls = read_table(tiny_run / "port_calls.parquet")
    counted = calls[calls["counts"]]
    assert list(counted["berth_id"]) == ["oil_pier"]
    call = counted.iloc[0]
    assert call["name"] == "SIM TANKER 1"
    assert call["length_m"] == pytest.approx(99, rel=0.05)
    assert abs(call["arrival_hi"] - pd.Timestamp("2024-03-07T01:00Z")) < pd.Timedelta(hours=1)
    liftings = read_table(tiny_run / "liftings.parquet").set_index("call_id")
    lifting = liftings.loc[call["call_id"]]
    assert lifting["dwt_p5_t"] < 4600 < lifting["dwt_p95_t"]
    assert lifting["barrels_p5"] < 4150 * 7.46 < lifting["barrels_p95"]


def test_everything_says_simulated(tiny_run):
    assert read_table(tiny_run / "scenes.parquet")["simulated"].all()
    assert pd.read_csv(tiny_run / "calls.csv")["simulated"].all()
    manifest = json.loads((tiny_run / "manifest.json").read_text())
    assert manifest["simulated"] is True
    assert all(line.startswith("SIMULATED") for line in manifest["headline"])
    assert (tiny_run / "report.html").read_text().count("SIMULATED") >= 4


def test_the_ledger_ends_where_the_liftings_add_up(tiny_run):
    """Round trip: the fixed scenarios of the last day are the sums over counted liftings."""
    liftings, ledger = (read_table(tiny_run / f"{name}.parquet") for name in ("liftings", "ledger"))
    counted = liftings[liftings["counts"]]
    last = ledger.iloc[-1]
    for share in ("33", "50", "60", "90", "100"):
        assert last[f"at_{share}"] == pytest.approx(counted[f"barrels_at_{share}"].sum())


def test_a_day_without_a_look_is_unknown(tiny_run):
    ledger = read_table(tiny_run / "ledger.parquet").set_index("day")
    assert ledger.loc["2024-03-07", "looked"] == "usable"
    assert ledger.loc["2024-01-15", "looked"] == "unknown"


def test_nor_do_threads_that_search_one_image_change_the_question(tiny_run, tmp_path):
    other = run_tiny(tmp_path, detection={"threads": 3})
    assert other.name == tiny_run.name
    told = {"config.yaml", "manifest.json"}  # how it was run, and the hash of that
    one, two = ({name: digest for name, digest in hashes(run).items() if name not in told} for run in (tiny_run, other))
    assert one == two
    assert load_run_config(other / "config.yaml", {}).detection.threads == 3


def test_another_seed_is_another_question(tiny_run, tmp_path):
    config = load_run_config(configs_root() / "vostochny.yaml", TINY | {"volume": {"draws": 401}})
    other = run(config, configs_root(), tmp_path, Console(quiet=True)).folder
    assert other.name != tiny_run.name
    same, here = (read_table(f / "detections.parquet") for f in (other, tiny_run))
    pd.testing.assert_frame_equal(
        pd.DataFrame(same.drop(columns="geometry")), pd.DataFrame(here.drop(columns="geometry"))
    )


def test_rerun_from_its_own_folder_agrees(tiny_run, tmp_path, capsys):
    moved = tmp_path / "moved"
    shutil.copytree(tiny_run, moved)
    rerun(moved, Console(quiet=True))
    assert "agree byte for byte" in capsys.readouterr().out


def test_processes_and_a_relative_folder_give_the_same_bytes(tiny_run, tmp_path, monkeypatch):
    """The same question has the same name and bytes, and no file names the working folder."""
    monkeypatch.chdir(tmp_path)
    other = run_tiny(Path("runs"), engine={"kind": "processes", "workers": 2})
    assert other.name == tiny_run.name
    assert hashes(other) == hashes(tiny_run)
    for path in other.rglob("*.json"):
        assert str(tmp_path) not in path.read_text()


def test_the_log_says_what_was_done_and_when(tiny_run):
    events = [json.loads(line) for line in (tiny_run / "log.jsonl").read_text().splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["started", "finished"]
    assert sum(e["event"] == "detect" for e in events) == 2
    assert all(pd.Timestamp(e["timestamp"]).tzinfo is not None for e in events)


def test_verify_names_the_file_in_which_one_bit_changed(tiny_run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_run, copy)
    verify(copy, Console(quiet=True))
    target = copy / "liftings.parquet"
    raw = bytearray(target.read_bytes())
    raw[len(raw) // 2] ^= 1
    target.write_bytes(raw)
    assert [line for line in changes(copy) if "liftings.parquet" in line]
    with pytest.raises(ContractError, match="1 difference"):
        verify(copy, Console(quiet=True))


def files_config(images, ais=(), **period):
    return load_run_config(
        configs_root() / "vostochny.yaml",
        {
            "source": {"kind": "files", "images": [str(p) for p in images], "ais": [str(p) for p in ais]},
            "period": TINY["period"] | period,
            "volume": {"draws": 200},
            "engine": {"kind": "serial"},
        },
    )


@pytest.fixture
def tiny_inputs(tiny_run, shared_tmp):
    """The scenario's own files, read as anybody's files."""
    return next((shared_tmp / "cache" / "simulated").glob("*/scenes")).parent


def test_a_broken_image_costs_one_line_and_nothing_else(tiny_inputs, tmp_path, capsys):
    images = tmp_path / "images"
    shutil.copytree(tiny_inputs / "scenes", images)
    whole = next(images.glob("*.tif"))
    (images / "cut_20240308T0300.tif").write_bytes(whole.read_bytes()[:200])
    config = files_config([images], [tiny_inputs / "ais"])
    outcome = run(config, configs_root(), tmp_path / "runs", Console(quiet=True))
    assert outcome.exit_code == 3
    complaints = [line for line in capsys.readouterr().err.splitlines() if "cut_20240308" in line]
    assert len(complaints) == 1
    scenes = read_table(outcome.folder / "scenes.parquet").set_index("scene_id")
    assert scenes.loc["cut_20240308T0300.tif", "status"] == "skipped"
    assert (scenes["status"] == "used").sum() == 2
    assert read_table(outcome.folder / "port_calls.parquet")["counts"].sum() == 1


def test_who_asks_again_is_told_again_what_the_answer_left_out(tmp_path, capsys):
    """The same command, the same exit code: a table whose draughts are in feet is no better the second time."""
    feed = tmp_path / "feet.csv"
    row = "445999001,2024-03-07T{:02d}:00:00Z,133.0683,42.7371,0.0,105,16,24.6"
    feed.write_text("\n".join(["mmsi,time_utc,lon,lat,sog,length,width,draught", *map(row.format, range(24))]) + "\n")
    config, told = files_config([], [feed]), []
    for _ in range(2):
        assert run(config, configs_root(), tmp_path / "runs", Console(quiet=True)).exit_code == 3
        told.append([line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")])
    assert told[0] == told[1]
    assert len([line for line in told[0] if "they may be in feet" in line]) == 1


def test_nothing_usable_is_an_error_not_a_zero(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "bad_20240308.tif").write_bytes(b"II*\0")
    config = files_config([tmp_path / "images"])
    with pytest.raises(NothingUsable, match="nothing is known"):
        run(config, configs_root(), tmp_path / "runs", Console(quiet=True))


def test_who_asks_quietly_learns_that_the_images_are_of_another_time(tiny_inputs, tmp_path):
    """Such an image is no fault, so no line of its own was shown: the error alone must say why nothing is known."""
    config = files_config([next((tiny_inputs / "scenes").glob("*.tif"))])
    later = {"start": config.period.end, "end": config.period.end + timedelta(days=9)}
    config = config.model_copy(update={"period": config.period.model_copy(update=later)})
    with pytest.raises(NothingUsable, match=r"no image \(1 of another time\) and no AIS message could be used"):
        run(config, configs_root(), tmp_path / "runs", Console(quiet=True))


def test_the_same_image_twice_changes_no_number(tiny_inputs, tmp_path):
    once = run(
        files_config([tiny_inputs / "scenes"], [tiny_inputs / "ais"]), configs_root(), tmp_path, Console(quiet=True)
    )
    doubled = tmp_path / "doubled"
    shutil.copytree(tiny_inputs / "scenes", doubled)
    tif = next(doubled.glob("*.tif"))
    shutil.copy(tif, tif.with_name(f"again_{tif.name}"))
    shutil.copy(tif.with_suffix(".json"), tif.with_name(f"again_{tif.stem}.json"))
    twice = run(files_config([doubled], [tiny_inputs / "ais"]), configs_root(), tmp_path, Console(quiet=True))
    a, b = (read_table(f.folder / "ledger.parquet") for f in (once, twice))
    pd.testing.assert_frame_equal(a, b)
    assert (read_table(twice.folder / "scenes.parquet")["status"] == "duplicate_of").sum() == 1


def test_without_ais_nobody_is_called_dark(tiny_inputs, tmp_path):
    outcome = run(files_config([tiny_inputs / "scenes"]), configs_root(), tmp_path, Console(quiet=True))
    flags = read_table(outcome.folder / "port_calls.parquet")["flags"]
    assert len(flags) > 0
    assert not any("dark" in f for f in flags)
    assert all("no_ais" in f for f in flags)


def test_a_killed_run_goes_on_where_it_was(tiny_run, tmp_path, monkeypatch):
    """Killed after the first scene: the same command ends with the same bytes and looks at that scene once."""
    from pipeline.chain import detecting as chain

    looked = []
    real = chain.detect_scene

    def dies(task):
        if looked:
            raise KeyboardInterrupt
        looked.append(task.scene.scene_id)
        return real(task)

    monkeypatch.setattr(chain, "detect_scene", dies)
    with pytest.raises(KeyboardInterrupt):
        run_tiny(tmp_path)
    import pipeline.detection as detection

    again = []
    whole = detection.detect
    monkeypatch.setattr(chain, "detect_scene", real)
    monkeypatch.setattr(detection, "detect", lambda scene, **k: again.append(scene.scene_id) or whole(scene, **k))
    folder = run_tiny(tmp_path)
    assert looked[0] not in again
    assert hashes(folder) == hashes(tiny_run)


def test_structures_are_learnt_only_from_enough_looks(tiny_run):
    """Two looks teach nothing."""
    assert json.loads((tiny_run / "structures.geojson").read_text())["features"] == []
    assert np.all(read_table(tiny_run / "looks.parquet")["state"].isin(["usable", "partly", "unknown"]))
