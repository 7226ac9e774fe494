"""A piece of work in Python: open, label, fit, predict, score, save."""

from __future__ import annotations

import difflib
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from napari_fhn.api.training import Training
from napari_fhn.api.wording import in_python
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable, LabelClass, LabelError
from napari_fhn.project import (
    NEW,
    Beginning,
    Begun,
    HeldOut,
    Project,
    ProjectError,
    Run,
    Runs,
    Session,
    Settings,
    arrays,
    jobs,
    planning,
    samples,
    terms,
)
from napari_fhn.project.attempt import attempt
from napari_fhn.project.knowledge import POINT_RADIUS, WELL_RADIUS
from napari_fhn.project.said import Files, Said, sources
from napari_fhn.project.together import Together, open_together
from napari_fhn.surveys import kinds
from napari_fhn.surveys.arrays import npy
from napari_fhn.surveys.axes import known_axes
from napari_fhn.training.job import Output
from napari_fhn.training.updates import Done, Update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_fhn.project.exporter import What, Written
    from napari_fhn.report.evaluation import Evaluation

PROGRAM = "Python"
"""What the lock of a session calls it."""

Survey = str | Path | xr.DataArray | NDArray[Any]
Surveys = Survey | Sequence[Survey] | Mapping[str, Survey]
Classes = ClassTable | Mapping[int, str] | Sequence[str] | str | Path
Told = Callable[[float], None]

_OPEN: weakref.WeakValueDictionary[Path, Work] = weakref.WeakValueDictionary()
"""Sessions that this process has open in Python: a cell of a notebook is run again without closing them."""


def open(
    surveys: Surveys | None = None,
    *,
    session: str | Path | None = None,
    vertical_axis: int | None = None,
    categorical: Sequence[str | Path] = (),
    map_field: str | None = None,
    read_only: bool = False,
    **reading: Any,
) -> Work:
    """Open surveys to work on, in a session that keeps everything.

    Parameters
    ----------
    surveys : path-like, array, sequence or mapping of these, optional
        Files of any kind that `napari_fhn.surveys.open` reads, polygons, ``"sample:seismic"`` or
        ``"sample:hyperspectral"``, arrays of xarray as that function gives them, or of numpy. Several are channels.
        Of a session that is there it is not needed: each of its surveys is read again as it was.
    session : path-like, optional
        Folder of work; made where it is not there. Of a file ``NAME.fhn`` in the working folder when absent; an array
        then has a session that ends with the work.
    vertical_axis : int, optional
        Axis of two-way time or depth, where the survey names none.
    categorical : sequence of path-like
        Rasters whose whole numbers are classes: a channel for each.
    map_field : str, optional
        Field of polygons among the surveys that is their class.
    read_only : bool
        Only look, also while another program works in the session.
    **reading
        Options of `napari_fhn.surveys.open`, such as ``axes=("y", "x", "band")``, which names those of numpy arrays
        too, or ``inline_byte=9``.

    Returns
    -------
    Work
        Close it, or use it in a ``with`` statement, so that others can write in the session.

    Raises
    ------
    SurveyError
        When a file cannot be read, or surveys do not go together.
    ProjectError
        When the session is damaged, is another's, or lies elsewhere than the surveys.

    Examples
    --------
    >>> import numpy as np, napari_fhn as fhn
    >>> magnetics = np.random.default_rng(0).normal(size=(24, 20)).astype("float32")
    >>> with fhn.open(magnetics, axes=("y", "x"), session="magnetics.fhn") as work:
    ...     work
    <Work magnetics.fhn: 24 × 20, nothing labelled, no runs>
    >>> with fhn.open(session="magnetics.fhn") as work:
    ...     work.shape
    (24, 20)
    """
    with in_python():
        if surveys is None and session is None:
            raise ProjectError("there is nothing to open", "Name a survey, or the session of an earlier work")
        named = [] if surveys is None else _named(surveys)
        together = None if surveys is None else _opened(named, categorical, map_field, reading)
        folder, own = _folder(session, named)
        work = Work._open(folder, together, vertical_axis, _sample(named), own, read_only)
        work._order = order_of(named, reading)
        return work


