"""Config to YAML, with every default filled in: what is written reads back as itself."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Any

from pydantic import BaseModel

from pipeline.config.run import RunConfig

RARE_BREAKS = "\x85\u2028\u2029"  # next line, line separator, paragraph separator


def config_yaml(config: RunConfig) -> str:
    """A run file; where it runs (engine) is no part of the question."""
    return as_yaml(config, without={"engine"})


def as_yaml(config: BaseModel, *, without: Collection[str] = ()) -> str:
    """A config, some sections aside, its keys in the order of its fields."""
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    class Escaping(SafeRepresenter):
        """Rare line breaks within a text are escaped: between single quotes they read back as a blank."""

        def written(self, told: str) -> Any:
            style = '"' if any(c in told for c in RARE_BREAKS) else None
            return self.represent_scalar("tag:yaml.org,2002:str", told, style=style)

    Escaping.add_representer(str, Escaping.written)
    text = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.Representer = Escaping
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False
    writer.dump(config.model_dump(mode="json", exclude=set(without)), text)
    return text.getvalue()
