"""Disk faults during a run: it fills up within a file, or a call fails. Each runs in a fork, then the run is repeated.

A failure is injected once for each place in the code that makes such a call (our two innermost functions, for one kind
of file), at the first call from there: a thousand calls of a run come from a hundred places.
"""

from __future__ import annotations

import errno
import io
import os
import re
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tests.cases.sweep import Report, Sweep

KINDS = ("open", "read", "write", "fsync", "replace", "mkdir", "unlink", "memory")
SHARES = (0.02, 0.5, 1.0)
"""Share of a file written when the disk is full; 1 means all but its last byte."""

READS, WRITES = ("read", "readline", "readlines", "readinto"), ("write", "writelines")
NAMELESS = "without a name"
PACKAGE = str(Path(__file__).resolve().parents[2] / "pipeline")


def written(sweep: Sweep) -> list[tuple[str, int]]:
    """The files that a run writes, in order, with their sizes [bytes]."""

    def watch(notes: list) -> None:
        from pipeline import storage

        real = storage._sync

        def noting(part: Path) -> None:
            notes.append((spelled(str(part)), part.stat().st_size))
            real(part)

        storage._sync = noting

    return [(name, size) for name, size in sweep.noted(watch)]


def disk(sweep: Sweep, every: int) -> Report:
    """Fill the disk within each file that a run writes: near its start, half way, and at the last byte.

    ``every`` > 1 alternates between the three, file by file.
    """
    report, files = Report("full disk"), written(sweep)
    report.lines.append(f"{len(files)} files")
    for n in range(len(files)):
        for share in SHARES if every == 1 else SHARES[n % 3 :][:1]:
            fill_at(sweep, report, n, files, share)
    return report


def fill_at(sweep: Sweep, report: Report, n: int, files: list[tuple[str, int]], share: float) -> None:
    """Fill the disk within the n-th file."""
    name, size = files[n]
    level = max(0, round(size * share) - (share == 1.0))

    def trap() -> None:
        from pipeline import storage

        real, begun = storage.checkpoint, [0]

        def limiting(point: str) -> None:
            if point.startswith("begin "):
                soft = level if begun[0] == n else resource.RLIM_INFINITY
                begun[0] += 1
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))
            real(point)

        storage.checkpoint = limiting
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    ended = sweep.run(sweep.out(f"disk-{n}"), trap)
    report.note(ended.code, ended.err)
    lines = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    what = f"{name}, full after {level} of {size} bytes"
    if ended.code != 5 or len(lines) != 1 or name not in lines[0]:
        report.broken.append(f"{what}: exit {ended.code}: {ended.err[:300]}")
    sweep.resumed(report, what, sweep.out(f"disk-{n}"))


def failures(sweep: Sweep, every: int, start: int = 0) -> Report:
    """Fail the n-th open, read, write, fsync, rename, mkdir or unlink, or a memory allocation in a detector.

    Takes every ``every``-th of the places of each kind, beginning with ``start``.
    """
    report = Report("n-th failure")
    for kind in KINDS:
        calls = sweep.noted(lambda notes, kind=kind: _watched(kind, sweep.folder, notes))
        first = {site: n for n, site in reversed(list(enumerate(calls, 1)))}
        report.lines.append(f"{kind}: {len(calls)} calls from {len(first)} places")
        for n in sorted(first.values())[start::every]:
            fail_at(sweep, report, kind, n)
    return report


def fail_at(sweep: Sweep, report: Report, kind: str, n: int) -> None:
    """Fail the n-th call of a kind."""
    out, met = sweep.out(f"{kind}-{n}"), sweep.folder / "met.txt"
    met.unlink(missing_ok=True)
    ended = sweep.run(out, lambda: _failing(kind, n, sweep.folder, str(met)))
    report.note(ended.code, ended.err)
    named = met.read_text() if met.is_file() else ""
    name = f"{kind} {n} ({named})"
    if not met.is_file():
        report.broken.append(f"{name}: the run did not come to it")
    if ended.code not in (0, 2, 3, 4, 5) or "Traceback" in ended.err:
        report.broken.append(f"{name}: exit {ended.code}: {ended.err[-400:]}")
    lines = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    if ended.code and not any(_tells(line, named) for line in lines):
        report.broken.append(f"{name}: no line names the file: {ended.err[-400:]}")
    sweep.resumed(report, name, out, torn_matters=ended.code != 3)