class Work:
    """A piece of work; `napari_fhn.open` returns it.

    Attributes
    ----------
    project : napari_fhn.project.Project
        What all faces of the program share.
    notes : list of str
        What a person should know: what was done to bring surveys and labels together, what was left out.
    """

    def __init__(self, project: Project, sample: str = "", own: tempfile.TemporaryDirectory[str] | None = None) -> None:
        self.project = project
        self.notes: list[str] = list(project.session.notes)
        self._sample = sample
        self._own = own
        self._order: tuple[str, ...] = ()
        self._remembers = False
        self._read_only = False
        self._closing = weakref.finalize(self, _let_go, project.session, own)

    @classmethod
    def _open(
        cls,
        folder: Path,
        together: Together | None,
        vertical_axis: int | None,
        sample: str,
        own: tempfile.TemporaryDirectory[str] | None,
        read_only: bool,
    ) -> Work:
        earlier = _OPEN.get(folder)
        if earlier is not None:
            earlier.close()
        session = Session(folder) if together is not None else Session.existing(folder)
        with _undoing(session, read_only):
            project = Project.open(folder) if together is None else Project(session, together.surveys)
            project.session = session
            if not read_only and (together is not None or vertical_axis is not None):
                chosen = session.manifest.vertical_axis if vertical_axis is None else vertical_axis
                if project.surveys is not None:
                    stacks = {} if together is None else together.stacks(folder)
                    project.use(project.surveys, vertical_axis=chosen, stacks=stacks or _known_stacks(session))
        work = cls(project, sample, own)
        work._remembers = together is None
        work._read_only = read_only
        work.notes += [] if together is None else list(together.words)
        work.notes += [f"{name} was not found: a copy in the session is used." for name in project.missing]
        if not read_only:
            _OPEN[folder] = work
        return work

    def __repr__(self) -> str:
        words = self.project.surveys.sentence if self.project.surveys is not None else "surveys not at hand"
        count = len(self.runs.all())
        runs = f"{count} run{'' if count == 1 else 's'}" if count else "no runs"
        labelled = f"{len(self.classes)} classes" if self._labelled else "nothing labelled"
        return f"<Work {self.session.name}: {words}, {labelled}, {runs}>"

    def __enter__(self) -> Work:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write in the session; a session that was made for an array goes."""
        if _OPEN.get(self.session) is self:
            del _OPEN[self.session]
        self._closing()

    # What there is ---------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Path:
        """Folder of the session."""
        return self.project.session.folder

    @property
    def surveys(self) -> dict[str, xr.DataArray]:
        """The surveys, by name; empty where they are not at hand."""
        found = self.project.surveys
        return {} if found is None else dict(zip(found.names, found.surveys, strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of labels and predictions."""
        return self.project.shape

    @property
    def classes(self) -> dict[int, str]:
        """Names of the classes by their values."""
        table = self.project.classes
        return dict(zip(table.values, table.names, strict=True))

    @property
    def labels(self) -> xr.DataArray:
        """What is labelled, mapped from the session: 0 where nothing is."""
        with in_python():
            return arrays.known(self.project)

    @property
    def runs(self) -> Runs:
        """The trainings: iterate over them, ``get`` one, ``rename``, ``select``, ``delete``."""
        return self.project.session.runs

    @property
    def run(self) -> Run | None:
        """The current run, whose network predicts; None before there is one."""
        return self.runs.current

    # What is done ----------------------------------------------------------------------------------------------------

    def label(
        self,
        labels: Files | ArrayLike | xr.DataArray = None,
        *,
        wells: Files = None,
        tops: Files = None,
        las: Files = (),
        deviation: Files = (),
        checkshots: Files = (),
        horizon: Files = (),
        points: Files = None,
        polygons: Files = None,
        known: Files = (),
        classes: Classes | None = None,
        radius: float = WELL_RADIUS,
        point_radius: float = POINT_RADIUS,
        columns: Sequence[str] = (),
        replace_labels: bool = False,
        **answers: Any,
    ) -> tuple[str, ...]:
        """Say what is known, once for all files together.

        Parameters
        ----------
        labels : array or path-like, optional
            Classes on the grid of the survey, 0 where nothing is labelled: an array, or a file of any kind that is
            read.
        wells, tops, las, deviation, checkshots, horizon, points, polygons : path-like or sequence of these, optional
            Files, by what they hold; those of wells are read together.
        known : path-like or sequence of these, optional
            Files of which is found out what they hold.
        classes : mapping, sequence of str, ClassTable or path-like, optional
            Names by value, names of the values from 1, or a table ``value,name,color``. Files that name others are
            refused then; without it classes are those that the files name.
        radius : float
            How far labels of a well reach, in traces.
        point_radius : float
            How far those of a point reach, in pixels.
        columns : sequence of str
            What columns of tables are, as in ``"tops:well=1,marker=2,md=3:m"``.
        replace_labels : bool
            Take these labels in place of others that are there.
        **answers
            What files leave open, as on the command line: `las_curve`, `las_unit`, `zones`, `band`, `way`, `z`,
            `class_field`, `layer`, `slices`, `decimal`, `kb`, `datum`, `fall_off`, `off_line`.

        Returns
        -------
        tuple of str
            What was left out or taken for granted, in sentences; they are added to `notes`.

        Raises
        ------
        LabelError
            With what is wrong and the way out; where a person must say something, with the keyword that says it.

        Examples
        --------
        >>> import napari_fhn as fhn
        >>> with fhn.open("sample:seismic", session="fold.fhn") as work:
        ...     _ = work.label()  # a sample knows its wells, tops and classes
        ...     len(work.classes)
        7
        """
        with in_python():
            self._check_writer()
            table = None if classes is None else _table(classes)
            array = labels if _is_array(labels) else None
            said = _said(
                labels=None if array is not None else labels, wells=wells, tops=tops, las=las, deviation=deviation,
                checkshots=checkshots, horizon=horizon, points=points, polygons=polygons, known=known, radius=radius,
                point_radius=point_radius, columns=columns, **answers,
            )  # fmt: skip
            if array is not None:
                if said.any:
                    raise LabelError("labels as an array are taken alone", "Save them to a file to add others")
                words = self.project.paint(self._in_order(array), replace_labels=replace_labels)
                if table is not None:
                    self.project.session.set_classes(table)
            else:
                said, table = self._of_the_sample(said, table)
                if not said.any:
                    raise LabelError("nothing is known", "Give labels, wells with tops, las, horizon, points, polygons")
                survey = None if self.project.surveys is None else self.project.surveys.first
                words = self.project.label(sources(said, survey), table, replace_labels=replace_labels)
            self.notes += words
            return tuple(words)

    def fit(
        self,
        recipe: str | None = None,
        *,
        steps: int | None = None,
        hold_out: int | Sequence[Box] | HeldOut | None = None,
        blocks: int | None = None,
        seed: int | None = None,
        name: str = "",
        start_from: str | Path | Run | None = None,
        resume: bool | str = False,
        settings: Settings | None = None,
        loss: str | None = None,
        balance: str | None = None,
        share: Sequence[str] = (),
        order: str | None = None,
        absent: Sequence[str] = (),
        smooth: float | None = None,
        ignore: Sequence[str] = (),
        device: str | None = None,
        memory: int | None = None,
        told: Told | None = None,
    ) -> Training:
        """Train a network, as a new run beside the others.

        Parameters
        ----------
        recipe : str, optional
            Network and schedule; what suits survey and labels when absent.
        steps, seed : int, optional
            Training steps, and the seed of every random choice; the recipe's when absent.
        hold_out : int, sequence of Box or HeldOut, optional
            Wells or patches that are kept for the score: how many, or which.
        blocks : int, optional
            Hold out blocks of that many traces or pixels each way, where labels lie dense.
        name : str
            Of the run.
        start_from : path-like or Run, optional
            Begin with a trained network: a run, or the folder of a session, a run or a network. Without a recipe its
            architecture and schedule are taken too.
        resume : bool or str
            Go on with the newest training that was stopped, or with the run of this name, as if it had not been.
        settings : Settings, optional
            In place of a recipe.
        loss, balance, share, order, absent, smooth, ignore
            What is minimised, as on the command line: ``share=["Salt=0.02:0.1"]``.
        device : str, optional
            ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.
        memory : int, optional
            Bytes that may be used.
        told : callable, optional
            Told the share of the survey that is copied into the session, 0 to 1.

        Returns
        -------
        Training
            Iterate over its updates, or call ``wait()``: nothing is done before.

        Examples
        --------
        >>> import numpy as np, napari_fhn as fhn
        >>> image, labels = np.random.default_rng(0).normal(size=(24, 20)), np.zeros((24, 20), int)
        >>> labels[2:4, 2:4], labels[15:17, 10:12] = 1, 2
        >>> with fhn.open(image, axes=("y", "x")) as work:
        ...     _ = work.label(labels, classes=["sand", "shale"])
        ...     for update in work.fit("map", steps=2, device="cpu"):
        ...         pass  # Progress, Score, Note, at last Done
        ...     work.run.name, work.run.step
        ('Run 1', 2)
        """
        numbers: dict[str, Any] = {"steps": steps, "seed": seed, "device": device, "memory": memory}

        def attempting() -> AbstractContextManager[None]:
            self._check_writer()
            return attempt(self.project.session)

        def begin() -> tuple[Begun, str]:
            if resume:
                return self._resumed(resume if isinstance(resume, str) else "", numbers, told), ""
            held_out = _held_out(hold_out, blocks, self.project.session.manifest.held_out, self._remembers)
            first = start_from.folder if isinstance(start_from, Run) else start_from
            chosen, why = planning.plan(
                self.project,
                recipe or "",
                start_from=None if settings is not None else first,
                base=settings or (self.project.settings if self._remembers else None),
                held_out=held_out,
                **numbers,
            )
            shape, schedule = self.project.shape, chosen.schedule
            objective = terms.objective(
                schedule.objective, shape, loss=loss, balance=balance, shares=share, layers=order, absences=absent,
                smooth=smooth,
            )  # fmt: skip
            boxes = tuple(terms.box(text, shape) for text in ignore) or chosen.ignored
            chosen = replace(chosen, schedule=replace(schedule, objective=objective), ignored=boxes)
            beginning = NEW if first is None else Beginning(network=Path(first))
            return jobs.begin(self.project, chosen, beginning, held_out=held_out, name=name, progress=told), why

        return Training(self.project.session, attempting, begin)

    def predict(
        self,
        *,
        outputs: Sequence[Output] | Output | None = None,
        flips: bool | None = None,
        run: str | Run | None = None,
        device: str | None = None,
        memory: int | None = None,
        told: Callable[[Update], object] | None = None,
    ) -> xr.DataArray:
        """Predict the whole survey.

        Parameters
        ----------
        outputs : str or sequence of str, optional
            What is predicted beside the classes: ``"probabilities"``, ``"entropy"``, ``"margin"``; see `prediction`.
        flips : bool, optional
            Average over horizontal flips of the data: several times the work.
        run : str or Run, optional
            With the network of which run; the current one when absent.
        device, memory
            As in `fit`.
        told : callable, optional
            Called with each update.

        Returns
        -------
        xarray.DataArray
            The classes, as `prediction` returns them.

        Raises
        ------
        ProjectError, JobError
            When there is no network, or the data do not go with it.
        """
        with in_python():
            self._check_writer()
            chosen = self.runs.trained() if run is None else self._run(run)
            asked = (outputs,) if isinstance(outputs, str) else outputs
            job = jobs.prediction_job(self.project, chosen, outputs=asked, flips=flips, device=device, memory=memory)
            predicted(job, told)
            return arrays.prediction(self.project, chosen)

    def prediction(self, kind: arrays.Kind = "classes", *, run: str | Run | None = None) -> xr.DataArray:
        """Return what was predicted.

        Parameters
        ----------
        kind : {"classes", "probabilities", "entropy", "margin"}
            What of it.
        run : str or Run, optional
            By which run; the current one when absent.

        Returns
        -------
        xarray.DataArray
            With the axes of the survey, mapped from the session: nothing is read before it is used, and predicting
            again changes it. ``attrs`` hold ``classes`` (names by value), ``made`` (lines that say what made it) and
            ``complete``: whether all of the survey is predicted by the network of now.

        Raises
        ------
        ProjectError
            When there is nothing of that kind.
        """
        with in_python():
            return arrays.prediction(self.project, self._run(run), kind)

    def score(
        self,
        truth: Files | ArrayLike | xr.DataArray = None,
        *,
        margin: int = 0,
        run: str | Run | None = None,
        partial: bool = False,
    ) -> Evaluation:
        """Score a prediction.

        Parameters
        ----------
        truth : array or path-like, optional
            True classes, scored where nothing was labelled; the labels held out when absent.
        margin : int
            Leave out what lies within so many traces or pixels of a label of training.
        run : str or Run, optional
            Whose prediction; that of the current run when absent.
        partial : bool
            Score a prediction that is not whole, or stale, as it is.

        Returns
        -------
        Evaluation
            ``network`` holds accuracy, kappa, and IoU, precision and recall by class; ``nearest`` the same of the
            humblest reference.

        Raises
        ------
        NeedsConsent
            When the prediction is not whole, or stale.
        ProjectError, JobError, LabelError
            When there is nothing to score on.
        """
        from napari_fhn.report.runs import evaluate

        with in_python():
            true = self._in_order(truth) if _is_array(truth) else truth
            found = evaluate(self.project, self._run(run), true, margin=margin, partial=partial)
            self.notes += found.notes
            wanted = "held out" if truth is None else "truth"
            return next(one for one in found.evaluations if one.on == wanted)

    def report(
        self,
        output: str | Path | None = None,
        *,
        truth: Files | ArrayLike | xr.DataArray = None,
        run: str | Run | None = None,
        partial: bool = False,
    ) -> Path:
        """Write what was trained on what, and what came out, as one HTML file; return it.

        Parameters
        ----------
        output : path-like, optional
            The file; ``report.html`` in the folder of the run when absent.
        truth, run, partial
            As in `score`.
        """
        from napari_fhn.report.runs import write_report

        with in_python():
            true = self._in_order(truth) if _is_array(truth) else truth
            return write_report(self.project, self._run(run), output, true, partial=partial)

    def save(
        self,
        path: str | Path,
        what: What = "classes",
        *,
        of: str | Sequence[str] = (),
        above: str | Sequence[str] = (),
        below: str | Sequence[str] = (),
        at_least: int = 1,
        corners: bool = False,
        like: str | Path | xr.DataArray | None = None,
        run: str | Run | None = None,
        partial: bool = False,
        told: Told | None = None,
    ) -> Written:
        """Write what was predicted to a file that other programs read.

        Parameters
        ----------
        path : path-like
            Its suffix says what kind of file it becomes: ``.sgy``, ``.tif``, ``.img``, ``.nc``, ``.zarr``, ``.npy``, or
            ``.xyz`` and ``.dat`` for a horizon, ``.obj`` for a mesh, ``.csv`` and ``.qml`` for the class table.
        what : str
            ``"classes"``, ``"probabilities"``, ``"entropy"``, ``"margin"``, ``"labels"``, ``"horizon"``, ``"bodies"``,
            ``"mesh"`` or ``"table"``.
        of : str or sequence of str
            Classes that bodies or a mesh are of.
        above, below : str or sequence of str
            Classes on both sides of a horizon.
        at_least : int
            Voxels of the smallest body.
        corners : bool
            Voxels that share an edge or a corner belong to one body too.
        like : path-like or xarray.DataArray, optional
            Survey whose headers are taken; the session's own when absent.
        run : str or Run, optional
            Whose prediction; that of the current run when absent.
        partial : bool
            Write a prediction that is not whole, or stale, as it is.
        told : callable, optional
            Told the share that is written, 0 to 1.

        Returns
        -------
        Written
            ``paths`` of what was written, ``counts`` of traces, bodies or triangles, and what ``made`` it.

        Raises
        ------
        NeedsConsent
            When the prediction is not whole, or stale.
        ProjectError, SurveyError, LabelError
            When there is nothing of that kind, or it cannot be written.
        """
        from napari_fhn import surveys
        from napari_fhn.project.exporter import Exporter, Request

        with in_python():
            survey = like if like is None or isinstance(like, xr.DataArray) else surveys.open(like)
            chosen = None if what in ("labels", "table") and run is None else self._run(run)
            exporter = Exporter.of_run(self.project, chosen, like=survey)
            request = Request(
                what,
                Path(path),
                of=exporter.values(_several(of)),
                above=exporter.values(_several(above)),
                below=exporter.values(_several(below)),
                at_least=at_least,
                corners=corners,
                partial=partial,
            )
            return exporter.write(request, told)

    # Inside ----------------------------------------------------------------------------------------------------------

    @property
    def _labelled(self) -> bool:
        return self.project.session.has_labels and bool(self.project.session.known().any())

    def _in_order(self, values: Any) -> Any:
        if self.project.surveys is None or not self._order:
            return values
        return in_order(values, self._order, kinds.spatial_dims(self.project.surveys.first))

    def _check_writer(self) -> None:
        if self._read_only or not self._closing.alive:
            how = "it was opened to look at only" if self._read_only else "it was closed"
            raise ProjectError(how, "Open it again to change it", path=self.session)
        self.project.session.check_writer()

    def _run(self, which: str | Run | None) -> Run:
        if isinstance(which, Run):
            return self.runs.get(which.id)
        if which is not None:
            return self.runs.get(which)
        found = self.runs.current
        if found is None:
            raise ProjectError("nothing was trained in it yet", "Call fit first", path=self.session)
        return found

    def _resumed(self, name: str, numbers: Mapping[str, Any], told: Told | None) -> Begun:
        run = jobs.to_resume(self.project, name)
        job = run.job()
        machine = {key: numbers[key] for key in ("device", "memory") if numbers[key] is not None}
        settings = replace(Settings.of_job(job), **machine).with_numbers(steps=numbers["steps"], seed=numbers["seed"])
        held_out = HeldOut(len(job.held_out), job.held_out)
        return jobs.begin(self.project, settings, Beginning(resume=True, run=run.id), held_out=held_out, progress=told)

    def _of_the_sample(self, said: Said, table: ClassTable | None) -> tuple[Said, ClassTable | None]:
        """Fill in what belongs to a bundled sample and was not said."""
        if not self._sample:
            return said, table
        sample = samples.sample(self._sample)
        if not said.any:
            said = replace(said, wells=sample.wells, tops=sample.tops, points=sample.points)
        return said, table or ClassTable.from_csv(sample.classes)


