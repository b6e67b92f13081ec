import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.calls.geodesy import from_plane
from pipeline.calls.given_detections import normalise_detections
from pipeline.calls.matching import associate, check_lines, detectability, match, match_tables
from pipeline.calls.motion import TrackOnPlane, fit_drift_m_s
from pipeline.calls.static import static_reports
from pipeline.calls.tracks import clean_tracks
from pipeline.config import CallsConfig
from pipeline.errors import ConfigError
from pipeline.tables import AIS_MESSAGES, MATCHES, STATIC, TRACKS
from pipeline.units import KNOT_M_S
from tests.builders import REAL_DATA, needs_real_data
from tests.calls.traffic import BERTH, MMSI, detections, feed, fixes, off_berth, said, sighting, visit

CONFIG = CallsConfig()
NOON = 12.0


def matched(seen: list[dict], *messages: pd.DataFrame) -> pd.DataFrame:
    table = feed(*messages)
    found = match(detections(*seen), clean_tracks(table), static_reports(table), CONFIG)
    return found.set_index("det_id")


def moored(east_m: float, mmsi: int = MMSI) -> pd.DataFrame:
    return fixes(np.arange(11, 13, 0.1), *off_berth(east_m), mmsi=mmsi)


def partner(table: pd.DataFrame, name: str):
    return None if pd.isna(table.loc[name, "mmsi"]) else int(table.loc[name, "mmsi"])


def test_a_ship_under_her_transponder_is_hers():
    row = matched([sighting("d", NOON)], moored(0)).loc["d"]
    assert row["mmsi"] == MMSI
    assert row["probability"] > 0.95
    assert row["distance_m"] < 1


def test_with_nobody_transmitting_she_is_dark():
    row = matched([sighting("d", NOON)]).loc["d"]
    assert pd.isna(row["mmsi"])
    assert row["probability"] == 1.0


@pytest.mark.parametrize(("metres", "hers"), [(0, True), (100, True), (600, False), (1500, False), (5000, False)])
def test_a_transponder_too_far_off_is_another_ship(metres, hers):
    assert (partner(matched([sighting("d", NOON)], moored(metres)), "d") == MMSI) == hers


@given(st.lists(st.floats(-1500, 1500), min_size=1, max_size=6), st.lists(st.floats(-1500, 1500), max_size=6))
@settings(max_examples=30, deadline=None)
def test_verdicts_are_probabilities_and_partners_are_taken_once(spots, transmitting):
    seen = [sighting(f"d{n}", NOON, off_berth(e)) for n, e in enumerate(spots)]
    table = matched(seen, *[moored(e, MMSI + n) for n, e in enumerate(transmitting)])
    assert len(table) == len(spots)
    assert table["probability"].between(0, 1).all()
    taken = table["mmsi"].dropna()
    assert taken.is_unique


def test_two_close_ships_are_told_apart_by_place():
    table = matched(
        [sighting("west", NOON, off_berth(-150)), sighting("east", NOON, off_berth(150))],
        moored(-140, MMSI + 1),
        moored(160, MMSI + 2),
    )
    assert (partner(table, "west"), partner(table, "east")) == (MMSI + 1, MMSI + 2)


def test_no_partner_lies_beyond_the_gate_however_alone_she_is():
    table = feed(moored(100))
    for gate_m, hers in ((90.0, False), (110.0, True)):
        near = CallsConfig(match_gate_m=gate_m)
        found = match(detections(sighting("d", NOON)), clean_tracks(table), static_reports(table), near)
        assert found["mmsi"].notna().tolist() == [hers]


def test_chances_are_by_bayes_rule_among_all_who_may_be_there():
    """Two equal transponders at one place compete for one detection: the chance of one excludes the other."""
    alone = matched([sighting("d", NOON)], moored(0)).loc["d", "probability"]
    shared = matched([sighting("d", NOON)], moored(0), moored(0, MMSI + 1)).loc["d", "probability"]
    odds = alone / (1 - alone)
    assert shared == pytest.approx(odds / (1 + 2 * odds), rel=1e-6)


def test_two_ships_in_one_place_are_told_apart_by_size():
    table = matched(
        [sighting("long", NOON, off_berth(0), 180.0), sighting("short", NOON, off_berth(10), 60.0)],
        moored(8, MMSI + 1),
        moored(2, MMSI + 2),
        said(11, mmsi=MMSI + 1, a=150.0, b=30.0),
        said(11, mmsi=MMSI + 2, a=50.0, b=10.0),
    )
    assert (partner(table, "long"), partner(table, "short")) == (MMSI + 1, MMSI + 2)


