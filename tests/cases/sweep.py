"""Runs killed, starved of disk, or failed at every point, each in a fork of one warm process.

``python -m tests.cases.sweep WHAT FOLDER [EVERY [REPEATS]]`` prints one JSON object: what was tried, what did not hold.
Tests use a few points, ``make fuzz`` all of them.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.cases.desk import Desk

LOG = "log.jsonl"
HEAVY = (
    "matplotlib.figure", "pystac", "pipeline.calls", "pipeline.detection.earlier.history",
    "pipeline.ingest.ais.messages", "pipeline.ingest.inputs", "pipeline.report.page", "pipeline.finished.repeat",
    "pipeline.volume",
)  # fmt: skip


@dataclass
class Report:
    """What was tried, the messages seen, and what did not hold."""

    what: str
    tried: int = 0
    exits: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def note(self, code: int, err: str) -> None:
        """Count an exit and keep the first message of each kind; prints progress to standard error."""
        sys.stderr.write(json.dumps(self.__dict__) + "\n")
        self.tried += 1
        self.exits[str(code)] = self.exits.get(str(code), 0) + 1
        for line in err.splitlines()[:1]:
            if line not in self.lines and len(self.lines) < 12:
                self.lines.append(line)


@dataclass(frozen=True)
class Ended:
    """How a child ended: exit code (minus the signal's number), standard error, and number of scenes searched."""

    code: int
    err: str
    looked: int


def child(folder: Path, words: tuple[str, ...], prepare: Callable[[], None] = lambda: None) -> Ended:
    """Run ``capwatch words`` in a fork, where ``prepare`` sets the trap. Errors go by pipe: no full disk stops it."""
    count = folder / "count.txt"
    count.unlink(missing_ok=True)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.dup2(writing, 2)
            sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", buffering=0, closefd=False), write_through=True)
            sys.stdout = io.StringIO()
            sys.argv = ["capwatch", *words]
            _counting(count)
            _with_the_decoder_of_our_parent()
            prepare()
            from pipeline.cli import main

            try:
                main()
                code = 0
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
        except BaseException as error:
            import traceback

            traceback.print_exception(error)
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        err = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(pid, 0)
    looked = len(count.read_text()) if count.is_file() else 0
    return Ended(os.waitstatus_to_exitcode(status), err, looked)


def _with_the_decoder_of_our_parent() -> None:
    """Share the parent's raster decoder: forks run one at a time and end between its answers."""
    from pipeline.ingest import quarantine

    for helper in quarantine._IDLE:
        helper.owner = os.getpid()
        helper.process.poll = lambda: None  # only its parent can poll it; it is alive


def _counting(count: Path) -> None:
    """Append one byte to a file for each scene searched."""
    import pipeline.detection as detection

    real = detection.detect
    file = os.open(count, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def counted(scene, **more):
        os.write(file, b"x")
        return real(scene, **more)

    detection.detect = counted


def tree(folder: Path) -> dict[str, str]:
    """Hash of every output file; the log (it holds times) and hidden files are excluded."""
    out = {}
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and path.name != LOG and not hidden:
            out[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return out


class Sweep:
    """A desk, its clean run, and runs disturbed by faults.

    Another desk runs in this process first, so that the forks find modules imported and code compiled.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        Desk(folder / "warm").furnished().run()
        self.desk = Desk(folder / "desk").furnished()
        self.clean = self.run(self.out("clean"))
        assert self.clean.code == 0, self.clean.err
        self.truth = tree(self.out("clean"))

    def out(self, name: object) -> Path:
        """The folder of the runs of one trial."""
        return self.folder / "runs" / str(name)

    def run(self, out: Path, prepare: Callable[[], None] = lambda: None) -> Ended:
        """Run the desk's command into a folder."""
        return child(self.folder, ("run", str(self.desk.file), "--out", str(out), "--quiet"), prepare)

    def resumed(
        self, report: Report, name: str, out: Path, *, looked: int | None = None, torn_matters: bool = True
    ) -> None:
        """Check that repeating the command gives the clean run's bytes and leaves no partial file.

        A run that left out a scene is complete but differs: use ``torn_matters`` False, so that its files do not count
        as torn.
        """
        torn = {n: h for n, h in tree(out).items() if n in self.truth and h != self.truth[n]} if out.is_dir() else {}
        torn.pop("pier/latest.txt", None)
        torn = torn if torn_matters else {}
        if torn:
            report.broken.append(f"{name}: torn under their own names: {sorted(torn)}")
        again = self.run(out)
        if again.code != 0:
            report.broken.append(f"{name}: the same command again ends with {again.code}: {again.err[:300]}")
            return
        mine = Path("pier") / next(n for n in self.truth if n.endswith("manifest.json")).split("/")[1]
        found = {n: h for n, h in tree(out).items() if n.startswith(str(mine))}
        if found != {n: h for n, h in self.truth.items() if n.startswith(str(mine))}:
            report.broken.append(f"{name}: other bytes after the same command")
        if looked is not None and looked + again.looked > self.clean.looked + 1:
            report.broken.append(f"{name}: {looked} + {again.looked} scenes looked at, of {self.clean.looked}")
        left = [str(p.relative_to(out)) for p in (out / mine).rglob(".*.part")]
        if left:
            report.broken.append(f"{name}: left behind: {left}")
        shutil.rmtree(out)

    def noted(self, watch: Callable[[list], None]) -> list:
        """The notes that ``watch`` collected during a run in a fork."""
        kept = self.folder / "noted.json"

        def prepare() -> None:
            notes: list = []
            watch(notes)
            real = os._exit

            def leave(code: int) -> None:
                kept.write_text(json.dumps(notes))
                real(code)

            os._exit = leave

        out = self.out("noted")
        assert self.run(out, prepare).code == 0
        shutil.rmtree(out)
        return json.loads(kept.read_text())


def kill(sweep: Sweep, every: int, repeats: int = 1) -> Report:
    """Kill at every checkpoint, run again, and compare."""
    from pipeline import checkpoints

    report = Report("kill")

    def watch(notes: list) -> None:
        os.environ[checkpoints.KILL_AT] = "0"
        checkpoints.passed = notes

    names = sweep.noted(watch)
    report.lines.append(f"{len(names)} points")
    for again in range(repeats):
        for n in range(1, len(names) + 1, every):
            kill_at(sweep, report, n, f"point {n} ({names[n - 1]}), time {again + 1}")
    return report


def kill_at(sweep: Sweep, report: Report, n: int, name: str) -> None:
    """Kill at one checkpoint, run again, and compare."""
    from pipeline.checkpoints import KILL_AT

    ended = sweep.run(sweep.out(n), lambda: os.environ.update({KILL_AT: str(n)}))
    report.note(ended.code, "")
    if ended.code != -signal.SIGKILL:
        report.broken.append(f"{name}: not killed, {ended.code}: {ended.err[:300]}")
        return
    sweep.resumed(report, name, sweep.out(n), looked=ended.looked)


def quick(sweep: Sweep) -> dict[str, object]:
    """A few points of each sweep, as many as make test has time for."""
    from tests.cases.faults import fail_at, fill_at, written

    killed, filled, failed = Report("kill"), Report("full disk"), Report("n-th failure")
    for n in (40, 110):
        kill_at(sweep, killed, n, f"point {n}")
    files = written(sweep)
    fill_at(sweep, filled, next(n for n, (name, _) in enumerate(files) if name == "report.html"), files, 0.5)
    for kind, n in (("replace", 25), ("read", 9), ("write", 12)):
        fail_at(sweep, failed, kind, n)
    return {"kill": killed.__dict__, "disk": filled.__dict__, "failures": failed.__dict__}


def main() -> None:
    """Run one sweep and print what it found."""
    from tests.cases.faults import disk, failures

    what, folder = sys.argv[1], Path(sys.argv[2])
    numbers = [int(word) for word in sys.argv[3:]] or [1]
    for module in HEAVY:  # import once here, so that the forks find them loaded
        importlib.import_module(module)
    sweep = Sweep(folder)
    sweeps = {"kill": kill, "disk": disk, "failures": failures}
    found = quick(sweep) if what == "quick" else sweeps[what](sweep, *numbers).__dict__
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
