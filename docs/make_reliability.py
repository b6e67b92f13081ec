"""Write ``docs/reliability.md``: the catalogue of bad inputs and faults, with the outcome of the test of each.

``python docs/make_reliability.py [OUTCOMES.jsonl]`` runs ``tests/cases`` (or takes the outcomes of an earlier run, as
recorded with CAPWATCH_CASES) and makes the table. Cases missing from given outcomes keep their rows. Figures of the
long sweeps are in ``docs/reliability.in.md``.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "tests" / "cases" / "catalogue.csv"
GROUPS = {
    "A": "Raster files",
    "B": "SAFE products, archives, manifests",
    "C": "Place, time, coverage, duplicates",
    "D": "AIS",
    "E": "Runs, storage, evidence",
    "F": "Network and catalogue",
    "X": "Reports and configuration",
}
HEAD = "| case | input or fault | expected | state | seen |"
MOST = 150  # characters kept of a test's observation


def outcomes(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The outcomes of the tests, by case."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        for case in row["cases"]:
            found[case].append(row)
    return found


def verdict(rows: list[dict[str, Any]]) -> tuple[str, str]:
    """State of a case (does it hold) and what was seen."""
    if not rows:
        return "no test yet", ""
    seen = list(dict.fromkeys(s for row in rows for s in row["saw"]))
    if any(row["outcome"] == "failed" for row in rows):
        return "**fails**", "; ".join(seen[:1])
    passed = sum(row["outcome"] == "passed" for row in rows)
    why = next((row["why"] for row in rows if row["outcome"] == "skipped"), "")
    if not passed:
        return "**does not hold**", why.removeprefix("Skipped: ")
    return f"holds ({passed})", seen[0] if seen else ""


def cell(text: str) -> str:
    """Text escaped for the table, without paths of the machine that ran the tests."""
    text = re.sub(r"(/[\w.+-]+)+/(?=[\w.+-])", "", text)
    text = text if len(text) <= MOST else text[: MOST - 1] + "…"
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def rows_of(page: str) -> dict[str, tuple[str, str]]:
    """State and observation of each case from an earlier page, as its cells hold them."""
    out = {}
    for line in page.splitlines():
        cells = re.split(r"(?<!\\) ?\| ?", line.strip())
        if len(cells) == 7 and re.fullmatch(r"[A-Z]-\d\d", cells[1]):
            out[cells[1]] = (cells[4], cells[5])
    return out


def page(found: dict[str, list[dict[str, Any]]], before: dict[str, tuple[str, str]]) -> str:
    """The whole page; cases without an outcome keep their earlier rows."""
    with CATALOGUE.open(newline="", encoding="utf-8") as file:
        cases = list(csv.DictReader(file))
    told = {case["id"]: verdict(found.get(case["id"], [])) for case in cases}
    told |= {name: row for name, row in before.items() if name in told and name not in found}
    holds = sum(t[0].startswith("holds") for t in told.values())
    out = [(ROOT / "docs" / "reliability.in.md").read_text("utf-8").replace("{holds}", f"{holds} of {len(cases)}")]
    for letter, title in GROUPS.items():
        out += [
            f"\n### {letter}. {title}\n",
            "| case | input or fault | expected | state | seen |",
            "|---|---|---|---|---|",
        ]
        for case in cases:
            if case["id"].startswith(letter):
                state, seen = told[case["id"]]
                seen = seen if case["id"] in before and case["id"] not in found else cell(seen)
                fields = (case["id"], cell(case["case"]), cell(case["expected"]), state, seen)
                out.append(f"| {' | '.join(fields)} |")
    return "\n".join(out) + "\n"


def main() -> None:
    """Run the cases if no outcomes are given, and write the page."""
    target, before = ROOT / "docs" / "reliability.md", {}
    if len(sys.argv) > 1:
        found = outcomes(Path(sys.argv[1]))
        before = rows_of(target.read_text("utf-8"))
    else:
        with tempfile.TemporaryDirectory() as folder:
            told = Path(folder) / "cases.jsonl"
            command = [sys.executable, "-m", "pytest", "-n", "auto", "tests/cases"]
            subprocess.run(command, cwd=ROOT, env=os.environ | {"CAPWATCH_CASES": str(told)}, check=False)  # noqa: S603
            found = outcomes(told)
    target.write_text(page(found, before), "utf-8")
    sys.stdout.write("docs/reliability.md: written\n")


if __name__ == "__main__":
    main()
