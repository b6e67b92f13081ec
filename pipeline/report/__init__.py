"""Turns a run's tables into readable outputs: an HTML page, figures, a table in UN annex form, STAC items."""

from __future__ import annotations

from pathlib import Path

from pipeline.report.story import Story

__all__ = ["Story", "write_report"]


def write_report(story: Story, folder: Path) -> None:
    """Write ``report.html``, ``figures/``, ``calls.csv``, ``sensitivity.csv``, GeoJSON, GeoPackage and ``stac/``."""
    from pipeline.report.drawing import to_png, to_svg
    from pipeline.report.exports import write_exports
    from pipeline.report.figures import figures
    from pipeline.report.page import render
    from pipeline.report.sensitivity_section import sensitivity_figures
    from pipeline.storage import write_bytes, write_text
    from pipeline.table_files import write_table

    drawn = figures(story)
    texts = {name: to_svg(figure, name) for name, figure in drawn.items()} | sensitivity_figures(story)
    for name, text in texts.items():
        write_text(folder / "figures" / f"{name}.svg", text)
    for name, figure in drawn.items():  # for slides and word processors
        write_bytes(folder / "figures" / f"{name}.png", to_png(figure))
    write_exports(story, folder)
    if "sensitivity" in story.tables:
        write_table(story.tables["sensitivity"].assign(simulated=story.simulated), folder / "sensitivity.csv")
    write_text(folder / "report.html", render(story, texts, folder))
