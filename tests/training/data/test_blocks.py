"""What the network is shown: blocks hold labels, data and labels move together, position stays."""

import json
from dataclasses import replace
from threading import current_thread

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.training import Focus, Input, JobError, Schedule
from napari_fhn.training.data import labelled
from napari_fhn.training.data.blocks import Blocks
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.volume import Volume


def blocks(job, **schedule):
    volume = Volume(job.inputs)
    frame = Frame(volume, job.network, job.framing)
    labels = LabelFile(job.labels, volume.shape, len(job.classes), job.held_out)
    return Blocks(frame, labels, replace(job.schedule, **schedule))


def test_every_block_holds_labels_and_every_class_has_its_turn(layered):
    job, _ = layered
    drawn = blocks(job, shear=0, shift=0)
    counts = np.zeros(4, int)
    for _ in range(50):
        batch = drawn.draw()
        data, labels = batch.data, batch.labels
        traces = labels.shape[1]  # 16 of an inline's 20, or all 12 of a crossline's
        assert traces in (12, 16)
        assert data.shape == (2, 4, traces, 32)
        assert labels.shape == (2, traces, 32)
        assert all(part.any() for part in labels)
        counts += np.bincount(labels.numpy().ravel(), minlength=4)
    assert (counts > 0).all()


def test_data_and_labels_are_sheared_alike(layered):
    job, truth = layered
    np.save(job.labels, truth)  # dense labels; data that say the class
    np.save(job.inputs[0].path, truth.astype(np.float32))
    drawn = blocks(job, shear=0.3, shift=4, noise=0)
    batch = drawn.draw()
    data, labels = batch.data, batch.labels
    middle = data[:, 1]  # the section itself, between its neighbours
    known = labels > 0
    for k in (1, 2, 3):
        values = middle[known & (labels == k)]
        # Interpolation blurs the boundaries; inside a layer the value is one.
        assert values.std() < middle.std()
        assert values.median() == values.mode().values


def test_position_runs_from_top_to_bottom_whatever_the_augmentation(layered):
    job, _ = layered
    position = blocks(job, shear=0.3, shift=4).draw().data[:, -1].numpy()
    np.testing.assert_allclose(position, np.broadcast_to(np.linspace(-1, 1, 32), position.shape), atol=1e-6)


def test_labels_are_looked_at_again(layered):
    job, _ = layered
    labels = LabelFile(job.labels, (12, 20, 32), 3)
    painted = np.load(job.labels, mmap_mode="r+")
    before = labels.counts.sum()
    painted[0, 0, 0] = 2
    labels._next_look = 0
    labels.look()
    assert labels.counts.sum() == before + 1


@given(st.integers(-3, 14), st.integers(0, 12), st.integers(-4, 24), st.integers(0, 12))
def test_held_out_boxes_read_as_unlabelled(a, da, b, db):
    import tempfile
    from pathlib import Path

    truth = np.ones((12, 20), np.uint8)
    body = Box((2, 3), (6, 9))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.npy"
        np.save(path, truth)
        labels = LabelFile(str(path), truth.shape, 1, [body])
        expected = np.zeros((40, 60), np.uint8)
        expected[10:22, 10:30] = 1
        expected[12:16, 13:19] = 0
        got = labels.read(Box((a, b), (a + da, b + db)))
        np.testing.assert_array_equal(got, expected[a + 10 : a + da + 10, b + 10 : b + db + 10])
        assert labels.truth(body).all()


@given(st.integers(-3, 11), st.integers(1, 14), st.integers(-3, 19), st.integers(1, 14))
def test_boxes_may_reach_over_the_border(a, da, b, db):
    import tempfile
    from pathlib import Path

    values = np.random.default_rng(0).standard_normal((12, 20)).astype(np.float32)
    if a + da <= 0 or b + db <= 0:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input.npy"
        np.save(path, values)
        volume = Volume([Input(str(path))])
        centre, scale = volume.normalisation.centre[0], volume.normalisation.scale[0]
        rows, columns = np.arange(a, a + da).clip(0, 11), np.arange(b, b + db).clip(0, 19)
        expected = ((values[np.ix_(rows, columns)] - centre) / scale).clip(-5, 5)
        got = volume.read(Box((a, b), (a + da, b + db)))[0]
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_missing_values_are_the_centre_and_spikes_are_cut(tmp_path):
    values = np.random.default_rng(0).standard_normal((2, 30, 30)).astype(np.float32)
    values[0, 3, 4], values[1, 5, 6], values[1, 7, 8] = np.nan, 1e6, -np.inf
    np.save(tmp_path / "x.npy", values)
    volume = Volume([Input(str(tmp_path / "x.npy"), 0)])
    assert volume.channels == 2
    got = volume.read(Box.whole((30, 30)))
    assert np.isfinite(got).all()
    assert got[0, 3, 4] == 0
    assert got[1, 5, 6] == 5
    assert abs(np.median(got)) < 0.1