@pytest.mark.parametrize(("beyond_m", "counts"), [(0, True), (800, True), (3000, False)])
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("north", [False, True], ids=["east and west", "north and south"])
def test_ships_are_expected_about_the_detections_of_a_scene_and_not_farther_off(beyond_m, counts, side, north):
    """An image's transponders say nothing about places kilometres outside of it."""

    def lying(metres: float) -> tuple[float, float]:
        return off_berth(0, metres) if north else off_berth(metres)

    seen = [sighting(f"d{n}", NOON, lying(metres), scene_id="s") for n, metres in enumerate((-2000, 2000))]
    here = fixes(np.arange(11, 13, 0.1), *lying(-2000))
    other = fixes(np.arange(11, 13, 0.1), *lying(side * (2000 + beyond_m)), mmsi=MMSI + 1)
    shown = detectability(np.array([np.nan]))[0]  # expected as often as images show a ship of unknown length

    def expected(*parts) -> float:
        table = feed(*parts)
        return associate(detections(*seen), clean_tracks(table), static_reports(table), CONFIG).checks["expected"][0]

    assert expected(here) == pytest.approx(shown)
    assert expected(here, other) == pytest.approx((1 + counts) * shown)


def test_a_moving_ship_is_looked_for_where_she_is_by_then():
    """10 kn due east, last heard ten minutes ago: 3,087 m farther."""
    heard = [11.5 + k / 60 for k in range(20)]
    lon, lat = zip(*[off_berth((h - NOON) * 18_520) for h in heard], strict=True)
    ship = fixes(heard, list(lon), list(lat), 10.0, cog=90.0)
    row = matched([sighting("d", NOON)], ship).loc["d"]
    assert row["mmsi"] == MMSI
    assert row["distance_m"] < 30
    assert row["time_gap_s"] == pytest.approx(660, abs=1)


def test_between_two_fixes_she_lies_on_the_way():
    row = matched([sighting("d", 6.5)], visit(7, 9, every_min=10)).loc["d"]
    lon = sighting("x", 6.5)["lon"]
    assert lon == BERTH[0]
    assert pd.isna(row["mmsi"])  # by then she is 9 km away
    here = matched([sighting("d", 6.75, off_berth(0.25 * 18_520))], visit(7, 9, every_min=10)).loc["d"]
    assert (here["mmsi"], here["distance_m"] < 50) == (MMSI, True)


@pytest.mark.parametrize("course_deg", [45.0, 225.0])
def test_a_ship_under_way_is_looked_for_at_the_time_of_her_own_row(course_deg):
    """A radar slice is acquired over half a minute, in which a ship at 12 kn moves 185 m."""
    east, north = np.sin(np.radians(course_deg)), np.cos(np.radians(course_deg))
    hours = np.arange(11, 13, 1 / 60)
    way_m = (hours - NOON) * 12 * 1852
    lon, lat = from_plane(way_m * east, way_m * north, BERTH)
    ship = fixes(hours, lon, lat, 12.0, cog=course_deg)
    on_m, later = 12 * 1852 / 180, NOON + 20 / 3600
    seen = [sighting(f"other{n}", NOON, off_berth(8000.0 + 900 * n), scene_id="one") for n in range(3)]
    seen.append(sighting("she", later, off_berth(on_m * east, on_m * north), scene_id="one"))
    row = matched(seen, ship).loc["she"]
    assert (row["mmsi"], row["distance_m"] < 10) == (MMSI, True)


def test_an_hour_of_silence_is_too_long():
    old = fixes(np.arange(8, 10, 0.1), *BERTH)
    assert partner(matched([sighting("d", NOON)], old), "d") is None


def test_a_badly_placed_image_is_shifted_as_a_whole():
    """Eight ships, all 500 m north of their transponders."""
    places = [(e, n) for e in (-3000, -1000, 1000, 3000) for n in (-2000, 2000)]
    seen = [sighting(f"d{k}", NOON, off_berth(e, n + 500)) for k, (e, n) in enumerate(places)]
    ships = [fixes(np.arange(11, 13, 0.1), *off_berth(e, n), mmsi=MMSI + k) for k, (e, n) in enumerate(places)]
    table = matched(seen, *ships)
    assert [partner(table, f"d{k}") for k in range(8)] == [MMSI + k for k in range(8)]
    assert (table["distance_m"] < 30).all()


def test_scenes_do_not_compete():
    table = matched([sighting("a", NOON), sighting("b", 12.5)], moored(0))
    assert table["mmsi"].tolist() == [MMSI, MMSI]


