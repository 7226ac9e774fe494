"""Writes results on the grid of the survey, beside the GUI: streamed, with its progress, cancelled at any moment."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import xarray as xr
from psygnal import SignalGroupDescriptor

from napari_fhn import surveys
from napari_fhn.surveys.kinds import is_map, is_seismic
from napari_fhn.surveys.out.bodies import save_bodies, save_mesh
from napari_fhn.surveys.out.classes import save_classes
from napari_fhn.surveys.out.horizons import save_horizon
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.running.overlays import output_path
from napari_fhn.widgets.state import RunState
from napari_fhn.widgets.words import Words

Told = Callable[[float], None]

_FILES = {
    "seismic": "SEG-Y (*.sgy *.segy)",
    "map": "GeoTIFF (*.tif);;ENVI (*.img)",
    "any": "NetCDF (*.nc);;Zarr (*.zarr);;NumPy array (*.npy)",
}


@dataclass(frozen=True)
class Offer:
    """Something that can be exported.

    Parameters
    ----------
    key : str
        For the program.
    title : str
        For people.
    words : str
        What it is, in a sentence.
    """

    key: str
    title: str
    words: str


OFFERS = (
    Offer("classes", "Classes", "The predicted class of every voxel."),
    Offer("probabilities", "Probability of a class", "How sure the network is of the chosen class, 0 to 1."),
    Offer("entropy", "Entropy", "How undecided the network is between the classes, 0 to 1."),
    Offer("margin", "Margin", "How far the likeliest class is ahead of the second, 0 to 1."),
    Offer("labels", "Labels", "What is labelled, as classes; 0 elsewhere."),
    Offer("horizon", "Horizon between two classes", "The first sample of the second class below the first, as XYZ."),
    Offer("bodies", "Bodies of a class", "Connected bodies of the chosen class, numbered from the largest."),
    Offer("mesh", "Mesh of a class", "The surface of the chosen class in map coordinates, as OBJ."),
    Offer("table", "Class table", "Value, name and colour of each class, as CSV or QGIS style."),
)


@dataclass
class ExportState:
    """What is being written; setting a field emits an event of its name.

    Parameters
    ----------
    busy : bool
        Whether something is.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    busy: bool = False


class _Cancelled(Exception):
    """The person pressed Cancel; never leaves this module."""


