"""The small run's story, rebuilt from its folder, and a browser for its pages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.commands.doctor import browser
from pipeline.tables import ALL


@pytest.fixture(scope="module")
def chromium():
    """A running browser; skips the test if there is no browser or driver."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if browser() is None:
        pytest.skip("no Chromium on the PATH")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def tiny_story(run_story):
    """The small scenario's story, as far as its folder keeps it; each test gets its own copy of the tables."""
    return replace(run_story, tables={name: t.copy() for name, t in run_story.tables.items()})


@pytest.fixture(scope="session")
def run_story(tiny_run):
    """The story that `tiny_story` copies: opening the run takes longer than most tests."""
    from pipeline import volume
    from pipeline.config import CapConfig, VolumeConfig, load
    from pipeline.finished.opened import open_run
    from pipeline.report.story import Story
    from pipeline.workspace import configs_root

    run = open_run(tiny_run)
    tables = {c.name: run.table(c.name) for c in ALL if (tiny_run / f"{c.name}.parquet").is_file()}
    cap = load(CapConfig, configs_root() / "caps" / "unscr-2397.yaml")
    return Story(
        run_id="x", simulated=True, config=run.config, place=run.place, cap=cap,
        headline=volume.headline(tables["liftings"], tables["ledger"], cap, VolumeConfig()), tables=tables,
        ais_balance={}, inputs=(), problems=(), structures={}, versions={}, code_version="x",
    )  # fmt: skip
