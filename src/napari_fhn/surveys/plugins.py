"""Openers of survey files that other distributions add (entry points ``napari_fhn.survey_openers``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import xarray as xr

from napari_fhn import plugins
from napari_fhn.plugins import Plugin
from napari_fhn.surveys.errors import SurveyError


@runtime_checkable
class SurveyOpener(Protocol):
    """What an entry point of ``napari_fhn.survey_openers`` names: a module or an object with these names.

    Two more are optional. ``FOLDERS = True``: its surveys are folders and not files. ``claims(path) -> bool``: says
    from the first bytes that a file is its own whatever the suffix, and is asked before our openers; without it, an
    opener is asked where none of ours knows the file.

    Attributes
    ----------
    SUFFIXES : tuple of str
        In lower case, with their dot.
    """

    SUFFIXES: tuple[str, ...]

    def can_open(self, path: Path) -> bool:
        """Say within milliseconds, from the first bytes, whether `open` is worth trying."""

    def open(self, path: Path, **options: Any) -> xr.DataArray:
        """Read lazily, or raise `SurveyError`.

        Axes are named and have their coordinates and units as `napari_fhn.surveys.open` describes them.
        """


Opener = Plugin[SurveyOpener]


@plugins.remembered
def openers(*, folders: bool) -> tuple[Opener, ...]:
    """Return the openers that other distributions add.

    Parameters
    ----------
    folders : bool
        Those of surveys that are folders, or those of files.

    Returns
    -------
    tuple of Plugin
    """
    return tuple(one for one in _all() if bool(getattr(one.value, "FOLDERS", False)) == folders)


@plugins.remembered
def _all() -> tuple[Opener, ...]:
    return plugins.discover(plugins.SURVEY_OPENERS, _check)


def _check(name: str, found: Any) -> SurveyOpener:
    made = found() if isinstance(found, type) else found
    missing = [what for what in ("SUFFIXES", "can_open", "open") if not hasattr(made, what)]
    if missing:
        raise TypeError(f"it has no {' and no '.join(missing)}")
    if isinstance(made.SUFFIXES, str) or not all(isinstance(one, str) and one[:1] == "." for one in made.SUFFIXES):
        raise TypeError('its SUFFIXES are no list of suffixes such as (".abc",)')
    strange = [one for one in ("can_open", "open", "claims") if hasattr(made, one) and not callable(getattr(made, one))]
    if strange:
        raise TypeError(f"its {strange[0]} cannot be called")
    opener: SurveyOpener = made
    return opener


def claiming(path: Path) -> Opener | None:
    """Return the opener that says from its content that a path is its own."""
    for one in openers(folders=path.is_dir()):
        claims = getattr(one.value, "claims", None)
        if claims is not None and one.asked(lambda claims=claims: claims(path)):  # type: ignore[misc]
            return one
    return None


def able(path: Path) -> Opener | None:
    """Return the first opener that can open a path."""
    for one in openers(folders=path.is_dir()):
        if one.asked(lambda one=one: one.value.can_open(path)):  # type: ignore[misc]
            return one
    return None


def promised(path: Path) -> Opener | None:
    """Return the first opener whose suffix a path has."""
    suffix = path.suffix.lower()
    return next((one for one in openers(folders=path.is_dir()) if suffix in one.value.SUFFIXES), None)


def read(opener: Opener, path: Path, options: dict[str, Any]) -> xr.DataArray:
    """Open a path with an opener of another distribution, and hold what it gives against what a survey is.

    Parameters
    ----------
    opener : Plugin
        Which.
    path : Path
        The file or folder.
    options : dict
        Handed on.

    Returns
    -------
    xarray.DataArray
        With the attributes that every survey has.

    Raises
    ------
    SurveyError
        The opener's own, or one that names the opener where it fails or gives something else.
    """
    way_out = f"Tell the authors of {opener.distribution}"
    try:
        survey = opener.value.open(path, **options)
    except (SurveyError, OSError, MemoryError):
        raise
    except Exception as error:
        raise SurveyError(path, f"{opener} fails ({type(error).__name__}: {error})", way_out) from error
    if not isinstance(survey, xr.DataArray) or survey.ndim < 2 or 0 in survey.shape:
        given = f"shape {survey.shape}" if isinstance(survey, xr.DataArray) else type(survey).__name__
        raise SurveyError(path, f"{opener} gives no array of two axes or more ({given})", way_out)
    survey = survey.copy(deep=False)
    survey.name = survey.name or path.stem
    said = {"source": str(path.absolute()), "kind": "array", "format": opener.name, "nodata": None, "notes": ()}
    survey.attrs = {**said, **survey.attrs}
    notes = survey.attrs["notes"]
    survey.attrs["notes"] = (notes,) if isinstance(notes, str) else tuple(notes)
    # Axes without coordinates count from 0: everything here goes by coordinates.
    counted = {dim: range(n) for dim, n in survey.sizes.items() if dim not in survey.coords}
    return survey.assign_coords({dim: (dim, [float(k) for k in numbers]) for dim, numbers in counted.items()})
