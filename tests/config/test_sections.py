"""The sections: every file in ``configs/`` builds, every field has a description, nonsense is refused by name."""

from __future__ import annotations

import types
import typing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from pipeline.config import (
    AoiConfig,
    CallsConfig,
    CapConfig,
    CaseConfig,
    DetectionConfig,
    EngineConfig,
    PeriodConfig,
    RunConfig,
    SourceConfig,
    VolumeConfig,
    build,
    fingerprint,
    load,
    merged,
    parse_overrides,
)
from pipeline.config.volume import PRODUCTS, Product
from pipeline.errors import ConfigError
from pipeline.simulation.scenario import Scenario
from tests.config.refusal import refused

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
RUNS = sorted(CONFIGS.glob("*.yaml"))
CAPS = sorted((CONFIGS / "caps").glob("*.yaml"))
CASES = sorted((CONFIGS / "cases").glob("*.yaml"))
ASSUMPTIONS = sorted((CONFIGS / "assumptions").glob("*.yaml"))
HALF_GAS_OIL = "{name: gas_oil, bbl_per_t: 7.46, t_per_m3: 0.843, share: 0.5}"
SCENARIOS = sorted((CONFIGS / "scenarios").glob("*.yaml"))

AOI = {"id": "here", "name": "Here", "bbox": [132.95, 42.7, 133.1, 42.8], "zones": "zones/here.geojson"}
PERIOD = {"start": "2024-03-01T00:00:00Z", "end": "2024-04-01T00:00:00Z"}


def models(model: type[BaseModel], seen: dict[type[BaseModel], None] | None = None) -> list[type[BaseModel]]:
    """A model and all models in its fields."""
    seen = {} if seen is None else seen
    if model not in seen:
        seen[model] = None
        for field in model.model_fields.values():
            for part in _parts(field.annotation):
                if isinstance(part, type) and issubclass(part, BaseModel):
                    models(part, seen)
    return list(seen)


def _parts(annotation):
    yield annotation if not isinstance(annotation, types.GenericAlias) else None
    for argument in typing.get_args(annotation):
        yield from _parts(argument)


SECTIONS = list(dict.fromkeys(models(RunConfig) + models(CapConfig) + models(CaseConfig) + models(Scenario)))


def test_the_folder_of_configs_is_where_this_test_looks():
    assert {p.stem for p in RUNS} >= {"vostochny", "nampo"}
    assert {p.stem for p in CAPS} >= {"unscr-2397"}
    assert {p.stem for p in SCENARIOS} >= {"tiny"}
    known = {*RUNS, *CAPS, *CASES, *SCENARIOS, *ASSUMPTIONS}
    assert set(CONFIGS.rglob("*.y*ml")) == known, "a config of a kind that no test builds"


@pytest.mark.parametrize("path", ASSUMPTIONS, ids=lambda p: p.stem)
def test_every_file_of_assumptions_builds(path):
    assert load(VolumeConfig, path).products


@pytest.mark.parametrize("path", RUNS, ids=lambda p: p.stem)
def test_every_run_file_builds_and_what_it_names_exists(path):
    config = load(RunConfig, path)
    assert config.aoi.id == path.stem
    named = [config.aoi.zones, config.cap, config.aoi.coast, config.source.scenario, config.source.registry]
    for name in filter(None, named):
        assert (CONFIGS / name).is_file(), name
    load(CapConfig, CONFIGS / config.cap)
    if config.source.kind == "demo":
        assert config.source.scenario


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: p.stem)
def test_every_scenario_builds_and_says_that_it_is_simulated(path):
    scenario = load(Scenario, path)
    assert scenario.id == path.stem
    assert "simulated" in scenario.title.lower()
    assert all(scenario.period.start <= look.time < scenario.period.end for look in scenario.looks)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.__name__)
def test_every_section_and_field_says_what_it_is(section):
    assert (section.__doc__ or "").strip()
    silent = [name for name, field in section.model_fields.items() if not (field.description or "").strip()]
    assert not silent, f"{section.__name__} has fields without a description: {silent}"


