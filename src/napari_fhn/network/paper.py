"""The three networks of Peters, Haber & Lensink (2024), Tables 1 to 3, with the blocks they were trained on."""

from __future__ import annotations

from dataclasses import dataclass

from napari_fhn.network.architecture import Architecture, Reading
from napari_fhn.network.language import parse


@dataclass(frozen=True)
class PaperNetwork:
    """A network of the paper and what it was trained on.

    Parameters
    ----------
    architecture : Architecture
        The network.
    block : tuple of int
        Voxels of one training block along the network's axes.
    input_channels : int
        Channels of the data, which are repeated until they fill the state.
    classes : int
        Classes told apart.
    """

    architecture: Architecture
    block: tuple[int, ...]
    input_channels: int
    classes: int


HYPERSPECTRAL = PaperNetwork(
    parse("3d 16: 6x16 | down 12x16", h=0.2, reading=Reading(channels=(0, 8), axis=2, at=37 / 75)),
    block=(368, 288, 184),
    input_channels=2,
    classes=2,
)
"""Land-use change between two dates: a map from two cubes with axes ``(y, x, band)`` (sections 3.2 to 3.4).

The dates are the channels. The output is half as fine, and the map is read from one band slice. In the authors' script
that is slice 38, counting from one, of the 76 of its output: the middle, as it is on this block.
"""

SEISMIC = PaperNetwork(
    parse("3d 12: 2x8 | down 3x16 | down 3x32 | down 10x32 | up 3x32 | up 3x16 | up 6x8", h=0.2),
    block=(248, 248, 248),
    input_channels=1,
    classes=2,
)
"""Interpretation of a 3D seismic volume."""

AQUIFER = PaperNetwork(
    parse("2d 100: down 2x8 | down 7x8 | down 21x24 | up 6x8 | up 2x8", h=0.2),
    block=(1176, 1176),
    input_channels=100,
    classes=2,
)
"""Regional aquifer mapping from stacks of maps: a reconstruction from four figures of Table 1, not a copy of Table 2.

21.02 GB of states against 1.66 GB (three states) make 38 layers and a state of 0.553 GB: 1176 x 1176 x 100 float32.
1176 = 8 x 147 allows three coarsenings, and 32.19 GB of full 3x3 kernels then leave one split of the 38 layers: 4 of
400 channels, 13 of 1600, 21 of 6400, and none of 100, so the first layer coarsens and the output ends at half the
resolution. For 0.12 GB of block-low-rank kernels, 8, 8 and 24 are the only ranks in multiples of 8 that are the same
within a level and do not fall towards the coarse ones. The order of the layers, ``h`` (that of the other two networks),
the channels of the data and the classes are assumptions.
"""

PAPER: dict[str, PaperNetwork] = {"hyperspectral": HYPERSPECTRAL, "aquifer": AQUIFER, "seismic": SEISMIC}
"""The paper's networks by the name of their example, in the order of Table 1."""
