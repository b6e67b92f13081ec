"""Rational polynomials: round trips, three spellings of one model, and agreement with GDAL."""

from __future__ import annotations

import re

import numpy as np
import pytest
import rasterio

from pipeline.errors import InputError
from pipeline.ingest.rpc import RpcGeolocation, read_rpc, rpc_beside, rpc_of

OFFSETS = {"LINE_OFF": 500.0, "SAMP_OFF": 600.0, "LAT_OFF": 42.74, "LONG_OFF": 133.07, "HEIGHT_OFF": 30.0}
SCALES = {"LINE_SCALE": 500.0, "SAMP_SCALE": 600.0, "LAT_SCALE": 0.01, "LONG_SCALE": 0.012, "HEIGHT_SCALE": 500.0}


def coefficients():
    """Nearly affine, rows running south, with a little of every other term."""
    rng = np.random.default_rng(1)
    small = {n: rng.normal(0, 1e-3, 20) for n in ("LINE_NUM", "LINE_DEN", "SAMP_NUM", "SAMP_DEN")}
    small["LINE_NUM"][:4] = 0.0, 0.05, -1.0, 0.01
    small["SAMP_NUM"][:4] = 0.0, 1.0, 0.05, -0.02
    small["LINE_DEN"][0] = small["SAMP_DEN"][0] = 1.0
    return small


def text_rpc():
    lines = [f"{k}: {v} units" for k, v in {**OFFSETS, **SCALES}.items()]
    lines += [f"{n}_COEFF_{i}: {float(v)!r}" for n, c in coefficients().items() for i, v in enumerate(c, 1)]
    return "\n".join(lines)


def test_there_and_back(tmp_path):
    (tmp_path / "a_RPC.TXT").write_text(text_rpc())
    model = read_rpc(rpc_beside(tmp_path / "a.tif"), 25.0)
    row, col = np.meshgrid(np.linspace(0, 1000, 5), np.linspace(0, 1200, 5))
    again = model.rowcol(*model.lonlat(row, col))
    assert np.array(again) == pytest.approx(np.array([row, col]), abs=1e-3)


@pytest.mark.parametrize("n", range(2, 40))
def test_a_point_has_one_place_wherever_in_a_list_it_stands(tmp_path, n):
    """To the last bit: a coast's ring begins and ends at one point, and an unclosed one is not a polygon."""
    (tmp_path / "a_RPC.TXT").write_text(text_rpc())
    rng = np.random.default_rng(n)
    lon, lat = 133.07 + rng.uniform(-0.01, 0.01, n), 42.74 + rng.uniform(-0.01, 0.01, n)
    row, col = read_rpc(tmp_path / "a_RPC.TXT", 25.0).rowcol(np.append(lon, lon[0]), np.append(lat, lat[0]))
    assert (row[0], col[0]) == (row[-1], col[-1])


def test_an_image_across_180_degrees_is_the_same_image_turned(tmp_path):
    """All of it can be read, whichever way its longitudes are written."""
    (tmp_path / "a_RPC.TXT").write_text(text_rpc())
    (tmp_path / "b_RPC.TXT").write_text(text_rpc().replace("LONG_OFF: 133.07", "LONG_OFF: -179.999"))
    here, there = (read_rpc(tmp_path / f"{name}_RPC.TXT", 25.0) for name in "ab")
    row, col = (v.ravel() for v in np.meshgrid(np.linspace(0, 1000, 5), np.linspace(0, 1200, 5)))
    lon, lat = there.lonlat(row, col)
    assert lon.min() < -179
    assert lon.max() > 179
    assert lon % 360 - 180.001 == pytest.approx(here.lonlat(row, col)[0] - 133.07, abs=1e-9)
    for told in (lon, lon % 360):
        assert np.array(there.rowcol(told, lat)) == pytest.approx(np.array([row, col]), abs=1e-3)


