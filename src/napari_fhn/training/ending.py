"""What is said of a training that has ended."""

from __future__ import annotations

from napari_fhn.sentence import counted


def words(step: int, steps: int, *, stopped: bool, given_up: bool) -> str:
    """Return how far a training came and why it ended there, as the beginning of a sentence.

    Parameters
    ----------
    step, steps : int
        Made, and those of the schedule.
    stopped : bool
        Whether somebody stopped it.
    given_up : bool
        Whether it ended as held-out labels were predicted no better.

    Examples
    --------
    >>> words(40, 150, stopped=True, given_up=False)
    'Stopped after 40 of 150 steps'
    >>> words(90, 150, stopped=False, given_up=False)
    'Trained 90 of 150 steps, until the labels were learnt,'
    """
    if stopped:
        return f"Stopped after {step} of {counted(steps, 'steps')}"
    if step == steps:
        return f"Trained {counted(steps, 'steps')}"
    why = "held-out labels were predicted no better" if given_up else "labels were learnt"
    return f"Trained {step} of {counted(steps, 'steps')}, until the {why},"
