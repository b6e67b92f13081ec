"""Radiometric scaling, compared with the laws of speckle and arithmetic by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from scipy import special
from scipy.ndimage import gaussian_filter, uniform_filter

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.optical_scaling import _scaling_by_file, _scaling_by_offset_tags, optical_scaling
from pipeline.ingest.radiometry import scaling_of
from pipeline.ingest.scaling import Scaling, parse_scaling
from pipeline.ingest.scenes import open_scene
from pipeline.ingest.speckle import speckle
from pipeline.types import Radiometry, Sensor, Window
from tests.ingest.test_rasters import write

LOOKS = 4.4


def sea(seed=0, shape=(600, 600), mean=0.02):
    """Intensity of a sea whose mean doubles from one side to the other."""
    rng = np.random.default_rng(seed)
    swell = mean * np.linspace(0.7, 1.4, shape[1])[None]
    return swell * rng.gamma(LOOKS, 1 / LOOKS, shape)


def opened(path, data, tags=None, sensor=Sensor.SENTINEL1, scaling="auto", **profile):
    write(path, data, **profile)
    if tags:
        import rasterio

        with rasterio.open(path, "r+") as out:
            out.update_tags(**tags)
    return open_scene(path, OpenOptions(sensor=sensor, pixel_spacing_m=10, scaling=scaling))


def values(scene):
    return scene.read(Window(0, 0, *scene.shape)).data


def picture_db(power):
    return np.clip((10 * np.log10(power) + 25) / 25 * 255, 0, 255).round().astype(np.uint8)


def picture_amplitude(power, gain=500):
    return np.clip(np.sqrt(power) * gain, 0, 255).round().astype(np.uint8)


def test_speckle_is_measured_as_theory_has_it():
    """Skewness of log intensity of L looks: psi''(L) / psi'(L)^1.5; coefficient of variation of intensity 1 / sqrt(L).

    Blocks of 144 pixels scatter, and the quiet half is kept, so both come out a little small.
    """
    power = np.random.default_rng(4).gamma(LOOKS, 1 / LOOKS, (900, 900))
    theory = special.polygamma(2, LOOKS) / special.polygamma(1, LOOKS) ** 1.5
    assert speckle(np.log(power) + 20).skewness == pytest.approx(theory, abs=0.12)
    assert speckle(power).cv == pytest.approx(1 / np.sqrt(LOOKS), rel=0.12)
    assert speckle(np.sqrt(power)).skewness > 0.1


@pytest.mark.parametrize("seed", range(3))
def test_a_picture_of_unknown_stretch_tells_its_law(tmp_path, seed):
    power = sea(seed)
    db = opened(tmp_path / "db.png", picture_db(power), driver="PNG")
    amplitude = opened(tmp_path / "amplitude.png", picture_amplitude(power), driver="PNG")
    for scene in (db, amplitude):
        assert scene.radiometry is Radiometry.POWER
        assert any("unknown stretch" in d for d in scene.degraded)
    np.testing.assert_allclose(np.median(values(db)), np.median(power), rtol=0.02)
    assert "dB-like" in db.tags["scaling"]
    assert "amplitude-like" in amplitude.tags["scaling"]
    # up to its gain, amplitude squared is power
    ratio = np.median(values(amplitude)[0, :, :100]) / np.median(values(amplitude)[0, :, -100:])
    assert ratio == pytest.approx(np.median(power[:, :100]) / np.median(power[:, -100:]), rel=0.05)


def test_stretch_and_gain_do_not_change_the_verdict(tmp_path):
    power = sea(7)
    for gain in (200, 900):
        scene = opened(tmp_path / f"{gain}.png", picture_amplitude(power, gain), driver="PNG")
        assert "amplitude-like" in scene.tags["scaling"]


@pytest.mark.parametrize(
    ("make", "radiometry", "word"),
    [
        (lambda p: p, Radiometry.SIGMA0, "sigma0"),
        (lambda p: 10 * np.log10(p), Radiometry.SIGMA0, "dB"),
        (lambda p: np.sqrt(p) * 800, Radiometry.POWER, "amplitude"),
        (lambda p: p * 800**2, Radiometry.POWER, "intensity"),
    ],
    ids=["sigma0", "dB", "amplitude", "intensity"],
)
def test_decimal_numbers_tell_what_they_are(tmp_path, make, radiometry, word):
    power = sea(5)
    scene = opened(tmp_path / "a.tif", make(power).astype(np.float32))
    assert (scene.radiometry, word in scene.tags["scaling"]) == (radiometry, True)
    gain = 1.0 if radiometry is Radiometry.SIGMA0 else 800.0**2
    np.testing.assert_allclose(values(scene)[0], power * gain, rtol=1e-4)


@pytest.mark.parametrize("gain", [10_000, 65_535])
def test_power_in_whole_numbers_of_16_bits_is_not_taken_for_amplitude(tmp_path, gain):
    """Squared again, every contrast in dB would double; amplitude in the same numbers stays amplitude."""
    power = sea(9)
    scene = opened(tmp_path / "a.tif", np.round(power * gain).astype(np.uint16))
    known = np.isfinite(values(scene)[0])
    np.testing.assert_allclose(values(scene)[0][known], power[known] * gain, atol=0.51)
    assert any("intensity in whole numbers" in doubt for doubt in scene.degraded)
    amplitude = opened(tmp_path / "b.tif", np.round(np.sqrt(power) * 660).astype(np.uint16))
    assert amplitude.read.scaling.law == "square"
    assert not any("scale" in doubt for doubt in amplitude.degraded)


def test_amplitude_of_a_single_look_is_not_taken_for_power(tmp_path):
    """Other radars deliver it; with swell, Rayleigh amplitude is as wide and skewed as intensity of four looks."""
    rng = np.random.default_rng(5)
    swell = gaussian_filter(rng.standard_normal((512, 512)), 6)
    amplitude = rng.rayleigh(300, swell.shape) * np.exp(0.3 * swell / swell.std())
    scene = opened(tmp_path / "a.tif", np.round(amplitude).astype(np.uint16))
    assert scene.read.scaling.law == "square"
    assert not any("scale" in doubt for doubt in scene.degraded)


def test_a_stated_scaling_goes_before_looks(tmp_path):
    data = np.array([[0, 51, 255]], np.uint8)
    scene = opened(tmp_path / "a.png", np.repeat(data, 4, 0), scaling="db:-30:0", driver="PNG")
    np.testing.assert_allclose(10 * np.log10(values(scene)[0, 0]), [-30, -24, 0], atol=1e-4)
    assert scene.radiometry is Radiometry.SIGMA0
    scene = opened(tmp_path / "b.tif", np.full((4, 4), 3.0, np.float32), scaling="amplitude")
    np.testing.assert_array_equal(values(scene), 9.0)


def test_calibration_by_tags_uses_the_column_of_the_full_scene(tmp_path):
    tags = {"A_COEF": "[0.001, -2.0, 600.0]", "CAL": "sigma0 = DN^2 / A(col)^2; A(col)=polyval([a2,a1,a0],col+100)"}
    scene = opened(tmp_path / "a.tif", np.full((5, 8), 50, np.uint16), tags)
    column = np.arange(8) + 100
    expected = 50**2 / (0.001 * column**2 - 2 * column + 600) ** 2
    np.testing.assert_allclose(values(scene)[0, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(scene.read(Window(2, 3, 1, 4)).data[0, 0], expected[3:7], rtol=1e-5)
    assert scene.radiometry is Radiometry.SIGMA0


def test_a_broken_calibration_tag_is_refused(tmp_path):
    with pytest.raises(InputError, match="A_COEF"):
        opened(tmp_path / "a.tif", np.ones((4, 4), np.uint16), {"A_COEF": "[1, x]"})
    with pytest.raises(InputError, match="not positive"):
        opened(tmp_path / "a.tif", np.ones((4, 4), np.uint16), {"A_COEF": "[-1.0]"})


# --- missing values and scaled files do not change the verdict


def hidden(path, data, how, number):
    """The left 60 % of the columns not measured, marked in one of the ways that files have."""
    data, cut = np.array(data), int(0.6 * data.shape[-1])
    data[..., :cut] = number
    if how == "nodata":
        return write(path, data, nodata=number)
    good = np.ones(data.shape[1:], np.uint8)
    good[:, :cut] = 0
    if how == "mask band":
        write(path, np.concatenate([data, good[None].astype(data.dtype)]))
        with rasterio.open(path, "r+") as out:
            out.descriptions = (*[""] * len(data), "dataMask")
        return path
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(write(path, data), "r+") as out:
        out.write_mask(good * 255)
    return path


@pytest.mark.parametrize("how", ["nodata", "mask band", "internal mask"])
def test_what_was_not_measured_tells_nothing_of_the_law(tmp_path, how):
    """Truth: the same power with NaN in its place. -9999 over most of an image must not look like dB."""
    power = sea(5)[None].astype(np.float32)
    options = OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10)
    plain, other = (
        open_scene(hidden(tmp_path / name, power, way, number), options)
        for name, way, number in (("a.tif", "nodata", np.nan), ("b.tif", how, -9999.0))
    )
    assert other.tags["scaling"] == plain.tags["scaling"]
    np.testing.assert_array_equal(values(other), values(plain))
    np.testing.assert_array_equal(values(other)[0, :, 360:], power[0, :, 360:])


@pytest.mark.parametrize("how", ["nodata", "mask band", "internal mask"])
@pytest.mark.parametrize("own_scale", [False, True])
def test_what_was_not_measured_tells_nothing_of_the_scale(tmp_path, how, own_scale):
    """Truth: the written numbers; 65535 in the gaps must not look like DN / 65535, or like radiance."""
    dn = np.random.default_rng(3).integers(400, 3000, (4, 100, 100)).astype(np.uint16)
    path = hidden(tmp_path / "a.tif", dn, how, 65535)
    if own_scale:
        with rasterio.open(path, "r+") as out:
            out.scales = [2e-4] * out.count
    scene = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL2, pixel_spacing_m=10))
    expected = dn[..., 60:] * (2e-4 if own_scale else 1e-4)
    np.testing.assert_allclose(values(scene)[..., 60:], expected, rtol=1e-5)
    assert np.isnan(values(scene)[..., :60]).all()


@pytest.mark.parametrize("scaling", ["auto", "db"])
def test_radar_numbers_are_what_the_files_scale_makes_of_them(tmp_path, scaling):
    """Two polarisations in dB as whole numbers, each with its own scale; truth: the power before that."""
    power = np.stack([sea(6), sea(7, mean=0.003)])
    steps = np.array([0.01, 0.002])[:, None, None]
    path = write(tmp_path / "a.tif", np.round((10 * np.log10(power) + 20) / steps).astype(np.int16))
    with rasterio.open(path, "r+") as out:
        out.scales, out.offsets, out.descriptions = steps.ravel(), [-20.0, -20.0], ("VV", "VH")
    scene = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10, scaling=scaling))
    assert scene.radiometry is Radiometry.SIGMA0
    measured = np.isfinite(values(scene)).all(axis=0)
    assert measured.mean() > 0.99
    np.testing.assert_allclose(values(scene)[:, measured], power[:, measured], rtol=0.002)


def test_amplitude_with_a_scale_and_an_offset_is_no_plain_count(tmp_path):
    path = write(tmp_path / "a.tif", np.full((30, 30), 50, np.uint16))
    with rasterio.open(path, "r+") as out:
        out.scales, out.offsets = [0.1], [1.0]
    scene = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10, scaling="amplitude"))
    np.testing.assert_allclose(values(scene), (0.1 * 50 + 1.0) ** 2)
    assert scene.read.counts(Window(0, 0, 30, 30)) is None


def test_power_that_a_filter_smoothed_is_not_taken_for_amplitude(tmp_path):
    """Averaged over 5 x 5 pixels it spreads like amplitude, and its square would lie below the radar's noise."""
    rng = np.random.default_rng(4)
    power = rng.gamma(4.4, 0.01 / 4.4, (300, 300))
    smooth = uniform_filter(power, 5).astype(np.float32)
    scene = opened(tmp_path / "a.tif", smooth)
    np.testing.assert_allclose(values(scene)[0], smooth, rtol=1e-6)
    assert scene.radiometry is Radiometry.SIGMA0
    assert any("smoothed" in doubt for doubt in scene.degraded)
    amplitude = opened(tmp_path / "b.tif", np.sqrt(power).astype(np.float32))
    np.testing.assert_allclose(values(amplitude)[0], power, rtol=1e-5)


