"""Points at which a run may be killed: between any two of them nothing is half done.

A test sets CAPWATCH_KILL_AT to n, and the n-th point of the process ends it as the kernel would, without a word.
"""

from __future__ import annotations

import os
import signal

KILL_AT = "CAPWATCH_KILL_AT"
passed: list[str] = []  # names of the points that this process went through, where KILL_AT is set


def checkpoint(name: str) -> None:
    """Go on, unless this is the point at which the process is to be killed."""
    wanted = os.environ.get(KILL_AT)
    if wanted is None:
        return
    passed.append(name)
    if len(passed) == int(wanted):
        os.kill(os.getpid(), signal.SIGKILL)
