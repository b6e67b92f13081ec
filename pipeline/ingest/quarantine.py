"""Rasters are first decoded elsewhere: in a helper process that may crash, hang or run out of memory in our place.

A helper lives as long as this process and answers one request after another, so that its start is paid once; threads
that ask at the same time have one each.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import EnvironmentFault, InputError
from pipeline.ingest.gdal_settings import ENVIRONMENT

WAIT_S = 900.0  # our choice, for a helper whose own limit of processor time does not strike: a file that blocks
HEADER = (0, 0, 0, 0)  # the window of whoever asks for the header alone


Supply = Callable[[int, int], None]
"""Sees to it that so many bytes from a byte on stand in the file that the helper reads."""


def examine(
    path: str,
    item: str,
    driver: str,
    *,
    whole: bool,
    window: tuple[int, int, int, int] | None = None,
    supply: Supply | None = None,
    meanwhile: Callable[[], object] = lambda: None,
    into: str | None = None,
) -> str:
    """Decode a raster in the helper; what is doubtful about it comes back, "" where nothing is.

    ``path`` is what GDAL is given, ``whole`` decodes every block instead of the first and the last, ``window`` (row,
    column, rows, columns) that part of the first band alone, and `HEADER` the header alone. With ``supply`` the file is
    a copy that is not all there: the helper asks before it reads. ``meanwhile`` is called once it is at work. The
    numbers of a ``whole`` raster are written to the file ``into``, band by band, row by row. Raises InputError where
    the file is damaged, or ends or outgrows the helper, OSError where ``into`` does not take its numbers, and whatever
    ``supply`` and ``meanwhile`` raise.
    """
    request = {"path": path, "item": item, "driver": driver, "whole": whole, "window": window, "into": into}
    helper = idle_helper()
    try:
        found = helper.ask(request | {"supplied": supply is not None}, supply, meanwhile)
    except BaseException:
        helper.close()  # it still waits for bytes
        raise
    if found is None:
        raise InputError(item, f"cannot be decoded: {helper.end()}")
    given_back(helper)
    if found["cause"]:
        raise InputError(item, found["cause"])
    if found.get("unwritten"):
        raise OSError(found["unwritten"])
    return found["doubt"]


@dataclass
class Helper:
    """One helper process; it belongs to the process that started it."""

    process: subprocess.Popen[bytes] = field(default_factory=lambda: _started())
    owner: int = field(default_factory=os.getpid)
    ready: bool = False  # has it said that it takes requests?

    def ask(
        self,
        request: dict[str, object],
        supply: Supply | None = None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> dict[str, str] | None:
        """The answer, or None where the helper ended or was silent for too long; what it needs first is supplied."""
        self._send(request)
        meanwhile()
        while (found := self._heard()) is not None:
            if "ready" in found:
                self.ready = True
            elif "need" in found and supply is not None:
                supply(*found["need"])
                self._send({})
            elif "rows" not in found:  # else it says that it is still at work
                break
        return found

    def _send(self, request: dict[str, object]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # one that has ended is found out by its silence
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()

    def _heard(self) -> dict[str, Any] | None:
        assert self.process.stdout is not None
        try:
            ready, _, _ = select.select([self.process.stdout], [], [], WAIT_S)
            line = self.process.stdout.readline() if ready else b""
        except OSError:
            line = b""
        return json.loads(line) if line.endswith(b"\n") else None

    def end(self) -> str:
        """Stop it and say how it ended. EnvironmentFault where it never took a request: then no file is to blame."""
        import signal

        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1.0)
        running = self.process.poll() is None
        self.close()
        code = self.process.returncode
        if not self.ready:
            raise EnvironmentFault("the decoder cannot be started; is memory short, or a limit on it too low?")
        if running:
            return f"it takes longer than {WAIT_S:g} s"
        if code == -signal.SIGKILL:  # no file does that: all that we limit ends it otherwise
            return "the decoder was killed, as when memory runs out"
        if code == -signal.SIGXCPU:
            return "it takes too much processor time"
        return f"the decoder ended with {signal.Signals(-code).name}" if code < 0 else "the decoder gave up"

    def close(self) -> None:
        """Let it go; it has nothing to lose."""
        if self.owner != os.getpid():
            return
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


_LOCK = threading.Lock()
_KEPT: list[Helper] = []  # helpers that nobody asks now


def given_back(helper: Helper) -> None:
    """Somebody has no more questions: the next who has some may ask it."""
    with _LOCK:
        _KEPT.append(helper)


def idle_helper() -> Helper:
    """One that nobody asks, or a new one; whoever takes it gives it back."""
    with _LOCK:
        while _KEPT:
            kept = _KEPT.pop()
            if kept.owner == os.getpid() and kept.process.poll() is None:
                return kept
            kept.close()
    return Helper()


@atexit.register
def release() -> None:
    """End the helper processes that wait for the next file."""
    for helper in _KEPT:
        helper.close()


def _started() -> subprocess.Popen[bytes]:
    from pathlib import Path

    home = str(Path(__file__).parents[2])
    paths = os.pathsep.join(p for p in (home, os.environ.get("PYTHONPATH", "")) if p)
    environment = os.environ | ENVIRONMENT | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.ingest.decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,  # `select` sees no line that was read ahead
            env=environment,
            start_new_session=True,  # Ctrl-C is for the run, which ends its helper itself
        )
    except OSError as error:
        raise EnvironmentFault(f"the decoder cannot be started: {error.strerror}") from error
