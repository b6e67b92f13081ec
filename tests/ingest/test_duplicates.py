"""Which scenes show the same pass; Sentinel-1's own products are tested with the inputs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely

from pipeline.ingest.duplicates import find_duplicates
from pipeline.ingest.metadata.acquisition import MAYBE_WRITTEN, ONLY_DATE
from pipeline.types import RadarView, Radiometry, Scene, Sensor, Source, Tile


def _read(window):
    shape = (1, window.rows, window.cols)
    whole = np.ones(shape[1:], bool)
    return Tile(window, ("B08",), np.zeros(shape, np.float32), whole, whole)


def scene(name: str, box, *, digest: str = "") -> Scene:
    """A scene with that product name and outline."""
    return Scene(
        scene_id=name,
        sensor=Sensor.SENTINEL2,
        platform="sentinel-2b",
        acquired=datetime(2024, 3, 7, 2, 5, 29, tzinfo=UTC),
        shape=(10, 10),
        bands=("B08",),
        radiometry=Radiometry.REFLECTANCE,
        pixel_spacing_m=(10.0, 10.0),
        read=_read,
        source=Source(name, digest or name, 1),
        footprint=shapely.box(*box),
        product_id=name,
    )


FULL = (132.9, 42.7, 133.1, 42.8)
WEST = "S2B_MSIL2A_20240307T020529_N0510_R017_T53TKJ_20240307T045211"
EAST = "S2B_MSIL2A_20240307T020529_N0510_R017_T53TLJ_20240307T045211"
OLD = "S2B_MSIL2A_20240307T020529_N0500_R017_T53TKJ_20230307T045211"
LATER = "S2A_MSIL2A_20240309T020529_N0510_R017_T53TKJ_20240309T045211"


@pytest.mark.parametrize("flip", [False, True])
def test_a_tile_that_shows_no_more_than_its_neighbour_is_no_second_look(flip):
    pair = [(scene(WEST, FULL), 1.0), (scene(EAST, (133.0, 42.7, 133.1, 42.8)), 0.5)]
    found = find_duplicates(pair[::-1] if flip else pair)
    assert {k: (v.of, v.cause) for k, v in found.items()} == {EAST: (WEST, "same pass, in a neighbouring tile")}


def test_two_tiles_that_share_the_aoi_are_both_used():
    """Each shows a part that the other does not; that the shared part is one sighting is another stage's matter."""
    pair = [(scene(WEST, (132.9, 42.7, 133.02, 42.8)), 0.6), (scene(EAST, (132.98, 42.7, 133.1, 42.8)), 0.6)]
    assert find_duplicates(pair) == {}


def test_a_product_processed_twice_is_one_look():
    found = find_duplicates([(scene(OLD, FULL), 1.0), (scene(WEST, FULL), 1.0)])
    assert list(found) == [OLD]
    assert found[OLD].cause == "same product, processed again"


def test_two_passes_are_two_looks():
    assert find_duplicates([(scene(WEST, FULL), 1.0), (scene(LATER, FULL), 1.0)]) == {}


def test_names_without_a_baseline_are_understood():
    """The Planetary Computer's ids omit it."""
    plain = WEST.replace("_N0510", "")
    found = find_duplicates([(scene(WEST, FULL), 1.0), (replace(scene(plain, FULL), scene_id=plain), 1.0)])
    assert len(found) == 1


def radar(name: str, *bands: str, box=FULL, seconds: float = 0.0, platform: str = "", **more) -> Scene:
    """A radar GeoTIFF with these bands."""
    plain = scene(name, box)
    return replace(
        plain,
        sensor=Sensor.SENTINEL1,
        platform=platform,
        bands=bands,
        radiometry=Radiometry.SIGMA0,
        product_id="",
        acquired=plain.acquired + timedelta(seconds=seconds),
        **more,
    )


