"""From label values to the codes that files have for classes, when they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels import ClassTable
from napari_fhn.surveys.blocks import ArrayLike
from napari_fhn.surveys.lazy import Box, LazyArray


class InFiles(NamedTuple):
    """A class as files have it: by its code."""

    value: int
    name: str
    color: str

    @classmethod
    def of(cls, table: ClassTable | None) -> tuple[InFiles, ...]:
        """Return the classes of a table, by code."""
        return () if table is None else tuple(sorted(cls(one.code, one.name, one.color) for one in table))


class _Codes(LazyArray):
    """Codes of label values, looked up box by box."""

    def __init__(self, path: Path, source: ArrayLike, table: ClassTable) -> None:
        self.source = source
        largest = max(*table.codes, table.unlabelled)
        kind = next(kind for kind in (np.uint8, np.uint16, np.int32) if largest <= np.iinfo(kind).max)
        self.lookup = np.full(256, table.unlabelled, kind)
        self.lookup[list(table.values)] = table.codes
        super().__init__(path, source.shape, kind)

    def read(self, box: Box) -> NDArray[Any]:
        """Read a box."""
        codes: NDArray[Any] = self.lookup[np.asarray(self.source[box])]
        return codes


def in_codes(values: ArrayLike, table: ClassTable, dims: Sequence[str] = (), path: Path | None = None) -> xr.Variable:
    """Return label values as the codes of their classes.

    Parameters
    ----------
    values : ArrayLike of uint8
        Label values; 0 is unlabelled.
    table : ClassTable
        The classes.
    dims : sequence of str, optional
        Names of the axes.
    path : path-like, optional
        What errors are about.

    Returns
    -------
    xarray.Variable
        uint8, uint16 or int32, whichever holds all codes; read when it is sliced. `ClassTable.unlabelled` where nothing
        is labelled.

    Examples
    --------
    >>> import numpy as np
    >>> table = ClassTable.of_codes({10: "trees", 80: "water"})
    >>> in_codes(np.array([[0, 1, 2]], np.uint8), table).values.tolist()
    [[0, 10, 80]]
    """
    named = dims or [f"axis_{number}" for number in range(values.ndim)]
    return _Codes(path or Path("prediction"), values, table).variable(named)
