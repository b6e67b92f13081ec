"""Operators' metadata beside an image: what each layout states, what it leaves open, what is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.ingest.metadata import operators
from pipeline.ingest.metadata.operators import read_operator
from pipeline.ingest.metadata.view_angles import azimuth_to_satellite_deg, incidence_deg
from pipeline.ingest.scenes import open_scene
from pipeline.simulation.optical import Light, MapFrame
from pipeline.simulation.optical_products import Picture, write_picture
from pipeline.types import Radiometry, Sensor, Window, utc

LIGHT = Light(33.4, 151.2, 17.3, 248.9)
TIME = utc("2024-03-08T02:10:00Z")


def picture(bands=("B", "G", "R", "N")):
    image = np.full((4, 24, 24), 0.06, np.float32)
    return Picture("sim1", MapFrame(32653, 5e5, 4.7e6, 0.5, (24, 24)), image, bands, "SIM-1", TIME, LIGHT)


@pytest.mark.parametrize("style", ["minimal", "planet", "airbus", "maxar"])
@pytest.mark.parametrize("bands", [("pan",), ("B", "G", "R", "N")])
def test_each_layout_gives_time_sun_view_and_bands(tmp_path, style, bands):
    scene = open_scene(write_picture(tmp_path, picture(bands), style))
    assert scene.acquired == TIME
    assert scene.sensor is Sensor.OPTICAL
    assert scene.bands == bands
    view = scene.optical
    assert view.sun_elevation_deg == pytest.approx(33.4, abs=0.06)
    assert view.sun_azimuth_deg == pytest.approx(151.2, abs=0.06)
    assert view.view_off_nadir_deg == pytest.approx(17.3, abs=0.25)
    assert view.view_azimuth_deg == pytest.approx(248.9, abs=0.06)
    assert not any("no freeboard" in doubt for doubt in scene.degraded)


@pytest.mark.parametrize("style", ["minimal", "airbus"])
def test_scale_of_reflectance(tmp_path, style):
    scene = open_scene(write_picture(tmp_path, picture(), style))
    assert scene.radiometry is Radiometry.REFLECTANCE
    assert scene.read(Window(3, 3, 2, 2)).data == pytest.approx(0.06, abs=1e-4)


def test_a_new_operator_is_one_entry(tmp_path, monkeypatch):
    """docs/add_a_sensor.md: with one more entry, time, angles, bands and scale are read, and its file is evidence."""

    def find(image, beside):
        found = beside.get(f"{image.stem.upper().removesuffix('_MS')}.META")
        return [] if found is None else [found]

    def read(paths, image, bands):
        told = dict(line.split("=") for line in paths[0].read_text().split())
        names = ("sun_elevation_deg", "sun_azimuth_deg", "view_off_nadir_deg", "view_azimuth_deg", "scale")
        return {"acquired": told["time"], "platform": "tern-1", "bands": ("B", "G", "R", "N")[:bands]} | {
            name: float(told[name]) if name in told else None for name in names
        }

    monkeypatch.setattr(operators, "OPERATORS", (*operators.OPERATORS, operators.Operator("tern", find, read)))
    bare = write_picture(tmp_path, picture(), "minimal")
    bare.with_suffix(".json").unlink()
    image = bare.rename(tmp_path / "TRN3_0017_ms.tif")
    meta = tmp_path / "TRN3_0017.meta"
    angles = "sun_elevation_deg=33.4 sun_azimuth_deg=151.2 view_off_nadir_deg=17.3 view_azimuth_deg=248.9"
    meta.write_text(f"time=2024-03-08T02:10:00Z {angles} scale=0.0001")
    scene = open_scene(image)
    assert (scene.acquired, scene.sensor, scene.platform) == (TIME, Sensor.OPTICAL, "tern-1")
    assert scene.bands == ("B", "G", "R", "N")
    assert scene.radiometry is Radiometry.REFLECTANCE
    assert scene.degraded == ()
    assert [one.name for one in scene.source.side_files] == ["TRN3_0017.meta"]
    meta.write_text("no field at all")
    with pytest.raises(InputError, match=r"TRN3_0017\.meta: is not the metadata file it looks like"):
        open_scene(image)


def test_missing_angles_mean_no_freeboard_and_it_is_said(tmp_path):
    path = write_picture(tmp_path, picture(), "minimal")
    sidecar = json.loads(path.with_suffix(".json").read_text())
    del sidecar["view_off_nadir_deg"], sidecar["sun_azimuth_deg"]
    path.with_suffix(".json").write_text(json.dumps(sidecar))
    assert "no freeboard: sun azimuth, view angle unknown" in open_scene(path).degraded


def test_the_analyst_corrects_the_operator(tmp_path):
    path = write_picture(tmp_path, picture(), "maxar")
    path.with_suffix(".json").write_text(json.dumps({"sensor": "optical", "sun_elevation_deg": 40.0}))
    view = open_scene(path).optical
    assert view.sun_elevation_deg == 40.0
    assert view.view_azimuth_deg == pytest.approx(248.9)


def test_planet_coefficients_make_reflectance_of_radiance(tmp_path):
    path = write_picture(tmp_path, picture(), "planet")
    bands = "".join(
        f"<ps:bandSpecificMetadata><ps:bandNumber>{n}</ps:bandNumber>"
        f"<ps:reflectanceCoefficient>{n}e-5</ps:reflectanceCoefficient></ps:bandSpecificMetadata>"
        for n in (1, 2, 3, 4)
    )
    xml = (
        '<?xml version="1.0"?><r xmlns:ps="p" xmlns:opt="o">'
        f'<opt:illuminationElevationAngle uom="deg">33.4</opt:illuminationElevationAngle>{bands}</r>'
    )
    (tmp_path / "sim1_metadata.xml").write_text(xml)
    data = open_scene(path).read(Window(0, 0, 1, 1)).data[:, 0, 0]
    assert data == pytest.approx(600 * np.array([1, 2, 3, 4]) * 1e-5, rel=1e-3)


def test_planets_metadata_nested_without_end_costs_its_image_alone(tmp_path):
    path = write_picture(tmp_path, picture(), "planet")
    told = next(tmp_path.glob("*.json"))
    told.write_text('{"properties": ' + "[" * 100_000)
    with pytest.raises(
        InputError, match=rf"{told.name}: is not the metadata file it looks like \(it is nested too deeply"
    ):
        open_scene(path)


def test_dimap_radiance_needs_the_suns_irradiance(tmp_path):
    path = write_picture(tmp_path, picture(("pan",)), "airbus")
    xml = next(tmp_path.glob("DIM_*.XML"))
    text = xml.read_text().replace(">REFLECTANCE<", ">BASIC<").replace("<GAIN>10000<", "<GAIN>10<")
    text = text.replace("Band_Reflectance>", "Band_Radiance>")
    text = text.replace(
        "</Band_Measurement_List>",
        "<Band_Solar_Irradiance><BAND_ID>P</BAND_ID><VALUE>1500</VALUE></Band_Solar_Irradiance></Band_Measurement_List>",
    )
    xml.write_text(text)
    expected = math.pi * 600 / 10 / (1500 * math.sin(math.radians(33.4)))
    assert open_scene(path).read(Window(0, 0, 1, 1)).data[0, 0, 0] == pytest.approx(expected, rel=1e-3)


PLEIADES = """
  <Data_Access><Data_Files><Data_File><DATA_FILE_PATH href="IMG_sim1_R1C1.TIF"/></Data_File></Data_Files></Data_Access>
  <Raster_Display><Band_Display_Order><RED_CHANNEL>B2</RED_CHANNEL><GREEN_CHANNEL>B1</GREEN_CHANNEL>
  <BLUE_CHANNEL>B0</BLUE_CHANNEL><ALPHA_CHANNEL>B3</ALPHA_CHANNEL></Band_Display_Order></Raster_Display>"""
NEO = """<Data_Access>
  <Data_Files><Data_File><DATA_FILE_PATH href="IMG_sim1_RGB_R1C1.TIF"/></Data_File><Raster_Display><Raster_Index_List>
   <Raster_Index><BAND_ID>B</BAND_ID><BAND_INDEX>3</BAND_INDEX></Raster_Index>
   <Raster_Index><BAND_ID>R</BAND_ID><BAND_INDEX>1</BAND_INDEX></Raster_Index>
   <Raster_Index><BAND_ID>G</BAND_ID><BAND_INDEX>2</BAND_INDEX></Raster_Index>
  </Raster_Index_List></Raster_Display></Data_Files>
  <Data_Files><Data_File><DATA_FILE_PATH href="IMG_sim1_NED_R1C1.TIF"/></Data_File><Raster_Display><Raster_Index_List>
   <Raster_Index><BAND_ID>NIR</BAND_ID><BAND_INDEX>1</BAND_INDEX></Raster_Index>
   <Raster_Index><BAND_ID>RE</BAND_ID><BAND_INDEX>2</BAND_INDEX></Raster_Index>
   <Raster_Index><BAND_ID>DB</BAND_ID><BAND_INDEX>3</BAND_INDEX></Raster_Index>
  </Raster_Index_List></Raster_Display></Data_Files></Data_Access>"""


@pytest.mark.parametrize(
    ("layout", "image", "bands"),
    [
        (PLEIADES, "IMG_sim1_R1C1.TIF", ("R", "G", "B", "N")),
        (NEO, "IMG_sim1_RGB_R1C1.TIF", ("R", "G", "B")),
        (NEO, "IMG_sim1_NED_R2C1.TIF", ()),  # a file that the product does not list
        (NEO, "IMG_sim1_NED_R1C1.TIF", ("N", "RE", "CB")),
    ],
)
def test_bands_of_dimap_stand_as_in_their_file(tmp_path, layout, image, bands):
    """Layouts as in GDAL's samples of Pleiades and Pleiades Neo; calibrations go from blue to near infrared."""
    write_picture(tmp_path, picture(), "airbus")
    xml = next(tmp_path.glob("DIM_*.XML"))
    text = xml.read_text()
    start, end = text.index("<Raster_Display>"), text.index("</Raster_Data>")
    xml.write_text(text[:start] + layout + text[end:])
    assert read_operator(tmp_path / image, len(bands) or 3).bands == bands


