"""Makes the figures of the documents, and the tables in them that hold numbers; nothing of either is typed by hand.

    python docs/figures.py                  # all
    python docs/figures.py memory network   # some

Figures go to ``docs/images``; tables replace what stands between two comments in ``docs/network.md``. What was measured
is read from ``benchmarks/results/step.json``; as long as that is missing, its figure and table are left out.
"""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from PIL import Image
from torch import Tensor

from napari_fhn.network import HyperbolicNetwork, UNet, equivalent_unet
from napari_fhn.network.architecture import Architecture, Layer, levels
from napari_fhn.network.beside_unet import BesideUNet, activations, beside_unet
from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.network.counting import in_words, memory_over_coarsenings, memory_over_depth, paper_memory
from napari_fhn.network.diagnostics import (
    OverTimeStep,
    energy,
    over_time_step,
    random_over_time_step,
    sensitivity,
)
from napari_fhn.network.forecast import forecast
from napari_fhn.network.language import parse
from napari_fhn.network.paper import PAPER, SEISMIC
from napari_fhn.network.table import table
from napari_fhn.training.steps.guard import Guard

HERE = Path(__file__).parent
IMAGES = HERE / "images"
DOCUMENT = HERE / "network.md"
STEP = HERE.parent / "benchmarks" / "results" / "step.json"

# Okabe and Ito's colours, told apart by colour-blind eyes too.
BLACK, GREY, BLUE, ORANGE, GREEN, RED, PURPLE = (
    "#000000",
    "#777777",
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
)
STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.constrained_layout.use": True,
}
EXAMPLE = "2d 16: 2x8 | down 2x16 | down 2x24 | up 2x16 | up 2x8"


# Memory as the paper's Figure 2 counts it.


def memory() -> Figure:
    """States and kernels over depth and over coarsenings."""
    block, size = SEISMIC.block, {"channels": SEISMIC.architecture.channels, "rank": 32}
    depths, coarsenings = range(5, 101, 5), range(6)
    figure, panels = plt.subplots(1, 2, figsize=(7, 3.3))
    found = (
        (memory_over_depth(block, depths, coarsenings=2, **size), "layers, two of which coarsen"),
        (memory_over_coarsenings(block, coarsenings, depth=30, **size), "coarsenings among 30 layers"),
    )
    for axes, (curves, label) in zip(panels, found, strict=True):
        for values, words, colour, marker in (
            (curves.ordinary, "every state kept, full kernels", RED, "s"),
            (curves.invertible, "three states, full kernels", BLUE, "o"),
            (curves.block_low_rank, "three states, block rank 32", GREEN, "^"),
        ):
            every = max(1, len(values) // 6)
            gigabytes = [value / 1e9 for value in values]
            axes.plot(curves.along, gigabytes, color=colour, marker=marker, markevery=every, label=words)
        axes.set_xlabel(label)
    panels[0].set(ylabel="states and kernels, GB", ylim=(0, None))
    panels[1].set(yscale="log", yticks=[1, 10, 100, 1000, 10000, 100000])
    panels[1].set_yticklabels(["1", "10", "100", "1 000", "10 000", "100 000"])
    panels[1].minorticks_off()
    handles, words = panels[0].get_legend_handles_labels()
    figure.legend(handles, words, loc="outside upper center", ncols=3, columnspacing=1.2, handlelength=1.6)
    return figure


def table_1() -> str:
    """The paper's three networks: its count beside this implementation's forecast."""
    rows = []
    for name, network in PAPER.items():
        count = paper_memory(network.architecture, network.block)
        ours = forecast(
            network.architecture, network.block, input_channels=network.input_channels, classes=network.classes
        )
        sizes = (
            count.states_ordinary,
            count.states_invertible,
            count.kernels_full,
            count.kernels_block_low_rank,
            ours.states + ours.workspace,
            ours.total,
        )
        rows.append([name, str(len(network.architecture.layers)), *map(in_words, sizes)])
    head = ["network", "layers", "a state of each layer", "three states", "full kernels", "block rank"]
    return markdown([*head, "our states and hidden layers", "our step with Adam"], rows)


def layers() -> str:
    """The example network, printed."""
    return f"```\n{table(parse(EXAMPLE), (256, 192))}\n```"


# Energy and inverse over the time step.


@cache
def problem() -> tuple[Tensor, Tensor]:
    """Four classes with spectra of their own, noise, and labels on one pixel in twenty; data ``(1, 6, 64, 64)``."""
    generator = torch.Generator().manual_seed(0)
    fields = F.interpolate(torch.randn(1, 4, 6, 6, generator=generator), size=(64, 64), mode="bicubic")
    truth = fields.argmax(1)
    data = torch.randn(4, 6, generator=generator)[truth].movedim(-1, 1)
    data = data + 0.7 * torch.randn(data.shape, generator=generator)
    return data, torch.where(torch.rand(truth.shape, generator=generator) < 0.05, truth, -100)


def trained(network: Any, steps: int = 150) -> Any:
    """Train a network on :func:`problem`."""
    data, labels = problem()
    typed: SegmentationNetwork = network
    optimiser = torch.optim.AdamW(typed.parameter_groups(0.03, 1e-3))
    for _ in range(steps):
        optimiser.zero_grad(set_to_none=True)
        F.cross_entropy(typed.scores(data), labels).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(typed.parameters(), 1.0)
        optimiser.step()
    return network


NETWORK = levels(2, 16, (8, 16, 24), 4)
TIME_STEPS = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 1.7, 2.0, 2.3, 2.7, 3.2, 4.0)


