"""The HTTP client for every request: an allow-list of origins, retries with backoff, time limits, byte ranges.

The rules, in the order in which they bite: an address whose origin is not allowed is never asked, redirects included;
a request that a server declines for the moment (408, 429, 5xx) or that breaks off is made again, after the pause that
the server names or else a growing one; nothing goes on beyond the deadline of its scene, not even a server that sends
one byte a second, of its answer's head or of its body; an answer must be as long as it says it is.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from pipeline.errors import EnvironmentFault, InputError, printable

if TYPE_CHECKING:
    import requests

AGENT = "capwatch"
# Clouds have numbers of their own among the latter, as 520 to 524
RETRY_STATUSES = frozenset({408, 425, 429, *range(500, 600)})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 5  # our choice: a signed address needs one or two, a circle never ends
FIRST_PAUSE_S = 0.5  # our choice; doubled with every try, and drawn between half and all of it so that workers part
CONNECT_TIMEOUT_S = 10.0  # for a connection to come about; our choice, a third of what an answer may take
TRIES_UNREACHED = 2  # where nobody was reached yet: there is hardly a network (our choice)
LONGEST_PAUSE_S = 60.0  # our choice: a server that asks for more is asked again sooner
MOST_DIGITS = 18  # of a number in a header: more are no length of a file
MAX_SMALL = 64 << 20  # bytes of an answer that is read whole; our choice: the largest annotation has some 3 MiB
_CHUNK = 1 << 16  # bytes read at once (our choice)


class Refused(InputError):
    """The server was reached and declines for good: the status says why."""

    def __init__(self, item: object, cause: str, status: int = 0, body: bytes = b"") -> None:
        super().__init__(item, cause)
        self.status = status
        self.body = body

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.item, self.cause, self.status, self.body)


class Damaged(InputError):
    """The data received are damaged; a later attempt may succeed, since caches and disks on the way can err."""


class ForbiddenAddress(InputError):
    """An address leads where the config allows no request."""


@dataclass(frozen=True, slots=True)
class WebPolicy:
    """Which origins may be reached, and the retry and time limits. Plain values, so that it can be sent to workers."""

    origins: frozenset[str]  # scheme://host[:port], lower case; s3://bucket for buckets
    tries: int = 5
    silence_s: float = 30.0
    limit_s: float = 900.0
    first_pause_s: float = FIRST_PAUSE_S

    def require(self, url: str, item: object) -> None:
        """Raise ForbiddenAddress unless the address leads to an allowed origin."""
        origin = origin_of(url)
        if origin not in self.origins:
            raise ForbiddenAddress(
                item, f"leads to {printable(bare_address(origin))[:80]}, which is not allowed (no request made)"
            )


def origin_of(url: str) -> str:
    """Scheme, host and port of an address; default ports left out. What is no address of these kinds comes back whole.

    >>> origin_of("HTTPS://User@Data.Example.org:443/a?b"), origin_of("s3://bucket/key"), origin_of("/vsicurl/x")
    ('https://data.example.org', 's3://bucket', '/vsicurl/x')
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return url
    scheme = parts.scheme.lower()
    # a backslash ends the host for the library that makes the request, and belongs to a user's name for urlsplit
    if scheme == "file" or not host or "\\" in parts.netloc:
        return url
    default = {"http": 80, "https": 443}.get(scheme)
    return f"{scheme}://{host}" + (f":{port}" if port is not None and port != default else "")


def bare_address(href: str) -> str:
    """An address without user, query and fragment: without what may be secret.

    >>> bare_address("https://u:p@ss@host/x?sig=y"), bare_address("/vsicurl/https://u:p@host/x#y")
    ('https://host/x', '/vsicurl/https://host/x')
    """
    return re.sub(r"//[^/\\]*@", "//", href.split("?")[0].split("#")[0])


@dataclass(slots=True)
class Deadline:
    """The time limit of one scene, and the requests and bytes spent on it so far."""

    limit_s: float
    started: float = field(default_factory=time.monotonic)
    requests: int = 0
    bytes: int = 0

    def left(self) -> float:
        """Seconds that remain; may be negative."""
        return self.limit_s - (time.monotonic() - self.started)

    def require(self, item: object) -> None:
        """Raise InputError if the time is up."""
        if self.left() <= 0:
            raise InputError(item, f"took longer than the limit of {self.limit_s:g} s")


