"""What cannot be brought onto a grid."""

from __future__ import annotations

from pathlib import Path

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.grid.grid import Grid


class PlaceError(SurveyError):
    """Values that do not belong on a grid: another place, another kind of axis, or nothing that says where they lie."""


def elsewhere(path: Path, own: Grid, target: Grid) -> PlaceError:
    """Return the error of values that do not meet a grid."""
    what = f"it lies at {own.words}, and the survey at {target.words}: they do not meet"
    return PlaceError(path, what, "Choose a file of the same place, or check how the two were read")
