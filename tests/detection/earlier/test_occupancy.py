"""Berth verdicts occupied, empty and unknown; the change statistic against its theoretical distribution."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import ndimage, stats

from pipeline.calls import looks
from pipeline.config import DetectionConfig
from pipeline.config.calls import LOOK_RECALL
from pipeline.detection import detect
from pipeline.detection.earlier import background, occupancy, quayside
from pipeline.detection.earlier.history import Cells
from pipeline.detection.earlier.quay_flags import flag_quay_detections
from pipeline.detection.flat_reader import FlatReader
from pipeline.detection.radar.survey import with_noise_restored
from pipeline.tables import SCENES
from pipeline.types import RadarView, Radiometry, Sensor, Window, Zone
from tests.builders import NOON, array_scene, box_zone, place_of
from tests.detection.earlier.test_background import CONFIG, SEA, SHIP, cells_and_looks, flat, picture, place  # noqa: F401


def verdict(scene, place):  # noqa: F811
    _, diagnostics = detect(scene, place=place, config=CONFIG)
    (row,) = diagnostics["berths"]
    return row


def test_an_empty_quay_is_empty_and_a_hull_makes_it_occupied(place):  # noqa: F811
    others = [picture(6 * n) for n in range(8)]
    empty = verdict(flat(place, [picture(60, seed=77), *others]), place)
    taken = verdict(flat(place, [picture(60, [SHIP], seed=77), *others]), place)
    assert (empty["verdict"], empty["n_hulls"]) == ("empty", 0)
    assert (taken["verdict"], taken["n_hulls"]) == ("occupied", 1)
    assert taken["basis"] == "background"
    assert empty["probability"] < 0.1 < 0.95 < taken["probability"]
    assert taken["longest_lo_m"] < 120 < taken["longest_hi_m"]
    assert taken["changed_m"] == pytest.approx(120, abs=70)


def test_a_berth_outside_the_picture_is_unknown(place):  # noqa: F811
    away = box_zone("away", 140.0, 42.0, 140.01, 42.01)
    row = verdict(picture(0), place_of(away, land=place.land, bbox=place.bbox))
    assert (row["verdict"], row["probability"], row["n_hulls"]) == ("unknown", None, 0)


def test_the_statistic_of_unchanged_water_is_that_of_the_law():
    """Twice a log-likelihood ratio is chi-squared: a box has mean 1/4 per band, since half of them fall below 1."""
    rng = np.random.default_rng(5)
    looks = occupancy.LOOKS_A_PIXEL
    m, n = 4, 28
    gains = []
    for _ in range(400):
        ratio = rng.gamma(looks, 1 / looks, (1, m, n))
        total = ratio.mean()
        gains.append(looks * m * n * (total - 1 - np.log(total)) if total > 1 else 0.0)
    assert np.mean(gains) == pytest.approx(0.25, abs=0.05)
    statistic, mean, length = occupancy._best_box(np.full((1, m, n), 3.0), np.full((1, m, n), looks), 10.0)
    assert statistic == pytest.approx(looks * m * n * (2 - np.log(3)))
    assert (mean, length) == (pytest.approx(3.0), 280.0)


def test_an_unchanged_quay_has_on_average_the_power_that_is_expected():
    """The stored usual power is the 35 % point of the law of 4.4 looks times a guard factor, not the mean."""
    law = stats.gamma(4.4, scale=1e4 / 4.4)  # a structure so bright that the sea is negligible
    scene = array_scene({"VV": SEA * law.rvs((300, 300), random_state=3)}, sensor=Sensor.SENTINEL1)
    everywhere = np.ones(scene.shape, bool)
    usual = np.full((1, *scene.shape), law.ppf(background.USUAL_QUANTILE) * background.GUARD, np.float32)
    reader = FlatReader(scene.read, (0, 0), usual, everywhere, ~everywhere, np.array([SEA]), scene.shape)
    ratio, *_ = occupancy._ratio_to_expected(replace(scene, read=reader), Window(20, 30, 200, 200))
    assert ratio.mean() == pytest.approx(1, abs=0.03)


def test_optical_says_empty_only_as_far_as_it_can_see():
    """With nothing found a berth is empty at 3 m; at 10 m, where every other ship at a quay is missed, unknown."""
    zone = box_zone("pier", 133.001, 42.745, 133.004, 42.748)
    none = pd.DataFrame({"berth_id": [], "accepted": [], "length_m": [], "detection_id": [], "score": []})
    for spacing, wanted in ((3.0, "empty"), (10.0, "unknown")):
        scene = array_scene({"R": np.ones((400, 400))}, sensor=Sensor.OPTICAL, spacing_m=spacing)
        (row,) = occupancy.berth_verdicts(scene, place_of(zone), none, {"pier": 1.0})
        assert row["verdict"] == wanted


def clouded():
    """Reflectance of 500 x 500 pixels of calm water with a soft cloud around pixel (120, 120)."""
    rows, cols = np.mgrid[0:500, 0:500]
    bank = 0.5 * np.exp(-(((rows - 120) / 55.0) ** 2 + ((cols - 120) / 55.0) ** 2))
    rng = np.random.default_rng(1)
    water = zip("BGRN", (0.07, 0.06, 0.04, 0.02), strict=True)
    bands = {band: level + bank + rng.normal(0, 0.002, bank.shape) for band, level in water}
    return array_scene(bands, sensor=Sensor.OPTICAL, radiometry=Radiometry.REFLECTANCE, spacing_m=3.0)


def berth_between(scene, name, low, high):
    """A square berth from pixel (low, low) to pixel (high, high)."""
    lon, lat = scene.geolocation.lonlat(np.array([low, high]), np.array([low, high]))
    return box_zone(name, lon[0], lat[1], lon[1], lat[0])


def test_a_berth_under_cloud_is_unknown_and_one_beside_it_is_empty():
    """An image without ships: a berth under cloud is not known to be empty, and its seen share says so."""
    scene = clouded()
    port = place_of(berth_between(scene, "hidden", 100, 140), berth_between(scene, "clear", 350, 400))
    _, diagnostics = detect(scene, place=port)
    row = {r["zone_id"]: r for r in diagnostics["berths"]}
    assert (row["hidden"]["verdict"], row["hidden"]["probability"]) == ("unknown", None)
    assert (row["clear"]["verdict"], row["clear"]["seen"]) == ("empty", 1.0)
    assert {name: r["seen"] for name, r in row.items()} == diagnostics["zone_covered"]


def test_a_berth_in_an_image_that_is_all_cloud_is_unknown():
    scene = array_scene({b: np.full((400, 400), 0.6) for b in "BGRN"}, sensor=Sensor.OPTICAL,
                        radiometry=Radiometry.REFLECTANCE, spacing_m=3.0)  # fmt: skip
    _, diagnostics = detect(scene, place=place_of(berth_between(scene, "pier", 100, 140)))
    (row,) = diagnostics["berths"]
    assert (row["verdict"], row["probability"], row["seen"]) == ("unknown", None, 0.0)


def a_ship(berth_id, score):
    """One accepted detection, with the columns that verdicts use."""
    return pd.DataFrame({"berth_id": [berth_id], "accepted": True, "detection_id": "x", "score": score,
                         "length_m": 98.0, "length_lo_m": 90.0, "length_hi_m": 106.0})  # fmt: skip


@pytest.mark.parametrize("share", [0.0, 0.13, 0.21, 0.5, 0.79, 0.85, 0.8999, 0.9, 1.0])
@pytest.mark.parametrize("radar", [False, True], ids=["optical", "radar"])
def test_only_a_usable_look_calls_a_berth_empty(share, radar):
    """The look's state and the berth's verdict follow from the same share."""
    rng, zone = np.random.default_rng(2), box_zone("pier", 133.001, 42.745, 133.004, 42.748)
    sensor = Sensor.SENTINEL1 if radar else Sensor.OPTICAL
    scene = array_scene({"VV" if radar else "R": 0.01 * rng.gamma(4.4, 1 / 4.4, (400, 400))}, sensor=sensor,
                        spacing_m=10.0 if radar else 3.0)  # fmt: skip
    port, none = place_of(zone), a_ship("pier", 0.98).iloc[:0]
    (row,) = occupancy.berth_verdicts(scene, port, none, {"pier": share})
    (look,) = looks(used(scene), {scene.scene_id: {"pier": share}}, no_detections(), port).to_dict("records")
    assert row["verdict"] == ("empty" if look["state"] == "usable" else "unknown")


def test_a_ship_that_was_seen_is_there_however_little_else_was():
    scene, zone = clouded(), box_zone("pier", 133.001, 42.745, 133.004, 42.748)
    (row,) = occupancy.berth_verdicts(scene, place_of(zone), a_ship("pier", 0.98), {"pier": 0.1})
    assert (row["verdict"], row["n_hulls"], row["seen"]) == ("occupied", 1, 0.1)


def used(scene):
    """The SCENES table of one used scene."""
    return SCENES.from_rows([
        {"scene_id": scene.scene_id, "sensor": str(scene.sensor), "acquired": scene.acquired, "status": "used",
         "bands": [], "href": "a", "verified": False, "simulated": True},
    ])  # fmt: skip


def no_detections():
    """An empty DETECTIONS table, with the columns that looks use."""
    return pd.DataFrame({"scene_id": [], "berth_id": [], "accepted": []})


def test_what_runs_along_a_quay_is_taken_out_of_one_picture(place):  # noqa: F811
    """For a wall of 1 km and a hull of 120 m, the usual power is the wall's, with or without the ship."""
    berth = place.zones[0]
    wide = place_of(
        box_zone("pier", *shapely.box(*berth.geometry.bounds).buffer(1e-4).bounds), land=place.land, bbox=place.bbox
    )
    for ships in ([], [SHIP]):
        cells, looks = cells_and_looks(wide, [picture(3, ships)])
        excess = quayside.quay_excess(looks[0], cells, wide)
        known = np.isfinite(excess).all(axis=0)
        assert known.any()
        assert not known[~cells.berth].any()
        _, col = picture(3).geolocation.rowcol(cells.lon, cells.lat)
        far = known & (col < 145)
        if far.any():
            assert np.median(excess[:, far]) < 0.02


