"""Python's search for garbage, kept short while work is under way."""

from __future__ import annotations

import gc

from napari_fhn.widgets.state import Activity


def follow(activity: Activity) -> None:
    """Leave out of the search what was there when work began; look at everything again when it has ended.

    A viewer holds about half a million objects, and a full search through them stops the window for 0.1 to 0.2 s in
    the middle of a stroke. What is made meanwhile is searched as ever.

    Parameters
    ----------
    activity : Activity
        What is under way.
    """
    if activity.idle:
        gc.unfreeze()
    else:
        gc.freeze()
