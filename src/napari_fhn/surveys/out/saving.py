"""Predictions back to files the team's other programs read, on the grid of their survey."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn.surveys.arrays.zarr_store import strangers
from napari_fhn.surveys.blocks import ArrayLike, Told, pieces, read, release
from napari_fhn.surveys.bricks.copying import write_bricks
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.moving import check_room, replacing
from napari_fhn.surveys.out import pam
from napari_fhn.surveys.out.classes import ClassLike
from napari_fhn.surveys.out.history import SIDECAR, forget, lines_of, write_beside
from napari_fhn.surveys.out.labelled import template
from napari_fhn.surveys.out.netcdf import write_netcdf
from napari_fhn.surveys.out.raster import write_envi, write_geotiff
from napari_fhn.surveys.out.segy import write_segy
from napari_fhn.surveys.out.seismic_unix import write_su

SEGY = (".sgy", ".segy", ".seg")
SU = (".su",)
GEOTIFF = (".tif", ".tiff")
ENVI = (".img", ".dat", ".bsq", ".envi")
NETCDF = (".nc", ".nc4")
#: Every suffix that `save` knows.
SUFFIXES = (*SEGY, *SU, *GEOTIFF, *ENVI, *NETCDF, ".zarr", ".npy")


def save(
    path: str | Path,
    values: ArrayLike,
    like: xr.DataArray,
    *,
    nodata: float | None = None,
    names: Sequence[str] = (),
    classes: Iterable[ClassLike] = (),
    history: Sequence[str] = (),
    progress: Told | None = None,
) -> Path:
    """Write values on the grid of a survey, streamed, to a temporary name that is then moved into place.

    Parameters
    ----------
    path : str or Path
        Where to; the suffix decides the kind of file:

        * ``.sgy``, ``.segy``: SEG-Y. Text, binary and trace headers are the source's byte for byte, except empty cards
          that take a history, and the sample format (bytes 3225-3226): 1-byte integers (8, or 16 above 127) where the
          values are integers that fit, 2- or 4-byte integers (3, 2) where larger, else IEEE float (5).
        * ``.su``: Seismic Unix, from SEG-Y or Seismic Unix: trace headers as the source's, samples of 4 bytes.
        * ``.tif``, ``.tiff``: cloud-optimised GeoTIFF with the survey's CRS and transform; classes with a palette, and
          their names in ``NAME.tif.aux.xml`` beside it, where GDAL keeps them.
        * ``.img``, ``.dat``, ``.bsq``, ``.envi``: ENVI, with its ``.hdr`` beside it.
        * ``.nc``: NetCDF 4, with the survey's axes, units and CRS.
        * ``.zarr``: Zarr 3 in bricks, as `napari_fhn.surveys.bricks.open_bricks` and xarray open it.
        * ``.npy``.

        What is there is replaced, and what lies beside it of the same name (a header), once the new file is complete;
        a link is not. `napari_fhn.open(...).save` replaces only what this program wrote.
    values : ArrayLike
        numpy, memory map, Zarr array or anything else that is sliced; read a slab at a time. Shape of the spatial
        axes of `like`: (inline, crossline, sample), (trace, sample) or (y, x); all kinds but SEG-Y also take one
        axis more in front (probabilities, bands).
    like : xarray.DataArray
        The survey as `napari_fhn.surveys.open` gave it.
    nodata : float, optional
        Value to declare as "no data" in a GeoTIFF, ENVI or NetCDF file.
    names : sequence of str, optional
        What the layers of that axis more are called.
    classes : iterable of (value, name, color), optional
        A class table, e.g. `napari_fhn.labels.ClassTable`; names and colours go along where a file can hold them.
    history : sequence of str, optional
        What made the values, a sentence each: program, network, labels. It goes on empty cards of a SEG-Y text header,
        into the tags of a GeoTIFF (``TIFFTAG_IMAGEDESCRIPTION``, ``TIFFTAG_SOFTWARE``, ``history``), the
        ``description`` of an ENVI header, the attribute ``history`` of NetCDF and Zarr. Where there is no room
        (``.npy``, a text header that is full) it is a text file beside: ``out.npy`` and ``out.npy.history.txt``.
    progress : callable, optional
        Told the share that is done, 0 to 1. What it raises ends the writing and leaves what was there.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    SurveyError
        When shapes do not match, the suffix cannot hold such a survey, the path is the survey itself, or the disk
        is full.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_fhn import labels, sample_data, surveys
    >>> survey = surveys.open(sample_data.SEISMIC.survey)
    >>> facies = np.ones(survey.shape, np.uint8)
    >>> surveys.save("facies.sgy", facies, survey, history=["Drawn by hand"]).name
    'facies.sgy'
    >>> surveys.open("facies.sgy").attrs["history"].splitlines()[-3]
    'C19 Drawn by hand'
    """
    path = Path(path)
    _check(path, values, like)
    suffix = path.suffix.lower()
    table, made = tuple(classes), lines_of(history)
    extra = values.ndim - sum(dim != "band" for dim in like.dims)
    if suffix in SEGY + SU:
        if extra:
            kind = "a SEG-Y file" if suffix in SEGY else "a file of Seismic Unix"
            raise SurveyError(path, f"{kind} holds one value per sample", "Save one class or band at a time")
        write_traces = write_segy if suffix in SEGY else write_su
        writer: Callable[[Path], None] = lambda new: write_traces(new, values, like, path, progress, made)  # noqa: E731
    elif suffix in GEOTIFF + ENVI:
        if tuple(dim for dim in like.dims if dim != "band") != ("y", "x"):
            kind = "a GeoTIFF" if suffix in GEOTIFF else "an ENVI image"
            raise SurveyError(path, f"{kind} holds maps (y, x), not sections or volumes", "Use .sgy, .zarr or .npy")
        write = write_geotiff if suffix in GEOTIFF else write_envi
        writer = lambda new: write(new, values, like, path, nodata, names, table, progress, made)  # noqa: E731
    elif suffix in NETCDF:
        writer = lambda new: write_netcdf(new, values, like, nodata, names, table, progress, made)  # noqa: E731
    elif suffix == ".zarr":
        strange = strangers(path)
        if strange:
            what = f"this folder holds something else than a Zarr store ({strange[0]}), which would be lost"
            raise SurveyError(path, what, "Choose another name")
        writer = lambda new: _write_zarr(new, values, like, nodata, names, table, progress, made)  # noqa: E731
    elif suffix == ".npy":
        writer = lambda new: _write_npy(new, values, progress, made)  # noqa: E731
    else:
        known = ".sgy, .segy, .su, .tif, .img, .nc, .zarr or .npy"
        raise SurveyError(path, f"the suffix '{path.suffix}' is not known", f"Use {known}")
    with replacing(path) as new:
        writer(new)
        beside = new.with_name(new.name + SIDECAR).exists()
        named = new.with_name(new.name + pam.SUFFIX).exists()
    if not beside:
        forget(path)
    if not named:
        pam.forget_categories(path)
    return path


def save_layers(
    path: str | Path,
    values: ArrayLike,
    like: xr.DataArray,
    names: Sequence[str],
    *,
    history: Sequence[str] = (),
    progress: Told | None = None,
) -> list[Path]:
    """Write the layers of an array into a file each: probabilities of classes as SEG-Y.

    Parameters
    ----------
    path : str or Path
        As in `save`; the name of the layer is put before the suffix: ``out.sgy`` gives ``out_salt.sgy``.
    values : ArrayLike, shape (layer, ...)
        Layers on the grid of `like`.
    like : xarray.DataArray
        The survey as `napari_fhn.surveys.open` gave it.
    names : sequence of str
        One for each layer.
    history : sequence of str, optional
        As in `save`; each file also says which layer it is.
    progress : callable, optional
        As in `save`, over all files.

    Returns
    -------
    list of Path
        The files written, in the order of the layers.

    Raises
    ------
    SurveyError
        As in `save`, and when there are not as many names as layers.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_fhn import sample_data, surveys
    >>> from napari_fhn.surveys.out import save_layers
    >>> cube = surveys.open(sample_data.HYPERSPECTRAL.dates[0])
    >>> chances = np.full((2, 112, 128), 0.5, np.float32)
    >>> [path.name for path in save_layers("chance.tif", chances, cube, ["unchanged", "changed"])]
    ['chance_unchanged.tif', 'chance_changed.tif']
    """
    path = Path(path)
    if len(names) != values.shape[0]:
        raise SurveyError(path, f"{values.shape[0]} layers have {len(names)} names", "Give every layer a name")
    written: list[Path] = []
    made_all = lines_of(history)
    for k, (name, target) in enumerate(zip(names, layer_paths(path, names), strict=True)):
        share = None if progress is None else _share_of(progress, k, len(names))
        made = (*made_all, f"Layer {k + 1} of {len(names)}: {name}") if made_all else ()
        written.append(save(target, _Layer(values, k), like, history=made, progress=share))
    return written


def layer_paths(path: Path, names: Sequence[str]) -> list[Path]:
    """Return the files that `save_layers` writes: the name of each layer stands before the suffix.

    Examples
    --------
    >>> [one.name for one in layer_paths(Path("out.sgy"), ["salt", "sand, wet", "sand; wet"])]
    ['out_salt.sgy', 'out_sand--wet.sgy', 'out_sand--wet-3.sgy']
    """
    paths: list[Path] = []
    for k, name in enumerate(names):
        words = "".join(c if c.isalnum() else "-" for c in name).strip("-") or str(k + 1)
        target = path.with_name(f"{path.stem}_{words}{path.suffix}")
        paths.append(path.with_name(f"{path.stem}_{words}-{k + 1}{path.suffix}") if target in paths else target)
    return paths


def _share_of(progress: Told, k: int, n: int) -> Told:
    return lambda done: progress((k + done) / n)


class _Layer:
    """One index of the first axis, read when it is asked for."""

    def __init__(self, values: ArrayLike, k: int) -> None:
        self._values, self._k = values, k
        self.shape, self.ndim, self.dtype = tuple(values.shape[1:]), values.ndim - 1, values.dtype
        chunks = getattr(values, "chunks", None)
        self.chunks = chunks[1:] if chunks else None

    def __getitem__(self, key: Any) -> Any:
        return self._values[(self._k, *(key if isinstance(key, tuple) else (key,)))]


def _check(path: Path, values: ArrayLike, like: xr.DataArray) -> None:
    source = Path(str(like.attrs.get("source", "")))
    if path.exists() and source.exists() and os.path.samefile(path, source):
        raise SurveyError(path, "this is the survey itself, which is never written to", "Choose another name")
    spatial = {dim: n for dim, n in like.sizes.items() if dim != "band"}
    shape = tuple(spatial.values())
    if tuple(values.shape[-len(shape) :]) != shape or values.ndim - len(shape) not in (0, 1):
        grid = " x ".join(f"{n} {dim}" for dim, n in spatial.items())
        raise SurveyError(
            path,
            f"values of shape {tuple(values.shape)} do not lie on the survey's grid ({grid})",
            "Save what was predicted for this survey",
        )
    if isinstance(values, xr.DataArray):
        # Values that say where they lie must lie there: equal shape is not equal place.
        layer = values.isel(dict.fromkeys(values.dims[: values.ndim - len(shape)], 0), drop=True)
        apart = Grid.of(like).apart(Grid.of(layer))
        if apart:
            raise SurveyError(
                path,
                f"the values do not lie on the grid of {like.name or 'the survey'} ({apart})",
                "Bring them there first, with napari_fhn.surveys.onto",
            )


def _write_zarr(
    path: Path,
    values: ArrayLike,
    like: xr.DataArray,
    nodata: float | None,
    names: Sequence[str],
    classes: Sequence[ClassLike],
    told: Told | None,
    history: Sequence[str],
) -> None:
    outline = template(values, like, path.stem, nodata, names, classes, history)
    for copied in write_bricks(path, values, outline):
        if told is not None:
            told(copied.done / copied.total)


def _write_npy(path: Path, values: ArrayLike, told: Told | None, history: Sequence[str]) -> None:
    if history:
        write_beside(path, history)
    dtype = np.dtype(values.dtype)
    check_room(path, int(np.prod(values.shape)) * dtype.itemsize)
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": tuple(values.shape)}
    with path.open("wb") as file:
        # Not through a memory map: a full disk would end the program instead of raising an error.
        np.lib.format.write_array_header_1_0(file, header)
        for piece in pieces(values):
            # Not by tofile, which does not say why it could not write.
            file.write(np.ascontiguousarray(read(values, piece)).reshape(-1).view(np.uint8).data)
            release(values)
            if told is not None:
                told(piece.stop / values.shape[0])