class Looks:
    """What the figure and the table about the time step share."""

    def __init__(self) -> None:
        data, _ = problem()
        self.random = random_over_time_step(NETWORK, data, TIME_STEPS, classes=4, seeds=range(5))
        self.beside: tuple[BesideUNet, ...] = beside_unet(NETWORK, data, classes=4, seeds=range(5))
        generator = torch.Generator().manual_seed(0)
        self.trained = over_time_step(trained(HyperbolicNetwork(NETWORK, 6, 4, generator)), data, TIME_STEPS)
        unet = trained(UNet(equivalent_unet(NETWORK), 6, 4, generator))
        self.unet_growth = [max(one.unet_states) for one in self.beside]
        self.unet_trained_growth = max(activations(unet, data))
        self.unet_trained_sensitivity = sensitivity(unet, data)
        self.linear = linear_layer(len(NETWORK.layers))


looks = cache(Looks)


def linear_layer(depth: int) -> OverTimeStep:
    """One layer repeated that is linear, ``relu(z) - relu(-z) = z``: the case in which the bound is sharp."""
    data, _ = problem()
    network = HyperbolicNetwork(
        Architecture(2, 16, (Layer("keep", 32),) * depth), 6, 4, torch.Generator().manual_seed(0)
    )
    half = network.kernels[0].data[:16].clone()
    for kernels in network.kernels:
        kernels.data.copy_(torch.cat([half, -half]))
    # The stacked K has sqrt(2) the norm of its half, and K^T relu(K Y) is made of the half.
    found = over_time_step(network, data, [h * 2**0.5 for h in TIME_STEPS])
    return OverTimeStep(found.h, tuple(n / 2 for n in found.numbers), *list(vars(found).values())[2:])


def time_step() -> Figure:
    """Growth of the states and the error of the inverse over the time step."""
    seen = looks()
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.7))
    relative = [median(one.numbers[at] for one in seen.random) ** 0.5 for at in range(len(TIME_STEPS))]
    ours = [n**0.5 for n in seen.trained.numbers]

    def band(axes: Axes, part: str, colour: str, marker: str, words: str) -> None:
        columns = list(zip(*(getattr(one, part) for one in seen.random), strict=True))
        axes.fill_between(
            relative, [min(c) for c in columns], [max(c) for c in columns], color=colour, alpha=0.25, lw=0
        )
        axes.plot(relative, [median(c) for c in columns], color=colour, marker=marker, ms=4, label=words)

    linear = [n**0.5 for n in seen.linear.numbers]
    left.plot(linear, seen.linear.growth, color=GREY, ls=(0, (1, 1)), lw=2, label="one linear layer, repeated")
    band(left, "growth", BLUE, "o", "random networks")
    left.plot(ours, seen.trained.growth, color=RED, marker="s", ms=4, label="trained network")
    left.axhline(median(seen.unet_growth), color=GREEN, ls="--", label="random U-Nets (no h)")
    left.axhline(seen.unet_trained_growth, color=PURPLE, ls="-.", label="trained U-Net (no h)")
    left.set(title="largest state over data", ylim=(0.5, 1e5))
    for part in ("single", "double"):
        band(right, part, BLUE, "o", "")
        right.plot(ours, getattr(seen.trained, part), color=RED, marker="s", ms=4)
    right.text(0.11, 4e-6, "float32", va="bottom")
    right.text(0.11, 8e-15, "float64", va="bottom")
    limit = Guard(HyperbolicNetwork(NETWORK, 6, 4)).limit
    right.axhline(limit, color=GREY, ls=(0, (4, 2)), lw=1)
    right.text(0.11, limit * 1.7, "above: training refuses the step", fontsize=9, color="#555555")
    right.set(title="error after all layers and back", ylim=(1e-16, 1e3))
    for axes in (left, right):
        axes.set(xscale="log", yscale="log", xlabel=r"$h\,\max|K_j|$", xlim=(0.09, 5))
        axes.set_xticks([0.1, 0.2, 0.5, 1, 2, 4], ["0.1", "0.2", "0.5", "1", "2", "4"])
        axes.axvline(2, color=BLACK, lw=1)
        axes.minorticks_off()
    left.text(1.85, 7e4, "bound of one layer", fontsize=9, va="top", ha="right")
    left.legend(loc="upper left", bbox_to_anchor=(0, 0.88))
    return figure