LINES = RadarView(azimuth_time=(datetime(2024, 3, 7, 2, 5, 29, tzinfo=UTC), 2.5))  # ten lines in 22.5 s


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    ("one", "two", "stays", "cause"),
    [
        (radar("a", "VV"), radar("b", "VV"), "b", "same acquisition, in another file"),
        (radar("a", "VV"), radar("b", "VH"), "a", "another polarisation of the same image"),
        (radar("a", "VH"), radar("b", "VV", "VH"), "b", "same acquisition, in another file"),
        (radar("a", "VH"), radar("b", "intensity", seconds=0.4), "b", "same acquisition, in another file"),
        (radar("a", "VV", radar=LINES), radar("b", "VV", seconds=12.5), "b", "same acquisition, in another file"),
    ],
    ids=["packed anew", "polarisations", "one of two bands", "fraction of a second", "a time within its lines"],
)
def test_one_radar_image_in_two_files_is_one_look(one, two, stays, cause, flip):
    pair = [(one, 1.0), (two, 1.0)]
    found = find_duplicates(pair[::-1] if flip else pair)
    ((gone, why),) = found.items()
    assert (why.of, {gone, why.of}) == (stays, {"a", "b"})
    assert why.cause.startswith(cause)


@pytest.mark.parametrize(
    "other",
    [
        radar("b", "VV", seconds=20.0),
        radar("b", "VV", platform="sentinel-1c"),
        radar("b", "VV", box=(133.0, 42.7, 133.2, 42.8)),
        radar("b", "VV", degraded=("time of day unknown; the file name gives the date",)),
    ],
    ids=["the next slice", "another satellite", "the next tile", "noon for want of a time"],
)
def test_two_radar_images_are_two(other):
    assert find_duplicates([(radar("a", "VV", platform="sentinel-1a"), 0.6), (other, 0.6)]) == {}


@pytest.mark.parametrize("flip", [False, True])
def test_a_radar_image_on_a_map_grid_is_one_look_with_the_product_that_it_was_made_from(flip):
    """Its frame is larger than the product, which lies in it at an angle, yet only one of them counts."""
    name = "S1A_IW_GRDH_1SDV_20240307T020529_20240307T020551_052870_066610_ABCD"
    aslant = shapely.Polygon([(132.92, 42.8), (133.1, 42.78), (133.08, 42.7), (132.9, 42.72)])
    product = replace(
        radar(name, "VV", "VH", platform="sentinel-1a", radar=LINES),
        product_id=name, footprint=aslant, tags={"data_take": "66610", "processed": "2024-03-07T10:00:00"},
    )  # fmt: skip
    made = replace(radar("tc", "VV"), source=Source(f"/x/subset_{name.lower()}_Cal_TC.tif", "tc", 1))
    pair = [(product, 0.6), (made, 0.6)]
    found = find_duplicates(pair[::-1] if flip else pair)
    assert {k: (v.of, v.cause) for k, v in found.items()} == {"tc": (name, "same acquisition, in another file")}
    unnamed = replace(made, source=Source("/x/S1A_IW_20240307T020529_DVP_RTC10_VV.tif", "tc", 1))
    assert set(find_duplicates([(product, 1.0), (unnamed, 0.99)])) == {"tc"}, "each shows all of the place"
    assert find_duplicates([(product, 0.6), (unnamed, 0.6)]) == {}, "each may show another half of the place"
    later = replace(unnamed, acquired=unnamed.acquired + timedelta(seconds=40))
    assert find_duplicates([(product, 1.0), (later, 1.0)]) == {}


@pytest.mark.parametrize("flip", [False, True])
def test_two_levels_of_one_pass_are_one_look(flip):
    """Top-of-atmosphere and surface reflectance of one pass must not be two looks, each with its sightings."""
    top = WEST.replace("MSIL2A", "MSIL1C").replace("T045211", "T031500")
    pair = [(replace(scene(top, FULL), bands=("B02", "B08", "B11", "B12")), 1.0), (scene(WEST, FULL), 1.0)]
    found = find_duplicates(pair[::-1] if flip else pair)
    assert {k: (v.of, v.cause) for k, v in found.items()} == {
        top: (WEST, "same product, at another level of processing")
    }
    elsewhere = replace(pair[0][0], footprint=shapely.box(133.2, 42.7, 133.4, 42.8), product_id=top.replace("KJ", "LJ"))
    assert find_duplicates([(elsewhere, 0.4), pair[1]]) == {}


