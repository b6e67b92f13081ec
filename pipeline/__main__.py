"""Entry point of ``capwatch`` and ``python -m pipeline``, where Ctrl-C ends the program even during imports.

Python's default handler would print a traceback of the import in progress. Once a command runs,
:mod:`pipeline.execution.stopping` takes over.
"""

from __future__ import annotations

import signal


def main() -> None:
    """Entry point of the ``capwatch`` command."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # otherwise the caller, e.g. nohup, ignores it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from pipeline.cli import main as run_command_line

    run_command_line()


if __name__ == "__main__":
    main()