@pytest.mark.parametrize(
    ("satellite_m", "ground", "azimuth", "along", "across", "incidence", "orientation"),
    [
        ((4980906.0, 693080.3, 4866266.5), (5.3071387, 43.3354304, 50), 63.7237, -10.2225, 20.1635, 22.2493, 184.2248),
        ((5154618.4, 656517.2, 4687622.6), (5.3071355, 43.3398730, 50), 127.0601, 12.0851, 15.7508, 19.4994, 190.8957),
    ],
)
def test_pleiades_neo_states_where_the_satellite_was(
    tmp_path, satellite_m, ground, azimuth, along, across, incidence, orientation
):
    """First pixel of Airbus' samples of Marseille, 2021-11-07 10:29:11 and 10:29:44; truth from their ephemeris."""
    from pyproj import Transformer

    angles = {
        "IMAGE_ORIENTATION": orientation, "AZIMUTH_ANGLE": azimuth, "INCIDENCE_ANGLE_ALONG_TRACK": along,
        "INCIDENCE_ANGLE_ACROSS_TRACK": across, "INCIDENCE_ANGLE": incidence,
    }  # fmt: skip
    (tmp_path / "DIM_a.XML").write_text(
        "<Dimap_Document><Located_Geometric_Values><LOCATION_TYPE>Center</LOCATION_TYPE>"
        + "".join(f"<{name}>{value}</{name}>" for name, value in angles.items())
        + "</Located_Geometric_Values></Dimap_Document>"
    )
    told = read_operator(tmp_path / "IMG_a_P_R1C1.TIF", 1)
    plane = f"+proj=pipeline +step +proj=cart +step +proj=topocentric +lon_0={ground[0]} +lat_0={ground[1]} +h_0=50"
    to_cart = Transformer.from_pipeline("+proj=pipeline +step +inv +proj=cart +ellps=WGS84")
    east, north, up = Transformer.from_pipeline(plane + " +ellps=WGS84").transform(*to_cart.transform(*satellite_m))
    assert told.view_azimuth_deg == pytest.approx(math.degrees(math.atan2(east, north)), abs=0.02)
    assert told.view_off_nadir_deg == pytest.approx(math.degrees(math.atan2(math.hypot(east, north), up)), abs=0.02)


