"""Horizons in the desk: picked on sections, tracked beside the GUI, erased, kept in the session, taken back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_fhn.labels import LabelError
from napari_fhn.project import ProjectError, Session
from napari_fhn.project.labelling import horizons as horizon_file
from napari_fhn.project.labelling import tracking
from napari_fhn.project.labelling.horizons import KeptHorizon, KeptHorizons, Pick
from napari_fhn.project.undo.steps import SectionReference, Step
from napari_fhn.sentence import counted
from napari_fhn.structure.tracking.horizon import Horizon, Tracker, snapped
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.kinds import is_seismic, vertical_axis
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.horizon_erasing import near
from napari_fhn.widgets.labelling.horizon_state import COLORS, HorizonMap, HorizonState
from napari_fhn.widgets.labelling.label_opening import LabelOpening


class _Stopped(Exception):
    """The person pressed Stop; never leaves this module."""


class HorizonBook:
    """Holds the horizons of a session and carries out what is done to them.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        In whose history each change can be taken back.
    opening : LabelOpening
        Which shows the labels, and makes the session.

    Attributes
    ----------
    state : HorizonState
        The horizons.
    share : float
        How much of the survey the one that is tracked has come to; looked at now and then.
    grown : Signal
        Emitted now and then while one is tracked.
    """

    grown = Signal()

    def __init__(self, context: DeskContext, book: LabelBook, opening: LabelOpening) -> None:
        self.state = HorizonState()
        self.share = 0.0
        self._context = context
        self._book = book
        self._opening = opening
        self._surfaces: dict[str, Horizon] = {}
        self._good: dict[tuple[str, float], Horizon] = {}
        self._tracker: tuple[str, Tracker] | None = None
        self._tracked_in: tuple[Session, Material] | None = None
        self._stopped = False
        book.state.events.has_labels.connect(self._on_labels)
        book.stepped.connect(self._stepped)

    # What there is ---------------------------------------------------------------------------------------------------

    @property
    def fits(self) -> bool:
        """Whether horizons can be picked in the survey."""
        material = self._context.data.material
        if material is None:
            return False
        survey = material.first
        return is_seismic(survey) and vertical_axis(survey) == survey.ndim - 1

    @property
    def chosen(self) -> KeptHorizon | None:
        """The one that is picked and tracked."""
        return self.state.kept.named(self.state.chosen)

    def color_of(self, name: str) -> str:
        """Return the colour of a horizon."""
        names = [one.name for one in self.state.kept.horizons]
        return COLORS[(names.index(name) if name in names else 0) % len(COLORS)]

    def maps(self) -> list[HorizonMap]:
        """Return the horizons that were tracked, as far as they are good enough, for sections and maps."""
        material = self._context.data.material
        found: list[HorizonMap] = []
        if material is None or not self.fits:
            return found
        axis = np.asarray(material.first[material.first.dims[-1]], np.float64)
        step = axis[1] - axis[0] if axis.size > 1 else 1.0
        for one, horizon in self.shown():
            times = axis[0] + horizon.samples.astype(np.float64) * step
            found.append(HorizonMap(one.name, self.color_of(one.name), horizon.samples, horizon.quality, times))
        return found

    def shown(self) -> list[tuple[KeptHorizon, Horizon]]:
        """Return the horizons that were tracked, as far as they are good enough, in samples."""
        found = ((one, self.good(one)) for one in self.state.kept.horizons)
        return [(one, horizon) for one, horizon in found if horizon is not None]

    def whole(self, one: KeptHorizon) -> Horizon | None:
        """Return all that was tracked of a horizon, however sure it is; None where nothing was."""
        session, material = self._context.project.session, self._context.data.material
        if one.surface and one.surface not in self._surfaces and session is not None and material is not None:
            found = horizon_file.surface_of(session, one, material.shape[:-1])
            if found is not None:
                self._surfaces[one.surface] = found
        return self._surfaces.get(one.surface)

    def good(self, one: KeptHorizon) -> Horizon | None:
        """Return what was tracked of a horizon, as far as it is good enough; None where nothing was."""
        if self._tracker is not None and self._tracker[0] == one.name and self._is_here:
            return self._tracker[1].so_far
        whole = self.whole(one)
        if whole is None:
            return None
        # Asked for with every section that one pages to.
        key = (one.surface, one.least)
        if key not in self._good:
            self._good = {known: good for known, good in self._good.items() if known[0] != one.surface}
            self._good[key] = whole.better(one.least)
        return self._good[key]

    # Changes ---------------------------------------------------------------------------------------------------------

    def add(self) -> None:
        """Begin a new horizon, and choose it."""
        if not self.fits or not self._opening.new():
            return
        name = self.state.kept.new_name()
        event = "peak" if self.chosen is None else self.chosen.event
        self._change(f"new horizon {name}", self.state.kept.put(KeptHorizon(name, event=event)))
        if self.state.kept.named(name) is not None:
            self.state.chosen = name

    def remove(self) -> None:
        """Let go of the chosen horizon; labels that were made of it stay."""
        one = self.chosen
        if one is not None and not self._busy(one.name):
            self._change(f"removed {one.name}", self.state.kept.without(one.name))

    def rename(self, name: str) -> None:
        """Call the chosen horizon something else."""
        one, name = self.chosen, name.strip()
        if one is None or not name or name == one.name or self._busy(one.name):
            return
        if self.state.kept.named(name) is not None:
            self._context.messages.fail(f"There is a horizon {name} already.")
            self.state.events.kept.emit(self.state.kept)
            return
        self._change(f"{one.name} is called {name}", self.state.kept.put(replace(one, name=name), one.name))
        if self.state.kept.named(name) is not None:
            self.state.chosen = name

    def follow(self, event: str) -> None:
        """Let the chosen horizon follow a peak, a trough, a zero crossing or the waveform."""
        one = self.chosen
        if one is not None and event != one.event:
            self._change(f"{one.name} follows {event}", self.state.kept.put(replace(one, event=event)))

    def set_least(self, least: float) -> None:
        """Show and use the chosen horizon only from this quality on."""
        one, session = self.chosen, self._context.project.session
        if one is None or one.least == least or session is None or not self._context.project.writable:
            return
        kept = self.state.kept.put(replace(one, least=least))
        self._context.project.change("The horizons", lambda session: horizon_file.save(session.folder, kept))
        self.state.kept = kept

    def pick(self, trace: tuple[int, ...], sample: float, *, moved: tuple[int, ...] | None = None) -> None:
        """Add a pick to the chosen horizon, or move one there from another trace; without any a horizon is begun.

        Parameters
        ----------
        trace : tuple of int
            Inline and crossline, or trace, as indices.
        sample : float
            Where it was clicked, in samples from the first.
        moved : tuple of int, optional
            Trace of the pick that is moved.
        """
        if self.chosen is None:
            self.add()
        one, material = self.chosen, self._context.data.material
        if one is None or material is None:
            return
        depth = material.shape[-1]
        if not all(0 <= at < size for at, size in zip(trace, material.shape, strict=False)) or not (
            -0.5 <= sample <= depth - 0.5
        ):
            self._context.messages.fail("There is no data: pick a place of the survey.")
            return
        sample = float(np.clip(sample, 0, depth - 1))
        if self.state.snap:
            values = np.asarray(tracking.Lazily(material.first)[trace], np.float32)[np.newaxis]
            sample = float(snapped(values, np.array([sample]), one.follows)[0])
        base = one if moved is None else one.without(moved)
        title = f"pick of {one.name}" if moved is None else f"moved a pick of {one.name}"
        self._change(title, self.state.kept.put(base.with_pick(Pick(trace, sample))), self._book.place())

    def unpick(self, trace: tuple[int, ...]) -> None:
        """Take a pick of the chosen horizon away."""
        one = self.chosen
        if one is not None:
            changed = self.state.kept.put(one.without(trace))
            self._change(f"removed a pick of {one.name}", changed, self._book.place())

    def erase(self, path: NDArray[np.float64], reach: float) -> None:
        """Take away what was tracked of the chosen horizon near a path over the traces; its picks stay.

        Parameters
        ----------
        path : ndarray of float64, shape (n, 2), or (n, 1) on a line
            In traces along each lateral axis.
        reach : float
            How far from the traces that it touches.
        """
        one, session = self.chosen, self._context.project.session
        whole = None if one is None else self.whole(one)
        if one is None or whole is None or session is None or self._busy(one.name) or not self._book.may_write():
            return
        gone = near(path, whole.samples.shape, reach + 0.5) & np.isfinite(whole.samples)
        if not gone.any():
            self._context.messages.say(f"{one.name} was not tracked there: nothing is erased.")
            return
        found = whole.without(gone)
        key = horizon_file.key_of_values(found)
        try:
            horizon_file.keep_surface(session, key, found)
        except OSError as error:
            self._context.messages.report(error, OSError)
            return
        self._surfaces[key] = found
        self._change(f"erased a part of {one.name}", self.state.kept.put(replace(one, surface=key)), self._book.place())
        back = "Ctrl+Z brings back what was there, and so does Track."
        erased = counted(int(gone.sum()), f"traces of {one.name} are erased", f"trace of {one.name} is erased")
        self._context.messages.say(f"{erased}; {back}")

    # Tracking --------------------------------------------------------------------------------------------------------

    def track(self) -> None:
        """Track the chosen horizon from its picks, on a thread; it is seen as it grows."""
        one, project, messages = self.chosen, self._context.project.project, self._context.messages
        material = self._context.data.material
        if self.state.tracking:
            messages.say("A horizon is being tracked already.")
            return
        if one is None or not one.picks or project is None or material is None:
            messages.fail("Pick the horizon at one place at least: press Pick, and click on it on a section.")
            return
        if not self._book.may_write():
            return
        survey, session = material.first, project.session
        self._stopped, self.share, self._tracked_in = False, 0.0, (session, material)

        def told(share: float) -> None:
            # On the other thread: nothing but a number may be touched here.
            self.share = share
            if self._stopped:
                raise _Stopped

        def work() -> tuple[str, Horizon]:
            data, dips = tracking.amplitudes(project)
            told(0.0)
            begun = tracking.tracker(survey, data, one.to_track(), dips, event=one.follows)
            self._tracker = (one.name, begun)
            found = tracking.grown(begun, told)
            key = horizon_file.key_of(one, project.stage()[0].stamp)
            horizon_file.keep_surface(session, key, found)
            return key, found

        def done(answer: tuple[str, Horizon]) -> None:
            here = self._is_here
            self._ended()
            key, found = answer
            now = self.state.kept.named(one.name)
            if not here or now is None:
                return
            self._surfaces[key] = found
            self._change(f"tracked {one.name}", self.state.kept.put(replace(now, surface=key)))
            there, good = (int(np.isfinite(part.samples).sum()) for part in (found, found.better(now.least)))
            messages.say(
                f"{one.name}: {good:,} of {counted(found.samples.size, 'traces')} with a quality of "
                f"{100 * now.least:.0f} % and more" + (f", {there - good:,} with less." if there > good else ".")
            )

        def failed(error: BaseException) -> None:
            self._ended()
            if isinstance(error, _Stopped):
                messages.say(f"{one.name} was not tracked; what was there before is there still.")
            else:
                messages.report(error, ProjectError, SurveyError, LabelError, OSError)

        self.state.tracking = True
        messages.say(f"Tracking {one.name} along the reflectors …")
        self._context.background.run(work, done, failed)

    def stop(self) -> None:
        """Track no more; what was there before stays."""
        self._stopped = True

    def close(self) -> None:
        """End what is tracked."""
        self._stopped = True

    # Inside ----------------------------------------------------------------------------------------------------------

    def _busy(self, name: str) -> bool:
        if self._tracker is not None or self.state.tracking:
            self._context.messages.say(f"{name} can be changed when tracking has ended: press Stop, or wait.")
            return True
        return False

    @property
    def _is_here(self) -> bool:
        """Whether what is tracked belongs to the session and the survey that are shown: names come again in others."""
        if self._tracked_in is None or (session := self._context.project.session) is None:
            return False
        return self._tracked_in[0].folder == session.folder and self._tracked_in[1] is self._context.data.material

    def _ended(self) -> None:
        self._tracker = self._tracked_in = None
        self.state.tracking = False

    def _change(self, title: str, kept: KeptHorizons, place: SectionReference | None = None) -> None:
        """Let a step of the session's history say what the horizons are now."""
        if self._context.project.session is None:
            return
        self._book.carry_out(Step(title, horizons=(self.state.kept, kept), place=place))

    def _stepped(self, step: Step) -> None:
        if step.horizons is not None:
            self._hold()

    def _on_labels(self, has_labels: bool) -> None:
        if self._tracked_in is not None and not self._is_here:
            self._stopped = True  # nobody sees it any more
        self._surfaces, self._good = {}, {}
        self._hold(there=has_labels)

    def _hold(self, *, there: bool = True) -> None:
        """Hold the horizons that are in the session."""
        session, kept = self._context.project.session, KeptHorizons()
        if there and session is not None:
            try:
                kept = horizon_file.load(session.folder, aside=self._context.project.writable)
            except LabelError as error:
                self._context.messages.say(f"The horizons of the session are not shown: {error}", note=True)
        if kept.named(self.state.chosen) is None:
            self.state.chosen = kept.horizons[-1].name if kept.horizons else ""
        self.state.kept = kept
        used = {one.surface for one in kept.horizons}
        self._surfaces = {key: found for key, found in self._surfaces.items() if key in used}
        self._good = {key: found for key, found in self._good.items() if key[0] in used}
