"""What is installed holds all that the code reads, and says that it is typed; nothing else comes along."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BESIDES_CODE = {".json", ".onnx", ".tif", ".j2", ".css", ".js", ".txt", ".typed"}  # read, or to be shown


@pytest.fixture(scope="module")
def held(tmp_path_factory) -> set[str]:
    """The names in a wheel made from this tree."""
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = out.glob("capwatch-*.whl")
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def files(folder: str) -> set[str]:
    """What lies in a folder of the tree, but for compiled code."""
    found = (p for p in (ROOT / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {p.relative_to(ROOT / folder).as_posix() for p in found}


def test_the_wheel_says_that_the_package_is_typed(held):
    assert "pipeline/py.typed" in held


def test_the_wheel_holds_the_package_and_the_configs_and_nothing_else(held):
    code = {f"pipeline/{name}" for name in files("pipeline")}
    assert held == code | {f"pipeline/_configs/{name}" for name in files("configs")}
    assert {Path(name).suffix for name in code} - {".py"} == BESIDES_CODE
