"""Every command that README and docs print is run here, on small files of the names that they use.

A `make` target is made in a folder of its own, `SOURCE=stac` asks a catalogue on loopback. What make gives to capwatch
is run in this process, but once, in `THROUGHOUT`. What is only parsed stands in ``PARSED``, with the reason.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.commands import prepare
from pipeline.commands.doctor import browser
from pipeline.table_files import read_table
from tests.docs.desk import PAGES, SECRETARY, asked, furnish, loopback, words_of
from tests.in_process import exit_code

FENCE = re.compile(r"^```(?:sh|console|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PARSED = {  # command -> why it is not run here; `make -n` and `--dry-run` read its words all the same
    "make test": "it is what runs this",
    "make docs": "test_site.py builds the same site with the same options",
    "make notebooks": "test_notebooks.py executes each of them by the same code",
    "make check": "linters and types of the whole project take minutes; continuous integration runs it",
    "capwatch run ports/ --source stac --years 2019-2024 --engine dask --scheduler tcp://10.0.0.5:8786": "names a "
    "scheduler on another machine",
}
AFTER = {  # beginnings of commands that read what another one writes, whichever test runs first
    "capwatch config show my-configs/wonsan.yaml": "capwatch aoi add wonsan",
    "capwatch run my-configs/wonsan.yaml": "capwatch aoi add wonsan",
    "capwatch account liftings.parquet --assumptions": "capwatch volume calls.csv --assumptions configs/",
}
THROUGHOUT = ("make run AOI=vostochny", "make notebooks NB=follow_a_call RUN=runs/vostochny/NEW")


def compiled_elsewhere() -> None:
    """In place of the small run by which `prepare` has the hot loops compiled: test_prepare.py makes it."""


class Printed(NamedTuple):
    """A command of the pages."""

    words: str
    pages: str
    errors: tuple[str, ...]  # error lines that a page shows below it


def printed() -> list[Printed]:
    """Each capwatch or make command once, in the order of the pages."""
    pages: dict[str, list[str]] = {}
    errors: dict[str, list[str]] = {}
    for page in PAGES:
        for block in FENCE.findall(page.read_text("utf-8")):
            last: list[str] = []
            for line in block.replace("\\\n", " ").splitlines():
                text = re.sub(r"\s+#.*$", "", line.removeprefix("$ ").strip())
                found = [" ".join(p.split()) for p in text.split(";") if re.match(r"\s*(capwatch|make) ", p)]
                for words in map(words_of, found):
                    last = errors.setdefault(words, [])
                    if page.name not in pages.setdefault(words, []):
                        pages[words].append(page.name)
                if not found and line.startswith("$ "):
                    last = []
                if line.startswith("error:"):
                    last.append(line)
    return [Printed(words, ", ".join(where), tuple(errors[words])) for words, where in pages.items()]


@pytest.fixture(scope="module")
def desk(tiny_run, tmp_path_factory):
    """A folder in which every command of the pages has what it names."""
    pytest.importorskip("rustac", reason="rustac (dev) is not installed: no catalogue on loopback")
    with loopback(tiny_run, tmp_path_factory.mktemp("catalogue")) as catalogue:
        yield furnish(tmp_path_factory.mktemp("desk"), tiny_run, catalogue)


def test_the_pages_print_commands_and_nothing_is_excused_that_they_do_not_print():
    words = {p.words for p in printed()}
    assert len(words) > 40
    assert {*PARSED, *THROUGHOUT} <= words


@pytest.mark.parametrize("told", printed(), ids=lambda p: p.words[:90])
def test_a_printed_command_does_what_is_printed(told, desk, tiny_run, monkeypatch, capfd):
    call = read_table(tiny_run / "port_calls.parquet")["call_id"].iloc[0]
    if "--pdf" in told.words and browser() is None:
        pytest.skip("no Chromium on the PATH")
    monkeypatch.chdir(desk)
    for former in _formers(told.words):
        assert exit_code(_anew(former), monkeypatch) in (0, 3)
    words = _anew(told.words, CALL=call)
    monkeypatch.setattr(prepare, "compile_loops", compiled_elsewhere)
    if words[0] == "make" and told.words in (*PARSED, *THROUGHOUT):
        code = _make(*words[1:], *(["-n"] if told.words in PARSED else []))
    elif words[0] == "make":
        assert _make(*words[1:], f"BIN={SECRETARY}") == 0
        code = exit_code(["capwatch", *asked(desk)], monkeypatch)
    else:
        code = exit_code([*words, "--dry-run"] if told.words in PARSED else words, monkeypatch)
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    assert code in ((2, 3, 4) if told.errors else (0, 3)), f"{told.pages}: {told.words}\n{out}{err}"
    missing = [line for line in told.errors if line not in err]
    assert missing == [], f"{told.pages}: {told.words} says\n{err}"


def _formers(command: str) -> list[str]:
    """The printed commands that write what this one reads."""
    wanted = tuple(former for begins, former in AFTER.items() if command.startswith(begins))
    return [p.words for p in printed() if wanted and p.words.startswith(wanted)]


def _anew(command: str, **names: str) -> list[str]:
    """The words of a command, with names in place of the pages' own; a folder that must be new is gone."""
    words = [names.get(w, w) for w in shlex.split(command)]
    if words[1] == "simulate" or words[1:3] == ["aoi", "add"]:
        shutil.rmtree(words[-1], ignore_errors=True)
    return words


def _make(*words: str) -> int:
    """The exit code of make; where a recipe failed, that of its command."""
    if not {"-n", f"BIN={SECRETARY}"} & {*words} and not Path(sys.executable).with_name("capwatch").is_file():
        pytest.skip("capwatch is not installed beside this Python")
    done = subprocess.run(
        ["make", *words], capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "200"}
    )
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    told = re.search(r"^make(?:\[\d+\])?: \*\*\* \[.*\] Error (\d+)$", done.stderr, re.MULTILINE)
    return int(told[1]) if told else done.returncode
