"""Many AOIs and years in one command: each is a run of its own, and one that fails costs its own answer only."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline.batch import QUESTIONS, load_questions, parse_years, run_all
from pipeline.console import Console
from pipeline.errors import ConfigError
from pipeline.workspace import configs_root
from tests.conftest import TINY
from tests.test_run import hashes


def rows(out):
    with (out / QUESTIONS).open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("text", ["", "24", "2024-2019", "2013", "2019-", "2019;2020", "nan", "2024-2024-2025"])
def test_what_is_no_list_of_years(text):
    with pytest.raises(ConfigError, match=r"--years .*: write 2023, 2019-2023 or 2019,2021"):
        parse_years(text)


def test_every_aoi_gets_every_year_from_new_year_to_new_year():
    asked = load_questions(["vostochny", "nampo"], {}, "2022-2023")
    assert [q.name for q in asked] == [
        "vostochny 2022-01-01/2023-01-01",
        "vostochny 2023-01-01/2024-01-01",
        "nampo 2022-01-01/2023-01-01",
        "nampo 2023-01-01/2024-01-01",
    ]


def test_without_years_each_aoi_has_its_own_period():
    (one,) = load_questions(["vostochny"], {}, None)
    assert one.name == "vostochny 2024-03-01/2024-04-01"


def test_a_folder_stands_for_its_run_files(tmp_path):
    (tmp_path / "two.yaml").write_text((configs_root() / "nampo.yaml").read_text())
    (tmp_path / "one.yml").write_text((configs_root() / "vostochny.yaml").read_text())
    (tmp_path / "notes.txt").write_text("no run file")
    assert {q.config.aoi.id for q in load_questions([str(tmp_path)], {}, None)} == {"vostochny", "nampo"}
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="is a folder, no AOI"):
        load_questions([str(tmp_path / "empty")], {}, None)


def test_a_folder_of_images_named_for_the_place_hides_no_config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("vostochny").mkdir()
    (question,) = load_questions(["vostochny"], {}, None)
    assert question.config.aoi.id == "vostochny"


def test_years_and_a_period_contradict_one_another():
    with pytest.raises(ConfigError, match="not both"):
        load_questions(["vostochny"], {"period": {"start": "2024-01-01T00:00:00Z"}}, "2024")


def test_two_questions_that_would_share_a_folder_are_refused():
    with pytest.raises(ConfigError, match=r"same aoi\.id"):
        load_questions(["vostochny", "vostochny"], {}, None)


def test_a_question_that_fails_costs_its_own_answer_only(tiny_run, tmp_path, capsys):
    """Vostochny has a simulated month, Nampo no inputs at all; the answer is that of a run by itself."""
    config = TINY | {"source": {"scenario": "scenarios/tiny.yaml"}}
    (good,) = load_questions(["vostochny"], config, None)
    (bad,) = load_questions(["nampo"], TINY | {"source": {"kind": "files"}}, None)
    assert run_all([bad, good], tmp_path, Console(quiet=True)) == 3
    first, second = rows(tmp_path)
    assert (first["aoi"], first["folder"], first["exit_code"]) == ("nampo", "", "2")
    assert "neither images nor ais" in first["cause"]
    assert (second["aoi"], second["exit_code"], second["cause"]) == ("vostochny", "0", "")
    assert hashes(tmp_path / "vostochny" / tiny_run.name) == hashes(tiny_run)
    captured = capsys.readouterr()
    assert "question not answered, the others go on" in captured.err
    assert "1 of 2 questions answered" in captured.out


def test_when_no_question_is_answered_the_exit_code_says_why(tmp_path):
    (bad,) = load_questions(["nampo"], TINY | {"source": {"kind": "files"}}, None)
    assert run_all([bad], tmp_path, Console(quiet=True)) == 2


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (OSError(5, "Input/output error", "zones.geojson"), "zones.geojson: Input/output error"),
        (MemoryError(), "memory"),
    ],
)
def test_a_fault_of_the_machine_costs_its_own_answer_only(tmp_path, capsys, monkeypatch, fault, expected):
    def failing(*_, **__):
        raise fault

    monkeypatch.setattr("pipeline.run.run", failing)
    asked = load_questions(["vostochny", "nampo"], {}, None)
    assert run_all(asked, tmp_path, Console(quiet=True)) == 5
    assert [(r["exit_code"], r["folder"], expected in r["cause"]) for r in rows(tmp_path)] == [("5", "", True)] * 2
    assert f"{expected}" in capsys.readouterr().err
