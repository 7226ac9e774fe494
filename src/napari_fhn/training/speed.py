"""What is set so that a device computes as fast as it can: the one place for training and prediction alike."""

from __future__ import annotations

import torch

_ENOUGH_THREADS = 3
"""Threads from which one more costs less than it saves: the next batch is drawn in a twentieth of a step's work."""


def draws_ahead(device: torch.device) -> bool:
    """Tell whether the next batch is drawn while a step is computed.

    Two threads of two cores have no time left for a third: whoever waits for the one that was interrupted loses what it
    saved.
    """
    return device.type != "cpu" or torch.get_num_threads() >= _ENOUGH_THREADS
