"""Colours of the trade for amplitudes: grey, black-white-red, red-white-blue, each for either polarity."""

from __future__ import annotations

import numpy as np
from napari.utils.colormaps import AVAILABLE_COLORMAPS, Colormap

#: From the lowest to the highest amplitude, with zero in the middle.
_ENDS = {
    "grey": ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (1.0, 1.0, 1.0)),
    "black-white-red": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.8, 0.05, 0.05)),
    "red-white-blue": ((0.75, 0.05, 0.1), (1.0, 1.0, 1.0), (0.05, 0.2, 0.7)),
}
NAMES = tuple(_ENDS)
_CALLED = {"grey": "white-black", "black-white-red": "red-white-black", "red-white-blue": "blue-white-red"}
"""The other way round, in napari's lists. They make room for their longest line beside the canvas, wanted or not."""
_REVERSED = ", reversed"


def name_of(colors: str, *, reverse: bool) -> str:
    """Return the name by which a session finds a colormap again."""
    return f"seismic {colors}{_REVERSED if reverse else ''}"


def colormap(colors: str, *, reverse: bool = False) -> Colormap:
    """Return a colormap, known to napari by its name from then on, so that a session finds it again.

    Parameters
    ----------
    colors : str
        One of `NAMES`.
    reverse : bool
        For data of the other polarity: the highest amplitude has the colour that else the lowest has.

    Examples
    --------
    >>> len(colormap("red-white-blue").colors)
    3
    >>> colormap("red-white-blue", reverse=True).name
    'seismic red-white-blue, reversed'
    """
    name = name_of(colors, reverse=reverse)
    if name not in AVAILABLE_COLORMAPS:
        ends = _ENDS[colors][::-1] if reverse else _ENDS[colors]
        called = _CALLED[colors] if reverse else colors
        AVAILABLE_COLORMAPS[name] = Colormap(np.array(ends), name=name, display_name=called)
    return AVAILABLE_COLORMAPS[name]


def register() -> None:
    """Let napari know all of them."""
    for colors in NAMES:
        for reverse in (False, True):
            colormap(colors, reverse=reverse)


def said(name: str) -> tuple[str, bool] | None:
    """Return the colours and whether they are reversed, of a colormap by its name; None for another.

    Examples
    --------
    >>> said("seismic grey, reversed")
    ('grey', True)
    >>> said("gray")
    ('grey', False)
    """
    if name == "gray":  # napari's own, which surveys come with
        return "grey", False
    colors = name.removeprefix("seismic ").removesuffix(_REVERSED)
    return (colors, name.endswith(_REVERSED)) if name.startswith("seismic ") and colors in NAMES else None
