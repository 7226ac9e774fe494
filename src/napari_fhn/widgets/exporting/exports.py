"""Results as files, written beside the GUI, with progress and cancelling; what there is decides the exporter."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from napari_fhn.labels import LabelError
from napari_fhn.project import NeedsConsent, ProjectError
from napari_fhn.project.exporting.export_offers import file_name
from napari_fhn.project.exporting.exporter import Exporter, Offer, Request, What, Written
from napari_fhn.project.exporting.own_files import WouldReplace
from napari_fhn.surveys import SurveyError
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.saving import beside, suffixes
from napari_fhn.widgets.state import Activity


@dataclass
class ExportState:
    """What is being written; setting a field emits an event of its name.

    Parameters
    ----------
    busy : bool
        Whether something is.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    busy: bool = False


class _Cancelled(Exception):
    """The person pressed Cancel; never leaves this module."""


class Exports:
    """Saves what the current run and the labels hold.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose classes they are.

    Attributes
    ----------
    state : ExportState
        What is being written.
    share : float
        How much of it is done, 0 to 1; written by another thread, so that it is looked at now and then.
    """

    def __init__(self, context: DeskContext, book: LabelBook) -> None:
        self.context = context
        self.book = book
        self.state = ExportState()
        self._cancelled = False
        self._last: Path | None = None
        self._kinds: dict[What, str] = {}
        self.share = 0.0

    def offered(self) -> tuple[Offer, ...]:
        """What there is to export now."""
        exporter = self._exporter()
        return () if exporter is None else exporter.offers()

    def files(self, what: What) -> str:
        """Return the kinds of file that an export may become, as a file dialog names them, the best first."""
        exporter = self._exporter()
        return "" if exporter is None else exporter.filters(what)

    def save(self, request: Request) -> None:
        """Write a file; a prediction that is not whole, or stale, only where the person wants it so.

        Parameters
        ----------
        request : Request
            What, and where to.
        """
        context, exporter = self.context, self._exporter()
        if exporter is None or request.what not in [offer.what for offer in exporter.offers()]:
            context.messages.fail("There is nothing of that kind to export yet.")
            return
        if not context.state.become(Activity.EXPORTING):
            return
        self._cancelled, self.share = False, 0.0
        self.state.busy = True
        context.messages.say(f"Writing {request.path.name} …")

        def told(share: float) -> None:
            # On the other thread: nothing but a number may be touched here.
            self.share = share
            if self._cancelled:
                raise _Cancelled

        def done(written: Written) -> None:
            self._ended()
            self._last = request.path.absolute().parent
            self._kinds[request.what] = request.path.suffix.lower()
            context.messages.say(" ".join([f"{written.words}.", *written.notes]))

        def failed(error: BaseException) -> None:
            self._ended()
            if isinstance(error, _Cancelled):
                stays = "; what was there before is there still" if os.path.lexists(request.path) else ""
                context.messages.say(f"{request.path.name} was not written{stays}.")
            elif isinstance(error, NeedsConsent):
                taken = isinstance(error, WouldReplace)
                if context.consent(error):
                    self.save(replace(request, overwrite=True) if taken else replace(request, partial=True))
                else:
                    way_out = "Choose another name." if taken else "Predict fills in the whole survey."
                    context.messages.say(f"{request.path.name} was not written. {way_out}")
            else:
                context.messages.report(error, SurveyError, ProjectError, LabelError)

        context.background.run(lambda: exporter.write(request, told), done, failed)

    def propose(self, what: What) -> Path:
        """Return what a file of the export could be called: where the last one went, else beside the survey.

        Its kind is the one that was chosen last for such an export, else that of the survey, else the best.
        """
        material, kinds = self.context.data.material, suffixes(self.files(what))
        survey = None if material is None else material.first
        own = "" if survey is None else Path(str(survey.attrs.get("source", ""))).suffix.lower()
        wanted = (self._kinds.get(what, ""), own, *kinds)
        name = file_name(survey, what, next((one for one in wanted if one in kinds), ""))
        return beside(survey, name) if self._last is None else self._last / name

    def cancel(self) -> None:
        """Write no more; a file that was there stays as it was."""
        self._cancelled = True

    def _ended(self) -> None:
        self.context.state.become(Activity.IDLE)
        self.state.busy = False

    def _exporter(self) -> Exporter | None:
        project = self.context.project.project
        if project is None or not self.book.state.has_labels:
            return None
        try:
            return Exporter.of_run(project)
        except (ProjectError, SurveyError):
            return None
