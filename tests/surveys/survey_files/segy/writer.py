"""SEG-Y files written byte by byte, as the standard has them or as they are found."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

TYPES = {2: "i4", 3: "i2", 5: "f4", 6: "f8", 8: "i1", 9: "i8", 10: "u4", 11: "u2", 12: "u8", 16: "u1"}
WIDTHS = {1: 4, 4: 4, 7: 3, 15: 3} | {code: np.dtype(kind).itemsize for code, kind in TYPES.items()}
SHORT = {29, 71, 89, 109, 115, 117, 215}


def to_ibm(values: np.ndarray) -> np.ndarray:
    """IBM floats as unsigned words, for values that 24 bits of fraction hold."""
    out = np.zeros(values.shape, dtype=np.uint32)
    given = values != 0
    size = np.abs(values[given].astype(np.float64))
    exponent = np.ceil(np.log2(size) / 4).astype(np.int64)
    exponent += size >= 16.0**exponent
    fraction = np.round(size / 16.0**exponent * 2**24).astype(np.uint32)
    out[given] = (values[given] < 0).astype(np.uint32) << 31 | (exponent + 64).astype(np.uint32) << 24 | fraction
    return out


def from_ibm(words: np.ndarray) -> np.ndarray:
    """Floats of IBM words, in double precision."""
    sign = np.where(words >> 31, -1.0, 1.0)
    return sign * (words & 0xFFFFFF).astype(np.float64) / 2**24 * 16.0 ** ((words >> 24 & 127).astype(np.int64) - 64)


def stored(values: np.ndarray, code: int, endian: str) -> np.ndarray:
    """Samples as bytes, shape (trace, bytes)."""
    mark = ">" if endian == "big" else "<"
    if code == 1:
        raw = to_ibm(values).astype(f"{mark}u4")
    elif code in (7, 15):
        wide = np.ascontiguousarray(values.astype(np.int64).astype("<i4")).view(np.uint8)
        thirds = wide.reshape(*values.shape, 4)[..., :3]
        return (thirds if endian == "little" else thirds[..., ::-1]).reshape(len(values), -1)
    elif code == 4:
        gain = np.zeros((*values.shape, 2), dtype=f"{mark}i2")
        gain[..., 1 if endian == "big" else 0] = values
        return np.ascontiguousarray(gain).view(np.uint8).reshape(len(values), -1)
    else:
        raw = values.astype(mark + TYPES[code])
    return np.ascontiguousarray(raw).view(np.uint8).reshape(len(values), -1)


def write(
    path: Path,
    samples: np.ndarray,
    headers: dict[int, Any],
    *,
    code: int = 5,
    endian: str = "big",
    binary: dict[tuple[int, str], int | float] | None = None,
    revision: tuple[int, int] = (1, 0),
    text: str | list[str] = "C 1 MADE FOR A TEST",
    text_code: str = "cp037",
    texts: list[bytes] | None = None,
    n_texts: int | None = None,
    n_extra: int = 0,
    trailer: int = 0,
    n_samples: int | None = None,
    interval_us: int = 4000,
    feet: bool = False,
) -> Path:
    """Write a SEG-Y file.

    Parameters
    ----------
    path : Path
        Where to.
    samples : ndarray, shape (trace, sample)
        In the order of the file.
    headers : dict
        Field values by first byte; scalars, or one for each trace.
    code, endian, revision, interval_us, feet
        Of the binary header.
    binary : dict
        Further fields of the binary header: (first byte, struct code) to value.
    text : str or list of str
        Text header, or its lines.
    text_code : str
        Its encoding.
    texts : list of bytes
        Extended text headers.
    n_texts, n_samples : int
        What the binary header says about them, if not the truth.
    n_extra : int
        Additional trace headers.
    trailer : int
        Stanzas after the last trace.
    """
    mark = ">" if endian == "big" else "<"
    lines = [text] if isinstance(text, str) else text
    head = bytearray("".join(f"{line:<80}" for line in lines).ljust(3200)[:3200].encode(text_code) + bytes(400))
    texts = texts or []
    fields: dict[tuple[int, str], int | float] = {
        (3217, "h"): interval_us,
        (3221, "H"): samples.shape[1] & 0xFFFF if n_samples is None else n_samples,
        (3225, "h"): code,
        (3255, "h"): 2 if feet else 1,
        (3505, "h"): len(texts) if n_texts is None else n_texts,
    }
    if revision[0] == 2:
        fields |= {(3297, "I"): 0x01020304, (3507, "h"): n_extra, (3529, "i"): trailer}
    for (byte, kind), value in (fields | (binary or {})).items():
        struct.pack_into(mark + kind, head, byte - 1, value)
    head[3500], head[3501] = revision
    raw = stored(samples, code, endian)
    n = len(samples)
    block = np.zeros((n, 240 * (1 + n_extra)), dtype=np.uint8)
    for byte, value in headers.items():
        width = 2 if byte in SHORT else 4
        column = np.broadcast_to(np.asarray(value), (n,)).astype(f"{mark}i{width}")
        block[:, byte - 1 : byte - 1 + width] = np.ascontiguousarray(column).view(np.uint8).reshape(n, width)
    for k in range(1, n_extra + 1):
        block[:, 240 * k + 232 : 240 * k + 240] = np.frombuffer(b"SEG00001", np.uint8)
    tail = b"".join(f"((SEG: Test ver 1.0)) {k}".ljust(3200).encode("ascii") for k in range(trailer))
    path.write_bytes(bytes(head) + b"".join(texts) + np.hstack([block, raw]).tobytes() + tail)
    return path
