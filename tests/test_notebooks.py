"""The notebooks run from top to bottom on a finished run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"

pytest.importorskip("jupytext", reason="the notebooks extra is not installed")
pytest.importorskip("nbclient", reason="the notebooks extra is not installed")


@pytest.mark.filterwarnings("ignore")  # of the notebook machinery
@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.py")), ids=lambda p: p.stem)
def test_notebook_runs_and_shows_pictures(path, tiny_run, monkeypatch):
    from tools.write_notebooks import executed

    monkeypatch.setenv("CAPWATCH_RUN", str(tiny_run))
    notebook = executed(path.stem)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [o for o in outputs if o.get("output_type") == "error"]
    assert sum("image/png" in o.get("data", {}) for o in outputs) >= 3
    text = "".join(o.get("text", "") for o in outputs)
    assert text.startswith("SIMULATED") or path.stem == "add_an_aoi"  # that reads no image
    assert "Warning" not in text
    tables = "".join(o.get("data", {}).get("text/plain", "") for o in outputs)
    assert not re.search(r"\d%", text + tables), "a share reads here as in the report: 28 %"
    assert not re.search(r"-\d+ ?%", text + tables), "and one that fell has a minus before it, no hyphen: −24 %"
    if path.stem == "compare_runs":  # with no second run: the fill that it changed itself
        assert "volume.fill.mean: " in text


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["nothing_like_it"], "error: nothing_like_it: no such notebook; there are add_an_aoi, "),
        (
            ["compare_runs", "--run", "nowhere"],
            "error: compare_runs: InputError: CAPWATCH_RUN=nowhere: is no run",
        ),
    ],
)
def test_what_cannot_be_written_is_one_line(asked, told):
    done = subprocess.run(
        [sys.executable, "-m", "tools.write_notebooks", *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == 1
