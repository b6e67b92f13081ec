"""Decodes rasters first in a helper process, which may crash, hang or run out of memory instead of this one.

A helper lives as long as this process and answers one request after another, so that it is started only once; threads
that make requests at the same time have one each.
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

WAIT_S = 900.0  # our choice, for a helper blocked without using processor time, which its own limit does not end
HEADER = (0, 0, 0, 0)  # the window that requests the header only


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
    """Decode a raster in the helper; returns what is doubtful about it, or "".

    ``path`` is GDAL's name for it. ``whole`` decodes every block instead of the first and the last; ``window`` (row,
    column, rows, columns) only that part of the first band, and `HEADER` only the header. With ``supply`` the file is
    an incomplete copy, and the helper asks before each read. ``meanwhile`` is called once the helper is working. The
    values of a ``whole`` raster are written to the file ``into``, band by band, row by row. Raises InputError if the
    file is damaged, or makes the helper end or exceed its limits, OSError if ``into`` cannot be written, and whatever
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
    return_helper(helper)
    if found["cause"]:
        raise InputError(item, found["cause"])
    if found.get("unwritten"):
        raise OSError(found["unwritten"])
    return found["doubt"]


@dataclass
class Helper:
    """One helper process; it belongs to the process that started it."""

    process: subprocess.Popen[bytes] = field(default_factory=lambda: _start_process())
    owner: int = field(default_factory=os.getpid)
    ready: bool = False  # has it said that it takes requests?

    def ask(
        self,
        request: dict[str, object],
        supply: Supply | None = None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> dict[str, str] | None:
        """The answer, or None if the helper ended or was silent for too long; meets its requests for data first."""
        self._send(request)
        meanwhile()
        while (found := self._receive()) is not None:
            if "ready" in found:
                self.ready = True
            elif "need" in found and supply is not None:
                supply(*found["need"])
                self._send({})
            elif "rows" not in found:  # else it reports progress
                break
        return found

    def _send(self, request: dict[str, object]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # a helper that has ended will give no answer
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()

    def _receive(self) -> dict[str, Any] | None:
        assert self.process.stdout is not None
        try:
            ready, _, _ = select.select([self.process.stdout], [], [], WAIT_S)
            line = self.process.stdout.readline() if ready else b""
        except OSError:
            line = b""
        return json.loads(line) if line.endswith(b"\n") else None

    def end(self) -> str:
        """Stop it and say how it ended. EnvironmentFault if it never took a request: then no file is to blame."""
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
        if code == -signal.SIGKILL:  # not caused by a file: our limits end it in other ways
            return "the decoder was killed, as when memory runs out"
        if code == -signal.SIGXCPU:
            return "it takes too much processor time"
        return f"the decoder ended with {signal.Signals(-code).name}" if code < 0 else "the decoder gave up"

    def close(self) -> None:
        """Kill it; it holds no state worth keeping."""
        if self.owner != os.getpid():
            return
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


_LOCK = threading.Lock()
_IDLE: list[Helper] = []  # idle helpers


def return_helper(helper: Helper) -> None:
    """Return a helper, for the next user."""
    with _LOCK:
        _IDLE.append(helper)


def idle_helper() -> Helper:
    """An idle helper, or a new one; return it by `return_helper`."""
    with _LOCK:
        while _IDLE:
            helper = _IDLE.pop()
            if helper.owner == os.getpid() and helper.process.poll() is None:
                return helper
            helper.close()
    return Helper()


@atexit.register
def release() -> None:
    """End the idle helper processes."""
    for helper in _IDLE:
        helper.close()


def _start_process() -> subprocess.Popen[bytes]:
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
            bufsize=0,  # `select` does not see buffered lines
            env=environment,
            start_new_session=True,  # Ctrl-C must reach only the run, which ends its helper itself
        )
    except OSError as error:
        raise EnvironmentFault(f"the decoder cannot be started: {error.strerror}") from error
