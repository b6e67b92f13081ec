"""HTTP connections that enforce a scene's deadline, from the first byte of a response's header on.

The client's own timeout limits only the silence between two bytes. A server that sends its status line, header lines or
interim responses (100) one by one can stay within it for hours, before there is a body whose time can be limited. So
here every read from the socket first asks how much time is left.
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

TimeLeft = Callable[[], float]  # seconds the next read may take; zero or less when time is up


def session_with_deadline(left_s: TimeLeft) -> requests.Session:
    """A session for one thread, whose reads time out after ``left_s()`` seconds; it follows no redirects."""
    session = _Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(left_s))
    return session


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: our client checks and follows redirects. The parent parses each, and fails on an invalid address."""
        del resp
        return None


class _Adapter(HTTPAdapter):
    def __init__(self, left: TimeLeft) -> None:
        self.left = left
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """The manager of connections without a proxy; called by the parent."""
        super().init_poolmanager(*args, **more)
        self._limit(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        """The manager of connections through a proxy; the parent keeps each one and returns it again."""
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **more)
        return manager if known else self._limit(manager)

    def _limit(self, manager: Any) -> Any:
        pools = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {scheme: _with_deadline(pool, self.left) for scheme, pool in pools.items()}
        return manager


def _with_deadline(pool: Any, left_s: TimeLeft) -> Any:
    """A subclass of the pool class, whose connections read responses within the deadline."""
    # From Python 3.14 a bare partial would be bound to the connection
    response_class = staticmethod(partial(_DeadlineResponse, left_s))
    connection = type(pool.ConnectionCls.__name__, (pool.ConnectionCls,), {"response_class": response_class})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, left: TimeLeft, sock: Any, *args: Any, **more: Any) -> None:
        super().__init__(cast("socket.socket", _DeadlineSocket(sock, left)), *args, **more)


class _DeadlineSocket:
    """The part of a socket that a response uses."""

    def __init__(self, sock: Any, left: TimeLeft) -> None:
        self.sock = sock
        self.left = left

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The stream that the response is read from."""
        return io.BufferedReader(_DeadlineStream(self.sock, self.left))


class _DeadlineStream(io.RawIOBase):
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
