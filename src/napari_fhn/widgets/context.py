"""What all parts of the desk share, handed to each of them as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer
from numpy.typing import NDArray

from napari_fhn.project import NeedsConsent
from napari_fhn.widgets.background import Background, Operation
from napari_fhn.widgets.data import go_to
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.messages import Messages
from napari_fhn.widgets.open_project import OpenProject
from napari_fhn.widgets.state import RunState
from napari_fhn.widgets.views.state import ViewState

_T = TypeVar("_T")


def refuse(needs: NeedsConsent) -> bool:
    """Agree to nothing: what needs a consent is left alone while nobody is there to give it."""
    return False


@dataclass(eq=False)
class DeskContext:
    """What the parts of a desk share.

    Parameters
    ----------
    viewer : ViewerModel
        Where everything is shown.
    messages : Messages
        What is said to the person.
    background : Background
        For what takes longer than a moment.
    data : Data
        The ticked surveys.
    project : OpenProject
        The piece of work that is open.
    state : RunState
        What is under way.
    views : ViewState
        What is looked at beside the canvas.
    consent : callable
        Asks the person whether something unusual is wanted all the same; who has no window refuses.
    """

    viewer: ViewerModel
    messages: Messages
    background: Background
    data: Data
    project: OpenProject
    state: RunState = field(default_factory=RunState)
    views: ViewState = field(default_factory=ViewState)
    consent: Callable[[NeedsConsent], bool] = refuse

    def attempt(
        self,
        operation: Operation,
        work: Callable[[Operation], _T],
        done: Callable[[_T], None],
        failed: Callable[[BaseException], None],
        stopped: Callable[[], None] = lambda: None,
    ) -> None:
        """Do what a person waits for, beside the window: with a bar, and a way out that is said when it is taken.

        Parameters
        ----------
        operation, work, done, failed
            As for :meth:`~napari_fhn.widgets.background.Background.attempt`.
        stopped : callable
            Called when it was stopped, before that is said.
        """

        def left() -> None:
            stopped()
            self.messages.say(f"Stopped: {operation.title[:1].lower()}{operation.title[1:]}.")

        self.background.attempt(operation, work, done, failed, left)

    def show_place(self, layer: Layer, world: NDArray[np.float64]) -> None:
        """Go to a place of a layer, and point at it; the view stays as it is where the place is seen.

        Parameters
        ----------
        layer : napari.layers.Layer
            In the viewer or not.
        world : ndarray of float64
            The place along its axes, on the canvas.
        """
        go_to.show(self.viewer, layer, world)
        offset = self.viewer.dims.ndim - layer.ndim
        self.views.arrived.emit({axis + offset: float(at) for axis, at in enumerate(world)})

    def place_of(self, material: Material) -> dict[str, Any]:
        """Where labels and predictions lie on the canvas, marked as belonging to the session."""
        place, session = material.placement(), self.project.session
        if session is not None:
            place["metadata"]["session"] = str(session.folder)
        return place
