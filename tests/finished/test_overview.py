"""Runs listed and compared, the report printed, verdicts written: the commands on finished runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from pipeline.chain.review_file import read_reviews
from pipeline.commands import doctor
from pipeline.commands.pdf import print_report
from pipeline.config import read_yaml
from pipeline.errors import ConfigError, EnvironmentFault, InputError
from pipeline.finished.named_files import flattened
from pipeline.finished.opened import chosen_run
from pipeline.finished.overview import difference, list_runs
from pipeline.finished.overview_text import runs_table
from pipeline.provenance import manifest_hash, sha256_file
from pipeline.report.wording import percent
from pipeline.storage import write_bytes, write_text
from pipeline.table_files import read_table, write_table
from pipeline.workspace import LATEST, latest_run
from tests.conftest import run_tiny


def test_runs_are_listed_with_their_answer_and_unfinished_ones_too(tiny_run, tmp_path):
    shutil.copytree(tiny_run, tmp_path / "vostochny" / tiny_run.name)
    (tmp_path / "vostochny" / "begun").mkdir()
    write_text(tmp_path / "vostochny" / "torn" / "manifest.json", "{")
    table = list_runs(tmp_path).set_index("run")
    assert table["state"].to_dict() == {tiny_run.name: "finished", "begun": "unfinished", "torn": "unreadable"}
    assert table.loc[tiny_run.name, "barrels_p50"] > 0
    _, headings, rows = runs_table(tmp_path, None)
    assert all(len(row) == len(headings) for row in rows)
    assert "SIMULATED" in next(row for row in rows if tiny_run.name in row[0])
    assert {row[1] for row in rows} > {"unfinished", "unreadable"}


def test_the_share_of_the_cap_reads_as_in_the_report(tiny_run, tmp_path):
    """One number in one form: "27.6%" here and "28 %" in the report look like two."""
    shutil.copytree(tiny_run, tmp_path / "vostochny" / tiny_run.name)
    share = list_runs(tmp_path)["share"].iloc[0]
    _, headings, rows = runs_table(tmp_path, None)
    assert rows[0][headings.index("of cap")] == percent(share)


def test_a_run_without_a_counted_call_lists_no_sum(tiny_run, tmp_path):
    """ "0 / 0 / 0, 0 %" would read as "nothing was lifted"; so it would in `diff`."""
    other = tmp_path / "vostochny" / "nobody"
    shutil.copytree(tiny_run, other)
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["result"] |= {"calls_counted": 0, "barrels": [0, 0, 0], "calls_as_detected": 0, "as_detected": [0, 0, 0]}
    manifest["self_sha256"] = manifest_hash(manifest)
    write_text(other / "manifest.json", json.dumps(manifest))
    _, headings, rows = runs_table(tmp_path, None)
    told = dict(zip(headings, rows[0], strict=True))
    assert (told["barrels p5/p50/p95"], told["of cap"]) == ("no counted call", "")
    result = difference(tiny_run, other).result.set_index("quantity")
    assert result.loc["barrels, p5/p50/p95", "after"] == "no counted call"
    assert result.loc["barrels before verdicts, p5/p50/p95", "after"] == "no counted call"


def test_a_sum_whose_median_is_zero_is_told_as_its_interval(tiny_run, tmp_path):
    """ "0 / 0 / 21,100" would read as "nothing was lifted"; so it is told in the report and by `account`."""
    other = tmp_path / "vostochny" / "hardly"
    shutil.copytree(tiny_run, other)
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["result"]["barrels"] = [0, 0, 21_123]
    manifest["self_sha256"] = manifest_hash(manifest)
    write_text(other / "manifest.json", json.dumps(manifest))
    ledger = read_table(other / "ledger.parquet")
    write_table(ledger.assign(corrected_p5=0.0, corrected_p50=0.0, corrected_p95=9e4), other / "ledger.parquet")
    _, headings, rows = runs_table(tmp_path, None)
    none = "none at least as likely as not"
    assert rows[0][headings.index("barrels p5/p50/p95")] == f"0 to 21,100, {none}"
    result = difference(tiny_run, other).result.set_index("quantity")
    assert result.loc["barrels, p5/p50/p95", "after"] == f"0 to 21,100, {none}"
    assert result.loc["barrels with unseen calls, p5/p50/p95", "after"] == f"0 to 90,000, {none}"


def test_a_long_value_is_told_from_where_it_begins_to_differ(capwatch, tiny_run, tmp_path):
    """What is known of a place is a page of text: one cell of it made every line 700 characters wide."""
    folders = [tmp_path / "vostochny" / name for name in ("before", "after")]
    for folder, depth in zip(folders, ("9 m", "11 m"), strict=True):
        shutil.copytree(tiny_run, folder)
        config, _ = read_yaml(folder / "config.yaml")
        config["aoi"]["facts"] = [{"what": "much can be said of it, " * 20 + f"and it is {depth} deep", "source": "me"}]
        write_text(folder / "config.yaml", json.dumps(config))
    _, told, _ = capwatch("diff", *folders)
    line = next(line for line in told.splitlines() if line.startswith("aoi.facts"))
    assert "it is 9 m deep" in line
    assert "it is 11 m deep" in line
    assert max(map(len, told.splitlines())) < 200
    assert "it is 9 m deep" in told.partition("why: ")[2]


def test_runs_of_two_places_are_told_to_be_no_change(capwatch, tiny_run, tmp_path):
    """Their calls are not one another's, though both places have a berth of that name and ships lay there at once."""
    other = tmp_path / "nampo" / "run"
    shutil.copytree(tiny_run, other)
    config = (other / "config.yaml").read_text("utf-8").replace("id: vostochny", "id: nampo", 1)
    write_text(other / "config.yaml", config)
    calls = {name: read_table(other / f"{name}.parquet") for name in ("port_calls", "liftings")}
    for name, table in calls.items():
        write_table(table.assign(call_id=[f"another-{n}" for n in table["call_id"]]), other / f"{name}.parquet")
    found = difference(tiny_run, other)
    assert found.different_questions == ("two places, vostochny and nampo",)
    assert len(found.calls) == 2 * list_runs(tiny_run.parents[1], tiny_run.parent.name)["calls"].iloc[0]
    _, told, _ = capwatch("diff", tiny_run, other)
    assert told.startswith("two different questions: two places, vostochny and nampo. Differences are listed")


