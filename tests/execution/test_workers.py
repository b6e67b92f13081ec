"""Workers end with the run that they work for: at once where it is stopped, and also where it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BUSY = """
import os, sys, time
from pathlib import Path

from pipeline.config import EngineConfig
from pipeline.engine import map_tasks
from pipeline.execution.stopping import Stopped, stoppable


def note_and_work(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(60)


if __name__ == "__main__":
    try:
        with stoppable():
            map_tasks(note_and_work, [sys.argv[1]] * 3, EngineConfig(kind="processes", workers=2))
    except Stopped as stop:
        sys.exit(stop.exit_code)
"""


def alive(pid: int) -> bool:
    """Is there such a process, and not only its exit code?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def within(seconds: float, happened) -> bool:
    """Does it come true in that time?"""
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)
    return happened()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system tells of no other process")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
def test_no_worker_outlives_its_run(tmp_path, number):
    """A worker waits for tasks at a pipe that its siblings hold open as well: it never hears that nobody is there."""
    program, notes = tmp_path / "busy.py", tmp_path / "notes"
    program.write_text(BUSY)
    notes.mkdir()
    here, told = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}, tmp_path / "told"
    with told.open("w") as file:  # a pipe would stay open for as long as a worker does
        run = subprocess.Popen([sys.executable, str(program), str(notes)], stderr=file, env=here)
    assert within(60.0, lambda: len(list(notes.iterdir())) == 2)
    workers = [int(note.name) for note in notes.iterdir()]
    run.send_signal(number)
    try:
        assert run.wait(30.0) == (-number if number == signal.SIGKILL else 128 + number)
        assert within(10.0, lambda: not any(alive(pid) for pid in workers))
    finally:
        for pid in filter(alive, workers):
            os.kill(pid, signal.SIGKILL)
    assert number == signal.SIGKILL or told.read_text() == ""  # ended in order, before it would be ended by force
