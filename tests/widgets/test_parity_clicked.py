"""What is clicked and what is typed is the same job."""

from __future__ import annotations

import json

import numpy as np
import pytest
import segyio

from napari_fhn.cli import main
from napari_fhn.project import Session

SHAPE = (8, 10, 32)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A small survey with wells and tops, in the working folder."""
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    segyio.tools.from_array3D("small.sgy", values, dt=4000)
    with segyio.open("small.sgy", "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({segyio.su.iline: 100 + i, segyio.su.xline: 200 + j})
    (tmp_path / "wells.csv").write_text("well,inline,crossline\nA,101,202\nB,103,205\nC,106,208\n")
    rows = [f"{well},0,{top},sand\n{well},{top},128,shale\n" for well, top in (("A", 60), ("B", 72), ("C", 64))]
    (tmp_path / "tops.csv").write_text("well,top_twt_ms,base_twt_ms,class\n" + "".join(rows))
    return tmp_path


def job_of(session):
    """The job of the newest run, which names its files as seen from itself.

    The dock alone writes how undecided the network is meanwhile: that tells where to label next.
    """
    found = json.loads((session.runs.all()[-1].folder / "job.json").read_text())
    return {name: value for name, value in found.items() if name != "outputs"}


def test_what_is_clicked_is_what_is_typed(viewer, dock, small, files, spin):
    options = ["--recipe", "sections", "--steps", "2", "--hold-out", "1", "--radius", "1", "--device", "cpu"]
    known = ["--share", "sand=0.1:0.9", "--ignore", "0:1,:,:"]
    typed = ["train", "small.sgy", "--wells", "wells.csv", "--tops", "tops.csv", *options, *known]
    assert main([*typed, "--session", "typed"]) == 0
    desk = dock.desk
    viewer.open(str(files / "small.sgy"), plugin="napari-fhn")
    desk.labelling.wells.state.radius = 1.0
    dock.labels.load.click()
    assert spin(lambda: len(desk.labelling.wells.state.wells) == 3), desk.messages.message
    desk.labelling.wells.set_radius(1.0)
    assert spin(lambda: desk.labelling.wells.state.radius == 1.0 and bool(desk.book.state.counts))
    dock.network.recipe.value = "sections"
    dock.network.device.value = "cpu"
    dock.network.held_out.value = 1
    dock.network.advanced.forms["schedule"].controls["steps"].value = 2
    for part, text in (("shares", "sand=0.1:0.9"), ("ignored", "0:1,:,:")):
        line = dock.network.advanced.known.lines[part]
        line.setText(text)
        line.editingFinished.emit()
    dock.run.train.click()
    assert spin(lambda: desk.state.activity.idle, 90), desk.messages.message
    assert not desk.messages.error, desk.messages.message
    there = Session("typed")
    np.testing.assert_array_equal(desk.session.known(), there.known())
    assert job_of(desk.session) == job_of(there)
    ours, theirs = desk.session.manifest, there.manifest
    assert ours.surveys[0].file.absolute == theirs.surveys[0].file.absolute
    assert (ours.surveys[0].content, ours.surveys[0].read_as) == (theirs.surveys[0].content, theirs.surveys[0].read_as)
    assert ours.grid == theirs.grid
    assert {one.kind for one in ours.knowledge} == {one.kind for one in theirs.knowledge} == {"wells", "tops"}
