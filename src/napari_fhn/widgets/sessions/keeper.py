"""Keeps the record of the session as one goes, and opens a session as it was."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Layer
from qtpy.QtCore import QTimer

from napari_fhn import surveys
from napari_fhn.project.settings import Settings
from napari_fhn.session import Session
from napari_fhn.training.job import Job, JobError
from napari_fhn.widgets.data import go_to
from napari_fhn.widgets.data.placement import image_layer
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.sessions.record import Looks, Record, SessionError, SurveyRecord, find_files

if TYPE_CHECKING:
    from napari_fhn.widgets.desk import Desk

_SAVE_MS = 2000
"""Pause after the last change before the record is written."""


class Keeper:
    """Writes and reads the record of a desk.

    Parameters
    ----------
    desk : Desk
        Whose session it keeps.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAVE_MS)
        self._timer.timeout.connect(self.save)
        for emitter in self._changes():
            emitter.connect(self.due)
        desk.book.state.events.has_labels.connect(self.due)
        for name in ("settings", "device"):
            getattr(desk.planning.state.events, name).connect(self.due)

    def due(self, event: Any = None) -> None:
        """Write the record in a moment; a change before that puts it off no further."""
        if not self._timer.isActive():
            self._timer.start()

    def save(self) -> None:
        """Write the record now, where there is a session."""
        session = self._desk.session
        if session is None:
            return
        try:
            self.record(session).save(session.folder)
        except OSError as error:
            self._desk.words.say(f"The view could not be kept in the session: {error.strerror}.", note=True)

    def record(self, session: Session) -> Record:
        """Return what is to be kept now."""
        desk, viewer = self._desk, self._desk.viewer
        settings = desk.planning.state.settings
        camera = go_to.camera_of(viewer)
        mine = {"labels": desk.book.layer, "prediction": desk.prediction.layer}
        return Record(
            surveys=tuple(self._surveys(session)),
            looks={name: _looks(layer) for name, layer in mine.items() if layer is not None},
            settings={} if settings is None else settings.to_dict(),
            device=desk.planning.state.device,
            held_out=desk.book.tally.chosen,
            order=tuple(viewer.dims.order),
            point=tuple(map(float, viewer.dims.point)),
            ndisplay=viewer.dims.ndisplay,
            center=tuple(map(float, camera.center)),
            angles=tuple(map(float, camera.angles)),
            zoom=float(camera.zoom),
        )

    def open(self, folder: Path, ask: Callable[[str], Path | None]) -> bool:
        """Open a session in place of what the desk shows; other layers stay.

        Parameters
        ----------
        folder : Path
            Of the session.
        ask : callable
            Asks the person for a file that is missing, by its name.

        Returns
        -------
        bool
            Whether it was opened; if not, a sentence says why, and nothing has changed.
        """
        desk = self._desk
        if desk.state.task is not None:
            desk.words.fail("Stop what is under way before another session is opened.")
            return False
        try:
            record = Record.load(folder)
            found = find_files(record.surveys, folder, ask)
            opened = [(survey, surveys.open(path)) for survey, path in found.items()]
        except (SessionError, surveys.SurveyError, OSError) as error:
            desk.words.fail(str(error))
            return False
        if not opened:
            desk.words.fail("None of the session's surveys was found: nothing was opened.")
            return False
        self._clear()
        layers = {survey: self._add(survey, data) for survey, data in opened}
        desk.use_folder(folder)
        desk.data.choose(tuple(layer for survey, layer in layers.items() if survey.ticked) or tuple(layers.values()))
        if not desk.book.new():
            return False
        if desk.session is not None:
            relocate(desk.session)
        self._restore(record)
        missing = len(record.surveys) - len(opened)
        desk.words.say(f"Opened {folder.name}." + (f" {missing} of its surveys were not found." if missing else ""))
        return True

    def close(self) -> None:
        """Write the record a last time and let go of the viewer."""
        # At the end of the program Qt may have deleted the timer already.
        with contextlib.suppress(RuntimeError):
            if self._timer.isActive():
                self._timer.stop()
                self.save()
        for emitter in self._changes():
            disconnect(emitter, self.due)

    def _changes(self) -> list[Any]:
        viewer = self._desk.viewer
        camera = go_to.camera_of(viewer).events
        dims, layers = viewer.dims.events, viewer.layers.events
        return [
            dims.current_step,
            dims.order,
            dims.ndisplay,
            camera.zoom,
            camera.center,
            layers.inserted,
            layers.removed,
        ]

    def _surveys(self, session: Session) -> list[SurveyRecord]:
        records = []
        for layer in self._desk.viewer.layers:
            survey = layer.metadata.get("survey") if isinstance(layer, Image) else None
            source = "" if survey is None else str(survey.attrs.get("source", ""))
            if source:
                ticked = layer in self._desk.data.state.chosen
                records.append(
                    SurveyRecord.of(layer.name, Path(source), session.folder, ticked=ticked, looks=_looks(layer))
                )
        return records

    def _clear(self) -> None:
        desk, layers = self._desk, self._desk.viewer.layers
        mine = [*desk.data.state.chosen, desk.book.layer, desk.prediction.layer, *desk.overlays.layers.values()]
        mine += [layer for layer in layers if "survey" in layer.metadata]
        for layer in mine:
            if layer is not None and layer in layers:
                layers.remove(layer)

    def _add(self, record: SurveyRecord, survey: Any) -> Layer:
        layer = Layer.create(*image_layer(survey, record.name))
        self._desk.viewer.add_layer(layer)
        _look(layer, record.looks)
        return layer

    def _restore(self, record: Record) -> None:
        desk, dims = self._desk, self._desk.viewer.dims
        for name, layer in (("labels", desk.book.layer), ("prediction", desk.prediction.layer)):
            if layer is not None and name in record.looks:
                _look(layer, record.looks[name])
        if record.settings:
            try:
                desk.planning.take(Settings.from_dict(record.settings))
            except JobError as error:
                desk.words.say(f"The session's settings are not of this version: {error}.", note=True)
        desk.planning.state.device = record.device
        if record.held_out is not None:
            desk.book.tally.choose_held_out(record.held_out)
        if len(record.order) == dims.ndim:
            dims.ndisplay = record.ndisplay
            dims.order = record.order
            for axis, value in enumerate(record.point):
                dims.set_point(axis, value)
            camera = go_to.camera_of(desk.viewer)
            camera.center, camera.angles, camera.zoom = record.center, record.angles, record.zoom


