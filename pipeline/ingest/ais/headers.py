"""Reads a table's header, and finds damage in it: a column whose name is nearly a known one is probably that one."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from pipeline.ingest.ais.dialects import Layout
from pipeline.ingest.ais.likely_columns import FIELDS_WARNED_ABOUT, columns_option, likely_columns
from pipeline.ingest.ais.lines import decode_text
from pipeline.ingest.ais.names import ALIASES, KNOWN, plain_name, words_of_name
from pipeline.ingest.ais.split_times import DAY_FIELD
from pipeline.tables.delimited import MOST_TITLE_LINES, SEPARATORS

PAIRS = (("lon", "lat"), ("a", "b"), ("c", "d"))
"""Fields of which none says anything without the other."""

MOTION = ("sog", "cog", "heading", "nav")
"""What a ship sends with her position, and never without."""

GEOMETRY_NAMES = ("geometry", "geom", "wkt", "wkb", "the_geom", "point", "position", "pos", "coordinates", "location")
"""Names of columns that hold both coordinates in one, as map programs write them; in the form of ``ALIASES``."""

AMBIGUOUS_NAMES = {
    "speed": ("sog", "some send tenths of a knot under that name: if it is knots"),
    "type": ("ship_type", "some send the number of the message under that name: if it is the type of ship"),
}
"""Names that mean one thing here and another there, which nobody can tell from the name."""

OTHER_UNITS = {"metres": "ft feet dm cm", "knots": "km kmh kph mph mps ms m_s"}
"""The unit that is read, and words of a name that say another one: of a speed for knots, else of a size."""

UNRELATED_NAMES = {"source", "state", "loading"}
"""Providers' own words, two slips away from course, status and heading."""

LETTERS_PER_TYPO = 3
"""Letters of a known name for each slip in it (our choice): fewer would make foreign words ours."""

_SEP_LINE = re.compile(rb"\s*sep=(.)\s*")  # a spreadsheet's own first line


def cut_at_header(data: bytes, named: Collection[str]) -> tuple[int, bytes, bytes]:
    """The number of blank lines and comments before the header, the header, and what follows it.

    A header may begin with ``#``, as in DMA's files, if it has a column for the MMSI or one that the user named. A
    spreadsheet's own ``sep=;`` counts as a comment.
    """
    before, rest = 0, data
    while True:
        line, _, after = rest.partition(b"\n")
        comment = _SEP_LINE.fullmatch(line) or (line.startswith(b"#") and _is_comment(line, named))
        if not after or (line.strip() and not comment):
            return before, line, after
        before, rest = before + 1, after


def split_header(line: bytes) -> tuple[list[str], str]:
    """The names in a header and their separator: the one that gives the most columns, commas if tied.

    Raises csv.Error.

    >>> split_header(b'MMSI;LON;LAT;"NAME, FLAG"')
    (['MMSI', 'LON', 'LAT', 'NAME, FLAG'], ';')
    """
    text = decode_text(line.rstrip(b"\r"))
    split = [(next(csv.reader([text], delimiter=mark), []), mark) for mark in SEPARATORS]
    return max(split, key=lambda found: len(found[0]))


def find_header_line(lines: bytes) -> int:
    r"""Which of the first twenty lines looks like the header, from 1; 0 if none does.

    >>> find_header_line(b"All times UTC,,\n\nMMSI,Latitude,Longitude\n")
    3
    """
    for number, line in enumerate(lines.split(b"\n")[:MOST_TITLE_LINES], 1):
        with suppress(csv.Error):
            if sum(plain_name(name) in KNOWN for name in split_header(line)[0]) > 1:
                return number
    return 0


def header_below_message(line: int) -> str:
    """The message about a table whose header is not on its first line."""
    return f"its header seems to stand in line {line}; take out the lines above it"


def _is_comment(line: bytes, named: Collection[str]) -> bool:
    names = {name.strip() for name in re.split(r"[,;\t|]", decode_text(line))}
    return not names & set(named) and not {plain_name(name) for name in names} & set(ALIASES["mmsi"])


def header_doubts(layout: Layout) -> list[str]:
    """Warnings about columns left out although a known name may have been meant, and about repeated names.

    Genuine extra columns are not reported: a name counts as damaged only if the field that it resembles has no other
    column.
    """
    used = set(layout.index.values())
    unused = [(n, name) for n, name in enumerate(layout.header) if n not in used]
    # A column of days is not missed: few tables need one
    missing = [field for field in ALIASES if field not in {DAY_FIELD, *layout.index}]
    doubts = [_separator_warning(layout)] if layout.separator != "," else []
    probable = _probable_columns([name for _, name in unused], missing, layout)
    units = {name: "knots" if field == "sog" else "metres" for field, name in probable.items()}
    foreign = {n: u for n, u in units.items() if any(f"_{w}_" in f"_{plain_name(n)}_" for w in OTHER_UNITS[u].split())}
    doubts += [f"column {name!r} was left out: write it in {unit}" for name, unit in foreign.items()]
    in_known_units = {field: name for field, name in probable.items() if name not in foreign}
    doubts += [_left_out_message(in_known_units)] if in_known_units else []
    for _, name in unused:
        meant, why = _ambiguous_meaning(name)
        if meant in missing:
            doubts.append(f"column {name!r} was left out, as {why}, name it with {columns_option({meant: name})}")
        elif name not in probable.values() and not name.isprintable():
            doubts.append(f"column {name!r} was left out: its name is no text")
    doubts += _position_warnings(layout, [name for _, name in unused], probable)
    read = {plain_name(layout.header[n]) for n in layout.index.values()}
    doubts += [f"column {name!r} appears twice; the first is read" for _, name in unused if plain_name(name) in read]
    for first, second in PAIRS:
        for present, absent in ((first, second), (second, first)):
            if present in layout.index and absent in missing and absent not in probable:
                doubts.append(f"it has a column for {present} and none for {absent}")
    return doubts


