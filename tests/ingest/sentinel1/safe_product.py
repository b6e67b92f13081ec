"""Write a minimal Sentinel-1 GRD product with known numbers, in the real layout."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import rasterio

from pipeline.times_places.geoid import geoid_height_m

PRODUCT = "S1A_IW_GRDH_1SDV_20240307T092000_20240307T092025_052870_066610_ABCD"
STEM = "s1a-iw-grd-{pol}-20240307t092000-20240307t092025-052870-066610-00{number}"
NOISE_NEW = """<noise><noiseRangeVectorList count="2">
<noiseRangeVector><line>0</line><pixel count="2">0 100</pixel><noiseRangeLut count="2">100 300</noiseRangeLut>
</noiseRangeVector><noiseRangeVector><line>80</line><pixel count="3">0 50 100</pixel>
<noiseRangeLut count="3">300 400 500</noiseRangeLut></noiseRangeVector></noiseRangeVectorList>
<noiseAzimuthVectorList count="2">
<noiseAzimuthVector><swath>IW1</swath><firstAzimuthLine>0</firstAzimuthLine><firstRangeSample>0</firstRangeSample>
<lastAzimuthLine>79</lastAzimuthLine><lastRangeSample>49</lastRangeSample><line count="2">0 80</line>
<noiseAzimuthLut count="2">1.0 2.0</noiseAzimuthLut></noiseAzimuthVector>
<noiseAzimuthVector><swath>IW2</swath><firstAzimuthLine>0</firstAzimuthLine><firstRangeSample>50</firstRangeSample>
<lastAzimuthLine>79</lastAzimuthLine><lastRangeSample>99</lastRangeSample><line count="2">0 80</line>
<noiseAzimuthLut count="2">1.0 1.0</noiseAzimuthLut></noiseAzimuthVector></noiseAzimuthVectorList></noise>"""
NOISE_OLD = """<noise><noiseVectorList count="2">
<noiseVector><line>0</line><pixel count="2">0 100</pixel><noiseLut count="2">100 300</noiseLut></noiseVector>
<noiseVector><line>80</line><pixel count="3">0 50 100</pixel><noiseLut count="3">300 400 500</noiseLut></noiseVector>
</noiseVectorList></noise>"""
CALIBRATION = """<calibration><calibrationVectorList count="2">
<calibrationVector><line>0</line><pixel count="2">0 100</pixel><sigmaNought count="2">400 500</sigmaNought>
</calibrationVector><calibrationVector><line>80</line><pixel count="3">0 50 100</pixel>
<sigmaNought count="3">600 650 700</sigmaNought></calibrationVector></calibrationVectorList></calibration>"""


@dataclass
class Recipe:
    """Contents of the product; the defaults give a valid product of 80 x 100 pixels."""

    product: str = PRODUCT
    shape: tuple[int, int] = (80, 100)
    origin: tuple[float, float] = (133.0, 42.75)  # lon, lat of pixel (0, 0)
    seconds: float = 0.0  # added to the start time
    data_take: int = 419344
    slice_number: int = 3
    processed: str = "2024-03-07T10:00:00.000000"
    dn: dict[str, np.ndarray] = field(default_factory=dict)
    noise: str | None = NOISE_NEW
    calibration: str = CALIBRATION
    simulated: bool = False


def write_safe(folder: Path, recipe: Recipe | None = None) -> Path:
    """Write the product below ``folder`` and return its path."""
    recipe = recipe or Recipe()
    root = folder / f"{recipe.product}.SAFE"
    (root / "annotation" / "calibration").mkdir(parents=True)
    (root / "measurement").mkdir()
    listed: list[tuple[str, str]] = []

    def put(name: str, kind: str, text: str) -> None:
        (root / name).write_text('<?xml version="1.0" encoding="UTF-8"?>\n' + text)
        listed.append((name, kind))

    for number, pol in enumerate(("vv", "vh"), 1):
        stem = STEM.format(pol=pol, number=number)
        put(f"annotation/{stem}.xml", "s1Level1ProductSchema", annotation(recipe, pol))
        put(f"annotation/calibration/calibration-{stem}.xml", "s1Level1CalibrationSchema", recipe.calibration)
        if recipe.noise:
            put(f"annotation/calibration/noise-{stem}.xml", "s1Level1NoiseSchema", recipe.noise)
        name = f"measurement/{stem}.tiff"
        dn = recipe.dn.get(pol.upper(), np.full(recipe.shape, 100, np.uint16))
        with rasterio.open(
            root / name, "w", driver="GTiff", width=dn.shape[1], height=dn.shape[0], count=1, dtype="uint16"
        ) as out:
            out.write(dn, 1)
        listed.append((name, "s1Level1MeasurementSchema"))
    if recipe.simulated:
        (root / "SIMULATED.txt").write_text("simulated")
    write_manifest(root, listed, recipe.processed)
    return root


def write_manifest(root: Path, listed: list[tuple[str, str]], processed: str) -> None:
    """A manifest with the MD5 of each listed file."""
    objects = "".join(
        f'<dataObject ID="o{i}" repID="{kind}"><byteStream mimeType="text/xml" size="1">'
        f'<fileLocation locatorType="URL" href="./{name}"/>'
        f'<checksum checksumName="MD5">{hashlib.md5((root / name).read_bytes()).hexdigest()}</checksum>'
        "</byteStream></dataObject>"
        for i, (name, kind) in enumerate(listed)
    )
    (root / "manifest.safe").write_text(
        '<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel-1.0">'
        f'<safe:processing name="GRD" stop="{processed}"/><dataObjectSection>{objects}</dataObjectSection></xfdu:XFDU>'
    )


def zipped(root: Path, target: Path) -> Path:
    """The product as a zip, as downloaded."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(p for p in root.rglob("*") if p.is_file()):
            out.write(file, f"{root.name}/{file.relative_to(root).as_posix()}")
    return target