def test_dimaps_radiance_of_a_reflectance_is_not_its_scale(tmp_path):
    """Airbus: "Reflectance (RHO) to TOA Radiance (L). Formulae L=RHO/GAIN+BIAS" is given beside the scale of RHO."""
    path = write_picture(tmp_path, picture(("pan",)), "airbus")
    xml = next(tmp_path.glob("DIM_*.XML"))
    leads_on = "<Band_Radiance><BAND_ID>P</BAND_ID><GAIN>0.0027</GAIN><BIAS>25.8</BIAS></Band_Radiance>"
    xml.write_text(xml.read_text().replace("<Band_Measurement_List>", "<Band_Measurement_List>" + leads_on))
    assert open_scene(path).read(Window(0, 0, 1, 1)).data == pytest.approx(0.06, abs=1e-4)
    xml.write_text(xml.read_text().replace(">REFLECTANCE<", ">LINEAR_STRETCH<"))
    assert open_scene(path).radiometry is Radiometry.RELATIVE


def test_planets_xml_does_not_tell_where_the_satellite_was(tmp_path):
    """Planet: azimuthAngle is "the angle from true north to the scan (line) direction", some 12 degrees."""
    (tmp_path / "sim1_3B_AnalyticMS_metadata.xml").write_text(
        "<r><illuminationElevationAngle>33.4</illuminationElevationAngle><azimuthAngle>12.04</azimuthAngle>"
        "<spaceCraftViewAngle>-4.9</spaceCraftViewAngle></r>"
    )
    told = read_operator(tmp_path / "sim1_3B_AnalyticMS.tif", 4)
    assert told.view_azimuth_deg is None
    assert told.view_off_nadir_deg == pytest.approx(5.27, abs=0.01)  # asin(sin 4.9 * 6846 / 6371)


