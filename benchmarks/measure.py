"""What the benchmarks of a training step share: contenders, bare convolutions, and how to time and weigh them."""

from __future__ import annotations

import gc
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from contenders import CONTENDERS, OURS
from napari_fhn.network import pieces
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.forecast import PORTABLE, WORKING_SET, Optimiser, forecast
from napari_fhn.network.hyperbolic import HyperbolicNetwork

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Case:
    """A network and the data of one training step."""

    architecture: Architecture
    block: tuple[int, ...]
    batch: int = 1
    input_channels: int = 1
    classes: int = 6

    @property
    def state_bytes(self) -> int:
        """Of one state in float32; the same in every layer."""
        architecture = self.architecture
        lifted = 2 ** (architecture.dimensions * architecture.haar_lift)
        return 4 * self.batch * architecture.channels * math.prod(self.block) // lifted

    def convolutions(self) -> Counter[tuple[int, int, tuple[int, ...]]]:
        """Channels, block rank and sizes of the layers, and how many layers have them."""
        architecture = self.architecture
        return Counter(
            (n, layer.rank, tuple(size // 2**level for size, level in zip(self.block, levels, strict=True)))
            for layer, n, levels in zip(
                architecture.layers, architecture.layer_channels, architecture.layer_levels, strict=True
            )
        )

    def network(self, device: torch.device = CPU) -> HyperbolicNetwork:
        """Make the network, with the same weights each time."""
        generator = torch.Generator().manual_seed(0)
        return HyperbolicNetwork(self.architecture, self.input_channels, self.classes, generator).to(device)

    def data(self, device: torch.device = CPU) -> Tensor:
        """Make the data, the same each time on the same device."""
        shape = (self.batch, self.input_channels, *self.block)
        return torch.randn(shape, generator=torch.Generator(device).manual_seed(1), device=device)

    def adjoint(self, device: torch.device = CPU) -> Tensor:
        """Make the adjoint of the scores, the same each time on the same device."""
        levels, reading = self.architecture.output_levels, self.architecture.reading
        space = [
            int(size // 2**level)
            for axis, (size, level) in enumerate(zip(self.block, levels, strict=True))
            if axis != reading.axis
        ]
        shape = (self.batch, self.classes, *space)
        return torch.randn(shape, generator=torch.Generator(device).manual_seed(2), device=device)

    def forecast(self, device: torch.device = CPU, optimiser: Optimiser = "none") -> int:
        """Return the project's own forecast of the bytes of one step."""

        return forecast(
            self.architecture,
            self.block,
            batch=self.batch,
            input_channels=self.input_channels,
            classes=self.classes,
            optimiser=optimiser,
            working_set=WORKING_SET if device.type == "cpu" else PORTABLE,
        ).total

    def estimate(self, contender: str) -> int:
        """Estimate, generously, the bytes that a contender needs: to leave it out before it fills the machine."""
        architecture = self.architecture
        hidden = [layer.rank / n for layer, n in zip(architecture.layers, architecture.layer_channels, strict=True)]
        layers, changes = len(hidden), sum(layer.resample != "keep" for layer in architecture.layers)
        every = layers + changes + sum(hidden) + 4
        states = {"checkpoint": layers + changes + 8, "memcnn": 12.0}
        states |= dict.fromkeys(("autograd", "best autograd", "states"), every)
        weights = sum(count.unique for count in architecture.kernels_per_layer) * 3**architecture.dimensions
        scores = 4 * self.classes / architecture.channels
        return round((states.get(contender, 6.0) + 2 * max(hidden) + scores) * self.state_bytes) + 12 * weights


def prepared(case: Case, contender: str, device: torch.device = CPU) -> HyperbolicNetwork:
    """Make the network as a contender has it."""
    network = case.network(device)
    if contender == "bfloat16":
        network.precision = "bfloat16"
    if contender == "states":
        network.keep = "states"
    if contender not in (*OURS, "best autograd"):
        for kernels in network.kernels:  # as torch lays them out where nobody says anything
            kernels.data = kernels.data.contiguous()
    return network


def training_step(contender: str, network: HyperbolicNetwork, data: Tensor, adjoint: Tensor) -> Tensor:
    """Go forward and backward once, for the gradient of ``<adjoint, scores>``; return the scores."""
    network.zero_grad(set_to_none=True)
    scores = CONTENDERS[contender](network, data)
    (scores * adjoint).sum().backward()
    return scores.detach()


def differences(case: Case, contenders: Sequence[str] = tuple(CONTENDERS)) -> dict[str, dict[str, float] | str]:
    """Compare scores and gradients of the contenders with those of this network in float32, relative to their size.

    A contender that fails has the sentence it failed with.
    """
    data, adjoint = case.data(), case.adjoint()

    def evaluate(contender: str) -> dict[str, Tensor]:
        network = prepared(case, contender)
        for vector in network.biases:  # zero as they begin, they would not be tested
            vector.data.uniform_(-0.1, 0.1, generator=torch.Generator().manual_seed(3))
        scores = training_step(contender, network, data, adjoint)
        gradients = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
        return {"scores": scores.flatten(), "gradient": gradients}

    wanted, found = evaluate("float32"), dict[str, dict[str, float] | str]()
    for contender in contenders:
        try:
            got = evaluate(contender)
        except (ImportError, RuntimeError, TypeError, AttributeError) as error:
            found[contender] = sentence(error)
            continue
        found[contender] = {
            name: float((got[name] - value).norm() / value.norm())
            if got[name].shape == value.shape
            else math.inf  # a parameter without a gradient
            for name, value in wanted.items()
        }
    return found


def clock(call: Callable[[], object], device: torch.device) -> float:
    """Seconds of one call, until the device has finished."""
    if device.type == "cuda":
        start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        call()
        stop.record()
        stop.synchronize()
        return float(start.elapsed_time(stop)) / 1000
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def timed(call: Callable[[], object], device: torch.device, calls: int, most: float) -> list[float]:
    """Seconds of some calls after one to warm up; of that one alone where it takes longer than the most."""
    warm = clock(call, device)
    if warm > most:
        return [warm]
    return [clock(call, device) for _ in range(calls)]


def bare_convolutions(
    case: Case, device: torch.device = CPU, dtype: torch.dtype = torch.float32, calls: int = 5
) -> tuple[float, list[dict[str, Any]]]:
    """Time the convolutions that no reversible step can do without, each in the fastest way there is.

    Forward ``K`` and ``K^T`` once for each layer; backward ``K``, ``K^T`` and the gradient of ``K`` for the state and
    its adjoint, which is a batch twice as large.

    Returns
    -------
    seconds : float
        Of one step.
    layers : list of dict
        Layers of one shape, and the fastest way of each convolution in them.
    """
    total, rows = 0.0, []
    for (n, m, space), count in case.convolutions().items():
        works: dict[str, tuple[str, float]] = {}
        for part, batch in (("forward", case.batch), ("backward", 2 * case.batch)):
            for name, ways in _ways(batch, n, m, space, device, dtype).items():
                if name == "gradient of K" and part == "forward":
                    continue
                works[f"{part}: {name}"] = _fastest(ways, device, calls)
        for name in ("K", "K^T"):  # two batches one after the other are a way too
            way, seconds = works[f"forward: {name}"]
            if 2 * seconds < works[f"backward: {name}"][1]:
                works[f"backward: {name}"] = (f"{way}, in halves", 2 * seconds)
        seconds = sum(seconds for _, seconds in works.values())
        total += count * seconds
        rows.append(
            {
                "layers": count,
                "channels": n,
                "rank": m,
                "space": list(space),
                "seconds": rounded(seconds),
                "fastest": {name: {"way": way, "seconds": rounded(value)} for name, (way, value) in works.items()},
            }
        )
    return total, rows


def _ways(
    batch: int, n: int, m: int, space: tuple[int, ...], device: torch.device, dtype: torch.dtype
) -> dict[str, dict[str, Callable[[], object]]]:
    """Name the ways to each convolution, on arrays that exist already."""
    layouts = {"channels-last": torch.channels_last_3d if len(space) == 3 else torch.channels_last}
    if device.type == "cuda":
        layouts["contiguous"] = torch.contiguous_format
    convolve, transposed = (F.conv3d, F.conv_transpose3d) if len(space) == 3 else (F.conv2d, F.conv_transpose2d)
    one = [1] * len(space)
    ways: dict[str, dict[str, Callable[[], object]]] = {"K": {}, "K^T": {}, "gradient of K": {}}

    for name, layout in layouts.items():

        def random(*shape: int, layout: torch.memory_format = layout) -> Tensor:
            return torch.randn(shape, device=device).to(dtype).contiguous(memory_format=layout)

        state, hidden = random(batch, n, *space), random(batch, m, *space)
        kernels, mirrored = random(m, n, *[3] * len(space)) / 100, random(n, m, *[3] * len(space)) / 100

        def backward(
            mask: list[bool], hidden: Tensor = hidden, state: Tensor = state, kernels: Tensor = kernels
        ) -> object:
            return torch.ops.aten.convolution_backward(
                hidden, state, kernels, None, one, one, one, False, [0] * len(one), 1, mask
            )

        for work, source, weights, target in (("K", state, kernels, hidden), ("K^T", hidden, mirrored, state)):
            ways[work][f"convolution, {name}"] = lambda s=source, w=weights: convolve(s, w, padding=1)
            if device.type == "cpu":
                ways[work]["oneDNN convolution"] = lambda s=source, w=weights: torch.mkldnn_convolution(
                    s, w, None, one, one, one, 1
                )
                ways[work]["oneDNN convolution that adds to its target"] = partial(
                    _added, target.clone(), source, weights, one
                )
        ways["K^T"][f"transposed convolution, {name}"] = lambda h=hidden, k=kernels: transposed(h, k, padding=1)
        ways["K^T"][f"backward of a convolution, {name}"] = lambda b=backward: b([True, False, False])
        ways["gradient of K"][f"backward of a convolution, {name}"] = lambda b=backward: b([False, True, False])
        if len(space) == 3 and device.type == "cpu" and dtype == torch.float32:
            ways["gradient of K"]["three in 2D"] = partial(_by_sheets, hidden, state, kernels[:, :, 1].contiguous())
    return ways


def _by_sheets(hidden: Tensor, state: Tensor, sheet: Tensor) -> Tensor:
    """Compute the gradient of ``K`` sheet by sheet, as this network does on a processor without AVX-512."""

    def gradient(hidden: Tensor, state: Tensor) -> Tensor:
        found: Tensor = torch.ops.aten.convolution_backward(
            hidden, state, sheet, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, [False, True, False]
        )[1]
        return found

    return pieces.by_sheets(gradient, hidden, state)


def _added(target: Tensor, source: Tensor, weights: Tensor, one: list[int]) -> Tensor:
    """Convolve into an array that is there, as this network does on a CPU. The sum only grows, which costs nothing."""
    added: Tensor = torch.ops.mkldnn._convolution_pointwise_.binary(
        target, source, weights, None, one, one, one, 1, "add", 1.0, None, [], None
    )
    return added


def _fastest(ways: dict[str, Callable[[], object]], device: torch.device, calls: int) -> tuple[str, float]:
    found: dict[str, float] = {}
    with torch.no_grad():
        for name, way in ways.items():
            try:
                warm = clock(way, device)
                # Hopeless ones are not timed again: some are a hundred times slower.
                again = calls if not found or warm < 3 * min(found.values()) else 0
                found[name] = min([warm] + [clock(way, device) for _ in range(again)])
            except (RuntimeError, AttributeError, NotImplementedError):  # not for this type, shape or build
                continue
    best = min(found, key=lambda name: found[name])
    return best, found[best]


def peak_bytes(case: Case, contender: str) -> dict[str, int]:
    """Weigh one step of a contender in this process, which must be fresh: peak resident memory (Linux).

    Returns
    -------
    dict
        ``bytes``: everything, with parameters, their gradients, the data and the adjoint of the scores.
        ``beside_parameters``: without parameters and gradients, and without data and adjoint, which are given.
    """
    small = replace(
        case,
        block=tuple(min(size, 4 * m) for size, m in zip(case.block, case.architecture.multiples, strict=True)),
    )
    # So that code and thread pools are in memory before anything is counted.
    training_step(contender, prepared(small, contender), small.data(), small.adjoint())
    gc.collect()
    empty = _high_water()
    network, data, adjoint = prepared(case, contender), case.data(), case.adjoint()
    given = _high_water()
    training_step(contender, network, data, adjoint)
    peak = _high_water(fresh=False)
    gradients = sum(p.grad.numel() * p.grad.element_size() for p in network.parameters() if p.grad is not None)
    return {"bytes": peak - empty, "beside_parameters": peak - given - gradients}


def _high_water(fresh: bool = True) -> int:
    """Return the most memory this process has held: from now on, or since it was last asked."""
    if fresh:
        # Where it cannot be reset the mark is that of before, which is below a larger step's.
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    if found is None:
        raise RuntimeError("this system does not say how much memory a process has held at most")
    return int(found[1]) * 1024


def sentence(error: BaseException) -> str:
    """Return an error as one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"[:300]


def rounded(value: float, digits: int = 4) -> float:
    """Round to significant digits."""
    return float(f"{value:.{digits}g}")
