"""Keys and tokens: checked early, used late, renewed when they expire, never shown. S3 by moto on loopback."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.catalogue.services import CDSE, EARTH_SEARCH, PLANETARY_COMPUTER, service_of
from pipeline.ingest.catalogue.signing import check_credentials
from pipeline.ingest.catalogue.web import ForbiddenAddress
from pipeline.types import Sensor
from tests.ingest.catalogue.builders import access_for, config_for
from tests.servers import Fault

KEY, SECRET = "AKIATEST0000", "s3cr3t/of+the/test"  # made up


@pytest.fixture
def keys(monkeypatch):
    pytest.importorskip("botocore", reason="the extra 'cloud' is not installed")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.fixture(scope="module")
def s3():
    """moto's S3 server with one bucket; its address."""
    pytest.importorskip("moto", reason="moto (dev) is not installed: no S3 server for tests")
    boto3 = pytest.importorskip("boto3")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3", endpoint_url=f"http://{host}:{port}", aws_access_key_id=KEY, aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )  # fmt: skip
    client.create_bucket(Bucket="eodata")
    client.put_object(Bucket="eodata", Key="Sentinel-1/a file.xml", Body=b"0123456789")
    client.create_bucket(Bucket="somebody-elses")
    client.put_object(Bucket="somebody-elses", Key="x", Body=b"private")
    yield f"http://{host}:{port}"
    server.stop()


def cdse(s3_url, **more):
    return config_for("http://127.0.0.1:1", sentinel1="cdse", services={"cdse": {"s3": s3_url}}, **more)


@pytest.mark.usefixtures("keys")
def test_s3_by_a_signed_address_whole_and_in_part(s3):
    access = access_for(cdse(s3), "cdse")
    deadline = access.web.deadline()
    assert access.get("s3://eodata/Sentinel-1/a file.xml", "f", deadline).body == b"0123456789"
    part = access.get("s3://eodata/Sentinel-1/a file.xml", "f", deadline, span=(2, 3))
    assert (part.body, part.total) == (b"234", 10)
    with pytest.raises(InputError, match=r"f: is not there \(HTTP 404\)"):
        access.get("s3://eodata/none", "f", deadline)


@pytest.mark.usefixtures("keys")
def test_keys_open_no_bucket_but_the_catalogues_own(s3):
    """Otherwise an item could name any bucket that the keys happen to open."""
    access = access_for(cdse(s3), "cdse")
    deadline = access.web.deadline()
    with pytest.raises(ForbiddenAddress, match="s3://somebody-elses"):
        access.get("s3://somebody-elses/x", "f", deadline)
    assert deadline.requests == 0


@pytest.mark.usefixtures("keys")
def test_a_signed_address_is_path_style_and_says_who_pays():
    config = config_for("http://127.0.0.1:1")
    access = access_for(config, "earth-search")
    signed = access.sign("s3://sentinel-s1-l1c/GRD/2024/3/7/x.tiff", "f", access.web.deadline())
    assert signed.secret
    assert signed.url.startswith("https://s3.eu-central-1.amazonaws.com/sentinel-s1-l1c/GRD/2024/3/7/x.tiff?")
    assert "x-amz-request-payer" in signed.url, "the signature covers the header"
    assert signed.headers == {"x-amz-request-payer": "requester"}
    assert SECRET not in signed.url
    other = access_for(cdse("http://127.0.0.1:2"), "cdse").sign("s3://eodata/x", "f", access.web.deadline())
    assert "request-payer" not in other.url
    assert other.headers == {}


def test_missing_keys_are_said_before_anything_is_asked():
    pytest.importorskip("botocore", reason="the extra 'cloud' is not installed")
    with pytest.raises(ConfigError, match=r"cdse needs S3 keys for sentinel-1: .*profile cdse.*nothing was downloaded"):
        check_credentials(CDSE, Sensor.SENTINEL1)
    with pytest.raises(ConfigError, match=r"earth-search needs S3 keys .*pays for what is read"):
        check_credentials(EARTH_SEARCH, Sensor.SENTINEL1)
    check_credentials(EARTH_SEARCH, Sensor.SENTINEL2)
    check_credentials(PLANETARY_COMPUTER, Sensor.SENTINEL1)


