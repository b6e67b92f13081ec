"""The notebooks run from top to bottom on a finished run."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"

jupytext = pytest.importorskip("jupytext", reason="the notebooks extra is not installed")
nbclient = pytest.importorskip("nbclient", reason="the notebooks extra is not installed")


@pytest.mark.filterwarnings("ignore")  # of the notebook machinery
@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.py")), ids=lambda p: p.stem)
def test_notebook_runs_and_shows_pictures(path, tiny_run, monkeypatch):
    monkeypatch.setenv("CAPWATCH_RUN", str(tiny_run))
    notebook = jupytext.read(path)
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [o for o in outputs if o.get("output_type") == "error"]
    assert sum("image/png" in o.get("data", {}) for o in outputs) >= 3
    text = "".join(o.get("text", "") for o in outputs)
    assert text.startswith("SIMULATED") or path.stem == "add_an_aoi"  # that reads no image
    assert "Warning" not in text
    if path.stem == "compare_runs":  # with no second run: the fill that it changed itself
        assert "volume.fill.mean: " in text
