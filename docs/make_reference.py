"""Generate the reference pages from the code, so that they never drift: docs/configuration.md and docs/tables.md.

python docs/make_reference.py            writes both pages
python docs/make_reference.py --check    writes nothing; exit code 1 and one line for each page that is stale
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.config import CapConfig, CaseConfig, RunConfig, VolumeConfig
from pipeline.config.aoi import PeriodConfig
from pipeline.ingest.metadata.sidecar import Sidecar
from pipeline.ingest.place import ZoneProperties
from pipeline.simulation.scenario import Scenario
from pipeline.tables import ALL
from pipeline.tables.contract import Column, Contract

DOCS = Path(__file__).parent
NOTE = "<!-- Written by docs/make_reference.py from the code. Do not edit: change the code and run the script. -->"
MAX_DEFAULT = 60  # longest default shown in a cell [characters]; longer ones go below the table

BOUNDS: tuple[tuple[type, str, str], ...] = (
    (annotated_types.Gt, "> ", "gt"),
    (annotated_types.Ge, "≥ ", "ge"),
    (annotated_types.Lt, "< ", "lt"),
    (annotated_types.Le, "≤ ", "le"),
)

CONFIG_HEAD = """\
# Configuration

A run file is YAML 1.2: `1e-6` is a number, `NO` is text. Aliases, tags and keys not listed here are refused. An error
names file, line, key and cause. `capwatch config show vostochny` prints a run file with every default filled in.

Order of precedence: `--set section.field=value` on the command line, then the run file, then the defaults below. In
`capwatch run` a setting is written with its full path (`detection.radar.false_alarm_rate=1e-7`). A stage command takes
only its own section, so there the section's name is omitted: `radar.false_alarm_rate=1e-7` for `capwatch detect`,
`gap_h=6` for `capwatch calls`, `fill.mean=0.9` for `capwatch volume`.

A field's name ends with its unit. *Required* fields have no default. Times are UTC. File names are relative to the
folder of the run file (for a run file copied out of `configs/` without its files, to `configs/`), except those in
`source.images` and `source.ais`, which are relative to the working folder.
[Method](method.md) says what each assumption does.

