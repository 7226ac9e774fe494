"""Where a survey lies: `Grid` says it, compares it in words and gives it back; `onto` brings values onto it."""

from napari_fhn.surveys.grid.axis import Along, GridAxis
from napari_fhn.surveys.grid.errors import PlaceError
from napari_fhn.surveys.grid.grid import Grid
from napari_fhn.surveys.grid.placing import Placed, onto

__all__ = ["Along", "Grid", "GridAxis", "PlaceError", "Placed", "onto"]
