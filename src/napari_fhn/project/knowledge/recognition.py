"""Files of what is known, looked at before anything is read: what each one seems to hold, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from napari_fhn.labels import OF_WELLS, LabelError, Question, Source, Undeclared
from napari_fhn.labels.kinds import GRIDDED, KINDS, told_by_content
from napari_fhn.labels.shapes import shape_tables
from napari_fhn.labels.tables import workbooks
from napari_fhn.labels.tables.guesses import suggest
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.project.sessions.answers import Answers
from napari_fhn.regular import is_address

_TABLES = ("wells", "tops", "deviation", "checkshots", "horizon", "points")
#: Suffixes of files that may have several parts.
_PARTED = (*workbooks.SUFFIXES, *shape_tables.SUFFIXES)
_REASONS = 3


@dataclass(frozen=True)
class Recognised:
    """One file, and what it was taken for.

    Attributes
    ----------
    source : Source
        The file; without a kind where it tells none.
    why : str
        What speaks for its kind, or what is left open, in sentences.
    replaces : str
        Which file that is loaded already would make room for it; empty where none would.
    readable : bool
        False where it cannot be read, whatever a person says: `why` is what is wrong with it.
    """

    source: Source
    why: str
    replaces: str = ""
    readable: bool = True


def recognised(path: Path, survey: xr.DataArray | None = None, known: Source | None = None) -> Recognised:
    """Look at a file; whatever is wrong with it becomes words.

    Parameters
    ----------
    path : Path
        The file.
    survey : xarray.DataArray, optional
        Against which columns without telling names are held.
    known : Source, optional
        What was said about it before.

    Examples
    --------
    >>> from napari_fhn import sample_data
    >>> found = recognised(sample_data.SEISMIC.tops)
    >>> found.source.kind, found.why.split(".")[0]
    ('tops', "Column 'well' may be the name of the well (95 %): its name is 'well'")
    """
    if known is not None:
        return Recognised(known, "As you said before.")
    try:
        source = Source.of(path, survey)
    except Undeclared as error:
        return Recognised(Source(path, ""), f"{Question(Source(path, ''), error)}")
    except LabelError as error:
        return Recognised(Source(path, ""), str(error), readable=False)
    return Recognised(source, evidence(source, survey))


def all_recognised(path: Path, survey: xr.DataArray | None, answers: Answers) -> list[Recognised]:
    """Look at a file as :func:`recognised` does; each sheet or layer that tells its kind is one of its own.

    Parameters
    ----------
    path : Path
        The file.
    survey : xarray.DataArray or None
        As there.
    answers : Answers
        What was said before.
    """
    try:
        sources = Source.all_of(path, survey) if path.suffix.lower() in _PARTED else ()
    except LabelError:
        sources = ()
    if len(sources) < 2:
        return [recognised(path, survey, answers.of(path))]
    found = [(source, answers.of(path, source.part)) for source in sources]
    return [
        Recognised(source, evidence(source, survey)) if known is None else Recognised(known, "As you said before.")
        for source, known in found
    ]


def evidence(source: Source, survey: xr.DataArray | None = None) -> str:
    """Say why a file is taken for what it is: by what its columns were taken for, else by its name.

    Parameters
    ----------
    source : Source
        The file; its kind is known.
    survey : xarray.DataArray, optional
        Against which columns without telling names are held.
    """
    suffix = source.path.suffix.lower()
    if is_address(source.path):
        return "It is a store of voxels at an address: of what is known these can only be labels."
    told = told_by_content(source.path, source.kind)
    if told:
        return told
    if source.kind in _TABLES:
        try:
            return " ".join(suggest(sniffed(source.table()), survey).reasons[:_REASONS])
        except LabelError:
            return ""
    if source.kind == "classes":
        return "Its first line names value, name and color."
    if source.kind == "labels" and suffix in GRIDDED:
        return f"Files of {suffix} hold values on a grid: of what is known these can only be labels."
    if suffix:
        return f"Files of {suffix} hold {KINDS[source.kind]}."
    return ""


def replaced(source: Source, loaded: Iterable[Source]) -> Source | None:
    """Return the file that makes room when another one comes: there is one file of places and one of tops at a time.

    Parameters
    ----------
    source : Source
        The one that comes.
    loaded : iterable of Source
        Those about wells that are there.
    """
    if source.kind not in ("wells", "tops"):
        return None
    return next((one for one in loaded if one.kind == source.kind and not one.is_of(source)), None)


def with_replaced(found: Sequence[Recognised], loaded: Sequence[Source]) -> list[Recognised]:
    """Say of each file which one it would replace: of those that are loaded, or that come before it."""
    said, there = [], [one for one in loaded if one.kind in OF_WELLS]
    for one in found:
        other = replaced(one.source, there)
        said.append(Recognised(one.source, one.why, "" if other is None else other.path.name))
        there = [source for source in there if source is not other] + [one.source]
    return said
