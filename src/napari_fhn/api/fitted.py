"""A trained network in Python: fitted to an image, or loaded, and applied to others."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from napari_fhn import leftovers
from napari_fhn.api.given import Survey, Surveys, in_order, named_surveys, opened, order_of
from napari_fhn.api.holding import PROGRAM
from napari_fhn.api.opening import open
from napari_fhn.api.predicting import predicted
from napari_fhn.api.saying import Classes
from napari_fhn.api.wording import in_python
from napari_fhn.project import ProjectError, Session
from napari_fhn.project.data import arrays
from napari_fhn.project.data.backbones import trust_network
from napari_fhn.project.predictions.applying import applying, classes_of
from napari_fhn.project.runs import jobs
from napari_fhn.project.runs.beginning import network_folder
from napari_fhn.sentence import counted
from napari_fhn.training.combination.settings import Choice
from napari_fhn.training.job import Output
from napari_fhn.training.models.description import Description, read
from napari_fhn.training.models.transfer import copy_network
from napari_fhn.training.updates import Update


class FittedNetwork:
    """A trained network; `napari_fhn.fit` and `napari_fhn.load` return it.

    Attributes
    ----------
    folder : Path
        Of the network. That of a network which was just fitted goes with it: `save` it to keep it.
    description : Description
        All that is known of it: classes, steps, scores, what it was trained on.
    notes : tuple of str
        What its last prediction should be read with.
    """

    def __init__(self, folder: Path, own: tempfile.TemporaryDirectory[str] | None = None) -> None:
        self.folder = folder
        self.description: Description = read(folder)
        self.notes: tuple[str, ...] = ()
        self._own = own  # removed with it

    def __repr__(self) -> str:
        found = self.description
        return f"<FittedNetwork of {counted(found.steps, 'steps')}: {', '.join(found.classes)}>"

    @property
    def classes(self) -> dict[int, str]:
        """Names of the classes by the codes that files and arrays have for them."""
        return {one.code: one.name for one in classes_of(self.description)}

    def predict(
        self,
        survey: Surveys,
        *,
        labels: Any = None,
        outputs: Sequence[Output] | Output | None = None,
        flips: bool | None = None,
        network_alone: bool = False,
        smoothing: Choice | None = None,
        layer_order: Choice | None = None,
        snapping: Choice | None = None,
        session: str | Path | None = None,
        vertical_axis: int | None = None,
        device: str | None = None,
        memory: int | None = None,
        trust_backbone: bool = False,
        told: Callable[[Update], object] | None = None,
        **reading: Any,
    ) -> Any:
        """Predict a survey, of which nothing has to be known.

        Parameters
        ----------
        survey : path-like, array, sequence or mapping of these
            As for `napari_fhn.open`. It is checked, in words, whether the network can be applied to it.
        labels : array or path-like, optional
            What is known of it: predictions are made of that too, where the network's are. Without them the network
            predicts alone, averaged along the structure of the survey.
        outputs : str or sequence of str, optional
            What is predicted beside the classes: a mapping by name is returned then.
        flips : bool, optional
            Average over horizontal flips of the data.
        network_alone, smoothing, layer_order, snapping
            As for `Work.predict`.
        session : path-like, optional
            Folder to keep the prediction in, as a run; without one it is held in memory.
        vertical_axis : int, optional
            Axis of two-way time or depth, where the survey names none.
        device, memory, trust_backbone, told
            As for `Work.predict`.
        **reading
            Options of `napari_fhn.surveys.open`; ``axes`` names those of numpy arrays too.

        Returns
        -------
        numpy.ndarray, xarray.DataArray, or dict of these
            Classes by their codes, and 0 in gaps of the data: as an array of numpy where one came in, else with the
            axes of the survey, ``attrs["classes"]`` and ``attrs["made"]``.

        Raises
        ------
        JobError
            When the network cannot be applied to such a survey; the message says why.
        SurveyError
            When the survey cannot be read.

        Examples
        --------
        >>> import numpy as np, napari_fhn as fhn
        >>> image, labels = np.random.default_rng(0).normal(size=(24, 20)), np.zeros((24, 20), int)
        >>> labels[2:4, 2:4], labels[15:17, 10:12] = 1, 2
        >>> network = fhn.fit(image, labels, recipe="map", steps=2, device="cpu")
        >>> network.predict(image[:16]).shape
        (16, 20)
        """
        with in_python(), leftovers.temporary() as scratch:
            named = named_surveys(survey)
            together, order = opened(named, (), None, reading), order_of(named, reading)
            if trust_backbone:
                trust_network(self.folder)
            target = Session(Path(scratch) / "work.fhn" if session is None else session)
            asked = (outputs,) if isinstance(outputs, str) else outputs
            with target.writing(PROGRAM):
                if labels is not None:
                    _known(
                        target,
                        together,
                        in_order(labels, order, together.surveys.grid.dims),
                        vertical_axis,
                        self.description,
                    )
                stacks = together.stacks(target.folder)
                with applying(
                    target, together.surveys, self.folder, vertical_axis=vertical_axis, stacks=stacks
                ) as applied:
                    self.notes = (*together.words, *applied.notes)
                    job = jobs.prediction_job(
                        applied.project,
                        applied.run,
                        outputs=asked,
                        flips=flips,
                        device=device,
                        memory=memory,
                        network_alone=network_alone,
                        smoothing=smoothing,
                        order=layer_order,
                        snapping=snapping,
                    )
                    predicted(job, told)
                    kinds: list[arrays.Kind] = ["classes", *(asked or ())]
                    found = {kind: arrays.prediction(applied.project, applied.run, kind) for kind in kinds}
            if session is None:
                # The files go with the folder.
                found = {kind: values.copy(data=np.array(values)) for kind, values in found.items()}
            if not isinstance(survey, np.ndarray):
                ready: dict[Any, Any] = dict(found)
            else:  # with the axes as they came in
                ready = {
                    kind: values.transpose(*values.dims[: values.ndim - len(order)], *order).values
                    if order
                    else values.values
                    for kind, values in found.items()
                }
            return ready if outputs is not None else ready["classes"]

    def export(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the network for other programs, with its normalisation and its classes inside.

        What is written is the network alone, without the other parts of a prediction.

        Parameters
        ----------
        path : path-like
            ``.onnx`` (with ``napari-fhn[onnx]``), ``.pt2`` (for ``torch.export.load``), or ``.npz`` (weights in the
            order of InvertibleNetworks.jl, without normalisation and classes).
        overwrite : bool
            Replace a file that this program has not written, or that was changed since.

        Returns
        -------
        Path

        Raises
        ------
        JobError
            When it cannot be written so; the message says what can.
        ProjectError
            `WouldReplace` when the file is somebody else's.
        """
        from napari_fhn.project.exporting.own_files import writing
        from napari_fhn.training.models.interchange import export

        with in_python(), writing(path, overwrite=overwrite):
            written = export(self.folder, path)
            self.notes = written.notes
            return written.path

    def save(self, folder: str | Path) -> Path:
        """Copy the network to a folder, for `napari_fhn.load`, ``start_from``, or another machine.

        Parameters
        ----------
        folder : path-like
            That is not there, or empty.

        Raises
        ------
        ProjectError
            When there is something in it.
        """
        target = Path(folder)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise ProjectError("there is something already", "Name a folder that is not there yet", path=target)
        copy_network(self.folder, target)
        return target


