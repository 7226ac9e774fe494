"""Labels carried along the reflectors, and taken away again."""

from __future__ import annotations

from collections.abc import Callable

from napari_fhn.project import Project
from napari_fhn.project.labelling.carrying import CarriedLabels, carry_labels, erase_carried
from napari_fhn.project.undo.step_doing import Outcome
from napari_fhn.sentence import counted
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.carry_preview import Preview


class Carrying:
    """Carries what is labelled along the reflectors, on a thread.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose labels it adds to.

    Attributes
    ----------
    preview : Preview
        What carrying would label.
    """

    def __init__(self, context: DeskContext, book: LabelBook) -> None:
        self._context = context
        self._book = book
        self._busy = False
        self.preview = Preview(context, book)

    @property
    def fits(self) -> bool:
        """Whether the survey has reflectors: an axis of it is time or depth."""
        return self._context.data.material is not None and self._context.data.vertical is not None

    def carry(self, least: float, reach: float | None = None) -> None:
        """Carry all that is labelled, where that is at least so sure and no farther than so many traces."""
        locked = tuple(self._book.state.locked)
        self._work(
            "carried along the reflectors",
            lambda project, operation: carry_labels(
                project, least=least, reach=reach, locked=locked, progress=operation.told
            ),
            lambda found: (
                f"{counted(found.voxels, 'voxels are labelled', 'voxel is labelled')} along the reflectors now, "
                "each weighing its confidence."
            ),
            "Carrying what is labelled along the reflectors …",
        )

    def close(self) -> None:
        """Let go of the viewer."""
        self.preview.close()

    def metres(self, traces: int) -> float | None:
        """Return how far so many traces are, across the wider bins; None where nobody knows."""
        material = self._context.data.material
        geometry = None if material is None else material.first.attrs.get("geometry")
        return traces * max(geometry.bin_size) if isinstance(geometry, SurveyGeometry) else None

    def erase(self) -> None:
        """Take away what was carried and stands as it was."""
        self._work(
            "erased what was carried",
            lambda project, operation: erase_carried(project),
            lambda found: (
                f"{counted(found.labels.voxels, 'carried labels are gone', 'carried label is gone')}; those "
                "that were observed stay."
            ),
            "Taking carried labels away …",
        )

    def _work(
        self,
        title: str,
        work: Callable[[Project, Operation], CarriedLabels],
        words: Callable[[CarriedLabels], str],
        before: str,
    ) -> None:
        project, messages = self._context.project.project, self._context.messages
        if self._busy:
            messages.say("Labels are being carried already.")
            return
        if project is None or self._book.layer is None or not self._context.project.writable:
            messages.fail("Label something first: a well, a section or a horizon is carried along the reflectors.")
            return

        def done(found: CarriedLabels) -> None:
            self._busy = False
            if not found.labels.patches:
                messages.say("Nothing has changed: all of it was so already.")
                return
            self._book.took(Outcome(found.step))
            messages.say(" ".join([words(found), *found.notes]))

        def failed(error: BaseException) -> None:
            self._busy = False
            self._book.failed(error)

        def stopped() -> None:
            self._busy = False

        self._busy = True
        messages.say(before)
        operation = Operation(before.rstrip(" …"), writes=True)
        self._context.attempt(operation, lambda one: work(project, one), done, failed, stopped)
