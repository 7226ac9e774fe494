"""How classes are read from the last state, as plain data (without torch): from which channels, from which slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_fhn.network.bounds import one_of

Head = Literal["partial", "linear"]


@dataclass(frozen=True)
class Reading:
    """How classes are read from the last state (sections 3.2 to 3.4).

    Parameters
    ----------
    channels : tuple of int, optional
        Channels of the last state that hold the scores, one for each class in order; None for the first ones.
    axis : int, optional
        Spatial axis of which a slice, or several, are read: a map from a cube. None to read everywhere.
    at : float or tuple of float
        Where along ``axis``, from 0 (first slice) to 1 (last); see :meth:`indices`. With several, each slice is held
        against the labels while training, as if it were an example of its own, and predictions read their mean.
    head : {"partial", "linear"}
        ``"partial"`` reads channels as they are (the partial loss). ``"linear"`` is a trainable 1x1 map of all channels
        to the classes, which cannot be inverted.

    Raises
    ------
    ValueError
        When a part is out of range, or channels are chosen for a head that reads all of them.
    """

    channels: tuple[int, ...] | None = None
    axis: int | None = None
    at: float | tuple[float, ...] = 0.5
    head: Head = "partial"

    def __post_init__(self) -> None:
        one_of("the head of a reading", self.head, Head)
        positions = self.at if isinstance(self.at, tuple | list) else (self.at,)
        if not positions or not all(0 <= position <= 1 for position in positions):
            raise ValueError(f"a slice is read between 0 (the first) and 1 (the last), not at {self.at}")
        if len(positions) > 1 and self.axis is None:
            raise ValueError("slices are read along an axis: name it, or leave out where they lie")
        # One position is written as a number, so that equal readings compare equal.
        object.__setattr__(self, "at", positions[0] if len(positions) == 1 else tuple(positions))
        if self.axis is not None and self.axis < 0:
            raise ValueError(f"the axis of which a slice is read is counted from 0, got {self.axis}")
        if self.channels is None:
            return
        channels = tuple(int(channel) for channel in self.channels)
        if not channels or min(channels) < 0 or len(set(channels)) < len(channels):
            raise ValueError(f"classes are read from channels counted from 0, each once, and not from {channels}")
        if self.head == "linear":
            raise ValueError("a linear head reads all channels: leave out the channels, or take the partial head")
        object.__setattr__(self, "channels", channels)

    @property
    def slices(self) -> int:
        """How many slices are read."""
        return len(self.at) if isinstance(self.at, tuple) else 1

    def indices(self, size: int) -> tuple[int, ...]:
        """Return the slices that are read, counted from 0, where the axis has this many.

        Examples
        --------
        >>> Reading(axis=2, at=(0.25, 0.5)).indices(9)
        (2, 4)
        """
        positions = self.at if isinstance(self.at, tuple) else (self.at,)
        return tuple(round(position * (size - 1)) for position in positions)


def check_reading(reading: Reading, dimensions: int, last: int) -> None:
    """Hold a reading against a network of so many axes, whose last state has so many channels.

    Raises
    ------
    ValueError
        When it has no such axis, or no such channel.
    """
    if reading.axis is not None and reading.axis >= dimensions:
        raise ValueError(
            f"a slice is read along axis {reading.axis}, and a {dimensions}D network has axes 0 to {dimensions - 1}"
        )
    if reading.channels is not None and max(reading.channels) >= last:
        raise ValueError(
            f"classes are read from channel {max(reading.channels)}, and the last state has {last}, counted from 0"
        )
