"""What a trained network makes of a survey inside: its states, averaged over cells, for whoever compares places.

Of each cell: the mean score of every class, and the logarithm of the energy of every channel of the last state. The
hyperbolic network throws nothing of the data away, so its channels are wiggles as the data are: what tells rocks apart
is how strong they are, and not which way they swing. Networks of other kinds give their scores alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from napari_fhn.box import Box
from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.network.forecast import WorkingSet
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.resting import Resting
from napari_fhn.structure.similar.lattice import Lattice
from napari_fhn.training.control import Control
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.job import Job
from napari_fhn.training.machine.device import choose_device
from napari_fhn.training.models import model as models
from napari_fhn.training.prediction import state_file
from napari_fhn.training.prediction.evaluator import Evaluator, Stopped
from napari_fhn.training.prediction.mosaic import mosaic
from napari_fhn.training.prediction.state_file import StatesRecord
from napari_fhn.training.prediction.tiles import choose

_MOST_CELLS = 500_000
_MOST_VALUES = 2**25
"""Numbers in memory at most."""

_MOST_CHANNELS = 32
"""Channels of the last state that are kept: the first, from which classes are read, and some of the others."""


def write_states(job: Job, control: Control | None = None, told: Callable[[float], None] | None = None) -> bool:
    """Let the network of a job look at the whole survey, and write its states beside the prediction.

    Parameters
    ----------
    job : Job
        Its ``model`` folder holds a trained network.
    control : Control, optional
        To stop.
    told : callable, optional
        Told the share that is done.

    Returns
    -------
    bool
        Whether they were written; False when it was stopped.

    Raises
    ------
    JobError
        When the model or the files do not fit.
    """
    control = control or Control()
    device = choose_device(job.device)
    model = models.load(job.model)
    volume = Volume(job.inputs, model.normalisation, model.framing.map_axis)
    model.network.to(device).eval()
    frame = Frame(volume, model.network.architecture, model.framing)
    if model.framing.neighbours:
        frame.know(LabelFile(job.labels, frame.shape, len(model.classes), job.held_out))
    looking = _Looking(model.network, frame, device, memory=job.memory)
    lattice = _cells(frame.shape, frame.framing.vertical_axis, looking.count)
    sums = np.zeros((looking.count, *lattice.shape), np.float32)
    counts = np.zeros(lattice.shape, np.float32)
    try:
        for box, values, share in _looked_at(looking, frame, lattice, control):
            there = frame.present(box)
            cells, into = _in_cells(np.concatenate([values * there, there[None].astype(np.float32)]), box, lattice)
            sums[(slice(None), *into)] += cells[:-1]
            counts[into] += cells[-1]
            if told is not None:
                told(share)
    except Stopped:
        return False
    sums /= np.maximum(counts, 1)
    scores = looking.network.classes
    sums[scores:] = np.log(sums[scores:] + 1e-6)
    sums[:, counts == 0] = 0
    stamps = tuple(item.stamp for item in job.inputs)
    state_file.write(job.prediction, sums.astype(np.float16), StatesRecord(model.sha256, stamps, lattice.cell))
    return True


class _Looking(Evaluator):
    """An evaluator that returns scores and the energy of channels in place of probabilities.

    Attributes
    ----------
    count : int
        Of what it returns.
    """

    def __init__(self, network: SegmentationNetwork, frame: Frame, device: torch.device, memory: int | None) -> None:
        super().__init__(network, frame, device, memory=memory)
        self._kept = 0
        if isinstance(network, HyperbolicNetwork) and frame.map_axis is None:
            self._kept = min(_MOST_CHANNELS, network.architecture.layer_channels[-1])
        self.count = network.classes + self._kept

    def _bytes_per_voxel(self, working_set: WorkingSet | None = None) -> float:
        return super()._bytes_per_voxel(working_set) + 4 * 3 * self.count

    @property
    def _heeds(self) -> bool:
        return not self._kept and super()._heeds  # states are made without asking

    def _say(self, data: Tensor, resting: Resting) -> Tensor:
        found = self._scores(data, resting)
        if self._kept and isinstance(self.network, HyperbolicNetwork):
            energy = self.network.states(data)[0][:, : self._kept].float() ** 2
            multiples = self.network.architecture.multiples
            padded = [-(-n // multiple) * multiple for n, multiple in zip(data.shape[2:], multiples, strict=True)]
            if list(energy.shape[2:]) != padded:
                energy = F.interpolate(energy, size=padded, mode="nearest")
            cropped = energy[(slice(None), slice(None), *(slice(0, n) for n in data.shape[2:]))]
            found = torch.cat([found, cropped], 1)
        return found


def _cells(shape: tuple[int, ...], vertical: int | None, count: int) -> Lattice:
    side = 1 if len(shape) == 2 and vertical is None else 2
    finest = tuple(4 if axis == vertical else side for axis in range(len(shape)))
    lateral = tuple(axis for axis in range(len(shape)) if axis != vertical)
    return Lattice.covering(shape, finest, max(1, min(_MOST_CELLS, _MOST_VALUES // count)), lateral)


def _looked_at(
    looking: _Looking, frame: Frame, lattice: Lattice, control: Control
) -> Iterator[tuple[Box, NDArray[np.float32], float]]:
    """Yield boxes with their states: of a network that sees sections, the middle ones of the cells in one direction."""
    whole = Box.whole(frame.shape)
    across = frame.sections[0] if frame.sections else None
    regions = [whole]
    if across is not None:
        regions = []
        for centre in lattice.centres[across].tolist():
            regions.append(whole.slab(across, centre, centre + 1))

    def evaluate(box: Box, used: Box) -> NDArray[np.float32]:
        if control.stop.is_set():
            raise Stopped
        return looking.probabilities(box, used, across, control)

    done, total = 0, sum(math.prod(region.shape) for region in regions)
    for region in regions:
        sections = None if across is None else (across, 1)
        cut = choose(region, looking.multiples(across), looking.radius, looking.voxels, sections)
        for box, values in mosaic(cut, evaluate):
            done += math.prod(box.shape)
            yield box, values, done / total


def _in_cells(values: NDArray[np.float32], box: Box, lattice: Lattice) -> tuple[NDArray[np.float32], tuple[slice, ...]]:
    """Return the sums of ``(n, *box.shape)`` over the part of each cell that is in a box, and where those cells are."""
    into = []
    for axis, (start, stop, n) in enumerate(zip(box.start, box.stop, lattice.cell, strict=True), 1):
        first = start // n
        edges = np.maximum(np.arange(first, -(-stop // n)) * n - start, 0)
        values = np.add.reduceat(values, edges, axis)
        into.append(slice(first, first + len(edges)))
    return values, tuple(into)
