"""What a prediction is made of: how much each of its factors counts, how well it foretold what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from psygnal import SignalGroupDescriptor

from napari_fhn.project import Run
from napari_fhn.training.combination.settings import Found
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.running.training_history import TrainingHistory

TOGETHER = "all together"


@dataclass(frozen=True)
class FactorRow:
    """One factor of a prediction, or all together.

    Parameters
    ----------
    name : str
        Of the factor; empty for all together.
    title : str
        What a person reads.
    share : float or None
        How much it counts, 0 to 1; None for all together.
    mean_iou : float or None
        On the labels that were left out to find that; None where none were.
    there : bool
        Whether what it says can be shown.
    """

    name: str
    title: str
    share: float | None
    mean_iou: float | None
    there: bool


@dataclass
class MadeOfState:
    """What the shown prediction is made of; setting a field emits an event of its name.

    Parameters
    ----------
    rows : tuple of FactorRow
        All together first; empty where the network alone predicts, or nothing was predicted.
    words : tuple of str
        Why, a sentence each.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    rows: tuple[FactorRow, ...] = ()
    words: tuple[str, ...] = ()


class MadeOf:
    """Follows the run whose prediction is shown, while it trains too.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    prediction : Prediction
        The layer that shows it.
    history : TrainingHistory
        Which tells that training has gone on.

    Attributes
    ----------
    state : MadeOfState
        What was found.
    """

    def __init__(self, context: DeskContext, prediction: Prediction, history: TrainingHistory) -> None:
        self.state = MadeOfState()
        self._context = context
        self._prediction = prediction
        self._seen: tuple[Any, ...] = ()
        context.project.runs_changed.connect(self.follow)
        prediction.shown.connect(self.follow)
        history.changed.connect(self.follow)

    def follow(self, event: Any = None) -> None:
        """Look what the shown prediction is made of; next to nothing where it is as before."""
        run = self._context.project.shown
        seen = () if run is None else (run.id, _written(run), run.factors)
        if seen == self._seen:
            return
        self._seen = seen
        description = None if run is None else run.description()
        found = None if description is None else description.combination
        if run is None or found is None or found.alone:
            self.state.rows = ()
            self.state.words = ("The network alone predicts.",) if description is not None else ()
            return
        self.state.words = reasons(found)
        self.state.rows = rows_of(found, run.factors)

    def show(self, name: str) -> None:
        """Show what one factor says alone, or all together; where that is not there yet a sentence says so."""
        row = next((row for row in self.state.rows if row.name == name), None)
        if row is None or not row.there:
            title = name if row is None else row.title
            self._context.messages.say(f"This part alone ({title}) comes with the next Train or Predict.", note=True)
            return
        self._prediction.show_factor(name)


def reasons(found: Found) -> tuple[str, ...]:
    """Say why the parts count as much as they do, and what happens after that; the numbers are in the table."""
    first, *rest = found.words()[1:]
    weighed = first.partition(" (")[0].rstrip(".")
    return (f"{weighed}.", *rest)


def rows_of(found: Found, there: tuple[str, ...]) -> tuple[FactorRow, ...]:
    """Return a row for all together, and one for each factor.

    Parameters
    ----------
    found : Found
        The combination.
    there : tuple of str
        Names of the factors of which is kept what they say alone.
    """
    factors = (
        FactorRow(one.name, one.title, share, one.alone.mean_iou, one.name in there)
        for one, share in zip(found.factors, found.shares, strict=True)
    )
    return (FactorRow("", TOGETHER, None, found.together.mean_iou, True), *factors)


def _written(run: Run) -> float:
    """Return when the network of a run was written last."""
    try:
        return (run.model / "model.json").stat().st_mtime
    except OSError:
        return 0.0
