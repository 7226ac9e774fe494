"""The reader contribution: survey files become image layers; what cannot be read becomes a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import napari
from napari.utils.notifications import show_error

from napari_fhn import surveys
from napari_fhn.widgets.placement import image_layer, upright_on_arrival

_OURS = (".sgy", ".segy", ".hdr")
"""Suffixes whose failure to open is ours to explain; other files are left to other readers."""


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[tuple[Any, ...]]] | None:
    """Return a reader for a survey file, None for everything else.

    Parameters
    ----------
    path : str or sequence of str
        What was dropped; all files of a sequence must be surveys.
    """
    paths = [Path(p) for p in ([path] if isinstance(path, str) else path)]
    if paths and all(p.suffix.lower() in _OURS or surveys.can_open(p) for p in paths):
        return read
    return None


def read(path: str | Sequence[str]) -> list[tuple[Any, ...]]:
    """Open surveys lazily as image layers.

    Parameters
    ----------
    path : str or sequence of str
        The files.

    Returns
    -------
    list of tuple
        Layer data; napari's "nothing" where no file could be read (the reason is shown as a notification).
    """
    layers: list[tuple[Any, ...]] = []
    for one in [path] if isinstance(path, str) else path:
        try:
            layers.append(image_layer(surveys.open(one)))
        except surveys.SurveyError as error:
            show_error(str(error))
    if not layers:
        return [(None,)]
    upright_on_arrival(napari.current_viewer())
    return layers
