from __future__ import annotations

import gc

from napari_fhn.widgets import garbage
from napari_fhn.widgets.state import Activity


def test_what_was_there_when_work_began_is_searched_again_after_it() -> None:
    gc.unfreeze()
    garbage.follow(Activity.PREPARING)
    garbage.follow(Activity.TRAINING)
    assert gc.get_freeze_count() > 1000
    garbage.follow(Activity.IDLE)
    assert gc.get_freeze_count() == 0
