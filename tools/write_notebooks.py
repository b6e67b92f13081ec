"""Write notebooks as .ipynb with what their cells show: ``python -m tools.write_notebooks [NAME ...] [--run FOLDER]``.

The text in ``notebooks/*.py`` is what is kept; what is written beside it is made anew each time.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import jupytext
import nbclient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from pipeline.errors import NothingToShow

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
RUN = "CAPWATCH_RUN"  # by which a notebook is told its run


def executed(name: str) -> NotebookNode:
    """The notebook of that name with what its cells show; CellExecutionError where one fails.

    Where the run has nothing more to show, a cell's last sentence says so, and those below it stay empty.
    """
    notebook = jupytext.read(FOLDER / f"{name}.py")
    where = {"metadata": {"path": str(FOLDER)}}
    quiet = ["--IPKernelApp.log_level=ERROR"]  # it warns of its own port, which only this machine can reach
    client = nbclient.NotebookClient(notebook, kernel_name="python3", resources=where, extra_arguments=quiet)
    try:
        client.execute()
    except CellExecutionError as error:
        if error.ename != NothingToShow.__name__:
            raise
    return notebook


def main() -> int:
    """Write each asked notebook and say where it lies; of one that fails, why."""
    known = sorted(path.stem for path in FOLDER.glob("*.py"))
    parser = argparse.ArgumentParser(prog="make notebooks", description="Write executed notebooks.")
    parser.add_argument("names", nargs="*", help="all of them by default")
    parser.add_argument("--run", help="run folder; the last one that finished by default")
    asked = parser.parse_args()
    unknown = sorted(set(asked.names) - set(known))
    if unknown:
        print(f"error: {', '.join(unknown)}: no such notebook; there are {', '.join(known)}", file=sys.stderr)
        return 2
    if asked.run:
        os.environ[RUN] = asked.run
    failed = 0
    for name in asked.names or known:
        try:
            path = FOLDER / f"{name}.ipynb"
            jupytext.write(executed(name), path)
            print(f"notebooks: {path}")
        except CellExecutionError as error:
            failed = 4
            print(f"error: {name}: {error.ename}: {error.evalue}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
