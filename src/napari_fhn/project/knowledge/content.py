"""What is asked of those who read what is known, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels import ClassTable, DeviatedWell, Source, Well

#: Writes labels of classes into a volume, and percent into weights where there are some, where nothing is labelled yet.
Write = Callable[[ClassTable, NDArray[Any], NDArray[Any] | None], object]


@dataclass(frozen=True)
class Asked:
    """Files that are to be read together, and what for.

    Attributes
    ----------
    sources : tuple of Source
        The files, of one step.
    survey : xarray.DataArray
        Whose grid it is.
    classes : ClassTable
        The classes so far.
    fixed : bool
        Whether files that name other classes are refused, and not added to.
    surfaces : sequence of xarray.DataArray or None
        Horizons that were read already.
    """

    sources: tuple[Source, ...]
    survey: xr.DataArray
    classes: ClassTable
    fixed: bool = False
    surfaces: Sequence[xr.DataArray] | None = None

    @property
    def source(self) -> Source:
        """The first of the files, or the only one."""
        return self.sources[0]


@dataclass(frozen=True)
class Content:
    """What files hold, read onto a survey."""

    title: str
    names: tuple[str, ...]
    write: Write
    wells: tuple[Well | DeviatedWell, ...] = ()
    weighted: bool = False
    words: tuple[str, ...] = ()
    #: Where the file tells values and not only names: the classes with these.
    table: ClassTable | None = None
    #: What the files tell beside wells.
    rest: Write | None = None
