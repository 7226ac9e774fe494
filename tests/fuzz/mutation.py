"""Damage, the same for the same random numbers: bits, cuts, splices, extreme numbers, words that formats know."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Sequence

#: What text formats stumble over.
WORDS = (
    b"\r", b"\n", b"\r\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b",", b";", b"\t", b'"', b"'", b"#", b"~",
    b"-", b"  ", b"{", b"}", b"[", b"]", b"null", b"true", b"[]", b"{}", b'""', b"nan", b"inf", b"1e999", b"-1", b"0",
    b"9" * 400, b"[" * 5000, b"(" * 300, b'{"a":' * 2000, b"BEGIN HEADER\n", b"END HEADER\n", b"INLINE 1 XLINE 2 ",
    b"PROFILE a TYPE 1 m ms\n", b"EOD\n", "\u00e9".encode(), b"1,234", b"../../../etc/passwd", b"/dev/zero",
    b"http://127.0.0.1:9/", b"%s%n", b"<!ENTITY a 'b'>",
)  # fmt: skip
#: What stands for a number in text.
NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"2147483648",
    b"4294967296",
    b"9223372036854775808",
    b"1e300",
    b"-1e999",
    b"nan",
    b"0.5",
    b"1" * 30,
)
_EDGES = (0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)
#: Headers stand at the beginning, directories often at the end.
_NEAR = 600


def damaged(content: bytes, chance: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """Return content with one to five changes.

    Parameters
    ----------
    content : bytes
        Of a sound file.
    chance : random.Random
        Where the changes come from.
    others : sequence of bytes
        Of other files, parts of which are put in.
    """
    if chance.random() < 0.02:
        return chance.randbytes(chance.randrange(400))
    out = bytearray(content)
    for _ in range(1 if chance.random() < 0.4 else chance.randint(2, 5)):
        _change(out, chance, others)
    return bytes(out)


def _change(out: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    at = _place(len(out), chance)
    match chance.randrange(10):
        case 0 if out:
            at = min(at, len(out) - 1)
            out[at] ^= 1 << chance.randrange(8)
        case 1 if out:
            out[min(at, len(out) - 1)] = chance.randrange(256)
        case 2:
            del out[at:]
        case 3:
            del out[at : at + chance.choice((1, 2, 4, 8, 60, 300))]
        case 4:
            out[at:at] = chance.choice(WORDS)
        case 5:
            n = chance.choice((1, 4, 8, 60))
            out[at:at] = out[at : at + n]
        case 6 | 7:
            size = chance.choice((1, 2, 4, 8))
            number = chance.choice(_EDGES) & (2 ** (8 * size) - 1)
            out[at : at + size] = number.to_bytes(size, chance.choice(("little", "big")))
        case 8 if found := list(re.finditer(rb"-?\d+(?:\.\d+)?", bytes(out[:65536]))):
            one = chance.choice(found)
            out[one.start() : one.end()] = chance.choice(NUMBERS)
        case 9 if others:
            other = chance.choice(others)
            begin = _place(len(other), chance)
            out[at : at + 64] = other[begin : begin + chance.choice((4, 16, 64, 500))]
        case _:
            out[at : at + 8] = struct.pack("<d", chance.choice((float("nan"), float("inf"), -1e300, 1e-300)))
    if chance.random() < 0.02 and out:
        old, new = chance.choice(((b",", b";"), (b" ", b","), (b".", b","), (b"\n", b"\r"), (b"\t", b" ")))
        out[:] = out.replace(old, new)
    elif chance.random() < 0.01:
        out[:] = bytes(out).decode("latin-1").encode(chance.choice(("utf-16", "utf-8-sig", "utf-16-le")))


def _place(size: int, chance: random.Random) -> int:
    where = chance.random()
    if where < 0.6:
        return chance.randint(0, min(size, _NEAR))
    if where < 0.75:
        return chance.randint(max(0, size - _NEAR), size)
    return chance.randint(0, size)