def test_a_radar_image_of_which_nothing_is_left_says_so(tmp_path):
    """dB values, all negative, stated to be power."""
    path = write(tmp_path / "a.tif", np.round(1000 * np.log10(sea(8))).astype(np.int16))
    with pytest.raises(InputError, match=r"a\.tif: no pixel has a value when read as .*--scaling"):
        open_scene(path, OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10, scaling="sigma0"))


def test_radar_power_is_never_zero_negative_or_infinite(tmp_path):
    data = np.array([[0.01, 0.0, -0.5, np.nan, np.inf, 0.02]], np.float32)
    tile = opened(tmp_path / "a.tif", np.repeat(data, 3, 0), scaling="sigma0").read(Window(0, 0, 3, 6))
    np.testing.assert_array_equal(tile.valid[0], [True, False, False, False, False, True])
    assert np.isnan(tile.data[0, 0, 1:5]).all()


@pytest.mark.parametrize(
    ("dtype", "stored", "tags", "expected", "radiometry"),
    [
        ("uint16", 13107, {"SCALE": "DN/65535 ~ reflectance"}, 0.2, Radiometry.REFLECTANCE),
        ("uint16", 2000, {}, 0.2, Radiometry.REFLECTANCE),
        ("uint16", 3000, {"PROCESSING_BASELINE": "05.10"}, 0.2, Radiometry.REFLECTANCE),
        ("uint16", 3000, {"PROCESSING_BASELINE": "04.00"}, 0.2, Radiometry.REFLECTANCE),
        ("uint16", 2000, {"PROCESSING_BASELINE": "03.01"}, 0.2, Radiometry.REFLECTANCE),
        ("uint16", 2000, {"PROCESSING_BASELINE": "N0301"}, 0.2, Radiometry.REFLECTANCE),
        ("uint16", 3000, {"BOA_ADD_OFFSET": "-1000"}, 0.2, Radiometry.REFLECTANCE),
        ("uint16", 3000, {"BOA_ADD_OFFSET": "{-1000, -500}"}, 0.2, Radiometry.REFLECTANCE),
        ("uint16", 3000, {"BOA_ADD_OFFSET": "see XML", "RADIO_ADD_OFFSET": "-1000"}, 0.2, Radiometry.REFLECTANCE),
        ("float32", 0.2, {}, 0.2, Radiometry.REFLECTANCE),
        ("uint8", 51, {}, 0.2, Radiometry.RELATIVE),
    ],
)
def test_reflectance(tmp_path, dtype, stored, tags, expected, radiometry):
    data = np.full((2, 30, 30), 600 if dtype == "uint16" else stored, dtype)  # dark water around it
    data[:, 10:20, 10:20] = stored
    scene = opened(tmp_path / "a.tif", data, tags, Sensor.SENTINEL2)
    assert values(scene)[0, 15, 15] == pytest.approx(expected, abs=1e-6)
    assert scene.radiometry is radiometry


