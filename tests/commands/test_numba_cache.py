"""Machine code is kept where this user can write, and where nobody else can."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import pipeline
from pipeline.commands.numba_cache import VARIABLE, set_cache_folder
from pipeline.errors import EnvironmentFault

HOUSE = Path(pipeline.__file__).parent


@pytest.fixture
def installed_by_another(monkeypatch, tmp_path):
    """The package cannot be written; the cache and the temporary folder lie in ``tmp_path``."""
    ask = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not Path(path).is_relative_to(HOUSE) and ask(path, mode))
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("CAPWATCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "tmp"))


def test_beside_the_sources_nothing_is_set(monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(os, "access", lambda *_: True)
    set_cache_folder()
    assert VARIABLE not in os.environ


@pytest.mark.usefixtures("installed_by_another")
def test_else_in_the_cache(tmp_path):
    set_cache_folder()
    assert os.environ[VARIABLE] == str(tmp_path / "cache" / "machine-code")


@pytest.mark.usefixtures("installed_by_another")
def test_else_in_a_temporary_folder_of_this_user_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("CAPWATCH_CACHE", "/dev/null/cache")
    set_cache_folder()
    found = Path(os.environ[VARIABLE])
    assert found.parent == tmp_path / "tmp"
    assert found.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("installed_by_another")
def test_a_folder_that_others_can_write_is_not_trusted(monkeypatch, tmp_path):
    monkeypatch.setenv("CAPWATCH_CACHE", "/dev/null/cache")
    other = tmp_path / "tmp" / f"capwatch-{os.getuid()}"
    other.mkdir(parents=True)
    other.chmod(0o777)
    with pytest.raises(EnvironmentFault, match=f"set {VARIABLE}"):
        set_cache_folder()