def test_a_case_tells_when_it_was_made_and_is_compared_with_no_other(capwatch, tmp_path, monkeypatch):
    """Before, its state stood where the time belongs, and the settings of another case as what it has other."""
    monkeypatch.chdir(tmp_path)
    for name in ("rusi-2024-03", "us-2018"):
        assert capwatch("case", name)[0] == 0
    _, headings, rows = runs_table(tmp_path / "runs", None)
    assert len(rows) == 2
    for row in rows:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", row[headings.index("made (UTC)")])
        assert row[headings.index("changed from previous")] == ""
    (tmp_path / "runs" / "cases" / "rusi-2024-03" / "log.jsonl").unlink()
    assert "not known" in {row[1] for row in runs_table(tmp_path / "runs", None)[2]}


def test_a_case_is_shown_with_its_own_page_and_is_told_from_a_run(capwatch, tiny_run, tmp_path):
    """Before, a path of a report that is not there, and errors on a file or a section that no case has."""
    assert capwatch("case", "rusi-2024-03", "--out", tmp_path)[0] == 0
    case = tmp_path / "cases" / "rusi-2024-03"
    code, out, _ = capwatch("report", case)
    assert (code, out.splitlines()[-1]) == (0, f"report: {case / 'case.html'}")
    assert capwatch("report", tiny_run)[1].endswith(f"report: {tiny_run / 'report.html'}\n")
    for words in (("rerun", case), ("diff", tiny_run, case), ("diff", case, tiny_run)):
        code, _, err = capwatch(*words)
        assert code == 2
        assert "is the case rusi-2024-03, not a run (capwatch case rusi-2024-03 computes it again)" in err


