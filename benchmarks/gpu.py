"""The paper's three networks at full size on a CUDA device: does it fit, does it learn, and how fast is it?

    PYTHONPATH=src python benchmarks/gpu.py
    PYTHONPATH=src python benchmarks/gpu.py --budget 1500 --again
    PYTHONPATH=src python benchmarks/gpu.py --dry-run

Needs torch and numpy, ``src/napari_fhn/network`` and ``src/napari_fhn/training``, and this folder. In this order, the
most important first:

- twenty steps with Adam on one block with labels in a few columns, for each of the three networks of Peters, Haber &
  Lensink (2024): time, peak memory beside the forecast, and whether the loss falls. Aim: the seismic network (248^3,
  30 layers) trains in less than 6 GB;
- the same without cuDNN's search for the fastest routine (it tries some that need much memory), without recorded steps
  and Triton's kernels, without TF32, and with bfloat16 convolutions;
- time and memory beside plain autograd and beside ``torch.utils.checkpoint``, on the largest part of the block that
  plain autograd has memory for. With bfloat16 those two run under ``torch.autocast``;
- the share of a step that is bare convolution, in the fastest way that cuDNN has, and its share of the roofline: of
  what a device takes on which each layer is as fast as its arithmetic or its memory lets it (``roofline.py``);

- how soon the bundled survey is predicted well, where the rest of the project is installed too.

Training is the step that users get, ``training.steps.learner``, with what ``training.machine.speed`` sets. Every part
stands alone: one that fails leaves a sentence, and ``benchmarks/results/gpu.json`` is written after each. A run
that was killed, or whose ``--budget`` of seconds was over, goes on where it was when it is started again; ``--again``
begins anew. It ends with a table. ``--dry-run`` takes the same way with tiny networks, on a CPU where there is no GPU.

What to try next, once these figures say where the time goes:

1. Layout. States are channels-last; with few channels (8 to 12) cuDNN may prefer contiguous ones. The bare convolutions
   of the last parts are timed in both.
2. Precision. bfloat16 hidden layers halve the scratch array, and bfloat16 states would halve everything, if the states
   can still be recomputed from them (watch ``invertibility_error``).
3. Graphs and Triton's kernels (``recorded.py``, ``triton_passes.py``) are on where they work; one part is measured
   without them. The sizes of their blocks are guesses.
4. The leapfrog update in the epilogue of the convolution: ``K^T`` then allocates nothing, as on a CPU.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import gc
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import numpy as np
import torch
from torch import Tensor

from gpu_table import before, settings, table
from machine import machine
from measure import Case, bare_convolutions, clock, prepared, rounded, sentence, training_step
from napari_fhn.network import passes, recorded
from napari_fhn.network.paper import PAPER
from napari_fhn.training.data.batch import Batch
from napari_fhn.training.machine import speed
from napari_fhn.training.objective import Objective
from napari_fhn.training.schedule import Schedule
from napari_fhn.training.steps.criterion import Criterion
from napari_fhn.training.steps.learner import Learner
from roofline import Ceiling

Precision = Literal["tf32", "float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = ("tf32", "float32", "bfloat16")
ORDER = ("seismic", "hyperspectral", "aquifer")
STEPS = 20
LEARNING_RATE = 0.02
SIX_GB = 6e9


def main() -> int:
    options = _options()
    if not torch.cuda.is_available() and not options.dry_run:
        print("There is no CUDA device here; --dry-run takes the same way with tiny networks on the CPU.")
        return 0
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    results: dict[str, Any] = {
        "command": "python benchmarks/gpu.py" + (" --dry-run" if options.dry_run else ""),
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "settings": settings(device),
        "parts": {} if options.again else before(options.output, settings(device)),
    }
    print(json.dumps(results["settings"]), flush=True)
    began = time.perf_counter()
    for name, part in parts(device, options.dry_run).items():
        if "problem" not in results["parts"].get(name, {"problem": "not there yet"}):
            continue
        if time.perf_counter() - began > options.budget:
            found: dict[str, Any] = {"problem": f"not begun: the {options.budget:.0f} s of the budget were over"}
        else:
            found = attempt(part, device)
        results["parts"][name] = found
        if options.output:
            options.output.parent.mkdir(parents=True, exist_ok=True)
            options.output.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        print(f"{name}: {_in_words(found)}", flush=True)
    print(table(results["parts"]))
    if options.output:
        print(f"Recorded in {options.output}")
    return 0


def parts(device: torch.device, dry: bool) -> dict[str, Callable[[], dict[str, Any]]]:
    """Name what is measured, the most important first."""
    cases = {name: _small(paper_case(name)) if dry else paper_case(name) for name in ORDER}
    steps, calls = (3, 1) if dry else (STEPS, 3)
    plan: dict[str, Callable[[], dict[str, Any]]] = {}

    def add(name: str, function: Callable[..., dict[str, Any]], *arguments: Any) -> None:
        plan[name] = lambda: function(*arguments)

    for name, case in cases.items():
        add(f"training: {name}, tf32", training, case, device, "tf32", steps)
    add("training: seismic, tf32, no search", training, cases["seismic"], device, "tf32", min(steps, 5), False)
    add("training: seismic, tf32, plain", plainly, cases["seismic"], device, "tf32", min(steps, 8))
    for precision in ("float32", "bfloat16"):
        for name, case in cases.items():
            add(f"training: {name}, {precision}", training, case, device, precision, steps)
    for precision in PRECISIONS:
        for name, case in cases.items():
            add(f"beside autograd: {name}, {precision}", beside_autograd, case, device, precision, calls)
    for precision in PRECISIONS:
        for name, case in cases.items():
            add(f"convolutions: {name}, {precision}", share_of_convolutions, case, device, precision, calls)
    add("quality: bundled survey", quality, device, (2.0,) if dry else (2.0, 5.0, 10.0, 20.0))
    return plan


def paper_case(name: str) -> Case:
    """Return a network of the paper on the block it was trained on."""
    paper = PAPER[name]
    return Case(paper.architecture, paper.block, 1, paper.input_channels, paper.classes)


def _small(case: Case) -> Case:
    architecture = case.architecture
    layers = (architecture.layers[0], *(layer for layer in architecture.layers[1:] if layer.resample != "keep"))
    return replace(
        case,
        architecture=replace(architecture, channels=2, layers=layers),
        block=tuple(4 * multiple for multiple in architecture.multiples),
        input_channels=min(case.input_channels, 2),
    )


def attempt(part: Callable[[], dict[str, Any]], device: torch.device) -> dict[str, Any]:
    """Do one part; what goes wrong becomes a sentence, and the memory is free again afterwards."""
    began = time.perf_counter()
    try:
        found = part()
    except Exception as error:  # above all a lack of memory: the next part may need less
        found = {"problem": sentence(error)}
    found["seconds_in_all"] = rounded(time.perf_counter() - began, 3)
    # After the handler, for a caught error keeps the arrays of its frames alive.
    _free_all(device)
    return found


@contextlib.contextmanager
def precisely(device: torch.device, precision: Precision, search: bool = True) -> Iterator[None]:
    """Set a device as training does, without TF32 where that is asked for."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    with speed.settled(device, needed=1, free=2 if search else 1):
        if precision == "float32":
            cudnn.allow_tf32 = matmul.allow_tf32 = False
        yield


