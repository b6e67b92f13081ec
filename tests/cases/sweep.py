"""Runs that are killed, starved and failed at every point, each in a fork of one warm process.

``python -m tests.cases.sweep WHAT FOLDER [EVERY [REPEATS]]`` prints one JSON object: what was tried, what did not hold.
Tests call it with a few points, ``make fuzz`` with all.
"""

from __future__ import annotations

import errno
import hashlib
import importlib
import io
import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.cases.desk import Desk

LOG = "log.jsonl"
HEAVY = (
    "matplotlib.figure", "pystac", "pipeline.calls", "pipeline.detection.history", "pipeline.ingest.ais",
    "pipeline.ingest.inputs", "pipeline.report.page", "pipeline.repeat", "pipeline.volume",
)  # fmt: skip


@dataclass
class Report:
    """What was tried, what it looked like, what did not hold."""

    what: str
    tried: int = 0
    exits: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def note(self, code: int, err: str) -> None:
        """Count an exit, and keep the first line of each kind; what was tried so far goes to standard error."""
        sys.stderr.write(json.dumps(self.__dict__) + "\n")
        self.tried += 1
        self.exits[str(code)] = self.exits.get(str(code), 0) + 1
        for line in err.splitlines()[:1]:
            if line not in self.lines and len(self.lines) < 12:
                self.lines.append(line)


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (minus the signal's number), its errors, and the scenes that it looked at."""

    code: int
    err: str
    looked: int


def child(folder: Path, words: tuple[str, ...], prepare: Callable[[], None] = lambda: None) -> Ended:
    """``capwatch words`` in a fork; ``prepare`` sets the trap there."""
    err, count = folder / "err.txt", folder / "count.txt"
    count.unlink(missing_ok=True)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.dup2(os.open(err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
            sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", buffering=0, closefd=False), write_through=True)
            sys.stdout = io.StringIO()
            sys.argv = ["capwatch", *words]
            _counting(count)
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
    _, status = os.waitpid(pid, 0)
    looked = len(count.read_text()) if count.is_file() else 0
    return Ended(os.waitstatus_to_exitcode(status), err.read_text("utf-8", "replace"), looked)


def _counting(count: Path) -> None:
    """One mark in a file for each scene that is looked at."""
    import pipeline.detection as detection

    real = detection.detect
    file = os.open(count, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def counted(scene, **more):
        os.write(file, b"x")
        return real(scene, **more)

    detection.detect = counted


def tree(folder: Path) -> dict[str, str]:
    """Every file that a run leaves, by its hash; the log holds times, and hidden files are not outputs."""
    out = {}
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and path.name != LOG and not hidden:
            out[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return out


class Sweep:
    """A desk, its clean run, and runs that meet something."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.desk = Desk(folder / "desk").furnished()
        self.clean = self.run(self.out("clean"))
        assert self.clean.code == 0, self.clean.err
        self.truth = tree(self.out("clean"))

    def out(self, name: object) -> Path:
        """A folder of runs."""
        return self.folder / "runs" / str(name)

    def run(self, out: Path, prepare: Callable[[], None] = lambda: None) -> Ended:
        """The desk's command into a folder."""
        return child(self.folder, ("run", str(self.desk.file), "--out", str(out), "--quiet"), prepare)

    def resumed(
        self, report: Report, name: str, out: Path, *, looked: int | None = None, torn_matters: bool = True
    ) -> None:
        """The same command again ends with the clean run's bytes, and no part of a file is left.

        A run that ended with a scene left out is whole, and another answer: nothing of it is torn.
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


def kill(sweep: Sweep, every: int, repeats: int = 1) -> Report:
    """Kill at every checkpoint; run again; compare."""
    from pipeline import checkpoints

    report = Report("kill")
    points = sweep.folder / "points.txt"

    def count() -> None:
        os.environ[checkpoints.KILL_AT] = "0"
        real = os._exit

        def leave(code: int) -> None:
            points.write_text("\n".join(checkpoints.passed))
            real(code)

        os._exit = leave

    assert sweep.run(sweep.out("count"), count).code == 0
    names = points.read_text().splitlines()
    report.lines.append(f"{len(names)} points")
    for n in range(1, len(names) + 1, every):
        for again in range(repeats):
            _kill_at(sweep, report, n, f"point {n} ({names[n - 1]}), time {again + 1}")
    return report


def _kill_at(sweep: Sweep, report: Report, n: int, name: str) -> None:
    from pipeline.checkpoints import KILL_AT

    ended = sweep.run(sweep.out(n), lambda: os.environ.update({KILL_AT: str(n)}))
    report.note(ended.code, "")
    if ended.code != -signal.SIGKILL:
        report.broken.append(f"{name}: not killed, {ended.code}: {ended.err[:300]}")
        return
    sweep.resumed(report, name, sweep.out(n), looked=ended.looked)


def disk(sweep: Sweep, every: int) -> Report:
    """A disk that fills up within each file that a run writes, nearly at once, half way, and with the last byte."""
    report = Report("full disk")
    sizes = sorted({p.stat().st_size for p in sweep.out("clean").rglob("*") if p.is_file() and p.name != LOG})
    levels = sorted({max(1, round(size * share) - (share == 1)) for size in sizes for share in (0.02, 0.5, 1)})
    for level in levels[::every]:
        _fill(sweep, report, level)
    return report


def _fill(sweep: Sweep, report: Report, level: int) -> None:
    def trap() -> None:
        # standard error goes to a file as well, so its few lines must fit
        resource.setrlimit(resource.RLIMIT_FSIZE, (max(level, 600), resource.RLIM_INFINITY))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    ended = sweep.run(sweep.out(level), trap)
    report.note(ended.code, ended.err)
    lines = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    if ended.code != 0 and (ended.code != 5 or len(lines) != 1):
        report.broken.append(f"files of {level} bytes at most: exit {ended.code}: {ended.err[:300]}")
    sweep.resumed(report, f"files of {level} bytes at most", sweep.out(level))


def failures(sweep: Sweep, every: int) -> Report:
    """An error at the n-th call of open, read, write, fsync, rename, mkdir, unlink, and of memory in a detector."""
    report = Report("n-th failure")
    for kind in ("open", "read", "write", "fsync", "replace", "mkdir", "unlink", "memory"):
        n = 1
        while _fail_at(sweep, report, kind, n):
            n += every
    return report


def _fail_at(sweep: Sweep, report: Report, kind: str, n: int) -> bool:
    """Did the run come to the n-th call?"""
    out, met = sweep.out(f"{kind}-{n}"), sweep.folder / "met.txt"
    met.unlink(missing_ok=True)
    ended = sweep.run(out, lambda: _fail(kind, n, sweep.folder, met))
    if not met.is_file():
        shutil.rmtree(out, ignore_errors=True)
        return False
    report.note(ended.code, ended.err)
    name = f"{kind} {n} ({met.read_text()})"
    if ended.code not in (0, 2, 3, 4, 5) or "Traceback" in ended.err:
        report.broken.append(f"{name}: exit {ended.code}: {ended.err[-400:]}")
    sweep.resumed(report, name, out, torn_matters=ended.code != 3)
    return True


def quick(sweep: Sweep) -> dict[str, object]:
    """A few points of each sweep: what make test has time for."""
    killed, filled, failed = Report("kill"), Report("full disk"), Report("n-th failure")
    for n in (40, 110):
        _kill_at(sweep, killed, n, f"point {n}")
    _fill(sweep, filled, 20_000)
    for kind, n in (("replace", 25), ("read", 9), ("write", 12)):
        _fail_at(sweep, failed, kind, n)
    return {"kill": killed.__dict__, "disk": filled.__dict__, "failures": failed.__dict__}


def _fail(kind: str, n: int, folder: Path, met: Path) -> None:
    """Make the n-th call fail whose first argument lies in the folder."""
    calls = 0

    def failing(real, error):
        def call(*args, **more):
            nonlocal calls
            named = str(args[0]) if args and isinstance(args[0], str | os.PathLike) else ""
            if kind in ("fsync", "memory") or named.startswith((str(folder / "runs"), str(folder / "desk"))):
                calls += 1
                if calls == n:
                    flag = os.open(met, os.O_WRONLY | os.O_CREAT, 0o600)
                    os.write(flag, named.encode() or kind.encode())
                    os.close(flag)
                    raise error
            return real(*args, **more)

        return call

    fault = OSError(errno.EIO, os.strerror(errno.EIO))
    if kind == "open":
        import builtins

        io.open = builtins.open = failing(io.open, fault)
    elif kind in ("read", "write"):
        _fail_in_files(kind, lambda of: failing(lambda *_, **__: None, fault)(of))
    elif kind == "memory":
        import pipeline.detection as detection

        detection.detect = failing(detection.detect, MemoryError())
    else:
        setattr(os, kind, failing(getattr(os, kind), fault))


class Failing:
    """An open file whose reads or writes are counted, and fail when it is their turn."""

    def __init__(self, file, name: str, kind: str, meet: Callable[[str], None]) -> None:
        self.__dict__.update(file=file, name=name, meet=meet, names=WRITES if kind == "write" else READS)

    def __getattr__(self, name: str):
        real = getattr(self.file, name)
        if name not in self.names:
            return real

        def call(*args, **more):
            self.meet(self.name)
            return real(*args, **more)

        return call

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *why):
        return self.file.__exit__(*why)

    def __next__(self):
        if "readline" in self.names:
            self.meet(self.name)
        return next(self.file)

    def __iter__(self):
        if "readline" in self.names:
            self.meet(self.name)
        return iter(self.file)


READS, WRITES = ("read", "readline", "readlines", "readinto"), ("write", "writelines")


def _fail_in_files(kind: str, meet: Callable[[str], None]) -> None:
    """Files that Python opens read (or write) through `Failing`; what GDAL and Arrow open themselves does not."""
    import builtins

    real = io.open

    def opened(path, *args, **more):
        file = real(path, *args, **more)
        return Failing(file, str(path), kind, meet) if isinstance(path, str | os.PathLike) else file

    io.open = builtins.open = opened


def main() -> None:
    """Run one sweep and print what it found."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    numbers = [int(word) for word in sys.argv[3:]] or [1]
    for module in HEAVY:  # imported once, here; the forks find them loaded
        importlib.import_module(module)
    sweep = Sweep(folder)
    sweeps = {"kill": kill, "disk": disk, "failures": failures}
    found = quick(sweep) if what == "quick" else sweeps[what](sweep, *numbers).__dict__
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
