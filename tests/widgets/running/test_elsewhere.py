"""A window that trains on another machine by way of a real ssh: asked for with NAPARI_FHN_LONG, where there is one."""

from __future__ import annotations

import numpy as np
from tests.engine.remote.test_sshd import pytestmark, server

from napari_fhn import mapped

__all__ = ["pytestmark", "server"]


def test_the_desk_trains_elsewhere_and_shows_the_section_in_view(labelled, server, spin):
    viewer, dock = labelled
    desk = dock.desk
    desk.planning.train_on(server.address)
    assert desk.planning.state.on == server.address
    dock.run.train.click()
    assert spin(lambda: not desk.state.activity.idle, 60), desk.messages.message
    assert spin(lambda: desk.state.activity.idle, 240), desk.messages.message
    run = desk.project.current
    assert run is not None, desk.messages.message
    assert run.has_model
    assert run.step == 5
    index = viewer.dims.current_step[0]
    assert mapped.open(run.prediction)[index].all(), "the section in view came back"
    assert list((server.folder / "runs").iterdir()), "it was trained there"
    np.testing.assert_array_equal(desk.prediction.layer._slice.image.raw, mapped.open(run.prediction)[index])
