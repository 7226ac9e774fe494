"""Equal memory for networks whose states autograd keeps: blocks halved until a training step fits."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.build import build
from napari_fhn.network.comparison import NetworkDescription
from napari_fhn.network.forecast import forecast
from napari_fhn.training import Job
from napari_fhn.training.frame import Frame
from napari_fhn.training.volume import Volume


def within_memory(job: Job, ours: Job) -> Job:
    """Halve the batch, then the longest side of the block, until a step needs no more than one of the hyperbolic job.

    Parameters
    ----------
    job : Job
        With a network that keeps its states for the way back.
    ours : Job
        The same with a hyperbolic network, whose memory is forecast.

    Returns
    -------
    Job
        With a smaller batch and block.
    """
    volume, classes = Volume(job.inputs), len(job.classes)
    most = forecast_bytes(ours, Frame(volume, ours.network, ours.framing).channels)
    channels = Frame(volume, job.network, job.framing).channels
    batch, block = job.schedule.batch, list(job.schedule.block)
    smallest = job.network.multiples
    while kept_bytes(job.network, channels, classes, batch, block) > most:
        able = [axis for axis, size in enumerate(block) if size >= 2 * smallest[axis]]
        if batch > 1:
            batch //= 2
        elif able:
            block[max(able, key=block.__getitem__)] //= 2
        else:
            break
    return replace(job, schedule=replace(job.schedule, batch=batch, block=tuple(block)))


def kept_bytes(network: NetworkDescription, channels: int, classes: int, batch: int, block: list[int]) -> int:
    """Count the bytes of a training step: what autograd saves forward, weights, gradients and Adam's moments."""
    made = build(network, channels, classes)
    saved: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    space = [-(-size // multiple) * multiple for size, multiple in zip(block, network.multiples, strict=True)]
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        scores = made.scores(torch.zeros(batch, channels, *space))
    weights = sum(4 * parameter.numel() for parameter in made.parameters())
    del scores
    return sum(saved.values()) + 3 * weights  # the weights themselves are among what is saved


def forecast_bytes(job: Job, channels: int) -> int:
    """Forecast the bytes of a training step of a job with a hyperbolic network."""
    network = job.network
    if not isinstance(network, Architecture):
        raise ValueError(f"the memory of a {network.kind} network is not forecast")
    lifted = channels * 2 ** (network.dimensions * network.haar_lift)
    if lifted > network.channels:  # as training widens it
        network = replace(network, channels=8 * math.ceil(lifted / 8))
    block = [
        -(-size // multiple) * multiple for size, multiple in zip(job.schedule.block, network.multiples, strict=True)
    ]
    return forecast(network, block, batch=job.schedule.batch, input_channels=channels, classes=len(job.classes)).total