class Exports:
    """Saves what the session holds.

    Parameters
    ----------
    data : Data
        On whose grid it is saved.
    book : LabelBook
        Whose session it is.
    run : RunState
        Where it says that it is at work.
    words : Words
        Where it says what happened.
    background : Background
        On which it writes.

    Attributes
    ----------
    state : ExportState
        What is being written.
    share : float
        How much of it is done, 0 to 1; written by another thread, so that it is looked at now and then.
    """

    def __init__(self, data: Data, book: LabelBook, run: RunState, words: Words, background: Background) -> None:
        self.data = data
        self.book = book
                self.state = ExportState()
        self._words = words
        self._background = background
        self._cancelled = False
        self.share = 0.0

    def offered(self) -> tuple[Offer, ...]:
        """What there is to export now."""
        return tuple(offer for offer in OFFERS if self._there_is(offer.key))

    def files(self, key: str) -> str:
        """Return the kinds of file that an export may become, as a file dialog names them, the best first."""
        special = {
            "horizon": "XYZ (*.xyz)",
            "mesh": "Wavefront mesh (*.obj)",
            "bodies": "NumPy array (*.npy)",
            "table": "CSV (*.csv);;QGIS style (*.qml)",
        }
        if key in special:
            return special[key]
        material = self.data.material
        first = ""
        if material is not None and is_seismic(material.first):
            first = _FILES["seismic"]
        elif material is not None and {"y", "x"} <= set(material.first.dims) and is_map(material.first):
            first = _FILES["map"]
        return f"{first};;{_FILES['any']}" if first else ";;".join(reversed(_FILES["any"].split(";;")))

    def save(self, path: Path, key: str = "classes", value: int = 1, below: int = 2, at_least: int = 1) -> None:
        """Write a file.

        Parameters
        ----------
        path : Path
            Its suffix decides the kind of file, see `napari_fhn.surveys.save`.
        key : str
            Of one of `OFFERS`.
        value, below : int
            The class, and the one below it (for a horizon).
        at_least : int
            Voxels of the smallest body that is kept.
        """
        material = self.data.material
        if material is None or not self._there_is(key):
            self._words.fail("There is nothing of that kind to export yet.")
            return
        write = self._writer(path, key, value, below, at_least, material.first)
        self._cancelled, self.share = False, 0.0
        self.run.task = "export"
        self.state.busy = True
        self._words.say(f"Writing {path.name} ...")

        def told(share: float) -> None:
            # On the other thread: nothing but a number may be touched here.
            self.share = share
            if self._cancelled:
                raise _Cancelled

        def done(words: str) -> None:
            self._ended()
            self._words.say(words)

        def failed(error: BaseException) -> None:
            self._ended()
            if isinstance(error, _Cancelled):
                self._words.say(f"{path.name} was not written; what was there before is there still.")
                return
            detail = "" if isinstance(error, surveys.SurveyError) else "".join(traceback.format_exception(error))
            self._words.fail(str(error), detail)

        self._background.run(lambda: write(told), done, failed)

    def cancel(self) -> None:
        """Write no more; a file that was there stays as it was."""
        self._cancelled = True

    def _ended(self) -> None:
        self.run.task = None
        self.state.busy = False

    def _there_is(self, key: str) -> bool:
        session, material = self.book.session, self.data.material
        if session is None or material is None:
            return False
        if key in ("labels", "table"):
            return True
        if key in ("probabilities", "entropy", "margin"):
            return output_path(session, key).is_file()  # type: ignore[arg-type]
        if key == "mesh" and len(material.shape) != 3:
            return False
        upright = len(material.shape) == 3 or self.data.vertical is not None
        return self.run.has_prediction and (key in ("classes", "bodies") or upright)

    def _writer(
        self, path: Path, key: str, value: int, below: int, at_least: int, like: xr.DataArray
    ) -> Callable[[Told], str]:
        """Return what writes the file and says so."""
        assert self.book.session is not None
        session, table = self.book.session, self.book.state.classes
        shape = tuple(n for dim, n in like.sizes.items() if dim != "band")
        written = f"Exported to {path}."
        if key == "table":
            return lambda told: f"Exported to {save_classes(path, table)}."
        if key in ("probabilities", "entropy", "margin"):
            values = np.load(output_path(session, key), mmap_mode="r", allow_pickle=False)  # type: ignore[arg-type]
            part: Any = values[value - 1] if key == "probabilities" else values
            return lambda told: f"Exported to {surveys.save(path, part, like, progress=told)}."
        classes = session.label_volume(shape) if key == "labels" else session.prediction_volume(shape)
        if key == "horizon":

            def horizon(told: Told) -> str:
                n = save_horizon(path, classes, like, value, below, progress=told)
                return f"{written[:-1]}: {n:,} traces have this horizon."

            return horizon
        if key == "bodies":

            def bodies(told: Told) -> str:
                sizes = save_bodies(path, classes, value, at_least=at_least, progress=told)
                return f"{written[:-1]}: {len(sizes):,} bodies, the largest of {sizes[0]:,} voxels."

            return bodies
        if key == "mesh":
            names = dict(zip(table.values, table.names, strict=True))

            def mesh(told: Told) -> str:
                n = save_mesh(path, classes, like, [(names.get(value, str(value)), value)], progress=told)
                return f"{written[:-1]}: {n:,} triangles."

            return mesh
        return lambda told: f"Exported to {surveys.save(path, classes, like, nodata=0, classes=table, progress=told)}."