def test_gdal_agrees(tmp_path):
    from rasterio.rpc import RPC
    from rasterio.transform import RPCTransformer

    c = coefficients()
    rpc = RPC(
        height_off=30.0, height_scale=500.0, lat_off=42.74, lat_scale=0.01, line_den_coeff=list(c["LINE_DEN"]),
        line_num_coeff=list(c["LINE_NUM"]), line_off=500.0, line_scale=500.0, long_off=133.07, long_scale=0.012,
        samp_den_coeff=list(c["SAMP_DEN"]), samp_num_coeff=list(c["SAMP_NUM"]), samp_off=600.0, samp_scale=600.0,
        err_bias=None, err_rand=None,
    )  # fmt: skip
    (tmp_path / "a_RPC.TXT").write_text(text_rpc())
    model = read_rpc(tmp_path / "a_RPC.TXT", 30.0)
    lon, lat = np.array([133.065, 133.08]), np.array([42.735, 42.745])
    with RPCTransformer(rpc) as gdal:
        rows, cols = gdal.rowcol(lon, lat, zs=[30.0, 30.0], op=float)
    # GDAL counts from the corner of the first pixel, the model from its centre
    assert np.array(model.rowcol(lon, lat)) == pytest.approx(np.array([rows, cols]) - 0.5, abs=0.01)


def test_maxar_and_airbus_spell_the_same_model(tmp_path):
    names = {"LINE": "line", "SAMP": "samp", "LAT": "lat", "LONG": "long", "HEIGHT": "height"}
    rpb = [
        f"\t{names[k.split('_')[0]]}{'Offset' if 'OFF' in k else 'Scale'} = {v};"
        for k, v in {**OFFSETS, **SCALES}.items()
    ]
    for n, c in coefficients().items():
        key = n.split("_")[0].lower() + n.split("_")[1].capitalize() + "Coef"
        rpb.append(f"\t{key} = (" + ",\n".join(repr(float(v)) for v in c) + ");")
    (tmp_path / "a.RPB").write_text("BEGIN_GROUP = IMAGE\n" + "\n".join(rpb) + "\nEND_GROUP = IMAGE\nEND;")
    inverse = "".join(
        f"<{n}_COEFF_{i}>{float(v)!r}</{n}_COEFF_{i}>" for n, c in coefficients().items() for i, v in enumerate(c, 1)
    )
    shifted = OFFSETS | {"LINE_OFF": 501.0, "SAMP_OFF": 601.0}  # Airbus counts from 1
    validity = "".join(f"<{k}>{v}</{k}>" for k, v in {**shifted, **SCALES}.items())
    (tmp_path / "RPC_b.XML").write_text(
        f"<D><Rational_Function_Model><Global_RFM><Inverse_Model>{inverse}</Inverse_Model><RFM_Validity>{validity}"
        "</RFM_Validity></Global_RFM></Rational_Function_Model></D>"
    )
    (tmp_path / "c_RPC.TXT").write_text(text_rpc())
    for tile, corner in (("R1C1", (0, 0)), ("R3C2", (400, 300))):  # Airbus' model counts over all tiles
        (tmp_path / "DIM_b.XML").write_text('<Dimap_Document><NTILES_SIZE nrows="200" ncols="300"/></Dimap_Document>')
        image = tmp_path / f"IMG_b_{tile}.TIF"
        whole = read_rpc(tmp_path / "RPC_b.XML").lonlat(np.array(corner[0] + 7.0), np.array(corner[1] + 9.0))
        assert np.array(rpc_of(image, rpc_beside(image)).rowcol(*whole)) == pytest.approx([7, 9], abs=1e-3)
    (tmp_path / "DIM_b.XML").unlink()
    with pytest.raises(InputError, match=r"IMG_b_R3C2.TIF: is a tile, and no DIM_\*.XML tells"):
        rpc_of(image, rpc_beside(image))
    models = [read_rpc(rpc_beside(tmp_path / n)) for n in ("a.tif", "IMG_b_R1C1.TIF", "c.tif")]
    places = [np.array(m.rowcol(133.075, 42.742)) for m in models]
    assert places[0] == pytest.approx(places[2])
    assert places[1] == pytest.approx(places[2])
    assert isinstance(models[0], RpcGeolocation)