def busy_scene(seed: int):
    rng = np.random.default_rng(seed)
    spots = rng.uniform(-5000, 5000, (12, 2))
    seen = [sighting(f"d{n:02}", NOON, off_berth(*(s + rng.normal(0, 40, 2)))) for n, s in enumerate(spots)]
    ships = [fixes(np.arange(11, 13, 0.1), *off_berth(*s), mmsi=MMSI + n) for n, s in enumerate(spots) if n % 3]
    return seen, ships


@pytest.mark.parametrize("seed", range(4))
def test_order_of_rows_does_not_matter(seed):
    seen, ships = busy_scene(seed)
    table, places = feed(*ships), detections(*seen)
    tracks, static = clean_tracks(table), static_reports(table)
    straight = match(places, tracks, static, CONFIG)
    turned = match(places.sample(frac=1, random_state=seed), tracks.sample(frac=1, random_state=seed), static, CONFIG)
    pd.testing.assert_frame_equal(straight, turned)


@pytest.mark.parametrize("seed", range(4))
def test_a_third_without_transponders_are_called_dark(seed):
    seen, ships = busy_scene(seed)
    table = matched(seen, *ships)
    assert [partner(table, f"d{n:02}") for n in range(12)] == [MMSI + n if n % 3 else None for n in range(12)]


def test_a_full_turn_of_longitude_changes_nothing():
    seen, ships = busy_scene(0)
    turned = [ship.assign(lon=ship["lon"] - 360) for ship in ships]
    raw = [pd.concat(part, ignore_index=True).assign(line=1, source_file="f") for part in (ships, turned)]
    tables = [AIS_MESSAGES.conform(t.assign(message_id=[f"m{n:05}" for n in range(len(t))])) for t in raw]
    tracks = [clean_tracks(tables[0]), clean_tracks(tables[0]).assign(lon=lambda t: t["lon"] - 360)]
    first, second = (match(detections(*seen), t, STATIC.empty(), CONFIG) for t in tracks)
    assert first["mmsi"].tolist() == second["mmsi"].tolist()


def test_a_detection_without_place_or_time_has_no_verdict():
    lost = [sighting("a", NOON) | {"lon": None, "lat": None}, sighting("b", NOON) | {"acquired": None}]
    assert matched(lost, moored(0)).empty


def test_empty_tables_make_empty_tables():
    nothing = match(detections(), TRACKS.empty(), STATIC.empty(), CONFIG)
    assert len(nothing) == 0
    assert list(nothing.columns) == MATCHES.names


def test_foreign_tables_are_read_by_either_name():
    plain = pd.DataFrame([{"det_id": "d", "time_utc": "2024-03-07T12:00:00Z", "lon": BERTH[0], "lat": BERTH[1]}])
    own = plain.rename(columns={"det_id": "detection_id", "time_utc": "acquired"})
    messages = feed(moored(0))
    for table in (plain, own):
        assert match_tables(table, messages, CONFIG)["mmsi"].tolist() == [MMSI]


@pytest.mark.parametrize("column", ["det_id", "time_utc", "lon", "lat"])
def test_a_table_without_what_is_needed_is_refused_by_name(column):
    table = pd.DataFrame([{"det_id": "d", "time_utc": "2024-03-07T12:00:00Z", "lon": 133.0, "lat": 42.7}])
    wanted = {"det_id": "detection_id", "time_utc": "acquired"}.get(column, column)
    with pytest.raises(ConfigError, match=wanted):
        match_tables(table.drop(columns=column), feed(), CONFIG)


@needs_real_data
@pytest.mark.parametrize("dropped", [0.0, 0.3], ids=["all transmit", "30 % dark"])
def test_real_detections_and_messages(dropped):
    """110 pairs of Sentinel-1 ships and AIS; those whose transponder was removed must be reported as dark."""
    folder = REAL_DATA / "sar_ais_match"
    seen, heard, truth = (pd.read_csv(folder / f"{n}.csv") for n in ("sar_detections", "ais_messages", "truth"))
    ships = np.array(sorted(truth["mmsi"].unique()))
    removed = set(np.random.default_rng(0).choice(ships, int(dropped * len(ships)), replace=False).tolist())
    heard = heard[~heard["mmsi"].isin(removed)].reset_index(drop=True)
    renamed = heard.rename(columns={f"ais_{k}": v for k, v in {"lon": "lon", "lat": "lat", "sog_kn": "sog"}.items()})
    renamed = renamed.rename(columns={"ais_cog_deg": "cog", "ais_length_m": "a"}).assign(b=0.0, msg_type=1)
    renamed = renamed.assign(line=range(1, len(heard) + 1), source_file="f", message_id=[f"m{n}" for n in heard.index])
    found = match_tables(seen, AIS_MESSAGES.conform(renamed), CONFIG)
    both = truth.merge(found, on="det_id", suffixes=("", "_found"))
    dark, named = both["mmsi"].isin(removed), both["mmsi_found"].notna()
    right = both["mmsi_found"] == both["mmsi"]
    assert len(both) == len(truth) == 110
    assert right[named].mean() >= 0.97
    assert right[~dark].mean() >= 0.95
    if dropped:
        assert (~named[dark]).mean() >= 0.9


