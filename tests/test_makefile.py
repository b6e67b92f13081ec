"""What ``make run`` hands on: a folder's name may hold blanks, and several names are several."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).resolve().parents[1] / "Makefile"
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def asked(**values: str) -> str:
    """The words after ``capwatch run``, as the shell would get them, with single blanks."""
    given = [f"{name}={value}" for name, value in values.items()]
    told = subprocess.run(
        ["make", "-n", "-s", "-f", str(MAKEFILE), "run", *given], capture_output=True, text=True, check=True
    )
    return " ".join(told.stdout.replace("\\\n", " ").rpartition("capwatch run ")[2].split())


def test_a_name_with_blanks_that_is_there_is_one_name(tmp_path):
    config, images = tmp_path / "my port.yaml", tmp_path / "images of März"
    config.touch()
    images.mkdir()
    told = asked(AOI=str(config), DATA=str(images), AIS=str(images), OUT=str(tmp_path / "all runs"))
    assert told == f'"{config}" --out "{tmp_path}/all runs" --images "{images}" --ais "{images}"'


def test_several_names_are_several():
    told = asked(AOI="vostochny nampo", DATA="/nowhere/a /nowhere/b", START="2024-03-01")
    assert told == 'vostochny nampo --out "runs" --start 2024-03-01 --images /nowhere/a --images /nowhere/b'


def test_a_rerun_of_no_run_says_what_to_write(tmp_path):
    """``--old-file`` keeps make from setting up anything."""
    told = subprocess.run(
        ["make", "-s", "-f", str(MAKEFILE), "-o", "setup", "rerun"], cwd=tmp_path, capture_output=True, text=True
    )
    assert told.returncode == 2
    assert "RUN= names no run (write make rerun RUN=runs/vostochny/ID" in told.stderr


def test_help_lists_the_targets_from_wherever_it_is_asked(tmp_path):
    copy = tmp_path / "a checkout" / "Makefile"
    copy.parent.mkdir()
    shutil.copy(MAKEFILE, copy)
    for file in (MAKEFILE, copy):
        told = subprocess.run(["make", "-f", str(file), "help"], cwd=tmp_path, capture_output=True, text=True)
        assert "make run " in told.stdout, told.stderr


def test_a_case_does_not_drop_what_only_a_run_takes(tmp_path):
    words = ["make", "-s", "-f", str(MAKEFILE), "-o", "setup", "run", "CASE=rusi-2024-03"]
    told = subprocess.run([*words, "AOI=nampo", "START=2024-03-01"], cwd=tmp_path, capture_output=True, text=True)
    assert (told.returncode, told.stderr.splitlines()[0]) == (
        2,
        "error: make run: CASE= is a published case and takes no AOI= START=",
    )
    alone = subprocess.run([*words, "-n", "SET=seed=1"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert 'capwatch case "rusi-2024-03" --out "runs" --set seed=1' in alone.stdout
