"""Training and predicting as evented state: widgets write it, watch it, and know nothing of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from psygnal import SignalGroupDescriptor


@dataclass
class RunState:
    """Progress of training and predicting; setting a field emits an event of its name.

    Parameters
    ----------
    has_model, has_prediction : bool
        What there is to predict with, and to export.
    task : {"prepare", "train", "predict", "tidy", "export"} or None
        What is under way.
    waiting : bool
        Whether the work is paused.
    share : float
        How much of it is done, 0 to 1.
    seconds_left : float or None
        Estimate.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    has_model: bool = False
    has_prediction: bool = False
    task: str | None = None
    waiting: bool = False
    share: float = 0.0
    seconds_left: float | None = None
