"""Which routine of oneDNN each convolution of a training step takes on this CPU, and whether any is a plain loop.

    python benchmarks/routines.py
    python benchmarks/routines.py --only paper.hyperspectral,sections

For the shapes of the paper's networks, of ``step.py``, and just beyond 2 GiB, with float32 and bfloat16. A process is
copied for each convolution and ended as soon as oneDNN has said what it will do, before it does it: arrays of many
gigabytes are asked for and hardly touched, so that all shapes are through in a minute or two. Where a convolution is
done in pieces the first piece is looked at. Ends with 1 where a routine is slow. Linux only.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

os.environ["ONEDNN_VERBOSE"] = "profile_create"

import torch
from torch import Tensor

from cases import CASES, LARGE
from machine import machine
from measure import CPU, Case
from napari_fhn.network import onednn
from napari_fhn.network.architecture import levels
from napari_fhn.network.convolution import choose

_SLOW = ("ref", "gemm", "native")
"""In the names of routines that are many times slower than those written for a processor."""

_BEYOND = {
    # Of a state, or of a hidden layer, in bytes: a pair just beyond 2 GiB, one state beyond it, and 2^31 numbers.
    f"{dimensions}D of {size:.3g} GiB": Case(levels(dimensions, 16, (rank,), 1), block, 1)
    for dimensions, rank, block in (
        (2, 8, (516 * 16, 2048)),
        (2, 24, (516 * 16, 2048)),
        (3, 8, (258, 256, 256)),
        (3, 8, (516, 256, 256)),
        (3, 8, (2064, 256, 256)),
    )
    for size in [64 * prod(block) * max(16, rank) / 16 / 2**30]
}


@dataclass(frozen=True)
class Asked:
    """A convolution of a training step."""

    name: str
    batch: int
    channels: int
    rank: int
    space: tuple[int, ...]
    bfloat16: bool


def asked(case: Case) -> Iterator[Asked]:
    """Yield each convolution of a case once: forward, and backward with state and adjoint in one batch or apart."""
    # A processor without bfloat16 imitates it, by a plain loop, and a training says so.
    precisions = (False, True) if onednn.fusion_works(torch.bfloat16) else (False,)
    for n, m, space in case.convolutions():
        for bfloat16 in precisions:
            for name, batch in (("K", 1), ("K^T", 1), ("K^T", 2), ("gradient of K", 1), ("gradient of K", 2)):
                yield Asked(name, batch * case.batch, n, m, space, bfloat16)


def routine(what: Asked, seconds: float) -> str:
    """Return the routine's name; ``native`` where oneDNN is not asked, and a sentence where nothing can be said."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.dup2(write, 1)
            _convolve(what)
        except BaseException as error:  # whatever it is belongs to the answer
            os.write(write, f"problem: {type(error).__name__}: {str(error)[:120]}\n".encode())
        os._exit(0)
    os.close(write)
    said, until, found = b"", time.monotonic() + seconds, ""
    try:
        while not found:
            ready, _, _ = select.select([read], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return f"problem: nothing was said in {seconds:g} s"
            part = os.read(read, 1 << 16)
            said += part
            lines = said.decode(errors="replace").split("\n")[:-1]
            for line in lines:
                words = line.split(",")
                if line.startswith("problem"):
                    return line
                if "create:cache_miss" in line and words[5:6] == ["convolution"]:
                    return words[6]
            if not part:
                return "native"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(read)
    return found


def prepare() -> None:
    """Let what is tried once be tried here, unheard: a copied process shall only do what it is asked for."""
    torch.set_num_threads(1)  # processes are copied, which threads do not survive
    sys.stdout.flush()
    heard, unheard = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(unheard, 1)
    for bfloat16 in (False, True):
        choose(torch.float32, CPU, bfloat16)
    onednn.lacks_gradient_in_3d()
    os.dup2(heard, 1)
    os.close(heard)
    os.close(unheard)


def _convolve(what: Asked) -> None:
    ours = choose(torch.float32, CPU, what.bfloat16)
    inner = ours.hidden_dtype(torch.float32)

    def last(channels: int, dtype: torch.dtype) -> Tensor:
        return torch.empty((what.batch, *what.space, channels), dtype=dtype).movedim(-1, 1)

    state, hidden = last(what.channels, torch.float32), last(what.rank, inner)
    layout = torch.channels_last_3d if len(what.space) == 3 else torch.channels_last
    kernels = torch.zeros((what.rank, what.channels, *[3] * len(what.space))).contiguous(memory_format=layout)
    staging = torch.empty(ours.staging_bytes(state.numel(), hidden.numel()) // 4)
    if what.name == "K":
        ours.convolve(state, kernels, None, hidden, staging)
    elif what.name == "K^T":
        ours.add_transposed(state, hidden, kernels, 1.0, staging)
    else:
        ours.kernel_gradient(hidden, state, kernels, staging)


def main() -> int:
    options = _options()
    cases = {
        **LARGE,
        **CASES,
        **_BEYOND,
    }
    unknown = sorted(set(options.only) - set(cases))
    if unknown:
        print(f"There is no case {', '.join(unknown)}; there are {', '.join(cases)}.", file=sys.stderr)
        return 2
    prepare()
    known: dict[Asked, str] = {}
    table: dict[str, list[dict[str, Any]]] = {}
    for name in options.only or cases:
        table[name] = []
        for what in asked(cases[name]):
            if what not in known:
                known[what] = routine(what, options.seconds)
            row = {**vars(what), "space": list(what.space), "routine": known[what]}
            row["slow"] = any(word in known[what] for word in (*_SLOW, "problem"))
            table[name].append(row)
        slow = [row for row in table[name] if row["slow"]]
        print(f"{name}: {len(table[name])} convolutions, {len(slow)} slow")
        for row in slow:
            kind = "bfloat16" if row["bfloat16"] else "float32"
            shape = f"{row['batch']} x {row['channels']} ({row['rank']}) x {' x '.join(map(str, row['space']))}"
            print(f"  {row['name']}, {kind}, {shape}: {row['routine']}")
    if options.output:
        found = {"command": "python benchmarks/routines.py", "machine": machine(), "cases": table}
        found["date"] = datetime.date.today().isoformat()
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(f"Recorded in {options.output}")
    return int(any(row["slow"] for rows in table.values() for row in rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda value: value.split(","), default=[], metavar="CASE,...")
    parser.add_argument("--seconds", type=float, default=60.0, help="to wait for what oneDNN says of one convolution")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where all is kept; not at all by default")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
