"""Run notebooks and write them as .ipynb with outputs: ``python -m tools.write_notebooks [NAME ...] [--run FOLDER]``.

The sources are ``notebooks/*.py``; the .ipynb files beside them are generated.
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
RUN = "CAPWATCH_RUN"  # environment variable that gives a notebook its run


def executed(name: str) -> NotebookNode:
    """The named notebook with its outputs; CellExecutionError if a cell fails.

    Where the run has nothing more to show, the last executed cell ends by saying so, and those below it stay empty.
    """
    notebook = jupytext.read(FOLDER / f"{name}.py")
    where = {"metadata": {"path": str(FOLDER)}}
    quiet = ["--IPKernelApp.log_level=ERROR"]  # hides the kernel's warning about its port, which is local only
    client = nbclient.NotebookClient(notebook, kernel_name="python3", resources=where, extra_arguments=quiet)
    try:
        client.execute()
    except CellExecutionError as error:
        if error.ename != NothingToShow.__name__:
            raise
    return notebook


def main() -> int:
    """Write each requested notebook and print its path; for one that fails, the reason."""
    known = sorted(path.stem for path in FOLDER.glob("*.py"))
    parser = argparse.ArgumentParser(prog="make notebooks", description="Write executed notebooks.")
    parser.add_argument("names", nargs="*", help="all of them by default")
    parser.add_argument("--run", help="run folder; the last one that finished by default")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        print(f"error: {', '.join(unknown)}: no such notebook; there are {', '.join(known)}", file=sys.stderr)
        return 2
    if options.run:
        os.environ[RUN] = options.run
    failed = 0
    for name in options.names or known:
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
