"""Fixtures of the case tests: the command in this process, a small clean project, and a record of what was seen.

A test names its case with ``@pytest.mark.case("A-01")``. With CAPWATCH_CASES in the environment each test appends its
outcome and observations to that file, from which `docs/make_reliability.py` makes the table.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline.ingest.inputs import open_inputs
from tests.cases.desk import LOOKS, Desk, stamp
from tests.in_process import exit_code

EXIT_CODES = {0, 2, 3, 4, 5, 130, 143}
MAX_LINE = 400  # generous: a path of the test folder can take the first half of a line


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """Lines that report a problem."""
        return [line for line in self.err.splitlines() if line.startswith("error: ")]

    def error(self, name: str = "") -> str:
        """The single line that mentions ``name``; fails if there is none or more than one."""
        found = [line for line in self.errors if name in line]
        assert len(found) == 1, f"{len(found)} lines tell of {name!r}: {self.err}"
        return found[0]


@pytest.fixture
def capwatch(capsys, monkeypatch):
    """Run a command in this process and check the rules common to all cases."""

    def call(*words: object) -> Done:
        code = exit_code(["capwatch", *words], monkeypatch)
        done = Done(code, *capsys.readouterr())
        assert code in EXIT_CODES, done.err
        assert "Traceback" not in done.err
        assert all(line.isprintable() and len(line) <= MAX_LINE for line in done.errors), done.err
        return done

    return call


@pytest.fixture
def desk(tmp_path) -> Desk:
    """A small project for one test: a run file, zones, two images, AIS."""
    return Desk(tmp_path / "desk").furnished()


@pytest.fixture(scope="session")
def done_once(shared_tmp) -> Desk:
    """A desk whose run is finished. Tests only read it, or copy it."""
    desk = Desk(shared_tmp / "done" / "desk")
    with FileLock(shared_tmp / "done.lock"):
        if not desk.root.is_dir():
            desk.furnished().run()
    return desk


@pytest.fixture
def saw(request):
    """Record an observation for the table of cases."""

    def note(line: object) -> None:
        request.node.user_properties.append(("saw", str(line)))

    return note


@pytest.fixture
def bad(desk) -> Path:
    """Path of the bad image, beside the good ones."""
    return desk.images / f"bad_vv_{stamp(LOOKS[0])}.tif"


@pytest.fixture
def refused(capwatch, desk, bad, saw):
    """Check that the command and a run's inputs refuse the bad image for a cause, and lose nothing else."""

    def check(cause: str, image: Path = bad) -> str:
        good = sorted(p for p in desk.images.glob("look_*.tif"))
        done = capwatch("detect", image, *good, "--sensor", "sentinel-1", "-o", f"{desk.root}/out/", "--quiet")
        assert done.code == 3
        line = done.error(image.name.encode("unicode_escape").decode() if "\n" in image.name else image.name)
        assert cause in line, line
        assert line.endswith("(image skipped, no table written)")
        assert sorted(p.name for p in (desk.root / "out").iterdir()) == [f"{p.stem}.csv" for p in good]
        used, table = open_inputs([desk.images, image])
        assert [s.scene_id for s in used] == [p.stem for p in good]
        row = table[~table["scene_id"].isin([p.stem for p in good])].iloc[0]
        assert row["status"] == "skipped"
        assert cause in row["cause"]
        saw(line)
        return line

    return check


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Append a case's outcome to the file named by CAPWATCH_CASES."""
    report = yield
    out = os.environ.get("CAPWATCH_CASES")
    marks = [m.args[0] for m in item.iter_markers("case")]
    told = report.when == "call" or report.outcome != "passed"
    if out and marks and told:
        saw = [v for k, v in item.user_properties if k == "saw"]
        line = {"cases": marks, "test": item.nodeid, "outcome": report.outcome, "saw": saw}
        if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
            line["why"] = report.longrepr[2]
        with Path(out).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return report


class Listener:
    """A server on loopback that counts connections and never answers."""

    def __init__(self) -> None:
        self.requests = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._socket.accept()[0].close()
                self.requests += 1

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


@pytest.fixture
def listener():
    """A server that must not be contacted."""
    server = Listener()
    yield server
    server.close()
