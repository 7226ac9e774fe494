"""Arrays inside structs and cells of MATLAB files of version 5, and files of version 4: where their values stand."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_fhn.surveys.arrays.members import Member
from napari_fhn.surveys.arrays.unpacking import check_whole
from napari_fhn.surveys.errors import SurveyError

Order = Literal["little", "big"]

_COMPRESSED, _MATRIX = 15, 14
_CELL, _STRUCT, _OBJECT, _LEAST, _MOST = 1, 2, 3, 6, 15
#: Type of numbers by the code of an element, and by the class of an array.
_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_COMPLEX, _LOGICAL = 0x08, 0x02
#: Structs in structs, and arrays in one file, that are looked at.
_DEEP, _MANY = 16, 4096
#: Type of numbers of version 4 by the third figure of its first word.
_FOURTH = ("f8", "f4", "i4", "i2", "u2", "u1")
_LONGEST_NAME = 4096
#: Bytes in front of the values of an array: its flags, its shape and its name.
_LONGEST_HEAD = 65536
_WAY_OUT = "Save it in MATLAB with -v7.3, which is read piece by piece"


class _Damaged(Exception):
    """The bytes are not laid out as they should be."""


@dataclass(frozen=True)
class _Found:
    """An array of numbers among the bytes of an element."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    stored: str
    at: int


def inside(path: Path, order: Order) -> dict[str, Member]:
    """List the arrays of numbers in the structs and cells of a file of version 5.

    Parameters
    ----------
    path : Path
        The file, whose elements have been held against its size.
    order : {"little", "big"}
        Its byte order.

    Returns
    -------
    dict of str to Member
        By path: ``struct/field``, ``struct(2)/field``, ``cell{1}``.

    Raises
    ------
    SurveyError
        When an element cannot be unpacked, or unpacks to more than there is memory for.
    """
    found: dict[str, Member] = {}
    for place, packed in _elements(path, order):
        try:
            if _kind(path, place, packed, order) not in (_CELL, _STRUCT, _OBJECT):
                continue
            content = _content(path, place, packed, order)
            for name, one in _walk(memoryview(content), 0, len(content), "", order, 0):
                if len(found) < _MANY:
                    found[name] = Member(one.shape, one.dtype, _Loader(path, place, packed, order, one))
        except (_Damaged, zlib.error, struct.error) as error:
            what = f"the struct or cell at byte {place} cannot be read ({error})"
            raise SurveyError(path, what, "Save the array as a variable of its own") from error
    return found


def check_values(path: Path, order: Order, name: str) -> None:
    """Look at what stands in front of the values of all arrays: the library believes it, and a wrong type ends it.

    Parameters
    ----------
    path, order
        As for `inside`.
    name : str
        Of the array that is going to be read.

    Raises
    ------
    SurveyError
        When one is damaged, or that array holds complex numbers.
    """
    mark = "<" if order == "little" else ">"
    for place, packed in _elements(path, order):
        try:
            head = memoryview(_head(path, place, packed, order, _LONGEST_HEAD))
            _, length, at, _ = _tag(head, 0, 2**40, order)
            end = at + length
            _, n, begin, at = _tag(head, at, end, order)
            word = struct.unpack_from(f"{mark}I", head, begin)[0] if n >= 4 else 0
            if not _LEAST <= word & 0xFF <= _MOST:
                continue
            at = _tag(head, at, end, order)[3]
            _, n, begin, at = _tag(head, at, end, order)
            if word >> 8 & _COMPLEX:
                if bytes(head[begin : begin + n]).decode("latin-1") == name:
                    raise SurveyError(path, "it holds complex numbers", "Save their magnitude or phase")
            elif _tag(head, at, end, order)[0] not in _STORED:
                raise _Damaged("its values are of no known type")
        except (_Damaged, zlib.error, struct.error) as error:
            raise SurveyError(path, f"the array at byte {place} cannot be read ({error})", "Save it again") from error


