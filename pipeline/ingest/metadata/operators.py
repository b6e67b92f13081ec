"""Reads operators' metadata files beside images: Planet (JSON, XML), Airbus (DIMAP 2, 3), Maxar (IMD, XML).

Each becomes the same `Sidecar` that an analyst would write by hand. Field names follow the operators' public product
guides. What a file does not state stays unknown. View angles are needed at the ground; if only the satellite's
off-nadir angle is given, it is converted using the orbit's usual height.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pydantic import ValidationError

from pipeline.config.loading import causes_of
from pipeline.errors import InputError
from pipeline.ingest.metadata.dimap import dimap_of, read_dimap
from pipeline.ingest.metadata.maxar import imd_of, read_imd
from pipeline.ingest.metadata.operator_text import Mosaic, files_in_folder
from pipeline.ingest.metadata.planet import planet_of, read_planet
from pipeline.ingest.metadata.sidecar import Sidecar


@dataclass(frozen=True, slots=True)
class Operator:
    """How one operator's metadata are found and read.

    ``find`` takes the image and the files of its folder by their names in capitals, and gives those that describe it;
    ``read`` takes these files, the image and its number of bands, and gives fields of `Sidecar`, None for what they do
    not say. Of a file that is not what its name says, it raises ValueError, KeyError, TypeError or AttributeError.
    """

    name: str
    find: Callable[[Path, dict[str, Path]], list[Path]]
    read: Callable[[list[Path], Path, int], dict[str, Any]]


OPERATORS = (
    Operator("maxar", imd_of, read_imd),
    Operator("airbus", dimap_of, read_dimap),
    Operator("planet", planet_of, read_planet),
)  # the first that finds a file describes the image


def read_operator(image: Path, bands: int) -> Sidecar | None:
    """The metadata of an image by its operator's file beside it; None where there is none.

    ``bands`` is the number of bands in the image. Raises InputError for a file that cannot be read as what it is.
    """
    operator, paths = _operator_of(image)
    if operator is None:
        return None
    try:
        content = operator.read(paths, image, bands)
    except Mosaic as error:
        raise InputError(paths[0].name, str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, ElementTree.ParseError) as error:
        raise InputError(paths[0].name, f"is not the metadata file it looks like ({error})"[:160]) from error
    return _checked(paths[0], content)


def operator_files(image: Path) -> list[Path]:
    """The files that `read_operator` reads."""
    return _operator_of(image)[1]


def _operator_of(image: Path) -> tuple[Operator | None, list[Path]]:
    """The operator whose metadata describe an image, and the files; None and empty if there are none."""
    folder_files = files_in_folder(image)
    for operator in OPERATORS:
        if paths := operator.find(image, folder_files):
            return operator, paths
    return None, []


def _checked(path: Path, content: dict[str, Any]) -> Sidecar:
    stated = {k: v for k, v in content.items() if v is not None}
    try:
        return Sidecar.model_validate(stated)
    except ValidationError as error:
        raise InputError(path.name, causes_of(Sidecar, stated, error)) from error
