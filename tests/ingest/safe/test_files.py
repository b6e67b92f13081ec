"""Archives that must not be trusted, and those that may."""

from __future__ import annotations

import stat
import zipfile

import pytest

from pipeline.errors import InputError
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.safe.files import open_files
from pipeline.ingest.scenes import open_scene
from tests.ingest.sentinel1.safe_product import Recipe, write_safe, zipped
from tests.ingest.sentinel2.safe_product import write_safe as write_sentinel2
from tests.ingest.sentinel2.safe_product import zipped as zip_of


def archive(path, *members: tuple[str, bytes]):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("P.SAFE/manifest.safe", "<a/>")
        for name, content in members:
            out.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "/abs.txt", "P.SAFE/../../x", "..\\x", "C:/x", "P.SAFE/{a}.tiff", "P.SAFE/a\nb"]
)
def test_names_that_leave_the_archive_or_are_not_plain_are_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"evil.zip: has a member"):
        open_files(archive(tmp_path / "evil.zip", (name, b"x")))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["evil.zip"]


def test_a_bomb_is_refused_before_it_is_opened(tmp_path):
    with pytest.raises(InputError, match="200-fold"):
        open_files(archive(tmp_path / "bomb.zip", ("P.SAFE/measurement/a.tiff", b"\0" * 5_000_000)))


def test_two_members_of_one_name_are_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive(tmp_path / "twice.zip", ("P.SAFE/manifest.safe", b"<b/>"))
    with pytest.raises(InputError, match="two members named"):
        open_files(path)


def test_links_in_an_archive_are_refused(tmp_path):
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("P.SAFE/manifest.safe", "<a/>")
        link = zipfile.ZipInfo("P.SAFE/measurement")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="link"):
        open_files(path)


def test_encrypted_and_truncated_archives_are_refused(tmp_path):
    whole = zipped(write_safe(tmp_path), tmp_path / "whole.zip").read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"cut.zip: is no whole zip"):
        open_files(cut)
    locked = bytearray(whole)
    at = locked.rfind(b"PK\x01\x02")
    while at >= 0:  # set the flag bit of every entry of the central directory
        locked[at + 8] |= 1
        at = locked.rfind(b"PK\x01\x02", 0, at)
    (tmp_path / "locked.zip").write_bytes(locked)
    with pytest.raises(InputError, match="encrypted"):
        open_files(tmp_path / "locked.zip")


def test_a_damaged_member_is_an_error_not_a_crash(tmp_path):
    raw = bytearray(zipped(write_safe(tmp_path), tmp_path / "whole.zip").read_bytes())
    for at in range(len(raw) // 3, len(raw) // 3 + 60):
        raw[at] ^= 0xFF
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(raw)
    with pytest.raises(InputError, match=r"damaged.zip|S1A_IW"):
        open_scene(damaged)


@pytest.mark.parametrize("place", ["header", "content"])
@pytest.mark.parametrize("product", ["sentinel1", "sentinel2"])
def test_whichever_member_is_damaged_the_image_is_refused_and_no_other(tmp_path, product, place):
    """Also the member that describes the others: its damage must not end a run."""
    if product == "sentinel1":
        whole = zipped(write_safe(tmp_path / "whole"), tmp_path / "whole.zip")
    else:
        whole = zip_of(write_sentinel2(tmp_path / "whole"))
    with zipfile.ZipFile(whole) as opened:
        members = [m for m in opened.infolist() if m.filename.endswith((".safe", "L2A.xml", "TL.xml", "B08_10m.jp2"))]
    for member in members:
        raw = bytearray(whole.read_bytes())
        at = member.header_offset
        if place == "content":
            at += 30 + len(member.filename) + member.compress_size // 2
        for n in range(at, at + 4):
            raw[n] ^= 0x55
        damaged = tmp_path / "damaged.zip"
        damaged.write_bytes(raw)
        with pytest.raises(InputError, match=rf"{member.filename.rpartition('/')[2]}: cannot be read"):
            open_scene(damaged)
    used, table = open_inputs([whole, damaged])
    assert sorted(table["status"]) == ["skipped", "used"]
    assert len(used) == 1


def test_a_way_of_packing_that_is_not_read_is_told(tmp_path):
    """Windows compresses members of more than 2 GB by deflate64, method 9 (PKWARE, APPNOTE.TXT, 4.4.5)."""
    raw = bytearray(zipped(write_safe(tmp_path), tmp_path / "whole.zip").read_bytes())
    for signature, method_at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = raw.find(signature)
        while at >= 0:
            raw[at + method_at] = 9
            at = raw.find(signature, at + 1)
    packed = tmp_path / "packed by Windows.zip"
    packed.write_bytes(raw)
    with pytest.raises(InputError, match="another way than by deflate; unpack it and give its folder"):
        open_scene(packed)


def test_a_file_that_may_not_be_read_is_named(tmp_path):
    files = open_files(write_safe(tmp_path))
    (files.path / "manifest.safe").unlink()  # as if it were removed meanwhile
    with pytest.raises(InputError, match=r"manifest.safe: cannot be read"):
        files.text("manifest.safe")


@pytest.mark.parametrize("other", ["manifest.safe", "MTD_MSIL1C.xml", "MTD_MSIL2A.xml"])
def test_of_two_products_in_one_archive_none_is_left_out_in_silence(tmp_path, other):
    with pytest.raises(InputError, match="holds 2 products; unpack it and give its folder"):
        open_files(archive(tmp_path / "two.zip", (f"Q.SAFE/{other}", b"<a/>")))


def test_an_archive_without_a_product_says_so(tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("a.txt", "x")
    with pytest.raises(InputError, match=r"holds no product \(no manifest.safe\); unpack it"):
        open_scene(path)


def test_a_link_out_of_a_product_folder_is_refused(tmp_path):
    root = write_safe(tmp_path, Recipe())
    (tmp_path / "secret.txt").write_text("secret")
    (root / "support.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(InputError, match="link that leads out"):
        open_scene(root)


def test_a_link_to_itself_is_no_file_of_a_product(tmp_path):
    (tmp_path / "X.SAFE").mkdir()
    (tmp_path / "X.SAFE" / "loop.xml").symlink_to("loop.xml")
    assert open_files(tmp_path / "X.SAFE").sizes == {}


@pytest.mark.parametrize("name", [".DS_Store", "measurement/Thumbs.db", "preview/__MACOSX/x", "._manifest.safe"])
def test_what_a_system_leaves_in_a_product_is_no_part_of_it(tmp_path, name):
    """Opening an unpacked product on a Mac must not make it differ from its zip: the look would be lost."""
    root = write_safe(tmp_path / "unpacked")
    archive = zipped(root, tmp_path / "delivered.zip")
    (root / name).parent.mkdir(exist_ok=True, parents=True)
    (root / name).write_bytes(b"left behind")
    assert open_files(root).sizes == open_files(archive).sizes == open_files(zipped(root, tmp_path / "b.zip")).sizes
    used, table = open_inputs([root, archive])
    assert len(used) == 1
    assert sorted(table["status"]) == ["duplicate_of", "used"]


def test_a_mac_s_note_on_a_band_is_not_the_band(tmp_path):
    """On a foreign disk macOS puts a file named after each one beside it, for what that disk cannot store."""
    root = write_sentinel2(tmp_path)
    before = open_scene(root)
    for band in list(root.rglob("*.jp2")):
        band.with_name(f"._{band.name}").write_bytes(b"\0\5\x16\7")
    after = open_scene(root)
    assert (after.bands, after.source.sha256) == (before.bands, before.source.sha256)
