"""What every section of a config has in common: it is frozen, and a key that it does not know is refused."""

import re
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

NULL_WORDS = ("none", "nil", "nothing", "no", "off", "n/a")  # what people write where YAML has null
HALVES = re.compile(r"[\ud800-\udfff]")  # of characters: what no UTF-8 file holds


class Section(BaseModel):
    """A part of a run file. Units stand at the end of a field's name; every field says what it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Python takes true for 1: a cap of ``barrels: true`` would be one barrel."""
        if isinstance(value, bool) and info.field_name is not None:
            kinds = _kinds(cls.model_fields[info.field_name].annotation)
            if bool not in kinds and kinds & {int, float}:
                raise ValueError("must be a number, not true or false")
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _null_is_no_word(cls, value: Any, info: ValidationInfo) -> Any:
        """``coast: none`` would be a file of that name."""
        says_nothing = isinstance(value, str) and value.strip().lower() in NULL_WORDS and info.field_name is not None
        if says_nothing and type(None) in _kinds(cls.model_fields[str(info.field_name)].annotation):
            raise ValueError("is a word here; where there is none, write null")
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _text_is_text(cls, value: Any) -> Any:
        """What no table or page can hold. Lists of files are let through: their names may be any bytes."""
        if isinstance(value, str) and (found := HALVES.search(value)):
            raise ValueError(f"holds a character that is no text ({ascii(found[0])[1:-1]})")
        return value


def _kinds(annotation: Any) -> set[Any]:
    """The types that a field takes.

    >>> _kinds(float | None) == {float, type(None)}
    True
    """
    each = get_args(annotation) if get_origin(annotation) is not Annotated else (annotation,)
    return {get_args(kind)[0] if get_origin(kind) is Annotated else kind for kind in each or (annotation,)}
