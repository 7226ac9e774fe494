"""Training and predicting as evented state: widgets write it, watch it, and know nothing of each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from psygnal import Signal, SignalGroupDescriptor


@dataclass
class RunState:
    """Progress of training and predicting; setting a field emits an event of its name.

    Parameters
    ----------
    has_model, has_prediction : bool
        What there is to predict with, and to export.
    task : {"prepare", "train", "predict", "export"} or None
        What is under way.
    share : float
        How much of it is done, 0 to 1.
    seconds_left : float or None
        Estimate.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    has_model: bool = False
    has_prediction: bool = False
    task: str | None = None
    share: float = 0.0
    seconds_left: float | None = None


@dataclass
class History:
    """Curves of one training; ``changed`` is emitted by whoever has added to them.

    Parameters
    ----------
    steps, losses, seconds : list
        Of each training step: its number, loss and duration.
    memory : int or None
        Bytes that the training process holds.
    invertibility_error : float or None
        Relative error of the states recomputed in the last step.
    scored : dict
        For scores on the training labels (False) and on those held out (True): steps and mean IoU.
    iou : tuple of float or None
        The last IoU of each class, held out where there is such a score.
    iou_held_out : bool
        Which of the two it is.
    """

    changed: ClassVar[Signal] = Signal()

    steps: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    memory: int | None = None
    invertibility_error: float | None = None
    scored: dict[bool, tuple[list[int], list[float]]] = field(default_factory=lambda: {False: ([], []), True: ([], [])})
    iou: tuple[float | None, ...] = ()
    iou_held_out: bool = False

    def clear(self) -> None:
        """Begin anew."""
        self.steps.clear()
        self.losses.clear()
        self.seconds.clear()
        self.memory = self.invertibility_error = None
        self.scored = {False: ([], []), True: ([], [])}
        self.iou, self.iou_held_out = (), False
        self.changed.emit()
