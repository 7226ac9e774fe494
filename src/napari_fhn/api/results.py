"""What was trained and predicted in a session: looked at, scored, reported and saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from napari_fhn.api.given import in_order
from napari_fhn.api.saying import is_array
from napari_fhn.api.wording import in_python
from napari_fhn.box import Box
from napari_fhn.project import Project, ProjectError, Run, Runs
from napari_fhn.project.data import arrays, attributes
from napari_fhn.project.knowledge.naming import Files
from napari_fhn.surveys import kinds

if TYPE_CHECKING:
    from napari_fhn.project import SurveySet
    from napari_fhn.project.exporting.exporter import What, Written
    from napari_fhn.project.labelling.shown import Shown
    from napari_fhn.project.labelling.similar import Similar
    from napari_fhn.report.evaluation import Evaluation
    from napari_fhn.structure.similar.describing import Descriptions
    from napari_fhn.training.scores.estimating import Drawn

Told = Callable[[float], None]


class Results:
    """What a session holds; `Work` adds to it.

    Attributes
    ----------
    project : napari_fhn.project.Project
        What all faces of the program share.
    notes : list of str
        What a person should know: what was done to bring surveys and labels together, what was left out.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.notes: list[str] = list(project.session.notes)
        self._order: tuple[str, ...] = ()
        self._described: tuple[SurveySet, Descriptions] | None = None

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
    def attributes(self) -> dict[str, str]:
        """The attributes that the surveys have, for ``fit(attributes=[...])``: what each is, by its name."""
        return {one.name: one.words for one in attributes.offered(self.project)}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of labels and predictions."""
        return self.project.shape

    @property
    def classes(self) -> dict[int, str]:
        """Names of the classes by the codes that files and arrays have for them."""
        return {one.code: one.name for one in self.project.classes}

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
            again changes it. ``attrs`` hold ``classes`` and ``colors`` (by code), ``made`` (lines that say what made
            it) and ``complete``: whether all of the survey is predicted by the network of now.

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
        margin: int | None = None,
        drawn: Drawn | None = None,
        run: str | Run | None = None,
        partial: bool = False,
    ) -> Evaluation:
        """Score a prediction.

        Parameters
        ----------
        truth : array or path-like, optional
            True classes, scored where nothing was labelled; the labels held out when absent.
        margin : int, optional
            Leave out what lies within so many traces or pixels of a label of training. When absent, as far as the
            network sees, or as much of it as leaves half of every body held out; on a truth nothing.
        drawn : {"place", "class"}, optional
            How the labels held out were chosen: where they happened to lie, or so many of each class. When absent,
            what they show: bodies of one class each were chosen by class. Means nothing on a truth.
        run : str or Run, optional
            Whose prediction; that of the current run when absent.
        partial : bool
            Score a prediction that is not whole, or stale, as it is.

        Returns
        -------
        Evaluation
            ``network`` holds accuracy, kappa, and IoU, precision and recall by class, voxel by voxel; ``nearest`` the
            same of the humblest reference, ``carried`` of the labels carried along the reflectors. ``estimates``
            holds them for the whole survey, with confidence intervals; ``standings`` says whether the network is
            ahead of copying, and ``words`` all that is to be read with them.

        Raises
        ------
        NeedsConsent
            When the prediction is not whole, or stale.
        ProjectError, JobError, LabelError
            When there is nothing to score on.
        """
        from napari_fhn.report.runs import check_drawn, evaluate

        with in_python():
            check_drawn(drawn, held_out=truth is None)
            true = self._in_order(truth) if is_array(truth) else truth
            found = evaluate(self.project, self._run(run), true, margin=margin, drawn=drawn, partial=partial)
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
        overwrite: bool = False,
    ) -> Path:
        """Write what was trained on what, and what came out, as one HTML file; return it.

        Parameters
        ----------
        output : path-like, optional
            The file; ``report.html`` in the folder of the run when absent. One that is looked at only needs a name.
        truth, run, partial
            As in `score`.
        overwrite : bool
            As in `save`.
        """
        from napari_fhn.report.runs import write_report

        with in_python():
            true = self._in_order(truth) if is_array(truth) else truth
            return write_report(self.project, self._run(run), output, true, partial=partial, overwrite=overwrite)

    def save(
        self,
        path: str | Path,
        what: What = "classes",
        *,
        of: str | Sequence[str] = (),
        above: str | Sequence[str] = (),
        below: str | Sequence[str] = (),
        at_least: int = 1,
        velocity: float | None = None,
        net: bool = False,
        corners: bool = False,
        like: str | Path | xr.DataArray | None = None,
        run: str | Run | None = None,
        partial: bool = False,
        stac: bool = False,
        overwrite: bool = False,
        told: Told | None = None,
    ) -> Written:
        """Write what was predicted to a file that other programs read.

        Parameters
        ----------
        path : path-like
            Its suffix says what kind of file it becomes: ``.sgy``, ``.tif``, ``.img``, ``.nc``, ``.zarr``, ``.npy``, or
            ``.xyz``, ``.csv``, ``.tif``, ``.irap`` and ``.zmap`` for a horizon or a thickness, ``.obj`` and ``.ts`` for
            a mesh, ``.gpkg`` and ``.geojson`` for polygons, ``.csv`` and ``.qml`` for the class table.
        what : str
            ``"classes"``, ``"probabilities"``, ``"entropy"``, ``"margin"``, ``"labels"``, ``"horizon"``,
            ``"thickness"``, ``"bodies"``, ``"mesh"``, ``"polygons"`` or ``"table"``.
        of : str or sequence of str
            Classes that bodies, a mesh or a thickness are of.
        above, below : str or sequence of str
            Classes on both sides of a horizon.
        at_least : int
            Voxels of the smallest body, or cells of the smallest polygon.
        velocity : float, optional
            In m/s: a thickness is in metres by it; else in the unit of the vertical axis.
        net : bool
            A thickness counts the samples of the classes alone, without what lies between them.
        corners : bool
            Voxels that share an edge or a corner belong to one body too.
        like : path-like or xarray.DataArray, optional
            Survey whose headers are taken; the session's own when absent.
        run : str or Run, optional
            Whose prediction; that of the current run when absent.
        partial : bool
            Write a prediction that is not whole, or stale, as it is.
        stac : bool
            Beside a GeoTIFF a STAC item that describes it, for catalogues.
        overwrite : bool
            Replace files that this program has not written, or that were changed since.
        told : callable, optional
            Told the share that is written, 0 to 1.

        Returns
        -------
        Written
            ``paths`` of what was written, ``counts`` of traces, bodies, triangles or polygons, and what ``made`` it.

        Raises
        ------
        NeedsConsent
            When the prediction is not whole, or stale, or a file is somebody else's.
        ProjectError, SurveyError, LabelError
            When there is nothing of that kind, or it cannot be written.
        """
        from napari_fhn import surveys
        from napari_fhn.project.exporting.exporter import Exporter, Request

        with in_python():
            survey = like if like is None or isinstance(like, xr.DataArray) else surveys.open(like)
            chosen = None if what in ("labels", "table") and run is None else self._run(run)
            exporter = Exporter.of_run(self.project, chosen, like=survey)
            one, upper, lower = (exporter.values(_several(names)) for names in (of, above, below))
            request = Request(
                what, Path(path), one, upper, lower, at_least, velocity, net, corners, partial, stac, overwrite
            )
            return exporter.write(request, told)

    def similar(
        self,
        at: Shown | Sequence[Shown] = (),
        *,
        unlike: Shown | Sequence[Shown] = (),
        like: str = "",
        by: Literal["data", "network"] = "data",
        run: str | Run | None = None,
        count: int = 12,
        level: float = 0.5,
        told: Told | None = None,
    ) -> Similar:
        """Find places that look like some that are shown: by their texture, or by their bands.

        What the survey looks like is found out with the first question, which takes seconds for 50 million voxels;
        further ones are answered from it in a moment.

        Parameters
        ----------
        at, unlike : str, sequence of int, Box, mask, or sequence of these
            Places that are looked for, and that are not: in the numbers of the survey ("inline 120 crossline 300 time
            700", "x 431000 y 6350000"), as indices of a voxel, as a `napari_fhn.box.Box` of voxels, or as an array of
            bool on the survey (what somebody has drawn around).
        like : str
            A class: what is labelled as it is looked for, what is labelled as others is not, and what is labelled
            already is not told.
        by : {"data", "network"}
            Compare places by what the data look like there, or by the states of a trained network, which looks at the
            whole survey first where it has not.
        run : str or Run, optional
            Whose network; that of the current run when absent.
        count : int
            Places at most.
        level : float
            How alike what belongs to a place is, 0 to 1.
        told : callable, optional
            Told the share of the survey that was looked at, 0 to 1; with the first question.

        Returns
        -------
        Similar
            ``places``, those that were shown and then the most alike first, each with ``voxel``, ``box``,
            ``likeness`` and its ``voxels``; ``where(place)`` says where it is in the numbers of the survey, and
            ``likeness`` is how alike all of it is, as an xarray.DataArray.

        Raises
        ------
        ProjectError, LabelError
            When a place is not understood or has no data, or nothing is labelled as the class.

        Examples
        --------
        >>> import numpy as np, napari_fhn as fhn
        >>> field = np.random.default_rng(0).normal(size=(64, 60)).astype("float32")
        >>> field[8:20, 8:20] += 9
        >>> field[40:52, 30:44] += 9
        >>> with fhn.open(field, axes=("y", "x")) as work:
        ...     other = work.similar("row 14 column 14").found[0]
        >>> 40 <= other.voxel[0] < 52 and 30 <= other.voxel[1] < 44
        True
        """
        from napari_fhn.project.labelling import shown, similar
        from napari_fhn.structure.similar.likeness import Examples

        with in_python():
            surveys = self.project.needed()
            labelled = shown.shown_by_class(self.project, like) if like else Examples(())
            examples = Examples(
                (*(shown.shown_at(surveys, one) for one in _places(at)), *labelled.alike),
                (*(shown.shown_at(surveys, one) for one in _places(unlike)), *labelled.unlike),
            )
            if not examples.alike:
                raise ProjectError("no place was shown", "Say where, or which class")
            if by == "network":
                described = self._states(self._run(run), told)
            else:
                if self._described is None or self._described[0] is not surveys:
                    self._described = surveys, similar.describe(surveys, self.project.vertical_axis, told)
                described = self._described[1]
            known = self.project.session.known() if like else None
            return similar.find(surveys, described, examples, count=count, level=level, known=known)

    def _states(self, run: Run, told: Told | None) -> Descriptions:
        """Return what the survey looks like to a network, and let that look first where it has not."""
        from napari_fhn.project.labelling import similar
        from napari_fhn.project.runs import jobs

        try:
            return similar.states(self.project, run)
        except similar.NotLooked:
            # Here and not above: torch takes seconds to import.
            from napari_fhn.training.prediction.states import write_states

            self.project.session.check_writer()
            write_states(jobs.prediction_job(self.project, run, network_alone=True), told=told)
        return similar.states(self.project, run)

    def _in_order(self, values: Any) -> Any:
        if self.project.surveys is None or not self._order:
            return values
        return in_order(values, self._order, kinds.spatial_dims(self.project.surveys.first))

    def _run(self, which: str | Run | None) -> Run:
        if isinstance(which, Run):
            return self.runs.get(which.id)
        if which is not None:
            return self.runs.get(which)
        found = self.runs.current
        if found is None:
            raise ProjectError("nothing was trained in it yet", "Call fit first", path=self.session)
        return found


def _several(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _places(shown: Any) -> list[Any]:
    """Return places as a list, whether one was shown or several."""
    if isinstance(shown, str | Box) or (isinstance(shown, np.ndarray) and shown.dtype == bool):
        return [shown]
    several = list(shown)
    return [several] if several and all(isinstance(one, int | np.integer) for one in several) else several
