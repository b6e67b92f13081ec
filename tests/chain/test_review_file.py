"""The file of verdicts as people and spreadsheets leave it: nothing is ignored without a message."""

from __future__ import annotations

import pytest

from pipeline.chain.review_file import FIELDS, add_review, read_reviews, superseded_of_others, withdraw_review
from pipeline.errors import ConfigError

HEADER = ",".join(FIELDS)
SAID = {"when": "2024-04-02T09:00Z", "why": "looked at it"}


def review_file(tmp_path, *lines: str):
    path = tmp_path / "vostochny.csv"
    path.write_text("\n".join([HEADER, *lines, ""]))
    return path


def test_a_reason_with_a_comma_outside_quotes_is_refused_not_cut(tmp_path):
    path = review_file(tmp_path, "a,reject,,A,2024-04-02,a barge, by her outline", "b,reject,,A,2024-04-02,a barge")
    cut, whole = read_reviews(path)
    assert (cut.outcome, whole.outcome) == ("refused", "")
    assert "more cells than columns" in cut.note


def test_a_quote_that_is_not_closed_swallows_no_verdict(tmp_path):
    """Otherwise the next line would be read as part of the reason, and its call would count as if not reviewed."""
    path = review_file(tmp_path, 'a,reject,,A,2024-04-02,"a barge', "b,reject,,A,2024-04-02,a barge")
    with pytest.raises(ConfigError, match=r"vostochny\.csv: line 2: a quote is not closed"):
        read_reviews(path)
    with pytest.raises(ConfigError, match="a quote is not closed"):
        add_review(path, target="c", verdict="reject", who="A", **SAID)


@pytest.mark.parametrize(
    ("verdict", "value", "note"),
    [
        ("confirm", "120 m", "confirm takes no value"),
        ("reject", "b", "reject takes no value"),
        ("merge", "a", "merge needs the id of another one"),
    ],
)
def test_a_verdict_of_which_nothing_would_come_is_refused_when_it_is_given(tmp_path, verdict, value, note):
    """Otherwise the run would say so hours later, or not at all."""
    with pytest.raises(ConfigError, match=note):
        add_review(tmp_path / "v.csv", target="a", verdict=verdict, value=value, who="A", **SAID)
    assert not (tmp_path / "v.csv").exists()


def test_a_verdict_has_one_line_number_when_given_listed_and_taken_back(tmp_path):
    path = tmp_path / "v.csv"
    given = [
        add_review(path, target=target, verdict="reject", who="A", when=SAID["when"], why=why)
        for target, why in (("a", "one\ntwo"), ("b", "three\nfour\nfive"), ("c", "six"))
    ]
    assert [v.line for v in given] == [v.line for v in read_reviews(path)] == [3, 6, 7]
    assert withdraw_review(path, given[1].line).target == "b"
    assert [v.target for v in read_reviews(path)] == ["a", "c"]


def test_whose_verdict_another_analysts_sets_aside_is_told(tmp_path):
    path = tmp_path / "v.csv"
    for who, what in (("A", "confirm"), ("B", "reject"), ("B", "confirm")):
        last = add_review(path, target="a", verdict=what, who=who, **SAID)
    assert [(v.who, v.verdict) for v in superseded_of_others(read_reviews(path), last)] == [("A", "confirm")]
