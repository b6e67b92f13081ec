"""Check that a section of the config refuses a mapping."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from pipeline.config import build
from pipeline.errors import ConfigError


def refused(model: type[BaseModel], data: dict, message: str) -> None:
    """Check that validation fails with this message, in one printable line."""
    with pytest.raises(ConfigError, match=message) as caught:
        build(model, data, where="x.yaml")
    assert str(caught.value).isprintable()
