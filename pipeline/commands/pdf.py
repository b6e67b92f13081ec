"""Prints the report to PDF with an installed Chromium. It is not a run output, since a PDF holds its printing time."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from pipeline.commands.doctor import browser
from pipeline.errors import ConfigError, EnvironmentFault, printable
from pipeline.storage import write_bytes

TIMEOUT_S = 180  # our choice: a browser that has not finished by then hangs
SWITCHES = (  # nothing is fetched, nothing is kept
    "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
    "--disable-extensions", "--no-pdf-header-footer", "--run-all-compositor-stages-before-draw",
    "--virtual-time-budget=4000",
)  # fmt: skip


def print_report(report: Path, out: Path) -> None:
    """Print ``report.html`` to ``out``; ConfigError if there is no report, EnvironmentFault if there is no browser."""
    if not report.is_file():
        raise ConfigError(f"{printable(report)}: no such report")
    program = browser()
    if program is None:
        raise EnvironmentFault("no Chromium or Chrome on the PATH to print with (on Debian: apt install chromium)")
    with tempfile.TemporaryDirectory(prefix="capwatch-pdf-") as folder:
        printed = Path(folder) / "report.pdf"
        command = [program, *SWITCHES, f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium's own sandbox refuses root; the page may not fetch anything
        command.append(report.resolve().as_uri())
        try:
            done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)  # noqa: S603 - no shell
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EnvironmentFault(f"{program}: did not print {printable(report)} ({type(error).__name__})") from error
        if done.returncode or not printed.is_file():
            raise EnvironmentFault(f"{program}: did not print {printable(report)} (exit code {done.returncode})")
        write_bytes(out, printed.read_bytes())
