"""Signs addresses just before they are requested, and checks credentials before anything is downloaded.

Keys come from where their owners keep them: the AWS profile or environment for S3, ``PC_SDK_SUBSCRIPTION_KEY`` for the
Planetary Computer (which also works without), ``.netrc`` for plain HTTPS. Machine roles are not asked for, as that
would be a request to a host that no config names. Nothing here prints or stores a key, a token or a signed address.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from pipeline.errors import ConfigError, InputError, printable
from pipeline.ingest.catalogue.services import Service
from pipeline.ingest.catalogue.web import Deadline, Refused, WebClient, WebRequest, WebResponse
from pipeline.types import Sensor

AZURE = ".blob.core.windows.net"
SAS_KEY = "PC_SDK_SUBSCRIPTION_KEY"  # the name that the Planetary Computer's own library uses
VALID_S = 900  # of an S3 address; our choice: longer than one request may take
_SPARE = timedelta(seconds=60)  # a token that ends so soon counts as ended
_EXPIRED = (b"expired", b"ExpiredToken", b"not valid in the specified time frame", b"TokenRefreshRequired")
_KEY_VARIABLES = {"AWS_PROFILE", "AWS_ACCESS_KEY_ID"}  # variables that go before a profile of the catalogue's name
_CREDENTIAL_SOURCES = ("env", "shared-credentials-file", "config-file", "custom-process")


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed address, and the headers that its signature covers."""

    url: str
    secret: bool  # does it carry credentials?
    headers: dict[str, str] = field(default_factory=dict)


class Access:
    """Signs and requests the addresses of one catalogue. Thread-safe; created in the worker that uses it."""

    def __init__(self, service: Service, web: WebClient) -> None:
        self.service = service
        self.web = web
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self._s3: Any = None
        self._lock = threading.Lock()

    def get(self, href: str, item: str, deadline: Deadline, **request_options: Any) -> WebResponse:
        """The bytes behind an item's address: signed, asked, and signed once more where the signature had run out."""
        signed = self.sign(href, item, deadline)
        try:
            return self.web.get(
                WebRequest(signed.url, item, signed.headers, signed=signed.secret, **request_options), deadline
            )
        except Refused as error:
            if error.status not in (400, 401, 403) or not signed.secret:
                if any(word in error.body for word in _EXPIRED):
                    raise InputError(item, f"its address has expired (HTTP {error.status}); search again") from None
                raise
        with self._lock:
            # not one that another thread, refused as well, has had since
            self._tokens = {place: kept for place, kept in self._tokens.items() if kept[0] not in signed.url}
            self._s3 = None
        signed_again = self.sign(href, item, deadline)
        try:
            return self.web.get(
                WebRequest(signed_again.url, item, signed_again.headers, signed=signed_again.secret, **request_options),
                deadline,
            )
        except Refused as error:
            why = "has expired" if any(word in error.body for word in _EXPIRED) else "is refused"
            raise InputError(
                item, f"its signature {why} (HTTP {error.status}), also when made anew; check keys and clock"
            ) from None

    def sign(self, href: str, item: str, deadline: Deadline) -> Signed:
        """The address to ask. Raises ForbiddenAddress before any key is used for a foreign place."""
        self.web.policy.require(href, item)
        if href.startswith("s3://"):
            headers = {"x-amz-request-payer": "requester"} if self.service.requester_pays else {}
            return Signed(self._presigned(href, item), secret=True, headers=headers)
        if self.service.tokens and (place := _container(href, self.service.storage)):
            token = self._token(place, item, deadline)
            return Signed(f"{href}{'&' if '?' in href else '?'}{token}", secret=True)
        return Signed(href, secret=False)

    def _token(self, place: str, item: str, deadline: Deadline) -> str:
        """A token for a container, from the catalogue, kept until shortly before its end."""
        with self._lock:
            known = self._tokens.get(place)
            if known is not None and known[1] > datetime.now(UTC):
                return known[0]
            url = f"{self.service.tokens.rstrip('/')}/{quote(place)}"
            key = os.environ.get(SAS_KEY)
            headers = {"Ocp-Apim-Subscription-Key": key} if key else {}
            response = self.web.get(WebRequest(url, f"{item}: token", headers, limit=1 << 16, signed=True), deadline)
            try:
                content = json.loads(response.body)
                token, expiry = str(content["token"]), datetime.fromisoformat(str(content["msft:expiry"]))
                used_until = (expiry if expiry.tzinfo else expiry.replace(tzinfo=UTC)) - _SPARE
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
                raise InputError(item, "its catalogue's token service answers with something else") from error
            self._tokens[place] = (token, used_until)
            return token

    def _presigned(self, href: str, item: str) -> str:
        parts = urlsplit(href)
        with self._lock:
            if self._s3 is None:
                self._s3 = s3_client(self.service)
            extra = {"RequestPayer": "requester"} if self.service.requester_pays else {}
            wanted = {"Bucket": parts.netloc, "Key": parts.path.lstrip("/"), **extra}
            try:
                return str(self._s3.generate_presigned_url("get_object", Params=wanted, ExpiresIn=VALID_S))
            except Exception as error:  # botocore has no common root that says nothing secret
                raise InputError(item, f"cannot be signed ({type(error).__name__})") from None