@pytest.mark.parametrize(
    ("profile", "model", "domain", "first"),
    [
        ("PHR_SENSOR", "Inverse_Model", "Direct_Model_Validity_Domain", 1),
        ("PNEO_SENSOR", "GroundtoImage_Values", "ImagetoGround_Validity_Domain", -4900),  # as in a real product
    ],
)
def test_airbus_two_layouts_are_read_as_gdal_reads_them(tmp_path, profile, model, domain, first):
    """DIMAP 2 (Pleiades, SPOT) counts pixels from 1, DIMAP 3 (Pleiades Neo) from 0."""
    inverse = "".join(
        f"<{n}_COEFF_{i}>{float(v)!r}</{n}_COEFF_{i}>" for n, c in coefficients().items() for i, v in enumerate(c, 1)
    )
    validity = "".join(f"<{k}>{v}</{k}>" for k, v in {**OFFSETS, **SCALES}.items())
    validity += f"<{domain}><FIRST_ROW>{first}</FIRST_ROW><FIRST_COL>{first}</FIRST_COL></{domain}>"
    (tmp_path / "RPC_b.XML").write_text(
        f"<Dimap_Document><Metadata_Identification><METADATA_PROFILE>{profile}</METADATA_PROFILE>"
        f"</Metadata_Identification><Rational_Function_Model><Global_RFM><{model}>{inverse}</{model}>"
        f"<RFM_Validity>{validity}</RFM_Validity></Global_RFM></Rational_Function_Model></Dimap_Document>"
    )
    (tmp_path / "DIM_b.XML").write_text("<Dimap_Document/>")
    image = tmp_path / "IMG_b_R1C1.TIF"
    with rasterio.open(image, "w", driver="GTiff", width=2, height=2, count=1, dtype="uint8") as out:
        out.write(np.ones((1, 2, 2), np.uint8))
    with rasterio.open(image) as opened:
        gdal = opened.rpcs
    assert rpc_of(image, rpc_beside(image)).offsets[:2] == (gdal.line_off, gdal.samp_off)
    assert rpc_of(image, rpc_beside(image)).row_numerator == pytest.approx(gdal.line_num_coeff)


@pytest.mark.parametrize("offset_m", [30, 4000])
def test_the_sea_is_at_the_geoid_whatever_the_models_own_height(tmp_path, offset_m):
    """Airbus' sample of Marseille, by Pleiades Neo: height offset 4000 m, two corners in the sea at 49.9 m."""
    image, rpc = tmp_path / "IMG_b_F_1_P_R1C1.JP2", tmp_path / "RPC_b_F_1.XML"  # named as there
    model = "".join(
        f"<{n}_COEFF_{i}>{float(v)!r}</{n}_COEFF_{i}>" for n, c in coefficients().items() for i, v in enumerate(c, 1)
    )
    marseille = {"LONG_OFF": 5.3, "LAT_OFF": 43.3, "HEIGHT_OFF": offset_m}
    scales = "".join(f"<{k}>{v}</{k}>" for k, v in {**OFFSETS, **SCALES, **marseille}.items())
    rpc.write_text(f"<D><GroundtoImage_Values>{model}</GroundtoImage_Values><RFM_Validity>{scales}</RFM_Validity></D>")
    (tmp_path / "RPC_b_F.XML").write_text("<D/>")
    (tmp_path / "DIM_b_F_1.XML").write_text("<Dimap_Document/>")
    assert rpc_beside(image) == rpc
    assert rpc_of(image, rpc).height_m == pytest.approx(49.9, abs=1.0)
    assert rpc_of(image, rpc, 12.0).height_m == 12.0


def rpb(spell=repr) -> str:
    """The model as Maxar writes it, each number as ``spell`` does."""
    names = {"LINE": "line", "SAMP": "samp", "LAT": "lat", "LONG": "long", "HEIGHT": "height"}
    kinds = {"OFF": "Offset", "SCALE": "Scale", "NUM": "Num", "DEN": "Den"}
    lines = [f"{names[what]}{kinds[kind]} = {spell(v)};"
             for k, v in {**OFFSETS, **SCALES}.items() for what, kind in [k.split("_")]]  # fmt: skip
    for name, values in coefficients().items():
        what, part = name.split("_")
        lines.append(f"{names[what]}{kinds[part]}Coef = (" + ",\n".join(spell(float(v)) for v in values) + ");")
    return "\n".join(lines)


def without_zero(value: float) -> str:
    """A number as some programs write it: -.5E-03."""
    mantissa, exponent = f"{value:.16E}".split("E")
    sign, digits = ("-", mantissa[1:]) if value < 0 else ("", mantissa)
    return f"{sign}.{digits.replace('.', '')}E{int(exponent) + 1:+03d}"


