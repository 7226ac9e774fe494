"""A piece of work in Python: label, fit, predict, and what comes of it."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import xarray as xr

from napari_fhn.api.holding import OPEN, let_go
from napari_fhn.api.planning import Planned
from napari_fhn.api.predicting import predicted
from napari_fhn.api.results import Told
from napari_fhn.api.saying import check_resumed, held_out_of
from napari_fhn.api.training import Training
from napari_fhn.api.wording import in_python
from napari_fhn.box import Box
from napari_fhn.engine.remote.address import parse
from napari_fhn.project import NEW, Beginning, Begun, HeldOut, Project, Run, Settings
from napari_fhn.project.data import arrays
from napari_fhn.project.data.backbones import trust_all, trust_network
from napari_fhn.project.runs import jobs, planning, terms
from napari_fhn.project.runs.attempt import attempt
from napari_fhn.sentence import counted
from napari_fhn.training.combination.settings import Choice
from napari_fhn.training.job import Output
from napari_fhn.training.updates import Update

if TYPE_CHECKING:
    from napari_fhn.report.left_out import LeftOut

_GOING_ON = {"self", "resume", "steps", "seed", "trust_backbone", "device", "memory", "on", "told"}
"""What may be said of a training that goes on: all else it has."""


class Work(Planned):
    """A piece of work; `napari_fhn.open` returns it.

    Attributes
    ----------
    project : napari_fhn.project.Project
        What all faces of the program share.
    notes : list of str
        What a person should know: what was done to bring surveys and labels together, what was left out.
    """

    def __init__(
        self,
        project: Project,
        sample: str = "",
        own: tempfile.TemporaryDirectory[str] | None = None,
        order: tuple[str, ...] = (),
        *,
        remembers: bool = False,
        read_only: bool = False,
    ) -> None:
        super().__init__(project, sample, remembers=remembers)
        self._own = own
        self._order = order
        self._read_only = read_only
        self._closing = weakref.finalize(self, let_go, project.session, own)

    def __repr__(self) -> str:
        words = self.project.surveys.sentence if self.project.surveys is not None else "surveys not at hand"
        count = len(self.runs.all())
        runs = counted(count, "runs") if count else "no runs"
        labelled = counted(len(self.classes), "classes") if self._labelled else "nothing labelled"
        return f"<Work {self.session.name}: {words}, {labelled}, {runs}>"

    def __enter__(self) -> Work:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write in the session; a session that was made for an array goes."""
        if OPEN.get(self.session) is self:
            del OPEN[self.session]
        self._closing()

    @property
    def _closed(self) -> bool:
        return not self._closing.alive

    def fit(
        self,
        recipe: str | None = None,
        *,
        network: str | None = None,
        steps: int | None = None,
        hold_out: int | Sequence[Box] | HeldOut | None = None,
        blocks: int | None = None,
        seed: int | None = None,
        name: str = "",
        start_from: str | Path | Run | None = None,
        resume: bool | str = False,
        settings: Settings | None = None,
        schedule: Mapping[str, Any] | None = None,
        objective: Mapping[str, Any] | None = None,
        loss: str | None = None,
        balance: str | None = None,
        share: Sequence[str] = (),
        order: str | None = None,
        absent: Sequence[str] = (),
        smooth: float | None = None,
        ignore: Sequence[str] = (),
        factors: str | Sequence[str] | None = None,
        smoothing: Choice | None = None,
        layer_order: Choice | None = None,
        snapping: Choice | None = None,
        attributes: str | Sequence[str] | None = None,
        trust_backbone: bool = False,
        device: str | None = None,
        memory: int | None = None,
        on: str | None = None,
        told: Told | None = None,
    ) -> Training:
        """Train a network, as a new run beside the others.

        Parameters
        ----------
        recipe : str, optional
            Network and schedule; what suits survey and labels when absent.
        network : str, optional
            In place of the recipe's: by name, such as ``"paper.resnet1"``, or its layers in words.
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
        schedule, objective : mapping, optional
            Settings other than the recipe's, by their names: ``schedule={"block": (64, 64), "optimiser": "sgd"}``,
            ``objective={"balance": "full"}``. The fields of `napari_fhn.training.Schedule` and
            `napari_fhn.training.Objective` are those that the dock shows under *Advanced*.
        loss, balance, share, order, absent, smooth, ignore
            What is minimised, as on the command line: ``share=["Salt=0.02:0.1"]``.
        factors : str or sequence of str, optional
            What predictions are made of beside the network: ``"reflectors"``, ``"pretrained"``, ``"bands"``,
            ``"patches"``; ``"auto"`` for all that go with the data, ``"none"`` for the network alone.
        smoothing, layer_order, snapping : {"auto", "on", "off"}, optional
            Whether probabilities are averaged along the structure of the data, whether columns are labelled in the
            order of layers that labels show, and whether boundaries of classes are snapped to reflectors that look
            like them where they are labelled.
        attributes : str or sequence of str, optional
            Attributes of the data that are further channels, as on the command line: ``["envelope", "rms:40"]``,
            ``"all"`` that fit, ``"auto"`` for those that help on labels left out, ``"none"``. `attributes` lists them;
            ``"backbone:net.onnx"`` are features of a network that somebody else trained.
        trust_backbone : bool
            Load such a network of TorchScript: that runs code that whoever made the file has put there.
        device : str, optional
            ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.
        memory : int, optional
            Bytes that may be used.
        on : str, optional
            Another machine that trains, ``"ssh://me@gpu.example.org"``; what is made comes back into the session.
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
        said = dict(locals())
        with in_python():
            if on is not None:
                parse(on)
            if resume:
                check_resumed({name: said[name] for name in said.keys() - _GOING_ON})
        numbers: dict[str, Any] = {"steps": steps, "seed": seed, "device": device, "memory": memory}

        def attempting() -> AbstractContextManager[None]:
            self._check_writer()
            return attempt(self.project.session)

        def begin() -> tuple[Begun, str]:
            if resume:
                return self._resumed(resume if isinstance(resume, str) else "", numbers, told, trust_backbone), ""
            kept = self.project.session.manifest.held_out if self._remembers else None
            held_out = held_out_of(hold_out, blocks, kept)
            first = start_from.folder if isinstance(start_from, Run) else start_from
            chosen, why = self._planned(recipe, settings, first, held_out, network, (schedule, objective), numbers)
            shape, minimised = self.project.shape, chosen.schedule.objective
            minimised = terms.objective(
                minimised, shape, loss=loss, balance=balance, shares=share, layers=order, absences=absent,
                smooth=smooth,
            )  # fmt: skip
            boxes = tuple(terms.box(text, shape) for text in ignore) or chosen.ignored
            chosen = replace(chosen, schedule=replace(chosen.schedule, objective=minimised), ignored=boxes)
            chosen = planning.combined(self.project, chosen, factors, smoothing, layer_order, snapping)
            chosen = chosen.with_attributes(attributes)
            if trust_backbone:
                trust_all(chosen.attributes)
            beginning = NEW if first is None else Beginning(network=Path(first))
            return jobs.begin(self.project, chosen, beginning, held_out=held_out, name=name, progress=told), why

        return Training(self.project.session, attempting, begin, on)

    def predict(
        self,
        *,
        outputs: Sequence[Output] | Output | None = None,
        flips: bool | None = None,
        run: str | Run | None = None,
        network_alone: bool = False,
        smoothing: Choice | None = None,
        layer_order: Choice | None = None,
        snapping: Choice | None = None,
        trust_backbone: bool = False,
        device: str | None = None,
        memory: int | None = None,
        on: str | None = None,
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
        network_alone : bool
            Predict with the network and nothing else that it was combined with.
        smoothing, layer_order, snapping : {"auto", "on", "off"}, optional
            Other than those of its training; ``"off"`` leaves out what the labels were found to want.
        trust_backbone : bool
            As in `fit`, where features have to be computed again.
        device, memory, on
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
            if trust_backbone:
                trust_network(chosen.model)
            job = jobs.prediction_job(
                self.project,
                chosen,
                outputs=asked,
                flips=flips,
                device=device,
                memory=memory,
                network_alone=network_alone,
                smoothing=smoothing,
                order=layer_order,
                snapping=snapping,
            )
            self.notes += jobs.copied_anyway(self.project, job.inputs)
            predicted(job, told, on)
            return arrays.prediction(self.project, chosen)

    def leave_out(
        self,
        *,
        folds: int | None = None,
        blocks: int | None = None,
        margin: int | None = None,
        steps: int | None = None,
        run: str | Run | None = None,
        device: str | None = None,
        memory: int | None = None,
        told: Callable[[Any], object] | None = None,
    ) -> LeftOut:
        """Train again without some wells or patches in turn, and score each on those that it was not shown.

        Runs stay as they are. What was found is kept with the run, for its report.

        Parameters
        ----------
        folds : int, optional
            In how many trainings; 8, or as many as there are wells or patches, when absent. The first updates say how
            long they take.
        blocks, margin
            As in `napari_fhn.report.left_out.plan`.
        steps : int, optional
            Training steps of each; those of the run when absent.
        run : str or Run, optional
            Which is done again; the current one when absent.
        device, memory
            As in `fit`.
        told : callable, optional
            Called with each update, and with each `Fold` when it is done.

        Returns
        -------
        LeftOut
            ``spread`` of all folds with ``estimates`` for the whole survey, ``standing`` beside copying the nearest
            label, and ``sentences`` to read with them.

        Raises
        ------
        ProjectError, JobError, LabelError
            When fewer than two folds can be left out.
        """
        from napari_fhn.report import left_out

        with in_python():
            self._check_writer()
            chosen = self._run(run)
            job = left_out.shortened(chosen.job(), steps)
            job = replace(job, device=device or job.device, memory=job.memory if memory is None else memory)
            planned = left_out.plan(job, blocks=blocks, most=folds, margin=margin)
            self.notes += planned.notes
            found = left_out.carried_out(job, planned, told)
            assert found is not None  # nobody can stop it
            return found

    def _resumed(self, name: str, numbers: Mapping[str, Any], told: Told | None, trust_backbone: bool) -> Begun:
        run = jobs.to_resume(self.project, name)
        job = run.job()
        machine = {key: numbers[key] for key in ("device", "memory") if numbers[key] is not None}
        settings = replace(Settings.of_job(job), **machine).with_numbers(steps=numbers["steps"], seed=numbers["seed"])
        if trust_backbone:
            trust_all(settings.attributes)
        held_out = HeldOut(len(job.held_out), job.held_out)
        return jobs.begin(self.project, settings, Beginning(resume=True, run=run.id), held_out=held_out, progress=told)