def training(case: Case, device: torch.device, precision: Precision, steps: int, search: bool = True) -> dict[str, Any]:
    """Train with Adam on one block with labels in a few columns."""
    with precisely(device, precision, search):
        _weigh_anew(device)
        network = case.network(device)
        network.precision = "bfloat16" if precision == "bfloat16" else "float32"
        schedule = Schedule(
            steps=steps,
            batch=case.batch,
            block=case.block,
            learning_rate=LEARNING_RATE,
            weight_decay=0.0,
            decay="constant",
        )
        names = tuple(map(str, range(case.classes)))
        learner = Learner(network, Criterion(Objective(), names, None), schedule, Labels(case.classes), device)
        data, labels = block_with_columns(case)
        batch = Batch(data, labels)
        batch = batch.pinned() if device.type == "cuda" else batch
        losses: list[float] = []
        made = itertools.count()

        def step() -> None:
            number = next(made)
            outcome = learner.learn(batch, number, read=number in (0, steps - 1), show=False)
            losses.extend(() if outcome is None else outcome.losses)

        # The first two steps hold the search of cuDNN and the making of Adam's moments.
        seconds = [clock(step, device) for _ in range(2)]
        first = _weight(device)
        _weigh_anew(device)
        seconds += [clock(step, device) for _ in range(steps - 2)]
        later = _weight(device)
        forecast = case.forecast(device, "adam")
        found: dict[str, Any] = {
            "block": list(case.block),
            "state_bytes": case.state_bytes,
            "first_step_seconds": rounded(seconds[0]),
            "step_seconds": {"fastest": rounded(min(seconds[1:])), "median": rounded(statistics.median(seconds[1:]))},
            "losses": [rounded(value, 5) for value in losses],
            "loss_fell": losses[-1] < losses[0],
            "invertibility_error": network.invertibility_error,
            "forecast_bytes": forecast,
            "peak_in_first_steps": first,
            "peak_later": later,
        }
        if later:
            found["allocated_over_forecast"] = rounded(later["allocated_bytes"] / forecast)
            found["under_6_GB"] = {
                name: max(first[name], later[name]) < SIX_GB for name in ("allocated_bytes", "reserved_bytes")
            }
        return found


