"""What a Zarr store says of its arrays, read before any library acts on it: codecs, and how large a piece is.

The codec `pickle` runs what the file says, and others may come with packages that nobody here knows: so what an array
may be packed with is a list. It is held against all metadata, of Zarr 2 and 3, consolidated or not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_fhn import record
from napari_fhn.regular import why_not
from napari_fhn.sentence import counted, in_one_line
from napari_fhn.surveys.assemble import check_lengths
from napari_fhn.surveys.errors import SurveyError

#: Files that describe, by their names.
NAMES = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")
#: Bytes of a description; of thousands of arrays it has a few megabytes.
LONGEST = 64 * 2**20
#: Bytes of one piece, unpacked. A larger one fills the memory before a single value is there.
LARGEST = 2**31
#: Small arrays whose pieces are many times larger than they are made by hand.
_AT_LEAST = 2**26
#: More values than any disk holds, and than numbers of the libraries count.
_MOST_VALUES = 2**56
#: What makes bytes smaller; `unpacking` knows what each unpacks to.
PACKING = ("blosc", "zstd", "lz4", "zlib", "gzip", "bz2", "lzma")
#: What changes values or bytes into as many others, and texts of any length.
_CHANGING = (
    "bytes", "transpose", "crc32c", "shuffle", "delta", "fixedscaleoffset", "quantize", "bitround", "astype",
    "packbits", "categorize", "crc32", "adler32", "fletcher32", "jenkins_lookup3", "vlen-utf8", "vlen-bytes",
    "vlen-array", "json2",
)  # fmt: skip
_SHARDS = "sharding_indexed"
#: Bytes that texts of any length may have in one piece.
_TEXTS = 2**28


@dataclass(frozen=True)
class Packed:
    """How the pieces of an array are packed.

    Attributes
    ----------
    name : str
        Of the array in the store; empty for a store that is one.
    packing : str
        One of `PACKING`, or empty.
    most : int
        Bytes that a piece may unpack to.
    shards : tuple of (int, bool, int) or None
        Where pieces lie in shards: how many in each, whether the index stands at the end, and bytes behind the index.
    """

    name: str
    packing: str
    most: int
    shards: tuple[int, bool, int] | None = None


def said_in(path: Path) -> dict[str, Any]:
    """Return what a file of JSON says; nothing where it is missing, damaged, or no plain file."""
    if why_not(path) is not None:
        return {}
    try:
        content = record.parse(path.read_bytes() if path.stat().st_size <= LONGEST else b"", longest=LONGEST)
    except (OSError, record.RecordError):
        return {}
    return content if isinstance(content, dict) else {}


def arrays_in(path: Path, key: str, data: bytes) -> dict[str, Packed]:
    """Return the arrays that a file of metadata describes, by their names in the store.

    Parameters
    ----------
    path : Path
        The store.
    key : str
        Name of the file in it.
    data : bytes
        Its content.

    Raises
    ------
    SurveyError
        Where one is packed in a way that is not read, where a piece is larger than any piece should be, and where the
        file is damaged.
    """
    way_out = "Copy the whole folder again"
    try:
        content = record.parse(data, longest=LONGEST)
        found = {name: _packed(path, name, said) for name, said in _described(key, content)}
    except SurveyError:
        raise
    except record.RecordError as error:
        raise SurveyError(path, f"its {key} cannot be read: {error.what}", way_out) from error
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
        what = in_one_line(str(error), 160)
        raise SurveyError(path, f"its {key} says what is no array ({what})", way_out) from error
    return {name: one for name, one in found.items() if one is not None}


def _described(key: str, content: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Names and descriptions in a file of metadata, those of a consolidated one among them."""
    if not isinstance(content, dict):
        return
    folder, _, name = key.rpartition("/")
    beside = content.get("metadata") if name == ".zmetadata" else None
    if name == "zarr.json":
        yield folder, content
        beside = (content.get("consolidated_metadata") or {}).get("metadata")
    elif name == ".zarray":
        yield folder, content
    for other, said in (beside or {}).items():
        parts = other.split("/")
        if ".." in parts or other.startswith("/") or "\\" in other:
            raise ValueError(f"{other!r} is no place in it")
        if isinstance(said, dict) and (name == "zarr.json" or parts[-1] == ".zarray"):
            inner = "/".join(parts[:-1]) if name == ".zmetadata" else other
            yield f"{folder}/{inner}".strip("/"), said