def test_the_walk_over_sections_reaches_the_inner_ones():
    names = {s.__name__ for s in SECTIONS}
    assert names >= {"RadarConfig", "ScreeningConfig", "FillConfig", "Product", "Notified", "Fact", "Visit", "AisFeed"}


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.__name__)
def test_every_section_refuses_unknown_keys_and_changes(section):
    assert section.model_config["extra"] == "forbid"
    assert section.model_config["frozen"] is True
    assert section.model_config["allow_inf_nan"] is False


@pytest.mark.parametrize("section", [DetectionConfig, CallsConfig, VolumeConfig, EngineConfig, SourceConfig])
def test_defaults_alone_make_a_section_and_pass_its_own_checks(section):
    assert build(section, section().model_dump(), where="defaults") == section()


@pytest.mark.parametrize("path", RUNS, ids=lambda p: p.stem)
def test_a_run_file_survives_json(path):
    config = load(RunConfig, path)
    again = build(RunConfig, config.model_dump(mode="json"), where="json")
    assert again == config
    assert fingerprint(again) == fingerprint(config)


@pytest.mark.parametrize(
    ("bbox", "cause"),
    [
        ([42.7, 132.95, 42.8, 133.1], "latitude beyond 90 degrees.*swapped"),
        ([133.1, 42.7, 132.95, 42.8], "west < east"),
        ([132.95, 42.8, 133.1, 42.7], "south < north"),
        ([132.95, 42.7, 132.95, 42.8], "west < east"),
        ([180.1, 42.7, 180.2, 42.8], "begin between -180 and 180 degrees; got west 180.1"),
        ([130.0, 42.7, 136.0, 42.8], "its sides must lie between"),
        ([132.95, 42.7, 132.9505, 42.8], "its sides must lie between"),
        ([132.95, 42.7, 133.1], r"bbox: must be four numbers: west, south, east and north, in degrees; it has 3"),
        ([132, 95, 42, 7, 133, 1, 42, 8], r"bbox: must be four numbers: .*; it has 8 \(a decimal number has a point"),
        ([132.95, 42.7, 133.1, 42.8, 0], "it has 5"),
        ("132.95, 42.7, 133.1, 42.8", "must be four numbers: west, south, east and north, in degrees; got 132.95"),
        ({"west": 132.95}, "must be four numbers"),
        ([True, 42.7, 133.1, 42.8], "none of them true or false"),
        ([335_000, 4_730_000, 340_000, 4_736_000], "has a side at 4736000; degrees .EPSG:4326. are wanted, not metres"),
        (["a", 42.7, 133.1, 42.8], r"bbox \(first entry\): must be a number"),
    ],
)
def test_a_box_that_makes_no_sense_is_refused(bbox, cause):
    refused(AoiConfig, AOI | {"bbox": bbox}, cause)


@pytest.mark.parametrize("name", ["", "Vostochny", "a b", "../up", "a/b", "x" * 42, "-a", "a\n"])
def test_an_aoi_id_is_a_plain_folder_name(name):
    refused(AoiConfig, AOI | {"id": name}, r"x\.yaml: id: ")


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"end": "2024-03-01T00:00:00Z"}, "must come after"),
        ({"end": "2024-02-01T00:00:00Z"}, "must come after"),
        ({"start": "2024-03-01T00:00:00"}, "start: .*has no zone"),
        ({"start": "2024-02-30"}, r"start: no such date \(.*\); got 2024-02-30$"),
        ({"end": "2024-04-31T00:00:00Z"}, r"end: no such date \(.*\); got 2024-04-31T00:00:00Z$"),
        ({"start": "tomorrow"}, "start: "),
        ({"start": "20240306"}, "start: write a time as 2024-03-06T00:00:00Z, or a day as 2024-03-06; got 20240306"),
        ({"start": 1709683200}, "start: write a time as"),
        ({"start": 1709683200000}, "start: write a time as"),
        ({"start": True}, "start: write a time as"),
    ],
)
def test_a_period_has_two_zoned_ends_in_order(change, cause):
    refused(PeriodConfig, PERIOD | change, cause)


