"""One class of a survey: label value, name, colour, and the code that files have for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from napari_fhn.labels.classes.codes import LARGEST
from napari_fhn.labels.errors import LabelError

#: Largest label value: labels are uint8, and 0 is "unlabelled".
MAX_VALUE = 255
#: Okabe and Ito's colours for all kinds of colour vision (black left out: it vanishes on a dark canvas). Those after
#: them lie as far as they can from all before, to the eye that tells them apart worst, and are no greys, as data are.
PALETTE = (
    "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7",
    "#882255", "#c3e1b4", "#a5000f", "#3cf0ff", "#875a4b", "#8778ff", "#c31e87", "#4b0ff0", "#b4b478",
)  # fmt: skip


@dataclass(frozen=True)
class LabelClass:
    """One class.

    Attributes
    ----------
    value : int
        Label value, 1 to 255.
    name : str
        Name as people say it.
    color : str
        ``#rrggbb``.
    code : int
        What files have for it, 0 to 2,147,483,647; the value where it is not given.

    Raises
    ------
    LabelError
        For a value or a code out of range, an empty name or a malformed colour.
    """

    value: int
    name: str
    color: str
    code: int = -1

    def __post_init__(self) -> None:
        if self.code == -1:
            object.__setattr__(self, "code", self.value)
        if self.value == 0:
            raise LabelError(f"class '{self.name}' has value 0, which means unlabelled", "Use values from 1")
        if not 1 <= self.value <= MAX_VALUE:
            raise LabelError(f"class '{self.name}' has value {self.value}", f"Use values from 1 to {MAX_VALUE}")
        if not 0 <= self.code <= LARGEST:
            raise LabelError(f"class '{self.name}' has the code {self.code}", f"Use codes from 0 to {LARGEST:,}")
        if not self.name.strip():
            raise LabelError(f"the class of value {self.value} has no name", "Name it")
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.color):
            raise LabelError(f"class '{self.name}' has colour '{self.color}'", "Write colours as #rrggbb")
