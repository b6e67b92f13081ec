"""Writes a config as YAML with every default filled in; reading it back gives the same config."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Any

from pydantic import BaseModel

from pipeline.config.run import RunConfig

RARE_BREAKS = "\x85\u2028\u2029"  # next line, line separator, paragraph separator


def config_yaml(config: RunConfig) -> str:
    """A run file, without the engine section, which does not affect results."""
    return as_yaml(config, without={"engine"})


def as_yaml(config: BaseModel, *, without: Collection[str] = ()) -> str:
    """A config as YAML, except some sections, its keys in the order of its fields."""
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    class Escaping(SafeRepresenter):
        """Escapes rare line breaks within a text: between single quotes they would read back as a blank."""

        def represent_text(self, value: str) -> Any:
            style = '"' if any(c in value for c in RARE_BREAKS) else None
            return self.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Escaping.add_representer(str, Escaping.represent_text)
    text = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.Representer = Escaping
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False
    writer.dump(config.model_dump(mode="json", exclude=set(without)), text)
    return text.getvalue()
