"""Accuracy on labelled real data: runs the stage commands through the scorer stored with the data."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "shared" / "tools" / "measure.py"
SETS = ("s2", "s1", "chips", "composites", "match", "ais", "dwt")


def main() -> None:
    """Print one line per data set, or that the data is missing."""
    if not TOOL.is_file():
        print("accuracy: the labelled data (../shared) is not here, nothing measured")
        return
    command = f"{sys.executable} -m pipeline"
    with tempfile.TemporaryDirectory() as out:
        for name in SETS:
            done = subprocess.run(
                [sys.executable, str(TOOL), name, "--out", out, "--capwatch", command],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                print(f"{name:12s} failed: {done.stderr.strip()[-200:]}")
            else:
                print(f"{name:12s} {json.dumps(_brief(json.loads(done.stdout)))}")


def _brief(result: dict[str, object]) -> dict[str, object]:
    """A set's figures without those of single images."""
    return {key: value for key, value in result.items() if key != "images"}
