"""Small rasters of every kind, written by other libraries than those that read them, with the values they hold.

`variants` is the matrix of tests and benchmarks; the writers make single ones.
"""

from survey_files.rasters.variants import Variant, variants
from survey_files.rasters.writers import (
    TRANSFORM,
    UTM,
    WAVES,
    cube,
    envi,
    hdf5,
    matlab5,
    matlab73,
    ome_zarr,
    on_a_map,
    pages,
    tiff,
    zarr_array,
    zarr_xarray,
)

__all__ = [
    "TRANSFORM",
    "UTM",
    "WAVES",
    "Variant",
    "cube",
    "envi",
    "hdf5",
    "matlab5",
    "matlab73",
    "ome_zarr",
    "on_a_map",
    "pages",
    "tiff",
    "variants",
    "zarr_array",
    "zarr_xarray",
]