def s3_client(service: Service) -> Any:
    """An S3 client of botocore that only signs: it never makes a request itself."""
    session = _session(service)
    import botocore.config

    addressing = botocore.config.Config(signature_version="s3v4", s3={"addressing_style": "path"})
    return session.create_client("s3", region_name=service.region, endpoint_url=service.s3, config=addressing)


def check_credentials(service: Service, sensor: Sensor) -> None:
    """Raise ConfigError, before anything is downloaded, if required keys are missing."""
    if service.access[sensor] != "s3":
        return
    session = _session(service)
    try:
        credentials = session.get_credentials()
    except Exception as error:
        raise ConfigError(f"{service.name}: its S3 keys cannot be read ({type(error).__name__})") from None
    if credentials is None:
        profile = service.profile or service.name
        cost = ", whose owner pays for what is read" if service.requester_pays else ""
        raise ConfigError(
            f"{service.name} needs S3 keys for {sensor}{cost}: put them into the AWS profile {profile} "
            "(~/.aws/credentials), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (nothing was downloaded)"
        )


def _session(service: Service) -> Any:
    try:
        import botocore.session
    except ImportError as error:
        raise ConfigError(f"{service.name}: S3 needs the extra: pip install 'capwatch[cloud]'") from error
    session = botocore.session.Session()
    profile = service.profile or (service.name if service.name in session.available_profiles else None)
    if profile is not None and (service.profile is not None or not _KEY_VARIABLES & os.environ.keys()):
        if profile not in session.available_profiles:
            raise ConfigError(f"{service.name}: there is no AWS profile {printable(profile)} in ~/.aws")
        session = botocore.session.Session(profile=profile)
    resolver = session.get_component("credential_provider")
    resolver.providers = [p for p in resolver.providers if p.METHOD in _CREDENTIAL_SOURCES]
    return session


def _container(href: str, storage: str) -> str:
    """``account/container`` of an address in Azure's storage, or below ``storage``; "" for any other.

    >>> _container("https://sentinel1euwest.blob.core.windows.net/s1-grd/GRD/x.tiff", "")
    'sentinel1euwest/s1-grd'
    >>> _container("http://127.0.0.1:9000/account/box/x.tiff", "http://127.0.0.1:9000")
    'account/box'
    """
    parts = urlsplit(href)
    host = parts.hostname or ""
    if host.endswith(AZURE):
        return f"{host.removesuffix(AZURE)}/{parts.path.lstrip('/').split('/')[0]}"
    if storage and href.startswith(storage + "/"):
        return "/".join(href.removeprefix(storage + "/").split("/")[:2])
    return ""
