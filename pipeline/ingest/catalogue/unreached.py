"""Why a host was not even reached, in words: its name, its refusal, its silence, or the proxy before it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.errors import printable

if TYPE_CHECKING:
    import requests


def why_unreached(error: requests.exceptions.RequestException, url: str) -> str:
    """The host and the cause; "" where a connection was made, and broke off later.

    Of the address, which may be signed, the host alone is told.
    """
    import requests
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    asked = error.request.url if error.request is not None and error.request.url else url
    host = printable(urlsplit(asked).hostname or "")[:80]
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.exceptions.ProxyError):
        return f"{host} cannot be reached: the proxy that this computer names for it does not let us"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"{host} cannot be reached: nobody answers there"
    if isinstance(reason, NameResolutionError):
        return f"{host} cannot be reached: its name is not found (is there a network?)"
    if isinstance(reason, NewConnectionError):
        cause = reason.__cause__ or reason.__context__
        said = cause.strerror if isinstance(cause, OSError) and cause.strerror else "no connection"
        return f"{host} cannot be reached: {said[0].lower()}{said[1:]}"
    return ""
