"""Each tool is as right the second time as the first, on each kind of data, and leaves nothing of the first behind.

Of the kinds each tool meets those that it treats in different ways; NAPARI_FHN_LONG: all of them.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from napari.layers import Image, Labels

import four_kinds
import proofs
from napari_fhn.project.exporting.exporter import Request


def on(*kinds):
    return pytest.mark.parametrize("desk", four_kinds.KINDS if proofs.ASKED else kinds, indirect=True)


@pytest.fixture
def desk(viewer, dock, small, add_run, spin, tmp_path, request):
    """A survey of a kind with two classes, labelled and predicted; returns (viewer, dock)."""
    four_kinds.open_one(viewer, tmp_path, request.param)
    desk = dock.desk
    dock.labels.new.click()
    shape = desk.data.material.shape
    values = np.ones(shape, np.uint8)
    values[..., shape[-1] // 2 :] = 2
    known = np.zeros(shape, np.uint8)
    at = (shape[0] // 2, 5) if len(shape) == 3 else (shape[0] // 2,)
    known[at] = values[at]
    places = np.nonzero(known)
    for value in (1, 2):
        mine = tuple(one[known[places] == value] for one in places)
        desk.book.layer.data_setitem(mine, value)
    assert spin(lambda: len(desk.book.state.counts) == 2)
    values[tuple(size // 4 for size in shape)] = 2  # a speck to tidy
    add_run(desk, values, outputs={"entropy": np.full(shape, 0.1, np.float16)})
    return viewer, dock


def _names(viewer):
    return sorted(layer.name for layer in viewer.layers)


def _offered(widget):
    return not widget.isHidden() and widget.isEnabled()


@on("volume", "line", "maps")
def test_labelling(desk, spin):
    viewer, dock = desk
    book, sections, messages = dock.desk.book, dock.labels.sections, dock.desk.messages
    before, names = np.array(book.layer.data), _names(viewer)
    made = {}
    for turn in (1, 2):
        for button in (sections.copy, sections.interpolate, sections.carry):
            if not _offered(button):
                continue
            messages.say("")
            button.click()
            assert spin(lambda: messages.message and "…" not in messages.message, 60)
            after = np.array(book.layer.data)
            # The same comes of the same, and one step takes it back.
            np.testing.assert_array_equal(made.setdefault(button, after), after)
            if (after != before).any():
                book.history.undo()
            np.testing.assert_array_equal(book.layer.data, before)
            assert not messages.error or "section" in messages.message, (turn, button.text(), messages.message)
        if _offered(sections.preview):
            preview = dock.desk.labelling.carrying.preview
            sections.preview.click()
            assert spin(lambda shown=preview: shown.layer is not None), (turn, messages.message)
            sections.preview.click()
            assert preview.layer is None
            assert not sections.preview.isChecked()
        sections.draw.click()
        shapes = next(layer for layer in viewer.layers if type(layer).__name__ == "Shapes")
        corners = np.array([[2, 2], [2, 6], [6, 6], [6, 2]], float)
        world = np.zeros((4, viewer.dims.ndim))
        world[:] = viewer.dims.point
        shown = list(viewer.dims.displayed)
        layer = book.layer
        offset = viewer.dims.ndim - layer.ndim
        for k, axis in enumerate(shown):
            world[:, axis] = corners[:, k] * layer.scale[axis - offset] + layer.translate[axis - offset]
        shapes.add(np.array([shapes.world_to_data(one) for one in world]), shape_type="polygon")
        sections.burn.click()
        assert spin(lambda: (np.array(book.layer.data) != before).any()), messages.message
        assert spin(lambda: not dock.desk.background.under_way)
        book.history.undo()
        np.testing.assert_array_equal(book.layer.data, before)
        if shapes in viewer.layers:
            assert len(shapes.data) == 0, "what was labelled is labelled again the next time"
            viewer.layers.remove(shapes)
        assert _names(viewer) == names


@on("volume", "line", "cubes")
def test_results(desk, spin, tmp_path):
    viewer, dock = desk
    desk, panel, messages = dock.desk, dock.results, dock.desk.messages
    first = np.array(desk.prediction.layer.data)
    names = _names(viewer)
    said = {}
    for turn in (1, 2):
        panel.truth.setCurrentText("Labels")
        panel.compare.click()
        assert spin(lambda: desk.comparison.state.matrix is not None), messages.message
        assert _names(viewer) == sorted([*names, "Difference"])
        matrix = desk.comparison.state.matrix
        np.testing.assert_array_equal(said.setdefault("matrix", matrix), matrix)
        panel.preview.click()
        assert "Tidied (preview)" in _names(viewer)
        panel.tidy.click()
        assert spin(lambda: desk.state.activity.idle and "Tidied" in messages.message), messages.message
        assert not panel.preview.isChecked()
        # What was compared was another prediction.
        assert desk.comparison.state.matrix is None
        assert _names(viewer) == names
        tidied = np.array(desk.prediction.layer.data)
        assert (tidied != first).any()
        np.testing.assert_array_equal(said.setdefault("tidied", tidied), tidied)
        panel.back.click()
        assert spin(lambda: desk.state.activity.idle and "as it was before" in messages.message), messages.message
        np.testing.assert_array_equal(desk.prediction.layer.data, first)
        assert not panel.back.isEnabled()
        panel.score.click()
        assert spin(lambda: desk.state.activity.idle and not desk.background.under_way)
        assert said.setdefault("score", messages.message) == messages.message
        output = tmp_path / ("classes.tif" if desk.data.vertical is None else "classes.npy")
        desk.exports.save(Request("classes", output))
        assert spin(lambda: desk.state.activity.idle and not desk.exports.state.busy)
        assert not messages.error, (turn, messages.message)
        written = re.sub(rb"\d\d:\d\d(:\d\d)?", b"", output.read_bytes())  # but for the time of day
        assert said.setdefault("export", written) == written


@on("line", "maps")
def test_looking_for_more(desk, spin):
    _, dock = desk
    desk, similar, messages = dock.desk, dock.desk.labelling.similar, dock.desk.messages
    before = np.array(desk.book.layer.data)
    found = []
    for turn in (1, 2):
        dock.run.next.search.click()
        assert spin(lambda: not desk.suggestions.state.searching)
        desk.book.brush(2)
        dock.labels.similar.of_class.click()
        assert spin(lambda: not similar.state.searching, 60)
        places = () if similar.state.found is None else similar.state.found.places
        found.append((len(places), len(desk.suggestions.state.places)))
        if places:
            similar.tick(0, True)
            dock.labels.similar.label.click()
            assert spin(lambda: (np.array(desk.book.layer.data) != before).any()), (turn, messages.message)
            assert spin(lambda: not desk.background.under_way)
            desk.book.history.undo()
        np.testing.assert_array_equal(desk.book.layer.data, before)
    assert found[0] == found[1]


@on("volume", "maps")
def test_another_survey_has_nothing_of_the_first(desk, spin, tmp_path):
    viewer, dock = desk
    desk, panel = dock.desk, dock.results
    panel.truth.setCurrentText("Labels")
    panel.compare.click()
    assert spin(lambda: desk.comparison.state.matrix is not None)
    panel.preview.click()
    values = np.random.default_rng(1).standard_normal((6, 7, 8)).astype(np.float32)
    other = viewer.add_image(values, name="other")
    desk.data.choose((other,))
    dock.labels.new.click()
    assert desk.comparison.state.matrix is None
    assert panel.matrix.isHidden()
    assert not panel.preview.isChecked()
    assert not {"Difference", "Tidied (preview)"} & set(_names(viewer))
    shapes = {layer.data.shape for layer in viewer.layers if isinstance(layer, Labels)}
    assert shapes == {values.shape}
    assert isinstance(other, Image)


@on("volume", "line", "cubes")
def test_tracking_a_horizon(desk, spin):
    viewer, dock = desk
    horizons, panel, messages = dock.desk.labelling.horizons, dock.labels.horizons, dock.desk.messages
    before = np.array(dock.desk.book.layer.data)
    if not horizons.fits:  # on maps there is no such tool, and nothing of it is left by a key or a script
        assert dock.labels.tools.buttons["Horizons"].isHidden()
        for _ in (1, 2):
            horizons.track()
            assert messages.error
            assert not horizons.state.tracking
        return
    dock.labels.tools.open("Horizons")
    shape = dock.desk.data.material.shape
    horizons.pick((shape[0] // 2, 5)[: len(shape) - 1], shape[-1] / 2)
    assert len(horizons.chosen.picks) == 1
    picked, said, found = horizons.chosen, [], []
    for turn in (1, 2):
        panel.track.click()
        assert spin(lambda: not horizons.state.tracking, 60), messages.message
        assert not messages.error, (turn, messages.message)
        said.append(messages.message)
        found.append(horizons.whole(horizons.chosen))
        if turn == 1:
            names = _names(viewer)
    assert said[0] == said[1]
    assert np.isfinite(found[0].samples).any()
    for part in ("samples", "quality"):
        np.testing.assert_array_equal(getattr(found[0], part), getattr(found[1], part))
    assert _names(viewer) == names
    assert [one.name for one in horizons.state.kept.horizons] == ["Horizon 1"]
    tracked = horizons.chosen
    history = dock.desk.book.history
    for _ in (1, 2):
        steps = 0
        while horizons.chosen != picked and steps < 3:
            history.undo()
            steps += 1
        assert horizons.whole(horizons.chosen) is None
        for _ in range(steps):
            history.redo()
        assert horizons.chosen == tracked
        np.testing.assert_array_equal(horizons.whole(tracked).samples, found[0].samples)
    np.testing.assert_array_equal(dock.desk.book.layer.data, before)


@on("line", "cubes")
def test_the_report(desk, spin):
    viewer, dock = desk
    panel, messages, folder = dock.results, dock.desk.messages, dock.desk.session.folder
    names, said, written = _names(viewer), [], []
    for turn in (1, 2):
        there = set(folder.rglob("*.html"))
        messages.say("")
        panel.report.click()
        assert spin(lambda: "report is" in messages.message or messages.error, 60), messages.message
        assert not messages.error, (turn, messages.message)
        assert spin(lambda: dock.desk.state.activity.idle and not dock.desk.background.under_way, 30)
        said.append(messages.message)
        now = set(folder.rglob("*.html"))
        assert len(now) == 1, "the second takes the place of the first"
        assert len(now - there) == (turn == 1)
        written.append(now.pop().read_text("utf-8"))
    assert said[0] == said[1]
    assert _without_times(written[0]) == _without_times(written[1])
    assert _names(viewer) == names
    assert not list(folder.rglob("*.part"))


def _without_times(page):
    """A report but for the time it was written at."""
    return re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", "", page)
