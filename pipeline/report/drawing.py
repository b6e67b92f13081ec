"""Shared by all figures: colours, the blank sheet, the SIMULATED watermark, and export to SVG and PNG.

Same input, same bytes: no dates, fixed ids. Colours are Okabe and Ito's, safe for colour-blind readers.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pipeline.report.story import Story

_TAG = re.compile(r"<[^>]*>")  # tags only, not text: names typed by people are no ids, whatever they contain
_ID = re.compile(r'(?<= id=")|(?<=url\(#)|(?<=href="#)')  # the position before an id, where it is defined or used
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#6b7280"


def new_figure(width_in: float, height_in: float) -> tuple[Figure, Axes]:
    """An empty figure and its axes; call ``lay_out`` when everything is drawn."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in))
    return figure, figure.add_subplot()


def lay_out(figure: Figure) -> Figure:
    """The figure laid out with room for its labels and its legend.

    Done once for all formats: a figure with a layout engine would be laid out, and drawn for that, at every save.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with _without_glyph_warnings():
        ConstrainedLayoutEngine().execute(figure)
    return figure


def to_svg(figure: Figure, name: str) -> str:
    """A figure as SVG; text stays text. Each id is prefixed with the name, since one page holds several figures."""
    import matplotlib as mpl

    out = io.StringIO()
    with (
        _without_glyph_warnings(),
        mpl.rc_context({"svg.hashsalt": "capwatch", "svg.fonttype": "none", "font.family": "sans-serif"}),
    ):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": "capwatch"}, facecolor="white")
    text = out.getvalue()
    return _TAG.sub(lambda tag: _ID.sub(f"{name}-", tag[0]), text[text.index("<svg") :])


@contextmanager
def _without_glyph_warnings() -> Iterator[None]:
    """Suppress warnings about glyphs missing in our font: the reader's own fonts have them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def to_png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=150, metadata={"Software": "capwatch"}, facecolor="white")
    return out.getvalue()


def mark_simulated(axes: Axes, story: Story) -> None:
    """Watermark the axes with SIMULATED if the run is simulated."""
    if story.simulated:
        axes.text(
            0.5, 0.5, "SIMULATED", transform=axes.transAxes, ha="center", va="center",
            fontsize=38, color="#b91c1c", alpha=0.13, rotation=18, zorder=0.5, weight="bold",
        )  # fmt: skip