def _packed(path: Path, name: str, said: Mapping[str, Any]) -> Packed | None:
    """How an array is packed; None for what is no array."""
    if "chunks" in said and "dtype" in said:
        used = [*(said.get("filters") or ()), *([said["compressor"]] if said.get("compressor") else [])]
        codecs = [(str(one["id"]), one) for one in used]
        item = _item_of_2(said["dtype"])
        return _checked(path, name, codecs, said["shape"], said["chunks"], item)
    if said.get("node_type") != "array":
        return None
    if said.get("storage_transformers"):
        raise SurveyError(path, f"its array '{name}' is stored in a way that is not read", "Save it again without")
    codecs = list(_named(said["codecs"]))
    item = _item_of_3(said["data_type"])
    shape, chunk = said["shape"], said["chunk_grid"]["configuration"]["chunk_shape"]
    if not any(codec == _SHARDS for codec, _ in codecs):
        return _checked(path, name, codecs, shape, chunk, item)
    if len(codecs) != 1:
        raise SurveyError(path, f"its array '{name}' packs whole shards", "Save it again without")
    how = codecs[0][1]
    found = _checked(path, name, list(_named(how["codecs"])), shape, how["chunk_shape"], item)
    index = [codec for codec, _ in _named(how.get("index_codecs") or [{"name": "bytes"}, {"name": "crc32c"}])]
    if index not in (["bytes"], ["bytes", "crc32c"]):
        raise SurveyError(path, f"its array '{name}' packs the index of its shards", "Save it again without")
    n = math.prod(-(-int(a) // int(b)) for a, b in zip(chunk, how["chunk_shape"], strict=True))
    shards = (n, how.get("index_location", "end") == "end", 4 * (len(index) - 1))
    return Packed(name, found.packing, found.most, shards)


def _named(codecs: Sequence[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for one in codecs:
        name = one if isinstance(one, str) else one["name"]
        yield str(name).removeprefix("numcodecs."), {} if isinstance(one, str) else one.get("configuration") or {}


def _checked(
    path: Path, name: str, codecs: list[tuple[str, Mapping[str, Any]]], shape: Any, chunk: Any, item: int
) -> Packed:
    for codec, how in codecs:
        if codec not in (*PACKING, *_CHANGING) or (codec == "lzma" and how.get("format", 1) not in (0, 1, 2)):
            what = f"its array '{name}' is packed with '{codec:.40}', which is not one of those that are read"
            why = ": it runs what the file says" if "pickle" in codec else ""
            raise SurveyError(path, what + why, f"Save it again with {', '.join(PACKING[:3])} or without")
    if len(shape) == 1:
        # Lists are coordinates, and libraries read them whole.
        check_lengths(path, {name: shape})
    packing = [codec for codec, _ in codecs if codec in PACKING]
    if len(packing) > 1:
        raise SurveyError(path, f"its array '{name}' is packed {len(packing)} times", "Save it again, packed once")
    values, size = math.prod(map(int, shape)), math.prod(map(int, chunk)) * max(item, 1)
    if min(map(int, (*shape, *chunk, 0)), default=0) < 0:
        raise ValueError("a length below 0")
    if values > _MOST_VALUES:
        raise SurveyError(path, f"its array '{name}' promises {counted(values, 'values')}", "Check how it was written")
    if size > LARGEST or size > max(_AT_LEAST, 4 * values * max(item, 1)):
        what = f"its array '{name}' has pieces of {size / 2**20:,.0f} MB"
        raise SurveyError(path, f"{what}, each of which would have to be unpacked whole", "Save it in smaller pieces")
    return Packed(name, packing[0] if packing else "", 8 * size + 2**20 if item else _TEXTS)


def _item_of_2(dtype: Any) -> int:
    """Bytes of a value; 0 for one of any length."""
    fields = [tuple(tuple(part) if isinstance(part, list) else part for part in one) for one in dtype] if isinstance(
        dtype, list) else dtype  # fmt: skip
    kind = np.dtype(fields)
    return 0 if kind.hasobject else kind.itemsize


def _item_of_3(kind: Any) -> int:
    if isinstance(kind, dict):
        how = kind.get("configuration") or {}
        return int(how.get("length_bytes", 8)) if isinstance(how, dict) else 8
    bits = re.search(r"(\d+)$", str(kind))
    return max(1, int(bits[1]) // 8) if bits else 1 if kind == "bool" else 0
