"""Reads a table's header, and finds damage in it: a column whose name is nearly a known one is probably that one."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from pipeline.ingest.ais.dialects import Layout
from pipeline.ingest.ais.likely import TOLD, likely, option
from pipeline.ingest.ais.lines import decoded
from pipeline.ingest.ais.names import ALIASES, KNOWN, plain, words_of_name
from pipeline.ingest.ais.split_times import DAY
from pipeline.tables.delimited import MOST_TITLE_LINES, SEPARATORS

PAIRS = (("lon", "lat"), ("a", "b"), ("c", "d"))
"""Fields of which none says anything without the other."""

MOTION = ("sog", "cog", "heading", "nav")
"""What a ship sends with her position, and never without."""

SHAPES = ("geometry", "geom", "wkt", "wkb", "the_geom", "point", "position", "pos", "coordinates", "location")
"""Names of columns that hold both coordinates in one, as map programs write them; in the form of ``ALIASES``."""

OPEN = {
    "speed": ("sog", "some send tenths of a knot under that name: if it is knots"),
    "type": ("ship_type", "some send the number of the message under that name: if it is the type of ship"),
}
"""Names that mean one thing here and another there, which nobody can tell from the name."""

OTHER_UNITS = {"metres": "ft feet dm cm", "knots": "km kmh kph mph mps ms m_s"}
"""The unit that is read, and words of a name that say another one: of a speed for knots, else of a size."""

OTHERS = {"source", "state", "loading"}
"""Providers' own words, two slips away from course, status and heading."""

LETTERS_A_SLIP = 3
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
    text = decoded(line.rstrip(b"\r"))
    split = [(next(csv.reader([text], delimiter=mark), []), mark) for mark in SEPARATORS]
    return max(split, key=lambda found: len(found[0]))


def header_among(lines: bytes) -> int:
    r"""Which of the first twenty lines looks like the header, from 1; 0 if none does.

    >>> header_among(b"All times UTC,,\n\nMMSI,Latitude,Longitude\n")
    3
    """
    for number, line in enumerate(lines.split(b"\n")[:MOST_TITLE_LINES], 1):
        with suppress(csv.Error):
            if sum(plain(name) in KNOWN for name in split_header(line)[0]) > 1:
                return number
    return 0


def told_above(line: int) -> str:
    """The message about a table whose header is not on its first line."""
    return f"its header seems to stand in line {line}; take out the lines above it"


def _is_comment(line: bytes, named: Collection[str]) -> bool:
    names = {name.strip() for name in re.split(r"[,;\t|]", decoded(line))}
    return not names & set(named) and not {plain(name) for name in names} & set(ALIASES["mmsi"])


def header_doubts(layout: Layout) -> list[str]:
    """Warnings about columns left out although a known name may have been meant, and about repeated names.

    Genuine extra columns are not reported: a name counts as damaged only if the field that it resembles has no other
    column.
    """
    used = set(layout.index.values())
    spare = [(n, name) for n, name in enumerate(layout.header) if n not in used]
    missing = [field for field in ALIASES if field not in {DAY, *layout.index}]  # few tables need a column of days
    doubts = [_other_separator(layout)] if layout.separator != "," else []
    near = _near_names([name for _, name in spare], missing, layout)
    units = {name: "knots" if field == "sog" else "metres" for field, name in near.items()}
    foreign = {n: u for n, u in units.items() if any(f"_{w}_" in f"_{plain(n)}_" for w in OTHER_UNITS[u].split())}
    doubts += [f"column {name!r} was left out: write it in {unit}" for name, unit in foreign.items()]
    as_ours = {field: name for field, name in near.items() if name not in foreign}
    doubts += [_left_out(as_ours)] if as_ours else []
    for _, name in spare:
        meant, why = _open(name)
        if meant in missing:
            doubts.append(f"column {name!r} was left out, as {why}, name it with {option({meant: name})}")
        elif name not in near.values() and not name.isprintable():
            doubts.append(f"column {name!r} was left out: its name is no text")
    doubts += _no_place(layout, [name for _, name in spare], near)
    read = {plain(layout.header[n]) for n in layout.index.values()}
    doubts += [f"column {name!r} appears twice; the first is read" for _, name in spare if plain(name) in read]
    for one, other in PAIRS:
        for here, gone in ((one, other), (other, one)):
            if here in layout.index and gone in missing and gone not in near:
                doubts.append(f"it has a column for {here} and none for {gone}")
    return doubts


