"""Equal memory for networks whose states autograd keeps: blocks halved until a training step fits."""

from __future__ import annotations

from dataclasses import replace

import torch

from napari_fhn.network.build import build
from napari_fhn.training import Job
from napari_fhn.training.plan import Plan, plan_of
from napari_fhn.training.steps.sizing import halved


def within_memory(job: Job, ours: Job) -> Job:
    """Halve the block, and in the end the batch, until a step needs no more than one of the hyperbolic job.

    Parameters
    ----------
    job : Job
        With a network that keeps its states for the way back.
    ours : Job
        The same with a hyperbolic network, whose memory is forecast.

    Returns
    -------
    Job
        With smaller blocks; with the smallest where even they need more.
    """
    most = plan_of(ours).needs().total
    while kept_bytes(step := plan_of(job)) > most:
        smaller = halved(job.schedule, step.block, job.network.multiples)
        if smaller is None:
            break
        job = replace(job, schedule=smaller)
    return job


def kept_bytes(step: Plan) -> int:
    """Count the bytes of a training step: what autograd saves forward, weights, gradients and Adam's moments."""
    network = build(step.network, step.input_channels, step.classes)
    saved: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        scores = network.scores(torch.zeros(step.batch, step.input_channels, *step.block))
    weights = sum(4 * parameter.numel() for parameter in network.parameters())
    del scores  # until here it held on to what was saved
    return sum(saved.values()) + 3 * weights  # the weights themselves are among what is saved
