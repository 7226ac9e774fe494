"""The three networks of Peters, Haber & Lensink (2024), Tables 1 to 3, with the blocks they were trained on."""

from __future__ import annotations

from dataclasses import dataclass

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.language import parse
from napari_fhn.network.readings import Reading


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
    parse("3d 16: 6x16 | down 12x16", h=0.2, reading=Reading(channels=(0, 8), axis=2, at=37 / 91)),
    block=(368, 288, 184),
    input_channels=2,
    classes=2,
)
"""Land-use change between two dates: a map from two cubes with axes ``(y, x, band)`` (sections 3.2 to 3.4).

The dates are the channels. The output is half as fine, and the map is read from one band slice: the one with index 37,
counting from 0, of the 92 of the output. So do the authors' public scripts; the paper speaks of a few slices, and names
none.
"""

SEISMIC = PaperNetwork(
    parse("3d 12: 2x8 | down 3x16 | down 3x32 | down 10x32 | up 3x32 | up 3x16 | up 6x8", h=0.2),
    block=(248, 248, 248),
    input_channels=1,
    classes=2,
)
"""Interpretation of a 3D seismic volume."""

AQUIFER = PaperNetwork(
    parse("2d 112: 4x24 | down 3x24 | down 3x24 | down 17x24 | up 3x24 | up 3x24 | up 5x24", h=0.2),
    block=(848, 1456),
    input_channels=56,
    classes=2,
)
"""Regional aquifer mapping from 56 maps: magnetics, two gravity grids, topography and 52 one-hot maps of geology.

The 112 channels are the maps twice. The numbers of Table 2 overlap ("29-32" and "32-34") and go up to 39. With 38
layers, 4, 3, 3, 17, 3, 3 and 5, all four figures of Table 1 come out as printed: 21.02 and 1.66 GB of states, 32.19 and
0.12 GB of kernels. The step ``h`` is that of the other two networks; the paper does not print it.
"""

PAPER: dict[str, PaperNetwork] = {"hyperspectral": HYPERSPECTRAL, "aquifer": AQUIFER, "seismic": SEISMIC}
"""The paper's networks by the name of their example, in the order of Table 1."""
