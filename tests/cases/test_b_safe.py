"""Cases B: SAFE products, archives and manifests. What cannot be trusted is refused before it is used."""

from __future__ import annotations

import re
import resource
import stat
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.scenes import open_scene
from tests.ingest.sentinel1.safe_product import PRODUCT, Recipe, write_manifest, write_safe, zipped

case = pytest.mark.case
KINDS = {"measurement": "s1Level1MeasurementSchema"}


@pytest.fixture
def refused(capwatch, tmp_path, good, saw):
    """The product is skipped for this cause, the good one beside it is used; by a run's inputs and by the command."""

    def check(product: Path, cause: str) -> str:
        before = set(tmp_path.rglob("*"))
        used, table = open_inputs([product, good])
        assert [s.source.href for s in used] == [str(good)]
        row = table[table["href"] == str(product)].iloc[0]
        assert row["status"] == "skipped"
        assert re.search(cause, row["cause"]), row["cause"]
        done = capwatch("detect", product, good, "-o", f"{tmp_path}/out/", "--quiet")
        assert done.code == 3
        line = next(e for e in done.errors if "image skipped" in e)
        assert re.search(cause, line), line
        made = set(tmp_path.rglob("*")) - before
        assert {p.name for p in made} <= {"out", f"{good.stem}.csv"}, "nothing else is written, anywhere"
        saw(line)
        return line

    return check


@pytest.fixture
def product(tmp_path) -> Path:
    """The product that will be spoilt."""
    return write_safe(tmp_path / "in" / "bad")


@pytest.fixture
def good(tmp_path) -> Path:
    """A sound product of the same pass, in another cut, with a name of its own."""
    recipe = Recipe(data_take=7)
    recipe.product = "S1A_IW_GRDH_1SDV_20240307T092000_20240307T092025_052870_066611_BEEF"
    return write_safe(tmp_path / "in" / "good", recipe)


def relisted(root: Path) -> None:
    """A new manifest, with the checksums of what is there now."""
    names = [str(p.relative_to(root)) for p in sorted(root.rglob("*")) if p.is_file() and p.name != "manifest.safe"]
    write_manifest(root, [(n, KINDS.get(n.split("/")[0], "other")) for n in names], "2024-03-07T10:00:00")


def file_of(root: Path, pattern: str) -> Path:
    return next(p for p in sorted(root.rglob(pattern)) if p.is_file())


@case("B-01")
def test_no_manifest(refused, product):
    (product / "manifest.safe").unlink()
    refused(product, r"manifest\.safe: is missing")


@case("B-02")
def test_a_changed_measurement(refused, product):
    tiff = file_of(product, "*-vh-*.tiff")
    raw = bytearray(tiff.read_bytes())
    raw[-9] ^= 2
    tiff.write_bytes(raw)
    refused(product, r"-vh-.*MD5 differs from manifest\.safe")


@case("B-03")
def test_a_listed_file_is_absent(refused, product):
    file_of(product, "*-vv-*.tiff").unlink()
    refused(product, r"-vv-.*is listed in manifest\.safe, but missing")


