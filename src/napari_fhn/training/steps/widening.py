"""A network's state is as wide as the data and the classes need, whatever its description says."""

from __future__ import annotations

from dataclasses import replace

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.comparison import NetworkDescription, UNetArchitecture
from napari_fhn.sentence import counted

_ROUND = 8
"""Channels come in multiples of this."""


def widened(network: NetworkDescription, seen: int, classes: int) -> tuple[NetworkDescription, str]:
    """Return a network that has room for what goes in and comes out.

    Parameters
    ----------
    network : NetworkDescription
        As it was chosen.
    seen : int
        Channels that go in, with neighbours and positions.
    classes : int
        That are read from its last state.

    Returns
    -------
    NetworkDescription
        The same one where it has room.
    str
        A sentence about what was changed; empty where nothing was.

    Raises
    ------
    ValueError
        When a network of so many channels cannot be.

    Examples
    --------
    >>> from napari_fhn.network.architecture import levels
    >>> network, said = widened(levels(2, 8, (4, 4), 1), seen=3, classes=200)
    >>> network.channels, said
    (200, "There are 200 classes; the network's state was widened to 200.")
    """
    lifted, read, why = seen, 0, f"The data have {counted(seen, 'channels')}"
    if isinstance(network, Architecture):
        lifted *= 2 ** (network.dimensions * network.haar_lift)
    if not isinstance(network, UNetArchitecture) and network.reading.head == "partial":
        last = (network.layer_channels if isinstance(network, Architecture) else network.stage_channels)[-1]
        # The last state has so many times the channels of the first, or so many times fewer.
        read = -(-classes * network.channels // last)
    needed = max(lifted, read)
    if needed <= network.channels:
        return network, ""
    if read > lifted:
        why = f"There are {counted(classes, 'classes')}"
    channels = -(-needed // _ROUND) * _ROUND
    return replace(network, channels=channels), f"{why}; the network's state was widened to {channels}."
