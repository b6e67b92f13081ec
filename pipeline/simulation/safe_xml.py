"""The XML of a simulated Sentinel-1 GRD product: annotation, calibration, noise and manifest, laid out like real ones.

Only what a reader needs is written; element names and units are those of the product specification
(S1-RS-MDA-52-7441, "Sentinel-1 Product Specification").
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

import numpy as np

from pipeline.simulation.frame import RadarFrame
from pipeline.simulation.radar import PRF_HZ, VELOCITY_M_S, RadarPass
from pipeline.times_places.geoid import geoid_height_m
from pipeline.units import LIGHT_M_S

ROW_TIME_S = 1.4984e-3  # azimuth time of one 10 m row
GRID_POINTS = 12  # geolocation grid points along each side
CALIBRATION_DN = 640.0  # A of sigma0 = (DN^2 - noise) / A^2 at the near edge; real products lie near 300-700


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """Facts about one product that all its files share."""

    mission: str  # S1X: a letter that no real satellite has
    start: datetime
    frame: RadarFrame
    radar_pass: RadarPass
    ascending: bool
    absolute_orbit: int
    relative_orbit: int
    data_take: str

    @property
    def stop(self) -> datetime:
        """Time of the last row."""
        return self.start + timedelta(seconds=ROW_TIME_S * (self.frame.shape[0] - 1))

    @property
    def name(self) -> str:
        """Product name after the naming convention; the last four characters are a hash of the rest."""
        stem = (
            f"{self.mission}_IW_GRDH_1SDV_{self.start:%Y%m%dT%H%M%S}_{self.stop:%Y%m%dT%H%M%S}"
            f"_{self.absolute_orbit:06d}_{self.data_take}"
        )
        return f"{stem}_{hashlib.sha256(stem.encode()).hexdigest()[:4].upper()}"

    def file_stem(self, band: str, number: int) -> str:
        """Name of one polarisation's files."""
        times = f"{self.start:%Y%m%dt%H%M%S}-{self.stop:%Y%m%dt%H%M%S}"
        orbit = f"{self.absolute_orbit:06d}-{self.data_take.lower()}-{number:03d}"
        return f"{self.mission.lower()}-iw-grd-{band.lower()}-{times}-{orbit}"

    def slant_range_m(self, col: np.ndarray) -> np.ndarray:
        """Slant range of columns: ground range times the sine of the incidence angle, from mid-frame."""
        ground_m = (np.asarray(col, float) - self.frame.shape[1] / 2) * self.frame.spacing_m
        return self.radar_pass.slant_range_m + ground_m * np.sin(np.radians(self.radar_pass.incidence_deg))

    def incidence_deg(self, col: np.ndarray) -> np.ndarray:
        """Incidence of columns: it grows by some 0.065 degrees a kilometre at mid-swath."""
        ground_km = (np.asarray(col, float) - self.frame.shape[1] / 2) * self.frame.spacing_m / 1000
        return self.radar_pass.incidence_deg + 0.065 * ground_km

    def amplitude_gain(self, col: np.ndarray) -> np.ndarray:
        """A of sigma0 = (DN^2 - noise) / A^2, by column."""
        return CALIBRATION_DN * np.sqrt(
            np.sin(np.radians(self.incidence_deg(np.zeros(1)))) / np.sin(np.radians(self.incidence_deg(col)))
        )


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def _header(facts: ProductFacts, band: str, number: int) -> str:
    return f"""  <adsHeader>
    <missionId>{facts.mission}</missionId>
    <productType>GRD</productType>
    <polarisation>{band}</polarisation>
    <mode>IW</mode>
    <swath>IW</swath>
    <startTime>{_time(facts.start)}</startTime>
    <stopTime>{_time(facts.stop)}</stopTime>
    <absoluteOrbitNumber>{facts.absolute_orbit}</absoluteOrbitNumber>
    <missionDataTakeId>{int(facts.data_take, 16)}</missionDataTakeId>
    <imageNumber>{number:03d}</imageNumber>
  </adsHeader>"""


def annotation_xml(facts: ProductFacts, band: str, number: int) -> str:
    """The product annotation of one polarisation."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- SIMULATED by capwatch: no satellite took this image -->
<product>
{_header(facts, band, number)}
{_general(facts)}
{_image(facts)}
  <geolocationGrid>
{_geolocation(facts)}
  </geolocationGrid>
{_conversion(facts)}
</product>
"""


def _general(facts: ProductFacts) -> str:
    """Pass, heading, radar, pulses and orbit."""
    heading = (facts.radar_pass.heading_deg + 180) % 360 - 180
    return f"""  <generalAnnotation>
    <productInformation>
      <pass>{"Ascending" if facts.ascending else "Descending"}</pass>
      <timelinessCategory>Simulated</timelinessCategory>
      <platformHeading>{heading:.12e}</platformHeading>
      <projection>Ground Range</projection>
      <rangeSamplingRate>6.434523812571428e+07</rangeSamplingRate>
      <radarFrequency>5.405e+09</radarFrequency>
    </productInformation>
    <downlinkInformationList count="1">
      <downlinkInformation>
        <swath>IW2</swath>
        <azimuthTime>{_time(facts.start)}</azimuthTime>
        <prf>{PRF_HZ:.12e}</prf>
      </downlinkInformation>
    </downlinkInformationList>
    <orbitList count="2">
{_orbit(facts.start)}
{_orbit(facts.stop)}
    </orbitList>
  </generalAnnotation>"""


