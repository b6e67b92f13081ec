"""Small Sentinel-2 products in the real layout, written from arrays of reflectance. Synthetic, not from real images."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import Affine

L2A = "S2A_MSIL2A_20240307T020531_N0510_R017_T53TKJ_20240307T060000"
L1C = "S2A_MSIL1C_20240307T020531_N0510_R017_T53TKJ_20240307T043000"
TILE = "T53TKJ_20240307T020531"
SIDE = 120  # pixels of 10 m
COARSE = {"B05", "B06", "B07", "B8A", "B11", "B12", "SCL"}
PLACE = Affine(10, 0, 338_000, 0, -10, 4_736_000)


@dataclass(frozen=True)
class Recipe:
    """Contents of the product. ``offset_dn`` None: a processing baseline before 04.00."""

    product: str = L2A
    offset_dn: int | None = -1000
    quantification: int = 10_000
    checksum: str = "SHA3-256"
    bands: tuple[str, ...] = ("B02", "B03", "B04", "B08", "B11")
    manifest: bool = True

    @property
    def level(self) -> str:
        """Processing level, 2A or 1C."""
        return self.product[8:10]


def reflectance(seed: int = 0, side: int = SIDE) -> np.ndarray:
    """Water of 2 % with noise, shape (side, side); constant over blocks of 2 x 2, as in a 20 m band."""
    coarse = np.random.default_rng(seed).uniform(0.01, 0.03, (side // 2, side // 2))
    return coarse.repeat(2, axis=0).repeat(2, axis=1)


def write_safe(folder: Path, recipe: Recipe | None = None, values: dict[str, np.ndarray] | None = None) -> Path:
    """Write the product below ``folder`` and return its path."""
    recipe = recipe or Recipe()
    root = folder / f"{recipe.product}.SAFE"
    granule = f"GRANULE/L{recipe.level}_T53TKJ_A045459_20240307T020527"
    values = values or {band: reflectance(n) for n, band in enumerate(recipe.bands)}
    names = []
    for band, values_of in values.items():
        for pixel_m in _sizes(recipe, band):
            name = f"{granule}/IMG_DATA/{_file_name(recipe, band, pixel_m)}"
            dn = np.round(values_of * recipe.quantification - (recipe.offset_dn or 0)).astype(np.uint16)
            _write_band(root / name, dn, pixel_m)
            names.append(name)
    _write_beside(root / granule, recipe, names)
    (root / f"MTD_MSIL{recipe.level}.xml").write_text(_product_xml(recipe))
    (root / granule / "MTD_TL.xml").write_text(_tile_xml(recipe))
    if recipe.manifest:
        relist(root, recipe, names)
    return root


def relist(root: Path, recipe: Recipe, names: list[str]) -> None:
    """Rewrite the manifest with the checksums of the present files."""
    kind = {"MD5": hashlib.md5, "SHA3-256": hashlib.sha3_256}.get(recipe.checksum)
    entries = []
    for name in names:
        told = "" if kind is None else kind((root / name).read_bytes()).hexdigest()
        checksum = f'<checksum checksumName="{recipe.checksum}">{told}</checksum>' if told else ""
        entries.append(f'<dataObject><byteStream><fileLocation href="./{name}"/>{checksum}</byteStream></dataObject>')
    text = f'<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1">{"".join(entries)}</xfdu:XFDU>'
    (root / "manifest.safe").write_text(text)


def zipped(root: Path) -> Path:
    """The product as a zip, as downloaded."""
    target = root.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as out:
        for path in sorted(root.rglob("*")):
            out.write(path, f"{root.name}/{path.relative_to(root)}")
    return target


def _sizes(recipe: Recipe, band: str) -> tuple[int, ...]:
    """Pixel sizes [m] of a band in a product."""
    if band in COARSE:
        return (20,)
    return (10, 20) if recipe.level == "2A" and band != "B08" else (10,)


def _file_name(recipe: Recipe, band: str, pixel_m: int) -> str:
    return f"R{pixel_m}m/{TILE}_{band}_{pixel_m}m.jp2" if recipe.level == "2A" else f"{TILE}_{band}.jp2"


def _write_band(path: Path, data: np.ndarray, pixel_m: int) -> None:
    steps = pixel_m // 10
    bands = (data if data.ndim == 3 else data[None])[:, ::steps, ::steps]
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="JP2OpenJPEG", count=len(bands), height=bands.shape[1], width=bands.shape[2],
        dtype=bands.dtype, crs="EPSG:32653", transform=Affine(pixel_m, 0, PLACE.c, 0, -pixel_m, PLACE.f),
        QUALITY="100", REVERSIBLE="YES",
    ) as out:  # fmt: skip
        out.write(bands)


def _write_beside(granule: Path, recipe: Recipe, names: list[str]) -> None:
    """Write a granule's other files: true colour, classes, masks, the preview."""
    image = granule / "IMG_DATA"
    colours = np.full((3, SIDE, SIDE), 40, np.uint8)
    _write_band(image / _file_name(recipe, "TCI", 10), colours, 10)
    if recipe.level == "2A":
        _write_band(image / _file_name(recipe, "SCL", 20), np.full((SIDE, SIDE), 6, np.uint8), 20)
    _write_band(granule / "QI_DATA" / "MSK_DETFOO_B02.jp2", np.full((SIDE, SIDE), 2, np.uint8), 10)


def _product_xml(recipe: Recipe) -> str:
    level, of_level = recipe.level, {"2A": ("BOA_", "BOA_"), "1C": ("", "RADIO_")}[recipe.level]
    offsets = ""
    if recipe.offset_dn is not None:
        offsets = "".join(
            f'<{of_level[1]}ADD_OFFSET band_id="{n}">{recipe.offset_dn}</{of_level[1]}ADD_OFFSET>' for n in range(13)
        )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-{level}_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-{level}.xsd">
<n1:General_Info><Product_Info><PRODUCT_URI>{recipe.product}.SAFE</PRODUCT_URI>
<PROCESSING_BASELINE>05.10</PROCESSING_BASELINE><GENERATION_TIME>2024-03-07T06:00:00.000000Z</GENERATION_TIME>
<Datatake><SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME></Datatake></Product_Info>
<Product_Image_Characteristics><{of_level[0]}QUANTIFICATION_VALUE unit="none">{recipe.quantification}\
</{of_level[0]}QUANTIFICATION_VALUE>{offsets}</Product_Image_Characteristics></n1:General_Info>
</n1:Level-{level}_User_Product>"""


def _tile_xml(recipe: Recipe) -> str:
    level = recipe.level
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-{level}_Tile_ID xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/S2_PDI_Level-{level}_Tile_Metadata.xsd">
<n1:General_Info><SENSING_TIME metadataLevel="Standard">2024-03-07T02:10:29.024Z</SENSING_TIME></n1:General_Info>
<n1:Geometric_Info><Tile_Angles><Mean_Sun_Angle><ZENITH_ANGLE unit="deg">50.5</ZENITH_ANGLE>
<AZIMUTH_ANGLE unit="deg">158.25</AZIMUTH_ANGLE></Mean_Sun_Angle></Tile_Angles></n1:Geometric_Info>
</n1:Level-{level}_Tile_ID>"""
