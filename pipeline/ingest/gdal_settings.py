"""GDAL settings for all readers: importing this module, before rasterio, sets GDAL's environment."""

import os
from importlib.util import find_spec
from pathlib import Path

SETTINGS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # a foreign .aux.xml, .msk or .ovr beside the file stays unread
    "GDAL_PAM_ENABLED": "NO",  # nothing is written beside the file either
    "GDAL_NUM_THREADS": "1",  # the engine decides the number of threads
    "GTIFF_IGNORE_READ_ERRORS": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",  # local files only: no request leaves this reader
}


def _with_our_skips(users_skips: str) -> str:
    """The value of GDAL_SKIP: the user's drivers and ours. GDAL splits it at commas, or at blanks if it has none.

    >>> [_with_our_skips(skips) for skips in ("", "BAG", "BAG ECW", "BAG,ESRI Shapefile", "BAG VRT")]
    ['VRT', 'BAG VRT', 'BAG ECW VRT', 'BAG,ESRI Shapefile,VRT', 'BAG VRT']
    """
    mark = "," if "," in users_skips else " "
    drivers = [name for name in users_skips.split(mark) if name.strip()]
    return mark.join(drivers if "VRT" in drivers else [*drivers, "VRT"])


ENVIRONMENT = {  # effective only if set before GDAL starts
    "GDAL_SKIP": _with_our_skips(os.environ.get("GDAL_SKIP", "")),  # CASES 2
    "GDAL_CACHEMAX": "256",  # MB of decoded blocks, for all threads together; GDAL's default is 5 % of memory
}
os.environ["GDAL_SKIP"] = ENVIRONMENT["GDAL_SKIP"]
os.environ.setdefault("GDAL_CACHEMAX", ENVIRONMENT["GDAL_CACHEMAX"])
OTHER_INSTALL_VARIABLES = ("PROJ_LIB", "GDAL_DATA", "GDAL_DRIVER_PATH")  # as QGIS and conda set them


def _forget_other_installs() -> None:
    """Unset variables that point to another GDAL's data files if rasterio brings its own: with those of another version
    it would not know any EPSG code. Sets PROJ_DATA to rasterio's own: GDAL looks up units of coordinate systems without
    a code in a context that rasterio does not configure, and would print errors."""
    found = find_spec("rasterio")
    own = Path(found.origin).parent / "proj_data" if found is not None and found.origin else Path()
    if own.name == "proj_data" and own.is_dir():
        os.environ["PROJ_DATA"] = str(own)
        for name in OTHER_INSTALL_VARIABLES:
            os.environ.pop(name, None)


_forget_other_installs()
