"""Lines that no program should say to another, drawn from a seed; what a process may find in its pipe all the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

COUNT = int(os.environ.get("NAPARI_FHN_FUZZ", "2000"))
"""How many are tried; more on demand."""

KNOWN = (
    b"{}",
    b"[]",
    b"null",
    b"7",
    b'"stop"',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"\xff\xfe\x00",
    b"\x00" * 1000,
    b"9" * 5_000,
    b'{"do": 9}',
    b'{"do": ["train"]}',
    b'{"do": "dance"}',
    b'{"do": "train"}',
    b'{"do": "predict", "job": 1}',
    b'{"do": "train", "job": {"network": []}}',
    b'{"do": "focus"}',
    b'{"do": "focus", "focus": {"axis": 1e400, "index": NaN}}',
    b'{"do": "revert"}',
    b'{"kind": "Done"}',
    b'{"kind": {}}',
    b'{"kind": "BoxChanged", "box": [1, 2], "step": 0}',
    b'{"kind": "BoxChanged", "box": {"start": [5], "stop": [1]}, "step": 0}',
    b'{"kind": "BoxChanged", "box": {"start": ["a"], "stop": [1]}, "step": 0}',
    b'{"kind": "Progress", "task": 1, "step": "2", "steps": null}',
    b'{"kind": "Failed", "message": null}',
    b'{"kind": "Score", "step": 1, "held_out": 2, "iou": 3}',
)

_STRANGE: tuple[Any, ...] = (None, True, -1, 0, 1.5, 10**18, 10**400, "", "x" * 300, [], {}, [[[]]], {"kind": "Done"})


def lines(sound: list[dict[str, Any]], seed: int, count: int = COUNT) -> Iterator[bytes]:
    """Yield the known ones, and then messages with a value changed, a name lost, or bytes flipped, cut or doubled."""
    yield from KNOWN
    rng = np.random.default_rng(seed)
    for _ in range(count):
        message = json.loads(json.dumps(sound[rng.integers(len(sound))]))
        if rng.random() < 0.6:
            place, name = _place(message, rng)
            if rng.random() < 0.2:
                del place[name]
            else:
                place[name] = _STRANGE[rng.integers(len(_STRANGE))]
            yield json.dumps(message).encode()
            continue
        text = bytearray(json.dumps(message).encode())
        first, second = sorted(int(at) for at in rng.integers(0, len(text), 2))
        if rng.random() < 0.5:
            for at in rng.integers(0, len(text), 3):
                text[at] = rng.integers(256)
        else:
            text[first:second] = text[first:second] * int(rng.integers(0, 3))
        yield bytes(text).replace(b"\n", b" ")


def _place(message: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return a part of a message and a name in it."""
    while True:
        names = list(message) if isinstance(message, dict) else list(range(len(message)))
        name = names[rng.integers(len(names))]
        inner = message[name]
        if not isinstance(inner, dict | list) or not inner or rng.random() < 0.4:
            return message, name
        message = inner
