"""Errors: one line that cannot be forged, an exit code each, and they survive a change of process."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import (
    ConfigError,
    ContractError,
    EnvironmentFault,
    InputError,
    NothingUsable,
    PipelineError,
    file_of,
    printable,
)

EVERY_KIND = [
    ConfigError("a: b"),
    InputError("a", "b"),
    NothingUsable("a: b"),
    EnvironmentFault("a: b"),
    ContractError("a: b"),
]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("ship.tif", "ship.tif"),
        ("Владивосток ß 船.tif", "Владивосток ß 船.tif"),
        ("a\nerror: forged", "a\\nerror: forged"),
        ("a\r\tb", "a\\r\\tb"),
        ("\x1b[2Jclear", "\\x1b[2Jclear"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"),
        ("right\u202eto left", "right\\u202eto left"),
        ("undecodable \udcff byte", "undecodable \\udcff byte"),
    ],
    ids=["plain", "letters", "newline", "tab", "escape", "control", "separators", "bidi", "surrogate"],
)
def test_control_characters_are_escaped_and_letters_are_kept(raw, shown):
    assert printable(raw) == shown


@given(st.text(st.characters(), max_size=200))
def test_any_text_becomes_one_printable_line_that_utf8_can_hold(text):
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert printable(shown) == shown, "escaping twice must change nothing, since messages are nested"


def test_a_very_long_name_stays_one_line_with_both_ends():
    shown = printable("begin" + "\n" * 100_000 + "end")
    assert len(shown.splitlines()) == 1
    assert shown.startswith("begin\\n")
    assert shown.endswith("\\nend")


def test_what_is_not_text_is_shown_as_text():
    assert printable(17) == "17"


def test_exit_codes_are_those_that_other_programs_rely_on():
    assert [type(e).exit_code for e in EVERY_KIND] == [2, 3, 4, 5, 2]
    assert PipelineError.exit_code == 5


@pytest.mark.parametrize(
    ("kind", "builtin"), [(ConfigError, ValueError), (ContractError, ValueError), (EnvironmentFault, OSError)]
)
def test_errors_refine_the_builtin_that_callers_expect(kind, builtin):
    assert issubclass(kind, builtin)
    assert issubclass(kind, PipelineError)


def test_an_input_error_names_its_item_and_cause():
    error = InputError("bad\nname.tif", "has no bands")
    assert str(error) == "bad\\nname.tif: has no bands"
    assert (error.item, error.cause) == ("bad\\nname.tif", "has no bands")


@pytest.mark.parametrize("error", EVERY_KIND, ids=lambda e: type(e).__name__)
def test_errors_cross_process_borders(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


class Broken:
    """An open file on a disk that fails."""

    name = "/data/broken.bin"

    def read(self):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize("how", ["a path's own read", "an open file", "a path in our hands", "an open that fails"])
def test_an_error_of_the_system_tells_its_file(tmp_path, monkeypatch, how):
    """EIO of a read or write carries no name (POSIX gives the call a descriptor only)."""
    path = tmp_path / "broken.bin"
    path.write_bytes(b"x")
    failing = Broken()

    def reading(path):
        os.read(os.open(path.parent, os.O_RDONLY), 1)  # EISDIR, of a descriptor

    calls = {
        "a path's own read": path.read_bytes,
        "an open file": lambda: failing.read(),
        "a path in our hands": lambda: reading(path),
        "an open that fails": (tmp_path / "absent" / "broken.bin").read_bytes,
    }
    if how == "a path's own read":
        monkeypatch.setattr(io, "open", lambda *_, **__: contextlib.nullcontext(Broken()))
    with pytest.raises(OSError, match=r"\w") as caught:
        calls[how]()
    assert file_of(caught.value).endswith("broken.bin")


def test_an_error_without_any_file_is_told_as_one():
    assert file_of(OSError(errno.ECONNRESET, "Connection reset")) == ""
