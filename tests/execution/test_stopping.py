"""A command that is told to stop says so, whatever was under way when the signal came."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import typer

from pipeline.commands.session import session
from pipeline.execution import stopping


@pytest.fixture(autouse=True)
def no_hard_end(monkeypatch):
    """The thread that ends a block which does not stop would end the tests."""
    monkeypatch.setattr(stopping, "_kill_after_patience", lambda _: None)


def interrupted_in_compiled_code(number):
    """What numba does with a signal that comes while it unpickles: an error of its own, with ours as its cause."""
    try:
        os.kill(os.getpid(), number)
    except KeyboardInterrupt as stopped:
        raise SystemError("CPUDispatcher returned a result with an exception set") from stopped


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_within_compiled_code_stops_the_command_in_one_line(capsys, number, code):
    """It ended in a traceback and exit code 1, which means a bug."""
    with pytest.raises(typer.Exit) as ended, session(quiet=True, debug=False):
        interrupted_in_compiled_code(number)
    assert ended.value.exit_code == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: stopped by {signal.Signals(number).name} (")


def test_an_error_without_a_signal_is_its_own():
    """And signals mean afterwards what they meant before, which under nohup is nothing."""
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemError, match="of its own"), session(quiet=True, debug=False):
        raise SystemError("of its own")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(("before", "ends"), [("default_int_handler", -signal.SIGINT), ("SIG_IGN", 0)])
def test_ctrl_c_while_the_command_is_imported_leaves_no_traceback(before, ends):
    """A shell says 130 of a process that SIGINT ended; Ctrl-C that somebody ignores stays ignored."""
    code = f"""
import os, signal, sys
signal.signal(signal.SIGINT, signal.{before})
class Interrupted:
    def find_spec(self, name, *_):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupted())
sys.argv = ["capwatch", "--version"]
from pipeline.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (ends, "")
