"""A prediction from beginning to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_fhn.training.updates import Done, Update


def predicted(job: Any, told: Callable[[Update], object] | None) -> Done:
    """Predict as a job says, to the end."""
    # Here and not above: torch takes seconds to import.
    from napari_fhn import training
    from napari_fhn.training.control import Control
    from napari_fhn.training.log import kept

    end: Done | None = None
    for update in kept(training.predict(job, Control(watched=False)), job, "predict"):
        if told is not None:
            told(update)
        if isinstance(update, Done):
            end = update
    assert end is not None  # it raises where it cannot come to its end
    return end