def _probable_columns(unused: Sequence[str], missing: Collection[str], layout: Layout) -> dict[str, str]:
    """Our fields, each with the column probably meant: its name with words before it, else its name with a typo."""
    longer = likely_columns(unused, _fields_to_look_for(layout, missing))
    rest = [field for field in missing if field not in longer]
    typos = {n: field for n in unused if n not in longer.values() and (field := _field_with_typo(n, rest)) is not None}
    return longer | {field: name for name, field in reversed(typos.items())}


def _left_out_message(probable: Mapping[str, str]) -> str:
    """The message that columns are left out, with the option that names them all."""
    if len(probable) == 1:
        ((field, name),) = probable.items()
        return f"column {name!r} was left out: if it is {field}, name it with {columns_option(probable)}"
    names = " and ".join(repr(name) for name in probable.values())
    fields = " and ".join(probable)
    return f"columns {names} were left out: if they are {fields}, name them with {columns_option(probable)}"


def _ambiguous_meaning(name: str) -> tuple[str, str]:
    """For an ambiguous name, nested or not, its field and the other meaning; empty for any other."""
    words = words_of_name(re.split(r"[./:]", name)[-1])
    return AMBIGUOUS_NAMES.get(words, ("", ""))


def _fields_to_look_for(layout: Layout, missing: Collection[str]) -> list[str]:
    """Missing fields to look for in longer names: not those of hull size if length or its parts are present."""
    present = set(layout.index)
    length_fields = {"a", "b", "length_m"} if {"a", "b"} <= present or "length_m" in present else set()
    beam_fields = {"c", "d", "beam_m"} if {"c", "d"} <= present or "beam_m" in present else set()
    return [field for field in FIELDS_WARNED_ABOUT if field in missing and field not in length_fields | beam_fields]


def _position_warnings(layout: Layout, unused: Sequence[str], probable: Collection[str]) -> list[str]:
    """A warning if a table with ships' motion has no position columns; one with names and sizes needs none."""
    if {"lon", "lat"} & {*layout.index, *probable}:
        return []
    if (geometry := next((name for name in unused if plain_name(name) in GEOMETRY_NAMES), None)) is not None:
        return [f"column {geometry!r} was left out, so no position is read: write lon and lat as columns of numbers"]
    if set(MOTION) & set(layout.index):
        return ["it has no columns for lon and lat, so no position is read; name them with capwatch ais --columns"]
    return []


def _separator_warning(layout: Layout) -> str:
    """A warning about another separator: commas in numbers are then read as decimal, which may be wrong."""
    shown = ", ".join(layout.name_of(field) for field in ("mmsi", "time_utc", "lat", "lon") if field in layout.index)
    between = SEPARATORS[layout.separator]
    return f"columns {shown} and the others stand between {between}, not commas: read so, decimal commas too"


def _field_with_typo(name: str, missing: Collection[str]) -> str | None:
    """The missing field whose name this one is, apart from a typo."""
    plain = plain_name(name)
    if plain in KNOWN or plain in UNRELATED_NAMES:
        return None
    near = [
        (distance, field)
        for field in missing
        for alias in ALIASES[field]
        if (distance := _edit_distance(plain, alias)) <= len(alias) // LETTERS_PER_TYPO or _is_overwritten(plain, alias)
    ]
    return min(near)[1] if near else None


def _is_overwritten(name: str, alias: str) -> bool:
    """Is most of a word intact, at its start and end, around overwritten characters?

    >>> _is_overwritten("dra181t", "draught"), _is_overwritten("dra_t", "draught"), _is_overwritten("b1", "beam")
    (True, False, False)
    """
    start = _common_prefix_length(name, alias)
    end = min(_common_prefix_length(name[::-1], alias[::-1]), len(alias) - start)
    strange = name[start : len(name) - end]
    return start > 0 and end > 0 and 2 * (start + end) > len(alias) and any(c.isdigit() for c in strange)


def _common_prefix_length(first: str, second: str) -> int:
    """Length of the common prefix of two words."""
    return next(
        (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )


def _edit_distance(first: str, second: str) -> int:
    """Edit distance of two words (V. I. Levenshtein, 1966).

    >>> _edit_distance("headng", "heading"), _edit_distance("soc", "sog"), _edit_distance("", "lat")
    (1, 1, 3)
    """
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        before, row[0] = row[0], i
        for j, wanted in enumerate(second, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != wanted))
    return row[-1]