| file | holds |
|---|---|
| [run file](#run-file), `configs/<aoi>.yaml` | place, period, inputs, methods |
| [cap](#cap-file), `configs/caps/*.yaml` | the cap that barrels are counted against |
| [zones](#zones-file), `configs/zones/*.geojson` | properties of each berth and anchorage |
| [sidecar](#sidecar-file), `<image>.json` | what an optical image does not state itself |
| [scenario](#scenario-file), `configs/scenarios/*.yaml` | a simulated period |
| [case](#case-file), `configs/cases/*.yaml` | figures that others published, and their calls |
"""

SIDECAR_HEAD = """\
## Sidecar file

A JSON file with the image's name, beside an optical image. Without it the time must be in the image's tags or name, and
the angles of sun and camera are unknown, so no freeboard is measured.
"""

TABLES_HEAD = """\
# Tables

Stages exchange tables, each with a contract: these columns, in this order, with these types and bounds, checked at
every stage boundary. Further columns are kept after those of the contract. A run keeps each table as Parquet
(GeoParquet where there is a geometry) in its folder, except `ais_messages`, which `capwatch ais` writes. Stage commands
write Parquet, CSV, GeoJSON or GeoPackage, according to the output's suffix.

- *null* says whether a value may be missing. Missing numbers and times are null; unknown text is empty.
- Times are UTC. Geometry is EPSG:4326, longitude before latitude. Lists are lists of text, joined
  by `;` outside Parquet.
- Intervals are 90 %: from `lo` to `hi`, or from `p5` to `p95`; `p50` is the median.

The tables, in the order in which the stages produce them: {order}.
"""


def configuration() -> str:
    """The page that lists every field of every file that a user writes."""
    parts = [
        NOTE,
        CONFIG_HEAD,
        "## Run file\n",
        *_sections(RunConfig, ""),
        "## Cap file\n\nA file of its own, named by the run file's `cap`.\n",
        *_sections(CapConfig, "cap"),
        "## Zones file\n\nProperties of each feature. The geometry is a polygon, longitude before latitude.\n",
        *_sections(ZoneProperties, "zone"),
        SIDECAR_HEAD,
        *_sections(Sidecar, "sidecar"),
        "## Scenario file\n\nA simulated period, for `capwatch simulate` and for runs with `source.kind: demo`.\n",
        *_sections(Scenario, "scenario"),
        "## Case file\n\nFor `capwatch case`. Its `period` and `volume` are those of a run file.\n",
        *_sections(CaseConfig, "case", elsewhere=(VolumeConfig, PeriodConfig)),
    ]
    return "\n".join(parts).rstrip() + "\n"


def tables() -> str:
    """The page that lists every table contract."""
    order = ", ".join(f"[{c.name}](#{c.name})" for c in ALL)
    return "\n".join([NOTE, TABLES_HEAD.format(order=order), *(_contract(c) for c in ALL)]).rstrip() + "\n"


def _sections(model: type[BaseModel], path: str, *, elsewhere: tuple[type[BaseModel], ...] = ()) -> Iterator[str]:
    """A model's fields as a table, then the models inside it, depth first, except those documented elsewhere."""
    yield f"### {path or 'top level'}\n\n{_about(model)}\n"
    yield "| field | type | default | meaning |\n|---|---|---|---|"
    below: list[tuple[str, type[BaseModel]]] = []
    long: list[str] = []
    for field, info in model.model_fields.items():
        inner = _model_in(info.annotation)
        full = f"{path}.{field}" if path else field
        if inner is not None and inner not in (*elsewhere, *(known for _, known in below)):
            below.append((full + _brackets(info.annotation), inner))
        default = _default(info, inner)
        if len(default) > MAX_DEFAULT:
            long.append(f"Default of `{full}`: {default}.\n")
            default = "see below"
        yield f"| `{field}` | {_type(info)} | {default} | {_cell(info.description or '')} |"
    yield ""
    yield from long
    for full, inner in below:
        yield from _sections(inner, full)


def _about(model: type[BaseModel]) -> str:
    return _prose(model.__doc__ or "")


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, directly or in a tuple; None for plain values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in get_args(annotation) if (m := _model_in(a)) is not None), None)


def _brackets(annotation: Any) -> str:
    return "[]" if get_origin(annotation) is tuple else ""


def _type(info: FieldInfo) -> str:
    """Type and bounds of a field in words."""
    bounds = [text for part in info.metadata if (text := _bound(part))]
    return _cell(", ".join([_type_name(info.annotation), *bounds]))


def _type_name(annotation: Any) -> str:
    origin, inside = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "null"
    if origin is Literal:
        return " / ".join(f"`{value}`" for value in inside)
    if origin in (Union, types.UnionType):
        return " or ".join(_type_name(a) for a in inside)
    if origin is tuple:
        if inside[-1] is Ellipsis:
            return f"list of {_type_name(inside[0])}".replace("section", "sections")
        return f"{len(inside)} numbers" if set(inside) == {float} else f"{len(inside)} values"
    if origin is dict:
        return f"mapping of {_type_name(inside[0])} to {_type_name(inside[1])}"
    if hasattr(annotation, "__metadata__"):  # Annotated
        return _type_name(inside[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    if isinstance(annotation, type) and hasattr(annotation, "__members__"):
        return " / ".join(f"`{value.value}`" for value in annotation.__members__.values())
    names = {"str": "text", "int": "whole number", "float": "number", "bool": "true / false", "datetime": "time"}
    return names.get(annotation.__name__, annotation.__name__)


def _bound(part: Any) -> str:
    """One bound from pydantic's metadata as text; empty if it is not a bound."""
    for kind, sign, name in BOUNDS:
        if isinstance(part, kind):
            return f"{sign}{_number(getattr(part, name))}"
    pattern = getattr(part, "pattern", None)
    return f"matches `{pattern}`" if pattern else ""


def _number(value: Any) -> str:
    if value == 2**63:
        return "2^63"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _default(info: FieldInfo, inner: type[BaseModel] | None) -> str:
    if info.is_required():
        return "*required*"
    value = info.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "its own defaults" if inner is not None else ""
    if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        return "; ".join("{" + ", ".join(f"{k}: {_plain(v)}" for k, v in row) + "}" for row in value)
    return f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    """A value as YAML writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_plain(v) for v in value) + "]"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if str(value) else '""'


def _contract(contract: Contract) -> str:
    """One table's columns as a page section."""
    lines = [
        f"## {contract.name}\n",
        f"{contract.about} Key: `{contract.key}`.\n",
        "| column | type | unit | null | values | meaning |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{c.name}` | {c.kind} | {c.unit} | {'yes' if _may_miss(c) else 'no'} | {_values(c)} | {_cell(c.about)} |"
        for c in contract.columns
    ]
    return "\n".join(lines) + "\n"


def _may_miss(column: Column) -> bool:
    return not column.required or column.kind == "geometry"


def _values(column: Column) -> str:
    if column.choices:
        return ", ".join(f"`{c}`" for c in column.choices)
    low = None if column.low is None else f"{column.low:g}"
    high = None if column.high is None else f"{column.high:g}"
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"≥ {low}" if low is not None else f"≤ {high}" if high is not None else ""


def _cell(text: str) -> str:
    """Text escaped for a table cell."""
    return _prose(text).replace("|", "\\|")


def _prose(text: str) -> str:
    """A docstring joined into one line, with Markdown backticks."""
    return " ".join(text.split()).replace("``", "`")


PAGES = {"configuration.md": configuration, "tables.md": tables}


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` name those that differ; returns the exit code."""
    stale = []
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(text, "utf-8")
    for name in stale:
        said = "is stale; run python docs/make_reference.py" if "--check" in arguments else "written"
        sys.stdout.write(f"docs/{name}: {said}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
