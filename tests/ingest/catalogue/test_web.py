"""The HTTP client: what it never requests, what it retries, when it gives up, and its messages."""

from __future__ import annotations

import pickle
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pipeline.errors import InputError
from pipeline.ingest.catalogue.web import (
    Deadline,
    ForbiddenAddress,
    Refused,
    WebClient,
    WebPolicy,
    WebRequest,
    origin_of,
)
from tests.servers import Fault, Site


@pytest.fixture
def web(site):
    (site.root / "a.bin").write_bytes(bytes(range(256)) * 40)
    return WebClient(WebPolicy(frozenset({site.url}), tries=3, silence_s=1.0, limit_s=10.0, first_pause_s=0.01))


def get(web, site, path="/a.bin", **more):
    return web.get(WebRequest(f"{site.url}{path}", "the file", **more), web.deadline())


def test_a_file_and_a_part_of_it(web, site):
    deadline = web.deadline()
    whole = web.get(WebRequest(f"{site.url}/a.bin", "the file"), deadline)
    assert (len(whole.body), whole.total) == (10240, 10240)
    part = web.get(WebRequest(f"{site.url}/a.bin", "the file", span=(250, 10)), deadline)
    assert part.body == whole.body[250:260]
    assert part.total == 10240
    assert (deadline.requests, deadline.bytes) == (2, 10250)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 507, 522])
def test_what_is_declined_for_the_moment_is_asked_again(web, site, status):
    site.faults = [Fault("a.bin", "status", times=2, status=status)]
    assert len(get(web, site).body) == 10240
    assert len(site.log) == 3


def test_tries_end(web, site):
    site.faults = [Fault("a.bin", "status", times=-1, status=503)]
    with pytest.raises(InputError, match=r"^the file: answers HTTP 503 \(3 tries\)$"):
        get(web, site)
    assert len(site.log) == 3


def test_the_pause_that_the_server_asks_for_is_kept(web, site):
    site.faults = [Fault("a.bin", "status", times=1, status=429, headers={"Retry-After": "1"})]
    begun = time.monotonic()
    get(web, site)
    assert time.monotonic() - begun >= 1.0