@pytest.mark.parametrize("axis", [0, 2])
def test_each_band_of_a_cube_is_normalised_by_itself(tmp_path, axis):
    rng = np.random.default_rng(0)
    level, spread = np.array([5.0, -300.0, 1e4]), np.array([0.1, 20.0, 3e3])
    dates = [level * k + spread * k * rng.standard_normal((40, 30, 3)) for k in (1, 2)]
    dates[0][3, 4, 1] = np.nan
    for k, date in enumerate(dates):
        np.save(tmp_path / f"{k}.npy", np.moveaxis(date, 2, axis))
    inputs = [Input(str(tmp_path / f"{k}.npy")) for k in (0, 1)]
    volume = Volume(inputs, bands=axis)
    got = np.moveaxis(volume.read(Box.whole(volume.shape)), 1 + axis, -1)
    assert got.shape == (2, 40, 30, 3)
    np.testing.assert_allclose(np.median(got, (1, 2)), 0, atol=0.1)
    np.testing.assert_allclose(got.std((1, 2)), 1, atol=0.15)
    assert got[0, 3, 4, 1] == 0
    part = [slice(2, 9), slice(5, 30)]
    part.insert(axis, slice(1, 3))
    box = Box(tuple(p.start for p in part), tuple(p.stop for p in part))
    np.testing.assert_array_equal(volume.read(box), volume.read(Box.whole(volume.shape))[(slice(None), *part)])
    again = Volume(inputs, volume.normalisation, axis)
    np.testing.assert_array_equal(again.read(box), volume.read(box))
    with pytest.raises(JobError, match="trained on 6 bands and these inputs have 3"):
        Volume(inputs[:1], volume.normalisation, axis)


def test_inputs_must_lie_on_one_grid(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 5)))
    np.save(tmp_path / "b.npy", np.zeros((4, 6)))
    with pytest.raises(JobError, match=r"b\.npy is \(4, 6\)"):
        Volume([Input(str(tmp_path / "a.npy")), Input(str(tmp_path / "b.npy"))])
    (tmp_path / "c.npy").write_text("hello")
    with pytest.raises(JobError, match=r"c\.npy is no whole"):
        Volume([Input(str(tmp_path / "c.npy"))])


def test_schedule_blocks_are_plain_integers():
    assert Schedule(block=[8, 8]).block == (8, 8)


def drawn(job, ahead, between=lambda number, blocks: None, focus=lambda number: None):
    volume = Volume(job.inputs)
    frame = Frame(volume, job.network, job.framing)
    labels = LabelFile(job.labels, frame.shape, len(job.classes))
    blocks = Blocks(frame, labels, job.schedule, ahead=ahead)
    found = []
    for number in range(8):
        found.append(blocks.draw(focus(number)))
        between(number, blocks)
    return found


def assert_same(some, others):
    for one, other in zip(some, others, strict=True):
        assert torch.equal(one.data, other.data)
        assert torch.equal(one.labels, other.labels)


@pytest.mark.parametrize("what", ["nothing", "strokes", "view", "halves", "goes on"])
def test_a_batch_drawn_ahead_is_the_one_that_would_be_drawn_now(layered, what, monkeypatch):
    job, truth = layered
    monkeypatch.setattr(labelled, "_SHARE", 1.0)  # labels are looked at whenever a batch is drawn
    job = replace(job, schedule=replace(job.schedule, focus_share=0.5 if what == "view" else 0.0))
    before = np.load(job.labels)

    def between(number, blocks):
        if what == "strokes" and number % 2:
            painted = np.load(job.labels, mmap_mode="r+")
            painted[number] = truth[number]
            painted.flush()
        if what == "halves" and number == 3:
            assert blocks.halve()
        if what == "goes on" and number == 3:
            state = blocks.state()
            blocks.draw()
            blocks.resume(json.loads(json.dumps(state)))

    results = []
    for ahead in (False, True):
        np.save(job.labels, before)
        view = (lambda number: Focus(0, number // 2)) if what == "view" else (lambda number: None)
        results.append(drawn(job, ahead, between, view))
    assert_same(*results)


def test_what_is_drawn_ahead_is_used(layered, monkeypatch):
    job, _ = layered
    threads = []
    kept = Blocks._draw
    monkeypatch.setattr(Blocks, "_draw", lambda self, focus: threads.append(current_thread().name) or kept(self, focus))
    drawn(job, True)
    assert threads == ["MainThread", *["beside"] * 8]
