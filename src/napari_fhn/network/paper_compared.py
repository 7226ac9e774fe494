"""What the paper compares its networks with: the ResNets of Table 5, and networks a and b of Table 6."""

from __future__ import annotations

from dataclasses import dataclass

from napari_fhn.network.comparison import NetworkDescription, ResNetArchitecture, Stage
from napari_fhn.network.language import parse
from napari_fhn.network.paper import HYPERSPECTRAL, SEISMIC, PaperNetwork
from napari_fhn.network.readings import Reading


@dataclass(frozen=True)
class Compared:
    """A network to compare one of the paper's with.

    Parameters
    ----------
    architecture : NetworkDescription
        The network.
    beside : PaperNetwork
        That of the paper; block, channels of the data and classes are the same.
    trained : bool
        Whether the paper could train it: the others ran out of memory on its GPU of 24 GB.
    """

    architecture: NetworkDescription
    beside: PaperNetwork
    trained: bool = True


def _resnet(fine: int, coarse: int) -> ResNetArchitecture:
    """Return a ResNet of Table 5 with so many layers before and behind its one pooling.

    Sixteen channels, and 128 behind the pooling, where the first layer is the plain convolution that makes them so
    many. "We employ the BLR layers, as in the fully invertible hyperbolic network" (appendix A.1): block rank 16. The
    classes are read where the paper's own network has them.
    """
    reading = HYPERSPECTRAL.architecture.reading
    return ResNetArchitecture(
        3,
        16,
        (Stage("keep", fine, rank=16), Stage("coarsen", coarse, rank=16)),
        h=0.2,
        reading=Reading(reading.channels, reading.axis, reading.at),
    )


_TABLE_5 = ((3, 4), (2, 5), (5, 2), (6, 1), (3, 5), (5, 3))

COMPARED: dict[str, Compared] = {
    **{
        f"resnet{number}": Compared(_resnet(fine, coarse), HYPERSPECTRAL, trained=number <= 3)
        for number, (fine, coarse) in enumerate(_TABLE_5, 1)
    },
    "a": Compared(parse("3d 12: 2x8 | down 3x16 | down 12x32 | up 3x16 | up 6x8", h=0.2), SEISMIC),
    "b": Compared(parse("3d 12: 2x12 | down 2x96 | down 2x768 | up 2x96 | up 6x12", h=0.2), SEISMIC),
}
"""By name. Networks a and b are hyperbolic ones with a level less than the seismic network: a has layers of low block
rank, b full ones. The paper trained them keeping every state; here they are trained as any other hyperbolic network."""