def test_a_pause_that_ends_at_a_date_is_kept(web, site):
    """RFC 9110, 10.2.3: a number of seconds, or a date; in whole seconds, so up to one is lost."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=2.5), usegmt=True)
    site.faults = [Fault("a.bin", "status", times=1, status=429, headers={"Retry-After": date})]
    begun = time.monotonic()
    get(web, site)
    assert time.monotonic() - begun >= 1.4


@pytest.mark.parametrize(
    "told", ["\u00b2", "9" * 5000, "-1", "1e3", "Wed, 21 Oct 2020 07:28:00 GMT", "Mon, 99 Oct 2026 07:28:00", ""]
)
def test_a_pause_that_cannot_be_is_our_own(web, site, told):
    """A superscript two passes for a digit, and must not end the run in a traceback."""
    site.faults = [Fault("a.bin", "status", times=1, status=429, headers={"Retry-After": told})]
    assert len(get(web, site).body) == 10240


@pytest.mark.parametrize("target", ["http://[::1/x", "http://\u00ff\u00fe/x", "//[", "http://127.0.0.1:99999/x"])
def test_a_redirect_to_what_is_no_address_costs_the_file(web, site, target):
    """The library below parses each redirect, even one that it must not follow, and raises its own errors."""
    site.faults = [Fault("a.bin", "redirect", times=-1, target=target)]
    with pytest.raises(InputError, match=r"redirects to what is no address|not allowed \(no request made\)"):
        get(web, site)
    assert len(site.log) == 1


def test_a_pause_beyond_the_limit_is_not_waited_for(site):
    (site.root / "a.bin").write_bytes(b"x")
    web = WebClient(WebPolicy(frozenset({site.url}), tries=3, limit_s=5.0))
    site.faults = [Fault("a.bin", "status", times=-1, status=503, headers={"Retry-After": "3600"})]
    begun = time.monotonic()
    with pytest.raises(InputError, match=r"answers HTTP 503 \(gave up at the limit of 5 s\)"):
        get(web, site)
    assert time.monotonic() - begun < 2.0


@pytest.mark.parametrize(("status", "words"), [(404, "is not there"), (403, "refuses access"), (401, "credentials")])
def test_what_is_declined_for_good_is_asked_once(web, site, status, words):
    site.faults = [Fault("a.bin", "status", times=-1, status=status)]
    with pytest.raises(Refused, match=rf"{words} \(HTTP {status}\)"):
        get(web, site)
    assert len(site.log) == 1


@pytest.mark.parametrize("span", [None, (0, 10000)])
def test_a_body_that_breaks_off_is_asked_for_again(web, site, span):
    site.faults = [Fault("a.bin", "cut", times=1)]
    assert len(get(web, site, span=span).body) == (10240 if span is None else 10000)


def test_a_body_that_always_breaks_off_is_none(web, site):
    site.faults = [Fault("a.bin", "cut", times=-1)]
    with pytest.raises(InputError, match=r"the connection broke off \(\w+\) \(3 tries\)"):
        get(web, site)


@pytest.mark.parametrize("part", ["drip", "drip_head"])
def test_a_server_that_drips_runs_into_the_limit(site, part):
    """In the header as in the body: header lines that come one by one are not awaited for ever."""
    (site.root / "a.bin").write_bytes(bytes(1000))
    web = WebClient(WebPolicy(frozenset({site.url}), tries=3, silence_s=5.0, limit_s=0.5))
    site.faults = [Fault("a.bin", part, times=-1)]
    begun = time.monotonic()
    with pytest.raises(InputError, match=r"the file: took longer than the limit of 0.5 s"):
        get(web, site)
    assert time.monotonic() - begun < 3.0


def test_a_silent_server_counts_as_gone(site):
    web = WebClient(WebPolicy(frozenset({site.url}), tries=1, silence_s=0.2, limit_s=5.0))
    site.faults = [Fault(".", "silent", times=-1)]
    with pytest.raises(InputError, match=r"was silent for 0.2 s"):
        get(web, site)


def test_a_port_where_nobody_listens(site):
    gone = "http://127.0.0.1:9"
    web = WebClient(WebPolicy(frozenset({gone}), tries=5, first_pause_s=0.01))
    with pytest.raises(InputError, match=r"^the file: 127.0.0.1 cannot be reached: connection refused \(2 tries\)$"):
        web.get(WebRequest(f"{gone}/a?sig=secret", "the file"), web.deadline())


def test_a_proxy_that_needs_a_library_of_its_own_is_no_connection_that_broke_off(site, web, monkeypatch):
    monkeypatch.setenv("http_proxy", "socks5://me:s3cret@127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(InputError, match=r"cannot be reached") as told:
        get(web, site)
    assert "s3cret" not in str(told.value)


def test_a_name_that_nobody_knows_is_told_soon():
    """RFC 6761: no name below .invalid exists. It must not be tried five times, until "the connection broke off"."""
    web = WebClient(WebPolicy(frozenset({"http://catalogue.invalid"}), tries=5, first_pause_s=0.01))
    cause = r"^the file: catalogue.invalid cannot be reached: its name is not found .* \(2 tries\)$"
    with pytest.raises(InputError, match=cause):
        web.get(WebRequest("http://catalogue.invalid/a?sig=secret", "the file"), web.deadline())


def test_a_host_that_is_gone_after_others_answered_is_asked_as_often_as_allowed(site):
    gone = "http://127.0.0.1:9"
    (site.root / "a.bin").write_bytes(bytes(10))
    web = WebClient(WebPolicy(frozenset({gone, site.url}), tries=4, first_pause_s=0.01))
    get(web, site)
    with pytest.raises(InputError, match=r"connection refused \(4 tries\)$"):
        web.get(WebRequest(f"{gone}/a", "the file"), web.deadline())


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "/vsicurl/http://127.0.0.1/x.tif",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/x.tif",
        "http://localhost/x.tif",
        "ftp://127.0.0.1/x.tif",
        "http://[::1]/x.tif",
        "http://[bad",
        "//evil.example/x",
        "",
    ],
)
def test_an_address_that_is_not_allowed_is_not_asked(web, site, url):
    deadline = web.deadline()
    with pytest.raises(ForbiddenAddress, match="no request made"):
        web.get(WebRequest(url, "the file"), deadline)
    assert deadline.requests == 0
    assert site.log == []


def test_a_name_in_front_of_an_allowed_host_does_not_help(web, site):
    port = site.url.rpartition(":")[2]
    with pytest.raises(ForbiddenAddress):
        web.get(WebRequest(f"http://127.0.0.1:{port}@evil.example/a.bin", "the file"), web.deadline())
    assert origin_of(f"http://127.0.0.1:{port}@evil.example/a.bin") == "http://evil.example"


@pytest.mark.parametrize("form", [r"http://{place}\@allowed.example/a.bin", r"http://{place}\@allowed.example"])
def test_a_backslash_before_an_allowed_host_does_not_help(site, form):
    """The requesting library ends the host at a backslash (WHATWG URL), urlsplit at the last @."""
    web = WebClient(WebPolicy(frozenset({"http://allowed.example"}), tries=1))
    with pytest.raises(ForbiddenAddress, match="no request made"):
        web.get(WebRequest(form.format(place=site.url.removeprefix("http://")), "the file"), web.deadline())
    assert site.log == []


@pytest.mark.parametrize(
    "url",
    [
        "https://me:s3cret@data.example:port/a?sig=s3cret",
        "https://me:a@s3cret@[data/a?sig=s3cret",
        "ftp:///a?sig=s3cret",
        "a.tif?from=http://b&sig=s3cret",
        "/vsicurl/https://me:s3cret@data.example/a?sig=s3cret",
        f"https://{'m' * 90}:s3cret@data.example:port/a",
    ],
)
def test_the_refusal_of_what_is_no_address_holds_no_secret(web, url):
    with pytest.raises(ForbiddenAddress, match="no request made") as refused:
        web.get(WebRequest(url, "the file"), web.deadline())
    assert "s3cret" not in str(refused.value)
    assert "me:" not in str(refused.value)


def test_a_redirect_to_a_place_that_is_not_allowed_is_not_followed(web, site, tmp_path):
    other = Site(tmp_path)
    try:
        site.faults = [Fault("a.bin", "redirect", times=-1, target=f"{other.url}/a.bin")]
        with pytest.raises(ForbiddenAddress, match="not allowed"):
            get(web, site)
        assert other.log == []
    finally:
        other.close()


def test_a_redirect_that_is_allowed_takes_no_secret_along(site, tmp_path):
    other = Site(tmp_path)
    try:
        (tmp_path / "a.bin").write_bytes(b"moved")
        web = WebClient(WebPolicy(frozenset({site.url, other.url}), tries=2))
        site.faults = [Fault("a.bin", "redirect", times=-1, target=f"{other.url}/a.bin")]
        answer = get(web, site, headers={"Ocp-Apim-Subscription-Key": "k", "Authorization": "Bearer s"}, signed=True)
        assert answer.body == b"moved"
        assert not {"Authorization", "Ocp-Apim-Subscription-Key"} & set(other.log[0].headers)
        assert "Authorization" in site.log[0].headers
    finally:
        other.close()


def test_a_circle_of_redirects_ends(web, site):
    site.faults = [Fault(".", "redirect", times=-1, target="/a.bin")]
    with pytest.raises(InputError, match="redirects more than 5 times"):
        get(web, site)


def test_a_server_without_ranges_is_said_to_be_one(web, site):
    site.faults = [Fault("a.bin", "whole", times=-1)]
    with pytest.raises(Refused, match="no Range support"):
        get(web, site, span=(0, 100))


def test_an_html_page_instead_of_a_part_is_said_to_be_one(web, site):
    site.faults = [Fault("a.bin", "html", times=-1)]
    with pytest.raises(InputError, match="an HTML page instead of the file"):
        get(web, site, span=(0, 100))


def test_another_part_than_was_asked_for_is_not_taken(web, site):
    site.faults = [Fault("a.bin", "wrong_range", times=-1)]
    with pytest.raises(InputError, match="another part of the file"):
        get(web, site, span=(0, 100))


def test_an_answer_beyond_the_limit_is_not_read(web, site):
    with pytest.raises(InputError, match=r"has 10240 bytes \(limit 100\)"):
        get(web, site, limit=100)


def test_the_password_of_netrc_goes_to_its_own_host_only(web, site, tmp_path, monkeypatch):
    """A default entry is sent nowhere, and a signed address takes no password."""
    path = tmp_path / "netrc"
    monkeypatch.setenv("NETRC", str(path))
    path.write_text("machine elsewhere.example login a password b\ndefault login c password d\n")
    get(web, site)
    assert "Authorization" not in site.log[-1].headers
    path.write_text("machine 127.0.0.1 login me password secret\n")
    get(web, site)
    assert site.log[-1].headers["Authorization"].startswith("Basic ")
    get(web, site, signed=True)
    assert "Authorization" not in site.log[-1].headers


@pytest.mark.parametrize("content", [b"machine", b"machine 127.0.0.1 login me password \xff\xfe\n"])
def test_a_netrc_that_cannot_be_read_holds_no_password(web, site, tmp_path, monkeypatch, content):
    (tmp_path / "netrc").write_bytes(content)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    get(web, site)
    assert "Authorization" not in site.log[0].headers


def test_errors_and_policies_travel_between_processes():
    policy = WebPolicy(frozenset({"https://a.example"}))
    assert pickle.loads(pickle.dumps(policy)) == policy
    for error in (Refused("x", "y", 403, b"z"), ForbiddenAddress("x", "y")):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.item, again.cause) == (type(error), "x", "y")


def test_a_deadline_counts_from_its_start():
    assert 0.9 < Deadline(1.0).left() <= 1.0
