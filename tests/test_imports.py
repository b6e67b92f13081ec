"""Imports go one way: the floors of the house, read from the sources."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline

HOUSE = Path(pipeline.__file__).parent
SMALL = ("errors", "first_bytes", "types", "units", "quantiles", "plurals", "checkpoints", "ships", "times_places")
FLOORS = (  # from the ground up; rooms of one floor do not import one another, but for the small ones
    SMALL,
    ("config", "tables"),
    ("provenance", "console"),
    ("storage",),
    ("table_files",),
    ("ingest", "detection", "calls", "volume", "report", "simulation"),
    ("execution",),
    ("engine", "workspace"),
    ("chain",),
    ("run", "stages", "cases"),
    ("batch", "finished"),
    ("commands",),
    ("cli",),
    ("__main__",),
)
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
PURE = {"detection", "calls", "volume"}  # no file, no clock, no process: nothing above tables and config
MODULES = sorted(path.relative_to(HOUSE).with_suffix("").as_posix() for path in HOUSE.rglob("*.py"))


def room_of(module: str) -> str:
    """The first name below the package: ``pipeline.calls.stays`` is in ``calls``; the package's own face is in none."""
    return [*module.split("."), ""][1]


def imported(path: Path) -> Iterator[str]:
    """Every module of ours that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] == "pipeline")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pipeline":
            if node.module == "pipeline":
                yield from (f"pipeline.{name.name}" for name in node.names if name.name != "__version__")
            else:
                yield str(node.module)


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_from_the_floors_below_it(module):
    own = module.split("/")[0].removesuffix("__init__")
    others = {room_of(name) for name in imported(HOUSE / f"{module}.py")} - {own, ""}
    small = own in SMALL
    wrong = {o for o in others if not (LEVEL[o] < LEVEL.get(own, -1) or (small and o in SMALL))}
    assert wrong == set()
    if own in PURE:
        assert others & {"storage", "table_files", "console", "provenance"} == set()


def test_every_room_has_its_floor():
    files = {path.stem for path in HOUSE.glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in HOUSE.glob("*/__init__.py")}
    assert files | packages == set(LEVEL)