@pytest.mark.parametrize(
    ("baseline", "added", "water"),
    [("N0301", 0, 250), ("N0400", 1000, 250), ("N0510", 1000, 250), ("N0510", 1000, -100), ("N0510", 0, 250)],
)
def test_sentinel2s_offset_is_found_by_the_products_name_and_the_darkest_pixels(tmp_path, baseline, added, water):
    """As ESA delivers it before and since January 2022, also for water corrected to below zero, and as a mirror does
    that has removed the offset."""
    stored = np.full((2, 30, 30), water)
    stored[:, 10:20, 10:20] = 2000
    path = tmp_path / f"S2A_MSIL2A_20240307T020701_{baseline}_R103_T52TGP_20240307T051204.tif"
    scene = opened(path, (stored + added).astype(np.uint16), {}, Sensor.SENTINEL2)
    np.testing.assert_allclose(values(scene), stored / 10_000, atol=1e-6)
    assert not [doubt for doubt in scene.degraded if "scale" in doubt]


def test_each_band_that_is_read_has_its_own_scale_and_offset():
    """The third and the first of three bands, scaled by the sidecar, by the file and by its tags."""
    told, offsets = (1e-4, 2e-4, 3e-4), (-0.1, -0.05, -0.01)
    tagged = {"BOA_ADD_OFFSET": "-1000, -500, -100"}
    raster = SimpleNamespace(item="a.tif", count=3, scales=told, offsets=offsets, tags=tagged, dtype="uint16")
    stored = SimpleNamespace(raster=raster, channels=SimpleNamespace(indexes=(3, 1)))
    by_sidecar = optical_scaling(stored, Sensor.OPTICAL, "auto", SimpleNamespace(scales=told, offsets=offsets))
    by_file = _scaling_by_file(raster, (3, 1), np.full((2, 9), 1500.0))
    for scaling in (by_sidecar, by_file):
        assert (scaling.gains, scaling.offsets) == ((3e-4, 1e-4), (-0.01, -0.1))
    assert _scaling_by_offset_tags(raster, (3, 1)).offsets == pytest.approx((-0.01, -0.1))


