"""Damaged copies of a file, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def mutations(content: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """Give damaged copies of a file: bytes changed, cut out, put in, swapped, mostly in its headers.

    Parameters
    ----------
    content : bytes
        Of a small file.
    count : int
        How many.
    seed : int
        The same damage for the same seed.
    """
    rng = np.random.default_rng(seed)
    telling = [3217, 3221, 3225, 3255, 3269, 3297, 3501, 3505, 3507, 3513, 3521, 3529]
    for _ in range(count):
        out = bytearray(content)
        for _ in range(int(rng.integers(1, 8))):
            kind = rng.random()
            if len(out) < 3600:
                break
            if kind < 0.35:
                # A field of the binary header, at will or at its limits.
                at = int(rng.choice(telling)) - 1
                out[at : at + 2] = (
                    rng.bytes(2) if rng.random() < 0.5 else bytes(rng.choice([0, 1, 127, 128, 255], 2).tolist())
                )
            elif kind < 0.7:
                at = int(rng.integers(3200, len(out)))
                out[at] = int(rng.integers(0, 256))
            elif kind < 0.8:
                at, size = int(rng.integers(0, len(out))), int(rng.integers(1, 400))
                del out[at : at + size]
            elif kind < 0.9:
                at = int(rng.integers(0, len(out)))
                out[at:at] = rng.bytes(int(rng.integers(1, 400)))
            else:
                a, b = sorted(int(v) for v in rng.integers(0, len(out), 2))
                out[a:b] = out[a:b][::-1]
        yield bytes(out)