def test_a_profile_of_the_catalogues_name_is_found(tmp_path, monkeypatch):
    pytest.importorskip("botocore", reason="the extra 'cloud' is not installed")
    path = tmp_path / "credentials"
    path.write_text(f"[cdse]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    check_credentials(CDSE, Sensor.SENTINEL1)
    with pytest.raises(ConfigError, match="earth-search needs S3 keys"):
        check_credentials(EARTH_SEARCH, Sensor.SENTINEL1)
    named = service_of("cdse", config_for("http://127.0.0.1:1", services={"cdse": {"profile": "other"}}))
    with pytest.raises(ConfigError, match="there is no AWS profile other"):
        check_credentials(named, Sensor.SENTINEL1)


def test_no_machine_role_is_asked_for(monkeypatch):
    """botocore's own chain would ask 169.254.169.254 for a role."""
    pytest.importorskip("botocore", reason="the extra 'cloud' is not installed")
    import botocore.utils

    def never(*_args, **_kwargs):
        raise AssertionError("asked the metadata service")

    monkeypatch.setattr(botocore.utils.IMDSFetcher, "_get_request", never, raising=False)
    monkeypatch.setattr(botocore.utils.IMDSFetcher, "_fetch_metadata_token", never, raising=False)
    with pytest.raises(ConfigError, match="needs S3 keys"):
        check_credentials(CDSE, Sensor.SENTINEL1)


def planetary(site, **more):
    site.locked = "/account/"
    (site.root / "account/box").mkdir(parents=True, exist_ok=True)
    (site.root / "account/box/x.bin").write_bytes(b"0123456789")
    services = {"planetary-computer": {"tokens": f"{site.url}/sas/token", "storage": site.url}}
    return access_for(config_for(site.url, services=services, **more), "planetary-computer")


def test_one_token_opens_a_container_for_many_files(site):
    access = planetary(site)
    deadline = access.web.deadline()
    for _ in range(3):
        assert access.get(f"{site.url}/account/box/x.bin", "f", deadline, span=(0, 4)).body == b"0123"
    assert [a.path for a in site.asked("/sas/")] == ["/sas/token/account/box"]


def test_a_token_is_asked_for_anew_shortly_before_its_end(site):
    access = planetary(site)
    site.token_ends = timedelta(seconds=30)
    for _ in range(2):
        access.get(f"{site.url}/account/box/x.bin", "f", access.web.deadline())
    assert len(site.asked("/sas/")) == 2


def test_a_token_that_runs_out_in_the_middle_is_replaced(site):
    """Some have already expired when issued."""
    access = planetary(site)
    access.get(f"{site.url}/account/box/x.bin", "f", access.web.deadline())
    site.token = "t1"
    assert access.get(f"{site.url}/account/box/x.bin", "f", access.web.deadline()).body == b"0123456789"
    assert len(site.asked("/sas/")) == 2


def test_threads_whose_token_runs_out_at_once_ask_for_one_new_one(site):
    """A thread must not discard the token that another has just received; few requests are allowed."""
    access = planetary(site)
    access.get(f"{site.url}/account/box/x.bin", "f", access.web.deadline())
    site.token, site.latency_s = "t1", 0.05
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(access.get, f"{site.url}/account/box/x.bin", "f", access.web.deadline()) for _ in "four"]
    assert [a.result().body for a in asked] == [b"0123456789"] * 4
    assert len(site.asked("/sas/")) == 2


def test_a_token_that_is_never_taken_is_said_to_have_expired(site):
    access = planetary(site)
    site.faults = [
        Fault(
            "^/account/", "status", times=-1, status=403, body=b"<Error>Signature not valid: token has expired</Error>"
        )
    ]
    with pytest.raises(InputError, match=r"^f: its signature has expired \(HTTP 403\), also when made anew"):
        access.get(f"{site.url}/account/box/x.bin", "f", access.web.deadline())