def place(recipe: Recipe, line: float, pixel: float) -> tuple[float, float]:
    """lon, lat of a pixel: a plane rotated by about 10 degrees, 10 m pixels."""
    lon0, lat0 = recipe.origin
    return lon0 + 1.2e-4 * pixel - 2.0e-5 * line, lat0 - 9.0e-5 * line - 1.5e-5 * pixel


def annotation(recipe: Recipe, pol: str) -> str:
    """One polarisation's annotation XML."""
    rows, cols = recipe.shape
    start = np.datetime64("2024-03-07T09:20:00.000000") + np.timedelta64(int(recipe.seconds * 1e6), "us")
    stop = start + np.timedelta64(int((rows - 1) * 1.5e-3 * 1e6), "us")
    points = ""
    for line in np.linspace(0, rows - 1, 4):
        for pixel in np.linspace(0, cols - 1, 5):
            lon, lat = place(recipe, line, pixel)
            sea_m = float(geoid_height_m(lon, lat))
            points += (
                f"<geolocationGridPoint><azimuthTime>{start}</azimuthTime>"
                f"<slantRangeTime>{5.3e-3 + pixel * 3e-8}</slantRangeTime><line>{line}</line><pixel>{pixel}</pixel>"
                f"<latitude>{lat}</latitude><longitude>{lon}</longitude><height>{sea_m}</height>"
                f"<incidenceAngle>{31 + pixel * 0.01}</incidenceAngle></geolocationGridPoint>"
            )
    return f"""<product><adsHeader><missionId>S1A</missionId><productType>GRD</productType>
<polarisation>{pol.upper()}</polarisation><mode>IW</mode><swath>IW</swath><startTime>{start}</startTime>
<stopTime>{stop}</stopTime><absoluteOrbitNumber>52870</absoluteOrbitNumber>
<missionDataTakeId>{recipe.data_take}</missionDataTakeId></adsHeader>
<generalAnnotation><productInformation><pass>Descending</pass><platformHeading>-168.0</platformHeading>
<radarFrequency>5.405e+09</radarFrequency></productInformation>
<downlinkInformationList count="1"><downlinkInformation><prf>1717.129</prf></downlinkInformation>
</downlinkInformationList><orbitList count="0"></orbitList></generalAnnotation>
<imageAnnotation><imageInformation><productFirstLineUtcTime>{start}</productFirstLineUtcTime>
<sliceNumber>{recipe.slice_number}</sliceNumber><rangePixelSpacing>10</rangePixelSpacing>
<azimuthPixelSpacing>10</azimuthPixelSpacing><azimuthTimeInterval>1.5e-3</azimuthTimeInterval>
<numberOfSamples>{cols}</numberOfSamples><numberOfLines>{rows}</numberOfLines></imageInformation></imageAnnotation>
<geolocationGrid><geolocationGridPointList count="20">{points}</geolocationGridPointList></geolocationGrid>
</product>"""