def _image(facts: ProductFacts) -> str:
    """Times, spacings and size of the image."""
    rows, cols = facts.frame.shape
    return f"""  <imageAnnotation>
    <imageInformation>
      <productFirstLineUtcTime>{_time(facts.start)}</productFirstLineUtcTime>
      <productLastLineUtcTime>{_time(facts.stop)}</productLastLineUtcTime>
      <productComposition>Slice</productComposition>
      <sliceNumber>1</sliceNumber>
      <slantRangeTime>{2 * _slant0(facts) / LIGHT_M_S:.15e}</slantRangeTime>
      <pixelValue>Detected</pixelValue>
      <outputPixels>16 bit Unsigned Integer</outputPixels>
      <rangePixelSpacing>{facts.frame.spacing_m:.9e}</rangePixelSpacing>
      <azimuthPixelSpacing>{facts.frame.spacing_m:.9e}</azimuthPixelSpacing>
      <azimuthTimeInterval>{ROW_TIME_S:.15e}</azimuthTimeInterval>
      <numberOfSamples>{cols}</numberOfSamples>
      <numberOfLines>{rows}</numberOfLines>
      <incidenceAngleMidSwath>{facts.radar_pass.incidence_deg:.12e}</incidenceAngleMidSwath>
    </imageInformation>
    <processingInformation>
      <thermalNoiseCorrectionPerformed>false</thermalNoiseCorrectionPerformed>
    </processingInformation>
  </imageAnnotation>"""


def _conversion(facts: ProductFacts) -> str:
    """From ground range to slant range [m]."""
    slant0 = _slant0(facts)
    per_ground_m = float(np.sin(np.radians(facts.radar_pass.incidence_deg)))
    return f"""  <coordinateConversion>
    <coordinateConversionList count="1">
      <coordinateConversion>
        <azimuthTime>{_time(facts.start)}</azimuthTime>
        <slantRangeTime>{2 * slant0 / LIGHT_M_S:.15e}</slantRangeTime>
        <sr0>{slant0:.12e}</sr0>
        <gr0>0.0</gr0>
        <grsrCoefficients count="2">{slant0:.15e} {per_ground_m:.15e}</grsrCoefficients>
      </coordinateConversion>
    </coordinateConversionList>
  </coordinateConversion>"""


def _slant0(facts: ProductFacts) -> float:
    """Slant range of the first column [m]."""
    return float(facts.slant_range_m(np.array(0.0)))


def _orbit(moment: datetime) -> str:
    """A state vector of the right speed; position and direction are not used by any reader of ours."""
    return f"""      <orbit>
        <time>{_time(moment)}</time>
        <frame>Earth Fixed</frame>
        <position><x>0.0</x><y>0.0</y><z>7.07e+06</z></position>
        <velocity><x>{VELOCITY_M_S:.6f}</x><y>0.0</y><z>0.0</z></velocity>
      </orbit>"""


def _grid_axis(n: int) -> list[int]:
    return sorted({round(v) for v in np.linspace(0, n - 1, GRID_POINTS)})


def _geolocation(facts: ProductFacts) -> str:
    rows, cols = (_grid_axis(n) for n in facts.frame.shape)
    points = []
    for row in rows:
        moment = _time(facts.start + timedelta(seconds=ROW_TIME_S * row))
        for col in cols:
            lon, lat = facts.frame.lonlat(row, col)
            height = float(geoid_height_m(lon, lat))  # the frame lies on the sea
            slant = float(facts.slant_range_m(np.array(float(col))))
            points.append(
                "      <geolocationGridPoint>"
                f"<azimuthTime>{moment}</azimuthTime>"
                f"<slantRangeTime>{2 * slant / LIGHT_M_S:.15e}</slantRangeTime>"
                f"<line>{row}</line><pixel>{col}</pixel>"
                f"<latitude>{float(lat):.12e}</latitude><longitude>{float(lon):.12e}</longitude>"
                f"<height>{height:.3f}</height>"
                f"<incidenceAngle>{float(facts.incidence_deg(np.array(float(col)))):.12e}</incidenceAngle>"
                "</geolocationGridPoint>"
            )
    inner = "\n".join(points)
    return f"""    <geolocationGridPointList count="{len(points)}">
{inner}
    </geolocationGridPointList>"""