def predicted(job: Any, told: Callable[[Update], object] | None) -> Done:
    """Predict as a job says, to the end."""
    # Here and not above: torch takes seconds to import.
    from napari_fhn import training
    from napari_fhn.training.control import Control
    from napari_fhn.training.log import kept

    end: Done | None = None
    for update in kept(training.predict(job, Control(watched=False)), job, "predict"):
        if told is not None:
            told(update)
        if isinstance(update, Done):
            end = update
    assert end is not None  # it raises where it cannot come to its end
    return end


def _let_go(session: Session, own: tempfile.TemporaryDirectory[str] | None) -> None:
    session.release()
    if own is not None:
        own.cleanup()


@contextmanager
def _undoing(session: Session, read_only: bool) -> Iterator[None]:
    """Become the one who writes in a session; where that which follows fails, all is as it was."""
    if read_only:
        yield
        return
    made, new = not session.folder.exists(), not session.exists
    session.acquire(PROGRAM)
    try:
        yield
    except BaseException:
        if new:
            session.clear()
        session.release()
        if made and session.folder.is_dir() and not any(session.folder.iterdir()):
            session.folder.rmdir()
        raise


def _named(surveys: Surveys) -> list[tuple[str, Survey]]:
    """Return surveys with the names that a person gave them, empty where none."""
    if isinstance(surveys, Mapping):
        return [(str(name), survey) for name, survey in surveys.items()]
    if isinstance(surveys, str | Path | xr.DataArray | np.ndarray):
        return [("", surveys)]
    return [("", survey) for survey in surveys]


