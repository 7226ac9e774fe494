"""Surveys that are worked on together: one or more on one grid, whose channels the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import xarray as xr

from napari_fhn.project.errors import ProjectError
from napari_fhn.sentence import counted
from napari_fhn.surveys import kinds, together
from napari_fhn.surveys.axes import without_names
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.plain import good_bands


@dataclass(frozen=True)
class SurveySet:
    """Surveys on one grid.

    Parameters
    ----------
    names : tuple of str
        As the person calls them.
    surveys : tuple of xarray.DataArray
        At least one, as `napari_fhn.surveys.open` gives them.

    Raises
    ------
    ProjectError
        When there is none, or they do not lie on one grid of two or three spatial axes.
    AmbiguousAxes
        When one has more axes, and nobody has said what they are.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> magnetics = xr.DataArray(np.zeros((6, 5), np.float32), dims=("y", "x"), name="magnetics")
    >>> SurveySet.of({"magnetics": magnetics}).sentence
    '6 × 5'
    """

    names: tuple[str, ...]
    surveys: tuple[xr.DataArray, ...]

    def __post_init__(self) -> None:
        if not self.surveys:
            raise ProjectError("there is no survey to work on", "Open a file, or one of the samples")
        grid = self.grid
        for name, survey in zip(self.names, self.surveys, strict=True):
            axes = len(kinds.spatial_shape(survey))
            if axes not in (2, 3) and survey.attrs.get("choices"):
                raise without_names(str(survey.attrs.get("source") or name), survey.shape)
            if axes not in (2, 3):
                raise ProjectError(
                    f"'{name}' has {counted(axes, 'spatial axes')}",
                    "Maps and lines (2) and volumes (3) can be worked on",
                )
            apart = grid.apart(Grid.of(survey))
            if apart:
                raise ProjectError(
                    f"'{name}' does not lie on the grid of '{self.names[0]}' ({apart})", "Leave one of them out"
                )

    @classmethod
    def of(cls, surveys: dict[str, xr.DataArray] | Sequence[tuple[str, xr.DataArray]]) -> SurveySet:
        """Return the set of surveys by name."""
        items = list(surveys.items() if isinstance(surveys, dict) else surveys)
        return cls(tuple(name for name, _ in items), tuple(survey for _, survey in items))

    @classmethod
    def together(cls, surveys: Sequence[tuple[str, xr.DataArray]]) -> tuple[SurveySet, tuple[str, ...]]:
        """Return surveys on the grid that they have in common, and what was done to bring them there.

        Raises
        ------
        PlaceError
            When one lies elsewhere; see `napari_fhn.surveys.together`.
        """
        found = together([survey for _, survey in surveys], [name for name, _ in surveys])
        return cls(tuple(name for name, _ in surveys), found.surveys), found.words

    @property
    def first(self) -> xr.DataArray:
        """The survey that lends its grid and headers."""
        return self.surveys[0]

    @property
    def grid(self) -> Grid:
        """Where labels and predictions lie, whichever file says so."""
        return replace(Grid.of(self.first), source="")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of labels and predictions."""
        return kinds.spatial_shape(self.first)

    @property
    def kind(self) -> str:
        """Kind of the data, see `napari_fhn.surveys.kinds`."""
        return str(kinds.kind_of(self.first))

    def vertical(self, chosen: int | None) -> int | None:
        """Return the vertical axis: the survey's own, else the one a person chose; None where there is none.

        Parameters
        ----------
        chosen : int or None
            For surveys that do not name their axes; negative numbers count from the last one.

        Raises
        ------
        ProjectError
            When there is no such axis.
        """
        own = kinds.vertical_axis(self.first)
        if own is not None or chosen is None:
            return own
        if not -len(self.shape) <= chosen < len(self.shape):
            raise ProjectError(f"the survey has {counted(len(self.shape), 'axes')} and no axis {chosen} to be vertical")
        return chosen % len(self.shape)

    def check_vertical(self, chosen: int | None) -> None:
        """Refuse a vertical axis that a person says now, where there is none such or the survey names another.

        Raises
        ------
        ProjectError
        """
        own, count = self.vertical(None), len(self.shape)
        if chosen is not None and own is not None and chosen not in (own, own - count):
            raise ProjectError(f"the survey names axis {own} as the vertical one, and no axis {chosen} can be it")
        if chosen is not None and kinds.is_map(self.first):
            named = " and ".join(kinds.spatial_dims(self.first))
            what = f"'{self.names[0]}' is a map with the axes {named}, and none of them can be time or depth"
            raise ProjectError(what, "Leave --vertical-axis out")
        self.vertical(chosen)

    @property
    def channels(self) -> int:
        """Good bands of all surveys."""
        return sum(len(good_bands(survey)) for survey in self.surveys)

    @property
    def bands(self) -> int:
        """Good bands of the survey that has the most."""
        return max(len(good_bands(survey)) for survey in self.surveys)

    @property
    def cube(self) -> tuple[int, ...] | None:
        """Shape ``(y, x, band)`` of the surveys as cubes; None for volumes, and where they have no bands in common."""
        bands = {len(good_bands(survey)) if "band" in survey.dims else 0 for survey in self.surveys}
        return (*self.shape, *bands) if len(self.shape) == 2 and len(bands) == 1 and max(bands) > 1 else None

    @property
    def source(self) -> Path | None:
        """The file that lends its headers; None where the first survey came from no file."""
        source = str(self.first.attrs.get("source", ""))
        return Path(source) if source else None

    @property
    def sentence(self) -> str:
        """Sizes and channels, in words."""
        words = " × ".join(map(str, self.shape))
        return f"{words}, {counted(self.channels, 'channels')}" if self.channels > 1 else words