def test_power_that_an_offset_makes_zero_is_no_measurement():
    found = Scaling("linear", Radiometry.SIGMA0, "", 0.5, -1.0).apply(np.array([[[2.0, 4.0]]]), 0)
    np.testing.assert_array_equal(found, [[[np.nan, 1.0]]])


def test_offsets_that_are_not_those_of_the_bands_refuse_the_image(tmp_path):
    with pytest.raises(InputError, match=r"a\.tif: has 2 bands; its tags state 3 offsets"):
        opened(tmp_path / "a.tif", np.ones((2, 9, 9), np.uint16), {"BOA_ADD_OFFSET": "0,-1000,-500"}, Sensor.SENTINEL2)


@pytest.mark.parametrize("bands", [1, 3])
def test_a_grey_picture_in_decimal_numbers_is_read_as_in_whole_ones(tmp_path, bands):
    """12 bits as they come, or divided by 4095, are one picture. As reflectance its water would be too bright."""
    dn = np.repeat(np.random.default_rng(2).integers(900, 3600, (1, 60, 60)).astype(np.uint16), bands, axis=0)
    whole, decimal = (
        opened(tmp_path / f"{d.dtype}.tif", d, sensor=Sensor.OPTICAL) for d in (dn, (dn / 4095).astype(np.float32))
    )
    assert decimal.radiometry is whole.radiometry is Radiometry.RELATIVE
    assert decimal.degraded == whole.degraded
    np.testing.assert_allclose(values(decimal), values(whole), rtol=1e-6)