def time_step_table() -> str:
    """The same in numbers, at some time steps."""
    seen = looks()
    rows = []
    for at, h in enumerate(TIME_STEPS):
        if h not in (0.2, 0.5, 1.0, 2.0, 2.7):
            continue
        for name, ones in (("random", seen.random), ("trained", (seen.trained,))):
            cells = [
                median(getattr(one, part)[at] for one in ones)
                for part in ("numbers", "growth", "single", "double", "sensitivity")
            ]
            rows.append([f"hyperbolic, {name}", f"{h:g}", *[f"{cell:.2g}" for cell in cells]])
    for name, growth, moved in (
        ("random", median(seen.unet_growth), median(one.unet_sensitivity for one in seen.beside)),
        ("trained", seen.unet_trained_growth, seen.unet_trained_sensitivity),
    ):
        rows.append([f"U-Net, {name}", "", "", f"{growth:.2g}", "", "", f"{moved:.2g}"])
    head = [
        "network",
        "`h`",
        "`h^2 max\\|K_j\\|^2`",
        "largest state",
        "error, float32",
        "error, float64",
        "sensitivity",
    ]
    return markdown(head, rows)


def depth_table() -> str:
    """Random networks of several depths and time steps, ordered by ``J h^2``."""
    data, _ = problem()
    rows = []
    for product in (2.5, 10, 40):
        for depth in (10, 40, 160):
            h = (product / depth) ** 0.5
            architecture = Architecture(2, 16, (Layer("keep", 16),) * depth, h=h)
            networks = (
                HyperbolicNetwork(architecture, 6, 4, torch.Generator().manual_seed(seed)).double() for seed in range(3)
            )
            growth = median(energy(network, data[..., :32, :32]).growth for network in networks)
            rows.append([f"{product:g}", str(depth), f"{h:.2g}", f"{growth:.2g}"])
    return markdown(["`J h^2`", "layers `J`", "`h`", "largest state"], rows)


# What was measured.

CONTENDERS = {
    "float32": ("this network, float32", BLUE),
    "bfloat16": ("this network, bfloat16", "#56B4E9"),
    "memcnn": ("memcnn", PURPLE),
    "checkpoint": ("autograd, checkpoints", ORANGE),
    "autograd": ("autograd", RED),
}
SHOWN = ("depth6", "depth60", "levels64x64x64", "levels128x128x128", "map200", "sections")