def test_names_read_as_they_are_written():
    """A folder of images may be called so; an analyst compares runs with eyes."""
    assert flattened({"source": {"images": ["Bilder für März"]}}) == {"source.images": '["Bilder für März"]'}


def test_no_runs_is_said_with_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="capwatch run"):
        runs_table(tmp_path, "vostochny")


def test_of_another_aoi_the_runs_that_there_are_are_named(tiny_run, tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r"no runs of vostochni here; there are runs of vostochny$"):
        runs_table(tiny_run.parents[1], "vostochni")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(EnvironmentFault, match=r"may not be read \(permission denied\)$"):
        runs_table(tmp_path, None)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file: is a file, not a folder of runs$"):
        runs_table(tmp_path / "file", None)


def test_a_run_that_was_altered_by_hand_is_told_when_compared(capwatch, tiny_run, tmp_path):
    """It said "no difference" of two runs of which one had another answer in its files."""
    shutil.copytree(tiny_run, tmp_path / "copy")
    assert capwatch("diff", tiny_run, tmp_path / "copy") == (0, "no difference\n", "")
    with (tmp_path / "copy" / "calls.csv").open("a") as file:
        file.write("x")
    code, _, err = capwatch("diff", tiny_run, tmp_path / "copy")
    assert (code, err.count("\n")) == (3, 1)
    assert "copy: 1 difference from its manifest, the first: calls.csv: changed (compared as far as" in err


def test_the_answer_of_a_folder_changed_by_hand_is_told_as_such(capwatch, tiny_run, tmp_path):
    """A headline that somebody wrote into it, or a page that is another, was shown as the run's, with exit code 0."""
    shutil.copytree(tiny_run, copy := tmp_path / "runs" / "vostochny" / "copy")
    (copy / "report.html").write_bytes(b"nothing was lifted")
    code, told, err = capwatch("report", copy)
    first = "copy: 1 difference from its manifest, the first: report.html: changed (told as it stands there)\n"
    assert (code, err.endswith(first), err.count("\n"), "report: " in told) == (3, True, 1, True)
    assert "changed by hand" not in capwatch("runs", "--out", tmp_path / "runs")[1]
    text = (copy / "manifest.json").read_text("utf-8")
    (copy / "manifest.json").write_text(text.replace('"seed": ', '"seed": 1'), "utf-8")
    assert "SIMULATED, manifest changed by hand\n" in capwatch("runs", "--out", tmp_path / "runs")[1]


def test_a_run_does_not_differ_from_itself(tiny_run):
    found = difference(tiny_run, tiny_run)
    assert found.reasons == []
    assert not len(found.calls)


def test_the_setting_that_differs_is_named_as_the_reason(tiny_run, tmp_path):
    other = run_tiny(tmp_path, volume={"draws": 500})
    found = difference(tiny_run, other)
    assert found.reasons == ["volume.draws: 400 and 500"]
    assert not len(found.inputs)
    assert set(found.result["quantity"]) <= {"barrels, p5/p50/p95"}


def test_sums_have_three_digits_as_everywhere_and_more_where_three_are_the_same(tiny_run, tmp_path):
    """The same median was 138,170 here and 138,000 in the report, on the terminal and in the list of runs."""

    def summing(name, *barrels):
        folder = tmp_path / name
        shutil.copytree(tiny_run, folder)
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        manifest["result"]["barrels"] = list(barrels)
        write_text(folder / "manifest.json", json.dumps(manifest))
        return folder

    first, second = summing("a", 93_874, 138_170, 189_637), summing("b", 70_582, 106_938, 150_762)
    (row,) = difference(first, second).result.to_dict("records")
    assert (row["before"], row["after"]) == ("93,900 / 138,000 / 190,000", "70,600 / 107,000 / 151,000")
    (row,) = difference(first, summing("c", 93_874, 138_171, 189_637)).result.to_dict("records")
    assert (row["before"], row["after"]) == ("93,874 / 138,170 / 189,637", "93,874 / 138,171 / 189,637")


