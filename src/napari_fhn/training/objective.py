"""What training minimises, as plain data: losses over labelled voxels and how classes are balanced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_fhn.training.errors import JobError

LOSSES = ("cross-entropy", "focal", "dice", "lovasz")
"""Names of the losses over labelled voxels; :mod:`napari_fhn.training.losses` has the formulas."""

BALANCES = ("none", "sqrt", "effective", "full")
"""How much more a voxel of a rare class weighs, from not at all to inversely to the number of its voxels."""


@dataclass(frozen=True)
class Objective:
    """What training minimises.

    Parameters
    ----------
    losses : tuple of str
        One or several of :data:`LOSSES`; their sum is minimised.
    balance : str
        One of :data:`BALANCES`: the weight of a class in cross-entropy and focal loss falls with the number ``n`` of
        its labelled voxels as 1, ``1/sqrt(n)``, ``(1 - beta) / (1 - beta^n)`` or ``1/n``. Dice and Lovasz are means
        over classes and balanced by themselves.
    beta : float
        Of the balance ``"effective"`` (Cui et al. 2019): 0 is no balance, towards 1 it becomes full.
    gamma : float
        Of the focal loss: how much less a voxel counts that is already right.
    smoothing : float
        Share of the target that is spread over all classes, in cross-entropy and focal loss.

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "losses", tuple(self.losses))
        unknown = [name for name in self.losses if name not in LOSSES]
        if unknown or not self.losses or len(set(self.losses)) < len(self.losses):
            raise JobError(f"the losses can be {', '.join(LOSSES)}, each once and at least one, not {self.losses}")
        if self.balance not in BALANCES:
            raise JobError(f"the balance of classes can be {', '.join(BALANCES)}, not {self.balance!r}")
        if not 0 <= self.beta < 1:
            raise JobError(f"the balance's beta is {self.beta}: it must be at least 0 and below 1")
        if not self.gamma >= 0:
            raise JobError(f"the focal loss's gamma is {self.gamma}: it cannot be negative")
        if not 0 <= self.smoothing < 1:
            raise JobError(f"the label smoothing is {self.smoothing}: it must be at least 0 and below 1")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Objective:
        """Rebuild an objective from plain JSON types.

        Raises
        ------
        JobError
            When a part is not known or out of its range.
        """
        try:
            return cls(**data)
        except TypeError as error:
            raise JobError(f"the objective has a part this version does not know: {error}") from error
