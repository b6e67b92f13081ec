"""Loopback servers that tests start: files with byte ranges and injected faults, a token endpoint, a STAC API, S3.

Each logs its requests, so that a test can assert what was *not* requested. Nothing leaves the machine.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest


@dataclass
class Fault:
    """A fault in requests whose path matches ``pattern``, for the first ``times`` of them (-1: always)."""

    pattern: str
    kind: str  # status, cut, drip, drip_head, html, redirect, whole, wrong_range, silent, zeros, noise
    times: int = 1
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    target: str = ""
    after: int = 0  # requests let through first


@dataclass(frozen=True)
class Asked:
    """One received request."""

    method: str
    path: str
    query: str
    span: str
    headers: dict[str, str]


class _Quiet(ThreadingHTTPServer):
    """A server that ignores clients that disconnect, as those with an expired time limit do."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Site:
    """A folder served over HTTP on a free port of 127.0.0.1."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: list[Fault] = []
        self.log: list[Asked] = []
        self.locked: str = ""  # paths below this prefix need ?sig=<self.token>
        self.token = "t0"
        self.token_ends = timedelta(minutes=30)
        self.pages: dict[str, Any] = {}  # path -> JSON, or a function of the request's body
        self.latency_s = 0.0
        self.lock = threading.Lock()
        site = self

        class Handler(_Handler):
            pass

        Handler.site = site
        self.server = _Quiet(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def asked(self, part: str = "") -> list[Asked]:
        """Requests whose path contains ``part``."""
        return [a for a in self.log if part in a.path]

    def fault_for(self, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if not re.search(fault.pattern, path):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                elif fault.times != 0:
                    fault.times -= 1
                    return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        self._answer("GET", None)

    def do_HEAD(self) -> None:
        self._answer("HEAD", None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer("POST", json.loads(body or b"null"))

    def _answer(self, method: str, body: Any) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        with self.site.lock:
            self.site.log.append(Asked(method, path, parts.query, self.headers.get("Range", ""), dict(self.headers)))
        time.sleep(self.site.latency_s)
        fault = self.site.fault_for(path)
        try:
            if fault is not None and fault.kind not in ("cut", "drip", "whole", "zeros", "noise"):
                self._go_wrong(fault)
            elif path in self.site.pages:
                page = self.site.pages[path]
                self._send(200, json.dumps(page(body) if callable(page) else page).encode(), "application/json")
            elif path.startswith("/sas/token/"):
                ends = datetime.now(UTC) + self.site.token_ends
                told = {"token": f"sig={self.site.token}", "msft:expiry": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}
                self._send(200, json.dumps(told).encode(), "application/json")
            elif self.site.locked and path.startswith(self.site.locked) and not self._signed(parts.query):
                self._send(403, b"<Error><Code>AuthenticationFailed</Code>Signature has expired</Error>", "text/xml")
            else:
                self._file(path, fault)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _signed(self, query: str) -> bool:
        return parse_qs(query).get("sig") == [self.site.token]

    def _file(self, path: str, fault: Fault | None) -> None:
        target = (self.site.root / path.lstrip("/")).resolve()
        if not target.is_relative_to(self.site.root.resolve()) or not target.is_file():
            self._send(404, b"not here", "text/plain")
            return
        content = target.read_bytes()
        extra = {"ETag": f'"{len(content)}-{hash(content) & 0xFFFF}"', "Accept-Ranges": "bytes"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        status, part = 200, content
        if wanted and (fault is None or fault.kind != "whole"):
            first, last = int(wanted.group(1)), min(int(wanted.group(2)), len(content) - 1)
            if first >= len(content):
                self._send(416, b"", "text/plain")
                return
            status, part = 206, content[first : last + 1]
            extra["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        if fault is not None and fault.kind in ("zeros", "noise"):
            third = len(part) // 3  # of the right length, under the right ETag
            wrong = bytes(third) if fault.kind == "zeros" else b"\xa5" * third
            part = part[:third] + wrong + part[2 * third :]
        if fault is not None and fault.kind in ("cut", "drip"):
            self._head(status, len(part), "application/octet-stream", extra)
            if fault.kind == "cut":
                self.wfile.write(part[: len(part) // 2])
                self.wfile.flush()
            else:
                self._drip(part)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(status, part, "application/octet-stream", extra)

    def _go_wrong(self, fault: Fault) -> None:
        if fault.kind == "status":
            self._send(fault.status, fault.body, "text/plain", fault.headers)
        elif fault.kind == "html":
            self._send(200, b"<!doctype html><html><title>Log in</title></html>", "text/html")
        elif fault.kind == "redirect":
            self._send(302, b"", "text/plain", {"Location": fault.target})
        elif fault.kind == "wrong_range":
            self._send(206, b"x" * 10, "image/tiff", {"Content-Range": "bytes 5-14/1000"})
        elif fault.kind == "drip_head":
            self._drip(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + b"X-Filler: x\r\n" * 9)
            self.close_connection = True
        elif fault.kind == "silent":
            time.sleep(3.0)
            self.close_connection = True
        else:
            raise ValueError(fault.kind)

    def _drip(self, content: bytes) -> None:
        for byte in content:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.05)

    def _send(self, status: int, body: bytes, kind: str, extra: dict[str, str] | None = None) -> None:
        self._head(status, len(body), kind, extra or {})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, length: int, kind: str, extra: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        for name, value in extra.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def stac_api(folder: Path, collections: list[str], items: list[dict[str, Any]]) -> Iterator[str]:
    """``rustac serve`` with these items; yields its address."""
    pytest.importorskip("rustac", reason="rustac (dev) is not installed: no STAC server for tests")
    program = shutil.which("rustac") or str(Path(sys.executable).with_name("rustac"))
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name in collections:
        path = folder / f"collection-{name}.json"
        path.write_text(json.dumps(collection(name)))
        files.append(str(path))
    path = folder / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    port = free_port()
    log = (folder / "rustac.log").open("w")
    process = subprocess.Popen(
        [program, "serve", "--addr", f"127.0.0.1:{port}", "--use-duckdb", "false", *files, str(path)],
        stdout=log, stderr=log, env=os.environ | {"NO_COLOR": "1"},
    )  # fmt: skip
    try:
        _wait_for(port, process, folder / "rustac.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def collection(name: str) -> dict[str, Any]:
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": name,
        "description": "for a test",
        "license": "other",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
        "links": [],
    }


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text()[-500:]}")
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not answer")