def relocate(session: Session) -> None:
    """Let the jobs of a session that was moved name the files where they are now."""
    for path in (session.folder / "job.json", session.model / "job.json"):
        # One that is missing or not of this version is left as it is.
        with contextlib.suppress(JobError, OSError):
            job = Job.load(path)
            inputs = tuple(replace(item, path=str(session.folder / Path(item.path).name)) for item in job.inputs)
            here = replace(
                job,
                inputs=inputs,
                labels=str(session.labels),
                prediction=str(session.prediction),
                model=str(session.model),
            )
            if here != job:
                here.save(path)


def copy_session(session: Session, folder: Path) -> None:
    """Copy a session, with arrays as files of their own and what refers to its folder set right."""
    shutil.copytree(session.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.part*"))
    record = Record.load(folder)
    moved = tuple(
        replace(
            survey,
            path=SurveyRecord.of(
                survey.name, Path(survey.absolute), folder, ticked=survey.ticked, looks=survey.looks
            ).path,
        )
        for survey in record.surveys
    )
    replace(record, surveys=moved).save(folder)
    relocate(Session(folder))


def _looks(layer: Layer) -> Looks:
    if not isinstance(layer, Image):
        return Looks(layer.visible, layer.opacity)
    return Looks(layer.visible, layer.opacity, layer.colormap.name, tuple(map(float, layer.contrast_limits)))


def _look(layer: Any, looks: Looks) -> None:
    layer.visible, layer.opacity = looks.visible, looks.opacity
    if looks.contrast and np.all(np.isfinite(looks.contrast)):
        layer.contrast_limits = looks.contrast
    if looks.colormap:
        # A colormap of another plugin may not be here.
        with contextlib.suppress(KeyError, ValueError):
            layer.colormap = looks.colormap