@dataclass(frozen=True, slots=True)
class WebResponse:
    """What a server sent."""

    body: bytes
    total: int | None  # bytes of the whole file, where the server says so
    etag: str
    kind: str  # media type


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request. ``item`` is how people are told about it: never the address, which may be signed."""

    url: str
    item: str
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    span: tuple[int, int] | None = None  # first byte, and how many
    limit: int = MAX_SMALL
    signed: bool = False  # the address or a header carries the credentials already


class WebClient:
    """Makes requests under a policy. One per process; thread-safe."""

    def __init__(self, policy: WebPolicy) -> None:
        self.policy = policy
        self._reached = False  # has any host ever answered?
        self._local = threading.local()
        self._lock = threading.Lock()

    def deadline(self) -> Deadline:
        """A fresh deadline of the policy's length."""
        return Deadline(self.policy.limit_s)

    def get(self, request: WebRequest, deadline: Deadline) -> WebResponse:
        """The answer to a request, after as many tries as it takes and the policy allows."""
        number = 0
        while True:
            deadline.require(request.item)
            outcome = self._try_once(request, deadline)
            if isinstance(outcome, WebResponse):
                return outcome
            cause, pause_s = outcome
            number += 1
            if number >= self._max_tries():
                raise InputError(request.item, f"{cause} ({number} {'try' if number == 1 else 'tries'})")
            self._pause(pause_s, number - 1, deadline, request.item, cause)

    def _max_tries(self) -> int:
        """A host that fails after others answered may come back; without any network nobody waits long."""
        return self.policy.tries if self._reached else min(self.policy.tries, TRIES_UNREACHED)

    def _pause(self, requested_s: float | None, number: int, deadline: Deadline, item: str, cause: str) -> None:
        backoff_s = min(LONGEST_PAUSE_S, self.policy.first_pause_s * 2**number)
        pause_s = backoff_s * random.uniform(0.5, 1.0) if requested_s is None else min(requested_s, LONGEST_PAUSE_S)  # noqa: S311
        if pause_s >= deadline.left():
            raise InputError(item, f"{cause} (gave up at the limit of {deadline.limit_s:g} s)")
        time.sleep(pause_s)

    def _try_once(self, request: WebRequest, deadline: Deadline) -> WebResponse | tuple[str, float | None]:
        """An answer, or why it was none this time and how long the server wants to be left alone."""
        import requests
        import urllib3

        try:
            with self._open_reply(request, deadline) as reply:
                self._reached = True
                if reply.status_code in RETRY_STATUSES:
                    return f"answers HTTP {reply.status_code}", _retry_after_s(reply)
                return self._read_reply(request, reply, deadline)
        except (
            requests.exceptions.SSLError,
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,  # of a proxy that needs a library which is not there (SOCKS)
        ) as error:
            # the error's own text holds the address, and a signed address is a secret
            raise InputError(request.item, f"cannot be reached ({type(error).__name__})") from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ConnectionError) as error:
            unreached = _unreached_cause(error, request.url)
            self._reached = self._reached or not unreached
            return unreached or f"the connection broke off ({type(error).__name__})", None
        except (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError, TimeoutError):
            deadline.require(request.item)
            return f"was silent for {self.policy.silence_s:g} s", None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            if isinstance(error, EnvironmentFault):
                raise
            return f"the connection broke off ({type(error).__name__})", None

    @contextmanager
    def _open_reply(self, request: WebRequest, deadline: Deadline) -> Iterator[requests.Response]:
        """The reply's head, redirects followed one by one, each checked before it is asked."""
        url, headers = request.url, dict(request.headers)
        if request.span is not None:
            headers["Range"] = f"bytes={request.span[0]}-{request.span[0] + request.span[1] - 1}"
        for _ in range(MAX_REDIRECTS + 1):
            self.policy.require(url, request.item)
            deadline.require(request.item)
            with self._lock:
                deadline.requests += 1
            reply = self._session(deadline).request(
                "GET" if request.json is None else "POST",
                url,
                headers=headers,
                json=request.json,
                auth=_netrc_credentials(url) if not request.signed else _no_credentials,
                stream=True,
                allow_redirects=False,
                timeout=tuple(max(0.01, min(s, deadline.left())) for s in (CONNECT_TIMEOUT_S, self.policy.silence_s)),
            )
            if reply.status_code not in REDIRECTS:
                try:
                    yield reply
                finally:
                    reply.close()
                return
            reply.close()
            target = _redirect_target(url, reply, request.item)
            if origin_of(target) != origin_of(url):
                headers = {k: v for k, v in headers.items() if k.lower() in ("range", "accept")}  # no secrets elsewhere
            url = target
        raise InputError(request.item, f"redirects more than {MAX_REDIRECTS} times")

    def _read_reply(self, request: WebRequest, reply: requests.Response, deadline: Deadline) -> WebResponse:
        kind = reply.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if reply.status_code >= 400:
            body = b"".join(self._chunks(reply, 4096, deadline, request.item))
            raise Refused(request.item, _declined_cause(reply.status_code), reply.status_code, body[:4096])
        if reply.status_code not in (200, 206):
            raise Refused(request.item, f"answers HTTP {reply.status_code}", reply.status_code)
        if request.span is not None and reply.status_code == 200:
            if kind in ("text/html", "application/xhtml+xml"):
                raise InputError(request.item, "answers with an HTML page instead of the file")
            raise Refused(request.item, "its server does not serve parts of files (no Range support)", 200)
        total = _total_bytes(reply, request)
        expected = (
            None
            if "Content-Encoding" in reply.headers
            else _parse_whole_number(reply.headers.get("Content-Length", ""))
        )
        limit = request.limit if request.span is None else request.span[1]
        if expected is not None and expected > limit:
            raise InputError(request.item, f"has {expected} bytes (limit {limit})")
        body = b"".join(self._chunks(reply, limit, deadline, request.item))
        if len(body) > limit:
            raise InputError(request.item, f"sends more than {limit} bytes")
        if expected is not None and len(body) != expected:
            raise ConnectionError(f"{len(body)} of {expected} bytes")
        return WebResponse(body, total if request.span is not None else len(body), reply.headers.get("ETag", ""), kind)

    def _chunks(self, reply: requests.Response, limit: int, deadline: Deadline, item: str) -> Iterator[bytes]:
        """Bytes as they come, so that a server which drips them runs into the deadline; one more than the limit."""
        received = 0
        decode = "Content-Encoding" in reply.headers
        while received <= limit:
            deadline.require(item)
            chunk = reply.raw.read1(_CHUNK, decode_content=decode)
            if not chunk:
                return
            received += len(chunk)
            with self._lock:
                deadline.bytes += len(chunk)
            yield chunk

    def _session(self, deadline: Deadline) -> requests.Session:
        """One session a thread, told how long it may read. It knows the proxies of whoever runs this."""
        from pipeline.ingest.catalogue.deadline_session import session_with_deadline

        self._local.deadline = deadline
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = session_with_deadline(lambda: min(self.policy.silence_s, self._local.deadline.left()))
            session.headers["User-Agent"] = AGENT
            session.headers["Accept-Encoding"] = "identity"  # a range of compressed bytes would be a range of what?
            self._local.session = session
        return session


