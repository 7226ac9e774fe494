"""How many bodies are proposed to be held out."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.widgets.labelling.tally import Tally


class AtOnce:
    """Does what is to be done beside the window at once."""

    def run(self, work, done, failed):
        done(work())


@pytest.mark.parametrize(("bodies", "proposed"), [(3, 0), (6, 0), (9, 0), (10, 2), (25, 5), (225, 20)])
def test_of_few_bodies_none_is_held_out(qtbot, bodies, proposed):
    values = np.zeros((64, 64), np.uint8)
    values[::4, ::4].flat[:bodies] = 1
    found = []
    tally = Tally(AtOnce(), lambda: (values, None), lambda *said: found.append(said), found.append)
    tally._count()
    assert found == [({1: bodies}, proposed)]
    tally.chosen = 1
    tally._count()
    assert found[1][1] is None  # a person chose