def _told_otherwise(tiny_run, folder, **told):
    """The run as if its manifest said something else."""
    shutil.copytree(tiny_run, folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    write_text(folder / "manifest.json", json.dumps(manifest | told))
    return folder


def test_two_runs_the_other_way_round_tell_the_same_the_other_way_round(tiny_run, tmp_path):
    """What only one run has had three digits as the first of the two, and all of them as the second."""
    result = json.loads((tiny_run / "manifest.json").read_text("utf-8"))["result"]
    judged = result | {"as_detected": [93_874, 138_170, 189_637], "calls_as_detected": 2}
    other = _told_otherwise(tiny_run, tmp_path / "a", result=judged)
    there, back = difference(tiny_run, other).result, difference(other, tiny_run).result
    assert "93,900 / 138,000 / 190,000" in set(there["after"])
    assert "calls as detected" in set(there["quantity"]), "in words, as the sums beside it"
    swapped = back.rename(columns={"before": "after", "after": "before"}).set_index("quantity").sort_index()
    assert swapped[["before", "after"]].equals(there.set_index("quantity").sort_index())


@pytest.mark.parametrize(
    "expected",
    [
        {"result": "x"},
        {"result": {"barrels": [1, 2]}},
        {"result": {"barrels": [1, 2, 3]}},
        {"result": {"barrels": [1, 2, 3], "cap_bbl": "much"}},
        {"result": {"period": [1, 2]}},
        {"reviews": [{}]},
        {"left_out": None},
        {"inputs": [{"path": 3, "sha256": "12"}]},
    ],
)
def test_a_manifest_that_lost_its_form_ends_no_list_and_no_comparison_as_a_bug(capwatch, tiny_run, tmp_path, expected):
    """One of many runs whose manifest was edited by hand kept all others from being listed."""
    shutil.copytree(tiny_run, tmp_path / "vostochny" / "whole")
    other = _told_otherwise(tiny_run, tmp_path / "vostochny" / "edited", **expected)
    states = list_runs(tmp_path).set_index("run")["state"].to_dict()
    assert states == {"whole": "finished", "edited": "unreadable"}
    assert capwatch("runs", "--out", tmp_path)[0] == 0
    for words in (("diff", tiny_run, other), ("diff", other, tiny_run)):
        code, _, err = capwatch(*words)
        assert (code, err.count("\n")) == (4, 1)
    assert capwatch("verify", other)[0] in {2, 4}


def test_runs_are_of_an_aoi_by_its_name_alone(capwatch, tiny_run):
    """A path ended in a traceback, and "." listed the folder of runs as a run that did not finish."""
    for aoi in (tiny_run.parent, ".", "*"):
        code, _, err = capwatch("runs", aoi, "--out", tiny_run.parents[1])
        assert (code, "; there are runs of vostochny" in err) == (2, True)
    assert capwatch("runs", "vostochny/", "--out", tiny_run.parents[1])[0] == 0


def test_another_library_is_a_cause(capwatch, tiny_run, tmp_path):
    """The manifests tell it, and "nothing that the manifests record" was said to be the cause."""
    libraries = json.loads((tiny_run / "manifest.json").read_text("utf-8"))["libraries"]
    other = _told_otherwise(tiny_run, tmp_path / "v" / "a", libraries=libraries | {"numpy": "0.1"})
    assert difference(tiny_run, other).reasons == [f"the library numpy: {libraries['numpy']} and 0.1"]
    assert capwatch("diff", tiny_run, other)[1].splitlines()[-1].startswith("why: the library numpy: ")


def test_a_result_table_that_is_not_the_same_is_named_though_sums_and_calls_are(capwatch, tiny_run, tmp_path):
    """It said "no difference except the code" of two runs with other looks and detections."""
    outputs = json.loads((tiny_run / "manifest.json").read_text("utf-8"))["outputs"]
    other = {"looks.parquet": "0" * 64, "detections.parquet": "1" * 64}
    outputs = [r | {"sha256": other.get(r["path"], r["sha256"])} for r in outputs if r["path"] != "recalls.parquet"]
    twin = _told_otherwise(tiny_run, tmp_path / "v" / "a", outputs=outputs, capwatch="0.0+other")
    assert difference(tiny_run, twin).tables == ("detections", "looks", "recalls")
    _, told, _ = capwatch("diff", tiny_run, twin)
    assert "no difference" not in told
    assert "result tables that differ: detections, looks, recalls\nwhy: the code: " in told


def test_speed_and_folders_are_no_difference(tiny_run, tmp_path):
    """They are no part of the run's id, and the folder of images was told as the cause of another answer."""
    other = tmp_path / "a"
    shutil.copytree(tiny_run, other)
    config, _ = read_yaml(other / "config.yaml")
    config["detection"]["threads"] = 3
    config["source"]["images"] = ["elsewhere"]
    write_text(other / "config.yaml", json.dumps(config))
    assert difference(tiny_run, other).reasons == []


def test_the_sum_with_unseen_calls_is_compared_too(capwatch, tiny_run, tmp_path):
    """It may be the only sum that moved, or the one that moved most. What is unknown is told as that, not as zero."""
    ledger = read_table(tiny_run / "ledger.parquet")
    folders = []
    for name, three, without in (
        ("a", (1e5, 2e5, 4e5), []),
        ("b", (1e5, 3e5, 9e5), []),
        ("c", (0, 0, 0), ["oil_pier"]),
    ):
        shutil.copytree(tiny_run, folder := tmp_path / name)
        folders.append(folder)
        told = dict(zip(("corrected_p5", "corrected_p50", "corrected_p95"), three, strict=True))
        write_table(ledger.assign(**told, corrected_without=[without] * len(ledger)), folder / "ledger.parquet")
    (row,) = difference(*folders[:2]).result.to_dict("records")
    assert list(row.values()) == [
        "barrels with unseen calls, p5/p50/p95", "100,000 / 200,000 / 400,000", "100,000 / 300,000 / 900,000",
    ]  # fmt: skip
    result = difference(folders[0], folders[2]).result.set_index("quantity")
    assert result.loc["barrels with unseen calls, p5/p50/p95", "after"] == "–"
    assert result.loc["unseen calls are unknown at"].to_list() == ["–", "oil_pier"]
    assert capwatch("diff", *folders[:2])[1].startswith("SIMULATED: both runs\n")


def test_barrels_that_read_alike_are_told_with_all_digits(capwatch, tiny_run, tmp_path):
    """ "28,600  28,600" in a list of what differs."""
    shutil.copytree(tiny_run, other := tmp_path / "a")
    liftings = read_table(other / "liftings.parquet")
    write_table(liftings.assign(barrels_p50=liftings["barrels_p50"].round(-3) + 4), other / "liftings.parquet")
    shutil.copytree(other, third := tmp_path / "b")
    write_table(liftings.assign(barrels_p50=liftings["barrels_p50"].round(-3) + 9), third / "liftings.parquet")
    barrels = f"{round(liftings['barrels_p50'].iloc[0], -3) + 4:,.0f}"
    assert barrels in capwatch("diff", other, third)[1]


def _with(tiny_run, folder, name, change):
    """The run as if a file that its config names had been edited under its name; ``change`` is of its text."""
    shutil.copytree(tiny_run, folder)
    file = folder / "config_files" / name
    write_bytes(file, change(file.read_text("utf-8")).encode())
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    record = next(r for r in manifest["outputs"] if r["path"] == f"config_files/{name}")
    record["sha256"] = sha256_file(file)
    write_text(folder / "manifest.json", json.dumps(manifest))
    return folder


def test_what_changed_in_a_file_that_the_config_names_is_told_by_its_field(tiny_run, tmp_path):
    """Analysts move a berth or a cap in its file; the config, which only names the file, stays as it is."""
    caps = _with(
        tiny_run, tmp_path / "a", "caps/unscr-2397.yaml", lambda t: t.replace("barrels: 500000", "barrels: 4e5")
    )
    assert difference(tiny_run, caps).reasons == ["caps/unscr-2397.yaml: barrels: 500000 and 400000.0"]

    def moved(text):
        found = json.loads(text)
        pier = next(f for f in found["features"] if f["properties"]["zone_id"] == "oil_pier")
        pier["geometry"]["coordinates"][0].reverse()
        pier["properties"]["counts"] = False
        return json.dumps(found)

    zones = _with(tiny_run, tmp_path / "b", "zones/vostochny.geojson", moved)
    told = [reason.split(": ")[:2] for reason in difference(tiny_run, zones).reasons]
    file = "zones/vostochny.geojson"
    assert sorted(told) == [[file, "oil_pier.counts"], [file, "oil_pier.outline"]]


def test_line_ends_alone_are_told_as_such(tiny_run, tmp_path):
    other = _with(tiny_run, tmp_path / "a", "caps/unscr-2397.yaml", lambda text: text.replace("\n", "\r\n"))
    (reason,) = difference(tiny_run, other).reasons
    assert reason.startswith("caps/unscr-2397.yaml: sha256 ")
    assert reason.endswith(", the same content")


def test_zones_drawn_anew_are_one_remark_in_the_list_of_runs(tiny_run, tmp_path):
    """Twenty fields of new zones stood in one cell."""
    zones = next(path.name for path in (tiny_run / "config_files" / "zones").glob("*.geojson"))
    folders = [tmp_path / "vostochny" / name for name in ("a", "b")]
    shutil.copytree(tiny_run, folders[0])
    _with(tiny_run, folders[1], f"zones/{zones}", lambda text: re.sub(r'"zone_id": *"', '"zone_id": "new_', text))
    for n, folder in enumerate(folders, 1):
        write_text(folder / "log.jsonl", f'{{"event": "finished", "timestamp": "2026-01-0{n}T00:00:00Z"}}\n')
    (remark,) = list_runs(tmp_path)["other"].iloc[1].split("; ")
    assert re.fullmatch(rf"zones/{zones}: \d+ fields", remark)


def test_runs_are_listed_as_they_were_made_with_what_each_has_other_than_the_one_before(tiny_run, tmp_path):
    """Whatever their ids, which say nothing of time."""
    for name, made, fill in (("fff", "01", 0.88), ("aaa", "03", 0.88), ("ddd", "02", 0.6)):
        folder = tmp_path / "vostochny" / name
        shutil.copytree(tiny_run, folder)
        text = (folder / "config.yaml").read_text("utf-8")
        write_text(folder / "config.yaml", text.replace("mean: 0.88", f"mean: {fill}"))
        write_text(folder / "log.jsonl", f'{{"event": "finished", "timestamp": "2026-01-{made}T00:00:00Z"}}\n')
    table = list_runs(tmp_path)
    assert list(table["run"]) == ["fff", "ddd", "aaa"]
    assert list(table["other"]) == ["", "volume.fill.mean=0.6", "volume.fill.mean=0.88"]
    (tmp_path / "other").mkdir()
    (tmp_path / "vostochny" / "fff").rename(tmp_path / "other" / "fff")
    shutil.copytree(tmp_path / "vostochny" / "aaa", tmp_path / "a_later_place" / "abc")
    write_text(tmp_path / "a_later_place" / "abc" / "log.jsonl", '{"event": "finished", "timestamp": "2026-01-04"}\n')
    assert list(list_runs(tmp_path)["run"]) == ["fff", "ddd", "aaa", "abc"], "the latest is the last, whatever its AOI"
    write_text(tmp_path / "other" / "latest.txt", "fff\n")
    write_text(tmp_path / "vostochny" / "latest.txt", "aaa\n")
    assert latest_run(tmp_path) == tmp_path / "vostochny" / "aaa"


def test_a_run_that_lost_its_config_does_not_keep_the_others_from_being_listed(capwatch, tiny_run, tmp_path):
    for name in ("a", "b", "c"):
        shutil.copytree(tiny_run, tmp_path / "vostochny" / name)
    (tmp_path / "vostochny" / "b" / "config.yaml").unlink()
    table = list_runs(tmp_path)
    assert list(table["run"]) == ["a", "b", "c"]
    assert [told.startswith("unknown: ") and "config.yaml" in told for told in table["other"]] == [False, True, True]
    assert capwatch("runs", "--out", tmp_path)[0] == 0


def test_a_run_is_found_from_the_folder_of_the_notebooks(tiny_run, tmp_path, monkeypatch):
    """The kernel works there, and the name was given where the shell stands."""
    shutil.copytree(tiny_run, tmp_path / "elsewhere" / "runs" / "vostochny" / "abc")
    write_text(tmp_path / "elsewhere" / "runs" / "vostochny" / "latest.txt", "abc\n")
    (tmp_path / "elsewhere" / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere" / "notebooks")
    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.setenv("CAPWATCH_RUN", "elsewhere/runs/vostochny/abc")
    assert chosen_run() == tmp_path / "elsewhere" / "runs" / "vostochny" / "abc"
    monkeypatch.delenv("CAPWATCH_RUN")
    assert chosen_run() == tmp_path / "elsewhere" / "runs" / "vostochny" / "abc"
    monkeypatch.setenv("CAPWATCH_RUN", "nowhere")
    with pytest.raises(InputError, match="CAPWATCH_RUN=nowhere: is no run folder"):
        chosen_run()
    for named in ("abc", "runs/vostochny/abc", tmp_path / "elsewhere" / "runs" / "vostochny" / "abc"):
        assert chosen_run(named) == tmp_path / "elsewhere" / "runs" / "vostochny" / "abc"
    with pytest.raises(InputError, match=r"^nothing: is no run folder"):
        chosen_run("nothing")


def test_a_reader_who_has_seen_enough_ends_nothing(tiny_run):
    """As ``capwatch diff ... | head -1``: the exit code is that of the work, and nobody is told of a pipe."""
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-m", "pipeline", "diff", str(tiny_run), str(tiny_run)]
    done = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_commands_on_finished_runs(capwatch, tiny_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = capwatch("runs", "--out", tiny_run.parents[1])
    assert code == 0
    assert tiny_run.name in out
    code, out, _ = capwatch("diff", tiny_run, tiny_run)
    assert (code, out) == (0, "no difference\n")
    code, out, _ = capwatch("report", tiny_run)
    assert code == 0
    assert "report.html" in out


def test_a_verdict_is_written_listed_and_refused_without_a_name(capwatch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = capwatch("review", "vostochny", "abc", "reject", "--why", "x")
    assert code == 2
    assert "no who" in err
    code, _, _ = capwatch("review", "vostochny", "abc", "rename", "--value", "=cmd", "--who", "A", "--why", "because")
    assert code == 0
    assert read_reviews(tmp_path / "reviews" / "vostochny.csv")[0].value == "=cmd"
    code, out, _ = capwatch("review", "vostochny")
    assert code == 0
    assert "because" in out


def test_a_place_whose_run_file_lies_elsewhere_is_known_by_its_runs(capwatch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "lome").mkdir(parents=True)
    assert capwatch("review", "lome")[0] == 2
    (tmp_path / "runs" / "lome" / LATEST).write_text("0123456789ab\n")
    assert capwatch("review", "lome", "abc", "reject", "--who", "A", "--why", "a barge")[0] == 0
    assert "a barge" in capwatch("review", "lome")[1]
    assert capwatch("review", "lome", "--withdraw", "2")[0] == 0


def test_who_sets_anothers_verdict_aside_is_told_so(capwatch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    capwatch("review", "vostochny", "a1", "confirm", "--who", "A. Analyst", "--why", "seen")
    _, told, _ = capwatch("review", "vostochny", "a1", "reject", "--who", "B. Analyst", "--why", "a barge")
    assert "line 2, confirm of A. Analyst, stands no more" in told


def test_without_a_verdict_review_lists_what_there_is_or_says_how_to_give_one(capwatch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = capwatch("review", "vostochny")
    assert code == 0
    assert "reviews/vostochny.csv: no verdicts yet; give one with: capwatch review vostochny ID confirm|reject" in out
    assert capwatch("review", "atlantis")[0] == 2


def test_a_verdict_on_what_no_run_has_is_refused_unless_it_is_meant(capwatch, tiny_run, tmp_path, monkeypatch):
    """A slip in an id would else be found out by the next run alone. Without any run nothing can be compared."""
    monkeypatch.chdir(tmp_path)
    told = ("--who", "A", "--why", "because", "--out", tiny_run.parents[1])
    call = read_table(tiny_run / "port_calls.parquet")["call_id"].iloc[0]
    code, _, err = capwatch("review", "vostochny", call, "confirm", *told)
    assert (code, err) == (0, "")
    code, _, err = capwatch("review", "vostochny", "deadbeef", "reject", *told)
    no = f"no run in {tiny_run.parent} has this id (nothing was written; cards and calls.csv of a run tell its ids, "
    assert (code, err) == (2, f"error: deadbeef: {no}and --anyway keeps this one)\n")
    assert capwatch("review", "vostochny", call, "merge", "--value", "deadbeef", *told)[0] == 2
    assert len(read_reviews(tmp_path / "reviews" / "vostochny.csv")) == 1
    assert capwatch("review", "vostochny", "deadbeef", "reject", "--anyway", *told)[0] == 0
    code, _, err = capwatch("review", "vostochny", "deadbeef", "reject", "--who", "A", "--why", "x")
    assert code == 0
    assert "it was not checked" in err
    assert len(read_reviews(tmp_path / "reviews" / "vostochny.csv")) == 3


def test_a_verdict_can_be_taken_back(capwatch, tmp_path, monkeypatch):
    """The file is then as if it had never been given, whatever its reason's line breaks."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "reviews" / "vostochny.csv"
    give = ("review", "vostochny", "--who", "A", "--when", "2024-04-02")
    capwatch(*give, "abc", "confirm", "--why", "plain to see")
    before = path.read_bytes()
    capwatch(*give, "def", "reject", "--why", "a barge,\nby her \u2028outline")
    both = path.read_bytes()
    capwatch(*give, "ghi", "reject", "--why", "another")
    last = [v.line for v in read_reviews(path)]
    assert capwatch("review", "vostochny", "--withdraw", "9")[0] == 2
    code, out, _ = capwatch("review", "vostochny", "--withdraw", str(last[2]))
    assert (code, path.read_bytes()) == (0, both)
    assert "reject ghi of A withdrawn" in out
    assert capwatch("review", "vostochny", "--withdraw", str(last[1]))[0] == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize("year", ["2204", "9999"])
def test_a_verdict_of_a_day_to_come_is_a_slip(capwatch, tmp_path, monkeypatch, year):
    """2204 for 2024 stood in the report as the day of the verdict."""
    monkeypatch.chdir(tmp_path)
    given = ("review", "vostochny", "abc", "confirm", "--who", "A", "--why", "x", "--when")
    code, _, err = capwatch(*given, f"{year}-04-02T10:00+09:00")
    assert (code, "still to come (nothing was written)" in err) == (2, True)
    assert not (tmp_path / "reviews").exists()
    assert capwatch(*given, "2024-04-02")[0] == 0


def test_without_a_browser_the_error_says_what_to_install(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="chromium"):
        print_report(tiny_run / "report.html", tmp_path / "x.pdf")


@pytest.mark.skipif(doctor.browser() is None, reason="no Chromium on the PATH")
def test_the_report_prints_to_pdf(tiny_run, tmp_path):
    print_report(tiny_run / "report.html", tmp_path / "x.pdf")
    content = (tmp_path / "x.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") + content.count(b"/Type/Page") > 2
