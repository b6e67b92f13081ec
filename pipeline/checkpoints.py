"""Checkpoints at which tests kill a run, to check that a kill at any of them leaves nothing half done.

A test sets CAPWATCH_KILL_AT to n, and the process kills itself with SIGKILL at its n-th checkpoint.
"""

from __future__ import annotations

import os
import signal

KILL_AT = "CAPWATCH_KILL_AT"
passed: list[str] = []  # names of the checkpoints that this process passed, if KILL_AT is set


def checkpoint(name: str) -> None:
    """Kill the process if this is its CAPWATCH_KILL_AT-th checkpoint; otherwise do nothing."""
    wanted = os.environ.get(KILL_AT)
    if wanted is None:
        return
    passed.append(name)
    if len(passed) == int(wanted):
        os.kill(os.getpid(), signal.SIGKILL)