@case("B-04")
@pytest.mark.parametrize(
    ("pattern", "field", "value", "said"),
    [
        ("s1a-*-vv-*.xml", "azimuthTimeInterval", "1e300", "azimuthTimeInterval is 1e.300, which no instrument has"),
        ("s1a-*-vv-*.xml", "azimuthTimeInterval", "0", "azimuthTimeInterval is 0, which"),
        ("s1a-*-vv-*.xml", "azimuthTimeInterval", "-0.0015", "azimuthTimeInterval is -0.0015, which"),
        ("s1a-*-vv-*.xml", "radarFrequency", "0", "radarFrequency is 0, which"),
        ("s1a-*-vv-*.xml", "prf", "0", "prf is 0, which"),
        ("s1a-*-vv-*.xml", "prf", "1.7", "prf is 1.7 Hz, which"),
        ("s1a-*-vv-*.xml", "radarFrequency", "5.405", "radarFrequency is 5.405e-09 GHz, which"),
        ("s1a-*-vv-*.xml", "incidenceAngle", "0", "incidenceAngle is 0 degrees, which"),
        ("s1a-*-vh-*.xml", "incidenceAngle", "91", "incidenceAngle is 91 degrees, which"),
        ("s1a-*-vv-*.xml", "slantRangeTime", "0", "slantRangeTime is 0 ms, which"),
        ("s1a-*-vv-*.xml", "slantRangeTime", "5.3", "slantRangeTime is 5300 ms, which"),
        ("s1a-*-vv-*.xml", "height", "-32768", "height is -32768 m, which"),
        ("s1a-*-vv-*.xml", "pass", "Sideways", "pass is 'sideways', which is neither"),
        ("s1a-*-vv-*.xml", "pass", "Ascending", "pass is ascending, but platformHeading 192 says otherwise"),
        ("s1a-*-vv-*.xml", "platformHeading", "12", "pass is descending, but platformHeading 12 says otherwise"),
        ("s1a-*-vv-*.xml", "azimuthPixelSpacing", "0", "azimuthPixelSpacing is 0 m, which"),
        ("s1a-*-vv-*.xml", "rangePixelSpacing", "-10", "rangePixelSpacing is -10 m, which"),
        ("s1a-*-vv-*.xml", "azimuthTimeInterval", "0.015", "azimuthTimeInterval is 666.667 m/s, which"),
        (
            "s1a-*-vv-*.xml",
            "productFirstLineUtcTime",
            "2024-03-08T09:20:00",
            "its lines 0.1 s from 2024-03-08T09:20:00",
        ),
        ("s1a-*-vv-*.xml", "stopTime", "2024-03-07T09:10:00", "startTime and stopTime span -600.0 s"),
        (
            "s1a-*-vv-*.xml",
            "azimuthTime",
            "2024-03-07T10:20:00",
            "azimuthTime of its geolocation grid lies 3600 s from",
        ),
    ],
)
def test_numbers_that_no_instrument_has(refused, product, pattern, field, value, said):
    """An interval of 1e300 s and a frequency of 0 ended the run with tracebacks; the others were used."""
    path = file_of(product / "annotation", pattern)
    text, hits = re.subn(rf"<{field}>[^<]+", f"<{field}>{value}", path.read_text())
    assert hits
    path.write_text(text)
    relisted(product)
    refused(product, said)


@case("B-10")
@pytest.mark.parametrize(
    ("noise", "said"),
    [
        ("-100", "has negative noise"),
        ("1e300", "holds a number that is not finite, or beyond what pixels can hold"),
    ],
)
def test_noise_that_none_can_be(refused, product, noise, said):
    """Where it was negative it was taken off, and made the sea brighter."""
    path = file_of(product / "annotation", "noise-s1a-*-vv-*.xml")
    text, hits = re.subn(r'(<noise(?:Range)?Lut count="\d+">)\S+', rf"\g<1>{noise}", path.read_text())
    assert hits
    path.write_text(text)
    relisted(product)
    refused(product, said)


@case("B-04")
def test_one_point_of_the_grid_far_off(refused, product):
    """Positions around it were silently wrong by its error."""
    path = file_of(product / "annotation", "s1a-*-vv-*.xml")
    path.write_text(path.read_text().replace("<longitude>133.0</longitude>", "<longitude>131.0</longitude>", 1))
    relisted(product)
    refused(product, "its geolocation grid contradicts itself: 1 of 20 ground control points lies far from")


@case("B-04")
@pytest.mark.parametrize("kind", ["broken", "bomb"])
def test_hostile_xml(refused, product, kind):
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    text = {
        "broken": "<product><adsHeader></product>",
        "bomb": f'<!DOCTYPE p [<!ENTITY e0 "lol">{entities}]><product>&e9;</product>',
    }[kind]
    file_of(product / "annotation", "s1a-*-vv-*.xml").write_text(text)
    relisted(product)
    peak, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    _, table = open_inputs([product])
    assert time.process_time() - start < 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 200_000
    assert table["status"].iloc[0] == "skipped"
    refused(product, "is no well-formed XML" if kind == "broken" else "declares a DOCTYPE or entities")