@pytest.mark.parametrize("tile", ["24MAR08_R1C2-M2AS-0123_01_P001", "24MAR08-M2AS-0123_01_P001_R12C1"])
def test_a_tile_of_a_maxar_product_has_its_metadata(tmp_path, tile):
    (tmp_path / "24MAR08-M2AS-0123_01_P001.IMD").write_text("firstLineTime = 2024-03-08T02:10:00Z;\nmeanSunEl = 30;")
    assert read_operator(tmp_path / f"{tile}.TIF", 4).sun_elevation_deg == 30


def test_a_mosaic_of_several_passes_has_no_time(tmp_path):
    strips = "".join(
        f"BEGIN_GROUP = IMAGE_{n}\n\tfirstLineTime = 2024-03-{day}T02:10:{n:02d}Z;\n\tmeanSunEl = 30;\nEND_GROUP\n"
        for n, day in ((1, "08"), (2, "08"), (3, "10"))
    )
    (tmp_path / "a.IMD").write_text(strips)
    with pytest.raises(InputError, match=r"a.IMD: joins images of 2024-03-08T02:10Z and 2024-03-10T02:10Z"):
        read_operator(tmp_path / "a.tif", 4)
    (tmp_path / "a.IMD").write_text(strips.replace("-10T", "-08T"))  # strips of one pass
    assert read_operator(tmp_path / "a.tif", 4).acquired == "2024-03-08T02:10:03Z"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.IMD", "nothing here"),
        ("a.IMD", "meanSunEl = high;"),
        ("DIM_a.XML", "<Dimap_Document><unclosed></Dimap_Document>"),
        ("DIM_a.XML", '<!DOCTYPE x [<!ENTITY e "e">]><Dimap_Document>&e;</Dimap_Document>'),
        ("a_metadata.json", "[1, 2"),
        ("a.IMD", "firstLineTime = 2024-03-08T02:10:00Z;\nmeanSunEl = 95;"),
    ],
)
def test_a_broken_file_is_one_line_that_names_it(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as caught:
        read_operator(tmp_path / "a.tif", 1)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_beside_the_image_is_nothing_known(tmp_path):
    (tmp_path / "b.IMD").write_text("meanSunEl = 30;\nfirstLineTime = 2024-03-08T02:10:00Z;")
    assert read_operator(tmp_path / "a.tif", 1) is None


def test_angle_at_the_ground_exceeds_the_satellites():
    assert incidence_deg(0.0, 600) == 0
    assert incidence_deg(25.0, 600) == pytest.approx(27.55, abs=0.05)  # asin(sin 25 * 6971 / 6371)


@pytest.mark.parametrize(("across", "azimuth"), [(0.0, 190.0), (10.0, 145.0), (-10.0, 235.0)])
def test_azimuth_by_parts_of_the_incidence(across, azimuth):
    along = 10.0
    assert azimuth_to_satellite_deg(190.0, along, across) == pytest.approx(azimuth)
