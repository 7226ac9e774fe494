"""Makes the tables and figures of Peters, Haber & Lensink (2024) again, from the program's own numbers.

    python docs/paper.py                # Tables 1 to 6, Figures 2, 3 and 12: all that `docs/paper.md` shows
    python docs/paper.py table-1 figure-2

What the paper prints stands beside what the program says. Figure 3 is drawn from what ``benchmarks/properties.py``
measured, ``benchmarks/results/properties.json``; steps at full size are those of ``benchmarks/full_step.py``; what
block rank, depth and size of blocks are worth is what ``benchmarks/ablation.py`` found with the network alone.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from figures import BLACK, BLUE, GREEN, IMAGES, ORANGE, RED, STYLE, markdown, renewed, save
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from napari_fhn.network.architecture import Architecture, Layer
from napari_fhn.network.comparison import ResNetArchitecture
from napari_fhn.network.counting import paper_memory
from napari_fhn.network.forecast_resnet import forecast_resnet
from napari_fhn.network.paper import PAPER
from napari_fhn.network.paper_compared import COMPARED

HERE = Path(__file__).parent
DOCUMENT = HERE / "paper.md"
RESULTS = HERE.parent / "benchmarks" / "results"
PROPERTIES = RESULTS / "properties.json"
FULL_STEPS = RESULTS / "full_step.jsonl"
STUDIES = RESULTS / "ablation.jsonl"

# What the paper prints.
TABLE_1 = {
    "hyperspectral": ("Hyperspectral", "22.5", "3.7", "0.02", "0.003"),
    "aquifer": ("Aquifer mapping", "21.02", "1.66", "32.19", "0.12"),
    "seismic": ("3D seismic", "21.96", "2.19", "41.16", "0.23"),
}
TABLE_2_AND_3 = {
    "hyperspectral": (("1-6", 16, 16, "368 x 288 x 184"), ("7-18", 128, 16, "184 x 144 x 92")),
    "aquifer": (
        ("1-4", 112, 24, "848 x 1456"),
        ("5-7", 448, 24, "424 x 728"),
        ("8-10", 1792, 24, "212 x 364"),
        ("11-28", 7168, 24, "106 x 182"),
        ("29-32", 1792, 24, "212 x 364"),
        ("32-34", 448, 24, "424 x 728"),
        ("35-39", 112, 24, "848 x 1456"),
    ),
    "seismic": (
        ("1-2", 12, 8, "248 x 248 x 248"),
        ("3-5", 96, 16, "124 x 124 x 124"),
        ("6-8", 768, 32, "62 x 62 x 62"),
        ("9-18", 6144, 32, "31 x 31 x 31"),
        ("19-21", 768, 32, "62 x 62 x 62"),
        ("22-24", 96, 16, "124 x 124 x 124"),
        ("25-30", 12, 8, "248 x 248 x 248"),
    ),
}
TABLE_6 = {
    "a": (("1-2", 12, 8), ("3-5", 96, 16), ("6-17", 768, 32), ("18-20", 96, 16), ("21-26", 12, 8)),
    "b": (("1-2", 12, 12), ("3-4", 96, 96), ("5-6", 768, 768), ("7-8", 96, 96), ("9-14", 12, 12)),
}
TRAINED = {"growth": 7.42, "stability": 1.05, "inversion": 1.8e-4}

RANK, CHANNELS, DEPTH, SIDE = 32, 3, 50, 300
"""Of Figure 2: layers and input size are the paper's, and the three channels of its introduction; it names no rank."""


