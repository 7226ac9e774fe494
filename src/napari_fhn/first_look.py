"""A first look at a file: whether its own bytes say that it is of the geosciences. No library is loaded for it.

A viewer that shows cells and stars as well asks this of every file that somebody opens. So it answers within a
millisecond, from the beginning of the file, and says yes only where the file itself says so: a reference to the
ground, wavelengths, a format that nobody else writes. What it says no to can still be opened as a survey by those
who ask for it.
"""

from __future__ import annotations

import struct
from pathlib import Path

from napari_fhn.regular import why_not

TIFF = (".tif", ".tiff")
#: What TIFF says of the ground (pixel scale, tie points, transformation, keys of the CRS), and what GDAL adds.
_GEO_TAGS = frozenset({33550, 33922, 34264, 34735})
_TEXT_TAGS = frozenset({270, 42112})
_WAVELENGTH = b"wavelength"
#: Bytes in which names of HDF5 objects are looked for, and boxes of JPEG 2000.
_BEGINNING = 1 << 20
_GEO_JP2 = b"\xb1\x4b\xf8\xbd\x08\x3d\x4b\x43\xa5\xae\x8c\xd7\xd5\xa6\xce\x03"
_HDF5 = b"\x89HDF\r\n\x1a\n"
#: How files of one kind begin, by suffix; nobody else has these.
_BEGINS: dict[str, tuple[bytes, ...]] = {
    ".vds": (b"HueDataStore",),
    ".zgy": (b"VBS\x00",),
    ".ers": (b"DatasetHeader",),
    ".vrt": (b"<VRTDataset",),
    ".grd": (b"DSAA", b"DSBB", b"DSRB", b"CDF", _HDF5),
    ".nc": (b"CDF", _HDF5),
    ".nc4": (_HDF5,),
    ".cdf": (b"CDF", _HDF5),
    ".asc": (b"ncols", b"NCOLS"),
    ".gpkg": (b"SQLite format 3\x00",),
    ".shp": (b"\x00\x00\x27\x0a",),
}
#: In the metadata of a Zarr store, what says that it lies on the ground, has wavelengths, or is seismic.
_STORE_WORDS = (_WAVELENGTH, b'"spatial_ref"', b'"crs_wkt"', b'"grid_mapping"', b'"inline"', b'"fhn_bricks"')


def from_the_ground(path: str | Path) -> bool:
    """Say whether a file is of the geosciences, by what stands in it.

    Parameters
    ----------
    path : path-like
        Any; nothing is raised for what is not there or cannot be read.

    Returns
    -------
    bool
        True for SEG-Y and other formats that nobody else writes, ENVI images, rasters with a reference to the ground
        or with wavelengths, and well logs.

    Examples
    --------
    >>> from napari_fhn import sample_data
    >>> from_the_ground(sample_data.SEISMIC.survey), from_the_ground(sample_data.SEISMIC.truth)
    (True, False)
    """
    path = Path(path)
    try:
        if why_not(path, folder=True) is not None:
            return False
        return _store(path) if path.is_dir() else _file(path)
    except (OSError, ValueError, struct.error):
        return False


def _file(path: Path) -> bool:
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        begin = file.read(4096)
    if suffix in TIFF:
        return _geotiff(path)
    if suffix in (".sgy", ".segy"):
        # Whatever is wrong with such a file is the reader's to say: nobody else reads them.
        return True
    if suffix in (".seg", ".su"):
        return len(begin) >= 240
    if suffix == ".hdr":
        return begin[:4] == b"ENVI"
    if suffix == ".las":
        return well_log(begin)
    if suffix == ".geojson":
        # Those of pathology say what each object is in words of their own.
        return b'"FeatureCollection"' in begin.replace(b" ", b"") and b'"objectType"' not in begin
    if suffix == ".jp2":
        whole = _beginning(path)
        return _GEO_JP2 in whole or b"gml.data" in whole
    if suffix in (".h5", ".hdf5", ".he5"):
        names = _beginning(path)
        return _HDF5 in names[:8192] and (_WAVELENGTH in names.lower() or b"HDFEOS" in names)
    if suffix == ".img" and begin[:15] == b"EHFA_HEADER_TAG":
        return True
    if suffix in _BEGINS:
        return begin.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_BEGINS[suffix])
    return any(_is_envi(header) for header in (path.with_suffix(".hdr"), path.with_name(path.name + ".hdr")))


def well_log(begin: bytes) -> bool:
    """Say whether a text begins as LAS of well logs does, and not as the LAS of laser scanners.

    Parameters
    ----------
    begin : bytes
        The first of the file.
    """
    lines = (line.strip() for line in begin.lstrip(b"\xef\xbb\xbf").splitlines())
    return next((line[:1] == b"~" for line in lines if line and line[:1] != b"#"), False)


def _store(folder: Path) -> bool:
    """Look into what a Zarr store says of itself, and for the table of all tables of a file geodatabase."""
    if folder.suffix.lower() == ".gdb":
        return (folder / "a00000001.gdbtable").is_file()
    for name in ("zarr.json", ".zmetadata", ".zattrs"):
        said = folder / name
        if said.is_file():
            text = _beginning(said)
            if any(word in text.replace(b" ", b"") for word in _STORE_WORDS):
                return True
    return folder.suffix.lower() == ".mdio" and any(folder.iterdir())


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_BEGINNING)


def _is_envi(header: Path) -> bool:
    if not header.is_file():
        return False
    with header.open("rb") as file:
        return file.read(4) == b"ENVI"


def _geotiff(path: Path) -> bool:
    """Look through the tags of the first image of a TIFF."""
    with path.open("rb") as file:
        magic = file.read(4)
        if magic[:2] not in (b"II", b"MM"):
            return False
        order = "<" if magic[:2] == b"II" else ">"
        big = struct.unpack(f"{order}H", magic[2:])[0] == 43
        if big:
            file.seek(8)
        file.seek(struct.unpack(f"{order}{'Q' if big else 'I'}", file.read(8 if big else 4))[0])
        count = struct.unpack(f"{order}{'Q' if big else 'H'}", file.read(8 if big else 2))[0]
        size = 20 if big else 12
        # 4096 tags are more than anybody writes.
        entries = file.read(size * min(count, 4096))
        texts: list[tuple[int, int]] = []
        for start in range(0, len(entries) - size + 1, size):
            tag = struct.unpack_from(f"{order}H", entries, start)[0]
            if tag in _GEO_TAGS:
                return True
            if tag in _TEXT_TAGS:
                texts.append(struct.unpack_from(f"{order}{'QQ' if big else 'II'}", entries, start + 4))
        for length, place in texts:
            if length > (8 if big else 4):
                file.seek(place)
                if _WAVELENGTH in file.read(min(length, _BEGINNING)).lower():
                    return True
    return False
