"""What every section of a config has in common: it is frozen, and a key that it does not know is refused."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of a run file. Units stand at the end of a field's name; every field says what it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
