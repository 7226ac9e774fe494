"""A time slice in view of a network that sees sections: all sections cross it, and it is filled coarse first."""

from __future__ import annotations

from collections.abc import Iterator

from napari_fhn.box import Box
from napari_fhn.training.control import Control, Focus
from napari_fhn.training.prediction.predictor import Predictor

_COARSEST = 16
"""Sections from one to the next in the first way over the slice."""


def coarse_first(size: int) -> Iterator[tuple[int, int]]:
    """Yield every index once, first few all over the range, then those between: index and how many it stands for.

    What an index stands for ends before the next one that came earlier, so filling it overwrites nothing better.
    """
    step = _COARSEST
    for index in range(0, size, step):
        yield index, min(step, size - index)
    while step > 1:
        step //= 2
        for index in range(step, size, 2 * step):
            yield index, min(step, size - index)


def time_slice(predictor: Predictor, focus: Focus, control: Control | None = None) -> Iterator[Box]:
    """Predict a slice that crosses all sections, yielding each box of it as it is written.

    Of every section only a window around the slice is computed, half the network's receptive field to each side. Until
    its neighbours have their turn a section stands for them.

    Parameters
    ----------
    predictor : Predictor
        Of a 2.5D network.
    focus : Focus
        The slice: across the vertical axis.
    control : Control, optional
        To stop.
    """
    across, vertical = predictor.frame.sections[0], focus.axis
    reach = predictor.network.architecture.receptive_radius // 2
    for index, count in coarse_first(predictor.shape[across]):
        if control is not None and control.stop.is_set():
            return
        start, stop = [0, 0, 0], list(predictor.shape)
        start[across], stop[across] = index, index + 1
        start[vertical] = max(0, focus.index - reach)
        stop[vertical] = min(predictor.shape[vertical], focus.index + reach + 1)
        window = Box(tuple(start), tuple(stop))
        said = predictor.combined(window, predictor.network_probabilities(window, across))
        start[vertical], stop[vertical] = focus.index, focus.index + 1
        line = said.within(Box(tuple(start), tuple(stop)), window)
        stop[across] = index + count
        box = Box(tuple(start), tuple(stop))
        predictor.put(box, line.repeated(count, across))
        yield box