def under_way(seed: int, flight: tuple[float, float], shift_s: float, count: int = 14):
    """Ships at 10 kn on all courses, as a right-looking radar with azimuth shift shows them."""
    rng = np.random.default_rng(seed)
    look = (flight[1], -flight[0])
    seen, ships = [], []
    for n in range(count):
        course, (e, north) = rng.uniform(0, 2 * np.pi), rng.uniform(-9000, 9000, 2)
        v = 5.144 * np.sin(course), 5.144 * np.cos(course)
        moved = -shift_s * (v[0] * look[0] + v[1] * look[1])
        spot = off_berth(e + moved * flight[0] + rng.normal(0, 30), north + moved * flight[1] + rng.normal(0, 30))
        seen.append(sighting(f"d{n:02}", NOON, spot, sensor="sentinel-1"))
        times = np.array([-60, 0.0])
        lon, lat = zip(*[off_berth(e + v[0] * t, north + v[1] * t) for t in times], strict=True)
        hours = NOON + times / 3600
        ships.append(fixes(hours, list(lon), list(lat), 10.0, cog=np.degrees(course), mmsi=MMSI + n))
    return seen, ships


@pytest.mark.parametrize(("name", "heading"), [("ascending", 348.8), ("descending", 191.2)])
def test_the_radar_shows_a_coming_ship_ahead_of_where_she_is(name, heading):
    """The simulated shift is recovered to five per cent, with the right pass direction."""
    flight = float(np.sin(np.radians(heading))), float(np.cos(np.radians(heading)))
    seen, ships = under_way(3, flight, 75.0)
    table = feed(*ships)
    result = associate(detections(*seen), clean_tracks(table), static_reports(table), CONFIG)
    check = result.checks.iloc[0]
    assert check["displacement"].startswith(name)
    assert float(check["displacement"].split()[1]) == pytest.approx(75.0, rel=0.05)
    assert result.matches["mmsi"].tolist() == [MMSI + n for n in range(14)]
    assert check["matched"] == pytest.approx(14, abs=0.5)


def test_an_optical_image_shifts_nothing():
    seen, ships = under_way(3, (0.0, 1.0), 0.0)
    table = feed(*ships)
    optical = detections(*[s | {"sensor": "optical"} for s in seen])
    result = associate(optical, clean_tracks(table), static_reports(table), CONFIG)
    assert result.checks["displacement"].tolist() == ["none"]
    assert result.matches["mmsi"].notna().all()


def test_a_look_that_matched_nobody_says_nothing_of_where_its_image_lies():
    """Zero metres of offset, measured with no ship, would look like a passed check."""
    told = {"scene_id": "a", "n_detections": 1, "n_transponders": 1, "matched": 0.02, "expected": 0.03,
            "offset_east_m": 0.0, "offset_north_m": 0.0, "displacement": "none"}  # fmt: skip
    (lone,) = check_lines(pd.DataFrame([told]))
    assert lone == "a: 0.0 matches with transponders, 0.0 expected (1 transponder, 1 detection)"
    (whole,) = check_lines(pd.DataFrame([told | {"matched": 2.0, "n_transponders": 2, "offset_east_m": 12.0}]))
    assert whole.endswith("(2 transponders, 1 detection); image off by 12 m east, 0 m north")


