"""A command line that cannot be read: one line, what is wrong and how it reads rightly."""

from __future__ import annotations

import pytest

CAP = "configs/caps/unscr-2397.yaml"


@pytest.mark.parametrize(
    ("words", "told", "example"),
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
def test_a_command_that_cannot_be_read_is_refused_in_one_line_with_an_example(capwatch, words, told, example):
    """Four lines of usage came, and what to write was in none of them."""
    code, out, err = capwatch(*words.split())
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith(f"error: capwatch{' ' if example else ': '}{told}")
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
