"""Keeps what is clicked in the session as one goes, and opens a session as it was."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from napari.layers import Image, Layer
from qtpy.QtCore import QTimer

from napari_fhn import surveys
from napari_fhn.project import ProjectError, Session, SurveyEntry
from napari_fhn.project.data.inputs import entry_of
from napari_fhn.project.data.opening import Finder
from napari_fhn.project.runs.settings import OTHER_VERSION
from napari_fhn.project.sessions import copying, layout
from napari_fhn.project.sessions.manifest import FileReference, Manifest, refer
from napari_fhn.project.sessions.view_record import FurtherViews, ViewRecord
from napari_fhn.record import RecordError
from napari_fhn.surveys.kinds import vertical_axis
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data import placement
from napari_fhn.widgets.data.camera import camera_of
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.label_opening import LabelOpening
from napari_fhn.widgets.network.planning import Planning
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.sessions import picture, reading
from napari_fhn.widgets.sessions.layer_looks import look_as, looks_of

_SAVE_MS = 2000
"""Pause after the last change before it is written."""

_PICTURE_SECONDS = 10.0
"""At most so often a picture of what is in view is made, for the list of sessions."""

_PREDICTED, _KNOWN = 0.5, 1.0
"""How much of the survey under it each covers in the picture."""


class SessionStore:
    """Writes settings, ticks and looks into the session, and brings a session back.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book, labels, planning, prediction : LabelBook, LabelOpening, Planning, Prediction
        Whose state it keeps.
    """

    def __init__(
        self, context: DeskContext, book: LabelBook, labels: LabelOpening, planning: Planning, prediction: Prediction
    ) -> None:
        self._context = context
        self._book = book
        self._labels = labels
        self._planning = planning
        self._prediction = prediction
        self._opening = False
        self._restored: Path | None = None
        self._pictured = -_PICTURE_SECONDS
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAVE_MS)
        self._timer.timeout.connect(self.save)
        for emitter in self._changes():
            emitter.connect(self.due)
        book.state.events.has_labels.connect(self._on_labels)
        for state, names in ((book.state, ("held_out", "held")), (planning.state, ("settings", "device"))):
            for name in names:
                getattr(state.events, name).connect(self.due)

    def due(self, event: Any = None) -> None:
        """Write in a moment; a change before that puts it off no further."""
        if not self._timer.isActive():
            self._timer.start()

    def save(self) -> None:
        """Write now, where there is a session that the desk writes in."""
        project = self._context.project
        if project.session is None or not project.writable or not self._book.state.has_labels or self._opening:
            return
        project.change("The settings", self._keep)
        self._picture(project.session)
        view = self.view()
        try:
            view.save(project.session.folder)
        except (OSError, RecordError) as error:
            self._context.messages.say(f"The view could not be kept in the session: {error}.", note=True)

    def view(self) -> ViewRecord:
        """Return how everything is looked at now."""
        viewer = self._context.viewer
        camera = camera_of(viewer)
        mine = {"labels": self._book.layer, "prediction": self._prediction.layer}
        images = [layer for layer in viewer.layers if isinstance(layer, Image) and "survey" in layer.metadata]
        return ViewRecord(
            surveys={self._name_of(layer): looks_of(layer) for layer in images},
            looks={name: looks_of(layer) for name, layer in mine.items() if layer is not None},
            order=tuple(map(int, viewer.dims.order)),
            point=tuple(map(float, viewer.dims.point)),
            ndisplay=int(viewer.dims.ndisplay),
            center=tuple(map(float, camera.center)),
            angles=tuple(map(float, camera.angles)),
            zoom=float(camera.zoom),
            further=self._context.views.record(),
        )

    def _name_of(self, layer: Layer) -> str:
        """Return what a survey is called in the session: as it was there first, whatever its layer is called now."""
        session, chosen = self._context.project.session, self._context.data.state.chosen
        inputs = () if session is None else session.manifest.inputs
        named = dict(zip(map(id, chosen), (entry.name for entry in inputs), strict=False))
        return named.get(id(layer), str(layer.name)) if len(inputs) == len(chosen) else str(layer.name)

    @contextlib.contextmanager
    def returning(self) -> Iterator[None]:
        """Bring back how everything was looked at, when the labels of a session come meanwhile."""
        self._opening = True
        try:
            yield
        finally:
            self._opening = False

    def open(self, folder: Path, ask: reading.Ask, done: Callable[[bool], None] = lambda opened: None) -> None:
        """Open a session in place of what the desk shows; other layers stay. It is read beside the window.

        Parameters
        ----------
        folder : Path
            Of the session; made in the dock, on the command line or in Python.
        ask : callable
            Asks the person where a file is that is missing.
        done : callable, optional
            Told whether it was opened; if not, a sentence says why, and nothing has changed.
        """
        context = self._context
        answers: dict[FileReference, Path | None] = {}

        def failed(error: BaseException) -> None:
            if isinstance(error, reading.Missing):
                answer = ask(error.file)
                if not isinstance(answer, reading.Left):
                    answers[error.file] = answer
                    begin()
                    return
            else:
                context.messages.report(error, ProjectError, surveys.SurveyError, RecordError, OSError)
            done(False)

        def begin() -> None:
            shown = context.project.session
            context.attempt(
                Operation("Opening the session"),
                lambda _: reading.read(folder, shown, answers),
                lambda read: done(self._show(read)),
                failed,
                lambda: done(False),
            )

        begin() if self._may_open() else done(False)

    def _may_open(self) -> bool:
        context = self._context
        if not context.state.activity.idle:
            context.messages.fail("Stop what is under way before another session is opened.")
        return context.state.activity.idle

    def _show(self, read: reading.Read) -> bool:
        """Show a session that was read; all that can fail comes before anything is changed."""
        context, project = self._context, read.project
        if not self._may_open():
            return False
        if not read.layers:
            context.messages.fail(f"{read.lost or 'Nothing was labelled in the session.'} Nothing was opened.")
            return False
        try:
            mine = context.project.session is project.session and context.project.writable
            writing = mine or context.project.acquire(project.session)
        except (ProjectError, OSError) as error:
            context.messages.fail(str(error))
            return False
        with self.returning():
            self._put(read, writing)
        words = f"Opened {project.session.manifest.called or 'the session'}. {read.lost}".rstrip()
        if writing or read.lost:
            context.messages.say(words if writing else read.lost, note=not writing)
        return True

    def copy(self, folder: Path, told: Callable[[float], None] = lambda share: None) -> None:
        """Copy the session into an empty folder, with arrays as files of their own.

        Parameters
        ----------
        folder : Path
            There already.
        told : callable
            Called with the share that is copied, before each file; what it raises ends it, and what was copied goes.

        Raises
        ------
        ProjectError, OSError
            When it cannot be copied.
        """
        session = self._context.project.session
        if session is None:
            raise ProjectError("there is no session yet", "Make a label layer first")
        copying.copy(session.folder, folder, told)
        # Files outside of the session are as far from the copy as they are now from it, and no longer as they were.
        moved = Session(folder)
        finder = Finder(session.folder)

        def near(entry: SurveyEntry) -> SurveyEntry:
            path = None if entry.file is None else finder.find(entry.file)
            return (
                entry
                if path is None or entry.file is None
                else replace(entry, file=refer(path, moved.folder, entry.file.stamp))
            )

        with moved.writing("the desk"):
            known = moved.manifest
            knowledge = tuple(
                replace(one, file=refer(path, moved.folder, one.file.stamp)) if (path := finder.find(one.file)) else one
                for one in known.knowledge
            )
            moved.change(surveys=tuple(map(near, known.surveys)), knowledge=knowledge)

    def close(self) -> None:
        """Write a last time and let go of the viewer."""
        # At the end of the program Qt may have deleted the timer already.
        with contextlib.suppress(RuntimeError):
            if self._timer.isActive():
                self._timer.stop()
                self.save()
        for emitter in self._changes():
            disconnect(emitter, self.due)

    # Writing ---------------------------------------------------------------------------------------------------------

    def _keep(self, session: Session) -> Manifest:
        planning, book = self._planning, self._book
        settings = planning.state.settings
        kept: dict[str, Any] = {"device": planning.state.device}
        if settings is not None and planning.chosen:
            kept = replace(settings, device=planning.state.device).to_dict()
        held = book.held_out() if book.tally.chosen is not None else session.manifest.held_out
        if book.tally.chosen is None:
            held = replace(held, count=None, boxes=())
        return session.change(
            settings=kept, held_out=replace(held, blocks=book.state.blocks), surveys=self._surveys(session)
        )

    def _picture(self, session: Session) -> None:
        """Make a picture of what is in view, beside the window."""
        now, material = time.monotonic(), self._context.data.material
        if material is None or now - self._pictured < _PICTURE_SECONDS:
            return
        over = ((self._prediction.layer, _PREDICTED), (self._book.layer, _KNOWN))
        viewer, table = self._context.viewer, self._book.state.classes
        found = picture.scene(viewer, material.layer, over, table, vertical_axis(material.first))
        if found is None:
            return
        self._pictured = now
        path = session.folder / layout.PICTURE
        self._context.background.run(lambda: picture.save(found, path), lambda _: None, lambda error: None)

    def _surveys(self, session: Session) -> tuple[SurveyEntry, ...]:
        """The surveys that are learnt from, as they stand there, and those that are only shown now."""
        known = {entry.name: entry for entry in session.manifest.surveys}
        inputs = session.manifest.inputs
        names = {entry.name for entry in inputs}
        shown = []
        for layer in self._context.viewer.layers:
            survey = layer.metadata.get("survey") if isinstance(layer, Image) else None
            ticked = layer in self._context.data.state.chosen
            if survey is not None and not ticked and layer.name not in names and survey.attrs.get("source"):
                entry = known.get(layer.name)
                if entry is None or entry.file is None or entry.file.absolute != str(survey.attrs["source"]):
                    entry = entry_of(session, layer.name, survey)
                shown.append(replace(entry, role="shown"))
        return (*inputs, *shown)

    def _changes(self) -> list[Any]:
        viewer = self._context.viewer
        camera, dims, layers = camera_of(viewer).events, viewer.dims.events, viewer.layers.events
        views = self._context.views.events
        return [
            *(getattr(views, each.name) for each in fields(FurtherViews)),
            dims.current_step,
            dims.order,
            dims.ndisplay,
            camera.zoom,
            camera.center,
            layers.inserted,
            layers.removed,
        ]

    # Reading ---------------------------------------------------------------------------------------------------------

    def _put(self, read: reading.Read, writing: bool) -> None:
        """Show a session in place of what is there."""
        context, project, session = self._context, read.project, read.project.session
        manifest = session.manifest
        with context.data.adopting_nothing():  # nor is shown again what is hidden, as it is taken away
            self._clear()
        if context.project.session is not session:
            context.project.close()
        view = self._view_of(session)
        with (
            context.data.adopting_nothing()
        ):  # a survey that is ticked before its session is there brings its first one
            layers = {name: self._add(made, view) for name, made in read.layers.items()}
        if manifest.vertical_axis is not None:
            context.data.state.vertical_axis = manifest.vertical_axis
        context.project.take(project, writing)
        ticked = [layers[entry.name] for entry in manifest.inputs if entry.name in layers] or list(layers.values())
        # Where a file of its inputs is gone, what is ticked is only shown: the copies in the session are trained on.
        with self._labels.keeping_surveys(project.surveys is None):
            context.data.choose(tuple(ticked))
        if self._book.layer is None:
            self._labels.new()
        context.views.take(view.further)  # also what is forgotten where another survey is ticked

    def _clear(self) -> None:
        chosen = self._context.data.state.chosen
        self._context.data.choose(())  # or each layer that goes would leave the session with those that remain
        layers = self._context.viewer.layers
        mine = [*chosen, self._book.layer, self._prediction.layer]
        mine += [layer for layer in layers if {"survey", "session", "overlay"} & set(layer.metadata)]
        for layer in mine:
            if layer is not None and layer in layers:
                layers.remove(layer)

    def _add(self, made: placement.LayerData, view: ViewRecord) -> Layer:
        layer = Layer.create(*placement.settled(self._context.viewer, [made])[0])
        self._context.viewer.add_layer(layer)
        if (name := made[1]["name"]) in view.surveys:
            look_as(layer, view.surveys[name])
        return layer

    def _view_of(self, session: Session) -> ViewRecord:
        try:
            return ViewRecord.load(session.folder)
        except RecordError as error:
            self._context.messages.say(f"How it was looked at is not known: {error}", note=True)
            return ViewRecord()

    def _on_labels(self, has_labels: bool) -> None:
        """Bring settings and looks of a session back, once, when its labels come."""
        session = self._context.project.session
        if not has_labels or session is None:
            if session is None:
                self._restored = None
            return
        if self._restored != session.folder:
            self._restored = session.folder
            self._restore(session)
        else:
            self._book.take_held_out(session.manifest.held_out)
        self.due()

    def _restore(self, session: Session) -> None:
        context, planning, project = self._context, self._planning, self._context.project.project
        manifest, view = session.manifest, self._view_of(session)
        for name, layer in (("labels", self._book.layer), ("prediction", self._prediction.layer)):
            if layer is not None and name in view.looks:
                look_as(layer, view.looks[name])
        if self._opening:  # the survey may have been there before its session
            for layer in context.data.state.chosen:
                if (name := self._name_of(layer)) in view.surveys:
                    look_as(layer, view.surveys[name])
        settings = None if project is None else project.settings
        if settings is not None:
            planning.take(settings)
        elif manifest.settings.get("recipe"):
            context.messages.say(OTHER_VERSION, note=True)
        device = manifest.settings.get("device")
        if isinstance(device, str):
            planning.state.device = device
        self._book.take_held_out(manifest.held_out)
        if self._opening:
            context.views.take(view.further)
        dims = context.viewer.dims
        if self._opening and len(view.order) == dims.ndim:
            if view.ndisplay == 3 and dims.ndisplay != 3:
                context.views.entering.emit()
            dims.ndisplay = view.ndisplay
            dims.order = view.order
            for axis, value in enumerate(view.point):
                dims.set_point(axis, value)
            camera = camera_of(context.viewer)
            camera.center, camera.angles, camera.zoom = view.center, view.angles, view.zoom
