"""The command in the process of the tests, where it starts at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest


def exit_code(words: Sequence[object], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run ``words``, the command's name first, and say how it ended; 1 for a text in place of a code."""
    from pipeline.cli import main

    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    try:
        main()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
    return 0
