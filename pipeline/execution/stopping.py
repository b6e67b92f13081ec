"""Handles Ctrl-C and SIGTERM: a command ends within seconds, and the same command can resume its work."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE_S = 3.0  # for unwinding; files are written atomically, so a hard exit afterwards loses nothing
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """The process was asked to stop by SIGINT or SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.reported = False

    @property
    def exit_code(self) -> int:
        """128 plus the signal number, by shell convention: 130 or 143."""
        return 128 + self.number

    @property
    def line(self) -> str:
        """The message for the user."""
        name = signal.Signals(self.number).name
        return f"error: stopped by {name} (what was finished is kept; the same command goes on)"


@contextmanager
def stoppable() -> Iterator[None]:
    """While the block runs, either signal raises `Stopped`; after PATIENCE_S the process is ended the hard way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stops: list[Stopped] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stops.append(Stopped(number))
        for handled in SIGNALS:
            signal.signal(handled, signal.SIG_IGN)  # ignore further signals
        threading.Thread(target=_kill_after_patience, args=(stops[0],), daemon=True).start()
        raise stops[0]

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    except Exception as error:
        if stops:  # interrupted compiled code raises its own error: Numba a SystemError
            raise stops[0] from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _kill_after_patience(stopped: Stopped) -> None:
    """After PATIENCE_S, end the process the hard way: a thread or library may be deep in a computation."""
    time.sleep(PATIENCE_S)
    for child in multiprocessing.active_children():
        child.kill()
    if not stopped.reported:
        os.write(2, f"{stopped.line}\n".encode())
    os._exit(stopped.exit_code)
