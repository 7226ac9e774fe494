"""Where exported values come from: a run of a session, a saved job, or a file from elsewhere."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import xarray as xr

from napari_fhn import mapped, surveys
from napari_fhn.labels import ClassTable
from napari_fhn.labels.classes.class_table import MAX_VALUE
from napari_fhn.project.data.opening import options
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.exporting.export_offers import Offer, What
from napari_fhn.project.predictions import predictions
from napari_fhn.surveys.blocks import ArrayLike
from napari_fhn.surveys.classes import stored_classes
from napari_fhn.surveys.grid import Grid, Placed
from napari_fhn.surveys.remote.addresses import path_of
from napari_fhn.surveys.stored_classes import StoredClasses
from napari_fhn.training.files.digest import digest
from napari_fhn.training.job import Job, Output

if TYPE_CHECKING:
    from napari_fhn.project.project import Project
    from napari_fhn.project.runs.run import Run


class Origin(Protocol):
    """Where classes and outputs come from: a run, or a file from elsewhere.

    ``name`` is what sentences call it, ``notes`` what was done to bring it onto the survey already.
    """

    name: str
    notes: tuple[str, ...]

    def grid(self) -> Grid | None:
        """Where they lie."""

    def classes(self) -> ArrayLike:
        """Predicted classes."""

    def output(self, kind: Output) -> ArrayLike:
        """Probabilities ``(class, ...)``, entropy or margin."""

    def labels(self) -> ArrayLike:
        """What is labelled."""

    def has(self, what: What) -> bool:
        """Whether there is something of that kind."""

    def made(self, offer: Offer, partial: bool) -> list[str]:
        """Say what made it, once it may be written."""

    def sources(self) -> list[Path]:
        """Return files of a person that it was made from, wherever they may lie."""


class OfRun:
    """What a run of a session holds."""

    name = "the prediction"
    notes: tuple[str, ...] = ()

    def __init__(self, project: Project, run: Run | None) -> None:
        self._project = project
        self._session = project.session
        self._run = run

    def grid(self) -> Grid | None:
        """Return where it lies."""
        kept = self._session.manifest.grid
        return self._project.surveys.grid if kept is None and self._project.surveys is not None else kept

    def classes(self) -> ArrayLike:
        """Return the classes, read when they are sliced."""
        return _mapped(self._with_prediction().prediction)

    def output(self, kind: Output) -> ArrayLike:
        """Return probabilities, entropy or margin."""
        run = self._with_prediction()
        path = run.output(kind)
        if not mapped.is_there(path):
            raise ProjectError(
                f"'{run.name}' has not predicted its {kind}",
                f"Predict again with that output: --outputs {kind}",
                path=path,
            )
        return _mapped(path)

    def labels(self) -> ArrayLike:
        """Return what is labelled."""
        return self._session.known()

    def has(self, what: What) -> bool:
        """Whether there is something of that kind."""
        if what == "labels":
            return self._session.has_labels
        if self._run is None or not self._run.has_prediction:
            return False
        return what not in ("probabilities", "entropy", "margin") or mapped.is_there(self._run.output(what))

    def made(self, offer: Offer, partial: bool) -> list[str]:
        """Return what made it, in lines."""
        if offer.what == "labels":
            return [f"labels of {self._session.name}, {digest(self._session.labels)[:16]}"]
        if not offer.predicted:
            return []
        found = predictions.check(self._session, self._with_prediction(), partial=partial)
        # One whose name begins with a dot is there for a while only.
        name = [] if self._session.name.startswith(".") else [f"session: {self._session.name}"]
        return [*name, *found.words()]

    def sources(self) -> list[Path]:
        """Return what surveys and labels were read from, as seen from the session and as it was last found."""
        manifest, folder = self._session.manifest, self._session.folder
        files = [*(one.file for one in manifest.surveys), *(one.file for one in manifest.knowledge)]
        # An array in memory has no file.
        return [place for file in files if file for place in (folder / file.path, Path(file.absolute)) if place.name]

    def _with_prediction(self) -> Run:
        if self._run is None:
            raise ProjectError("nothing was predicted in it yet", "Train and predict first", path=self._session.folder)
        if not mapped.is_there(self._run.prediction):
            raise ProjectError(
                f"nothing was predicted by '{self._run.name}' yet", "Predict first", path=self._session.folder
            )
        return self._run


class OfJob:
    """What a job of no session has predicted."""

    name = "the prediction"
    notes: tuple[str, ...] = ()

    def __init__(self, job: Job) -> None:
        self._job = job

    def grid(self) -> Grid | None:
        """Return where it lies."""
        path = Path(self._job.prediction)
        axes = [axis for k, axis in enumerate(self._job.axes) if k != self._job.map_axis]
        return Grid.from_axes(axes, self.classes().shape) if mapped.is_there(path) else None

    def classes(self) -> ArrayLike:
        """Return the classes, read when they are sliced."""
        path = Path(self._job.prediction)
        if not mapped.is_there(path):
            raise ProjectError("it does not exist", "Predict first", path=path)
        return _mapped(path)

    def output(self, kind: Output) -> ArrayLike:
        """Return probabilities, entropy or margin."""
        path = self._job.output_path(kind)
        if not mapped.is_there(path):
            raise ProjectError(f"there is no {kind}", f"Predict again with --outputs {kind}", path=path)
        return _mapped(path)

    def labels(self) -> ArrayLike:
        """Return what is labelled."""
        return _mapped(Path(self._job.labels))

    def has(self, what: What) -> bool:
        """Whether there is something of that kind."""
        if what == "labels":
            return Path(self._job.labels).is_file()
        if what in ("probabilities", "entropy", "margin"):
            return mapped.is_there(self._job.output_path(what))
        return mapped.is_there(self._job.prediction)

    def made(self, offer: Offer, partial: bool) -> list[str]:
        """Return what made it, in lines."""
        if not offer.predicted:
            return []
        return predictions.check_job(self._job, partial=partial)

    def sources(self) -> list[Path]:
        """Return what it reads."""
        return [Path(path) for path in (*(item.path for item in self._job.inputs), self._job.labels)]


class OfFile:
    """Classes in a file from elsewhere."""

    def __init__(
        self, path: Path, reading: Mapping[str, Any], like: xr.DataArray | None, table: ClassTable | None
    ) -> None:
        self._path = path = path_of(path)
        if like is None:
            values = surveys.open(path, **reading)
            if "band" in values.dims and values.sizes["band"] == 1:
                values = values.isel(band=0, drop=True)
            stored = StoredClasses(Placed(values), path)
        else:
            stored = stored_classes(path, like, **reading)
        if table is None and max(stored.codes(), default=0) > MAX_VALUE:
            table = ClassTable(()).with_codes({code: stored.names.get(code, "") for code in stored.codes()})
        known = {code: code for code in stored.codes()} if table is None else table.by_code
        stored.check(known)
        self.table, self.values, self.name = table, stored.lazy(known), path.name
        called = {} if table is None else table.names_by_code
        self.notes: tuple[str, ...] = tuple(one for one in (stored.placed.words, *stored.words(known, called)) if one)

    def sources(self) -> list[Path]:
        """Return the file."""
        return [self._path]

    def grid(self) -> Grid | None:
        """Return where it lies."""
        return None  # it was brought onto the survey when it was opened

    def classes(self) -> ArrayLike:
        """Return the classes, read when they are sliced."""
        return self.values

    def output(self, kind: Output) -> ArrayLike:
        """Return probabilities, entropy or margin."""
        raise ProjectError(f"a prediction file has no {kind}", "Name the session with --session", path=self._path)

    def labels(self) -> ArrayLike:
        """Return what is labelled."""
        raise ProjectError("a prediction file has no labels", "Name the session with --session", path=self._path)

    def has(self, what: What) -> bool:
        """Whether there is something of that kind."""
        return what in ("classes", "horizon", "thickness", "bodies", "mesh", "polygons")

    def made(self, offer: Offer, partial: bool) -> list[str]:
        """Return what made it, in lines."""
        said = str(self.values.attrs.get("history", "")).splitlines()
        return [f"from the prediction in {self._path.name}", *said] if offer.predicted else []


def classes_of(project: Project, run: Run | None) -> ClassTable | None:
    """The classes that a run was trained on, in the colours of now; those of the session where there is no run.

    A class may have been renamed or added since: what was predicted keeps the names that it was predicted by.
    """
    now = project.session.classes
    description = None if run is None else run.description()
    if description is None:
        return now
    table = ClassTable.of_names(description.classes, description.colors, description.codes)
    for value, color in ({} if now is None else now.colors).items():
        table = table.with_change(value, color=color)
    return table


def own_survey(project: Project) -> xr.DataArray | None:
    """The survey that lends its headers: opened, or made of what the manifest knows of its place."""
    if project.surveys is None:
        grid = project.session.manifest.grid
        return None if grid is None else grid.template()
    first, source = project.surveys.first, project.surveys.source
    if len(project.surveys.surveys) > 1 and source is not None and source.exists():
        # Of several surveys only what they have in common is learnt from; headers are those of a whole file.
        return surveys.open(source, **options(first.attrs.get("read_as") or {}))
    return first


def _mapped(path: Path) -> np.ndarray[Any, Any]:
    try:
        values: np.ndarray[Any, Any] = mapped.open(path)
    except (OSError, ValueError, EOFError) as error:
        raise ProjectError(f"it cannot be read ({error})", "Predict again", path=path) from error
    return values


def today() -> str:
    """Return date and time, as headers have them."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