def test_default_settings_need_no_place():
    scene = array_scene({"VV": np.random.default_rng(1).gamma(4.4, 1 / 4.4, (300, 300))})
    assert detect(scene, config=DetectionConfig())[1]["berths"] == []


def quay_cells(length_m, wet=lambda _row: True):
    """A berth of 40 m running east; cells of 5 m in it and 25 m around: their rows and columns in cells."""
    lat, step = 42.75, 5 / 111_320
    wide = step / np.cos(np.radians(lat))
    zone = box_zone("pier", 133.0, lat - 8 * step, 133.0 + length_m / 5 * wide, lat)
    row, col = (v.ravel() for v in np.mgrid[-5:13, -5 : length_m // 5 + 5])
    lon, north = 133.0 + (col + 0.5) * wide, lat - (row + 0.5) * step
    corner, yes = (133.0, lat), np.ones(len(row), bool)
    cells = Cells(lon, north, row, col, (1, 1), (step, wide), corner, np.array([wet(r) for r in row]), yes)
    return place_of(zone), cells, row, col


def power_look(cells, power):
    codes = background.encode_power(np.stack([power, 2 * power]))
    return background.PowerLook("ascending-7-VV+VH", NOON, codes, np.array([0.01, 0.02]))


def test_what_is_taken_out_of_one_picture_is_numpys_quantile_of_each_strip():
    """By 10 m strips along a 300 m berth, water only; a hull of 100 m hardly moves it."""
    port, cells, row, col = quay_cells(300, wet=lambda r: r < 9)
    strip = (row + 5) // 2
    power = 0.01 + 0.3 * (1 + strip) * np.random.default_rng(0).gamma(4.4, 1 / 4.4, len(row))
    power[(col >= 10) & (col < 30) & (strip == 4)] = 20.0
    look = power_look(cells, power)
    excess = quayside.quay_excess(look, cells, port)
    assert np.isnan(excess[:, ~cells.wet]).all()
    inner = cells.wet & (col >= 0) & (col < 60)  # the area around a berth has round ends
    for n in range(1, 6):
        of_strip = inner & (strip == n)
        truth = np.quantile(look.excess[:, of_strip], background.USUAL_QUANTILE, axis=1)
        assert np.unique(excess[0, of_strip]).size == 1
        assert excess[:, of_strip][:, 0] == pytest.approx(truth, rel=0.08)


@pytest.mark.parametrize(
    ("length_m", "seen_m", "known"), [(90, 140, False), (300, 60, False), (300, 100, True), (300, 350, True)]
)
def test_a_short_berth_or_a_short_part_of_one_tells_no_quay(length_m, seen_m, known):
    """All of it may be hidden by one hull."""
    port, cells, _, col = quay_cells(length_m)
    power = np.where(col * 5 + 25 < seen_m, 0.5, np.nan)
    assert np.isfinite(quayside.quay_excess(power_look(cells, power), cells, port)).any() == known


@pytest.mark.parametrize(
    ("n_looks", "length_m", "berth", "flag"),
    [(0, 59.0, "pier", ["quay_gear"]), (0, 61.0, "pier", []), (6, 30.0, "pier", []),
     (6, 90.0, "", ["beside_berth"]), (0, 30.0, "roads", ["beside_berth"])],
)  # fmt: skip
def test_what_stands_where_a_quay_was_taken_out_may_be_gear_or_the_land_beside(n_looks, length_m, berth, flag):
    """In a scene cut from a larger one whose rows and columns the table uses; detections elsewhere are unchanged."""
    scene = array_scene({"VV": np.ones((100, 100))}, corner=(1000, 500))
    known = np.zeros(scene.shape, bool)
    known[40:60, 70:90] = True
    usual = np.ones((1, *scene.shape), np.float32)
    reader = FlatReader(scene.read, (0, 0), usual, known, ~known, np.array([1.0]), scene.shape, n_looks)
    port = place_of(box_zone("pier", 133, 42, 134, 43), box_zone("roads", 133, 42, 134, 43, kind="anchorage"))
    table = pd.DataFrame({"row": [1050.0, 1050.0, 50.0], "col": [580.0, 520.0, 80.0], "length_m": length_m,
                          "berth_id": berth, "flags": [[], [], []], "flag_evidence": "", "accepted": True})  # fmt: skip
    judged = flag_quay_detections(replace(scene, read=reader), table, port)
    assert judged["flags"].tolist() == [flag, [], []]
    assert judged["accepted"].tolist() == [not flag, True, True]
    assert judged["flag_evidence"].iloc[0].startswith("".join(flag))


@pytest.mark.parametrize(("length_m", "width_m"), [(130.0, 30.0), (60.0, 20.0)])
def test_the_box_of_a_hull_has_the_likelihood_ratio_of_all_its_bands(length_m, width_m):
    """Kulldorff's scan by hand: for ratios r of the bands inside, the sum of n (r - 1 - ln r); pixels of 10 m."""
    ratio, looks = np.ones((2, 12, 60)), 1.8
    hull = np.s_[4 : 4 + round(width_m / 10), 20 : 20 + round(length_m / 10)]
    ratio[0][hull], ratio[1][hull] = 3.0, 7.0
    statistic, mean, length = occupancy._best_box(ratio, np.full(ratio.shape, looks), 10.0)
    n = looks * length_m * width_m / 100
    assert statistic == pytest.approx(n * (2 - np.log(3) + 6 - np.log(7)))
    assert (mean, length) == (pytest.approx(5.0), length_m)


@pytest.mark.parametrize("usual", [0.1, 1.0, 10.0])
def test_a_quay_counts_as_many_looks_as_its_unsteadiness_leaves(usual):
    """Water of power 1 beside a structure that varies by half a unit of ln between looks, simulated with numpy."""
    varied = np.log(1 + usual * np.exp(occupancy.UNSTEADY * np.random.default_rng(0).standard_normal(100_000)))
    scene, everywhere = array_scene({"VV": np.ones((40, 40))}), np.ones((40, 40), bool)
    flat_usual = np.full((1, 40, 40), usual * background.GUARD / occupancy.QUANTILE_TO_MEAN, np.float32)
    reader = FlatReader(scene.read, (0, 0), flat_usual, everywhere, ~everywhere, np.array([1.0]), scene.shape)
    steady = occupancy._ratio_to_expected(replace(scene, read=reader), Window(0, 0, 40, 40))[1]
    assert 1 / steady.mean() == pytest.approx(1 / occupancy.LOOKS_A_PIXEL + varied.var(), rel=0.03)


def test_a_hull_that_no_detection_tells_makes_a_berth_occupied_by_the_pixels_alone(place):  # noqa: F811
    others = [picture(6 * n) for n in range(8)]
    none = a_ship("pier", 0.98).iloc[:0]
    for ships, word, hulls in (([SHIP], "occupied", 1), ([], "empty", 0)):
        scene = flat(place, [picture(60, ships, seed=77), *others])
        (row,) = occupancy.berth_verdicts(scene, place, none, {"pier": 1.0})
        assert (row["verdict"], row["n_hulls"]) == (word, hulls)


@pytest.mark.parametrize("statistic", [30.0, 300.0])
def test_without_earlier_looks_pixels_and_detections_tell_less_and_no_detection_tells_all(statistic):
    without, with_looks = (occupancy.Change(statistic, 5.0, 100.0, 1.0, n) for n in (0, 8))
    for score in (0.0, 0.9):
        assert occupancy.occupancy_probability(without, score) < occupancy.occupancy_probability(with_looks, score)
    assert occupancy.occupancy_probability(without, 0.99) == pytest.approx(
        occupancy.occupancy_probability(without, 1.0), abs=1e-3
    )


@pytest.mark.parametrize(("share", "word"), [(0.3, "unknown"), (0.7, "unknown"), (1.0, "empty")])
def test_of_a_berth_that_the_picture_cuts_the_share_seen_is_told(share, word):
    """Open water without a hull; also for a slanting berth, whose bounding box extends beyond it."""
    rng = np.random.default_rng(2)
    scene = array_scene({"VV": 0.01 * rng.gamma(4.4, 1 / 4.4, (300, 300))})
    row = np.array([100, 180, 180])
    col = 300 - share * 100 + np.array([0, 0, 100])  # a triangle, so that shares of columns and area agree
    zone = Zone("pier", "berth", "pier", shapely.Polygon(np.column_stack(scene.geolocation.lonlat(row, col))))
    inside = shapely.box(-1e3, -1e3, 299.5, 1e3)
    whole = shapely.Polygon(np.column_stack([col, row])).buffer(2.5)
    truth = whole.intersection(inside).area / whole.area
    (verdict_row,) = occupancy.berth_verdicts(scene, place_of(zone), a_ship("pier", 0.98).iloc[:0], {"pier": truth})
    assert verdict_row["seen"] == pytest.approx(truth, abs=0.02)
    assert verdict_row["verdict"] == word
    assert (verdict_row["probability"] is None) == (truth < 0.5)


def berth_rows(scene, north):
    """A berth of 20 m by 1.2 km that begins at a row."""
    (west, east), (top, bottom) = scene.geolocation.lonlat(np.array([north, north + 2]), np.array([40, 160]))
    return box_zone("pier", west, bottom, east, top)


def test_the_light_of_land_is_no_hull_at_an_empty_quay():
    """Land 25 dB over the sea, blurred by 20 m: pixels of open water beside it look bright as well."""
    land = np.arange(200)[:, None] >= 100
    mean = ndimage.gaussian_filter(np.where(land, 3.0, 0.01) * np.ones((200, 200)), 20 / 2.355 / 10)
    image = mean * np.random.default_rng(4).gamma(4.4, 1 / 4.4, mean.shape)
    scene = array_scene({"VV": image}, water=np.broadcast_to(~land, image.shape))
    by_quay, at_sea = (occupancy.measure_change(scene, berth_rows(scene, north)) for north in (95, 50))
    assert by_quay.statistic < at_sea.statistic + 15


def test_of_two_ships_at_a_berth_the_longer_is_told():
    zone = box_zone("pier", 133.001, 42.745, 133.004, 42.748)
    ships = pd.concat([a_ship("pier", 0.9), a_ship("pier", 0.95).assign(length_m=150.0, detection_id="y")])
    (row,) = occupancy.berth_verdicts(clouded(), place_of(zone), ships, {"pier": 1.0})
    assert (row["longest_m"], row["n_hulls"], row["detection_ids"]) == (150.0, 2, ["y", "x"])


def test_no_ship_seen_is_as_telling_as_bayes_says():
    """Even prior odds; part of the berth was seen, where the detector's recall applies."""
    zone, none = box_zone("pier", 133.001, 42.745, 133.004, 42.748), a_ship("pier", 0.98).iloc[:0]
    for share in (0.6, 1.0):
        (row,) = occupancy.berth_verdicts(clouded(), place_of(zone), none, {"pier": share})
        missed = 1 - LOOK_RECALL[Sensor.OPTICAL] * share
        assert row["probability"] == pytest.approx(0.5 * missed / (0.5 * missed + 0.5))


@pytest.mark.parametrize("vv_db", [-27.0, -33.0, -40.0])
@pytest.mark.parametrize(("hull", "word"), [(0.0, "empty"), (5.0, "occupied")], ids=["no hull", "a hull"])
def test_very_calm_water_tells_as_much_with_its_noise_taken_off_as_with_it(vv_db, hull, word):
    """Simulated speckle with noise of -31 and -28 dB; the last of these scenes is nearly all noise."""
    rng, kept = np.random.default_rng(6), {}
    noise = {"VV": 10**-3.1, "VH": 10**-2.8}
    for band, water_db in (("VV", vv_db), ("VH", vv_db - 10)):
        mean = np.full((340, 340), 10 ** (water_db / 10) + noise[band])
        mean[102:104, 90:100] += hull * (1.0 if band == "VV" else 0.1)
        kept[band] = mean * rng.gamma(4.4, 1 / 4.4, mean.shape)
    off = {band: np.maximum(power - noise[band], 1e-6) for band, power in kept.items()}
    scenes = [array_scene(bands, sensor=Sensor.SENTINEL1) for bands in (off, kept)]
    port, none = place_of(berth_rows(scenes[0], 101)), a_ship("pier", 0.98).iloc[:0]
    (taken_off,), (left_in,) = (occupancy.berth_verdicts(scene, port, none, {"pier": 1.0}) for scene in scenes)
    assert taken_off["verdict"] == left_in["verdict"] == word
    assert taken_off["probability"] == pytest.approx(left_in["probability"], abs=0.03)


def test_plain_speckle_is_read_as_it_is():
    rng = np.random.default_rng(6)
    scene = array_scene({n: 0.01 * rng.gamma(4.4, 1 / 4.4, (340, 340)) for n in ("VV", "VH")}, sensor=Sensor.SENTINEL1)
    assert with_noise_restored(scene) is scene


@pytest.mark.parametrize(
    ("hull_m", "word"), [(0, "empty"), (100, "occupied"), (255, "unknown"), (300, "unknown"), (330, "unknown")]
)
def test_a_hull_as_long_as_her_berth_is_never_called_an_empty_quay(hull_m, word):
    """One simulated picture of a berth of 300 m: a hull of 24 m beam, 2 dB in VV, is then taken for quay."""
    rng, power = np.random.default_rng(1), np.zeros((260, 260))
    ends = np.clip(np.arange(260)[:, None] + np.array([0, 1]) - 130, -hull_m / 20, hull_m / 20)
    power[:, 147:150] = np.diff(ends, axis=1)
    power[:, 147] *= 0.4
    power = 1.5 * ndimage.gaussian_filter(power, 0.9) + np.where(np.arange(260) < 150, 0.02, 0.1)
    bands = {n: k * power * rng.gamma(4.4, 1 / 4.4, power.shape) for n, k in (("VV", 1.0), ("VH", 0.1))}
    orbit = RadarView(pass_direction="ascending", relative_orbit=7)
    scene = array_scene(bands, water=np.broadcast_to(np.arange(260) < 150, power.shape), radar=orbit)
    lon, lat = scene.geolocation.lonlat(np.array([114.5, 144.5, 259.5, -0.5]), np.array([144.5, 149.5, 259.5, -0.5]))
    port = place_of(
        box_zone("pier", lon[0], lat[1], lon[1], lat[0]),
        land=shapely.box(lon[1], lat[2], lon[2], lat[3]),
        bbox=(lon[3], lat[2], lon[2], lat[3]),
    )
    cells, (look,) = cells_and_looks(port, [scene])
    alone = background.flatten_quays(scene, look, cells, quayside.quay_excess(look, cells, port), 0)
    row = verdict(alone, port)
    assert (row["verdict"], row["basis"]) == (word, "picture")