def calibration_xml(facts: ProductFacts, band: str, number: int) -> str:
    """The calibration table of one polarisation: sigmaNought at two rows, every 40th column."""
    pixels = np.unique(np.append(np.arange(0, facts.frame.shape[1], 40), facts.frame.shape[1] - 1))
    gains = facts.amplitude_gain(pixels)
    vectors = "\n".join(
        f"""    <calibrationVector>
      <azimuthTime>{_time(facts.start + timedelta(seconds=ROW_TIME_S * row))}</azimuthTime>
      <line>{row}</line>
      <pixel count="{len(pixels)}">{" ".join(map(str, pixels))}</pixel>
      <sigmaNought count="{len(pixels)}">{" ".join(f"{g:.6e}" for g in gains)}</sigmaNought>
    </calibrationVector>"""
        for row in (0, facts.frame.shape[0] - 1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- SIMULATED by capwatch -->
<calibration>
{_header(facts, band, number)}
  <calibrationInformation><absoluteCalibrationConstant>1.0</absoluteCalibrationConstant></calibrationInformation>
  <calibrationVectorList count="2">
{vectors}
  </calibrationVectorList>
</calibration>
"""


def noise_xml(facts: ProductFacts, band: str, number: int, noise_sigma0: float) -> str:
    """The noise table (schema since 2018: range times azimuth), in units of DN squared."""
    rows, cols = facts.frame.shape
    pixels = np.unique(np.append(np.arange(0, cols, 40), cols - 1))
    power = noise_sigma0 * facts.amplitude_gain(pixels) ** 2
    vectors = "\n".join(
        f"""    <noiseRangeVector>
      <azimuthTime>{_time(facts.start + timedelta(seconds=ROW_TIME_S * row))}</azimuthTime>
      <line>{row}</line>
      <pixel count="{len(pixels)}">{" ".join(map(str, pixels))}</pixel>
      <noiseRangeLut count="{len(pixels)}">{" ".join(f"{p:.6e}" for p in power)}</noiseRangeLut>
    </noiseRangeVector>"""
        for row in (0, rows - 1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- SIMULATED by capwatch -->
<noise>
{_header(facts, band, number)}
  <noiseRangeVectorList count="2">
{vectors}
  </noiseRangeVectorList>
  <noiseAzimuthVectorList count="1">
    <noiseAzimuthVector>
      <swath>IW</swath>
      <firstAzimuthLine>0</firstAzimuthLine>
      <firstRangeSample>0</firstRangeSample>
      <lastAzimuthLine>{rows - 1}</lastAzimuthLine>
      <lastRangeSample>{cols - 1}</lastRangeSample>
      <line count="2">0 {rows - 1}</line>
      <noiseAzimuthLut count="2">1.0 1.0</noiseAzimuthLut>
    </noiseAzimuthVector>
  </noiseAzimuthVectorList>
</noise>
"""


def manifest_xml(facts: ProductFacts, files: dict[str, bytes]) -> str:
    """The manifest: every file by its relative path, with size and MD5."""
    objects = "\n".join(
        f"""    <dataObject ID="{escape(path.rsplit("/", 1)[-1].replace("-", "").replace(".", ""))}"{_kind(path)}>
      <byteStream mimeType="application/octet-stream" size="{len(content)}">
        <fileLocation locatorType="URL" href="./{escape(path)}"/>
        <checksum checksumName="MD5">{hashlib.md5(content, usedforsecurity=False).hexdigest()}</checksum>
      </byteStream>
    </dataObject>"""
        for path, content in sorted(files.items())
    )
    orbit_pass = "ASCENDING" if facts.ascending else "DESCENDING"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- SIMULATED by capwatch -->
<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel-1.0"
 xmlns:s1="http://www.esa.int/safe/sentinel-1.0/sentinel-1">
  <metadataSection>
    <metadataObject ID="measurementOrbitReference"><metadataWrap><xmlData><safe:orbitReference>
      <safe:orbitNumber type="start">{facts.absolute_orbit}</safe:orbitNumber>
      <safe:relativeOrbitNumber type="start">{facts.relative_orbit}</safe:relativeOrbitNumber>
      <safe:extension><s1:orbitProperties><s1:pass>{orbit_pass}</s1:pass></s1:orbitProperties></safe:extension>
    </safe:orbitReference></xmlData></metadataWrap></metadataObject>
    <metadataObject ID="acquisitionPeriod"><metadataWrap><xmlData><safe:acquisitionPeriod>
      <safe:startTime>{_time(facts.start)}</safe:startTime>
      <safe:stopTime>{_time(facts.stop)}</safe:stopTime>
    </safe:acquisitionPeriod></xmlData></metadataWrap></metadataObject>
  </metadataSection>
  <dataObjectSection>
{objects}
  </dataObjectSection>
</xfdu:XFDU>
"""


def _kind(path: str) -> str:
    """The schema that a file follows, as an attribute in the manifest's words."""
    kinds = {
        "measurement/": "s1Level1MeasurementSchema",
        "annotation/calibration/calibration-": "s1Level1CalibrationSchema",
        "annotation/calibration/noise-": "s1Level1NoiseSchema",
        "annotation/s1": "s1Level1ProductSchema",
    }
    return next((f' repID="{kind}"' for start, kind in kinds.items() if path.startswith(start)), "")