@pytest.mark.parametrize("day", [date(2024, 3, 1), "2024-03-01"], ids=["as YAML reads it", "quoted"])
def test_a_period_of_bare_dates_goes_from_midnight_to_midnight_utc(day):
    period = build(PeriodConfig, {"start": day, "end": "2024-04-01"}, where="x")
    assert (period.start, period.end) == (datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC))


def test_a_period_in_another_zone_is_the_same_period_in_utc():
    local = build(PeriodConfig, PERIOD | {"start": "2024-03-01T10:00:00+10:00"}, where="x")
    assert local == build(PeriodConfig, PERIOD, where="x")
    assert local.start == datetime(2024, 3, 1, tzinfo=UTC)
    assert local.start.tzinfo is UTC


def test_a_run_file_without_a_place_or_a_period_is_refused():
    refused(RunConfig, {"period": PERIOD}, r"x\.yaml: aoi: is missing")
    refused(RunConfig, {"aoi": AOI}, r"x\.yaml: period: is missing")


def test_what_stands_in_a_named_file_is_set_there():
    """``--set aoi.zones.oil_pier=...`` said that the zones must be text."""
    told = r"x\.yaml: zones: must be text, or the name of a file that sets oil_pier"
    refused(AoiConfig, AOI | {"zones": {"oil_pier": {"counts": False}}}, told)


