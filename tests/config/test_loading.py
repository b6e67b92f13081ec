"""From YAML to config: YAML 1.2, errors with file, line and key, overrides, and stable fingerprints of content."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from pipeline.config import (
    DetectionConfig,
    build,
    canonical_json,
    fingerprint,
    load,
    merged,
    parse_overrides,
    read_yaml,
)
from pipeline.config.base import Section
from pipeline.config.loading import MAX_BYTES
from pipeline.errors import ConfigError


class Inner(Section):
    """A section inside."""

    rate: float = Field(default=1e-6, gt=0)
    """A number."""
    names: tuple[str, ...] = ()
    """Words."""


class Outer(Section):
    """A small run file."""

    flag_state: str = "NO"
    """A word that YAML 1.1 takes for a falsehood."""
    inner: Inner = Inner()
    """A section."""
    many: tuple[Inner, ...] = ()
    """Sections."""


@pytest.fixture
def written(tmp_path):
    def write(content: str | bytes, name: str = "run.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
trees = st.recursive(
    st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=8,
).filter(lambda t: isinstance(t, dict))


# what YAML means


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-6", 1e-6),
        ("1E5", 1e5),
        ("-2.5e+3", -2500.0),
        ("0x10", 16),
        ("010", 10),
        ("NO", "NO"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("off", "off"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("12:30", "12:30"),
        ("01-01", "01-01"),
        ("[1e-6, NO]", [1e-6, "NO"]),
    ],
)
def test_values_follow_yaml_1_2(written, text, value):
    data, _ = read_yaml(written(f"key: {text}\n"))
    assert data == {"key": value}
    assert type(data["key"]) is type(value)
    assert parse_overrides([f"key={text}"]) == {"key": value}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-01T00:00:00Z", datetime(2024, 3, 1, tzinfo=UTC)),
        ("2024-03-01T00:00:00+10:00", datetime(2024, 2, 29, 14, tzinfo=UTC)),
        ("2024-03-01T00:00:00-05:30", datetime(2024, 3, 1, 5, 30, tzinfo=UTC)),
    ],
)
def test_offsets_of_times_are_kept(written, text, moment):
    assert read_yaml(written(f"start: {text}\n"))[0]["start"] == moment


def test_a_byte_order_mark_is_no_part_of_the_first_key(written):
    assert read_yaml(written(b"\xef\xbb\xbfa: 1\n"))[0] == {"a": 1}


def test_every_key_and_item_knows_its_line(written):
    _, lines = read_yaml(written("# comment\na: 1\n\nb:\n  c: 2\n  d:\n    - {e: 3}\n    - f: 4\n"))
    assert lines == {
        ("a",): 2,
        ("b",): 4,
        ("b", "c"): 5,
        ("b", "d"): 6,
        ("b", "d", "0"): 7,
        ("b", "d", "0", "e"): 7,
        ("b", "d", "1"): 8,
        ("b", "d", "1", "f"): 8,
    }


# what is refused


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("a: 1\nb: 2\na: 3\n", r"run\.yaml:3: a appears twice in one section$"),
        ("s:\n  k: 1\n  k: 2\n", r"run\.yaml:3: k appears twice in one section$"),
        ("a: &x 1\nb: *x\n", r"run\.yaml:2: YAML aliases"),
        ("a: [1\nb: 2\n", r"run\.yaml:2: "),
        ("a:\n\tb: 1\n", r"run\.yaml:2: .*cannot start any token \(indent with spaces, not tabs\)"),
        (
            "name: Wonsan: DPRK\n",
            r"run\.yaml:1: mapping values .* \(indent keys alike, quote values that contain a colon\)",
        ),
        ("a: !!python/object/apply:os.system [ls]\n", r"run\.yaml:1: could not determine a constructor"),
        ("a: !thing x\n", r"run\.yaml:1: could not determine a constructor"),
        ("%YAML 1.1\n---\na: NO\n", r"run\.yaml: configs are YAML 1\.2"),
        ("a: 2024-02-30T00:00:00Z\n", r"run\.yaml:1: a: no such date \(.*day.*\); got 2024-02-30T00:00:00Z$"),
        (
            "b: 1\np:\n  - {q: 2024-04-31}\n",
            r"run\.yaml:3: p \(first entry\)\.q: no such date \(.*day.*\); got 2024-04-31$",
        ),
        ("b: >\n  folded\n2024-13-01: 2\n", r"run\.yaml:3: no such date \(month .*\); got 2024-13-01$"),
        ('a: "\\U00110000"\n', r"run\.yaml: holds a value that does not exist"),
        ('a: "\\UFFFFFFFF"\n', r"run\.yaml: holds a value that does not exist"),
        ("a: !!int x\n", r"run\.yaml:1: a: no such value \(.*\); got !!int x$"),
        ("a: " + "[" * 500_000 + "]" * 500_000, r"run\.yaml:1: is nested too deeply"),
        ("a: \0", r"run\.yaml: unacceptable character"),
        ("- 1\n- 2\n", r"run\.yaml: holds a list; it must have keys with values"),
        ("", r"run\.yaml: is empty; it must have keys with values"),
        ("b: 2\na:1\n", r"run\.yaml:2: .*a space must follow the colon of a key\)"),
        ("a: 1\n---\nb: 2\n", r"run\.yaml:2: but found another document \(a config is one document"),
        (b"a: \xff\xfe\n", r"run\.yaml: is not UTF-8 \(.* at byte 3\)"),
        (b"a: " + b"x" * MAX_BYTES, r"run\.yaml: 1048579 bytes is too large"),
    ],
    ids=lambda v: None if isinstance(v, bytes) or len(v) > 200 else repr(v)[:40],
)
def test_what_is_no_config_is_refused_in_one_line_with_file_and_place(written, content, cause):
    with pytest.raises(ConfigError, match=cause) as caught:
        read_yaml(written(content))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


def test_an_alias_bomb_is_refused_before_it_grows(written):
    levels = [f"l{n + 1}: &l{n + 1} [" + ", ".join([f"*l{n}"] * 9) + "]" for n in range(9)]
    with pytest.raises(ConfigError, match=r"run\.yaml:2: YAML aliases"):
        read_yaml(written("\n".join(["l0: &l0 lol", *levels])))


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, kind):
    path = tmp_path if kind == "folder" else tmp_path / "none.yaml"
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        read_yaml(path)
    assert str(path) in str(caught.value)


@given(st.text(max_size=60) | st.text("ab:-[]{}&*!%#|>'\"\n 019.eT", max_size=40))
def test_any_text_is_a_mapping_or_a_config_error(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_text(text, "utf-8", newline="")
    try:
        outcome = read_yaml(path)[0]
    except ConfigError as error:
        outcome = str(error)
    assert isinstance(outcome, dict) or outcome.isprintable()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("flag_state: RU\nflg_state: KP\n", "run.yaml:2: flg_state: no such key (did you mean flag_state?)"),
        ("FLAG_STATE: RU\n", "run.yaml:1: FLAG_STATE: no such key (did you mean flag_state?)"),
        ("inner:\n  rate: 1\n  rat: 2\n", "run.yaml:3: inner.rat: no such key (did you mean rate?)"),
        ("inner:\n  zzz: 2\n", "run.yaml:2: inner.zzz: no such key"),
        ("inner: {rate: -1}\n", "run.yaml:1: inner.rate: must be above 0; got -1"),
        ("inner: {rate: 1,5}\n", "inner.5: is not a key; write decimals with a point, not a comma; got 5"),
        ("many:\n  - rate: 1\n  - rate: 0\n", "run.yaml:3: many (second entry).rate: must be above 0; got 0"),
        ("many:\n  - rate: 1\n    rat: 2\n", "run.yaml:3: many (first entry).rat: no such key (did you mean rate?)"),
    ],
)
def test_a_wrong_key_or_value_is_refused_with_file_line_and_key(written, content, message):
    with pytest.raises(ConfigError) as caught:
        load(Outer, written(content))
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize("key", ["barrels", "tonnes", "capacity_bbl", "dwt_t", "match_gate_m", "reach_m"])
def test_a_dot_between_thousands_is_told_with_file_line_and_key(written, key):
    """Otherwise a cap of 500.000 would be five hundred barrels, and the run 100 times over it."""
    why = r"in YAML the dot is a decimal point and 85\.000 is 85; write 85000, or 85 where"
    wrong = rf"run\.yaml:3: a \(second entry\)\.{key}: {why}"
    with pytest.raises(ConfigError, match=wrong):
        read_yaml(written(f"a:\n  - {key}: 85000\n  - {{{key}: 85.000}}\n"))
    with pytest.raises(ConfigError, match=rf"^--set x\.{key}=85\.000: in YAML the dot is a decimal point"):
        parse_overrides([f"x.{key}=85.000"])


@pytest.mark.parametrize(
    "line",
    [
        "barrels: 500000.000", "barrels: 0.500", "barrels: 85.0", 'title: "500.000"', "tonnes_per_day: 1.125",
        "bbl_per_t: 11.650", "t_per_m3: 1.025", "length_m: 98.500", "draught_sd_m: 1.250", "at: [132.900, 42.750]",
    ],
)  # fmt: skip
def test_three_decimals_that_may_be_meant_stay(written, line):
    read_yaml(written(f"{line}\n"))


@pytest.mark.parametrize("words", ["500,000", "500 000", "500'000", "4.000.000", "0,5"])
def test_marks_in_a_number_are_told_how_to_write_it(written, words):
    with pytest.raises(ConfigError, match=r"must be a number such as 500000 or 0\.5: no thousands separator, a point "):
        load(Outer, written(f'inner: {{rate: "{words}"}}\n'))


def test_all_mistakes_are_told_at_once_in_one_line(written):
    with pytest.raises(ConfigError) as caught:
        load(Outer, written('one: "a\\nb"\ninner:\n  rate: "x\\ny"\n'))
    assert "run.yaml:1: one: no such key" in str(caught.value)
    assert "run.yaml:3: inner.rate: " in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf"])
def test_no_setting_is_infinite_or_not_a_number(written, number):
    with pytest.raises(ConfigError, match=r"inner\.rate: "):
        load(Outer, written(f"inner: {{rate: {number}}}\n"))


def test_a_config_is_what_its_file_says_and_default_elsewhere(written):
    config = load(Outer, written("inner: {rate: 1e-7, names: [NO, SE]}\n"))
    assert config == Outer(flag_state="NO", inner=Inner(rate=1e-7, names=("NO", "SE")))


def test_a_config_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Outer().flag_state = "KP"


# layers and overrides


def test_overrides_replace_one_value_and_leave_its_neighbours():
    base = {"detection": {"tile_px": 512, "radar": {"guard_m": 200.0, "background_m": 900.0}}, "seed": 1}
    over = parse_overrides(["detection.radar.guard_m=250", "seed=2"])
    assert merged(base, over) == {
        "detection": {"tile_px": 512, "radar": {"guard_m": 250, "background_m": 900.0}},
        "seed": 2,
    }
    assert base["seed"] == 1, "the base must not change"
    assert base["detection"]["radar"]["guard_m"] == 200.0


def test_the_last_override_wins_and_lists_are_replaced_whole():
    assert parse_overrides(["a.b=1", "a.c=2", "a.b=3"]) == {"a": {"b": 3, "c": 2}}
    assert merged({"a": [1, 2, 3]}, parse_overrides(["a=[4]"])) == {"a": [4]}
    assert parse_overrides(["a=x=y"]) == {"a": "x=y"}
    assert parse_overrides(["a="]) == {"a": None}
    assert parse_overrides([]) == {}


@given(trees)
def test_merging_with_nothing_or_itself_changes_nothing(tree):
    assert merged(tree, {}) == tree
    assert merged({}, tree) == tree
    assert merged(tree, tree) == tree


@given(trees, trees, trees)
def test_merging_is_associative_so_layers_can_be_added_in_any_grouping(a, b, c):
    # except if a plain value hides a mapping in only one grouping
    if merged(a, b).keys() == {**a, **b}.keys() and not _hides(a, b) and not _hides(b, c) and not _hides(a, c):
        assert merged(merged(a, b), c) == merged(a, merged(b, c))


def _hides(a, b) -> bool:
    both = [(a[k], b[k]) for k in a.keys() & b.keys()]
    return any(isinstance(x, dict) != isinstance(y, dict) or (isinstance(x, dict) and _hides(x, y)) for x, y in both)


@pytest.mark.parametrize("setting", ["tile_px", "=5", ".a=5", "a..b=5", "a.=5", "", "a\nb"])
def test_a_malformed_override_is_refused(setting):
    with pytest.raises(ConfigError, match=r"^--set .*write it as section\.field=value") as caught:
        parse_overrides([setting])
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("value", ["[1", "*x", '"\\UFFFFFFFF"', '"\\U00110000"', "!py x", "\0", "[" * 500 + "]" * 500])
def test_an_override_whose_value_is_no_yaml_is_refused(value):
    with pytest.raises(ConfigError, match=r"^--set a=.*the value is not YAML") as caught:
        parse_overrides([f"a={value}"])
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(("value", "cause"), [("2024-02-30", r"no such date \(.*\)"), ("!!int x", "no such value")])
def test_an_override_whose_value_does_not_exist_says_so(value, cause):
    with pytest.raises(ConfigError, match=rf"^--set a={value}: {cause}"):
        parse_overrides([f"a={value}"])


def test_an_override_of_an_unknown_path_is_refused_by_its_path():
    with pytest.raises(ConfigError, match=r"--set: radar\.guard: no such key \(did you mean guard_m\?\)"):
        build(DetectionConfig, parse_overrides(["radar.guard=250"]), where="--set")
    with pytest.raises(ConfigError, match=r"--set: rador: no such key \(did you mean radar\?\)"):
        build(DetectionConfig, parse_overrides(["rador.guard_m=250"]), where="--set")


# names of content


@given(json_values)
def test_canonical_json_is_json_and_says_the_same(value):
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(), json_values, max_size=6), st.randoms())
def test_canonical_json_does_not_depend_on_the_order_of_keys(value, random):
    keys = list(value)
    random.shuffle(keys)
    assert canonical_json({k: value[k] for k in keys}) == canonical_json(value)


def test_canonical_json_has_the_bytes_it_always_had():
    value = {"b": [1, 2.5, None, True], "a": "é", "t": datetime(2024, 3, 7, tzinfo=UTC), "p": Path("x/y")}
    assert canonical_json(value) == '{"a":"é","b":[1,2.5,null,true],"p":"x/y","t":"2024-03-07 00:00:00+00:00"}'


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_canonical_json_refuses_what_json_cannot_say(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": [number]})


@pytest.mark.parametrize("collection", [{"x", "y"}, frozenset({"x"})])
def test_canonical_json_refuses_sets_since_they_have_no_order(collection):
    with pytest.raises(TypeError, match="sort it first"):
        canonical_json({"a": collection})


def test_a_fingerprint_is_the_start_of_the_hash_of_the_canonical_json():
    text = '{"names":["NO"],"rate":1e-07}'
    assert fingerprint(Inner(rate=1e-7, names=("NO",))) == hashlib.sha256(text.encode()).hexdigest()[:12]


def test_a_fingerprint_does_not_depend_on_the_order_of_keys_or_on_spelling(written):
    first = load(Outer, written("flag_state: KP\ninner: {rate: 1e-3, names: [a]}\n"))
    second = load(Outer, written("inner:\n  names:\n    - a\n  rate: 0.001\nflag_state: 'KP'\n"))
    assert fingerprint(first) == fingerprint(second)


def test_a_fingerprint_tells_different_settings_apart():
    settings = [Inner(), Inner(rate=1e-7), Inner(names=("a",)), Inner(names=("a", "b")), Inner(names=("b", "a"))]
    assert len({fingerprint(s) for s in settings}) == len(settings)
    assert fingerprint(Inner()) == fingerprint(Inner(rate=1e-6)), "a default that is written out is the same question"


def test_a_fingerprint_is_the_same_in_another_process_with_other_hashing():
    code = "from pipeline.config import *; print(fingerprint(VolumeConfig()), fingerprint(DetectionConfig()))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
