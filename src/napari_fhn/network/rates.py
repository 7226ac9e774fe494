"""Learning rates relative to the size of what learns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn


def relative_groups(
    kernels: Iterable[nn.Parameter],
    scales: Iterable[float],
    others: Iterable[nn.Parameter],
    learning_rate: float,
    weight_decay: float,
) -> list[dict[str, Any]]:
    """Return optimiser groups in which each kernel learns at a rate relative to its initial size.

    Parameters
    ----------
    kernels : iterable of Parameter
        Convolution kernels and other matrices.
    scales : iterable of float
        Standard deviation of each at the start.
    others : iterable of Parameter
        Biases, gains and offsets; they have unit size and do not decay.
    learning_rate, weight_decay : float
        For weights of unit size.

    Returns
    -------
    list of dict
        For a ``torch.optim`` optimiser with decoupled decay.
    """
    groups: list[dict[str, Any]] = [
        {"params": [values], "lr": learning_rate * scale, "weight_decay": weight_decay / scale}
        for values, scale in zip(kernels, scales, strict=True)
    ]
    vectors = list(others)
    if vectors:
        groups.append({"params": vectors, "lr": learning_rate, "weight_decay": 0.0})
    return groups
