"""Survey files become image layers; what cannot be read becomes a sentence. `claims` is who asks for it in napari."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import napari
import xarray as xr
from napari.utils.notifications import show_error

from napari_fhn import surveys
from napari_fhn.surveys.axes import ReadingChoice
from napari_fhn.surveys.remote.fetching import local
from napari_fhn.surveys.segy.guess import GridGuess
from napari_fhn.surveys.segy.previews import guesses
from napari_fhn.widgets.data.axes_dialog import ask_person, open_asking
from napari_fhn.widgets.data.grid_dialog import ask_grid, doubt
from napari_fhn.widgets.data.placement import image_layer, on_arrival

_SEGY = (".sgy", ".segy", ".seg", ".su")

_OURS = (".sgy", ".segy", ".hdr")
"""Suffixes whose failure to open is ours to explain, as no other reader knows them; other files are left to others."""


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[tuple[Any, ...]]] | None:
    """Return a reader for a survey file or folder, None for everything else.

    Parameters
    ----------
    path : str or sequence of str
        What was dropped; all files of a sequence must be surveys.
    """
    paths = files(path)
    if paths and all((p.suffix.lower() in _OURS and p.is_file()) or surveys.can_open(p) for p in paths):
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
    layers = layers_of(files(path))
    if not layers:
        return [(None,)]
    return on_arrival(napari.current_viewer(), layers)


def layers_of(paths: Sequence[Path]) -> list[tuple[Any, ...]]:
    """Open surveys lazily, and ask what their files leave open.

    Parameters
    ----------
    paths : sequence of Path
        Of surveys.

    Returns
    -------
    list of tuple
        Layer data of those that could be read; the others are said.
    """
    layers: list[tuple[Any, ...]] = []
    for one in paths:
        try:
            survey = open_asking(one, ask)
            if survey is not None and one.suffix.lower() in _SEGY:
                survey = look_again(one, survey)
            if survey is not None:
                layers.append(image_layer(survey))
        except surveys.SurveyError as error:
            show_error(str(error))
    return layers


def files(path: str | Sequence[str]) -> list[Path]:
    """Return what napari calls a path, one or several, as files."""
    return [Path(p) for p in ([path] if isinstance(path, str) else path)]


def look_again(path: Path, survey: xr.DataArray) -> xr.DataArray | None:
    """Ask where the survey numbers of a SEG-Y file stand, if that is uncertain; None when the person cancels.

    The answer is remembered for the survey, so that it is asked once.
    """
    there = local(path)
    found = guesses(there)
    why = doubt(survey, found)
    if not why:
        return survey
    options = ask_where(there, found, why)
    return None if options is None else surveys.open(path, **options)


def ask_where(path: Path, found: Sequence[GridGuess], why: str) -> dict[str, Any] | None:
    """Ask the person for the geometry, in front of the viewer's window."""
    return ask_grid(path, found, why, _window())


def ask(question: str, choices: Sequence[ReadingChoice]) -> ReadingChoice | None:
    """Ask the person, in front of the viewer's window."""
    return ask_person(question, choices, _window())


def _window() -> Any:
    return getattr(getattr(napari.current_viewer(), "window", None), "_qt_window", None)