def _near_names(spare: Sequence[str], missing: Collection[str], layout: Layout) -> dict[str, str]:
    """Our fields, each with the column probably meant: its name with words before it, else its name with a typo."""
    longer = likely(spare, _untold(layout, missing))
    rest = [field for field in missing if field not in longer]
    slips = {n: field for n in spare if n not in longer.values() and (field := _resembled(n, rest)) is not None}
    return longer | {field: name for name, field in reversed(slips.items())}


def _left_out(near: Mapping[str, str]) -> str:
    """The message that columns are left out, with the option that names them all."""
    if len(near) == 1:
        ((field, name),) = near.items()
        return f"column {name!r} was left out: if it is {field}, name it with {option(near)}"
    names = " and ".join(repr(name) for name in near.values())
    return f"columns {names} were left out: if they are {' and '.join(near)}, name them with {option(near)}"


def _open(name: str) -> tuple[str, str]:
    """For an ambiguous name, nested or not, its field and the other meaning; empty for any other."""
    words = words_of_name(re.split(r"[./:]", name)[-1])
    return OPEN.get(words, ("", ""))


def _untold(layout: Layout, missing: Collection[str]) -> list[str]:
    """Missing fields to look for in longer names: not those of hull size if length or its parts are present."""
    has = set(layout.index)
    sized = {"a", "b", "length_m"} if {"a", "b"} <= has or "length_m" in has else set()
    wide = {"c", "d", "beam_m"} if {"c", "d"} <= has or "beam_m" in has else set()
    return [field for field in TOLD if field in missing and field not in sized | wide]


def _no_place(layout: Layout, spare: Sequence[str], near: Collection[str]) -> list[str]:
    """A warning if a table with ships' motion has no position columns; one with names and sizes needs none."""
    if {"lon", "lat"} & {*layout.index, *near}:
        return []
    if (shape := next((name for name in spare if plain(name) in SHAPES), None)) is not None:
        return [f"column {shape!r} was left out, so no position is read: write lon and lat as columns of numbers"]
    if set(MOTION) & set(layout.index):
        return ["it has no columns for lon and lat, so no position is read; name them with capwatch ais --columns"]
    return []


def _other_separator(layout: Layout) -> str:
    """A warning about another separator: commas in numbers are then read as decimal, which may be wrong."""
    shown = ", ".join(layout.name_of(field) for field in ("mmsi", "time_utc", "lat", "lon") if field in layout.index)
    between = SEPARATORS[layout.separator]
    return f"columns {shown} and the others stand between {between}, not commas: read so, decimal commas too"


def _resembled(name: str, missing: Collection[str]) -> str | None:
    """The missing field whose name this one is, apart from a typo."""
    said = plain(name)
    if said in KNOWN or said in OTHERS:
        return None
    near = [
        (slips, field)
        for field in missing
        for alias in ALIASES[field]
        if (slips := _slips(said, alias)) <= len(alias) // LETTERS_A_SLIP or _overwritten(said, alias)
    ]
    return min(near)[1] if near else None


def _overwritten(said: str, alias: str) -> bool:
    """Is most of a word intact, at its start and end, around overwritten characters?

    >>> _overwritten("dra181t", "draught"), _overwritten("dra_t", "draught"), _overwritten("b1", "beam")
    (True, False, False)
    """
    start = _alike(said, alias)
    end = min(_alike(said[::-1], alias[::-1]), len(alias) - start)
    strange = said[start : len(said) - end]
    return start > 0 and end > 0 and 2 * (start + end) > len(alias) and any(c.isdigit() for c in strange)


def _alike(one: str, other: str) -> int:
    """Length of the common prefix of two words."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _slips(one: str, other: str) -> int:
    """Edit distance of two words (V. I. Levenshtein, 1966).

    >>> _slips("headng", "heading"), _slips("soc", "sog"), _slips("", "lat")
    (1, 1, 3)
    """
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, wanted in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != wanted))
    return row[-1]
