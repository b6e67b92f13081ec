"""Tells a file's type from its first bytes, whatever its name says."""

from __future__ import annotations

HEAD_BYTES = 1024  # enough to tell text from binary data (our choice)
GZIP = b"\x1f\x8b"
_TEXTS = (  # first bytes in lower case, and what such a file is, with what to do about it
    (b"version https://git-lfs", "a pointer of Git LFS (git lfs pull fetches the file)"),
    (b"<!doctype html", "a web page (a download that failed, or wanted a login)"),
    (b"<html", "a web page (a download that failed, or wanted a login)"),
    (b"<vrtdataset", "a GDAL VRT, which only points at images"),
    (b"<?xml", "XML"),
    (b"{", "JSON text"),
    (b"[{", "JSON text"),
    (b"[\n", "JSON text"),
    (b"%pdf", "a PDF"),
)
_BYTES = (  # no text begins like this
    (b"pk\x03\x04", "a zip archive under another name"),
    (GZIP, "packed by gzip: unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file (save its sheet as CSV UTF-8)"),
    (b"\x89hdf", "HDF5, as netCDF files are"),
    (b"\x93numpy", "an array of NumPy"),
    (b"sqlite format 3\x00", "a GeoPackage or another SQLite file"),
    (b"ii*\x00", "a TIFF image"),
    (b"mm\x00*", "a TIFF image"),
    (b"\x89png", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x7felf", "a program"),
)
_LETTERS = (  # a text may begin with these letters too
    (b"par1", "a Parquet table (end its name in .parquet)"),
    (b"cdf", "netCDF"),
    (b"ehfa_header_tag", "an ERDAS image"),
    (b"gif8", "a GIF"),
    (b"riff", "a WebP picture"),
    (b"bm", "a BMP picture"),
)
_WORKBOOK = (b"[Content_Types].xml", b"xl/")  # the first names in an Excel file, which is a zip archive
_UTF32, _UTF16 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"), (b"\xff\xfe", b"\xfe\xff")
_WIDE: dict[
    tuple[bool, ...], str
] = {  # which bytes of every four are zero, in Latin text without a mark at its start (BOM)
    (False, True, False, True): "UTF-16",
    (True, False, True, False): "UTF-16",
    (False, True, True, True): "UTF-32",
    (True, True, True, False): "UTF-32",
}


def kind_of(head: bytes) -> str:
    """The type of a file with these first bytes, in words; "" if unknown.

    >>> kind_of(b"%PDF-1.7"), kind_of(b" <HTML><body>")[:10], kind_of(b'[{"mmsi": 1'), kind_of(bytes(16))
    ('a PDF', 'a web page', 'JSON text', '')
    """
    return _match_first_bytes(head, (*_TEXTS, *_BYTES, *_LETTERS))


def not_text_table_cause(head: bytes) -> str:
    """Why a file with these first bytes cannot be a text table, worded to follow its name; "" if it may be one.

    >>> not_text_table_cause(b"II*" + bytes(range(200)))
    'is a TIFF image, not a table of text'
    >>> not_text_table_cause("call_id,tonnes".encode("utf-16-le")), not_text_table_cause(b"BM_id,cdf")
    ('is UTF-16 text; save it as UTF-8 (in Excel: CSV UTF-8)', '')
    """
    if wide := _wide_text(head[:64]):
        return f"is {wide} text; save it as UTF-8 (in Excel: CSV UTF-8)"
    text = head.rstrip(b"\x00")  # a full disk or an interrupted copy leaves zeros after the content
    if head and not text:
        return "holds nothing but zeros: a copy or a download that failed"
    named = _match_first_bytes(head, (*_TEXTS, *_BYTES))
    if head.startswith(b"PK") and named and any(name in head for name in _WORKBOOK):
        named = "an Excel workbook (save its sheet as CSV UTF-8)"
    if not named and _binary(text):
        named = _match_first_bytes(head, _LETTERS) or "binary data of a kind not known"
    return f"is {named}, not a table of text" if named else ""


def _match_first_bytes(head: bytes, kinds: tuple[tuple[bytes, str], ...]) -> str:
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((words for start, words in kinds if head.startswith(start)), "")


def _wide_text(head: bytes) -> str:
    """UTF-32 or UTF-16, from the byte-order mark or the zero bytes beside its letters; "" if neither."""
    for marks, name in ((_UTF32, "UTF-32"), (_UTF16, "UTF-16")):
        if head.startswith(marks):
            return name
    lanes = [head[n::4] for n in range(4)]
    zero = tuple(3 * lane.count(0) > 2 * len(lane) for lane in lanes)
    letters = all(0 not in lane for lane, none in zip(lanes, zero, strict=True) if not none)
    return _WIDE.get(zero, "") if letters else ""


def _binary(head: bytes) -> bool:
    """Are more than a twentieth of the bytes control characters? In random data a tenth are (our choice)."""
    none = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return 20 * none > len(head)