def measured() -> dict[str, Any]:
    """Cases of ``step.json``, by name; none where there is no such file, or not of that kind."""
    try:
        cases = json.loads(STEP.read_text(encoding="utf-8"))["cases"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if not isinstance(cases, Mapping):
        return {}
    return {name: case for name, case in cases.items() if isinstance(case, Mapping) and rows_of(case)}


def rows_of(case: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Contenders of a case that were measured."""
    contenders = case.get("contenders", {})
    return {name: contenders[name] for name in CONTENDERS if "seconds" in contenders.get(name, {})}


def step() -> Figure | None:
    """Time and peak memory of a training step, as multiples of this network's in float32."""
    cases = {name: case for name, case in measured().items() if "peak_bytes" in rows_of(case).get("float32", {})}
    names = [name for name in SHOWN if name in cases] or list(cases)[:5]
    if not names:
        return None
    figure, panels = plt.subplots(1, 2, figsize=(7, 1.2 + 0.72 * len(names)), sharey=True)
    present = [name for name in CONTENDERS if any(name in rows_of(cases[case]) for case in names)]
    width = 0.84 / len(present)
    for axes, part, label in ((panels[0], "seconds", "time of a step"), (panels[1], "peak_bytes", "peak memory")):
        for at, contender in enumerate(present):
            words, colour = CONTENDERS[contender]
            for place, name in enumerate(names):
                rows = rows_of(cases[name])
                y = place + (at - (len(present) - 1) / 2) * width
                if part in rows.get(contender, {}):
                    value = rows[contender][part] / rows["float32"][part]
                    axes.barh(y, value, width * 0.9, color=colour, label=words)
                    if contender == "float32":
                        size = (
                            f"{rows[contender][part]:.2g} s" if part == "seconds" else in_words(rows[contender][part])
                        )
                        axes.text(value, y, f" {size}", va="center", fontsize=8)
                else:
                    axes.text(0, y, " not measured", va="center", fontsize=8, color="#555555")
        axes.set(title=label, ylim=(len(names) - 0.5, -0.5))
        axes.grid(axis="y", visible=False)
    panels[0].set_yticks(range(len(names)), [case_words(cases[name], "\n") for name in names])
    figure.supxlabel("multiples of this network in float32", fontsize=10)
    handles = dict(zip(*reversed(panels[0].get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3)
    return figure


def case_words(case: Mapping[str, Any], between: str = ", ") -> str:
    """Say what was run."""
    block, batch = case.get("block", ()), case.get("batch", 1)
    sizes = " x ".join(str(size) for size in block)
    if len(block) == 3 and len(set(block)) == 1:
        sizes = f"{block[0]}³"
    channels = f"{case.get('layers', '?')} layers, {case.get('channels', '?')} ch."
    return f"{channels}{between}{f'{batch} of ' if batch != 1 else ''}{sizes}"


def step_table() -> str | None:
    """All that was measured."""
    cases = measured()
    if not cases:
        return None
    rows = []
    for name, case in cases.items():
        contenders = rows_of(case)
        cells = [f"{name}: {case_words(case)}"]
        for contender in CONTENDERS:
            row = contenders.get(contender, {})
            seconds = f"{row['seconds']:.3g} s" if "seconds" in row else "not run"
            cells.append(f"{seconds}<br>{in_words(row['peak_bytes'])}" if "peak_bytes" in row else seconds)
        share, told = case.get("convolutions", {}).get("share_of_step"), case.get("forecast", {})
        cells.append("" if share is None else f"{100 * share:.0f} %")
        cells.append(f"{told['measured_over_forecast']:.2f}" if "measured_over_forecast" in told else "")
        rows.append(cells)
    head = ["case", *[words for words, _ in CONTENDERS.values()], "bare convolutions", "peak over forecast"]
    about = sorted({machine_words(case) for case in cases.values()})
    image = "![Time and peak memory of a step for each contender](images/step.png)"
    words = f"One training step, forward and backward: time and, below, peak memory. On {'; '.join(about)}."
    return f"{image}\n\n{words}\n\n{markdown(head, rows)}"


def machine_words(case: Mapping[str, Any]) -> str:
    """Say where and when."""
    machine = case.get("machine", {})
    where = (
        f"{machine.get('cpu', 'a processor')}, {machine.get('threads', '?')} threads, torch {machine.get('torch', '?')}"
    )
    return f"{where}, {case.get('date', 'undated')}"


# The network as a drawing.


def network() -> Figure:
    """States as boxes of one area; the pair that exists at one moment is filled."""
    architecture = parse(EXAMPLE)
    depths = [0, *(max(level) for level in architecture.layer_levels)]
    channels = [architecture.channels, *architecture.layer_channels]
    figure = plt.figure(figsize=(7, 3.6))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    boxes: list[tuple[float, float, float]] = []  # left, width, height
    left = 0.0
    for at, depth in enumerate(depths):
        left += 0.22 if at and depth != depths[at - 1] else 0.0
        boxes.append((left, 0.32 * 2**depth, 3.2 / 2**depth))
        left += boxes[-1][1] + 0.34
    kept, wanted = (4, 5), 6
    for at, (left, wide, high) in enumerate(boxes):
        fill, line = (BLUE, "-") if at in kept else ("white", (0, (3, 2)))
        axes.add_patch(Rectangle((left, -high / 2), wide, high, fc=fill, ec=BLUE, lw=1.4, ls=line))
        words = "$X$" if at == 0 else f"$Y_{{{at + 2}}}$"
        axes.text(left + wide / 2, high / 2 + 0.12, words, ha="center", va="bottom", fontsize=11)
    for at in range(1, len(boxes)):
        start, end = boxes[at - 1][0] + boxes[at - 1][1], boxes[at][0]
        axes.annotate("", (end - 0.03, 0), (start + 0.03, 0), arrowprops={"arrowstyle": "->", "color": GREY})
        if depths[at] != depths[at - 1]:
            change = "$W$" if depths[at] > depths[at - 1] else "$W^T$"
            axes.text((start + end) / 2, 0.12, change, ha="center", fontsize=10)
    for group in groups(depths):
        middle = (boxes[group[0]][0] + boxes[group[-1]][0] + boxes[group[-1]][1]) / 2
        words = f"{channels[group[0]]} channels"
        axes.text(middle, boxes[group[0]][2] / 2 + 0.55, words, ha="center", fontsize=9, color="#555555")
    target = boxes[wanted]
    for source, bend in ((boxes[kept[0]], 0.42), (boxes[kept[1]], 0.35)):
        arrow = FancyArrowPatch(
            (source[0] + source[1] / 2, -source[2] / 2),
            (target[0] + target[1] / 2, -target[2] / 2),
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            mutation_scale=11,
            color=BLACK,
            lw=1.4,
            shrinkA=2,
            shrinkB=2,
        )
        axes.add_patch(arrow)
    equation = r"$Y_j = 2\,W Y_{j-1} - W Y_{j-2} - h^2 K_j^T \sigma(K_j W Y_{j-1} + b_j)$"
    first, last = boxes[0][0], boxes[-1][0] + boxes[-1][1]
    axes.text((first + last) / 2, -1.42, equation, ha="center", va="top", fontsize=11)
    for y, start, end, colour, words in (
        (-2.4, first, last, BLUE, "forward: two states travel, all others are forgotten"),
        (-3.05, last, first, RED, "backward: two states and their adjoints travel, states are computed again"),
    ):
        axes.annotate("", (end, y), (start, y), arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.8})
        axes.text((first + last) / 2, y + 0.09, words, ha="center", va="bottom", fontsize=10, color=colour)
    axes.set(xlim=(first - 0.25, last + 0.25), ylim=(-3.25, 2.5))
    return figure


def groups(values: Sequence[int]) -> list[list[int]]:
    """Return the places of equal neighbours."""
    found: list[list[int]] = []
    for at, value in enumerate(values):
        if found and values[found[-1][-1]] == value:
            found[-1].append(at)
        else:
            found.append([at])
    return found


# Where it all goes.


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; the first column to the left, the others to the right."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|---|" + "---:|" * (len(head) - 1), *lines[1:]])


def renewed(text: str, name: str, content: str, script: str = "figures") -> str:
    """Return a document with what stands between the comments ``begin name`` and ``end name`` replaced."""
    begin, end = f"<!-- begin {name} (docs/{script}.py) -->", f"<!-- end {name} -->"
    found, count = re.subn(
        f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n{content}\n{end}", text, flags=re.DOTALL
    )
    if count != 1:
        raise ValueError(f"the document has {count} places called {name!r}, and should have one")
    return found


def save(figure: Figure, path: Path) -> None:
    """Write a PNG of few colours."""
    stream = io.BytesIO()
    figure.savefig(stream, dpi=200, facecolor="white")
    plt.close(figure)
    Image.open(stream).convert("RGB").quantize(128).save(path, optimize=True)


FIGURES: dict[str, Callable[[], Figure | None]] = {
    "memory": memory,
    "time-step": time_step,
    "step": step,
    "network": network,
}
TABLES: dict[str, Callable[[], str | None]] = {
    "layers": layers,
    "table-1": table_1,
    "time-step": time_step_table,
    "depth": depth_table,
    "step": step_table,
}


def main(names: Sequence[str]) -> int:
    """Make what is asked for, or everything."""
    known = {**FIGURES, **TABLES}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"There is no {', '.join(unknown)}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    torch.manual_seed(0)
    plt.rcParams.update(STYLE)
    IMAGES.mkdir(exist_ok=True)
    for name in names or known:
        began = time.monotonic()
        done = []
        if name in FIGURES and (figure := FIGURES[name]()) is not None:
            path = IMAGES / f"{name}.png"
            save(figure, path)
            done.append(f"{path.name}, {path.stat().st_size / 1000:.0f} kB")
        if name in TABLES and (content := TABLES[name]()) is not None:
            text = DOCUMENT.read_text(encoding="utf-8")
            DOCUMENT.write_text(renewed(text, name, content), encoding="utf-8")
            done.append("table")
        if not done:
            print(f"{name}: left out, because {STEP.name} is not there yet; benchmarks/step.py makes it")
        else:
            print(f"{name}: {', '.join(done)} ({time.monotonic() - began:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
