"""What once came out as something else than a sentence, or would not end: one small case of each kind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A change of a sound file.

    Attributes
    ----------
    what : str
        What it was.
    reader : str
        Of which reader.
    file : str
        Which of the files of a sample is changed: it ends so.
    old, new : bytes
        What is replaced, at its first place; the whole file where `old` is empty.
    sample : int
        Which of the reader's samples.
    """

    what: str
    reader: str
    file: str
    old: bytes
    new: bytes
    sample: int = 0


CASES = (
    Case("csv.Error: a lone carriage return in the first line", "heads", ".txt", b"X (m)", b"X\r(m)"),
    Case("a line end in a name, and so in a sentence", "tops", ".txt", b'"shale, grey"', b'"shale\n grey'),
    Case("a sentence of thousands of characters", "points", ".txt", b"crossline", b"[" * 5000 + b"crossline"),
    Case("the same, of a colour", "classes", ".txt", b"#112233", b"[" * 5000 + b"#112233"),
    Case("TokenError: an open bracket in the header of an array", "volume", ".npy", b"'descr': ", b"'descr': ((("),
    Case("OverflowError: a length of thirty digits", "volume", ".npy", b"(3, 4, 5)", b"(3, 4, 1" + b"0" * 29 + b")"),
    Case("RecursionError: metadata without bottom", "zarr", ".zattrs", b"", b'{"a":' * 100_000),
    Case("RecursionError: the same, of Zarr 3", "zarr", "zarr.json", b"", b"[" * 100_000, 1),
    Case("RecursionError: the same, of a survey in bricks", "bricks", "zarr.json", b"", b"[" * 100_000),
    Case(
        "OverflowError: a resolution of OME-Zarr of 2**70 lines", "ome-zarr", "0/zarr.json", b"7\n", b"%d\n" % 2**70, 1
    ),
    Case("memory: a resolution of OME-Zarr of 2**31 lines", "ome-zarr", "0/zarr.json", b"7\n", b"%d\n" % 2**31, 1),
    Case("RuntimeError: a damaged piece of MDIO", "mdio", "amplitude/0.0.0", b"", b"\x02\x01\x21\x04" + bytes(40)),
    Case("RuntimeError: damaged coordinates of MDIO", "mdio", "inline/0", b"", b"damaged"),
    Case("ValueError: a piece of MDIO that is too short", "mdio", "cdp_x/.zarray", b'"compressor": {', b'"other": {'),
    Case("RuntimeError: a damaged piece of bricks", "bricks", "values/c/0/0/0", b"", b"\x02\x01\x21\x04" + bytes(40)),
    Case("RuntimeError: damaged coordinates of bricks", "bricks", "inline/c/0", b"", b"(\xb5/\xfddamaged"),
    Case("LookupError: a part in an encoding that there is not", "xlsx", "sheet1.xml", b"UTF-8", b"UTF1", 1),
    Case("crash: a cell whose number wraps around", "xlsx", "sheet1.xml", b'r="C5"', b'r="C%s"' % (b"1" * 30), 1),
    Case("LookupError: the same, of places", "places", ".kml", b'"1.0"?>', b'"1.0" encoding="UTF1"?>'),
    Case(
        "crash: more values than the header has nodes",
        "surface",
        ".irap",
        b"\xfc\x1c\x00\x00\x00\x04",
        b"\xfc\x1c\x00\x00\x00\x01",
        1,
    ),
    Case("ValueError: three limits", "surface", ".zmap", b"500000.0, 500030.0", b"500000.0", 2),
    Case("OverflowError: fields as wide as infinity", "surface", ".zmap", b"15, 0.1E+31", b"1e999, 0.1E+31", 2),
    Case("crash: numbers of a type that there is not", "mat5", ".mat", b"\4\0cube\7\0", bytes(6) + b"\xf0\x7f"),
    Case(
        "a control character in the name of a field, and so in a sentence",
        "models",
        "model.json",
        b'"centre"',
        b'"cent\x7f"',
    ),
    Case(
        "the lines of torch's own code in a sentence",
        "models",
        "model.json",
        b'"input_channels": 3',
        b'"input_channels": %d' % 2**70,
        1,
    ),
    Case("CRSError: a CRS that closes too early", "vrt", ".vrt", b'origin",0]', b'origin",0]]'),
)