@pytest.mark.parametrize("sensor", ["optical", "sentinel-2"])
def test_an_optical_image_is_as_sure_of_ships_under_way_as_of_those_that_lie(sensor):
    """Two ships abreast at 12 kn, 400 m apart, each at her transponder's position: nothing displaces them."""
    hours = np.arange(0, 1, 10 / 3600)
    ships = []
    for n in range(2):
        lon, lat = from_plane(np.full(len(hours), 400.0 * n), (hours - 0.5) * 12 * 1852, BERTH)
        ships.append(fixes(hours, lon, lat, 12.0, mmsi=MMSI + n))
    seen = [sighting(f"d{n}", 0.5, off_berth(400 * n), scene_id="s", sensor=sensor) for n in range(2)]
    table = feed(*ships, *[said(0, mmsi=MMSI + n, a=80.0, b=16.0) for n in range(2)])
    result = associate(detections(*seen), clean_tracks(table), static_reports(table), CONFIG).matches
    assert result.set_index("det_id")["mmsi"].to_dict() == {"d0": MMSI, "d1": MMSI + 1}
    assert (result["probability"] > 0.99).all()


def test_the_self_check_misses_the_ships_that_no_image_shows():
    seen, ships = busy_scene(0)
    table = feed(*ships)
    whole = associate(detections(*seen), clean_tracks(table), static_reports(table), CONFIG).checks.iloc[0]
    half = associate(detections(*seen[::2]), clean_tracks(table), static_reports(table), CONFIG).checks.iloc[0]
    assert whole["matched"] >= whole["expected"] - 1
    assert half["matched"] < half["expected"] - 1


def test_a_ship_that_cast_off_meanwhile_is_still_hers():
    """At 12:05 she reports 11 kn; at noon she may still have been where she was last heard."""
    row = matched([sighting("d", NOON)], fixes([NOON + 300 / 3600], *off_berth(100), 11.0, cog=210.0)).loc["d"]
    assert row["mmsi"] == MMSI


def test_between_two_fixes_of_a_turn_she_lies_on_the_turn():
    """A quarter circle of 1,000 m in 300 s: half way she is on the circle, 290 m off the chord."""
    turned = np.radians([0.0, 90.0])
    speed_m_s = 1000 * np.pi / 2 / 300
    fixes_ = pd.DataFrame(
        {"mmsi": MMSI, "time_utc": pd.to_datetime([0, 300], unit="s", utc=True), "sog_kn": speed_m_s / KNOT_M_S}
    ).assign(ship=pd.NA)
    lon, lat = from_plane(1000 * np.sin(turned), 1000 * (1 - np.cos(turned)), BERTH)
    there = TrackOnPlane.of(fixes_.assign(lon=lon, lat=lat, cog_deg=[90.0, 0.0]), BERTH).at(150.0)
    on_circle = 1000 * np.sin(np.pi / 4), 1000 * (1 - np.cos(np.pi / 4))
    assert (there.east[0], there.north[0]) == pytest.approx(on_circle, abs=25)


def test_the_spread_of_a_silence_is_learned_from_how_far_ships_were_from_where_they_said():
    """Fixes a minute apart, each off by a normal error of 0.8 m per second; enough of them to outweigh the prior."""
    rng, n, dt = np.random.default_rng(5), 20_000, 60.0
    off = rng.normal(0, 0.8 * dt, (2, n))
    still = np.zeros(n)
    track = TrackOnPlane(MMSI, np.arange(n) * dt, np.cumsum(5.0 * dt + off[0]), np.cumsum(off[1]), still + 5.0, still)
    assert fit_drift_m_s([track]) == pytest.approx(0.8, rel=0.02)


def test_case_and_blanks_make_no_other_column_and_only_what_lacks_is_told():
    """A column "Lon" counts as lon; a table that lacks only lat must not be told to lack lon, too."""
    table = pd.DataFrame({"Det ID": ["a"], "Time (UTC)": ["2024-03-07T00:00:00Z"], "Lon": [133.0], "LATITUDE": [42.7]})
    row = normalise_detections(table).iloc[0]
    assert (row["detection_id"], row["lon"], row["lat"]) == ("a", 133.0, 42.7)
    with pytest.raises(ConfigError, match=r"no column lat; it has det_id, time_utc, lon$"):
        normalise_detections(table.drop(columns="LATITUDE"))


def test_detections_of_foreign_columns_name_all_that_lack_and_what_may_be_meant():
    """All four missing columns are named at once, not one per attempt."""
    table = pd.DataFrame(
        {"Kennung": ["a"], "Timestamp": ["2024-03-07T00:00:00Z"], "Breite": [42.7], "Längengrad": [133]}
    )
    told = (
        r"no column detection_id \(or det_id\), acquired \(or time_utc\), lon, lat; it has Kennung, Timestamp, Breite, "
        "Längengrad; Timestamp may be acquired, Breite may be lat, Längengrad may be lon$"
    )
    with pytest.raises(ConfigError, match=told):
        normalise_detections(table)
