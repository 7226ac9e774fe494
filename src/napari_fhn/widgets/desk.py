"""The one who works behind the dock: brings together data, labels, training and results. Knows no widget."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from napari.components import ViewerModel
from psygnal import Signal

from napari_fhn.engine import Engine
from napari_fhn.session import Session
from napari_fhn.training import JobError
from napari_fhn.widgets import view
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.data.bricks import Bricks
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.data.stacking import Stacking
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.exporting.exports import Exports
from napari_fhn.widgets.folders import session_folder, sessions_folder
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.labelling import Labelling
from napari_fhn.widgets.network.block_box import BlockBox
from napari_fhn.widgets.network.planning import Planning
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.results.comparison import Comparison
from napari_fhn.widgets.results.taking import Taking
from napari_fhn.widgets.results.tidying import Tidying
from napari_fhn.widgets.running.beginning import NEW, Beginning, settings_of
from napari_fhn.widgets.running.history import History
from napari_fhn.widgets.running.overlays import Overlays
from napari_fhn.widgets.running.suggestions import Suggestions
from napari_fhn.widgets.sessions.keeper import Keeper
from napari_fhn.widgets.state import RunState
from napari_fhn.widgets.words import Words
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
    words : Words
        What it says.
    data : Data
        The ticked surveys.
    bricks : Bricks
        Copies of large surveys.
    stacking : Stacking
        Several maps as one layer.
    book, labelling : LabelBook, Labelling
        What is known about them, and everything that adds to it.
    planning : Planning
        Settings of the next training, and what it will need.
    block_box : BlockBox
        The training block, drawn.
    state, history : RunState, History
        Progress and curves of training.
    work : Work
        Trains and predicts in a process of its own.
    prediction : Prediction
        The layer of what is predicted.
    overlays : Overlays
        Layers of entropy, margin and probability.
    suggestions : Suggestions
        Places worth labelling next.
    comparison, tidying, taking : Comparison, Tidying, Taking
        What is made of a prediction.
    exports : Exports
        Results as files.
    keeper : Keeper
        Saves the session as one goes, and opens another.
    root : Path
        Folder of the sessions.
    painted : Signal
        Emitted with the time (``time.monotonic``) when a change of the prediction in view has been handed to
        the canvas.
    """

    painted = Signal(float)

    def __init__(self, viewer: ViewerModel, sessions: Path | None = None) -> None:
        self.viewer = viewer
        self.words = Words()
        self.state = RunState()
        self.history = History()
        self.root = sessions or sessions_folder()
        self._opened: Path | None = None
        self._log = self.root / f"engine-{os.getpid()}-{id(self):x}.log"
        self.engine = Engine(self._log)
        self.background = Background()
        self.data = Data(viewer, self.words)
        self.bricks = Bricks(self.data, self.words, self.background, self.root / "bricks")
        self.stacking = Stacking(self.data, self.words, self.background, self.root / "maps")
        self.book = LabelBook(
            viewer, self.data, self.words, self.background, lambda made: Session(self._folder_of(made))
        )
        self.labelling = Labelling(self.book, self.root)
        self.planning = Planning(self.data, self.book, self.words, self.background, self.root / "measured.json")
        self.block_box = BlockBox(viewer, self.data, self.planning)
        self.prediction = Prediction(viewer, self.data, self.book)
        self.overlays = Overlays(viewer, self.data, self.book)
        self.suggestions = Suggestions(
            viewer, self.data, self.book, self.prediction, self.overlays, self.words, self.background
        )
        self.comparison = Comparison(viewer, self.data, self.book, self.prediction, self.words, self.background)
        self.tidying = Tidying(viewer, self.data, self.book, self.prediction, self.state, self.words, self.background)
        self.taking = Taking(self.book, self.words, self.background)
        self.exports = Exports(self.data, self.book, self.state, self.words, self.background)
        self.book.state.events.has_labels.connect(self._on_labels)
        for emitter in self._looks():
            emitter.connect(self.look)
        viewer.cursor.events.position.connect(self._give_way)
        self.data.adopt_all()
        self.engine.start()
        self.work = Work(self, self.engine)
        self.keeper = Keeper(self)

    @property
    def session(self) -> Session | None:
        """The folder of work, once there are labels."""
        return self.book.session

    def use_folder(self, folder: Path) -> None:
        """Take the labels of the surveys ticked next from this folder, wherever it is."""
        self._opened = folder

    def look(self, event: Any = None) -> None:
        """Tell the process, and the person, which section is in view."""
        layer = self.prediction.layer or self.book.layer
        if layer is not None:
            self.engine.focus(view.focus(self.viewer, layer))
        self.data.caption()

    def train(self, beginning: Beginning = NEW) -> None:
        """Train on the labels; unless an earlier training goes on, the prediction so far is cleared.

        Parameters
        ----------
        beginning : Beginning
            Where the first weights come from.
        """
        self.work.begin("train", beginning)

    def train_saved(self, network: Path) -> None:
        """Take up the settings of a saved network, and train it on."""
        settings = self.planning.state.settings
        if settings is None:
            self.words.fail("Choose what to train on first.")
            return
        try:
            settings = settings_of(network, settings, self.planning.recipes)
        except JobError as error:
            self.words.fail(f"{str(error)[:1].upper()}{str(error)[1:]}.")
            return
        self.planning.take(settings)
        self.train(Beginning(network=network))

    def predict(self) -> None:
        """Predict the whole survey with the session's network."""
        self.work.begin("predict")

    def stop(self) -> None:
        """Stop whatever is under way."""
        self.work.stop()

    def close(self) -> None:
        """End the training process and let go of the viewer; may be called any number of times."""
        self.keeper.close()
        self.work.close()
        self.engine.close()
        self._log.unlink(missing_ok=True)
        self.background.close()
        for emitter in self._looks():
            disconnect(emitter, self.look)
        disconnect(self.viewer.cursor.events.position, self._give_way)
        self.block_box.close()
        self.overlays.close()
        self.prediction.close()
        self.labelling.close()
        self.book.close()
        self.bricks.close()
        self.data.close()

    def _folder_of(self, material: Material) -> Path:
        opened, self._opened = self._opened, None
        return opened or session_folder(material.first, self.root)

    def _looks(self) -> list[Any]:
        dims = self.viewer.dims.events
        return [dims.current_step, dims.order, dims.ndisplay, self.viewer.layers.events.inserted]

    def _give_way(self, event: Any = None) -> None:
        self.engine.give_way()

    def _on_labels(self, has_labels: bool) -> None:
        """Take up the network and the prediction of the session that the labels are in."""
        material, session = self.data.material, self.session
        if not has_labels or material is None or session is None:
            self.state.has_model = self.state.has_prediction = False
            return
        self.state.has_model = (session.model / "job.json").is_file()
        self.state.has_prediction = self.state.has_model and session.prediction.is_file()
        # Made now, while nothing trains: napari takes half a second to add a layer.
        self.prediction.show(session.prediction_volume(material.shape))
        self.look()
