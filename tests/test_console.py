"""The console: results on standard output, everything else on standard error, one line each."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

from pipeline.console import Console
from pipeline.errors import InputError, NothingUsable


class Terminal:
    """Standard error as a terminal that keeps what was written."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("quiet", [False, True])
def test_results_go_to_standard_output_also_when_quiet(capsys, quiet):
    Console(quiet=quiet).result("125,000 bbl")
    assert capsys.readouterr() == ("125,000 bbl\n", "")


@pytest.mark.parametrize(("quiet", "shown"), [(False, "reading\n"), (True, "")])
def test_notes_go_to_standard_error_unless_quiet(capsys, quiet, shown):
    Console(quiet=quiet).note("reading")
    assert capsys.readouterr() == ("", shown)


def test_a_name_forges_no_line_and_reaches_no_terminal_as_a_command(capsys):
    """Scenes, places and ships are named by others: a line end, an escape, half of a letter."""
    Console().result("a\nerror: \x1b[31m\ud800")
    Console().note("b.tif\nc.tif: 2 ships")
    Console().table("calls", ["ship"], [["D\x1b[2J"]])
    expected = "a\\nerror: \\x1b[31m\\ud800\nship\nD\\x1b[2J\n"
    assert capsys.readouterr() == (expected, "b.tif\\nc.tif: 2 ships\n")


@pytest.mark.parametrize("quiet", [False, True])
def test_what_is_unknown_is_told_when_quiet_too(capsys, quiet):
    """An empty table without a word would read as "no ships"."""
    console = Console(quiet=quiet)
    console.note("a.tif: no usable water in the image", unknown=True)
    console.remark("b.tif: what lies under cloud is unknown", unknown=True)
    expected = "a.tif: no usable water in the image\nb.tif: what lies under cloud is unknown\n"
    assert capsys.readouterr() == ("", expected)
    assert (console.remarks, console.exit_code) == (["b.tif: what lies under cloud is unknown"], 0)


def test_a_remark_is_told_and_kept_and_changes_no_exit_code(capsys):
    console = Console()
    console.remark("a.csv: heading 511 taken for missing")
    assert capsys.readouterr() == ("", "a.csv: heading 511 taken for missing\n")
    assert (console.remarks, console.exit_code) == (["a.csv: heading 511 taken for missing"], 0)


@pytest.mark.parametrize("quiet", [False, True])
def test_a_problem_is_one_line_with_item_cause_and_what_was_done(capsys, quiet):
    console = Console(quiet=quiet)
    console.problem(InputError("a.tif", "has no bands"))
    console.problem("b.tif: is empty", done="scene degraded")
    assert capsys.readouterr() == (
        "",
        "error: a.tif: has no bands (skipped)\nerror: b.tif: is empty (scene degraded)\n",
    )
    assert console.problems == ["error: a.tif: has no bands (skipped)", "error: b.tif: is empty (scene degraded)"]


def test_a_file_name_cannot_forge_a_line_or_colour_the_terminal(capsys):
    console = Console()
    console.problem(InputError("a\nerror: forged.tif", "\x1b[31mred"))
    console.problem("plain\ntext")
    with console.progress("detect", 1) as step:
        step("a\nb\x1b[2J")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        r"error: a\nerror: forged.tif: \x1b[31mred (skipped)",
        r"error: plain\ntext (skipped)",
        r"detect 1/1 a\nb\x1b[2J",
    ]


def test_the_exit_code_is_3_as_soon_as_one_input_went_wrong():
    console = Console(quiet=True)
    assert console.exit_code == 0
    console.problem("a: b")
    assert console.exit_code == 3
    assert Console().exit_code == 0, "consoles remember their own problems only"


def test_progress_is_a_plain_line_a_step_where_nobody_watches(capsys):
    with Console().progress("detect", 2) as step:
        step("first")
        step("second")
    assert capsys.readouterr() == ("", "detect 1/2 first\ndetect 2/2 second\n")


@pytest.mark.parametrize(("quiet", "total"), [(True, 2), (False, 0)])
def test_no_progress_when_quiet_or_when_there_is_nothing_to_do(capsys, quiet, total):
    with Console(quiet=quiet).progress("detect", total) as step:
        step("first")
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Console().progress("detect", 2) as step:
        step("first")
        step("second")
    assert "detect" in terminal.text
    assert "2/2" in terminal.text
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_an_error_inside_progress_comes_out_unchanged(monkeypatch, terminal):
    if terminal:
        monkeypatch.setattr(sys, "stderr", Terminal())

    def fail():
        with Console().progress("detect", 2) as step:
            step("first")
            raise InputError("a", "b")

    with pytest.raises(InputError, match="a: b"):
        fail()


TALKING = """
import time, typer
from pipeline.commands.session import session
from pipeline.errors import NothingUsable
try:
    with session(quiet=False, debug=False) as console:
        for _ in range(3):
            console.note("note")
            time.sleep(0.1)
        console.problem("problem")
        console.table("title", ["heading"], [["cell"]])
        with console.progress("label", 1) as step:
            step("item")
        raise NothingUsable("nothing")
except typer.Exit as ending:
    raise SystemExit(ending.exit_code)
"""


@pytest.mark.parametrize(
    ("streams", "code"), [("2>&1 | head -0", 4), (">&-", 4), ("2>&-", 4), ("2>/dev/full", 4), (">/dev/full", 5)]
)
def test_a_command_whose_words_nobody_reads_ends_as_it_would(streams, code):
    """Notes, results and an error to a closed pipe, a closed stream or a full disk: the exit code is the command's.

    An answer that finds no room is a fault of the machine.
    """
    expected = f'set -o pipefail; {shlex.quote(sys.executable)} -c "$CODE" {streams}'
    done = subprocess.run(
        ["bash", "-c", expected], env=os.environ | {"CODE": TALKING}, capture_output=True, check=False
    )
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert code == NothingUsable.exit_code or b"standard output: cannot be written: No space" in done.stderr
