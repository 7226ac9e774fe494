"""What a network must be told about the axes of a survey, as plain data that is kept with its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from napari_fhn.training.errors import JobError, decoded

Position = Literal["none", "vertical", "all"]


@dataclass(frozen=True)
class Framing:
    """The axes of a survey as a network sees them.

    Parameters
    ----------
    vertical_axis : int or None
        Spatial axis of two-way time or depth; None for maps. With one, a survey of two axes is a line.
    map_axis : int or None
        Spatial axis of the inputs that labels and prediction do not have: a map from a cube.
    position : {"none", "vertical", "all"}
        Along which axes the place of a voxel is an input channel.
    neighbours : bool
        Whether what the nearest labelled columns say is an input too, a channel for each class and one for the distance
        (:class:`~napari_fhn.training.data.neighbours.Neighbours`).

    Raises
    ------
    JobError
        When the position is none of those, or neighbours are asked for where the labels are a map of a cube.
    """

    vertical_axis: int | None = None
    map_axis: int | None = None
    position: Position = "vertical"
    neighbours: bool = False

    def __post_init__(self) -> None:
        if self.position not in get_args(Position):
            raise JobError(f"the position can be {', '.join(get_args(Position))}, not {self.position!r}")
        if self.neighbours and self.map_axis is not None:
            raise JobError("what the nearest labels say cannot be an input of a map from a cube: leave it out")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Framing:
        """Rebuild from plain JSON types; what an older version did not know has its default."""
        return decoded(cls, data)