def _tells(line: str, named: str) -> bool:
    """Does an error name the file that failed, or its image? For a probe or lock, which have none, any name will do."""
    stem = Path(spelled(named)).stem if os.sep in named else ""
    stem = "" if stem.startswith(".") else stem  # probes and locks, which are not the user's files
    return NAMELESS not in line and stem in line


def spelled(part: str) -> str:
    """The final name of a file: without the marks of a part being written."""
    return re.sub(r"^\.(.+)\.\d+\.part$", r"\1", Path(part).name)


def _watched(kind: str, folder: Path, notes: list) -> None:
    """Record the place of each call in ``notes``."""

    def site(named: str) -> None:
        frame, ours = sys._getframe(2), []
        while frame is not None:
            if frame.f_code.co_filename.startswith(PACKAGE):
                ours.append(frame.f_code.co_name)
            frame = frame.f_back
        notes.append(f"{'<'.join(ours[:2])} {Path(spelled(named)).suffix}")

    _met_at(kind, folder, site)


def _failing(kind: str, n: int, folder: Path, met: str) -> None:
    """Make the n-th call fail."""
    calls, write = 0, os.write
    fault = MemoryError() if kind == "memory" else OSError(errno.EIO, os.strerror(errno.EIO))

    def meet(named: str) -> None:
        nonlocal calls
        calls += 1
        if calls == n:
            flag = os.open(met, os.O_WRONLY | os.O_CREAT, 0o600)
            write(flag, named.encode() or kind.encode())
            os.close(flag)
            raise fault

    _met_at(kind, folder, meet)


def _met_at(kind: str, folder: Path, meet: Callable[[str], None]) -> None:
    """Call ``meet`` with the file name of each call of a kind on a file in the folder."""
    places = (str(folder / "runs"), str(folder / "desk"))

    def told(real):
        def call(*args, **more):
            named = str(args[0]) if args and isinstance(args[0], str | os.PathLike) else ""
            if kind in ("fsync", "memory") or named.startswith(places):
                meet(named)
            return real(*args, **more)

        return call

    if kind == "open":
        import builtins

        io.open = builtins.open = told(io.open)
    elif kind in ("read", "write"):
        _in_files(kind, lambda named: meet(named) if named.startswith(places) else None)
    elif kind == "memory":
        import pipeline.detection as detection

        detection.detect = told(detection.detect)
    else:
        setattr(os, kind, told(getattr(os, kind)))


class Told:
    """An open file that reports its reads or writes."""

    def __init__(self, file, name: str, kind: str, meet: Callable[[str], None]) -> None:
        self.__dict__.update(file=file, path=name, meet=meet, names=WRITES if kind == "write" else READS)

    def __getattr__(self, name: str):
        real = getattr(self.file, name)
        if name not in self.names:
            return real

        def call(*args, **more):
            self.meet(self.path)
            return real(*args, **more)

        return call

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *why):
        return self.file.__exit__(*why)

    def __next__(self):
        if "readline" in self.names:
            self.meet(self.path)
        return next(self.file)

    def __iter__(self):
        if "readline" in self.names:
            self.meet(self.path)
        return iter(self.file)


def _in_files(kind: str, meet: Callable[[str], None]) -> None:
    """Report reads or writes of files opened by Python; files opened inside GDAL and Arrow are not covered."""
    import builtins

    real = io.open

    def opened(path, *args, **more):
        file = real(path, *args, **more)
        return Told(file, str(path), kind, meet) if isinstance(path, str | os.PathLike) else file

    io.open = builtins.open = opened