def _opened(
    named: Sequence[tuple[str, Survey]],
    categorical: Sequence[str | Path],
    map_field: str | None,
    reading: Mapping[str, Any],
) -> Together:
    items: list[str | Path | xr.DataArray] = []
    axes = _axes(reading)
    reading = reading if axes is None else {**reading, "axes": axes}
    for name, survey in named:
        if isinstance(survey, str | Path):
            items += samples.survey_files([survey])
        elif isinstance(survey, xr.DataArray):
            items.append(survey if not name else survey.rename(name))
        else:
            items.append(npy.of_array(survey, axes, name or "array"))
    found = open_together(items, categorical=categorical, map_field=map_field, reading=reading)
    given = [name for name, _ in named]
    if all(given) and len(given) == len(found.surveys.names):
        found = replace(found, surveys=replace(found.surveys, names=tuple(given)))
    return found


def _axes(reading: Mapping[str, Any]) -> tuple[str, ...] | None:
    said = reading.get("axes")
    if said is None:
        return None
    return tuple(one.strip() for one in (said.split(",") if isinstance(said, str) else said))


def order_of(named: Sequence[tuple[str, Survey]], reading: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the axes of space of arrays of numpy in the order in which a person named them; empty for others."""
    axes = _axes(reading)
    if axes is None or not any(isinstance(survey, np.ndarray) for _, survey in named):
        return ()
    return tuple(name for name in known_axes(axes) if name not in ("band", "date"))


def in_order(values: Any, order: Sequence[str], dims: Sequence[str]) -> Any:
    """Return an array of numpy, whose axes lie as a person named them, with the axes of the survey."""
    if isinstance(values, xr.DataArray) or tuple(order) == tuple(dims) or set(order) != set(dims):
        return values
    found = np.asarray(values)
    return found.transpose([order.index(dim) for dim in dims]) if found.ndim == len(order) else found


def _folder(
    session: str | Path | None, named: Sequence[tuple[str, Survey]]
) -> tuple[Path, tempfile.TemporaryDirectory[str] | None]:
    """Return the folder of a session, and the temporary one that it lies in."""
    if session is not None:
        return Path(session).absolute(), None
    first = named[0][1] if named else None
    if isinstance(first, str | Path):
        return Path(f"{samples.survey_files([first])[0].stem}.fhn").absolute(), None
    own = tempfile.TemporaryDirectory(prefix="napari-fhn-")
    return Path(own.name) / "work.fhn", own


def _sample(named: Sequence[tuple[str, Survey]]) -> str:
    alone = named[0][1] if len(named) == 1 else None
    return alone if isinstance(alone, str) and samples.is_sample(alone) else ""


def _known_stacks(session: Session) -> dict[str, Any]:
    return {entry.name: entry.stack for entry in session.manifest.surveys if entry.stack}


def _is_array(labels: object) -> bool:
    if labels is None or isinstance(labels, str | Path):
        return False
    if isinstance(labels, list | tuple):
        return not all(isinstance(one, str | Path) for one in labels)
    return True


def _said(**given: Any) -> Said:
    known = [field.name for field in fields(Said)]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"Is '{near[0]}' meant?" if near else f"There are {', '.join(known)}"
            raise LabelError(f"'{name}' says nothing of what is known", hint)
    return Said(**given)


def _table(classes: Classes) -> ClassTable:
    """Return classes as a person says them as a table, in the usual colours."""
    if isinstance(classes, ClassTable):
        return classes
    if isinstance(classes, str | Path):
        return ClassTable.from_csv(Path(classes))
    named = dict(classes) if isinstance(classes, Mapping) else dict(enumerate(classes, 1))
    colors = ClassTable.default(max(named, default=1)).colors
    return ClassTable(tuple(LabelClass(int(value), str(name), colors[value]) for value, name in named.items()))


def _held_out(
    hold_out: int | Sequence[Box] | HeldOut | None, blocks: int | None, kept: HeldOut, remembers: bool
) -> HeldOut:
    if hold_out is None and blocks is None:
        return kept if remembers else HeldOut(0)
    if isinstance(hold_out, HeldOut):
        return hold_out
    if hold_out is None or isinstance(hold_out, int):
        return HeldOut(hold_out or 0, blocks=blocks)
    return HeldOut(len(hold_out), tuple(hold_out), blocks)


def _several(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