@pytest.mark.parametrize(
    ("bands", "sensor", "scaling"),
    [(1, Sensor.SENTINEL2, "auto"), (1, Sensor.OPTICAL, "reflectance"), (4, Sensor.OPTICAL, "auto")],
    ids=["one band of Sentinel-2", "as asked", "bands with dark water"],
)
def test_decimal_reflectance_stays_reflectance(tmp_path, bands, sensor, scaling):
    data = np.full((bands, 30, 30), 0.05, np.float32)
    data[:, 10:20, 10:20] = 0.3
    scene = opened(tmp_path / "a.tif", data, sensor=sensor, scaling=scaling)
    assert scene.radiometry is Radiometry.REFLECTANCE
    np.testing.assert_array_equal(values(scene), data)


@pytest.mark.parametrize("text", ["db:0:-25", "db:1", "loud", "amplitude:1:2", "db:nan:0", ""])
def test_scalings_that_make_no_sense_are_refused(text):
    with pytest.raises(ConfigError, match="scaling"):
        parse_scaling(text)


def test_scalings_of_the_other_kind_of_sensor_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="does not fit"):
        opened(tmp_path / "a.tif", np.ones((4, 4), np.uint16), scaling="reflectance")
    with pytest.raises(ConfigError, match="does not fit"):
        opened(tmp_path / "a.tif", np.ones((4, 4), np.uint16), sensor=Sensor.SENTINEL2, scaling="db")


class Strips:
    """What `scaling_of` asks of a large 16-bit file: every strip is ``numbers[n]`` throughout."""

    def __init__(self, *numbers):
        self.numbers, self.read_so_far = numbers, 0
        self.raster = SimpleNamespace(shape=(6000, 6000), dtype="uint16", tags={}, scales=(), item="a.tif")

    def read(self, window):
        number = self.numbers[min(self.read_so_far, len(self.numbers) - 1)]
        self.read_so_far += 1
        stored = np.full((1, window.rows, window.cols), number, np.uint16)
        return stored, stored == 0


def test_of_a_large_file_of_16_bits_one_measured_strip_is_enough():
    strips = Strips(0, 0, 100)
    assert scaling_of(strips, Sensor.SENTINEL1, "auto", None).law == "square"
    assert strips.read_so_far == 3


def test_a_strip_without_a_value_is_not_taken_for_the_whole_file():
    """A power of 10**40 overflows float32; 1 dB does not."""
    top = 65535
    assert scaling_of(Strips(top, 1), Sensor.SENTINEL1, "db:0:400", None).law == "decibel"
    with pytest.raises(InputError, match="no pixel has a value"):
        scaling_of(Strips(top), Sensor.SENTINEL1, "db:0:400", None)


def test_a_fill_below_zero_that_nobody_declares_makes_no_noise(tmp_path, recwarn):
    """No warning from NumPy about the logarithm of a negative number may reach the user."""
    power = sea().astype(np.float32)
    power[:300] = -9999.0
    assert opened(tmp_path / "a.tif", power).radiometry is Radiometry.SIGMA0
    assert [str(w.message) for w in recwarn if "log" in str(w.message)] == []
