"""How GDAL is set up here, wherever it reads: importing this module, before rasterio, sets its environment."""

import os
from importlib.util import find_spec
from pathlib import Path

SETTINGS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # a foreign .aux.xml, .msk or .ovr beside the file stays unread
    "GDAL_PAM_ENABLED": "NO",  # nothing is written beside the file either
    "GDAL_NUM_THREADS": "1",  # the engine decides how many threads there are
    "GTIFF_IGNORE_READ_ERRORS": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",  # local files only: no request leaves this reader
}


def _both(theirs: str) -> str:
    """The drivers that GDAL is to skip, the user's and ours. It parts them at commas; where there are none, at blanks.

    >>> _both(""), _both("BAG"), _both("BAG ECW"), _both("BAG,ESRI Shapefile"), _both("BAG VRT")
    ('VRT', 'BAG VRT', 'BAG ECW VRT', 'BAG,ESRI Shapefile,VRT', 'BAG VRT')
    """
    mark = "," if "," in theirs else " "
    named = [name for name in theirs.split(mark) if name.strip()]
    return mark.join(named if "VRT" in named else [*named, "VRT"])


ENVIRONMENT = {  # counts only where it is set before GDAL starts
    "GDAL_SKIP": _both(os.environ.get("GDAL_SKIP", "")),  # CASES 2
    "GDAL_CACHEMAX": "256",  # MB of decoded blocks, of all threads together; GDAL's own choice is 5 % of the memory
}
os.environ["GDAL_SKIP"] = ENVIRONMENT["GDAL_SKIP"]
os.environ.setdefault("GDAL_CACHEMAX", ENVIRONMENT["GDAL_CACHEMAX"])
OF_ANOTHER_INSTALL = ("PROJ_LIB", "GDAL_DATA", "GDAL_DRIVER_PATH")  # as QGIS and conda set them


def _forget_other_installs() -> None:
    """Drop what points to another GDAL's files, whose versions differ, where rasterio came with its own: it would read
    those instead, and know no EPSG code. PROJ_DATA says where its own are: GDAL looks units of coordinate systems that
    have no code up in a context that rasterio does not tell, and would complain on a user's terminal."""
    found = find_spec("rasterio")
    own = Path(found.origin).parent / "proj_data" if found is not None and found.origin else Path()
    if own.name == "proj_data" and own.is_dir():
        os.environ["PROJ_DATA"] = str(own)
        for name in OF_ANOTHER_INSTALL:
            os.environ.pop(name, None)


_forget_other_installs()
