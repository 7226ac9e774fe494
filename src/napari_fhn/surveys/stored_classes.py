"""Classes as files store them: whole numbers of any size, of which some mean that nothing is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.sentence import counted
from napari_fhn.surveys import flags
from napari_fhn.surveys.blocks import pieces
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.grid import Placed
from napari_fhn.surveys.grid.before import Before
from napari_fhn.surveys.lazy import Box, LazyArray, holds

#: More different numbers than this are no classes.
_MOST_CODES = 4096
_LISTED = 8
#: Largest code of a class, what a 4-byte integer of a file can hold.
_LARGEST = 2**31 - 1
_NOTHING = {"unlabelled", "unlabeled", "unclassified", "undefined", "no data", "nodata", "no-data", "no_data", "void",
            "ignore", "ignored", "none", "nan", "fill"}  # fmt: skip


@dataclass
class StoredClasses:
    """Classes as a file stores them: whole numbers on the grid of a survey, read when they are asked for.

    Nothing is known where the file says "no data", NaN or nothing, where a number is negative or larger than any code
    (1e20, 4294967295), and where it is the largest that fits into the type of the file (255, 65535 or 32767) unless the
    class table or the file names it. 0 is nothing too, unless it is named.

    Parameters
    ----------
    placed : Placed
        Stored numbers, lazy; ``attrs["nodata"]`` is no class.
    path : Path
        The file that sentences are about.

    Attributes
    ----------
    names : dict of int to str
        What the file itself calls its codes.
    """

    placed: Placed
    path: Path
    _counted: dict[int, int] | None = field(default=None, init=False, repr=False)
    _lost: dict[int, int] | None = field(default=None, init=False, repr=False)

    @property
    def names(self) -> dict[int, str]:
        """What the file itself calls its codes; empty where it names none."""
        attrs = self.placed.values.attrs
        said = attrs.get("classes") or flags.named(attrs, self.placed.values.dtype)
        return {int(code): str(name) for code, name in said.items()}

    def counts(self) -> dict[int, int]:
        """Count the whole numbers that it holds, but for "no data": voxels by code, ascending.

        Raises
        ------
        SurveyError
            When not all are whole numbers, or they are more than could be classes.
        """
        if self._counted is None:
            found: dict[int, int] = {}
            for piece in pieces(self.placed.values):
                codes, counts = np.unique(self._stored(piece), return_counts=True)
                for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
                    found[int(code)] = found.get(int(code), 0) + int(count)
                if len(found) > _MOST_CODES:
                    what = f"it holds more than {_MOST_CODES:,} different numbers, from {min(found)} to {max(found)}"
                    raise SurveyError(self.path, what, "Name a file of classes: one whole number for each")
            self._counted = dict(sorted(found.items()))
        return self._counted

    def codes(self, named: Mapping[int, object] | None = None) -> tuple[int, ...]:
        """Return the codes of classes, ascending.

        Parameters
        ----------
        named : mapping of int, optional
            Codes that are classes, whatever they would mean otherwise.
        """
        return tuple(code for code in self.counts() if self._is_class(code, named or {}))

    def lost(self, named: Mapping[int, object] | None = None) -> dict[int, int]:
        """Count the voxels of classes that lie within the survey, and of which its grid has none: by code, ascending.

        Parameters
        ----------
        named : mapping of int, optional
            As for `codes`.
        """
        if self._lost is None:
            self._lost = self._found_lost()
        return {code: count for code, count in self._lost.items() if self._is_class(code, named or {})}

    def words(
        self, named: Mapping[int, object] | None = None, called: Mapping[int, str] | None = None
    ) -> tuple[str, ...]:
        """Say what was left out.

        Parameters
        ----------
        named : mapping of int, optional
            As for `codes`.
        called : mapping of int to str, optional
            What the class table calls the codes; what the file calls them where it is absent.
        """
        return (*self.words_of_lost(named, called), *self._words_of_nothing(named))

    def words_of_lost(
        self, named: Mapping[int, object] | None = None, called: Mapping[int, str] | None = None
    ) -> tuple[str, ...]:
        """Name the classes of which nothing is left on the grid of the survey.

        Parameters
        ----------
        named, called : mapping of int, optional
            As for `words`.
        """
        lost = self.lost(named)
        if not lost:
            return ()
        names = {**self.names, **(called or {})}
        shown = [(f"{code} {names.get(code, '')}".rstrip(), count) for code, count in lost.items()]
        listed = ", ".join(f"{what} ({counted(count, 'voxels')})" for what, count in shown[:_LISTED])
        more = ", …" if len(lost) > _LISTED else ""
        return (
            f"{self.path.name}: nothing is left of {listed}{more} on the grid of the survey, which is coarser; give "
            "what is so small as points or picks.",
        )

    def _words_of_nothing(self, named: Mapping[int, object] | None) -> tuple[str, ...]:
        kept = self.codes(named)
        out = {code: count for code, count in self.counts().items() if code not in kept and code != 0}
        if not out:
            return ()
        shown = [(str(code) if abs(code) <= _LARGEST else f"{code:g}", count) for code, count in out.items()]
        listed = ", ".join(f"{code} ({counted(count, 'values')})" for code, count in shown[:_LISTED])
        more = ", …" if len(out) > _LISTED else ""
        return (f'{self.path.name}: {listed}{more} taken for "nothing is known"; name it in the classes if it is one.',)

    def values(self, by_code: Mapping[int, int]) -> Placed:
        """Return label values.

        Parameters
        ----------
        by_code : mapping of int to int
            Label value, 1 to 255, of each code.

        Returns
        -------
        Placed
            uint8 in memory, 0 where nothing is known.

        Raises
        ------
        SurveyError
            When it holds another code.
        """
        self.check(by_code)
        out = np.zeros(self.placed.values.shape, np.uint8)
        lazy = self.lazy(by_code)
        for piece in pieces(lazy):
            out[piece] = lazy[piece].values
        return replace(self.placed, values=as_bytes(self.placed.values, out))

    def lazy(self, by_code: Mapping[int, int]) -> xr.DataArray:
        """Return label values that are read when they are sliced: uint8, 0 where nothing is known."""
        source = self.placed.values
        values = _Values(self.path, source, by_code).variable([str(dim) for dim in source.dims])
        return xr.DataArray(values, coords=source.coords, name=source.name, attrs={**source.attrs, "nodata": None})

    def check(self, by_code: Mapping[int, object]) -> None:
        """Raise `SurveyError` where it holds the code of a class that is none of these."""
        strange = [code for code in self.codes(by_code) if code not in by_code]
        if strange:
            listed = ", ".join(map(str, strange[:_LISTED])) + (", …" if len(strange) > _LISTED else "")
            known = ", ".join(map(str, sorted(by_code)[:_LISTED])) or "none"
            raise SurveyError(
                self.path, f"it holds {listed}, which are no classes", f"The classes are {known}: add them"
            )

    def _is_class(self, code: int, named: Mapping[int, object]) -> bool:
        if code in named:
            return True
        if code in self.names and code >= 0:
            return not is_called_nothing(self.names[code])
        # Larger numbers than any code fill what is unknown: 4294967295, 1e20, 1.7e38.
        return 0 < code <= _LARGEST and code not in _largest_of(self.placed.values.dtype)

    def _found_lost(self) -> dict[int, int]:
        """Count the numbers that lie within the grid, and of which it has none."""
        found: dict[int, int] = {}
        before = self.placed.before
        if before is None:
            return found
        for beside in values_beside(before, [0, *self.counts()]):
            codes, counts = np.unique(beside, return_counts=True)
            for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
                if code == round(code):
                    found[int(code)] = found.get(int(code), 0) + int(count)
            if len(found) > _MOST_CODES:
                break  # no classes, which is said of what is left
        return dict(sorted(found.items()))

    def _stored(self, piece: slice) -> NDArray[Any]:
        """Whole numbers of a piece, without those that are missing."""
        stored = np.asarray(self.placed.values[piece].values)
        known = stored[~missing(stored, self.placed.values.attrs.get("nodata"))]
        if known.dtype.kind == "f" and not bool((known == np.rint(known)).all()):
            low, high = known.min(), known.max()
            raise SurveyError(
                self.path,
                f"its values run from {low:g} to {high:g}, and not all of them are whole",
                "Classes are whole numbers, and 0 is unlabelled",
            )
        return known


class _Values(LazyArray):
    """Label values out of stored codes."""

    def __init__(self, path: Path, source: xr.DataArray, by_code: Mapping[int, int]) -> None:
        self.source, self.nodata = source.variable, source.attrs.get("nodata")
        self.keys = np.array(sorted(by_code), np.int64)
        self.wanted = np.array([by_code[int(code)] for code in self.keys], np.uint8)
        super().__init__(path, source.shape, np.uint8)

    def read(self, box: Box) -> NDArray[np.uint8]:
        """Read a box; what is no code of a class is 0."""
        stored = np.asarray(self.source[box].values)
        if not len(self.keys):
            return np.zeros(stored.shape, np.uint8)
        nothing = missing(stored, self.nodata)
        if stored.dtype.kind == "f":
            nothing |= np.abs(stored) > _LARGEST
        numbers = np.where(nothing, 0, stored).astype(np.int64)
        place = np.minimum(np.searchsorted(self.keys, numbers), len(self.keys) - 1)
        values: NDArray[np.uint8] = np.where(nothing | (self.keys[place] != numbers), 0, self.wanted[place])
        return values.astype(np.uint8, copy=False)


def is_called_nothing(name: str) -> bool:
    """Tell whether a legend calls a code something that is no class, such as ``"Unclassified"``."""
    return name.strip().casefold() in _NOTHING


def as_bytes(values: xr.DataArray, out: NDArray[np.uint8]) -> xr.DataArray:
    """Return bytes in place of the values of an array."""
    made = values.copy(data=out)
    made.attrs["nodata"] = None
    return made


def values_beside(before: Before, there: Sequence[int]) -> Iterator[NDArray[Any]]:
    """Yield, a piece at a time, the values within a grid that are none of these, nor "no data"."""
    nodata = before.values.attrs.get("nodata")
    for piece in pieces(before.values):
        stored = np.asarray(before.values[piece].values)
        beside = np.nonzero(~np.isin(stored, there) & ~missing(stored, nodata))
        if beside[0].size:
            yield stored[beside][before.within(beside[0] + piece.start, *beside[1:])]


def missing(values: NDArray[Any], nodata: float | None) -> NDArray[np.bool_]:
    """Where stored values say that there is none."""
    gone = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    if nodata is not None and np.isfinite(nodata) and (values.dtype.kind == "f" or holds(values.dtype, nodata)):
        gone |= values == values.dtype.type(nodata)
    return gone


def _largest_of(kind: np.dtype[Any]) -> tuple[int, ...]:
    """The numbers with which a type of number is commonly filled where nothing is known."""
    return {1: (255,), 2: (65535, 32767), 4: (2**31 - 1,)}.get(kind.itemsize, ()) if kind.kind in "iu" else ()
