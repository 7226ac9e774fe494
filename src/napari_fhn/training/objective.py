"""What training minimises, as plain data: losses over labelled voxels, and what is known without labels.

What is known without labels follows Peters (2022), "Point-to-set distance functions for output-constrained neural
networks", Journal of Applied and Numerical Optimization 4, 175-201: a set of outputs that agree with it, and the
squared distance to that set as a term of the loss. All of a block counts then, and not only its labelled voxels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from napari_fhn.box import Box
from napari_fhn.training.errors import JobError, decoded

LOSSES = ("cross-entropy", "focal", "dice", "lovasz")
"""Names of the losses over labelled voxels; :mod:`napari_fhn.training.steps.losses` has the formulas."""

BALANCES = ("none", "sqrt", "effective", "full", "block")
"""How much more a voxel of a rare class weighs, from not at all to inversely to the number of its voxels in the survey,
or in each block for itself."""

_MOST_WEIGHT, _MOST_GAMMA = 1e6, 100.0
"""Larger ones leave nothing of the rest of the loss, and overflow before long."""


@dataclass(frozen=True)
class Share:
    """A class fills between this and that much of the survey.

    Parameters
    ----------
    class_name : str
        Name of the class.
    at_least, at_most : float
        Share of the voxels that have data, from 0 to 1.
    weight : float
        Of the term in the loss.

    Raises
    ------
    JobError
        When the bounds are not in order, or not shares.
    """

    class_name: str
    at_least: float = 0.0
    at_most: float = 1.0
    weight: float = 10.0
    kind: Literal["share"] = field(default="share", init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.at_least <= self.at_most <= 1:
            raise JobError(f"the share of {self.class_name} cannot be from {self.at_least} to {self.at_most} of all")
        _check_weight(self)

    @property
    def name(self) -> str:
        """What the term is called."""
        return f"share of {self.class_name}"


@dataclass(frozen=True)
class Order:
    """Layers lie in this order, from top to bottom; any of them may be missing somewhere.

    Parameters
    ----------
    class_names : tuple of str
        From top to bottom; all classes in the order of the job when empty. Classes that are not named (salt, channels)
        may lie anywhere.
    weight : float
        Of the term in the loss.

    Raises
    ------
    JobError
        When one class is named alone, or twice.
    """

    class_names: tuple[str, ...] = ()
    weight: float = 10.0
    kind: Literal["order"] = field(default="order", init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", tuple(self.class_names))
        if len(self.class_names) == 1 or len(set(self.class_names)) < len(self.class_names):
            raise JobError(f"an order of layers needs two or more classes, each once, not {self.class_names}")
        _check_weight(self)

    @property
    def name(self) -> str:
        """What the term is called."""
        return "order of layers"


@dataclass(frozen=True)
class Absence:
    """A class does not occur here, whatever else does.

    Parameters
    ----------
    class_name : str
        Name of the class.
    boxes : tuple of Box
        Where, in voxels of the labels.
    mask : str or None
        ``.npy`` of the labels' shape, not 0 where the class does not occur; together with the boxes.
    weight : float
        Of the term in the loss.

    Raises
    ------
    JobError
        When no place is named.
    """

    class_name: str
    boxes: tuple[Box, ...] = ()
    mask: str | None = None
    weight: float = 1.0
    kind: Literal["absence"] = field(default="absence", init=False)

    def __post_init__(self) -> None:
        boxes = tuple(box if isinstance(box, Box) else Box(**box) for box in self.boxes)
        object.__setattr__(self, "boxes", boxes)
        if not self.boxes and self.mask is None:
            raise JobError(f"say where {self.class_name} does not occur, with boxes or a mask")
        _check_weight(self)

    @property
    def name(self) -> str:
        """What the term is called."""
        return f"no {self.class_name} there"


@dataclass(frozen=True)
class Smoothness:
    """Bodies have few and short boundaries.

    Parameters
    ----------
    horizontal, vertical : float
        Cost of a boundary between neighbours along the horizontal axes and along the vertical one, relative to each
        other. All axes of a map are horizontal.
    edge : float or None
        Where neighbouring data differ by this much or more, in units of the normalised data, a boundary is cheap; None
        when the data are not looked at.
    weight : float
        Of the term in the loss.

    Raises
    ------
    JobError
        When a number is negative, or the edge is not above 0.
    """

    horizontal: float = 1.0
    vertical: float = 1.0
    edge: float | None = None
    weight: float = 0.3
    kind: Literal["smoothness"] = field(default="smoothness", init=False)

    def __post_init__(self) -> None:
        if not (self.horizontal >= 0 and self.vertical >= 0) or (self.edge is not None and not self.edge > 0):
            raise JobError("the costs of a boundary cannot be negative, and its edge must be above 0")
        if not max(self.horizontal, self.vertical, self.edge or 0) <= _MOST_WEIGHT:
            raise JobError(f"the costs of a boundary, and its edge, can be at most {_MOST_WEIGHT:g}")
        _check_weight(self)

    @property
    def name(self) -> str:
        """What the term is called."""
        return "smoothness"


Knowledge = Share | Order | Absence | Smoothness
"""What can be known without labels."""

_ARRAYS = {"share": 0.2, "order": 5.5, "absence": 2.2, "smoothness": 2.5}
"""Arrays as large as the scores that each term takes in a training step, measured on a CPU."""


def _check_weight(knowledge: Any) -> None:
    if not 0 <= knowledge.weight <= _MOST_WEIGHT:
        raise JobError(f"the weight of {knowledge.name!r} is {knowledge.weight}: it must be from 0 to {_MOST_WEIGHT:g}")


@dataclass(frozen=True)
class Objective:
    """What training minimises.

    Parameters
    ----------
    losses : tuple of str
        One or several of :data:`LOSSES`; their sum is minimised.
    balance : str
        One of :data:`BALANCES`: the weight of a class in cross-entropy and focal loss falls with the number ``n`` of
        its labelled voxels as 1, ``1/sqrt(n)``, ``(1 - beta) / (1 - beta^n)`` or ``1/n``. With ``"block"`` the classes
        that are labelled in a block weigh alike in it, as in the code that goes with the paper. Dice and Lovasz are
        means over classes and balanced by themselves.
    beta : float
        Of the balance ``"effective"`` (Cui et al. 2019): 0 is no balance, towards 1 it becomes full.
    gamma : float
        Of the focal loss: how much less a voxel counts that is already right.
    smoothing : float
        Share of the target that is spread over all classes, in cross-entropy and focal loss.
    knowledge : tuple of Share, Order, Absence, Smoothness
        What is known without labels; each adds a term to the loss.

    Raises
    ------
    JobError
        For an unknown name or a value out of its range.
    """

    losses: tuple[str, ...] = ("cross-entropy",)
    balance: str = "sqrt"
    beta: float = 0.9999
    gamma: float = 2.0
    smoothing: float = 0.0
    knowledge: tuple[Knowledge, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "losses", tuple(self.losses))
        object.__setattr__(self, "knowledge", tuple(self.knowledge))
        unknown = [name for name in self.losses if name not in LOSSES]
        if unknown or not self.losses or len(set(self.losses)) < len(self.losses):
            raise JobError(f"the losses can be {', '.join(LOSSES)}, each once and at least one, not {self.losses}")
        if self.balance not in BALANCES:
            raise JobError(f"the balance of classes can be {', '.join(BALANCES)}, not {self.balance!r}")
        if not 0 <= self.beta < 1:
            raise JobError(f"the balance's beta is {self.beta}: it must be at least 0 and below 1")
        if not 0 <= self.gamma <= _MOST_GAMMA:
            raise JobError(f"the focal loss's gamma is {self.gamma}: it cannot be negative, nor above {_MOST_GAMMA:g}")
        if not 0 <= self.smoothing < 1:
            raise JobError(f"the label smoothing is {self.smoothing}: it must be at least 0 and below 1")

    @property
    def absences(self) -> tuple[Absence, ...]:
        """What is known not to be somewhere, in the order of the batch's masks."""
        return tuple(item for item in self.knowledge if isinstance(item, Absence))

    @property
    def arrays(self) -> float:
        """Arrays as large as the scores that a step takes for what is known without labels; an upper bound."""
        # One more for the probabilities, which all terms share.
        return 1 + sum(_ARRAYS[item.kind] for item in self.knowledge) if self.knowledge else 0.0

    def check(self, classes: Sequence[str], vertical: bool, flat: bool) -> None:
        """Hold what is known against a survey.

        Parameters
        ----------
        classes : sequence of str
            Names of its classes.
        vertical : bool
            Whether it has an axis of time or depth.
        flat : bool
            Whether labels lack an axis that the data have.

        Raises
        ------
        JobError
            When a class is not among them, or an axis is missing.
        """
        for item in self.knowledge:
            named = item.class_names if isinstance(item, Order) else ()
            named = (item.class_name,) if isinstance(item, Share | Absence) else named
            missing = [name for name in named if name not in classes]
            if missing:
                raise JobError(f"{item.name!r} speaks of {', '.join(missing)}; the classes are {', '.join(classes)}")
            if isinstance(item, Order) and not vertical:
                what = "an order of layers needs an axis of time or depth"
                raise JobError(f"{what}: say which one is vertical, or leave the order out")
            if isinstance(item, Smoothness) and item.edge is not None and flat:
                raise JobError("a boundary of a map has no edge in the cube that it is read from: leave the edge out")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Objective:
        """Rebuild an objective from plain JSON types.

        Raises
        ------
        JobError
            When a part is not known or out of its range.
        """
        return decoded(cls, data)
