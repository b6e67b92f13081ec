"""The command ``capwatch``, also ``python -m pipeline``: Ctrl-C ends it as any program, from the first import on.

Python's own handler prints a traceback of whatever import was under way. What a command makes it ends by
:mod:`pipeline.execution.stopping`.
"""

from __future__ import annotations

import signal


def main() -> None:
    """Entry point of the ``capwatch`` command."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else somebody wants it ignored, as nohup does
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from pipeline.cli import main as run_command_line

    run_command_line()


if __name__ == "__main__":
    main()
