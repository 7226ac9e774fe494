"""The one who works behind the dock: brings together data, labels, training and results. Knows no widget."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from napari.components import ViewerModel

from napari_fhn import leftovers
from napari_fhn.engine.remote.either import EitherEngine
from napari_fhn.project import NEW, Beginning, Session
from napari_fhn.project.sessions.recent import FILE as RECENT
from napari_fhn.project.sessions.recent import RecentSessions
from napari_fhn.sentence import begun
from napari_fhn.training import JobError
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.bricks import Bricks
from napari_fhn.widgets.data.camera import camera_of
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.data.rereading import Rereading
from napari_fhn.widgets.data.stacking import Stacking
from napari_fhn.widgets.data.turning import Turning
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.exporting.exports import Exports
from napari_fhn.widgets.folders import fresh_folder, program_folder, session_folder, sessions_folder
from napari_fhn.widgets.healing import Healing
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.label_opening import LabelOpening
from napari_fhn.widgets.labelling.labelling import Labelling
from napari_fhn.widgets.messages import Messages
from napari_fhn.widgets.network.block_box import BlockBox
from napari_fhn.widgets.network.planning import Planning
from napari_fhn.widgets.open_project import OpenProject
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.results.comparison import Comparison
from napari_fhn.widgets.results.leaving_out import LeavingOut
from napari_fhn.widgets.results.made_of import MadeOf
from napari_fhn.widgets.results.reporting import Reporting
from napari_fhn.widgets.results.run_list import RunList
from napari_fhn.widgets.results.tidying import Tidying
from napari_fhn.widgets.running.news import Shown
from napari_fhn.widgets.running.overlays import Overlays
from napari_fhn.widgets.running.suggestions import Suggestions
from napari_fhn.widgets.running.training_history import TrainingHistory
from napari_fhn.widgets.sessions.rescuing import Rescuing
from napari_fhn.widgets.sessions.starting import Starting
from napari_fhn.widgets.sessions.store import SessionStore
from napari_fhn.widgets.standing import Standing
from napari_fhn.widgets.state import RunState
from napari_fhn.widgets.views.beside import Beside
from napari_fhn.widgets.views.bodies import Bodies
from napari_fhn.widgets.views.doubts import Doubts
from napari_fhn.widgets.views.horizon_surfaces import HorizonSurfaces
from napari_fhn.widgets.views.in_view import InView
from napari_fhn.widgets.views.scene import Scene
from napari_fhn.widgets.work import Work


class Desk:
    """Carries out what the dock's buttons ask for; each part writes what happens into a state of its own.

    Parameters
    ----------
    viewer : ViewerModel
        The viewer it works in.
    sessions : Path, optional
        Folder of the sessions, instead of :func:`~napari_fhn.widgets.folders.sessions_folder`.

    Attributes
    ----------
    context : DeskContext
        What the parts share: viewer, sentences, threads, ticked surveys, the project that is open, what is under way.
    words, data, project, state : Messages, Data, OpenProject, RunState
        The same, one by one.
    turning : Turning
        Which way one looks.
    bricks : Bricks
        Copies of large surveys.
    stacking : Stacking
        Several maps as one layer.
    rereading : Rereading
        An open SEG-Y file, read otherwise.
    book, opening, labelling : LabelBook, LabelOpening, Labelling
        What is known about the surveys, and everything that adds to it.
    planning : Planning
        Settings of the next training, and what it will need.
    block_box : BlockBox
        The training block, drawn.
    history : TrainingHistory
        Curves of training.
    work : Work
        Trains and predicts in a process of its own.
    prediction : Prediction
        The layer of what is predicted.
    overlays : Overlays
        Layers of entropy, margin and probability.
    suggestions : Suggestions
        Places worth labelling next.
    made_of : MadeOf
        What the prediction is made of.
    runs : RunList
        Every training of the session.
    comparison, tidying, reporting, leaving_out : Comparison, Tidying, Reporting, LeavingOut
        What is made of a prediction.
    exports : Exports
        Results as files.
    beside : Beside
        The other sections and the map.
    scene, bodies, horizon_surfaces : Scene, Bodies, HorizonSurfaces
        Planes and wells in 3D, bodies of classes, and horizons.
    in_view : InView
        What is predicted first.
    doubts : Doubts
        What is not to be believed of the prediction.
    store : SessionStore
        Saves the session as one goes, and opens another.
    rescuing : Rescuing
        Saves the labels elsewhere when the folder of the session is gone.
    healing : Healing
        Brings back layers that were taken away.
    standing : Standing
        Looks after what is on view while its file goes.
    starting : Starting
        What there is to go on with.
    root : Path
        Folder of new sessions.
    home : Path
        Folder of what the program keeps for itself, and of sessions of earlier versions.
    """

    def __init__(self, viewer: ViewerModel, sessions: Path | None = None) -> None:
        self.viewer = viewer
        self.messages = Messages()
        self.root = sessions or sessions_folder()
        self.home = sessions or program_folder()
        leftovers.sweep_logs(self.home)
        self._log = self.home / f"engine-{os.getpid()}-{id(self):x}.log"
        self.engine = EitherEngine(self._log)
        self.background = Background()
        self.data = Data(viewer, self.messages)
        self.project = OpenProject(self.messages)
        self.state = RunState()
        self.history = TrainingHistory()
        self.context = context = DeskContext(
            viewer, self.messages, self.background, self.data, self.project, self.state
        )
        self.standing = Standing(viewer, self.messages)
        self.standing.returned.connect(context.views.returned.emit)
        self.turning = Turning(viewer, self.data)
        self.bricks = Bricks(context, self.home / "bricks")
        self.stacking = Stacking(context, self.home / "maps")
        self.book = LabelBook(context)
        self.rereading = Rereading(context)
        self._recent = RecentSessions(self.home / RECENT)
        self.opening = LabelOpening(context, self.book, self._folder, lambda one: fresh_folder(one.first, self.root))
        self.labelling = Labelling(context, self.book, self.opening, self.home)
        self.planning = Planning(context, self.book, self.home / "measured.json")
        self.block_box = BlockBox(context, self.planning)
        self.prediction = Prediction(context, self.book)
        self.overlays = Overlays(context, self.book)
        self.suggestions = Suggestions(context, self.book, self.prediction, self.overlays)
        self.comparison = Comparison(context, self.book, self.prediction)
        self.tidying = Tidying(context, self.book, self.prediction)
        self.reporting = Reporting(context)
        self.leaving_out = LeavingOut(context)
        self.runs = RunList(context, self.comparison)
        self.made_of = MadeOf(context, self.prediction, self.history)
        self.exports = Exports(context, self.book)
        self.doubts = Doubts(context, self.prediction)
        self.beside = Beside(context, self.labelling.wells, self.bricks, self.labelling.horizons)
        self.scene = Scene(context, self.beside.place, self.labelling.wells)
        self.turning.entering.connect(context.views.entering.emit)
        self.bodies = Bodies(context, self.book, self.prediction, self.scene)
        self.horizon_surfaces = HorizonSurfaces(context, self.labelling.horizons, self.scene)
        self.in_view = InView(viewer, self.scene, self.beside.place)
        self.book.state.events.has_labels.connect(self._on_labels)
        for emitter in self._looks():
            emitter.connect(self.look)
        viewer.cursor.events.position.connect(self._give_way)
        camera_of(viewer).events.center.connect(self._wander)
        shown = Shown(self.prediction, self.overlays, self.history)
        self.work = Work(context, self.engine, self.book, self.planning, shown)
        self.work.begun.connect(self.look)
        self.painted = self.work.painted
        self.painted.connect(self.scene.repaint)
        self.painted.connect(self._painted)
        self.store = SessionStore(context, self.book, self.opening, self.planning, self.prediction)
        self.rescuing = Rescuing(context, self.book, self.root, self.stop)
        self.healing = Healing(context, self.book, self.prediction, self.labelling.wells_layer)
        self.starting = Starting(context, self.book, self.opening, self.store, self._recent, (self.root, self.home))
        self.data.adopt_all()
        self.engine.start()

    @property
    def session(self) -> Session | None:
        """The folder of work, once there are labels."""
        return self.project.session

    def look(self, event: Any = None) -> None:
        """Tell the process which section is in view."""
        layer = self.prediction.layer or self.book.layer
        if layer is not None:
            self.engine.focus(self.in_view.focus(layer), self.in_view.place(layer))

    def train(self, beginning: Beginning = NEW) -> None:
        """Train on the labels, as a run of its own; those that are there stay.

        Parameters
        ----------
        beginning : Beginning
            Where the first weights come from.
        """
        self.work.train(beginning)

    def train_saved(self, network: Path) -> None:
        """Take up the settings of a saved network, and train it on."""
        settings = self.planning.state.settings
        if settings is None:
            self.messages.fail("Choose what to train on first.")
            return
        try:
            settings = settings.like(network, self.planning.recipes)
        except JobError as error:
            self.messages.fail(f"{begun(str(error))}.")
            return
        self.planning.take(settings)
        self.train(Beginning(network=network))

    def predict(self) -> None:
        """Predict the whole survey with the network of the current run."""
        self.work.predict()

    def predict_with(self, network: Path) -> None:
        """Predict the ticked survey with a network of another session or run, or a saved one; no labels are needed.

        Parameters
        ----------
        network : Path
            Its folder, or that of a run or a session with one.
        """
        if self.state.activity.idle and self.opening.new():
            self.work.apply(network)

    def stop(self) -> None:
        """Stop whatever is under way."""
        self.work.stop()

    def leaving(self) -> str:
        """Say what is cut off, and what is kept, when the window is closed now; empty where nothing is under way."""
        activity, steps = self.state.activity, self.history.steps
        if activity.idle:
            return ""
        words = f"The desk is busy: {activity.value}."
        if activity.training:
            at = f" It is at step {steps[-1]}." if steps else ""
            return (
                f"{words}{at} Labels and classes are kept as they are, and so is the network as it was saved last, no "
                "more than 10 seconds ago: open the session again, and 'Go on' beside Train takes it up from there."
            )
        if "predicting" in activity.value:
            return f"{words} What is predicted so far is kept, and Predict goes on from there."
        return f"{words} It is ended, and what was there before is kept."

    def close(self) -> None:
        """End the training process, let go of the session and the viewer; may be called any number of times."""
        self.starting.close()
        self.store.close()
        self.work.close()
        self.leaving_out.close()
        self._log.unlink(missing_ok=True)
        self.background.close()
        for emitter in self._looks():
            disconnect(emitter, self.look)
        disconnect(self.viewer.cursor.events.position, self._give_way)
        disconnect(camera_of(self.viewer).events.center, self._wander)
        self.block_box.close()
        self.healing.close()
        self.standing.close()
        self.scene.close()
        self.beside.close()
        self.turning.close()
        self.overlays.close()
        self.prediction.close()
        self.labelling.close()
        self.opening.close()
        self.book.close()
        self.bricks.close()
        self.data.close()
        self.project.close(tell=False)

    def _folder(self, material: Material) -> Path:
        lately = self._recent.of_survey(str(material.first.attrs.get("source", "")))
        grid = material.surveys.grid
        return session_folder(material.first, self.root, grid, others=(self.home,), lately=lately)

    def _looks(self) -> list[Any]:
        dims = self.viewer.dims.events
        return [dims.current_step, dims.order, dims.ndisplay, self.viewer.layers.events.inserted]

    def _wander(self, event: Any = None) -> None:
        """Tell the process where on a map the person looks."""
        layer = self.prediction.layer or self.book.layer
        if layer is not None and layer.ndim == 2:
            self.look()

    def _painted(self, event: Any = None) -> None:
        if self.in_view.turn():
            self.look()

    def _give_way(self, event: Any = None) -> None:
        self.engine.give_way()

    def _on_labels(self, has_labels: bool) -> None:
        if has_labels:
            self.comparison.show_kept()
            self.look()
