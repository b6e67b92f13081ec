"""Run the command inside the test process, which avoids its start-up time."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest


def exit_code(words: Sequence[object], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run ``words`` (the command's name first); returns the exit code, 1 if it exits with a text."""
    from pipeline.cli import main

    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    try:
        main()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
    return 0
