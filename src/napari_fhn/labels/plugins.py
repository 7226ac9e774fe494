"""Readers of what is known that other distributions add (entry points ``napari_fhn.knowledge_readers``)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import xarray as xr
from numpy.typing import NDArray

from napari_fhn import plugins
from napari_fhn.labels.classes.class_table import ClassTable
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.wells.well import DeviatedWell, Well
from napari_fhn.plugins import Plugin

Burn = Callable[[NDArray[Any], ClassTable], None]


@dataclass(frozen=True)
class Known:
    """What a file says about a survey.

    Attributes
    ----------
    wells : tuple of Well or DeviatedWell
        Shown, moved and edited as wells; their intervals name the classes.
    classes : tuple of str
        Names of the classes that `burn` writes: they are in the table that it is given.
    burn : callable, optional
        Given an array of uint8 of the shape of the survey's spatial axes, all zeros, and the class table, writes the
        value of a class wherever the file says it. Zero stays "unlabelled".
    title : str
        What it is, in a word or two for the history: "12 picks".
    """

    wells: tuple[Well | DeviatedWell, ...] = ()
    classes: tuple[str, ...] = ()
    burn: Burn | None = None
    title: str = ""


@runtime_checkable
class KnowledgeReader(Protocol):
    """What an entry point of ``napari_fhn.knowledge_readers`` names: a module or an object with these names.

    Optional is ``claims(path) -> bool``: it says from the content that a file is its own, and is asked before our
    readers; without it, a reader is asked where ours do not know the file.

    Attributes
    ----------
    TITLE : str
        What such a file holds, in a few words: "picks of Acme".
    SUFFIXES : tuple of str
        In lower case, with their dot.
    """

    TITLE: str
    SUFFIXES: tuple[str, ...]

    def can_read(self, path: Path) -> bool:
        """Say within milliseconds whether `read` is worth trying."""

    def read(self, path: Path, survey: xr.DataArray, **options: Any) -> Known:
        """Read a file onto a survey, or raise `LabelError`, `Undeclared` or `AmbiguousColumns`."""


Reader = Plugin[KnowledgeReader]


@plugins.remembered
def readers() -> tuple[Reader, ...]:
    """Return the readers that other distributions add; their names are kinds of knowledge."""
    return plugins.discover(plugins.KNOWLEDGE_READERS, _check)


def taken(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those options that the reader of a kind takes.

    Parameters
    ----------
    kind : str
        Name of its entry point.
    options : mapping
        What was said, by the name of the reader's argument.

    Returns
    -------
    dict
        All of them where the reader takes any.
    """
    found = reader(kind)
    if found is None:
        return {}
    _, _, *arguments = inspect.signature(found.value.read).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in arguments):
        return dict(options)
    known = {one.name for one in arguments}
    return {name: value for name, value in options.items() if name in known}


def titles() -> tuple[Plugin[str], ...]:
    """Return what the kinds of knowledge are called that other distributions read."""
    return tuple(Plugin(one.name, one.distribution, one.value.TITLE) for one in readers())


def reader(kind: str) -> Reader | None:
    """Return the reader of a kind of knowledge; None for a kind that is ours or nobody's."""
    return next((one for one in readers() if one.name == kind), None)


def claiming(path: Path) -> Reader | None:
    """Return the reader that says from its content that a file is its own."""
    for one in readers():
        claims = getattr(one.value, "claims", None)
        if claims is not None and one.asked(lambda claims=claims: claims(path)):  # type: ignore[misc]
            return one
    return None


def able(path: Path) -> Reader | None:
    """Return the first reader that can read a file."""
    for one in readers():
        if one.asked(lambda one=one: one.value.can_read(path)):  # type: ignore[misc]
            return one
    return None


def read(kind: str, path: Path, survey: xr.DataArray, options: Mapping[str, Any] | None = None) -> Known:
    """Read a file of a kind that another distribution reads.

    Parameters
    ----------
    kind : str
        Name of its entry point.
    path : Path
        The file.
    survey : xarray.DataArray
        Onto which it is read.
    options : mapping, optional
        What a person said about the file, by the name of the reader's argument.

    Returns
    -------
    Known

    Raises
    ------
    LabelError
        The reader's own, or one that names the reader where it fails or gives something else.
    """
    found = reader(kind)
    if found is None:
        raise LabelError(f"nobody here reads '{kind}'", "Install what reads it, or choose another kind", path=path)
    way_out = f"Tell the authors of {found.distribution}"
    try:
        known = found.value.read(path, survey, **dict(options or {}))
    except (LabelError, MemoryError):
        raise
    except OSError as error:
        raise LabelError(f"it cannot be read: {error.strerror or error}", "Check the file", path=path) from error
    except Exception as error:
        raise LabelError(f"{found} fails ({type(error).__name__}: {error})", way_out, path=path) from error
    if not isinstance(known, Known):
        raise LabelError(f"{found} gives {type(known).__name__}, and no Known", way_out, path=path)
    return known


def _check(name: str, found: Any) -> KnowledgeReader:
    made = found() if isinstance(found, type) else found
    missing = [what for what in ("TITLE", "SUFFIXES", "can_read", "read") if not hasattr(made, what)]
    if missing:
        raise TypeError(f"it has no {' and no '.join(missing)}")
    if not isinstance(made.TITLE, str) or not made.TITLE.strip():
        raise TypeError("its TITLE is no text")
    if isinstance(made.SUFFIXES, str) or not all(isinstance(one, str) and one[:1] == "." for one in made.SUFFIXES):
        raise TypeError('its SUFFIXES are no list of suffixes such as (".abc",)')
    strange = [one for one in ("can_read", "read", "claims") if hasattr(made, one) and not callable(getattr(made, one))]
    if strange:
        raise TypeError(f"its {strange[0]} cannot be called")
    reader: KnowledgeReader = made
    return reader
