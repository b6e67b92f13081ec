"""A mapping that a section of the config refuses."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from pipeline.config import build
from pipeline.errors import ConfigError


def refused(model: type[BaseModel], data: dict, message: str) -> None:
    """Check that building the section ends with this message, in one line that can be printed."""
    with pytest.raises(ConfigError, match=message) as caught:
        build(model, data, where="x.yaml")
    assert str(caught.value).isprintable()
