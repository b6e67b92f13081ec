"""The run's tables as things that people read: one HTML page, figures, a table in the annex form, STAC items."""

from __future__ import annotations

from pathlib import Path

from pipeline.report.story import Story

__all__ = ["Story", "write_report"]


def write_report(story: Story, folder: Path) -> None:
    """Write ``report.html``, ``figures/*.svg``, ``calls.csv``, ``detections.geojson`` and ``stac/``."""
    from pipeline.report.exports import write_exports
    from pipeline.report.figures import figures
    from pipeline.report.page import render
    from pipeline.storage import write_text

    drawn = figures(story)
    for name, svg in drawn.items():
        write_text(folder / "figures" / f"{name}.svg", svg)
    write_exports(story, folder)
    write_text(folder / "report.html", render(story, drawn, folder))
