"""Every number of a run file has limits, within which the stages that it governs give an answer."""

from __future__ import annotations

import math
from collections.abc import Iterator

import annotated_types
import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.calls.matching import match
from pipeline.calls.port_calls import port_calls
from pipeline.calls.static import static_reports
from pipeline.calls.tracks import clean_tracks
from pipeline.cli import app
from pipeline.config import CallsConfig, DetectionConfig, VolumeConfig, build, parse_overrides
from pipeline.config.case import Figure
from pipeline.config.run import RunConfig
from pipeline.detection import detect
from pipeline.ingest.place import ZoneProperties
from pipeline.volume import liftings
from tests.builders import array_scene, box_zone, place_of
from tests.calls.traffic import BERTH, detections, feed, harbour, looks_at, said, sighting, visit
from tests.config.refusal import refused
from tests.detection.optical.hulls import painted

Path = tuple[str, ...]
RINGS = ("radar.guard_m", "radar.background_m", "screening.min_length_m", "screening.max_length_m")  # limit each other


def numbers(section: type[BaseModel], path: Path = ()) -> Iterator[tuple[Path, FieldInfo]]:
    """The fields of a section and those in it that hold one number, by path."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from numbers(field.annotation, (*path, name))
        elif field.annotation in (int, float, int | None, float | None):
            yield (*path, name), field


def limits(field: FieldInfo) -> tuple[float, float]:
    """The least and the greatest value that a field takes; beside a limit that is itself excluded, a value by it."""
    low, high = -math.inf, math.inf
    for limit in field.metadata:
        match limit:
            case annotated_types.Ge(ge=ge):
                low = ge
            case annotated_types.Gt(gt=gt):
                low = gt + 1e-9
            case annotated_types.Le(le=le):
                high = le
            case annotated_types.Lt(lt=lt):
                high = lt - 1e-9
    return low, high


def ends(section: type[BaseModel], *, without: tuple[str, ...] = ()) -> list[str]:
    """Settings of each number of a section at both ends, as on the command line."""
    named = ((".".join(path), limits(field)) for path, field in numbers(section))
    return [f"{name}={end:.17g}" for name, both in named if name not in without for end in both]


def test_every_number_of_a_run_file_has_two_limits():
    """Without them a mistyped 1e300 is an overflow in a stage, or a filter that lets nothing pass."""
    open_ended = [".".join(path) for path, field in numbers(RunConfig) if not np.isfinite(limits(field)).all()]
    assert open_ended == ["detection.screening.min_length_m"]  # must be below max_length_m


@pytest.mark.parametrize("days", [[0, 2], [3, 1], [1, 1], [1, 1e300]])
def test_stays_that_nobody_makes_are_refused(days):
    refused(CallsConfig, {"stay_d": days}, r"stay_d .*above 0 and up to 366 days")


HULL = {"a": 80.0, "b": 16.0, "c": 7.0, "d": 8.0, "ship_type": 80}
HEARD = feed(visit(5, 20), said(4, **HULL))
SEEN = detections(sighting("heard", 8, BERTH), sighting("dark", 72, BERTH), sighting("again", 96, BERTH))


@pytest.mark.parametrize("setting", [*ends(CallsConfig), "stay_d=[1e-6, 366]", "stay_d=[365, 366]"])
def test_calls_are_told_at_both_ends_of_every_number(setting):
    speeds = {"stop_kn": ["move_kn=20"], "move_kn": ["stop_kn=0"]}  # the one limits the other
    also = speeds.get(setting.partition("=")[0], [])
    config = build(CallsConfig, parse_overrides([setting, *also]), where="")
    tracks, static = clean_tracks(HEARD), static_reports(HEARD)
    calls = port_calls(
        detections=SEEN, looks=looks_at(8, 48, 72, 96), matches=match(SEEN, tracks, static, config), tracks=tracks,
        static=static, registry=None, place=harbour(), config=config,
    )  # fmt: skip
    assert calls[["p_loading", "p_tanker"]].apply(lambda share: share.between(0, 1)).all(axis=None)


CALLS = pd.DataFrame({"call_id": ["a", "b"], "length_m": [98.0, 105.0], "draught_in_m": [4.0, np.nan],
                      "draught_out_m": [6.5, np.nan], "arrival": pd.Timestamp("2024-03-05", tz="UTC"),
                      "departure": pd.Timestamp("2024-03-06", tz="UTC")})  # fmt: skip


@pytest.mark.parametrize("setting", ends(VolumeConfig, without=("draws",)))
def test_barrels_are_told_at_both_ends_of_every_number(setting):
    given = parse_overrides([setting, "draws=500"])
    table = liftings(CALLS, build(VolumeConfig, given, where=""), 0)
    assert (table["status"] != "refused").all(), table["cause"].tolist()
    low, middle, high = (table[f"barrels_{name}"] for name in ("p5", "p50", "p95"))
    assert ((low > 0) & (low <= middle) & (middle <= high)).all()


def test_a_draught_said_to_be_exact_is_not_left_out():
    """With an error far below the typed 0.1 m no ship agrees, and the draughts tell nothing."""
    refused(VolumeConfig, {"draught_sd_m": 1e-3}, r"draught_sd_m: must be at least 0\.03")


SEA = np.random.default_rng(3).gamma(4.4, 0.01 / 4.4, (300, 300)).astype(np.float32)
SEA[140:144, 100:118] = 1.0
QUICK = tuple(f"history.{name}" for name in ("min_looks", "min_span_days", "min_share", "reach_m", "cell_m"))


@pytest.mark.parametrize("setting", [s for s in ends(DetectionConfig, without=(*RINGS, *QUICK)) if "optical" not in s])
def test_radar_images_are_searched_at_both_ends_of_every_number(setting):
    table, _ = detect(array_scene({"VV": SEA}), config=build(DetectionConfig, parse_overrides([setting]), where=""))
    assert table["score"].between(0, 1).all()


def test_small_objects_of_optical_images_are_flagged_and_stay():
    """``screening.min_pixels`` leaves them in the table of an optical image, too."""
    scene = painted([(100, 120, 98, 16, 35), (260, 300, 180, 28, 100)])
    usual, least = (detect(scene, config=build(DetectionConfig, given, where=""))[0]
                    for given in ({}, {"screening": {"min_pixels": 250}}))  # fmt: skip
    assert len(least) == len(usual)
    small = {round(o.length_m): "too_small" in o.flags for o in least.itertuples() if o.length_m > 50}
    assert list(small) == pytest.approx([98, 180], abs=5)
    assert list(small.values()) == [True, False]


@pytest.mark.parametrize("reach_m", [200.0, 8000.0])
def test_near_shore_is_as_far_as_the_setting_says(reach_m):
    """Land some kilometres away counts as well."""
    from shapely.geometry import box

    lat_m, lon_m = 111_195.0, 111_195.0 * math.cos(math.radians(42.75))
    ships = painted([(100, 120, 98, 16, 35)])
    contexts = []
    for share in (0.9, 1.1):  # of the distance from the ship to a coast to the south of her
        coast = 42.75 - (100 * 3.0 + share * reach_m) / lat_m
        place = place_of(
            box_zone("far", 140, 40, 140.1, 40.1), land=box(133 - 1e4 / lon_m, 42, 133 + 1e4 / lon_m, coast)
        )
        config = build(DetectionConfig, {"screening": {"near_shore_m": reach_m}}, where="")
        table = detect(ships, place=place, config=config)[0]
        contexts += list(table.loc[table["accepted"], "context"])
    assert contexts == ["near_shore", "open_water"]


MIX = {"name": "mix", "bbl_per_t": 8, "t_per_m3": 0.79, "share": 1}


@pytest.mark.parametrize(
    ("section", "given", "message"),
    [
        (CallsConfig, {"stay_d": [True, 3]}, "stay_d: must hold numbers, none of them true or false"),
        (CallsConfig, {"look_recall": {"optical": False}}, "look_recall: must hold numbers, none of them"),
        (RunConfig, {"cap": ""}, "cap: is empty$"),
        (RunConfig, {"source": {"registry": ""}}, r"source\.registry: is empty; where there is none, write null"),
        (RunConfig, {"aoi": {"coast": ""}}, r"aoi\.coast: is empty; where there is none, write null"),
        (RunConfig, {"aoi": {"zones": ""}}, r"aoi\.zones: is empty"),
        (VolumeConfig, {"products": [MIX]}, "volume.products: mix is our word"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused(section, given, message):
    refused(section, given, message)


def test_a_text_that_may_be_empty_stays_empty():
    assert ZoneProperties.model_validate({"zone_id": "a", "kind": "berth", "name": "", "source": ""}).name == ""


def test_a_rounding_that_any_figure_passes_is_refused():
    """125,000 rounded to a million is 0, and so is a sum of 1."""
    figure = {"what": "sum", "value": 125_000, "source": "a"}
    assert Figure(**figure, rounded_to=125_000).value == 125_000
    refused(Figure, figure | {"rounded_to": 1e6}, r"rounded_to \(1e\+06\) is more than the figure")
    refused(Figure, figure | {"value": 0.25, "quantity": "share_of_cap"}, r"rounded_to \(1\) is more than the figure")


def test_a_shown_config_has_every_section(capsys):
    """The engine's fields are among those that ``config show --set`` takes, so they are shown."""
    app(["config", "show", "vostochny", "--set", "engine.workers=7"], standalone_mode=False)
    assert "engine:\n  kind: threads\n  workers: 7\n" in capsys.readouterr().out
