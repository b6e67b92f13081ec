"""QGIS styles (QML) of the GeoPackage's layers, in the report's colours, safe for colour-blind readers.

QGIS reads a layer's default style from the GeoPackage's table ``layer_styles``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

VERSION = "3.34.0"  # QGIS version of the format; newer ones read it
BLUE, ORANGE, RED, GREY, GREEN = "0,114,178,255", "230,159,0,255", "194,78,0,255", "107,114,128,255", "0,128,93,255"
LAND, COAST, STRUCTURE, NONE = "221,215,201,255", "140,132,112,255", "87,83,78,200", "0,0,0,0"


def _options(values: Mapping[str, str]) -> str:
    rows = "".join(f"<Option type='QString' name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in values.items())
    return f"<Option type='Map'>{rows}</Option>"


def _symbol(name: str, kind: str, layer: str, values: Mapping[str, str]) -> str:
    return (
        f"<symbol name={quoteattr(name)} type='{kind}' alpha='1' clip_to_extent='1' force_rhr='0'>"
        f"<layer class='{layer}' enabled='1' locked='0' pass='0'>{_options(values)}</layer></symbol>"
    )


def fill(colour: str, outline: str, width_mm: float = 0.26, line: str = "solid") -> tuple[str, str, dict[str, str]]:
    """A polygon's symbol."""
    return (
        "fill",
        "SimpleFill",
        {
            "color": colour, "style": "no" if colour == NONE else "solid", "outline_color": outline,
            "outline_style": "no" if outline == NONE else line, "outline_width": f"{width_mm:g}",
            "outline_width_unit": "MM",
        },
    )  # fmt: skip


def line(colour: str, width_mm: float = 0.3) -> tuple[str, str, dict[str, str]]:
    """A line's symbol."""
    return "line", "SimpleLine", {
        "line_color": colour, "line_width": f"{width_mm:g}", "line_width_unit": "MM", "line_style": "solid",
    }  # fmt: skip


def marker(shape: str, colour: str, size_mm: float = 2.6) -> tuple[str, str, dict[str, str]]:
    """A point's symbol."""
    return "marker", "SimpleMarker", {
        "name": shape, "color": colour, "outline_color": "255,255,255,255", "outline_width": "0.2",
        "size": f"{size_mm:g}", "size_unit": "MM",
    }  # fmt: skip


Symbol = tuple[str, str, dict[str, str]]


def one_symbol(symbol: Symbol) -> str:
    """QML of a layer with a single symbol."""
    body = f"<symbols>{_symbol('0', *symbol)}</symbols>"
    return _qml(f"<renderer-v2 type='singleSymbol' symbollevels='0' enableorderby='0'>{body}</renderer-v2>", "")


def by_value(attribute: str, symbols: Sequence[tuple[str, str, Symbol]], label: str = "") -> str:
    """QML of a layer categorised by a text attribute: (value, legend text, symbol)."""
    categories = "".join(
        f"<category value={quoteattr(value)} symbol='{n}' label={quoteattr(words)} render='true' type='string'/>"
        for n, (value, words, _) in enumerate(symbols)
    )
    drawn = "".join(_symbol(str(n), *symbol) for n, (_, _, symbol) in enumerate(symbols))
    return _qml(
        f"<renderer-v2 type='categorizedSymbol' attr={quoteattr(attribute)} symbollevels='0' enableorderby='0'>"
        f"<categories>{categories}</categories><symbols>{drawn}</symbols></renderer-v2>",
        label,
    )


def _qml(renderer: str, label: str) -> str:
    """A layer's style. QGIS reads omitted values as zero, and labels of priority zero are never drawn."""
    labelling = ""
    if label:
        labelling = (
            "<labeling type='simple'><settings calloutType='simple'>"
            f"<text-style fieldName={quoteattr(label)} isExpression='0' fontSize='8' fontSizeUnit='Point' "
            "textColor='23,32,43,255' textOpacity='1' fontFamily='Open Sans' namedStyle='Regular'>"
            "<text-buffer bufferDraw='1' bufferSize='0.8' bufferSizeUnits='MM' bufferColor='255,255,255,255' "
            "bufferOpacity='1'/></text-style><placement placement='0' dist='1.5' distUnits='MM' priority='8'/>"
            "<rendering drawLabels='1' obstacle='0'/></settings></labeling>"
        )
    return (
        f"<qgis version='{VERSION}' styleCategories='Symbology|Labeling' labelsEnabled='{int(bool(label))}'>"
        f"{renderer}{labelling}<layerGeometryType>{_geometry_type(renderer)}</layerGeometryType></qgis>"
    )


def _geometry_type(renderer: str) -> int:
    return 0 if "type='marker'" in renderer else 1 if "type='line'" in renderer else 2


STYLES: dict[str, str] = {
    "land": one_symbol(fill(LAND, COAST, 0.2)),
    "structures": one_symbol(fill(STRUCTURE, NONE)),
    "looks": by_value(
        "status",
        [
            ("used", "look, used", fill(NONE, BLUE, 0.3, "dash")),
            ("degraded", "look, something missing", fill(NONE, ORANGE, 0.3, "dash")),
            ("skipped", "not used", fill(NONE, GREY, 0.2, "dot")),
            ("duplicate_of", "second copy", fill(NONE, GREY, 0.2, "dot")),
        ],
    ),
    "zones": by_value(
        "counts",
        [("yes", "stays count", fill(NONE, RED, 0.6)), ("no", "stays do not count", fill(NONE, GREY, 0.4, "dash"))],
        label="name",
    ),
    "tracks": one_symbol(line(GREY, 0.25)),
    "detections": by_value(
        "kind",
        [
            ("ais", "ship, a transponder matches", fill("0,114,178,90", BLUE, 0.4)),
            ("none", "ship, no transponder matches", fill("230,159,0,110", ORANGE, 0.5)),
            ("flagged", "flagged, not accepted", fill(NONE, GREY, 0.3, "dot")),
        ],
    ),
    "calls": by_value(
        "counted",
        [
            ("yes", "call, counted", marker("diamond", RED, 3.4)),
            ("no", "call, not counted", marker("circle", BLUE, 2.0)),
        ],
        label="label",
    ),
}
