"""The base of every config section: frozen, and unknown keys are refused."""

import re
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

NULL_WORDS = ("none", "nil", "nothing", "no", "off", "n/a")  # what people write where YAML has null
SURROGATES = re.compile(r"[\ud800-\udfff]")  # surrogates, halves of characters: no UTF-8 file can hold them


class Section(BaseModel):
    """A part of a run file. Units stand at the end of a field's name; every field says what it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_bool_as_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true for a number: to Python it is 1, so a cap of ``barrels: true`` would be one barrel."""
        if info.field_name is None:
            return value
        kinds = _kinds(cls.model_fields[info.field_name].annotation)
        if isinstance(value, bool) and bool not in kinds and kinds & {int, float}:
            raise ValueError("must be a number, not true or false")
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        if float in kinds and any(isinstance(v, bool) for v in inner):
            raise ValueError("must hold numbers, none of them true or false")
        return value

    @field_validator("*")
    @classmethod
    def _refuse_empty_text(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse "" where a name or a text is needed: as a file name it would be the folder that holds the file."""
        if value == "" and info.field_name is not None:
            field = cls.model_fields[info.field_name]
            if str in (kinds := _kinds(field.annotation)) and field.default != "":
                raise ValueError("is empty" + ("; where there is none, write null" if type(None) in kinds else ""))
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_word_for_null(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse words that mean null: ``coast: none`` would be a file of that name."""
        says_nothing = isinstance(value, str) and value.strip().lower() in NULL_WORDS and info.field_name is not None
        if says_nothing and type(None) in _kinds(cls.model_fields[str(info.field_name)].annotation):
            raise ValueError("is a word here; where there is none, write null")
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_surrogates(cls, value: Any) -> Any:
        """Refuse text that no table or page can hold. Lists of files are not checked: their names may be any bytes."""
        if isinstance(value, str) and (found := SURROGATES.search(value)):
            raise ValueError(f"holds a character that is no text ({ascii(found[0])[1:-1]})")
        return value


def _kinds(annotation: Any) -> set[Any]:
    """The types that a field accepts.

    >>> _kinds(float | None) == {float, type(None)}
    True
    """
    alternatives = get_args(annotation) if get_origin(annotation) is not Annotated else (annotation,)
    return {get_args(kind)[0] if get_origin(kind) is Annotated else kind for kind in alternatives or (annotation,)}
