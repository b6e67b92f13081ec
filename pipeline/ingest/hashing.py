"""Hashes files in background threads; if the foreground work fails, they stop at their next piece."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pipeline.errors import InputError

PIECE = 1 << 20  # bytes


@contextmanager
def hashing(threads: int) -> Iterator[Callable[[Callable[[threading.Event], Any]], Future[Any]]]:
    """Yields a function that submits a hash to a thread pool; the hash receives an event that tells it to give up.

    If the block ends with an exception, such as an interrupt, it does not wait for large files to be read to the end.
    """
    given_up = threading.Event()
    pool = ThreadPoolExecutor(threads)
    try:
        yield lambda work: pool.submit(work, given_up)
    except BaseException:
        given_up.set()
        raise
    finally:
        pool.shutdown(cancel_futures=given_up.is_set())


def pieces(stream: IO[bytes], given_up: threading.Event | None = None) -> Iterator[bytes]:
    """The bytes of a stream, until its end or until told to give up."""
    while not (given_up and given_up.is_set()) and (piece := stream.read(PIECE)):
        yield piece


def sha256_of(path: Path, given_up: threading.Event | None = None) -> str:
    """SHA-256 of a file's bytes; meaningless once given up."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            for piece in pieces(stream, given_up):
                digest.update(piece)
    except OSError as error:
        raise InputError(path.name, f"cannot be read ({error.strerror})") from error
    return digest.hexdigest()
