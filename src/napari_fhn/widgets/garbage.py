"""Python's search for garbage, kept short while work is under way."""

from __future__ import annotations

import gc


def follow(task: str | None) -> None:
    """Leave out of the search what was there when work began; look at everything again when it has ended.

    A viewer holds about half a million objects, and a full search through them stops the window for 0.1 to 0.2 s in
    the middle of a stroke. What is made meanwhile is searched as ever.

    Parameters
    ----------
    task : str or None
        What is under way, as in `napari_fhn.widgets.state.RunState`.
    """
    if task is None:
        gc.unfreeze()
    else:
        gc.freeze()