def _elements(path: Path, order: Order) -> Iterator[tuple[int, int]]:
    """Places of the elements of a file, and their lengths."""
    size, place = path.stat().st_size, 128
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            tag = file.read(8)
            length = int.from_bytes(tag[4:], order)
            yield place, 8 + length
            place += 8 + length


def _kind(path: Path, place: int, packed: int, order: Order) -> int:
    """Class of the array of an element, from its first bytes."""
    head = _head(path, place, packed, order, 64)
    return head[16] if order == "little" else head[19] if len(head) > 19 else 0


def _head(path: Path, place: int, packed: int, order: Order, n: int) -> bytes:
    """The first bytes of an element, unpacked where it is packed."""
    with path.open("rb") as file:
        file.seek(place)
        head = file.read(min(packed, max(n, 4096)))
    return zlib.decompressobj().decompress(head[8:], n) if int.from_bytes(head[:4], order) == _COMPRESSED else head


def _content(path: Path, place: int, packed: int, order: Order) -> bytes:
    """Bytes of the array of an element, unpacked where it is packed, its tag included."""
    with path.open("rb") as file:
        file.seek(place)
        raw = file.read(packed)
    if int.from_bytes(raw[:4], order) != _COMPRESSED:
        return raw
    unpacker = zlib.decompressobj()
    head = unpacker.decompress(raw[8:], 8)
    length = int.from_bytes(head[4:8], order)
    check_whole(path, "struct", packed, length, _WAY_OUT)
    return head + unpacker.decompress(unpacker.unconsumed_tail, max(length, 1))


