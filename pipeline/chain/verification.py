"""Finds what changed in a run since it was made: files, table rows, inputs, and the run that it continues."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.plurals import number_of
from pipeline.provenance import MANIFEST, changes, manifest_hash, read_manifest, sha256_of

if TYPE_CHECKING:
    import pandas as pd

ROW_HASHES_FILE = "rows.json"
CHAINED_TABLES = ("scenes", "looks", "detections", "port_calls", "liftings", "ledger")  # the evidence, row by row
MOST_ROWS_NAMED = 20  # more than a screenful adds nothing for the reader (our choice)


def rows_of(table: pd.DataFrame, name: str) -> dict[str, Any]:
    """Each row's key and hash, in order, and the head of their hash chain, which covers every row and its order."""
    from pipeline.tables import contract_of

    key = contract_of(name).key
    rows = [[str(k), h] for k, h in zip(table[key], _row_hashes(table), strict=True)]
    head = ""
    for row in rows:
        head = sha256_of([head, *row])
    return {"key": key, "rows": rows, "head": head}


def find_previous(folder: Path, run_id: str) -> dict[str, str] | None:
    """The finished run of this AOI that a new one continues: its id and the hash of its manifest.

    A run repeated under the same id continues the run that it continued before, even if it was interrupted meanwhile.
    A run whose folder was removed does not continue any run that came after it.
    """
    from pipeline.workspace import CONTINUES, LATEST

    try:
        recorded: dict[str, str] | None = json.loads((folder / run_id / CONTINUES).read_text("utf-8"))
        return recorded
    except (OSError, ValueError):
        pass
    try:
        own = read_manifest(folder / run_id)
        return own.get("previous")
    except PipelineError:
        pass
    try:
        previous = _latest_not_after(run_id, folder, (folder / LATEST).read_text("utf-8").strip())
        if previous is None:
            return None
        return {"run_id": previous, "self_sha256": read_manifest(folder / previous)["self_sha256"]}
    except (OSError, KeyError, PipelineError):
        return None


def _latest_not_after(run_id: str, folder: Path, latest: str) -> str | None:
    """The latest finished run, unless it descends from ``run_id``, directly or through others.

    Then the last of the runs outside that chain, so that the manifest is again the one that its successor named; None
    unless there is exactly one.
    """
    descendants: list[str] = []
    name = latest
    while name and name != run_id and name not in descendants:
        descendants.append(name)
        name = _previous_id(folder, name)
    if name != run_id:
        return latest
    unrelated = {path.parent.name for path in folder.glob(f"*/{MANIFEST}")} - {*descendants, run_id}
    last = unrelated - {_previous_id(folder, other) for other in unrelated}
    return last.pop() if len(last) == 1 else None


def _previous_id(folder: Path, run_id: str) -> str:
    """The id of the run that a finished run continues; "" if it names none, or no longer exists."""
    try:
        previous = read_manifest(folder / run_id).get("previous")
    except PipelineError:
        return ""
    return str(previous.get("run_id", "")) if isinstance(previous, dict) else ""


def altered_since(folder: Path) -> str:
    """How the files of a finished run, or the run that it continues, differ from its manifest, in words; "" if they do
    not. Inputs are not read: they may be large, or gone."""
    lines = differences(folder, inputs=False)
    return f"{number_of(len(lines), 'difference')} from its manifest, the first: {lines[0]}" if lines else ""


def differences(folder: Path, *, inputs: bool = True) -> list[str]:
    """One line for everything that disagrees with the manifest: output, row, input, earlier run; empty if nothing."""
    from pipeline.ingest.unchanged import digest_of

    out = []
    for line in changes(folder, digest_of, inputs=inputs):
        name, _, what = line.partition(": ")
        if name.startswith("run.gpkg") and what != "missing":  # QGIS keeps -wal and -shm files beside it while open
            line += ": did QGIS open it and so write to it? Open a copy instead; capwatch run --fresh makes it again"
        rows = _rows_changed(folder, Path(name).stem) if what == "changed" and name.endswith(".parquet") else []
        out.append(f"{line} ({'; '.join(rows)})" if rows else line)
    return out + _torn_manifest(folder) + _broken_chain(folder)


def _rows_changed(folder: Path, name: str) -> list[str]:
    """Which rows of a table were changed, removed, added or moved."""
    from pipeline.table_files import read_table
    from pipeline.tables import contract_of

    try:
        recorded = json.loads((folder / ROW_HASHES_FILE).read_text("utf-8"))[name]
        now = rows_of(read_table(folder / f"{name}.parquet", contract_of(name)), name)
    except KeyError:
        return []
    except (OSError, ValueError, TypeError, RecursionError, PipelineError):
        return ["no longer readable as that table"]
    before, after = [tuple(r) for r in recorded["rows"]], [tuple(r) for r in now["rows"]]
    if before == after:
        return ["no row changed, but the file around them did"]
    key = recorded["key"]
    old, new = dict(before), dict(after)
    out = [f"row {key}={k} changed" for k in old if k in new and old[k] != new[k]]
    out += [f"row {key}={k} removed" for k in old if k not in new]
    out += [f"row {key}={k} added" for k in new if k not in old]
    if not out:
        moved = SequenceMatcher(None, [k for k, _ in before], [k for k, _ in after], autojunk=False)
        for tag, low, high, _, _ in moved.get_opcodes():
            if tag in {"delete", "replace"}:
                out += [f"row {key}={k} moved" for k, _ in before[low:high]]
    more = len(out) - MOST_ROWS_NAMED
    return out[:MOST_ROWS_NAMED] + ([f"and {more} rows more"] if more > 0 else [])


def _torn_manifest(folder: Path) -> list[str]:
    """A line if the manifest's bytes are not the serialisation of its content."""
    from pipeline.storage import json_text

    text = (folder / MANIFEST).read_text("utf-8")
    return [] if json_text(json.loads(text)) == text else [f"{MANIFEST}: its bytes are not those that were written"]


def _broken_chain(folder: Path) -> list[str]:
    """A line if the run that this one continues changed since; none if it was removed."""
    previous = read_manifest(folder).get("previous")
    if not isinstance(previous, dict):
        return []
    run_id = str(previous.get("run_id", ""))
    before = folder.absolute().parent / run_id
    if not run_id or Path(run_id).name != run_id or not (before / MANIFEST).is_file():
        return []
    try:
        found = manifest_hash(read_manifest(before))
    except PipelineError:
        found = ""
    return [] if found == previous.get("self_sha256") else [f"previous run {run_id}: its manifest changed since"]


def _row_hashes(table: pd.DataFrame) -> list[str]:
    """A hash of each row's values as text, the same for a table in memory and one read from its file."""
    from pipeline.table_files import flat_table

    flat = flat_table(table)
    texts = {name: [_text(v) for v in flat[name]] for name in sorted(flat.columns)}
    names = list(texts)
    return [sha256_of(dict(zip(names, values, strict=True)))[:16] for values in zip(*texts.values(), strict=True)]


def _text(value: Any) -> str:
    import pandas as pd

    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)
