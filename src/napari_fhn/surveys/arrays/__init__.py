"""Files that hold arrays under names: npy and npz, MATLAB, HDF5, NetCDF, Zarr, OME-Zarr and MDIO.

Each kind is a module with `SUFFIXES`, `can_open` and `open`; `members` finds the survey among the arrays of a file.
"""

from napari_fhn.surveys.arrays import hdf5, matlab, mdio, netcdf, npy, zarr_store

__all__ = ["hdf5", "matlab", "mdio", "netcdf", "npy", "zarr_store"]