def _tag(data: memoryview, at: int, end: int, order: Order) -> tuple[int, int, int, int]:
    """Type and length of an element, where its data begin, and where the next one does."""
    if at + 8 > end:
        raise _Damaged(f"it ends at byte {end} of {at + 8}")
    mark = "<" if order == "little" else ">"
    kind, length = struct.unpack_from(f"{mark}II", data, at)
    if kind >> 16:
        length, kind = kind >> 16, kind & 0xFFFF
        begin, after = at + 4, at + 8
        fits = length <= 4
    else:
        begin = at + 8
        after = begin + -(-length // 8) * 8
        fits = begin + length <= end
    if not fits:
        raise _Damaged(f"an element of {length} bytes at byte {at} goes beyond it")
    return kind, length, begin, min(after, end)


def _walk(data: memoryview, at: int, end: int, name: str, order: Order, depth: int) -> Iterator[tuple[str, _Found]]:
    """Go through an array and what lies in it."""
    if depth > _DEEP:
        raise _Damaged("it goes too deep")
    kind, length, at, _ = _tag(data, at, end, order)
    if kind != _MATRIX or not length:
        return
    end = at + length
    mark = "<" if order == "little" else ">"
    _, n, begin, at = _tag(data, at, end, order)
    if n < 4:
        raise _Damaged("it has no class")
    word = struct.unpack_from(f"{mark}I", data, begin)[0]
    of, flags = word & 0xFF, (word >> 8) & 0xFF
    _, n, begin, at = _tag(data, at, end, order)
    shape = struct.unpack_from(f"{mark}{n // 4}i", data, begin)
    if any(one < 0 for one in shape):
        raise _Damaged("an axis has less than no entries")
    _, n, begin, at = _tag(data, at, end, order)
    name = name or bytes(data[begin : begin + n]).decode("latin-1")
    if _LEAST <= of <= _MOST:
        if flags & _COMPLEX or 0 in shape:
            return
        stored, n, begin, _ = _tag(data, at, end, order)
        code = _STORED.get(stored)
        if code is None or n < int(np.prod(shape, dtype=object)) * np.dtype(code).itemsize:
            raise _Damaged(f"the values of '{name}' are not all there")
        dtype = np.dtype(bool) if flags & _LOGICAL else np.dtype(_CLASSES[of])
        yield name, _Found(shape, dtype, mark + code, begin)
        return
    count = int(np.prod(shape, dtype=object))
    if of == _CELL:
        parts = [f"{name}{{{k + 1}}}" for k in range(min(count, _MANY))]
    elif of in (_STRUCT, _OBJECT):
        if of == _OBJECT:
            at = _tag(data, at, end, order)[3]
        _, n, begin, at = _tag(data, at, end, order)
        width = struct.unpack_from(f"{mark}i", data, begin)[0] if n >= 4 else 0
        _, n, begin, at = _tag(data, at, end, order)
        if width < 1:
            raise _Damaged("its fields have no names")
        words = bytes(data[begin : begin + n])
        fields = [words[k : k + width].split(b"\0")[0].decode("latin-1") for k in range(0, n, width)]
        of_one = [f"{name}({k + 1})" if count > 1 else name for k in range(min(count, _MANY))]
        parts = [f"{one}/{field}" for one in of_one for field in fields][:_MANY]
    else:
        return
    for part in parts:
        yield from _walk(data, at, end, part, order, depth + 1)
        at = _tag(data, at, end, order)[3]


class _Loader:
    def __init__(self, path: Path, place: int, packed: int, order: Order, found: _Found) -> None:
        self.path, self.place, self.packed, self.order, self.found = path, place, packed, order, found

    def __call__(self) -> NDArray[Any]:
        one = self.found
        n = int(np.prod(one.shape, dtype=object))
        content = _content(self.path, self.place, self.packed, self.order)
        values = np.frombuffer(content, one.stored, n, one.at).astype(one.dtype)
        return values.reshape(one.shape, order="F")


def version_4(path: Path) -> dict[str, Member] | None:
    """List the arrays of numbers in a file of version 4; None for a file of another kind.

    Parameters
    ----------
    path : Path
        Any file.
    """
    size, place = path.stat().st_size, 0
    found: dict[str, Member] = {}
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            head = file.read(20)
            one = _head_4(head)
            if one is None or len(found) >= _MANY:
                return None
            dtype, kind, shape, parts, n_name = one
            name = file.read(n_name)
            at = place + 20 + n_name
            place = at + shape[0] * shape[1] * parts * dtype.itemsize
            if len(name) < n_name or not name.endswith(b"\0") or not name[:-1].isascii() or place > size:
                return None
            if kind == 0 and parts == 1:
                found[name[:-1].decode()] = Member(shape, dtype.newbyteorder("="), _Loader4(path, at, dtype, shape))
    return found or None


def begins_as_version_4(head: bytes) -> bool:
    """Say whether a file that begins so may be one of version 4."""
    return _head_4(head[:20]) is not None


def _head_4(head: bytes) -> tuple[np.dtype[Any], int, tuple[int, int], int, int] | None:
    """Type, kind (0 numbers), shape, parts (2 of complex numbers) and length of the name; None where it is none."""
    if len(head) < 20:
        return None
    for mark, machine in (("<", 0), (">", 1)):
        word, rows, columns, imaginary, n_name = struct.unpack(f"{mark}5i", head)
        m, o, p, t = word // 1000, word // 100 % 10, word // 10 % 10, word % 10
        known = m == machine and o == 0 and p < len(_FOURTH) and t <= 2
        if known and rows >= 0 and columns >= 0 and imaginary in (0, 1) and 1 < n_name <= _LONGEST_NAME:
            return np.dtype(mark + _FOURTH[p]), t, (rows, columns), 1 + imaginary, n_name
    return None


class _Loader4:
    def __init__(self, path: Path, at: int, dtype: np.dtype[Any], shape: tuple[int, int]) -> None:
        self.path, self.at, self.dtype, self.shape = path, at, dtype, shape

    def __call__(self) -> NDArray[Any]:
        n = self.shape[0] * self.shape[1]
        values = np.fromfile(self.path, self.dtype, n, offset=self.at)
        return values.astype(self.dtype.newbyteorder("=")).reshape(self.shape, order="F")
