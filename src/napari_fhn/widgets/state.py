"""What the dock shows, as evented state: widgets write it, watch it, and know nothing of each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_fhn.labels import ClassTable


@dataclass
class DeskState:
    """The state of one dock; setting a field emits an event of its name.

    Parameters
    ----------
    chosen : tuple of napari.layers.Image
        Ticked image layers, in the order of the layer list.
    vertical_axis : int or None
        Spatial axis of time or depth that the person chose, for arrays whose axes have no names.
    classes : ClassTable
        The classes.
    counts : dict
        Labelled voxels of each label value.
    recipe, device : str
        Of the next training.
    steps : int or None
        Training steps; None for the recipe's.
    held_out : int
        Labelled bodies to keep for the score.
    has_labels, has_model, has_prediction : bool
        What there is to train on, to predict with, to export.
    task : {"prepare", "train", "predict", "export"} or None
        What is under way.
    share : float
        How much of it is done, 0 to 1.
    seconds_left : float or None
        Estimate.
    message : str
        The sentence that says what is happening.
    note : str
        Something worth knowing that does not stop the work.
    error : bool
        Whether the message reports an error.
    detail : str
        Its traceback or log, for a report.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    chosen: tuple[Any, ...] = ()
    vertical_axis: int | None = 2
    classes: ClassTable = field(default_factory=lambda: ClassTable.default(3))
    counts: dict[int, int] = field(default_factory=dict)
    recipe: str = ""
    device: str = "auto"
    steps: int | None = None
    held_out: int = 0
    has_labels: bool = False
    has_model: bool = False
    has_prediction: bool = False
    task: str | None = None
    share: float = 0.0
    seconds_left: float | None = None
    message: str = "Open a survey: drop a file on the viewer, or File > Open Sample > FHN."
    note: str = ""
    error: bool = False
    detail: str = ""


@dataclass
class History:
    """Curves of one training; ``changed`` is emitted by whoever has added to them.

    Parameters
    ----------
    steps, losses : list
        Of each training step.
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
    scored: dict[bool, tuple[list[int], list[float]]] = field(default_factory=lambda: {False: ([], []), True: ([], [])})
    iou: tuple[float | None, ...] = ()
    iou_held_out: bool = False

    def clear(self) -> None:
        """Begin anew."""
        self.steps.clear()
        self.losses.clear()
        self.scored = {False: ([], []), True: ([], [])}
        self.iou, self.iou_held_out = (), False
        self.changed.emit()
