"""The text header of an ENVI image, and what it promises held against the data file.

GDAL reads the images. It takes a missing data type for bytes, skips frame offsets, reads a list as the number 0 and
fills what a cut file lacks with zeros, all without a word: so the header is looked at here first.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_fhn.sentence import counted
from napari_fhn.surveys.errors import SurveyError

#: A header is a page of text; a few thousand bands make it a few hundred kilobytes.
MAX_BYTES = 16 * 2**20
#: GDAL's own limit.
MAX_BANDS = 65535
DATA_SUFFIXES = ("", ".img", ".dat", ".bsq", ".bil", ".bip", ".raw", ".bin", ".envi", ".cub", ".cube")
DATA_TYPES = {
    1: "uint8", 2: "int16", 3: "int32", 4: "float32", 5: "float64", 6: "complex64", 9: "complex128",
    12: "uint16", 13: "uint32", 14: "int64", 15: "uint64",
}  # fmt: skip
_INTERLEAVES = ("bsq", "bil", "bip")


@dataclass(frozen=True)
class EnviHeader:
    """What the header of an ENVI image says.

    Attributes
    ----------
    path : Path
        Of the header.
    samples, lines, bands, offset : int
        Width, height, number of bands; bytes before the first value.
    dtype : str
        Name of the numpy type.
    interleave : str
        "bsq", "bil" or "bip".
    fields : dict of str to str
        Everything it says; keys in lower case with single spaces, lists in braces.
    notes : tuple of str
        What it left out and was taken for granted.
    """

    path: Path
    samples: int
    lines: int
    bands: int
    offset: int
    dtype: str
    interleave: str
    fields: dict[str, str] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def compressed(self) -> bool:
        """Whether the data file is gzipped."""
        return self.fields.get("file compression", "0").strip() not in ("", "0")

    def text(self, key: str) -> str:
        """Return a field without its braces; empty where there is none."""
        return self.fields.get(key, "").strip().strip("{}").strip()

    def items(self, key: str) -> list[str]:
        """Return a list ``{a, b, c}``; empty where there is none."""
        text = self.text(key)
        return [item.strip() for item in text.split(",")] if text else []

    def numbers(self, key: str) -> list[float]:
        """Return a list of numbers; empty where there is none or any of it is no number."""
        items = self.items(key)
        # Some programs end a list with a comma.
        items = items[:-1] if items and not items[-1] else items
        try:
            return [float(item) for item in items]
        except ValueError:
            return []


#: How files begin that say what they are: HDF5 (NetCDF 4, MATLAB 7.3), NetCDF 3, NumPy, zip, MATLAB 5, TIFF.
_OTHERS = (
    b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x93NUMPY", b"PK\x03\x04", b"MATLAB 5.0 MAT-file",
    b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+",
)  # fmt: skip
_OTHERS_BYTES = max(map(len, _OTHERS))


def is_header(path: Path) -> bool:
    """Say whether a file begins as an ENVI header does."""
    with path.open("rb") as file:
        return re.match(rb"(\xef\xbb\xbf)?\s*ENVI\b", file.read(32)) is not None


def pair(path: Path) -> tuple[Path, Path] | None:
    """Return data file and header of an ENVI image, given either; None where one of them is missing."""
    if path.suffix.lower() == ".hdr":
        if not is_header(path):
            return None
        # scene.hdr belongs to scene.img or scene; scene.img.hdr to scene.img.
        for data in (
            *[path.with_suffix(s) for s in DATA_SUFFIXES],
            *[path.with_suffix(s.upper()) for s in DATA_SUFFIXES],
        ):
            if data != path and data.is_file():
                return data, path
        return None
    # Of a scene that was saved as ENVI and as something else under one name, the header is of the former.
    with path.open("rb") as file:
        if file.read(_OTHERS_BYTES).startswith(_OTHERS):
            return None
    for ending in (".hdr", ".HDR"):
        for header in (path.with_suffix(ending), path.with_name(path.name + ending)):
            if header.is_file() and is_header(header):
                return path, header
    return None


def read_header(path: Path) -> EnviHeader:
    """Read a header.

    Parameters
    ----------
    path : Path
        The ``.hdr`` file.

    Raises
    ------
    SurveyError
        When it is no ENVI header of an image, or does not say how the data file is laid out.
    """
    if path.stat().st_size > MAX_BYTES:
        raise SurveyError(path, f"it has {path.stat().st_size} bytes, too many for an ENVI header", "Open another file")
    fields = _fields(path)
    kind = fields.get("file type", "").strip().lower()
    if "spectral library" in kind or "meta" in kind or "mosaic" in kind:
        raise SurveyError(path, f"it is an {fields['file type'].strip()}, not an image", "Open an image")
    samples, lines, bands = (_count(path, fields, key) for key in ("samples", "lines", "bands"))
    code = _count(path, fields, "data type")
    if code not in DATA_TYPES:
        known = ", ".join(map(str, DATA_TYPES))
        raise SurveyError(path, f"it says 'data type = {code}', which is none of ENVI's", f"Known are {known}")
    if bands > MAX_BANDS:
        raise SurveyError(
            path, f"it promises {counted(bands, 'bands')}; at most {MAX_BANDS} can be read", "Correct the header"
        )
    notes = []
    offset = _count(path, fields, "header offset", least=0) if fields.get("header offset", "").strip() else 0
    interleave = fields.get("interleave", "").strip().lower()
    if interleave not in _INTERLEAVES:
        if interleave or bands > 1:
            said = f"'interleave = {interleave}'" if interleave else "no interleave"
            raise SurveyError(path, f"it says {said}, so the order of its values is not known",
                              "Write bsq, bil or bip into the header")  # fmt: skip
        interleave = "bsq"
    order = fields.get("byte order", "").strip()
    if order not in ("0", "1"):
        if order:
            raise SurveyError(path, f"it says 'byte order = {order}'", "Write 0 (little-endian) or 1 (big-endian)")
        if np.dtype(DATA_TYPES[code]).itemsize > 1:
            notes.append("The header names no byte order; the values are read as little-endian.")
    for key in ("major frame offsets", "minor frame offsets"):
        if any(item.strip("0 .") for item in fields.get(key, "").strip("{} ").split(",")):
            raise SurveyError(path, f"it says '{key} = {fields[key]}': bytes between the lines cannot be read",
                              "Export the image without them")  # fmt: skip
    return EnviHeader(path, samples, lines, bands, offset, DATA_TYPES[code], interleave, fields, tuple(notes))


def check_size(data: Path, header: EnviHeader) -> str:
    """Hold the data file against its header.

    Parameters
    ----------
    data : Path
        The data file.
    header : EnviHeader
        What should be in it.

    Returns
    -------
    str
        A note where the file is longer than the header says; empty where it fits.

    Raises
    ------
    SurveyError
        Where it is shorter.
    """
    if header.compressed:
        return ""
    item = np.dtype(header.dtype).itemsize
    promised = header.offset + header.bands * header.lines * header.samples * item
    size = data.stat().st_size
    layout = (
        f"{header.bands} bands x {header.lines} lines x {header.samples} samples x {item} bytes, after {header.offset}"
    )
    if size < promised:
        raise SurveyError(
            data,
            f"it ends at byte {size}, but its header promises {promised} ({layout})",
            "Copy it again, or correct the header",
        )
    if size > promised:
        return f"The data file is {counted(size - promised, 'bytes')} longer than its header says ({layout})."
    return ""


def ignore_value(header: EnviHeader) -> tuple[float | None, str]:
    """Return the value that means "no data", or None, and a note where what is written is no number."""
    written = header.text("data ignore value")
    if not written:
        return None, ""
    try:
        return float(written), ""
    except ValueError:
        return None, f"The header says 'data ignore value = {written[:40]}', which is no number; no value is left out."


def scales(header: EnviHeader) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return what stored values are multiplied by and then added, per band; None where they stand for themselves."""
    scale, offset = np.ones(header.bands), np.zeros(header.bands)
    for key, into in (("data gain values", scale), ("data offset values", offset)):
        found = header.numbers(key)
        if len(found) in (1, header.bands) and np.isfinite(found).all():
            into[:] = found
    factor = header.numbers("reflectance scale factor")
    if len(factor) == 1 and math.isfinite(factor[0]) and factor[0] > 0:
        scale /= factor[0]
    return None if (scale == 1).all() and (offset == 0).all() else (scale, offset)