def test_a_recall_set_for_one_sensor_leaves_the_others_as_they_are():
    """Otherwise looks of the others would see nobody in the estimate of unseen calls, and miss nobody in the calls."""
    declared = CallsConfig().look_recall
    assert CallsConfig(look_recall={"optical": 0.9}).look_recall == declared | {"optical": 0.9}
    assert CallsConfig(look_recall={}) == CallsConfig()


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("detection.radar.false_alarm_rate=0", "detection.radar.false_alarm_rate"),
        ("detection.radar.false_alarm_rate=-1e-6", "detection.radar.false_alarm_rate"),
        ("detection.radar.false_alarm_rate=.nan", "detection.radar.false_alarm_rate"),
        ("detection.radar.guard_m=700", "background_m .* must exceed guard_m"),
        ("detection.tile_px=0", "detection.tile_px"),
        ("detection.tile_px=512.5", "detection.tile_px"),
        ("detection.screening.min_length_m=500", r"min_length_m \(500\) must be below max_length_m \(420\)"),
        ("detection.screening.max_length_m=25", r"min_length_m \(25\) must be below max_length_m \(25\)"),
        ("detection.screening.min_score=1.5", "detection.screening.min_score"),
        ("calls.move_kn=0.1", "move_kn .* must not be below stop_kn"),
        ("calls.gap_h=0", "calls.gap_h"),
        ("calls.look_recall={sentinel1: 0.8}", "look_recall: sentinel1 is no sensor; there are sentinel-1, sentinel-2"),
        (f"volume.products=[{HALF_GAS_OIL}, {HALF_GAS_OIL}]", "volume.products names gas_oil more than once"),
        ("volume.unnamed_bbl_per_t=0", "volume.unnamed_bbl_per_t"),
        ("volume.unnamed_bbl_per_t=.inf", "volume.unnamed_bbl_per_t"),
        ("volume.fill.mean=1.2", "volume.fill.mean"),
        ("volume.draws=1", "volume.draws"),
        ("volume.products=[]", "add up to 0; they must add up to 1"),
        ("source.kind=ftp", "source.kind"),
        ("source.pixel_spacing_m=0", "source.pixel_spacing_m"),
        ("engine.kind=gpu", "engine.kind"),
        ("engine.workers=0", "engine.workers"),
        ("seed=-1", "seed"),
        ("cap.barrels=100000", "cap: must be the name of the cap's file, .*; its barrels stand in there"),
        ("cap=100000", "cap: must be the name of the cap's file, .*; its barrels stand in there"),
        ("detection=7", "detection"),
        ("volume.fill.meen=0.9", r"volume.fill.meen: no such key \(did you mean mean\?\)"),
        ("nothing.at.all=1", "nothing: no such key"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused_by_its_path(setting, named):
    refused(RunConfig, merged({"aoi": AOI, "period": PERIOD}, parse_overrides([setting])), named)


@pytest.mark.parametrize(
    ("setting", "get", "value"),
    [
        ("detection.radar.false_alarm_rate=1e-7", lambda c: c.detection.radar.false_alarm_rate, 1e-7),
        ("volume.fill.mean=0.9", lambda c: c.volume.fill.mean, 0.9),
        ("engine.kind=serial", lambda c: c.engine.kind, "serial"),
        ("aoi.name=NO", lambda c: c.aoi.name, "NO"),
        ("source.images=[a.tif, b.tif]", lambda c: c.source.images, ("a.tif", "b.tif")),
        ("aoi.coast=null", lambda c: c.aoi.coast, None),
    ],
)
def test_an_override_reaches_its_field_and_no_other(setting, get, value):
    plain = build(RunConfig, {"aoi": AOI | {"coast": "c.geojson"}, "period": PERIOD}, where="x")
    changed = build(RunConfig, merged(plain.model_dump(), parse_overrides([setting])), where="x")
    assert get(changed) == value
    path = setting.partition("=")[0].split(".")
    restored = merged(changed.model_dump(), _nested(path, get(plain)))
    assert build(RunConfig, restored, where="x") == plain


def _nested(path: list[str], value: object) -> dict:
    for key in reversed(path):
        value = {key: value}
    return value


def test_the_factors_are_those_of_the_committees_chart():
    """1718 Committee's conversion chart, barrels per tonne; density times factor is 6.29 bbl per cubic metre."""
    factors = {p.name: p.bbl_per_t for p in PRODUCTS}
    assert factors == {"gas_oil": 7.46, "gasoline": 8.35, "kerosene": 7.88, "fuel_oil": 6.35, "lpg": 11.60}
    assert VolumeConfig().unnamed_bbl_per_t == 8.33
    for product in PRODUCTS:
        assert product.bbl_per_t * product.t_per_m3 == pytest.approx(6.2898, rel=0.005)


@pytest.mark.parametrize("name", ["Vostochny", "vosto chny", "-a", "", "порт", "a" * 42])
def test_what_an_id_may_hold_is_said_in_words(name):
    """Before, the message showed a regular expression."""
    words = r"aoi\.id: must be lower-case a to z, digits, - and _, a letter or digit first, 41 characters at most"
    aoi = load(RunConfig, CONFIGS / "vostochny.yaml").model_dump(mode="json")["aoi"] | {"id": name}
    refused(RunConfig, {"aoi": aoi}, words)


def test_every_pattern_of_a_config_has_its_words():
    """As pydantic reports them: a field whose pattern has no words would show the pattern to users."""
    sources = (path.read_text("utf-8") for path in (CONFIGS.parent / "pipeline").rglob("*.py"))
    assert not [line for text in sources for line in text.splitlines() if "Field(" in line and "pattern=r" in line]


def test_simulated_ships_cannot_carry_a_real_name_or_number():
    ship = load(Scenario, CONFIGS / "scenarios/tiny.yaml").ships[0]
    refused(type(ship), ship.model_dump() | {"name": "EVER GIVEN"}, "name: must begin with SIM")
    refused(type(ship), ship.model_dump() | {"mmsi": 445123000}, "mmsi: ")


@pytest.mark.parametrize(
    ("section", "cause"),
    [
        ({"fill": {"mean": 60}}, r"fill\.mean: must be at most 0.98; got 60"),
        ({"fill": {"mean": "much"}}, r"fill\.mean: must be a number; got much"),
        ({"fill": 0.6}, r"fill: must be a section: keys with values; got 0\.6"),
        ({"draws": 1000.5}, r"draws: must be a whole number; got 1000\.5"),
        ({"counted": "Loadings"}, r"counted: must be loading or discharging \(did you mean loading\?\); got Loadings"),
        ({"counted": "unloading"}, r"counted: .* \(did you mean discharging\?\); got unloading"),
        ({"products": 3}, r"products: must be a list; got 3"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(section, cause):
    refused(VolumeConfig, section, cause)


def test_a_text_that_no_page_can_hold_is_refused():
    """Half of a character would end a run with a traceback after all the work."""
    refused(AoiConfig, AOI | {"name": "half \ud83d"}, r"name: holds a character that is no text \(.ud83d\); got half ")


@pytest.mark.parametrize(
    ("section", "given", "key"),
    [
        (AoiConfig, AOI | {"coast": "none"}, "coast"),
        (AoiConfig, AOI | {"coast": " None"}, "coast"),
        (SourceConfig, {"registry": "n/a"}, "registry"),
        (SourceConfig, {"pixel_spacing_m": "none"}, "pixel_spacing_m"),
        (SourceConfig, {"stac": {"sentinel1": "off"}}, r"stac\.sentinel1"),
        (EngineConfig, {"scheduler": "no"}, "scheduler"),
    ],
)
def test_a_word_for_nothing_is_told_how_yaml_says_it(section, given, key):
    """``coast: none`` would be a missing file, and ``scheduler: none`` would be looked for once the run has begun."""
    refused(section, given, rf"{key}: is a word here; where there is none, write null; got ")


@pytest.mark.parametrize("word", ["osm", "gshhg"])
def test_a_coast_is_a_file_and_no_provider(word):
    refused(AoiConfig, AOI | {"coast": word}, rf"coast: names a GeoJSON file of land, or null; .*; got {word}$")


def test_discharges_are_not_counted_where_ships_come_to_load(tmp_path):
    """By the default prior 95 of 100 ships load: an account of discharges would be all but empty, without a warning."""
    counted = {"aoi": AOI, "period": PERIOD, "volume": {"counted": "discharging"}}
    cause = r"volume\.counted is discharging, but by calls\.prior_p_loading \(0\.95\) ships come to load"
    refused(RunConfig, counted, r"x\.yaml: " + cause)
    build(RunConfig, counted | {"calls": {"prior_p_loading": 0.5}}, where="x.yaml")
    path = tmp_path / "run.yaml"
    text = (CONFIGS / "nampo.yaml").read_text().replace("prior_p_loading: 0.05", "prior_p_loading: 0.9")
    path.write_text(text)
    line = 1 + text[: text.index("counted: disch")].count("\n")
    with pytest.raises(ConfigError, match=rf"run\.yaml:{line}: volume\.counted is discharging"):
        load(RunConfig, path)


@pytest.mark.parametrize("short", ["2024-03", "2024", 2024])
def test_a_period_does_not_begin_with_a_month(short):
    refused(PeriodConfig, PERIOD | {"start": short}, r"x\.yaml: start: write a time as 2024-03-06T00:00:00Z")


@pytest.mark.parametrize(("end", "year"), [("start", 1924), ("end", 2204)])
def test_a_period_lies_in_years_in_which_somebody_looks(end, year):
    change = {end: f"{year}-03-01T00:00:00Z"}
    refused(PeriodConfig, PERIOD | change, rf"x\.yaml: period\.{end} lies in the year {year}.*from 1972")


@pytest.mark.parametrize("field", ["images", "ais"])
def test_an_empty_name_is_not_the_working_folder(field):
    with pytest.raises(ConfigError, match=f"{field}: holds an empty name"):
        build(SourceConfig, {"kind": "files", field: ["here", " "]}, where="run.yaml")


def test_a_factor_and_a_density_of_two_products_are_refused_by_the_volume_of_a_barrel():
    """11.6 bbl/t is LPG's; with gas oil's density a cargo would have 55 % more barrels."""
    with pytest.raises(ValueError, match=r"make 9.78 barrels a cubic metre, which has 6.29"):
        Product(name="gas_oil", bbl_per_t=11.6, t_per_m3=0.843, share=1.0)
