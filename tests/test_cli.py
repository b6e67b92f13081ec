"""The command line as its users meet it: help, exit codes, one line per error, no tracebacks."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = (
    "run", "detect", "ais", "match", "calls", "volume", "account", "simulate", "rerun", "verify", "report", "doctor",
)  # fmt: skip


def test_help_lists_every_command(capwatch):
    code, out, _ = capwatch("--help")
    assert code == 0
    for name in COMMANDS:
        assert f"  {name} " in out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example(capwatch, name):
    code, out, _ = capwatch(name, "--help")
    assert code == 0
    assert "Usage: capwatch" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("run", "atlantis"), "no such AOI"),
        (("run", "vostochny", "--set", "detection.radar.false_alarm_rat=1"), "false_alarm_rat"),
        (("run", "vostochny", "--set", "detection.radar.false_alarm_rate=2"), "false_alarm_rate"),
        (("run", "vostochny", "--source", "files"), "neither images nor ais"),
        (("verify", "nowhere"), "nowhere: no such folder; a run's is wanted"),
        (("rerun", "nowhere"), "nowhere"),
    ],
    ids=lambda v: " ".join(v)[-40:] if isinstance(v, tuple) else v,
)
def test_a_wrong_question_is_answered_in_one_line(capwatch, words, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = capwatch(*words)
    assert code in (2, 4)
    assert out == ""
    lines = err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert expected in lines[0]
    assert not (tmp_path / "runs").exists()


def test_an_unknown_key_is_named_with_file_and_line(capwatch, tmp_path):
    file = tmp_path / "my.yaml"
    file.write_text("aoi:\n  id: x\n  name: X\n  bbox: [1, 2, 3, 4]\n  zones: z.geojson\n  berths: 3\n")
    code, _, err = capwatch("run", file)
    assert code == 2
    assert "my.yaml:6" in err
    assert "berths" in err


def test_dry_run_does_nothing(capwatch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = capwatch("run", "vostochny", "--dry-run")
    assert code == 0
    assert "vostochny" in out.lower()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["volume", "account", "ais", "match", "calls"])
def test_no_command_writes_over_what_it_reads(capwatch, tmp_path, name):
    """By the same name or by a link to it."""
    table = tmp_path / "mine.csv"
    table.write_text("call_id,arrival,tonnes\na,2024-03-07,3000\n")
    (tmp_path / "link.csv").symlink_to(table)
    words = {
        "volume": (table,), "account": (table, "--cap", "configs/caps/unscr-2397.yaml"), "ais": (table,),
        "match": ("--detections", table, "--ais", table),
        "calls": ("--ais", table, "--zones", "configs/zones/vostochny.geojson"),
    }[name]  # fmt: skip
    for out in (table, tmp_path / "link.csv"):
        code, _, err = capwatch(name, *words, "-o", out)
        assert (code, err) == (
            2,
            f"error: {out}: is read, and would be written over; name another (nothing was written)\n",
        )
    assert table.read_text().startswith("call_id,arrival,tonnes")


def test_report_and_verify_speak_of_a_finished_run(capwatch, tiny_run):
    code, out, _ = capwatch("report", tiny_run)
    assert code == 0
    assert "SIMULATED" in out
    assert "report.html" in out
    code, out, _ = capwatch("verify", tiny_run)
    assert code == 0
    assert "agrees" in out


@pytest.mark.parametrize("name", ["run", "config show", "detect", "match", "calls", "volume", "account", "case"])
def test_the_example_of_set_in_a_commands_help_is_one_that_it_takes(capwatch, tmp_path, monkeypatch, name):
    """Each command is asked for something that it refuses for another reason, after it has read its settings."""
    help_text = " ".join(capwatch(*name.split(), "--help")[1].split())
    example = re.search(
        r"Override (?:any config field|a field of [^,]* section), e\.g\. (\S+)\.(?: |$)", help_text
    ).group(1)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.csv").write_text("call_id,arrival,tonnes\na,2024-03-07T00:00:00Z,3000\n")
    words = {
        "run": ("vostochny", "--dry-run"),
        "config show": ("vostochny",),
        "detect": ("none.tif", "-o", "o.csv"),
        "match": ("--detections", "none.csv", "--ais", "none.nmea", "-o", "o.csv"),
        "calls": ("--zones", "none.geojson", "--ais", "none.nmea", "-o", "o.csv"),
        "volume": ("calls.csv", "-o", "o.csv"),
        "account": ("none.csv", "--cap", "none.yaml", "-o", "o.csv"),
        "case": ("rusi-2024-03",),
    }[name]
    code, out, err = capwatch(*name.split(), *words, "--set", example)
    assert "no such key" not in err
    assert "knows the fields of" not in err
    assert code in (0, 3) or "none." in err
    assert "no such key" in capwatch(*name.split(), *words, "--set", "fil.mean=0.6")[2]
    del out


def test_a_key_of_another_section_is_told_where_it_belongs(capwatch, tmp_path):
    code, _, err = capwatch("volume", "c.csv", "-o", tmp_path / "o.csv", "--set", "detection.radar.guard_m=3")
    assert code == 2
    assert "--set detection: this command knows the fields of volume alone" in err
    code, _, err = capwatch("run", "vostochny", "--dry-run", "--set", "fill.mean=0.6")
    assert code == 2
    assert "did you mean volume.fill?" in err


@pytest.mark.parametrize("command", ["verify", "rerun", "report"])
def test_a_file_is_no_run_folder(capwatch, tmp_path, command):
    """`latest.txt` lies beside the runs. Exit code 3 would say that a difference was found."""
    (tmp_path / "latest.txt").write_text("8cfdfcc561f4\n")
    code, _, err = capwatch(command, tmp_path / "latest.txt")
    assert code == 2
    assert "is a file, not a run folder" in err


def test_help_does_not_import_the_heavy_libraries():
    """What keeps `capwatch --help` quick: no array, table or image library is loaded for it."""
    heavy = ("numpy", "pandas", "rasterio", "numba")
    code = f"import sys; import pipeline.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_doctor_names_what_is_there(capwatch):
    code, out, _ = capwatch("doctor")
    assert code == 0
    assert "rasterio" in out


def test_a_file_that_nobody_may_read_is_one_input_and_no_slip_of_the_command_line(capwatch, tmp_path, monkeypatch):
    """One such file among many ended the command with a usage error, and nothing was read."""
    for name in ("open.csv", "locked.csv"):
        (tmp_path / name).write_text("mmsi,time_utc,lon,lat\n999000001,1709812800,133,42\n")
    access, opened = os.access, Path.open
    locked = str(tmp_path / "locked.csv")

    def refused(path, *given, **named):
        if str(path) == locked:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), locked)
        return opened(path, *given, **named)

    monkeypatch.setattr(
        os, "access", lambda path, *given, **named: str(path) != locked and access(path, *given, **named)
    )
    monkeypatch.setattr(Path, "open", refused)
    code, _, err = capwatch("ais", tmp_path / "open.csv", locked, "-o", tmp_path / "o.csv")
    assert code == 3
    assert f"error: {locked}: cannot be read (Permission denied) (skipped)\n" in err
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 2
