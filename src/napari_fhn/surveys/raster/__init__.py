"""Cubes and maps through GDAL: ENVI, GeoTIFF and the grids of interpreters' programs, read window by window.

`open` and `can_open` make it one of the openers; `composite` makes a picture of three bands.
"""

from napari_fhn.surveys.raster.composites import Composite, composite
from napari_fhn.surveys.raster.opening import SUFFIXES, can_open, open

__all__ = ["SUFFIXES", "Composite", "can_open", "composite", "open"]
