"""One training step of a network of the paper at its full size, on any device: time and peak memory beside Table 1.

    python benchmarks/full_step.py hyperspectral     # 8 GB of memory, some ten minutes on two cores
    python benchmarks/full_step.py seismic aquifer --device cuda
    python benchmarks/full_step.py hyperspectral --part 8    # an eighth of the block along each axis, to try it

The step is whole: forward, the reversible way back, Adam. Each network has a process of its own, so that the peak is
its own. It says first what it will need; where that is not free nothing begins, and the process may not take more than
is free and is the first to go where other programs want it after all. ``benchmarks/results/full_step.jsonl`` gets a
line for each.
"""

from __future__ import annotations

import argparse
import datetime
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import torch

from machine import machine
from measure import Case, rounded
from napari_fhn.network.counting import in_words, paper_memory
from napari_fhn.network.paper import PAPER
from napari_fhn.training.machine.memory import free_bytes
from napari_fhn.training.steps.losses import cross_entropy, labelled

_TORCH = 600_000_000
"""Bytes that torch takes before anything is computed."""

RESULTS = Path(__file__).parent / "results" / "full_step.jsonl"


def main() -> int:
    """Take a step of each network that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+", choices=tuple(PAPER))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--part", type=int, default=1, metavar="N", help="an Nth of the block along each axis")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.here:
        _stay_small()
        line = step(told.networks[0], torch.device(told.device), told.part)
        print(json.dumps(line))
        if told.part == 1:
            with told.output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        return 0
    for name in told.networks:
        case = case_of(name, told.part)
        needed, free = case.forecast(torch.device(told.device), "adam") + _TORCH, free_bytes(told.device)
        print(f"{name}: a step needs {in_words(needed)} with torch itself, and {in_words(free)} are free", flush=True)
        if needed > free:
            print("Nothing was begun: close other programs, or take a part of it with --part.")
            return 1
    where = ["--device", told.device, "--part", str(told.part), "--output", str(told.output), "--here"]
    return max(
        subprocess.run([sys.executable, __file__, name, *where], check=False).returncode for name in told.networks
    )


def case_of(name: str, part: int) -> Case:
    """Return a network of the paper with its block, or with a part of that along each axis."""
    paper = PAPER[name]
    multiples = paper.architecture.multiples
    block = tuple(max(m, size // part // m * m) for size, m in zip(paper.block, multiples, strict=True))
    return Case(paper.architecture, block, 1, paper.input_channels, paper.classes)


def _stay_small() -> None:
    """Keep this process from taking what others need: it fails, or is ended, before they are."""
    if sys.platform == "linux":
        free = free_bytes("cpu")
        resource.setrlimit(resource.RLIMIT_DATA, (free, free))
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def step(name: str, device: torch.device, part: int) -> dict[str, object]:
    """Take one step and say what it took."""
    paper, case = PAPER[name], case_of(name, part)
    block = case.block
    network = case.network(device)
    optimiser = torch.optim.Adam(network.parameter_groups(0.02, 0.0))
    data = case.data(device)
    before = _peak(device)
    began, computed = time.perf_counter(), time.process_time()
    scores = network.scores(data)
    labels = torch.zeros(scores.shape[0], *scores.shape[2:], dtype=torch.int64, device=device)
    labels[..., ::16] = 1 + torch.arange(labels[..., ::16].numel(), device=device).view(labels[..., ::16].shape) % 2
    loss = cross_entropy(labelled(scores, labels), torch.ones(paper.classes, device=device))
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    seconds, computed, peak = time.perf_counter() - began, time.process_time() - computed, _peak(device)
    memory = paper_memory(paper.architecture, block)
    return {
        "network": name,
        "block": list(block),
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "device": str(device),
        "seconds": rounded(seconds),
        "cpu_seconds": rounded(computed),
        "loss": rounded(loss.item()),
        "invertibility_error": network.invertibility_error,
        "peak_bytes": peak,
        "bytes_before": before,
        "forecast_bytes": case.forecast(device, "adam"),
        "three_states_of_table_1": memory.states_invertible,
        "all_states_of_table_1": memory.states_ordinary,
        "in_words": f"{in_words(peak)} at the peak; Table 1 has {in_words(memory.states_invertible)} for three states "
        f"and {in_words(memory.states_ordinary)} for all",
    }


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    sys.exit(main())