def plainly(case: Case, device: torch.device, precision: Precision, steps: int) -> dict[str, Any]:
    """Train as :func:`training` does, each operation told anew and by torch alone."""
    with (
        mock.patch.object(recorded, "recorder_for", return_value=None),
        mock.patch.object(passes, "on_device", return_value=None),
    ):
        return training(case, device, precision, steps)


class Labels:
    """What a learner asks of the labels of a survey."""

    version = 0

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.counts = np.ones(classes, np.int64)


def block_with_columns(case: Case) -> tuple[Tensor, Tensor]:
    """Make a random block, brighter in its further half, and labels of both halves in eight columns."""
    data = case.data()
    data[:, :, case.block[0] // 2 :] += 1
    axis = case.architecture.reading.axis
    space = [size for number, size in enumerate(case.block) if number != axis]
    labels = torch.zeros((case.batch, *space), dtype=torch.int64)
    generator = torch.Generator().manual_seed(4)
    for _ in range(8):
        at = [int(torch.randint(size, (), generator=generator)) for size in space[1:]]
        labels[(slice(None), slice(None, space[0] // 2), *at)] = 1
        labels[(slice(None), slice(space[0] // 2, None), *at)] = 2
    return data, labels


def beside_autograd(case: Case, device: torch.device, precision: Precision, calls: int) -> dict[str, Any]:
    """Time and weigh a step beside plain autograd, with and without checkpoints, as large as that one can."""
    parts = [part for part in (1, 2, 4, 8) if _part(case, part).estimate("autograd") < 0.8 * _free(device)]
    if not parts:
        return {"problem": "plain autograd has no memory for an eighth of the block along each axis"}
    case = _part(case, parts[0])
    seconds: dict[str, list[float]] = {}
    peaks: dict[str, dict[str, int]] = {}
    problems: dict[str, str] = {}
    names = {"this network": "bfloat16" if precision == "bfloat16" else "float32"}
    names |= {"autograd": "autograd", "checkpoint": "checkpoint"}

    def turn(name: str, contender: str) -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16" and name != "this network"):
            _weigh_anew(device)
            network, data, adjoint = prepared(case, contender, device), case.data(device), case.adjoint(device)
            step = partial(training_step, contender, network, data, adjoint)
            step()
            _weigh_anew(device)
            seconds.setdefault(name, []).extend(clock(step, device) for _ in range(calls))
            peaks[name] = _weight(device)

    with precisely(device, precision):
        for _ in range(2):
            for name, contender in names.items():
                try:
                    turn(name, contender)
                except RuntimeError as error:
                    problems[name] = sentence(error)
                _free_all(device)
    found: dict[str, Any] = {"block": list(case.block), "state_bytes": case.state_bytes}
    for name in names:
        row: dict[str, Any] = {"problem": problems[name]} if name in problems else {}
        if name in seconds:
            row["step_seconds"] = rounded(min(seconds[name]))
            row |= peaks[name]
            if "this network" in seconds:
                row["times_this_network"] = rounded(min(seconds[name]) / min(seconds["this network"]))
            if peaks[name] and peaks.get("this network"):
                ratio = peaks[name]["allocated_bytes"] / peaks["this network"]["allocated_bytes"]
                row["times_memory_of_this_network"] = rounded(ratio)
        found[name] = row
    return found


def share_of_convolutions(case: Case, device: torch.device, precision: Precision, calls: int) -> dict[str, Any]:
    """Time a step, and the bare convolutions in it."""
    with precisely(device, precision):
        contender = "bfloat16" if precision == "bfloat16" else "float32"
        network, data, adjoint = prepared(case, contender, device), case.data(device), case.adjoint(device)
        steps = [clock(partial(training_step, contender, network, data, adjoint), device) for _ in range(calls + 1)]
        del network, data, adjoint
        _free_all(device)
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        bare, layers = bare_convolutions(case, device, dtype, calls)
        best = Ceiling.of(device, dtype).seconds(case)
    step = min(steps[1:])
    return {
        "step_seconds": rounded(step),
        "convolution_seconds": rounded(bare),
        "share_of_step": rounded(bare / step),
        "share_of_roofline": rounded(best / step),
        "layers": layers,
    }


def quality(device: torch.device, seconds: tuple[float, ...]) -> dict[str, Any]:
    """Train on the bundled survey, and score it after so many seconds."""
    from accuracy_data import seismic  # wants the whole project
    from time_to_quality import curve

    return curve(seismic(Path(), "seed0"), seconds, (f'device="{device.type}"',))


def _part(case: Case, divisor: int) -> Case:
    """Return the case on a block shorter along each axis."""
    multiples = case.architecture.multiples
    block = tuple(max(m, size // divisor // m * m) for size, m in zip(case.block, multiples, strict=True))
    return replace(case, block=block)


def _free(device: torch.device) -> float:
    return float(torch.cuda.mem_get_info()[0]) if device.type == "cuda" else 2e9


def _free_all(device: torch.device) -> None:
    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()


def _weigh_anew(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()


def _weight(device: torch.device) -> dict[str, int]:
    """Return the peak since the last time; nothing on a CPU, where torch does not count."""
    if device.type != "cuda":
        return {}
    torch.cuda.synchronize()
    return {
        "allocated_bytes": torch.cuda.max_memory_allocated(),
        "reserved_bytes": torch.cuda.max_memory_reserved(),
    }


def _in_words(found: dict[str, Any]) -> str:
    if "problem" in found:
        return str(found["problem"])
    told = {name: value for name, value in found.items() if name not in ("layers", "losses", "block")}
    if "losses" in found:
        told["losses"] = [found["losses"][0], found["losses"][-1]]
    return json.dumps(told)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=float, default=540.0, metavar="SECONDS", help="begin no part after this")
    parser.add_argument("--again", action="store_true", help="measure what is measured already, too")
    parser.add_argument("--dry-run", action="store_true", help="tiny networks, also without a GPU")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="default: results/gpu.json, and none with --dry-run"
    )
    options = parser.parse_args()
    if options.output is None and not options.dry_run:
        options.output = Path(__file__).parent / "results" / "gpu.json"
    return options


if __name__ == "__main__":
    sys.exit(main())