def fit(
    image: Survey,
    labels: ArrayLike | xr.DataArray | str | Path,
    *,
    classes: Classes | None = None,
    axes: Sequence[str] | str | None = None,
    vertical_axis: int | None = None,
    told: Callable[[Update], object] | None = None,
    **settings: Any,
) -> FittedNetwork:
    """Fit a network to one image, without a session.

    Parameters
    ----------
    image : array or path-like
        Of numpy or xarray, or a file.
    labels : array or path-like
        Classes from 1 on the grid of the image, 0 where nothing is known.
    classes : mapping, sequence of str, ClassTable or path-like, optional
        Their names.
    axes : sequence of str, optional
        Names of the axes of an array of numpy, such as ``("y", "x", "band")``.
    vertical_axis : int, optional
        Axis of two-way time or depth, where the image names none.
    told : callable, optional
        Called with each update.
    **settings
        As for `Work.fit`: ``recipe``, ``steps``, ``seed``, ``hold_out``, ``device``, ...

    Returns
    -------
    FittedNetwork

    Raises
    ------
    JobError, LabelError, SurveyError, ProjectError
        With what is wrong and the way out.

    Examples
    --------
    >>> import numpy as np, napari_fhn as fhn
    >>> image, labels = np.random.default_rng(0).normal(size=(24, 20)), np.zeros((24, 20), int)
    >>> labels[2:4, 2:4], labels[15:17, 10:12] = 1, 2
    >>> fhn.fit(image, labels, classes=["sand", "shale"], recipe="map", steps=2, device="cpu")
    <FittedNetwork of 2 steps: sand, shale>
    """
    own = leftovers.temporary()
    try:
        reading: dict[str, Any] = (
            {} if axes is None else {"axes": tuple(axes.split(",") if isinstance(axes, str) else axes)}
        )
        with open(image, session=Path(own.name) / "work.fhn", vertical_axis=vertical_axis, **reading) as work:
            work.label(labels, classes=classes)
            run = work.fit(**settings).wait(told)
            network = Path(own.name) / "network"
            copy_network(run.model, network)
        shutil.rmtree(Path(own.name) / "work.fhn", ignore_errors=True)
        return FittedNetwork(network, own)
    except BaseException:
        own.cleanup()
        raise


def load(network: str | Path) -> FittedNetwork:
    """Load a trained network.

    Parameters
    ----------
    network : path-like
        Folder of a network, of a run, or a session: the network of its current run.

    Raises
    ------
    JobError
        When no trained network is there, or it is damaged.

    Examples
    --------
    >>> import napari_fhn as fhn
    >>> fhn.load("nowhere")
    Traceback (most recent call last):
        ...
    napari_fhn.training.errors.JobError: nowhere holds no trained network: name the folder of a saved one, ...
    """
    with in_python():
        return FittedNetwork(network_folder(network))


def _known(target: Session, together: Any, labels: Any, vertical_axis: int | None, network: Description) -> None:
    """Label the survey that a network is applied to."""
    from napari_fhn.project import Project
    from napari_fhn.project.knowledge.naming import Said, sources

    project = Project(target, together.surveys)
    project.use(together.surveys, vertical_axis=vertical_axis, stacks=together.stacks(target.folder))
    if isinstance(labels, str | Path):
        classes = target.classes or classes_of(network)
        project.label(sources(Said(labels=labels), together.surveys.first), classes)
    else:
        project.paint(labels, target.classes or classes_of(network))
