"""What places of a survey are compared by: what the data look like there, or what the network makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from napari_fhn.engine.looking import Looking
from napari_fhn.project.labelling import similar
from napari_fhn.project.runs import jobs
from napari_fhn.structure.similar.describing import Descriptions
from napari_fhn.widgets.background import Operation, Stopped
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import Material

By = Literal["data", "network"]

Describing = tuple[tuple[Any, ...], Callable[[Operation], Descriptions]]
"""What tells one description from another, and what makes it, on any thread."""


class Compared:
    """Describes the ticked surveys.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    """

    def __init__(self, context: DeskContext) -> None:
        self._context = context
        self._looking = Looking()

    def by(self, by: By, material: Material) -> Describing | None:
        """Return how to describe surveys; None where that is not possible now, and a sentence says why.

        Parameters
        ----------
        by : {"data", "network"}
            What is looked at. A network that has not looked at the survey yet does so first, in a process of its own.
        material : Material
            The surveys.
        """
        vertical, project = self._context.data.vertical, self._context.project
        if by == "data":
            return (id(material), vertical), lambda operation: similar.describe(
                material.surveys, vertical, operation.told
            )
        work, run = project.project, project.current
        found = None if run is None else run.description()
        if work is None or run is None or found is None:
            self._context.messages.fail("There is no network yet: train first, or compare by the data.")
            return None
        may_look = project.writable and self._context.state.activity.idle

        def describe(operation: Operation) -> Descriptions:
            title = operation.title

            def stands(words: str | None) -> None:
                operation.title = words or title  # the bar looks again and again

            try:
                return similar.states(work, run)
            except similar.NotLooked:
                if not may_look:
                    raise
                job = jobs.prediction_job(work, run, network_alone=True)
                if not self._looking.look(job, operation.told, stands):
                    raise Stopped(title) from None
            return similar.states(work, run)

        return (id(material), run.id, found.sha256), describe

    def close(self) -> None:
        """End a network that is looking."""
        self._looking.close()