def table_1() -> str:
    """Memory of states and kernels in GB, as printed and as counted."""
    rows = []
    for name, (title, *printed) in TABLE_1.items():
        memory = paper_memory(PAPER[name].architecture, PAPER[name].block)
        kinds = (
            ("non invertible", printed[0], memory.states_ordinary, printed[2], memory.kernels_full),
            ("invertible", printed[1], memory.states_invertible, printed[2], memory.kernels_full),
            (
                "invertible + BLR layers",
                printed[1],
                memory.states_invertible,
                printed[3],
                memory.kernels_block_low_rank,
            ),
        )
        for kind, states, own_states, kernels, own_kernels in kinds:
            rows.append([f"{title}, {kind}", states, f"{own_states / 1e9:.3f}", kernels, f"{own_kernels / 1e9:.4f}"])
    return markdown(["GB", "states, printed", "counted", "kernels, printed", "counted"], rows)


def full_steps() -> str:
    """A whole training step of each network at its full size, as it was measured beside what Table 1 counts."""
    found = {one["network"]: one for one in map(json.loads, FULL_STEPS.read_text(encoding="utf-8").splitlines())}
    rows = []
    for name, paper in PAPER.items():
        size = " x ".join(map(str, paper.block))
        if (one := found.get(name)) is None:
            rows.append([name, size, f"waiting: `python benchmarks/full_step.py {name}`", "", "", "", ""])
            continue
        kept = f"{one['three_states_of_table_1'] / 1e9:.2f} GB", f"{one['all_states_of_table_1'] / 1e9:.2f} GB"
        peak, expected = f"{one['peak_bytes'] / 1e9:.2f} GB", f"{one['forecast_bytes'] / 1e9:.2f} GB"
        before = f"{one['bytes_before'] / 1e9:.2f} GB"
        rows.append([name, size, f"{peak} ({before} before)", expected, *kept, f"{one['invertibility_error']:.1e}"])
    table_1_has = "three states, Table 1", "all states, Table 1"
    return markdown(["network", "block", "at the peak", "forecast", *table_1_has, "`|Y_1 - Y_2|`"], rows)


def groups(architecture: Architecture, block: Sequence[int]) -> list[tuple[int, int, int, str]]:
    """Return runs of layers at one resolution: how many, channels, block rank, feature size."""
    layers = zip(architecture.layers, architecture.layer_channels, architecture.layer_levels, strict=True)
    found = []
    for (n, rank, levels), run in itertools.groupby((n, layer.rank, levels) for layer, n, levels in layers):
        size = " x ".join(str(size >> level) for size, level in zip(block, levels, strict=True))
        found.append((len(list(run)), n, rank, size))
    return found


def table_2_and_3() -> str:
    """The layers of the three networks, as printed and as they are here."""
    rows = []
    for name, printed in TABLE_2_AND_3.items():
        ours = groups(PAPER[name].architecture, PAPER[name].block)
        last = 0
        for (layers, *theirs), (count, *own) in zip(printed, ours, strict=True):
            rows.append([name, layers, f"{last + 1}-{last + count}", *map(str, own), _same(theirs == own)])
            last += count
    return markdown(
        ["network", "layers, printed", "here", "channels", "block rank", "feature size", "as printed"], rows
    )


def table_5() -> str:
    """The ResNets of Table 5, with what a training step takes here."""
    rows = []
    for name, compared in COMPARED.items():
        network = compared.architecture
        if not isinstance(network, ResNetArchitecture):
            continue
        size: dict[str, Any] = {"input_channels": compared.beside.input_channels, "classes": 2, "optimiser": "sgd"}
        low, full = (
            forecast_resnet(network, compared.beside.block, **size, block_low_rank=low).total / 1e9
            for low in (True, False)
        )
        fine, coarse = (stage.steps for stage in network.stages)
        printed = "Fig. 6" if compared.trained else "out-of-memory"
        rows.append([f"{name[-1]}: `paper.{name}`", str(fine), str(coarse), printed, f"{low:.1f} GB", f"{full:.1f} GB"])
    head = ["ResNet", "layers, level 1", "level 2", "printed, on 24 GB", "a step here, block rank 16", "full rank"]
    return markdown(head, rows)


