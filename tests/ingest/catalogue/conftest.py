"""Fixture of the catalogue tests: no credentials from the environment."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def nobodys_keys(monkeypatch, tmp_path):
    """Hide the keys of the person who runs the tests."""
    for name in (
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "PC_SDK_SUBSCRIPTION_KEY",
        "PC_SDK_SAS_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "NETRC"):
        monkeypatch.setenv(name, str(tmp_path / f"no-{name}"))
