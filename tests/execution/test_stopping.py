"""A command that is told to stop says so, whatever was under way when the signal came."""

from __future__ import annotations

import os
import signal

import pytest
import typer

from pipeline.commands.session import session
from pipeline.execution import stopping


@pytest.fixture(autouse=True)
def no_hard_end(monkeypatch):
    """The thread that ends a block which does not stop would end the tests."""
    monkeypatch.setattr(stopping, "_end", lambda _: None)


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
