"""What is written as YAML reads back the same, whatever its texts contain."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.config import CaseConfig, EngineConfig, RunConfig, load
from pipeline.config.writing import as_yaml, config_yaml
from pipeline.workspace import find_case, find_config, load_run_config

AOIS = sorted(p.stem for p in (Path(__file__).parents[2] / "configs").glob("*.yaml"))
CASE = load(CaseConfig, find_case("rusi-2024-03"))
texts = st.text(min_size=1, max_size=20) | st.sampled_from(
    ["NO", "1e-6", "null", "~", "010", "- a", "a: b", "#", "2024-03-01"]
)


@pytest.mark.parametrize("aoi", AOIS)
def test_a_resolved_config_reads_back_as_itself(tmp_path, aoi):
    config = load_run_config(find_config(aoi), {"engine": {"kind": "serial"}})
    (tmp_path / "config.yaml").write_text(config_yaml(config))
    again = load(RunConfig, tmp_path / "config.yaml")
    assert again == config.model_copy(update={"engine": EngineConfig()}), "where it ran is no part of the question"
    assert config_yaml(again) == config_yaml(config)


@settings(max_examples=25, deadline=None)
@example("\x85")
@example("a\u2028b \u2029")
@given(texts)
def test_any_name_survives_the_resolved_config(tmp_path_factory, name):
    config = load_run_config(find_config("vostochny"), {"aoi": {"name": name}})
    path = tmp_path_factory.getbasetemp() / "resolved.yaml"
    path.write_bytes(config_yaml(config).encode())
    assert load(RunConfig, path).aoi.name == name


@settings(max_examples=25, deadline=None)
@example("Five\x85tankers")
@given(texts.filter(str.strip))
def test_any_title_survives_the_case_that_a_folder_keeps(tmp_path_factory, title):
    case = CASE.model_copy(update={"title": title})
    path = tmp_path_factory.getbasetemp() / "case.yaml"
    path.write_bytes(as_yaml(case).encode())
    assert load(CaseConfig, path) == case