def _unreached_cause(error: requests.exceptions.RequestException, url: str) -> str:
    """Why a host was not even reached: its name, its refusal, its silence, or the proxy before it.

    "" where a connection was made, and broke off later. Of the address, which may be signed, the host alone is told.
    """
    import requests
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    address = error.request.url if error.request is not None and error.request.url else url
    host = printable(urlsplit(address).hostname or "")[:80]
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.exceptions.ProxyError):
        return f"{host} cannot be reached: the proxy that this computer names for it does not let us"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"{host} cannot be reached: nobody answers there"
    if isinstance(reason, NameResolutionError):
        return f"{host} cannot be reached: its name is not found (is there a network?)"
    if isinstance(reason, NewConnectionError):
        cause = reason.__cause__ or reason.__context__
        text = cause.strerror if isinstance(cause, OSError) and cause.strerror else "no connection"
        return f"{host} cannot be reached: {text[0].lower()}{text[1:]}"
    return ""


def _no_credentials(request: Any) -> Any:
    """No credentials; given to requests so that it looks for none itself."""
    return request


def _netrc_credentials(url: str) -> Any:
    """Name and password that .netrc holds for this very host (a ``default`` entry is not sent around)."""
    import netrc
    import os

    path = os.environ.get("NETRC") or os.path.expanduser("~/.netrc")
    try:
        known = netrc.netrc(path).hosts.get(urlsplit(url).hostname or "")
    except (OSError, netrc.NetrcParseError, UnicodeError):
        known = None
    return (known[0], known[2]) if known is not None else _no_credentials


def _declined_cause(status: int) -> str:
    words = {401: "asks for credentials", 403: "refuses access", 404: "is not there", 410: "is no longer there"}
    return f"{words.get(status, 'is declined')} (HTTP {status})"


def _retry_after_s(reply: requests.Response) -> float | None:
    """Seconds to wait from the Retry-After header, given as seconds or as a future date (RFC 9110)."""
    value = reply.headers.get("Retry-After", "")
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return _parse_whole_number(value)
    ahead_s = (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() - time.time()
    return ahead_s if ahead_s > 0 else None  # else the clocks differ, or it is an old answer that is served again


def _parse_whole_number(text: str) -> int | None:
    """A whole number in a header; None if it is not one (str.isdigit also accepts a superscript two).

    >>> [_parse_whole_number(text) for text in (" 120 ", "Wed, 21 Oct 2026 07:28:00 GMT", "²", "9" * 5000)]
    [120, None, None, None]
    """
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def _redirect_target(url: str, reply: requests.Response, item: str) -> str:
    """Where a redirect leads."""
    try:
        return urljoin(url, reply.headers.get("Location", ""))
    except ValueError:
        raise InputError(item, "redirects to what is no address") from None


def _total_bytes(reply: requests.Response, request: WebRequest) -> int | None:
    """Size of the whole file by Content-Range, which must begin where it was asked to."""
    if request.span is None:
        return None
    unit, _, rest = reply.headers.get("Content-Range", "").partition(" ")
    place, _, total = rest.partition("/")
    if unit.lower() != "bytes" or _parse_whole_number(place.partition("-")[0]) != request.span[0]:
        raise InputError(request.item, "its server answers with another part of the file than was asked for")
    return _parse_whole_number(total)
