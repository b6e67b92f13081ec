"""A command line that cannot be read: one line, what is wrong and how it reads rightly."""

from __future__ import annotations

import re

import pytest
import typer.main

from pipeline.cli import app

CAP = "configs/caps/unscr-2397.yaml"


@pytest.mark.parametrize(
    ("words", "expected", "example"),
    [
        (
            "aoi add wonsan",
            "aoi add: missing option '--bbox'",
            "aoi add wonsan --bbox 127.38,39.12,127.52,39.22 --start",
        ),
        ("volume", "volume: missing argument 'CALLS'", "volume calls.csv -o liftings.csv"),
        ("run vostochny --foo", "run: no such option: --foo", "run vostochny --set"),
        ("run vostochny --workers two", "run: invalid value for '--workers'", "run vostochny --set"),
        ("runn", "no such command 'runn'", ""),
    ],
)
def test_a_command_that_cannot_be_read_is_refused_in_one_line_with_an_example(capwatch, words, expected, example):
    """Four lines of usage came, and what to write was in none of them."""
    code, out, err = capwatch(*words.split())
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith(f"error: capwatch{' ' if example else ': '}{expected}")
    assert (f"example: capwatch {example}" if example else "see capwatch --help") in err
    assert len(err) < 200


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (f"account a.csv --cap {CAP} -o out.csv --as-of 2024-03-01 --as-of 2024-04-01", "--as-of"),
        (f"account a.csv --cap {CAP} -o out.csv --missed a.parquet --missed=b.parquet", "--missed"),
        (f"account a.csv --cap {CAP} -o out.csv --out other.csv", "--out"),
        ("run vostochny --start 2024-03-01 --dry-run --start 2024-03-02", "--start"),
        ("calls --zones a.geojson --ais x.csv --ais y.csv --zones b.geojson -o out.csv", "--zones"),
        ("aoi add x --bbox 1,2,3,4 --bbox 5,6,7,8 --start 2024-03-01 --end 2024-04-01", "--bbox"),
    ],
)
def test_an_option_of_one_value_that_stands_twice_is_refused(capwatch, words, name):
    """The last one won, and nobody heard of the first."""
    code, out, err = capwatch(*words.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f": {name} stands 2 times; give it once (" in err


def test_lists_and_switches_may_stand_more_than_once(capwatch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    twice = ("--set", "volume.draws=500", "--set", "seed=3", "--quiet", "-q", "--dry-run", "--dry-run")
    code, _, err = capwatch("run", "vostochny", *twice)
    assert (code, err) == (0, "")


@pytest.mark.parametrize("words", [(), ("aoi",), ("config",)])
def test_a_group_alone_shows_its_help(capwatch, words):
    code, out, err = capwatch(*words)
    assert code == 2
    assert "Usage: capwatch" in out + err
    assert "Commands:" in out + err


def _leaves(command, path=()):
    """Every command with the words that call it."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from _leaves(inner, (*path, name))
    if path and not hasattr(command, "commands"):
        yield path


ALL_COMMANDS = sorted(_leaves(typer.main.get_command(app)))


@pytest.mark.parametrize("words", ALL_COMMANDS, ids=" ".join)
def test_help_names_what_to_write_as_a_person_would(capwatch, words):
    """It said ``{images}...`` and ``images... <list[Path]>``: what a Python program calls them."""
    _, out, _ = capwatch(*words, "--help")
    listed = re.split(r"^(?:Arguments|Options):$", out, flags=re.MULTILINE)[1:]
    rows = [line for part in listed for line in part.splitlines() if re.match(r"  \S", line)]
    entries = [re.split(r"\s{2,}", row.strip())[0] for row in rows]
    usage = out.splitlines()[0].removeprefix(f"Usage: capwatch {' '.join(words)} ")
    values = [" ".join(re.sub(r"(^|, | )--?[a-z-]+", " ", entry).split()) for entry in (*entries, usage)]
    assert len(values) > 2
    for value in values:
        assert re.fullmatch(r"[][A-Z=,. ]*", value), f"{value!r} of {' '.join(words)} is no word for people"


def test_an_argument_that_may_be_left_out_stands_in_brackets(capwatch):
    assert capwatch("runs", "--help")[1].startswith("Usage: capwatch runs [OPTIONS] [AOI]\n")
    assert capwatch("diff", "--help")[1].startswith("Usage: capwatch diff [OPTIONS] BEFORE AFTER\n")
    assert capwatch("detect", "--help")[1].startswith("Usage: capwatch detect [OPTIONS] IMAGE...\n")


def test_a_file_of_the_configs_that_is_not_here_is_the_packages_own(capwatch, tmp_path, monkeypatch):
    """The documentation's examples, in a folder that is no checkout: where a wheel is installed there is no other."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.csv").write_text("call_id,departure,barrels\na,2024-03-11,25000\n")
    assert capwatch("volume", "calls.csv", "-o", "liftings.csv")[0] == 0
    code, out, err = capwatch("account", "liftings.csv", "--cap", CAP, "-o", "ledger.csv")
    assert (code, err.count("\n")) == (0, 1)
    assert f"{CAP}: not in this folder; " in err
    assert "25,000 bbl" in out
    code, _, err = capwatch("account", "liftings.csv", "-q", f"--cap={CAP}", "-o", "ledger.csv")
    assert (code, err) == (0, "")


def test_the_working_folders_own_configs_go_first_and_nothing_is_written_among_the_packages(
    capwatch, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.csv").write_text("call_id,departure,barrels\na,2024-03-11,25000\n")
    mine = tmp_path / CAP
    mine.parent.mkdir(parents=True)
    capwatch("volume", "calls.csv", "-o", "liftings.csv")
    mine.write_text("not: a cap\n")
    assert capwatch("account", "liftings.csv", "--cap", CAP, "-o", "ledger.csv")[0] == 2
    mine.unlink()
    code, _, _ = capwatch(
        "account", "liftings.csv", "--cap", "unscr-2397", "-o", "configs/registry/dprk-linked-tankers.csv"
    )
    assert code == 0
    assert (tmp_path / "configs/registry/dprk-linked-tankers.csv").read_text().startswith("day,")
