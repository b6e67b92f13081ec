"""HTTP connections that enforce a scene's deadline, from the first byte of a response's header on.

The client's own time limit is for the silence between two bytes. A server that sends its status line, its header lines
or interim answers (100) one by one stays within it for hours, before there is a body whose length of time can be seen.
Here every read from the socket asks first how much time there is.
"""

from __future__ import annotations

import http.client
import io
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    import socket

TimeLeft = Callable[[], float]  # seconds that the next read may take; zero or less where the time is up


def session_with(left: TimeLeft) -> requests.Session:
    """A session for one thread, whose reads end when ``left()`` says so; it follows no redirect."""
    session = _Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(left))
    return session


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: our client judges and follows redirects. The parent looks at each, and fails on what is no address."""
        del resp
        return None


class _Adapter(HTTPAdapter):
    def __init__(self, left: TimeLeft) -> None:
        self.left = left
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Of connections without a proxy; called by the parent."""
        super().init_poolmanager(*args, **more)
        self._limit(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        """Of connections through one; the parent keeps what it made, and returns it again."""
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **more)
        return manager if known else self._limit(manager)

    def _limit(self, manager: Any) -> Any:
        pools = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {scheme: _limited(pool, self.left) for scheme, pool in pools.items()}
        return manager


def _limited(pool: Any, left: TimeLeft) -> Any:
    """A kind of pool, with connections whose answers are read by the clock."""
    answer = staticmethod(partial(_Response, left))  # as of Python 3.14 a bare one would be bound to the connection
    connection = type(pool.ConnectionCls.__name__, (pool.ConnectionCls,), {"response_class": answer})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


class _Response(http.client.HTTPResponse):
    def __init__(self, left: TimeLeft, sock: Any, *args: Any, **more: Any) -> None:
        super().__init__(cast("socket.socket", _Reader(sock, left)), *args, **more)


class _Reader:
    """The part of a socket that an answer uses."""

    def __init__(self, sock: Any, left: TimeLeft) -> None:
        self.sock = sock
        self.left = left

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What the answer is read from."""
        return io.BufferedReader(_Reads(self.sock, self.left))


class _Reads(io.RawIOBase):
    def __init__(self, sock: Any, left: TimeLeft) -> None:
        self.sock = sock
        self.left = left
        self.file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self.left()
        if left <= 0:
            raise TimeoutError("the time is up")
        self.sock.settimeout(left)
        return cast("int | None", self.file.readinto(buffer))

    def close(self) -> None:
        self.file.close()
        super().close()
