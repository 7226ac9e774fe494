"""MONAI's U-Net on patches: 3D for volumes, 2D for maps, with a training loop of its own kind."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from monai.networks.nets import UNet
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from accuracy_answers import Answer, Settings
from accuracy_data import Task

_PATCH = {2: 128, 3: 96}
_CHANNELS = (16, 32, 64, 128)
_MULTIPLE = 8
"""Patches are multiples of it: the network halves its resolution three times."""

_RATE = 1e-3


def monai_unet(task: Task, settings: Settings) -> Answer:
    """Train ``monai.networks.nets.UNet`` with Adam and a rate that falls with the time, and slide a window over it all.

    Each patch holds a labelled voxel, of every class as often as of the others, and is turned round at random along
    its horizontal axes. Two-way time is an input channel, as this project's own networks have it.

    Parameters
    ----------
    task : Task
        What to learn from what.
    settings : Settings
        The budget.

    Returns
    -------
    Answer
    """
    answer = Answer()
    torch.manual_seed(task.seed)
    data = _data(task)
    dimensions = task.labels.ndim
    patch = tuple(max(_MULTIPLE, min(size, _PATCH[dimensions]) // _MULTIPLE * _MULTIPLE) for size in task.labels.shape)
    network = UNet(
        spatial_dims=dimensions,
        in_channels=len(data),
        out_channels=len(task.classes),
        channels=_CHANNELS,
        strides=(2,) * (len(_CHANNELS) - 1),
        num_res_units=2,
        norm="instance",
    )
    steps = 0
    with answer.timed("train"):
        optimiser = torch.optim.Adam(network.parameters(), lr=_RATE)
        began = time.process_time()
        patches = _patches(data, task, patch)
        while (share := (time.process_time() - began) / settings.budget) < 1:
            for group in optimiser.param_groups:
                group["lr"] = _RATE * 0.5 * (1 + math.cos(math.pi * share))
            values, known = next(patches)
            optimiser.zero_grad(set_to_none=True)
            # 0 is unlabelled, and becomes what the loss ignores.
            loss = cross_entropy(network(values), known - 1, ignore_index=-1)
            loss.backward()
            optimiser.step()
            steps += 1
    network.eval()
    with answer.timed("predict"), torch.no_grad():
        scores = sliding_window_inference(torch.from_numpy(data)[None], patch, 1, network, overlap=0.25)
        answer.prediction = scores[0].argmax(0).numpy().astype(np.uint8) + np.uint8(1)
    answer.details = {
        "steps": steps,
        "weights": sum(p.numel() for p in network.parameters()),
        "block": patch,
        "channels": _CHANNELS,
    }
    return answer


def _data(task: Task) -> NDArray[np.float32]:
    """Stack the inputs and two-way time, each channel with mean 0 and variance 1; what is missing is 0."""
    parts = []
    for maps in task.inputs:
        values = np.asarray(maps, np.float32)
        axes = tuple(range(1, values.ndim))
        centre, spread = (f(values, axis=axes, keepdims=True) for f in (np.nanmean, np.nanstd))
        parts.append(np.nan_to_num((values - centre) / np.where(spread > 0, spread, 1)))
    if task.vertical_axis is not None:
        shape = task.labels.shape
        along = [1] * len(shape)
        along[task.vertical_axis] = shape[task.vertical_axis]
        position = np.linspace(-1, 1, shape[task.vertical_axis], dtype=np.float32).reshape(along)
        parts.append(np.broadcast_to(position, (1, *shape)))
    return np.concatenate(parts)


def _patches(
    data: NDArray[np.float32], task: Task, patch: tuple[int, ...]
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    rng = np.random.default_rng(task.seed)
    places = [np.argwhere(task.labels == k + 1) for k in range(len(task.classes))]
    places = [found for found in places if len(found)]
    while True:
        at = rng.choice(places[int(rng.integers(len(places)))])
        window = []
        for place, length, size in zip(at, patch, task.labels.shape, strict=True):
            low, high = max(0, int(place) - length + 1), min(int(place), size - length)
            start = int(rng.integers(low, high + 1))
            window.append(slice(start, start + length))
        values, known = data[(slice(None), *window)], task.labels[tuple(window)]
        for axis in range(known.ndim):
            if axis != task.vertical_axis and rng.random() < 0.5:
                values, known = np.flip(values, axis + 1), np.flip(known, axis)
        yield (
            torch.from_numpy(np.ascontiguousarray(values))[None],
            torch.from_numpy(known.astype(np.int64))[None],
        )
