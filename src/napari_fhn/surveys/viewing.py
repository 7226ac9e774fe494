"""A survey as it is looked at: what cannot be read just now is nothing, and says so, where somebody hears it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.core import indexing

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import Box, LazyArray

VIEWED = "viewed"
"""In the metadata of a layer: the values that it shows."""


class Viewed(LazyArray):
    """The values of a survey for whoever draws them; work reads the survey itself, which raises.

    Parameters
    ----------
    survey : xarray.DataArray
        Lazy.

    Attributes
    ----------
    heard : bool
        Whether somebody looks at `trouble`. Nothing is left out before.
    trouble : SurveyError or None
        Why a box could not be read; whoever hears of it sets it back.
    read_since : bool
        Whether a box was read after that.
    """

    def __init__(self, survey: xr.DataArray) -> None:
        source = survey.attrs.get("bricks") or survey.attrs.get("source") or survey.name or "survey"
        super().__init__(Path(str(source)), survey.shape, survey.dtype)
        self._values = survey.variable
        nodata = survey.attrs.get("nodata")
        self._nothing = np.nan if self.dtype.kind in "fc" else 0 if nodata is None else nodata
        self.heard = False
        self.trouble: SurveyError | None = None
        self.read_since = False

    def read(self, box: Box) -> NDArray[Any]:
        """Read a box; of no data where it cannot be read and somebody hears of it."""
        try:
            found = np.asarray(self._values[box].values)
        except (SurveyError, OSError) as error:
            if not self.heard:
                raise
            said = error if isinstance(error, SurveyError) else SurveyError(self.path, str(error.strerror or error))
            self.trouble, self.read_since = said, False
            shape = [len(range(part.start, part.stop, part.step)) for part in box]
            with np.errstate(invalid="ignore"):
                return np.full(shape, self._nothing).astype(self.dtype)
        self.read_since = True
        return found

    @property
    def may_be_back(self) -> bool:
        """Whether its file is there; of what lies at an address nobody knows before it is read."""
        return os.path.exists(self.path)


def viewed(survey: xr.DataArray) -> tuple[xr.DataArray, Viewed | None]:
    """Return a survey for whoever draws it, and what tells how that goes; of one in memory the survey alone."""
    if not isinstance(survey.variable._data, indexing.LazilyIndexedArray | indexing.MemoryCachedArray):
        return survey, None
    values = Viewed(survey)
    shown = survey.copy(data=values.variable(list(map(str, survey.dims)))._data)
    return shown, values
