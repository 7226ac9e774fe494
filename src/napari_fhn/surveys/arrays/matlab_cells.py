"""Cells and arrays of structs in MATLAB files of version 7.3: lists of references to other places of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

#: Lists of one file, and entries of one list, that are looked at.
_MANY = 4096


def is_list(item: Any) -> bool:
    """Say whether a dataset of HDF5 holds references, as cells and the fields of arrays of structs do."""
    import h5py

    return h5py.check_ref_dtype(item.dtype) is h5py.Reference


def entries(item: Any, name: str, seen: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield the datasets that a list refers to, by the names that MATLAB has for them.

    Parameters
    ----------
    item : h5py.Dataset
        Of references.
    name : str
        Its path in the file.
    seen : set of str
        Lists that were gone through: each is once, whatever refers to it, itself among them.

    Yields
    ------
    name : str
        ``cell{2}``, ``cell{1}{3}``, ``cell{1}/field``, ``struct(2)/field``, counted down the columns.
    item : h5py.Dataset
        What the reference leads to; not a list, and not a part of the file that is none.
    """
    import h5py

    if len(seen) > _MANY or item.size > _MANY or item.name in seen:
        return
    seen.add(item.name)
    is_cell = class_of(item) == "cell"
    parent, _, field = name.rpartition("/")
    # HDF5 has the axes the other way round, so its order is that of MATLAB.
    for k, reference in enumerate(np.ravel(item[()])):
        if not isinstance(reference, h5py.Reference) or not reference:
            continue
        named = f"{name}{{{k + 1}}}" if is_cell or not parent else f"{parent}({k + 1})/{field}"
        target = item.file[reference]
        inner = [(named, target)] if isinstance(target, h5py.Dataset) else [
            (f"{named}/{key}", one) for key, one in target.items() if isinstance(one, h5py.Dataset)
        ]  # fmt: skip
        for called, one in inner:
            if is_list(one):
                yield from entries(one, called, seen)
            else:
                yield called, one


def class_of(item: Any) -> str:
    """Return the class that MATLAB gives an item; empty where there is none."""
    said = item.attrs.get("MATLAB_class", b"")
    return said.decode("latin-1") if isinstance(said, bytes) else str(said)