def _fields(path: Path) -> dict[str, str]:
    """Split a header into its fields; a value in braces may run over several lines."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    lines = text.splitlines()
    start = next((k for k, line in enumerate(lines) if line.strip()), 0)
    if not lines or lines[start].split()[:1] != ["ENVI"]:
        raise SurveyError(path, "line 1 is not 'ENVI', so it is no ENVI header", "Open the ENVI header or a GeoTIFF")
    fields: dict[str, str] = {}
    k = start + 1
    while k < len(lines):
        key, equals, value = lines[k].partition("=")
        opened = k
        k += 1
        if not equals or key.lstrip().startswith(";"):
            continue
        parts = [value]
        if value.strip().startswith("{"):
            while "}" not in parts[-1]:
                if k == len(lines):
                    raise SurveyError(path, f"the brace opened in line {opened + 1} is never closed", "Close it")
                parts.append(lines[k])
                k += 1
        # GDAL, and what writes through it, joins the words of some keys: wavelength_units.
        fields[" ".join(key.lower().replace("_", " ").split())] = " ".join(part.strip() for part in parts).strip()
    return fields


def _count(path: Path, fields: dict[str, str], key: str, least: int = 1) -> int:
    written = fields.get(key, "").strip()
    if not written:
        raise SurveyError(path, f"it does not say '{key} = …'", "Write it into the header")
    try:
        number = float(written)
    except ValueError:
        number = math.nan
    # More than any disk has bytes: no such file, and no arithmetic that overflows.
    if not number.is_integer() or not least <= number < 2**50:
        raise SurveyError(path, f"it says '{key} = {written[:40]}'", f"Write a whole number, {least} or more")
    return int(number)
