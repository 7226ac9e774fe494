"""The figures of a report, as images that lie in the HTML file itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from napari_fhn.report.windows import Ticks
from napari_fhn.sentence import counted
from napari_fhn.training.scores.calibration import Calibration
from napari_fhn.training.scores.score import Scores
from napari_fhn.training.updates import ON_TRAINED, Progress, Update
from napari_fhn.training.updates import Score as StepScore

# Okabe and Ito's colours, which look apart to every kind of colour vision; lines differ in their dashes too.
_BLUE, _ORANGE, _GREEN, _GREY = "#0072b2", "#d55e00", "#009e73", "#777777"

_DOTS = 130
"""Per inch, of pictures of the survey."""

_SHADE = 0.55
"""Opacity of classes over data."""


@dataclass(frozen=True)
class Picture:
    """An image and what it shows.

    Parameters
    ----------
    source : str
        A ``data:`` URI.
    words : str
        For those who cannot see it.
    """

    source: str
    words: str


def curves(updates: Sequence[Update]) -> Picture | None:
    """Draw loss and IoU over training steps; None where there were none.

    Parameters
    ----------
    updates : sequence of Update
        Of a training.
    """
    losses = [(update.step, update.loss) for update in updates if isinstance(update, Progress) and update.loss]
    if not losses:
        return None
    figure = Figure(figsize=(7, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps, values = np.array(losses).T
    left.plot(steps, values, color=_GREY, linewidth=0.6, alpha=0.6)
    width = max(1, len(values) // 30)
    smooth = np.convolve(values, np.ones(width) / width, "valid")
    left.plot(steps[width - 1 :], smooth, color=_BLUE, label=f"mean of {counted(width, 'steps')}")
    left.set(xlabel="step", ylabel="loss", yscale="log")
    left.legend(frameon=False)
    for held_out, name, color, style in [
        (False, "what it learns from: no measure", _BLUE, "--"),
        (True, "held out", _ORANGE, "-"),
    ]:
        scored = [u for u in updates if isinstance(u, StepScore) and u.held_out is held_out and u.mean is not None]
        if scored:
            means = [u.mean or 0.0 for u in scored]
            right.plot([u.step for u in scored], means, style, color=color, marker="o", markersize=3, label=name)
    right.set(xlabel="step", ylabel="mean IoU", ylim=(0, 1))
    if right.lines:
        right.legend(frameon=False)
    words = f"Loss from {values[0]:.3g} to {values[-1]:.3g}, and mean IoU, over training steps"
    if any(isinstance(update, StepScore) and not update.held_out for update in updates):
        words += f". The dashed line is measured on {ON_TRAINED}"
    return Picture(_svg(figure), words)


def confusion_matrix(scores: Scores, classes: Sequence[str]) -> Picture:
    """Draw a confusion matrix: what became of the voxels of each class, in per cent.

    Parameters
    ----------
    scores : Scores
        Of some prediction.
    classes : sequence of str
        Their names.
    """
    counts = np.array(scores.confusion)[1:]
    # Between two dollars stands a formula.
    classes = [name.replace("$", r"\$") for name in classes]
    names = list(classes)
    if counts[:, 0].any():
        names.append("none")
        counts = np.roll(counts, -1, axis=1)
    else:
        counts = counts[:, 1:]
    totals = counts.sum(axis=1, keepdims=True)
    shares = 100 * np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    side = 1.6 + 0.5 * len(names)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="cividis", vmin=0, vmax=100)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(classes)), list(classes))
    axes.set(xlabel="predicted", ylabel="true")
    for (row, column), share in np.ndenumerate(shares):
        if totals[row, 0]:
            color = "black" if share > 55 else "white"
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=8, color=color)
    return Picture(_svg(figure), "Confusion matrix: per cent of each true class, by predicted class")


def reliability(measured: Calibration, tempered: Calibration | None) -> Picture:
    """Draw what share is right over the confidence, and how much there is of it.

    Parameters
    ----------
    measured : Calibration
        Of the probabilities as they are.
    tempered : Calibration or None
        With a temperature.
    """
    figure = Figure(figsize=(4.2, 4.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], ":", color=_GREY, label="as sure as right")
    for found, name, color, style in [(measured, "as predicted", _BLUE, "o-"), (tempered, "tempered", _ORANGE, "s--")]:
        if found is not None:
            pairs = [(c, a) for c, a in zip(found.confidence, found.accuracy, strict=True) if c is not None]
            upper.plot(*zip(*pairs, strict=True), style, color=color, label=name, markersize=4)
    upper.set(ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    upper.legend(frameon=False)
    lower.bar(measured.edges[:-1], measured.counts, width=np.diff(measured.edges), align="edge", color=_BLUE, alpha=0.6)
    lower.set(xlabel="probability of the predicted class", ylabel="how many")
    lower.ticklabel_format(axis="y", style="sci", scilimits=(0, 4))
    return Picture(_svg(figure), f"Reliability curve; expected calibration error {measured.expected_error:.3f}")


def section(
    data: NDArray[Any],
    classes: NDArray[np.uint8] | None,
    colors: Sequence[str],
    down: Ticks,
    across: Ticks,
    *,
    words: str,
    opacity: float = _SHADE,
) -> Picture:
    """Draw data with classes shaded over them.

    Parameters
    ----------
    data : ndarray
        ``(down, across)`` in grey, or ``(down, across, 3)`` in colour, 0 to 1.
    classes : ndarray of uint8 or None
        Same shape; what is 0 shows the data alone.
    colors : sequence of str
        Of the classes.
    down, across : Ticks
        Of the axes.
    words : str
        What it shows.
    opacity : float
        Of the classes, 0 to 1.
    """
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    axes = figure.subplots()
    extent = (*_edges(across, data.shape[1]), *_edges(down, data.shape[0])[::-1])
    _image(axes, data, extent, cmap="gray", vmin=0, vmax=1)
    if classes is not None:
        shown = np.ma.masked_equal(classes, 0)
        _image(axes, shown, extent, cmap=ListedColormap(list(colors)), vmin=0.5, vmax=len(colors) + 0.5, alpha=opacity)
    axes.set(xlabel=across.label, ylabel=down.label)
    return Picture(_png(figure), words)


def values(shown: NDArray[Any], down: Ticks, across: Ticks, *, words: str) -> Picture:
    """Draw values from 0 to 1 with a scale, such as certainty; the arguments are those of :func:`section`."""
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    axes = figure.subplots()
    extent = (*_edges(across, shown.shape[1]), *_edges(down, shown.shape[0])[::-1])
    image = _image(axes, shown, extent, cmap="cividis", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, shrink=0.8)
    axes.set(xlabel=across.label, ylabel=down.label)
    return Picture(_png(figure), words)


def _image(axes: Axes, shown: Any, extent: tuple[float, ...], **how: Any) -> Any:
    left, right, bottom, top = extent
    return axes.imshow(shown, extent=(left, right, bottom, top), aspect="auto", interpolation="nearest", **how)


def _edges(ticks: Ticks, count: int) -> tuple[float, float]:
    half = (ticks.last - ticks.first) / max(count - 1, 1) / 2 or 0.5
    return ticks.first - half, ticks.last + half


def _svg(figure: Figure) -> str:
    # Outlines of letters, so that the file needs no font; fixed names, so that two reports of one run are the same.
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "napari-fhn"}):
        return _uri(figure, "svg", "image/svg+xml", metadata={"Date": None})


def _png(figure: Figure) -> str:
    return _uri(figure, "png", "image/png", dpi=_DOTS)


def _uri(figure: Figure, kind: str, mime: str, **how: Any) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, **how)
    return f"data:{mime};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
