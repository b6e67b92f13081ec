"""The log of a run: one JSON object per line with its UTC time. It is not an output: not hashed, and not decisive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast

from pipeline.console import Console

LOG = "log.jsonl"


class _LossyFile:
    """A file whose write errors are ignored: a log must neither end a good run nor mask another fault."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __enter__(self) -> _LossyFile:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._file.close()

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


def finished_time(folder: Path) -> str:
    """When the run in the folder last finished, UTC, from its log, the only record of time; "" if it did not."""
    try:
        events = [json.loads(line) for line in (folder / LOG).read_text("utf-8").splitlines()]
        return str(next(e["timestamp"] for e in reversed(events) if e.get("event") == "finished"))
    except (OSError, ValueError, KeyError, StopIteration):
        return ""


@contextmanager
def logging_to(console: Console, path: Path, **facts: Any) -> Iterator[None]:
    """Log the console's events to ``path`` while the block runs, between a start and an end event."""
    import structlog

    path.parent.mkdir(parents=True, exist_ok=True)
    with _LossyFile(path.open("a", encoding="utf-8")) as file:
        log = structlog.wrap_logger(
            structlog.WriteLogger(cast(TextIO, file)),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False),
            ],
            wrapper_class=structlog.BoundLogger,
        )
        console.listener = lambda event, **more: log.info(event, **more)
        log.info("started", **facts)
        try:
            yield
            log.info("finished")
        except BaseException as error:
            log.info("stopped", cause=f"{type(error).__name__}: {error}")
            raise
        finally:
            console.listener = None