def archive_with(path: Path, product: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    zipped(product, path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as out:
        for name, content in members:
            out.writestr(name, content)
    return path


@case("B-05")
@pytest.mark.parametrize("name", ["../../evil.txt", "/abs.txt", "a/../../b", "..\\c", "C:/d"])
def test_names_that_lead_out_of_the_archive(refused, product, tmp_path, name):
    refused(archive_with(tmp_path / "in" / "slip.zip", product, (name, b"x")), "has a member named")


@case("B-05")
def test_a_link_in_the_archive(refused, product, tmp_path):
    link = zipfile.ZipInfo(f"{PRODUCT}.SAFE/support")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(archive_with(tmp_path / "in" / "link.zip", product, (link, b"/etc/passwd")), "has a link as member")


@case("B-06")
def test_a_bomb(refused, product, tmp_path):
    member = (f"{PRODUCT}.SAFE/measurement/big.tiff", bytes(20_000_000))
    refused(archive_with(tmp_path / "in" / "bomb.zip", product, member), "grows over 200-fold")


@case("B-07")
def test_a_name_twice(refused, product, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive_with(tmp_path / "in" / "twice.zip", product, (f"{PRODUCT}.SAFE/manifest.safe", b"<a/>"))
    refused(path, "has two members named")


@case("B-08")
@pytest.mark.parametrize("kind", ["truncated", "encrypted"])
def test_an_archive_that_is_not_whole_or_closed(refused, product, tmp_path, kind):
    path = zipped(product, tmp_path / "in" / f"{kind}.zip")
    raw = bytearray(path.read_bytes())
    if kind == "truncated":
        raw = raw[: len(raw) // 2]
    else:
        at = raw.rfind(b"PK\x01\x02")
        while at >= 0:
            raw[at + 8] |= 1
            at = raw.rfind(b"PK\x01\x02", 0, at)
    path.write_bytes(raw)
    refused(path, "is no whole zip" if kind == "truncated" else "is encrypted")


@case("B-09")
@pytest.mark.parametrize(
    ("was", "says"),
    [("S1A_IW", "S1B_IW"), ("20240307T092000_20240307T092025", "20240308T092000_20240308T092025"), ("1SDV", "1SDH")],
    ids=["mission", "time", "polarisation"],
)
def test_a_name_that_says_otherwise(refused, product, was, says):
    renamed = product.rename(product.with_name(product.name.replace(was, says)))
    refused(renamed, "its name says")


@case("B-10")
@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_no_calibration(refused, product, kind):
    path = file_of(product / "annotation" / "calibration", "calibration-*-vv-*.xml")
    if kind == "missing":
        path.unlink()
    else:
        path.write_text('<calibration><calibrationVectorList count="0"></calibrationVectorList></calibration>')
    relisted(product)
    refused(product, "is missing" if kind == "missing" else "has no calibration vectors")


@case("B-11")
@pytest.mark.parametrize("orbit", [0, -5])
def test_an_impossible_orbit(product, saw, orbit):
    for path in (product / "annotation").glob("*.xml"):
        path.write_text(path.read_text().replace("<absoluteOrbitNumber>52870", f"<absoluteOrbitNumber>{orbit}"))
    relisted(product)
    used, table = open_inputs([product])
    assert table["status"].iloc[0] == "degraded"
    assert f"orbit number {orbit} is impossible" in table["cause"].iloc[0]
    assert used[0].radar.relative_orbit is None
    saw(f"degraded: {table['cause'].iloc[0]}")


@case("B-12")
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_download_under_way(product, good, tmp_path, saw, kind):
    part = tmp_path / "in" / f"{PRODUCT}.SAFE.zip.part"
    if kind == "file":
        part.write_bytes(b"PK\x03\x04")
    else:
        product.rename(part)
    used, table = open_inputs([tmp_path / "in"])
    assert [s.source.href for s in used][-1:] == [str(good)]
    row = table[table["scene_id"] == part.name].iloc[0]
    assert (row["status"], row["cause"]) == ("skipped", "is a download under way")
    saw(f"skipped: {row['cause']}")


@case("B-02")
def test_a_sound_product_is_verified_and_a_silent_one_says_so(product):
    assert open_scene(product).source.verified
    manifest = product / "manifest.safe"
    manifest.write_text(re.sub(r"<checksum.*?</checksum>", "", manifest.read_text()))
    scene = open_scene(product)
    assert not scene.source.verified
    assert any("no checksum of the measurements: unverified" in d for d in scene.degraded)
    assert np.isfinite(scene.pixel_spacing_m).all()
