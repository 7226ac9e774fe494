"""A prediction from beginning to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from napari_fhn.training.control import Control
from napari_fhn.training.updates import Done, Update


def carried_out(task: str, job: Any, control: Control, *, on: str | None, resume: bool = False) -> Iterator[Update]:
    """Train or predict, here or on another machine.

    Raises
    ------
    JobError
        When the address is none.
    """
    if on is not None:
        from napari_fhn.engine.remote.far import work_at

        return work_at(on, task, job, control, resume=resume)
    # Here and not above: torch takes seconds to import.
    from napari_fhn import training

    return training.fit(job, control, resume=resume) if task == "train" else training.predict(job, control)


def predicted(job: Any, told: Callable[[Update], object] | None, on: str | None = None) -> Done:
    """Predict as a job says, to the end."""
    from napari_fhn.training.files.log import kept

    end: Done | None = None
    for update in kept(carried_out("predict", job, Control(watched=False), on=on), job, "predict"):
        if told is not None:
            told(update)
        if isinstance(update, Done):
            end = update
    assert end is not None  # it raises where it cannot come to its end
    return end
