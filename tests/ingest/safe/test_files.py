"""Archives that must not be trusted, and those that may."""

from __future__ import annotations

import stat
import zipfile

import pytest

from pipeline.errors import InputError
from pipeline.ingest.safe.files import open_files
from pipeline.ingest.scenes import open_scene
from tests.ingest.sentinel1.safe_product import Recipe, write_safe, zipped


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
    while at >= 0:  # the flag bit of every entry of the central directory
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