@pytest.mark.parametrize("flip", [False, True])
def test_bands_of_sentinel2_in_pixels_of_two_sizes_are_one_look(flip):
    """A product's folders hold its true colour at 10, 20 and 60 m; tiles' file names do not name the satellite."""
    colours = {"bands": ("B04", "B03", "B02"), "platform": "", "radiometry": Radiometry.RELATIVE}
    fine = picture("TCI_10m", sensor=Sensor.SENTINEL2, **colours)
    coarse = picture("TCI_20m", sensor=Sensor.SENTINEL2, pixel_spacing_m=(20.0, 20.0), **colours)
    stack = picture("stack", sensor=Sensor.SENTINEL2, bands=("B03", "B08"), platform="", pixel_spacing_m=(20.0, 20.0))
    pair = [(fine, 1.0), (coarse, 1.0)]
    assert {k: v.of for k, v in find_duplicates(pair[::-1] if flip else pair).items()} == {"TCI_20m": "TCI_10m"}
    assert set(find_duplicates([*pair, (stack, 1.0)])) == {"TCI_10m", "TCI_20m"}


def picture(name: str, *, box=FULL, late_s: float = 0.0, sensor=Sensor.OPTICAL, **more) -> Scene:
    """An image of no known product."""
    whole = scene(name, box)
    moment = whole.acquired + timedelta(seconds=late_s)
    return replace(whole, sensor=sensor, product_id="", acquired=moment, **more)


@pytest.mark.parametrize("sensor", [Sensor.OPTICAL, Sensor.SENTINEL2])
def test_an_image_packed_anew_or_cut_out_is_no_second_look(sensor):
    """If each copy were a look of its own, four copies would narrow a length interval as four passes do."""
    clip = picture("clip", box=(133.0, 42.72, 133.05, 42.78), sensor=sensor)
    tried = [picture("a", sensor=sensor), picture("b", late_s=0.4, sensor=sensor), clip]
    found = find_duplicates([(tried[0], 1.0), (tried[1], 1.0), (tried[2], 0.3)])
    assert {k: v.of for k, v in found.items()} == {"a": "b", "clip": "b"}
    assert {v.cause for v in found.values()} == {"same moment and place, in another file"}


@pytest.mark.parametrize("flip", [False, True])
def test_panchromatic_and_colours_of_one_moment_are_one_look(flip):
    """One satellite cannot look twice within a second. The finer image is kept: it measures hulls better."""
    pan = picture("a_pan", pixel_spacing_m=(0.5, 0.5), bands=("PAN",))
    colours = picture("b_ms", late_s=0.3, pixel_spacing_m=(2.0, 2.0), bands=("B", "G", "R", "N"))
    pair = [(pan, 1.0), (colours, 1.0)]
    found = find_duplicates(pair[::-1] if flip else pair)
    cause = "same moment, place and satellite, in pixels of another size"
    assert {k: (v.of, v.cause) for k, v in found.items()} == {"b_ms": ("a_pan", cause)}


@pytest.mark.parametrize(
    "other",
    [
        picture("b", late_s=5.0),
        picture("b", platform="other"),
        picture("b", pixel_spacing_m=(3.0, 3.0), platform=""),
        picture("b", box=(133.0, 42.7, 133.2, 42.8)),
        picture("b", degraded=(MAYBE_WRITTEN,)),
        picture("b", degraded=(ONLY_DATE,)),
    ],
    ids=["later", "another satellite", "finer, of a satellite not named", "beside", "time of writing", "a day alone"],
)
def test_what_may_be_another_image_is_a_look(other):
    assert find_duplicates([(picture("a"), 1.0), (other, 1.0)]) == {}


def test_of_copies_the_one_with_fewer_doubts_stays():
    """For example if one copy's sidecar names its bands wrongly, so that nobody knows what they show."""
    doubtful = picture("z", degraded=("several bands are called B",))
    assert {k: v.of for k, v in find_duplicates([(picture("a"), 1.0), (doubtful, 1.0)]).items()} == {"z": "a"}