def test_the_token_desk_is_given_time_when_it_is_busy(site):
    access = planetary(site)
    site.faults = [Fault("/sas/", "status", times=2, status=429, headers={"Retry-After": "0"})]
    assert access.get(f"{site.url}/account/box/x.bin", "f", access.web.deadline()).body == b"0123456789"


@pytest.mark.parametrize(
    "told",
    [b"[]", b"null", b'{"token": "t"}', b'{"token": "t", "msft:expiry": "0001-01-01T00:00:00Z"}', b"[" * 60_000],
    ids=["list", "null", "no end", "an end in year 1", "deep"],
)
def test_whatever_the_token_desk_answers_costs_the_file(site, told):
    """There is no time a minute before the year 1, and deeply nested lists exceed Python's stack."""
    access = planetary(site)
    site.faults = [Fault("/sas/", "status", times=-1, status=200, body=told)]
    for _ in range(2):
        with pytest.raises(InputError, match="token service answers with something else"):
            access.get(f"{site.url}/account/box/x.bin", "f", access.web.deadline())


def test_a_token_desk_that_answers_nonsense(site):
    access = planetary(site)
    site.pages["/sas/token/account/box"] = {"no": "token"}
    with pytest.raises(InputError, match="token service answers with something else"):
        access.get(f"{site.url}/account/box/x.bin", "f", access.web.deadline())


def test_a_subscription_key_goes_to_the_token_desk_only(site, monkeypatch):
    monkeypatch.setenv("PC_SDK_SUBSCRIPTION_KEY", "k123")
    access = planetary(site)
    access.get(f"{site.url}/account/box/x.bin", "f", access.web.deadline())
    sent = {a.path.split("/")[1]: a.headers.get("Ocp-Apim-Subscription-Key") for a in site.log}
    assert sent == {"sas": "k123", "account": None}


def test_the_planetary_computers_own_variable_names_its_token_desk(monkeypatch, site):
    monkeypatch.setenv("PC_SDK_SAS_URL", f"{site.url}/sas/token")
    assert service_of("planetary-computer", config_for(site.url)).tokens == f"{site.url}/sas/token"


def test_an_address_that_its_catalogue_signed_long_ago(site):
    """Nothing here can renew another catalogue's presigned address, and one line says so."""
    (site.root / "x.bin").write_bytes(b"x")
    access = access_for(config_for(site.url), "earth-search")
    site.faults = [
        Fault("x.bin", "status", times=-1, status=403, body=b"<Error><Message>Request has expired</Message></Error>")
    ]
    with pytest.raises(InputError, match=r"^f: its address has expired \(HTTP 403\); search again$"):
        access.get(f"{site.url}/x.bin?X-Amz-Signature=abc", "f", access.web.deadline())


@pytest.mark.usefixtures("keys")
def test_no_message_shows_a_key_a_token_or_a_signed_address(s3, site):
    """Every way in which these requests fail, with its message."""
    said = []
    for faults in ([Fault(".", "status", -1, 403)], [Fault(".", "cut", -1)], [Fault("^/account/", "status", -1, 500)]):
        access = planetary(site)
        site.faults = faults
        with pytest.raises(InputError) as caught:
            access.get(f"{site.url}/account/box/x.bin", "the file", access.web.deadline())
        said.append(str(caught.value))
    for access, href in ((access_for(cdse(s3), "cdse"), "s3://eodata/none"),
                         (access_for(cdse("http://127.0.0.1:9"), "cdse"), "s3://eodata/x")):  # fmt: skip
        with pytest.raises(InputError) as caught:
            access.get(href, "the file", access.web.deadline())
        said.append(str(caught.value))
    for line in said:
        assert not any(secret in line for secret in (KEY, SECRET, "sig=", "Signature=", "X-Amz", "http:"))
    assert os.environ["AWS_ACCESS_KEY_ID"] == KEY
