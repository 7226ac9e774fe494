"""Asks for files and folders to open: where the person was last for such things, or beside what is worked on."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import xarray as xr
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_fhn import sample_data
from napari_fhn.project.data import stack_sources
from napari_fhn.widgets.folders import program_folder, sessions_folder

Kind = Literal["survey", "known", "classes", "network", "session", "copy", "saved"]
"""What is asked for: of each kind is remembered where the person was last."""

_last: dict[str, Path] = {}
"""Folders in which something was chosen since the program began."""


def ask_open(
    parent: QWidget | None, kind: Kind, title: str, filters: str = "", near: Path | None = None
) -> Path | None:
    """Ask for a file that is there.

    Parameters
    ----------
    parent : QWidget or None
        Over which the dialog lies.
    kind : {"survey", "known", "classes", "network", "session", "copy", "saved"}
        Of what is asked for.
    title : str
        Of the dialog.
    filters : str
        Kinds of file, as Qt names them; empty for all.
    near : Path, optional
        A folder in which one looks who has chosen none of that kind yet.

    Returns
    -------
    Path or None
        None where the person let it be.
    """
    name, _ = QFileDialog.getOpenFileName(parent, title, str(begin(kind, near)), filters)
    return _chosen(kind, [name])[0] if name else None


def ask_open_several(
    parent: QWidget | None, kind: Kind, title: str, filters: str = "", near: Path | None = None
) -> list[Path]:
    """Ask for files that are there; as :func:`ask_open`, empty where the person let it be."""
    names, _ = QFileDialog.getOpenFileNames(parent, title, str(begin(kind, near)), filters)
    return _chosen(kind, names)


def ask_folder(parent: QWidget | None, kind: Kind, title: str, near: Path | None = None) -> Path | None:
    """Ask for a folder that is there; as :func:`ask_open`."""
    name = QFileDialog.getExistingDirectory(parent, title, str(begin(kind, near)))
    return _chosen(kind, [name])[0] if name else None


def ask_moved(parent: QWidget | None, kind: Kind, title: str, was: Path, *, folder: bool) -> Path | None:
    """Ask where a file or a folder is now, beginning where it was.

    Parameters
    ----------
    parent, kind, title
        As for :func:`ask_open`.
    was : Path
        Where it was.
    folder : bool
        Whether it is one.

    Returns
    -------
    Path or None
        None where the person let it be.
    """
    place = begin_of_moved(kind, was)
    if folder:
        name = QFileDialog.getExistingDirectory(parent, title, str(place))
    else:
        name, _ = QFileDialog.getOpenFileName(parent, title, str(place / was.name))
    return _chosen(kind, [name])[0] if name else None


def begin(kind: Kind, near: Path | None = None) -> Path:
    """Return the folder in which a dialog begins: where the person was last for that kind, else the one named."""
    return next(there for place in (_last.get(kind), near, _here()) if (there := _nearest(place)) is not None)


def begin_of_moved(kind: Kind, was: Path) -> Path:
    """Return where one looks first for what has moved: where it was, where the last such thing was, near to the first.

    Parameters
    ----------
    kind : {"survey", "known", "classes", "network", "session", "copy", "saved"}
        Of what has moved.
    was : Path
        Where it was.
    """
    last = _last.get(kind)
    places = (was.parent if _is_folder(was.parent) else None, last if last and _is_folder(last) else None, was.parent)
    return next(there for place in (*places, _here()) if (there := _nearest(place)) is not None)


def remember(kind: Kind, path: Path) -> None:
    """Remember where something was chosen."""
    _last[kind] = path.parent


def forget() -> None:
    """Remember nothing any more."""
    _last.clear()


def folder_of(survey: xr.DataArray | None) -> Path | None:
    """Return the folder of a survey's file, of the first of the maps of a stack.

    Parameters
    ----------
    survey : xarray.DataArray or None
        What is worked on.

    Returns
    -------
    Path or None
        None where that is a sample of this package, or a file that the program keeps for itself, or none at all.
    """
    source = Path("" if survey is None else str(survey.attrs.get("source", "")))
    source = next(map(Path, stack_sources.noted(source)), source) if source.name else source
    ours = (Path(sample_data.__file__).parent, program_folder(), sessions_folder())
    theirs = source.is_absolute() and not any(source.is_relative_to(one) for one in ours)
    return source.parent if theirs and _is_folder(source.parent) else None


def folder_of_any(surveys: Iterable[xr.DataArray]) -> Path | None:
    """Return the folder of the first survey that has one of its own."""
    return next((folder for survey in surveys if (folder := folder_of(survey)) is not None), None)


def _chosen(kind: Kind, names: Iterable[str]) -> list[Path]:
    paths = [Path(name) for name in names]
    if paths:
        remember(kind, paths[-1])
    return paths


def _nearest(place: Path | None) -> Path | None:
    """The folder, or the nearest one around it that is there; None for the root of a disk, where nobody looks."""
    if place is None or not place.is_absolute():
        return None
    found = next((one for one in (place, *place.parents) if _is_folder(one)), None)
    return None if found is None or found == Path(found.anchor) else found


def _here() -> Path:
    here = Path.cwd()
    return Path.home() if here == Path(here.anchor) else here


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # False also where one may not look