def test_a_number_without_a_digit_before_its_point_keeps_its_sign_and_size(tmp_path):
    """Read from its first digit on, -.5E-03 would be 0.005, and ships would be placed elsewhere."""
    assert float(without_zero(-0.0005)) == -0.0005
    (tmp_path / "a.RPB").write_text(rpb())
    (tmp_path / "b.RPB").write_text(rpb(without_zero))
    numbers = (row.split()[:2] for row in text_rpc().splitlines())
    (tmp_path / "c_RPC.TXT").write_text("\n".join(f"{name} {without_zero(float(v))}" for name, v in numbers))
    usual, others = read_rpc(tmp_path / "a.RPB"), [read_rpc(tmp_path / n) for n in ("b.RPB", "c_RPC.TXT")]
    for other in others:
        assert other.offsets == pytest.approx(usual.offsets)
        assert other.col_numerator == pytest.approx(usual.col_numerator)


@pytest.mark.parametrize("number", ["5.0D+02", "", "nan", "(none)"])
def test_a_number_in_another_notation_is_refused_and_not_cut_short(tmp_path, number):
    (tmp_path / "a.RPB").write_text(rpb().replace("lineOffset = 500.0", f"lineOffset = {number} "))
    (tmp_path / "b_RPC.TXT").write_text(text_rpc().replace("LINE_OFF: 500.0", f"LINE_OFF: {number}"))
    for name in ("a.RPB", "b_RPC.TXT"):
        with pytest.raises(InputError, match=re.escape(name)):
            read_rpc(tmp_path / name)


def test_a_decimal_comma_is_refused(tmp_path):
    """133,07 is not 133 degrees: that is six kilometres off."""
    (tmp_path / "a_RPC.TXT").write_text(text_rpc().replace("LONG_OFF: 133.07", "LONG_OFF: 133,07"))
    with pytest.raises(InputError, match=r"a_RPC\.TXT"):
        read_rpc(tmp_path / "a_RPC.TXT")


@pytest.mark.parametrize("name", [*OFFSETS, *SCALES, "LINE_NUM_COEFF_20", "SAMP_DEN_COEFF_1"])
def test_an_airbus_model_that_lacks_a_number_is_refused_by_name(tmp_path, name):
    """Without a latitude no ship would be in the image, and nobody would know why."""
    fields = {f"{n}_COEFF_{i}": v for n, c in coefficients().items() for i, v in enumerate(c, 1)} | OFFSETS | SCALES
    tags = {k: f"<{k}>{float(v)!r}</{k}>" for k, v in fields.items() if k != name}
    text = "<D><Inverse_Model>{0}</Inverse_Model><RFM_Validity>{0}</RFM_Validity></D>".format("".join(tags.values()))
    (tmp_path / "RPC_b.XML").write_text(text)
    with pytest.raises(InputError, match=r"RPC_b\.XML"):
        read_rpc(tmp_path / "RPC_b.XML", 25.0)


def test_the_model_of_another_image_in_the_folder_is_not_taken(tmp_path):
    (tmp_path / "RPC_c.XML").write_text("")
    (tmp_path / "c_RPC.TXT").write_text("")
    assert rpc_beside(tmp_path / "IMG_b_R1C1.TIF") is None


def test_a_tile_of_maxar_has_a_model_of_its_own(tmp_path):
    """Unlike one of Airbus it needs no file that tells the size of tiles."""
    (tmp_path / "b_R2C3.RPB").write_text(rpb())
    image = tmp_path / "b_R2C3.TIF"
    assert rpc_of(image, rpc_beside(image)).offsets[:2] == (500.0, 600.0)


def test_a_file_far_larger_than_any_model_is_not_read(tmp_path):
    (tmp_path / "a_RPC.TXT").write_text(text_rpc() + "\n" * (1 << 20))
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_rpc(tmp_path / "a_RPC.TXT")


def test_far_away_there_is_no_answer(tmp_path):
    (tmp_path / "a_RPC.TXT").write_text(text_rpc())
    row, col = read_rpc(tmp_path / "a_RPC.TXT").rowcol(120.0, 42.7)
    assert np.isnan([row, col]).all()


@pytest.mark.parametrize("text", ["", "LINE_OFF: 3", text_rpc().replace("LAT_SCALE: 0.01", "LAT_SCALE: 0"),
                                  text_rpc().replace("LINE_DEN_COEFF_7:", "LINE_DEN_X:")])  # fmt: skip
def test_half_a_model_is_refused_by_name(tmp_path, text):
    (tmp_path / "a_RPC.TXT").write_text(text)
    with pytest.raises(InputError, match=r"a_RPC\.TXT"):
        read_rpc(tmp_path / "a_RPC.TXT")
