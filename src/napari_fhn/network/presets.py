"""Networks by name: those of the recipes, and the paper's."""

from __future__ import annotations

from pathlib import Path

from napari_fhn.network.architecture import Architecture, levels
from napari_fhn.network.comparison import NetworkDescription
from napari_fhn.network.paper import PAPER
from napari_fhn.network.paper_compared import COMPARED

PRESETS: dict[str, Architecture] = {
    "sections": levels(2, 8, (8, 16, 24, 32), 2, output_level=2, context=1),
    "layers": levels(2, 16, (8, 16, 24, 32), 2, output_level=2, context=1),
    "volume": levels(3, 8, (8, 16, 32), 2, output_level=1),
    "map": levels(2, 32, (8, 16), 2),
}
"""Architectures by name: 2D on vertical sections of a volume, without and with what wells say, 3D on blocks of it, 2D
on maps and cubes of bands."""


def architecture(name: str) -> Architecture:
    """Return a preset by its name: one of :data:`PRESETS`, or ``paper.`` and a name of ``paper.PAPER``.

    Raises
    ------
    ValueError
        For an unknown name, or that of a ResNet; the message lists the known ones.
    """
    found = named(name)
    if not isinstance(found, Architecture):
        raise ValueError(f"{name} is no hyperbolic network: named() of this module returns it")
    return found


def named(name: str) -> NetworkDescription:
    """Return a network by its name: as :func:`architecture`, or one that the paper compares its own with.

    Raises
    ------
    ValueError
        For an unknown name; the message lists the known ones.

    Examples
    --------
    >>> named("paper.resnet1").stage_channels
    (16, 128)
    """
    known: dict[str, NetworkDescription] = {
        **PRESETS,
        **{f"paper.{key}": network.architecture for key, network in PAPER.items()},
        **{f"paper.{key}": compared.architecture for key, compared in COMPARED.items()},
    }
    try:
        return known[name]
    except KeyError:
        other = (
            "; a trained network is given as --start-from, one of others as --backbone" if Path(name).exists() else ""
        )
        raise ValueError(f"no network is called {name!r}; known are {', '.join(known)}{other}") from None
