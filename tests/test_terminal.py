"""What a user of a real terminal meets: colour and none, progress with rate and time left, completion, summaries."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.console import Console

COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-8]|4[0-8]|9[0-7])[0-9;]*m")
PROGRAM = [sys.executable, "-m", "pipeline"]


def on_a_terminal(code: str, **environment: str) -> str:
    """What a Python program writes to a terminal of 120 columns."""
    main, other = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "CI"}}
    env |= {"TERM": "xterm-256color", "COLUMNS": "120"} | environment
    with subprocess.Popen([sys.executable, "-c", code], stdin=other, stdout=other, stderr=other, env=env):
        os.close(other)
        told = b""
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:  # Linux says so at the end
                break
            if not part:
                break
            told += part
    os.close(main)
    return told.decode()


PROGRESS = """
from pipeline.console import Console
import time
with Console().progress("detect", 40) as step:
    for n in range(40):
        step(f"scene {n}")
        time.sleep(0.02)
Console().table("Counted calls", ["ship", "barrels"], [["SIM [red]TANKER[/red] 1", "28,100"]])
"""


def test_progress_on_a_terminal_has_rate_and_time_left_in_colour():
    told = on_a_terminal(PROGRESS)
    assert COLOUR.search(told)
    assert re.search(r"detect .*\d+/40 .*\d+/min .*\d:\d\d:\d\d .*left", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", " ", told))
    assert "SIM [red]TANKER[/red] 1" in told, "a ship's name is no markup"


def test_no_color_is_honoured():
    """no-color.org: where NO_COLOR is set, no colour; bold and movement stay."""
    told = on_a_terminal(PROGRESS, NO_COLOR="1")
    assert "40/40" in told
    assert not COLOUR.search(told)


def test_a_pipe_gets_no_escape_sequence(capwatch, tiny_run):
    code, out, err = capwatch("runs", "--out", tiny_run.parents[1])
    assert code == 0
    assert "\x1b" not in out + err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("capwatch ru", {"run", "runs"}), ("capwatch run --dry", {"--dry-run"}), ("capwatch config ", {"show"})],
)
def test_the_shell_completes_commands_and_options(typed, offered):
    words = typed.split(" ")
    env = {"_CAPWATCH_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(PROGRAM, env=os.environ | env, capture_output=True, text=True, check=False)
    assert set(done.stdout.split()) >= offered
    assert all(w.startswith(words[-1]) for w in done.stdout.split())


@pytest.mark.parametrize(("option", "where"), [("--show-completion", None), ("--install-completion", ".bashrc")])
def test_completion_is_shown_and_installed(option, where, tmp_path):
    """Asked from bash, as a user does; what is installed lies in the user's own home."""
    (tmp_path / ".bashrc").write_text("# mine\n")
    line = f"{sys.executable} -m pipeline {option}; exit $?"
    done = subprocess.run(
        ["bash", "-c", line], env=os.environ | {"HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    if where is None:
        assert "_CAPWATCH_COMPLETE=complete_bash" in done.stdout
        return
    written = "".join(p.read_text("utf-8") for p in tmp_path.rglob("*") if p.is_file())
    assert (tmp_path / where).read_text().startswith("# mine\n")
    assert "_CAPWATCH_COMPLETE=complete_bash" in written


def test_a_run_ends_with_a_table_of_its_calls_and_the_answer(capwatch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = ("source.scenario=scenarios/tiny.yaml", "volume.draws=400", "engine.kind=serial")
    words = ["run", "vostochny", "--start", "2024-03-07", "--end", "2024-03-09"]
    words += [w for s in settings for w in ("--set", s)]
    code, out, err = capwatch(*words)
    assert code in (0, 3), err
    lines = out.splitlines()
    assert lines[0].split("  ")[0] == "arrived by (UTC)"
    assert "SIM TANKER 1" in lines[1]
    assert re.search(r"[\d,]+ / [\d,]+ / [\d,]+", lines[1])
    report = Path(lines[-1].removeprefix("report: "))
    assert report.is_file()
    assert any("share of the cap" in line for line in lines)
    code, out, _ = capwatch(*words, "--quiet")
    assert code in (0, 3)
    assert "arrived by" not in out
    assert out.splitlines()[-1] == lines[-1], "the same question has the same folder"


def test_a_plan_names_looks_sizes_and_time(capwatch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = capwatch("run", "vostochny", "--dry-run")
    assert code == 0
    assert re.search(r"\d+ radar and \d+ optical looks", out)
    assert re.search(r"images: (to be made first|already made, [\d,]+ MB)", out)
    assert re.search(r"about \d+ (s|min) for \d+ looks", out)
    (tmp_path / "a.tif").write_bytes(b"x" * 2_500_000)
    code, out, _ = capwatch("run", "genoa", "--images", "a.tif", "--dry-run")
    assert code == 0
    assert "a.tif, 2.5 MB" in out


def test_a_table_of_nothing_still_has_its_headings(capsys):
    Console().table("Runs", ["aoi", "run"], [])
    assert capsys.readouterr().out == "aoi  run\n"