def table_6() -> str:
    """Networks a and b of Table 6, with the states that the paper keeps and those that are needed."""
    rows = []
    for name, printed in TABLE_6.items():
        network, beside = COMPARED[name].architecture, COMPARED[name].beside
        assert isinstance(network, Architecture)
        last = 0
        for (layers, *theirs), (count, *own, _) in zip(printed, groups(network, beside.block), strict=True):
            here = f"{last + 1}-{last + count}"
            rows.append([f"{name}: `paper.{name}`", layers, here, *map(str, own), _same(theirs == own), ""])
            last += count
        memory = paper_memory(network, beside.block)
        rows[-1][-1] = f"{memory.states_ordinary / 1e9:.1f} GB, in place of {memory.states_invertible / 1e9:.1f} GB"
    return markdown(["network", "layers, printed", "here", "channels", "block rank", "as printed", "all states"], rows)


def _same(equal: bool) -> str:
    return "yes" if equal else "no"


def _network(depth: int, coarsenings: int) -> Architecture:
    """Return a network whose coarsenings lie evenly among its layers, of full rank where it has few channels."""
    first = {depth * part // (coarsenings + 1) for part in range(1, coarsenings + 1)}
    channels, layers = CHANNELS, []
    for number in range(depth):
        channels *= 8 if number in first else 1
        layers.append(Layer("coarsen" if number in first else "keep", min(RANK, channels)))
    return Architecture(3, CHANNELS, tuple(layers))


def figure_2() -> Figure:
    """Memory over the size of the input, the number of layers, and the number of coarsenings."""
    sides, depths, coarsenings = range(60, 601, 60), range(5, 101, 5), range(6)
    panels: tuple[tuple[str, Sequence[int], list[tuple[Architecture, int]]], ...] = (
        (f"side of the input; {DEPTH} layers, 2 coarsenings", sides, [(_network(DEPTH, 2), side) for side in sides]),
        (f"layers; {SIDE}³, 2 coarsenings", depths, [(_network(depth, 2), SIDE) for depth in depths]),
        (f"coarsenings; {SIDE}³, {DEPTH} layers", coarsenings, [(_network(DEPTH, k), SIDE) for k in coarsenings]),
    )
    figure, places = plt.subplots(1, 3, figsize=(9, 3.3))
    for axes, (label, along, networks) in zip(places, panels, strict=True):
        counts = [paper_memory(network, (side,) * 3) for network, side in networks]
        for words, colour, marker, values in (
            ("every state kept, full kernels", RED, "s", [c.states_ordinary + c.kernels_full for c in counts]),
            ("three states, full kernels", BLUE, "o", [c.states_invertible + c.kernels_full for c in counts]),
            (
                f"three states, block rank {RANK}",
                GREEN,
                "^",
                [c.states_invertible + c.kernels_block_low_rank for c in counts],
            ),
        ):
            gigabytes = [value / 1e9 for value in values]
            axes.plot(
                along, gigabytes, color=colour, marker=marker, ms=4, markevery=max(1, len(along) // 6), label=words
            )
        axes.set(xlabel=label, yscale="log")
    places[0].set_ylabel("states and kernels, GB")
    handles, words = places[0].get_legend_handles_labels()
    figure.legend(handles, words, loc="outside upper center", ncols=3, columnspacing=1.2, handlelength=1.6)
    return figure


def measured() -> dict[str, Any]:
    """What ``benchmarks/properties.py`` found."""
    found: dict[str, Any] = json.loads(PROPERTIES.read_text(encoding="utf-8"))
    return found


def figure_3() -> Figure:
    """Energy growth, stability and the error of the inverse over the time step."""
    found = measured()
    hs = [one["h"] for one in found["random"]]
    figure, places = plt.subplots(1, 3, figsize=(9, 3.1))
    for axes, part, title in (
        (places[0], "growth", "energy growth"),
        (places[1], "stability", "stability"),
        (places[2], "inversion", "error of the inverse"),
    ):
        typed: Axes = axes
        typed.plot(hs, [_mean(one[part]) for one in found["random"]], color=BLUE, marker="o", ms=4, label="random")
        typed.plot([found["trained"]["h"]], [_mean(found["trained"][part])], "s", color=RED, label="trained here")
        typed.axhline(TRAINED[part], color=BLACK, ls=(0, (4, 2)), lw=1, label="trained, the paper")
        typed.set(title=title, xlabel="$h$", xscale="log", yscale="log")
    places[0].legend(loc="upper left")
    return figure


def figure_3_table() -> str:
    """The numbers of Figure 3."""
    found = measured()
    rows = [["random", f"{one['h']:g}", *[f"{_mean(one[part]):.3g}" for part in TRAINED]] for one in found["random"]]
    spread = (sum((v - _mean(s)) ** 2 for v in s) / len(s)) ** 0.5 if (s := found["trained"]["stability"]) else 0.0
    trained = [f"{_mean(found['trained'][part]):.3g}" for part in TRAINED]
    trained[1] += f" (std {spread:.1g})"
    rows.append([f"trained, {found['steps']} steps on {found['side']}³", f"{found['trained']['h']:g}", *trained])
    rows.append(["trained, the paper", "", "7.42", "1.05 (std 0.004)", "0.00018"])
    return markdown(["network of Table 3", "`h`", "energy growth", "stability", "error of the inverse"], rows)


def _mean(value: Any) -> float:
    return sum(value) / len(value) if isinstance(value, list) else float(value)


def study(what: str) -> dict[str, dict[float, list[dict[str, Any]]]]:
    """What ``benchmarks/ablation.py --vary`` found with the network alone: by dataset, by what varies, a run a draw."""
    runs: dict[tuple[str, ...], dict[str, Any]] = {}
    for one in map(json.loads, STUDIES.read_text(encoding="utf-8").splitlines()):
        if one.get("varied", {}).get("what") == what and one["method"].endswith("-alone"):
            runs[(one["dataset"], one["draw"], *one["overrides"], str(one["budget"]))] = one
    found: dict[str, dict[float, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for one in sorted(runs.values(), key=lambda one: float(one["varied"]["value"])):
        found[one["dataset"]][one["varied"]["value"]].append(one)
    return {dataset: values for dataset, values in found.items() if len(values) > 2}  # fewer are no curve


def _ious(runs: Sequence[dict[str, Any]]) -> list[float]:
    return [one["score"]["mean_iou"] for one in runs]


def _score(runs: Sequence[dict[str, Any]]) -> str:
    """Return the mean over draws, and how far they spread."""
    ious = _ious(runs)
    spread = f" ± {statistics.stdev(ious):.3f}" if len(ious) > 1 else ""
    return f"{statistics.fmean(ious):.3f}{spread}" if ious else ""


def _draws(found: dict[float, list[dict[str, Any]]]) -> str:
    number = min(map(len, found.values()))
    return f"{number} draw{'s' if number > 1 else ''}"


def turning(found: dict[float, list[dict[str, Any]]]) -> tuple[float, float]:
    """Return the value with the best mean IoU, and the smallest one that is not behind it.

    Draws have the same labels at every value, so values are compared draw by draw: not behind is a mean difference that
    is no larger than its standard error, or than 0.01 where there are too few draws for one.
    """
    best = max(found, key=lambda value: statistics.fmean(_ious(found[value])))
    of_best = {one["draw"]: one["score"]["mean_iou"] for one in found[best]}

    def behind(value: float) -> bool:
        less = [of_best[one["draw"]] - one["score"]["mean_iou"] for one in found[value] if one["draw"] in of_best]
        error = statistics.stdev(less) / len(less) ** 0.5 if len(less) > 2 else 0.01
        return statistics.fmean(less) > error

    return best, min(value for value in found if not behind(value))


def figure_12_table() -> str:
    """Mean IoU over the largest block rank, and where it turns."""
    found = study("rank")
    values = sorted({value for one in found.values() for value in one})
    rows = [[f"{value:g}", *[_score(one.get(value, ())) for one in found.values()]] for value in values]
    turns = [turning(one) for one in found.values()]
    rows.append(["best at", *[f"{best:g}" for best, _ in turns]])
    rows.append(["smallest that is not behind", *[f"{enough:g}" for _, enough in turns]])
    return markdown(["block rank, at most", *[f"{name} ({_draws(one)})" for name, one in found.items()]], rows)


def depth_table() -> str:
    """Mean IoU over depth at equal steps, with memory and time."""
    rows = []
    for dataset, found in study("depth").items():
        for layers, runs in found.items():
            seconds = statistics.fmean(one["seconds"]["train"]["cpu"] for one in runs)
            step = next(text.partition("=")[2] for text in runs[0]["overrides"] if text.startswith("network.h="))
            cells = [step, _score(runs), f"{max(one['peak_mb'] for one in runs)} MB", f"{seconds:.0f} s"]
            rows.append([f"{dataset} ({_draws(found)})", f"{layers:g}", *cells])
    return markdown(["dataset", "layers", "`h`", "mean IoU", "peak of the process", "training, CPU time"], rows)


def block_table() -> str:
    """Mean IoU over the size of a block, for the same time of computing."""
    rows = []
    for dataset, found in study("block").items():
        for runs in found.values():
            size = " x ".join(map(str, runs[0]["details"]["block"]))
            steps = f"{statistics.fmean(one['details']['steps'] for one in runs):.0f}"
            rows.append([f"{dataset} ({_draws(found)})", size, steps, f"{runs[0]['budget']:.0f} s", _score(runs)])
    return markdown(["dataset", "block", "steps", "training, CPU time", "mean IoU"], rows)


def figure_12() -> Figure:
    """Mean IoU over block rank, and beyond the paper over depth and the size of blocks."""
    figure, places = plt.subplots(1, 3, figsize=(9, 3.3), sharey=True)
    names = sorted({name for what in ("rank", "depth", "block") for name in study(what)})
    colours = dict(zip(names, (BLUE, RED, GREEN, BLACK, ORANGE), strict=False))
    for axes, (what, label) in zip(
        places,
        (("rank", "block rank, at most"), ("depth", "layers"), ("block", "side of a block, cells")),
        strict=True,
    ):
        for name, found in study(what).items():
            values = sorted(found)
            means = [statistics.fmean(_ious(found[value])) for value in values]
            spread = [statistics.pstdev(_ious(found[value])) for value in values]
            axes.errorbar(values, means, spread, color=colours[name], marker="o", ms=4, capsize=2, label=name)
        axes.set(xlabel=label)
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:g}")
    places[0].set_ylabel("mean IoU of the network alone")
    handles, words = places[0].get_legend_handles_labels()
    figure.legend(handles, words, loc="outside upper center", ncols=3)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {"figure-2": figure_2, "figure-3": figure_3, "figure-12": figure_12}
TABLES: dict[str, Callable[[], str]] = {
    "table-1": table_1,
    "full-steps": full_steps,
    "table-2-and-3": table_2_and_3,
    "table-5": table_5,
    "table-6": table_6,
    "figure-3": figure_3_table,
    "figure-12": figure_12_table,
    "depth": depth_table,
    "block": block_table,
}


def main(names: Sequence[str]) -> int:
    """Make what is asked for, or everything."""
    known = list(dict.fromkeys([*TABLES, *FIGURES]))
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"There is no {', '.join(unknown)}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    plt.rcParams.update(STYLE)
    for name in names or known:
        if name in FIGURES:
            save(FIGURES[name](), IMAGES / f"paper-{name}.png")
        if name in TABLES:
            text = DOCUMENT.read_text(encoding="utf-8")
            DOCUMENT.write_text(renewed(text, name, TABLES[name](), "paper"), encoding="utf-8")
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
