"""Maps on one grid: whether two lie on the same, `stack` for unlike ones, `timelapse` for dates, polygons burnt in."""

from napari_fhn.surveys.maps.grids import Grid, difference, grid_of, map_units
from napari_fhn.surveys.maps.polygons import Polygons, read_polygons
from napari_fhn.surveys.maps.stacking import Categories, stack
from napari_fhn.surveys.maps.time_lapse import timelapse

__all__ = [
    "Categories",
    "Grid",
    "Polygons",
    "difference",
    "grid_of",
    "map_units",
    "read_polygons",
    "stack",
    "timelapse",
]
