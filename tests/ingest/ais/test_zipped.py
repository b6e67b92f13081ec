"""A zip with one AIS file is read like that file; any other is refused in one line."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

import pytest

from pipeline.ingest.ais.messages import read_ais

TABLE = b"mmsi,time_utc,lon,lat\n" + b"".join(b"1,%d,133.0,42.0\n" % (1709812800 + n) for n in range(500))


def zipped(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return path


def refusal(path):
    read = read_ais([path])
    (problem,) = read.problems
    assert not len(read.messages)
    return str(problem).partition(": ")[2]


def test_more_or_fewer_files_than_one_are_refused(tmp_path):
    path = zipped(tmp_path / "many.zip", **{"a.csv": TABLE, "b.csv": TABLE})
    assert refusal(path) == (
        "cannot be unpacked (holds 2 files; one AIS file in a zip is read: unpack it and give its folder)"
    )
    path = zipped(tmp_path / "none.zip", **{"folder/": b""})
    assert refusal(path) == "cannot be unpacked (holds 0 files; one AIS file in a zip is read)"
    path = zipped(tmp_path / "hidden.zip", **{"__MACOSX/._a.csv": b"x", ".DS_Store": b"x", "folder/": b""})
    assert refusal(path) == "cannot be unpacked (holds 2 hidden files and no other, the first '__MACOSX/._a.csv')"


@pytest.mark.parametrize("name", ["../x.csv", "a/../../x.csv", "/x.csv", "..\\x.csv", "C:\\x.csv"])
@pytest.mark.parametrize("more", [{}, {"b.csv": TABLE}], ids=["alone", "beside a file"])
def test_a_name_that_leads_out_of_the_archive_is_named(tmp_path, name, more):
    """The archive must not be said to hold no files."""
    said = refusal(zipped(tmp_path / "slip.zip", **{name: TABLE} | more))
    assert said == f"cannot be unpacked (has a member named {name!r}, which leads out of the archive)"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(gzip.compress(TABLE)), "is packed twice, with gzip inside; unpack it first"),
        (bz2.compress(TABLE), "is packed with bzip2, which is not read; unpack it first"),
        (lzma.compress(TABLE), "is packed with xz, which is not read; unpack it first"),
        (b"PK\x05\x06" + bytes(18), "is an empty zip archive"),
    ],
    ids=["gzip of gzip", "bzip2", "xz", "empty zip"],
)
def test_what_is_still_packed_is_called_so(tmp_path, content, said):
    """It must not be said to hold zero bytes, as UTF-16 does."""
    (tmp_path / "ais.csv").write_bytes(content)
    assert refusal(tmp_path / "ais.csv") == said


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = zipped(tmp_path / "bomb.zip", **{"a.csv": b"\n" * 20_000_000})
    assert path.stat().st_size < 100_000
    assert refusal(path) == "cannot be unpacked (grows over 200-fold (a bomb?))"


def test_an_encrypted_file_is_refused(tmp_path):
    """Truth: bit 0 of the general purpose flags says so (APPNOTE.TXT 4.4.4)."""
    path = zipped(tmp_path / "secret.zip", **{"a.csv": TABLE})
    raw = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + at] |= 1
    path.write_bytes(raw)
    assert refusal(path) == "cannot be unpacked (is encrypted)"


@pytest.mark.parametrize("inner", ["zip", "gzip", "text"])
def test_what_lies_in_it_is_told_by_its_content(tmp_path, inner):
    if inner == "text":
        assert refusal(zipped(tmp_path / "a.zip", **{"a.csv": b"hello\n"})).startswith("holds neither AIS sentences")
        return
    packed = io.BytesIO()
    if inner == "zip":
        with zipfile.ZipFile(packed, "w") as out:
            out.writestr("a.csv", TABLE)
        assert refusal(zipped(tmp_path / "a.zip", **{"b.zip": packed.getvalue()})).startswith("is a zip archive inside")
    else:
        assert refusal(zipped(tmp_path / "a.zip", **{"b.gz": gzip.compress(TABLE)}))


@pytest.mark.parametrize("where", [0.3, 0.6, 0.99])
def test_damage_is_told(tmp_path, where):
    """A member's checksum covers all of its bytes, so nothing unpacked from a damaged one is used."""
    path = zipped(tmp_path / "a.zip", **{"a.csv": TABLE})
    raw = bytearray(path.read_bytes())
    raw[int(where * raw.index(b"PK\x01\x02"))] ^= 0x55
    path.write_bytes(raw)
    assert any(word in refusal(path) for word in ("breaks off", "cannot be unpacked"))


def test_a_cut_archive_is_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", **{"a.csv": TABLE})
    path.write_bytes(path.read_bytes()[:-30])
    assert refusal(path).startswith("cannot be unpacked")


def test_a_spreadsheet_is_told_as_one(tmp_path):
    """It is a zip of many files, which its author does not know."""
    parts = {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}
    assert "a spreadsheet; save its sheet as CSV" in refusal(zipped(tmp_path / "ais.xlsx", **parts))
