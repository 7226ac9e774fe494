"""How many bytes packed ones unpack to, told without unpacking them, or piece by piece."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_fhn.surveys.errors import SurveyError

#: Deflate makes nothing smaller than by this factor.
_MOST_DEFLATED = 1032
_STEP = 2**20
#: An array in memory may be so many times larger than in the file, where it is large at all.
_MOST_WHOLE, _LARGE = 400, 2**29
_ZSTD = b"\x28\xb5\x2f\xfd"
_BLOCK = 2**17


def check_whole(path: Path, name: str, packed: int, unpacked: int, way_out: str) -> None:
    """Refuse an array that can only be unpacked whole, and holds next to nothing for its size.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Of the array.
    packed, unpacked : int
        Bytes in the file, and in memory.
    way_out : str
        How to save it instead.

    Raises
    ------
    SurveyError
    """
    if unpacked > _LARGE and unpacked > _MOST_WHOLE * packed:
        what = f"its array '{name}' has {unpacked / 1e9:.1f} GB, packed into {packed / 1e6:.1f} MB"
        raise SurveyError(path, f"{what}, and can only be unpacked whole", way_out)


def is_torn(packing: str, head: bytes, length: int) -> bool:
    """Say whether packed bytes are cut off, where their library would read on behind them.

    Parameters
    ----------
    packing : str
        As for `within`.
    head : bytes
        The first 16 of them, or more.
    length : int
        How many there are.
    """
    return packing == "blosc" and (length < 16 or int.from_bytes(head[12:16], "little") != length)


def within(packing: str, data: bytes, most: int) -> bool:
    """Say whether packed bytes unpack to so many at most; False as well where that cannot be told.

    Parameters
    ----------
    packing : str
        ``blosc``, ``zstd``, ``lz4``, ``zlib``, ``gzip``, ``bz2`` or ``lzma``; empty for bytes as they are.
    data : bytes
        Packed.
    most : int
        How many are allowed.
    """
    match packing:
        case "":
            return len(data) <= most
        case "blosc":
            return len(data) < 16 or int.from_bytes(data[4:8], "little") <= most
        case "lz4":
            return int.from_bytes(data[:4], "little", signed=True) <= most
        case "zstd":
            return _of_zstd(data) <= most
        case "zlib" | "gzip":
            # Where even the best deflated bytes stay below, nothing needs to be tried.
            return len(data) * _MOST_DEFLATED <= most or _tried(lambda: zlib.decompressobj(47), data, most)
        case "bz2":
            return _tried(bz2.BZ2Decompressor, data, most)
        case "lzma":
            return _tried(lzma.LZMADecompressor, data, most)
    return False


def _tried(begin: Callable[[], Any], data: bytes, most: int) -> bool:
    """Unpack and forget, up to a limit; what is damaged ends early, and its reader will say so."""
    total = 0
    while data:
        stream = begin()
        try:
            while not stream.eof:
                total += len(stream.decompress(data, _STEP))
                if total > most:
                    return False
                # zlib hands back what it has not read, the others keep it.
                left = getattr(stream, "unconsumed_tail", b"")
                if not left and getattr(stream, "needs_input", not left) and not stream.eof:
                    return True
                data = left
        except (zlib.error, OSError, EOFError, lzma.LZMAError):
            return True
        data = stream.unused_data
    return True


def _of_zstd(data: bytes) -> int:
    """Bytes that frames of Zstandard promise, or that their blocks can hold where they promise nothing."""
    total, place = 0, 0
    while data[place : place + 4] == _ZSTD and place + 5 < len(data):
        flags = data[place + 4]
        single, sized = bool(flags & 0x20), flags >> 6
        place += 5 + (not single) + (0, 1, 2, 4)[flags & 3]
        width = (1 if single else 0, 2, 4, 8)[sized]
        promised = int.from_bytes(data[place : place + width], "little") + (256 if width == 2 else 0)
        place += width
        held, last = 0, False
        while not last and place + 3 <= len(data):
            block = int.from_bytes(data[place : place + 3], "little")
            last, kind, size = bool(block & 1), block >> 1 & 3, block >> 3
            held += size if kind < 2 else _BLOCK
            place += 3 + (1 if kind == 1 else size)
        place += 4 * bool(flags & 4)
        # The library makes room for what is promised, and fills it with what is held.
        total += promised if width else held
    return total
