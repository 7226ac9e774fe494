"""Tiled prediction equals that in one piece; it writes what it is asked for, resumes, and lives with little memory."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_fhn.box import Box
from napari_fhn.network import convolution, side_by_side
from napari_fhn.network.architecture import levels
from napari_fhn.network.build import build
from napari_fhn.training import BoxChanged, Control, Done, Focus, Input, Job, JobError, Note, Schedule, fit, predict
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.models import model as models
from napari_fhn.training.prediction import evaluator
from napari_fhn.training.prediction import predictor as predicting
from napari_fhn.training.prediction.predictor import Predictor
from napari_fhn.training.prediction.tiles import choose


def untrained(folder: Path, network, shape: tuple[int, ...], vertical: int | None) -> Job:
    """A job whose model has random weights, large enough to have an opinion, on smooth random data."""
    rng = np.random.default_rng(0)
    np.save(folder / "input.npy", rng.standard_normal(shape).astype(np.float32).cumsum(-1) / 3)
    np.save(folder / "prediction.npy", np.zeros(shape, np.uint8))
    job = Job(
        inputs=(Input(str(folder / "input.npy")),),
        labels=str(folder / "labels.npy"),
        classes=("a", "b", "c"),
        network=network,
        schedule=Schedule(block=(8,) * network.dimensions),
        prediction=str(folder / "prediction.npy"),
        model=str(folder / "model"),
        vertical_axis=vertical,
        device="cpu",
    )
    volume = Volume(job.inputs, bands=job.map_axis)
    frame = Frame(volume, network, job.framing)
    made = build(network, frame.channels, 3, torch.Generator().manual_seed(0))
    models.save(models.Model.of(job, made, volume.normalisation), job.model)
    return job


@pytest.fixture
def trained(layered):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=5))
    list(fit(job))
    return job


def predictor(job) -> Predictor:
    model = models.load(job.model)
    volume = Volume(job.inputs, model.normalisation, model.framing.map_axis)
    return Predictor(model.network, Frame(volume, model.network.architecture, model.framing), job, torch.device("cpu"))


def in_tiles(p: Predictor, voxels: int) -> None:
    """Let a predictor cut what it predicts into tiles of so many voxels, exactly where that is possible at all."""
    p._cut = lambda region, across: choose(  # type: ignore[method-assign]
        region, p.evaluator.multiples(across), p.evaluator.radius, voxels, None if across is None else (across, 3)
    )


# Receptive fields are small, so that tiles of these small surveys have a middle.
NETWORKS = {
    "map": (levels(2, 8, (2, 3), 1), (70, 57), None),
    "map, coarse output": (levels(2, 8, (2, 3), 1, output_level=1), (83, 50), None),
    "sections": (levels(2, 8, (2, 3), 1, context=1), (5, 61, 43), 2),
    "blocks": (levels(3, 4, (2, 3), 1), (37, 41, 30), 2),
    "blocks, coarse output": (levels(3, 4, (2, 3), 1, output_level=1), (40, 33, 26), 2),
}


@pytest.mark.parametrize("flips", [False, True])
@pytest.mark.parametrize("kind", NETWORKS)
def test_tiles_equal_one_piece(kind, flips, tmp_path, monkeypatch):
    network, shape, vertical = NETWORKS[kind]
    p = predictor(replace(untrained(tmp_path, network, shape, vertical), flips=flips))
    monkeypatch.setattr("napari_fhn.training.prediction.tiles._MOST_WORK", 100)
    for across in p.frame.sections or (None,):
        region = Box.whole(shape)
        in_tiles(p, 10**6)
        whole = p.network_probabilities(region, across)
        in_tiles(p, 3 * 44 * 44 if p.frame.sections else 44 * 44 if len(shape) == 2 else 24 * 30 * 30)
        lattice = p._cut(region, across)
        assert len(lattice.tiles()) > 3
        assert all(cut.fade == 0 for cut in lattice.cuts)
        np.testing.assert_allclose(p.network_probabilities(region, across), whole, atol=2e-5)
        np.testing.assert_allclose(whole.sum(0), 1, rtol=1e-5)


def test_a_part_equals_the_same_part_of_the_whole(tmp_path):
    network, shape, vertical = NETWORKS["map"]
    p = predictor(untrained(tmp_path, network, shape, vertical))
    whole = p.network_probabilities(Box.whole(shape), None)
    # Away from the ends of the part by the receptive field.
    r = network.receptive_radius
    part = p.network_probabilities(Box((6, 3), (60, 57)), None)
    np.testing.assert_allclose(part[:, r:-r, r:], whole[:, 6 + r : 60 - r, 3 + r :], atol=2e-5)


def test_tiles_that_cannot_agree_fade_into_each_other(tmp_path):
    network = levels(2, 8, (2, 3, 4), 3)
    shape = (90, 80)
    p = predictor(untrained(tmp_path, network, shape, None))
    whole = p.network_probabilities(Box.whole(shape), None)
    in_tiles(p, 40 * 40)
    assert any(cut.fade for cut in p._cut(Box.whole(shape), None).cuts)
    tiled = p.network_probabilities(Box.whole(shape), None)
    np.testing.assert_allclose(tiled.sum(0), 1, rtol=1e-5)
    # No step where tiles meet that is larger than those of the data anyway.
    assert np.abs(np.diff(tiled, axis=1)).max() < 1.5 * np.abs(np.diff(whole, axis=1)).max()
    assert np.abs(tiled - whole).mean() < 0.05


def test_flips_make_a_prediction_that_turns_with_the_data(tmp_path):
    network, shape, vertical = NETWORKS["blocks"][0], (24, 16, 20), 2
    job = replace(untrained(tmp_path, network, shape, vertical), flips=True)
    straight = predictor(job).network_probabilities(Box.whole(shape), None)
    data = np.load(job.inputs[0].path)
    np.save(tmp_path / "turned.npy", data[::-1, ::-1])
    turned = predictor(replace(job, inputs=(Input(str(tmp_path / "turned.npy")),)))
    found = turned.network_probabilities(Box.whole(shape), None)[:, ::-1, ::-1]
    np.testing.assert_allclose(found, straight, atol=2e-5)
    without = predictor(replace(job, flips=False)).network_probabilities(Box.whole(shape), None)
    assert np.abs(without - straight).max() > 1e-3


def test_writes_the_section_and_nothing_else(trained):
    prediction = np.load(trained.prediction, mmap_mode="r+")
    prediction[...] = 0
    boxes = list(predictor(trained).section(Focus(1, 7)))
    written = np.load(trained.prediction) > 0
    assert written[:, 7].all()
    written[:, 7] = False
    assert not written.any()
    assert all(box.start[1] == 7 and box.stop[1] == 8 for box in boxes)


def test_predicts_near_the_view_first_and_stops(trained, monkeypatch):
    monkeypatch.setattr(predicting, "sections_together", lambda *_: 1)
    control = Control(focus=Focus(0, 6))
    boxes = []
    whole = Box.whole(np.load(trained.prediction).shape)  # said once: what training painted is taken away
    for update in predict(trained, control):
        if isinstance(update, BoxChanged) and update.box != whole:
            boxes.append(update.box.start[0])
            if len(boxes) == 5:
                control.stop.set()
    assert boxes[0] == 6
    assert sorted(boxes[:5]) == [4, 5, 6, 7, 8]
    assert len(boxes) <= 6  # one more may have been there already
    assert isinstance(update, Done)
    assert update.stopped


@pytest.mark.parametrize("finished", ["auto", "off"])
def test_what_is_in_view_changes_nothing(layered, finished):
    job, _ = layered
    made = Combination(smoothing=finished, order=finished)
    job = replace(job, schedule=replace(job.schedule, steps=5), combination=made)
    list(fit(job))
    assert {"reflectors", "pretrained"} <= {one.name for one in models.load(job.model).combination.factors}
    found = []
    for focus in (None, Focus(0, 3), Focus(1, 6), Focus(2, 5)):
        list(predict(job, Control(focus=focus)))
        found.append(np.load(job.prediction))
    assert all(np.array_equal(one, found[0]) for one in found)


def test_both_directions_are_averaged(trained):
    p = predictor(trained)
    whole = Box.whole(p.shape)
    mean = (p.network_probabilities(whole, 0) + p.network_probabilities(whole, 1)) / 2
    list(predict(trained))
    best = np.sort(mean, axis=0)
    clear = best[-1] - best[-2] > 2e-3  # the first direction waits in float16
    assert clear.mean() > 0.9
    assert np.array_equal(np.load(trained.prediction)[clear], mean.argmax(0)[clear] + 1)


def test_outputs_beside_the_classes(trained):
    job = replace(trained, outputs=("probabilities", "entropy", "margin"))
    list(predict(job))
    probabilities = np.load(job.output_path("probabilities")).astype(np.float32)
    assert probabilities.shape == (3, 12, 20, 32)
    np.testing.assert_allclose(probabilities.sum(0), 1, atol=3e-3)
    entropy, margin = np.load(job.output_path("entropy")), np.load(job.output_path("margin"))
    assert entropy.dtype == margin.dtype == np.float16
    best = np.sort(probabilities, axis=0)
    np.testing.assert_allclose(margin, best[-1] - best[-2], atol=2e-3)
    expected = -(probabilities * np.log(np.maximum(probabilities, 1e-9))).sum(0) / np.log(3)
    np.testing.assert_allclose(entropy, expected, atol=5e-3)
    clear = margin > 2e-3
    assert np.array_equal(np.load(job.prediction)[clear], probabilities.argmax(0)[clear] + 1)


def test_a_section_in_view_has_all_outputs(trained):
    job = replace(trained, outputs=("entropy",))
    list(predictor(job).section(Focus(0, 3)))
    found = np.load(job.output_path("entropy"))
    assert found[3].all()
    assert not found[:3].any()


def test_outputs_that_nobody_asks_for_go_with_the_classes_they_belonged_to(trained):
    job = replace(trained, outputs=("entropy",))
    list(predictor(job).section(Focus(0, 3)))
    other = predictor(replace(trained, outputs=("margin",)))
    assert job.output_path("entropy").exists()  # nothing is written yet
    list(other.section(Focus(0, 3)))
    assert not job.output_path("entropy").exists()
    assert job.output_path("margin").exists()


def test_a_disk_without_room_is_named(trained, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10})())
    with pytest.raises(JobError, match=r"prediction-entropy\.npy needs .* kB"):
        predictor(replace(trained, outputs=("entropy",)))


def test_a_survey_that_does_not_go_with_the_model_is_refused(trained, tmp_path):
    bands = tmp_path / "bands.npy"
    np.save(bands, np.zeros((2, 12, 20, 32), np.float32))
    other = replace(trained, inputs=(replace(trained.inputs[0], path=str(bands), channel_axis=0),))
    with pytest.raises(JobError, match="trained on 1 channel "):
        list(predict(other))


def test_a_folder_without_a_model_is_named(layered):
    job, _ = layered
    with pytest.raises(JobError, match="holds no trained network yet"):
        list(predict(job))


def test_a_prediction_file_of_another_shape_is_refused(trained, tmp_path):
    np.save(trained.prediction, np.zeros((3, 3, 3), np.uint8))
    with pytest.raises(JobError, match="the prediction needs uint8"):
        list(predict(trained))


# --- going on ---------------------------------------------------------------------------------------------

_KILLED = """
import os, signal, sys
from napari_fhn.training import BoxChanged, Job, predict
from napari_fhn.training.prediction import journal, predictor
journal._FLUSH_EVERY = 0
predictor.sections_together = lambda *_: 1
left = int(sys.argv[2])
for update in predict(Job.load(sys.argv[1])):
    left -= isinstance(update, BoxChanged)
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def files(job: Job) -> dict[str, bytes]:
    outputs = [Path(job.prediction), *(job.output_path(output) for output in job.outputs)]
    return {path.name: path.read_bytes() for path in outputs}


@pytest.mark.usefixtures("copied_processes")
def test_a_killed_prediction_goes_on_to_the_same_bits(trained, tmp_path, monkeypatch):
    job = replace(trained, outputs=("probabilities", "entropy"))
    job.save(tmp_path / "job.json")
    monkeypatch.setattr(predicting, "sections_together", lambda *_: 1)
    list(predict(job))
    whole = files(job)
    for path in [Path(job.prediction), *map(job.output_path, job.outputs)]:
        array = np.load(path, mmap_mode="r+")
        array[...] = 0
        array.flush()
    # In the first direction, and, going on, in the second.
    for boxes, expected in ((5, 5), (15, 20)):
        run = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path / "job.json"), str(boxes)], check=False)
        assert run.returncode == -signal.SIGKILL
        # The box that was just handed out is written; the journal may name it already.
        lines = (tmp_path / "prediction-unfinished.jsonl").read_text().splitlines()
        assert len(lines) - 1 in (expected - 1, expected)
    updates = list(predict(job))
    assert any(isinstance(u, Note) and "goes on" in u.message for u in updates)
    assert sum(isinstance(u, BoxChanged) for u in updates) in (12, 13)  # of 12 inlines and 20 crosslines
    assert files(job) == whole
    assert not list(tmp_path.glob("*unfinished*"))


def test_a_stopped_prediction_goes_on_unless_something_changed(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(predicting, "sections_together", lambda *_: 1)

    def after(boxes, job):
        control = Control()
        for update in predict(job, control):
            boxes -= isinstance(update, BoxChanged)
            if not boxes:
                control.stop.set()
        return Path(tmp_path / "prediction-unfinished.jsonl")

    def goes_on(job):
        return any(isinstance(u, Note) and "goes on" in u.message for u in predict(job))

    assert after(4, trained).exists()
    assert goes_on(trained)
    after(4, trained)
    assert not goes_on(replace(trained, flips=True))
    journal = after(4, trained)
    journal.write_text("{")
    assert not goes_on(trained)
    after(4, trained)
    os.utime(trained.inputs[0].path, (1, 1))
    assert not goes_on(trained)
    after(4, trained)
    list(fit(replace(trained, schedule=replace(trained.schedule, steps=1))))
    assert not goes_on(trained)
    # Somebody cleared the file: what the journal says is there is not.
    after(4, trained)
    np.load(trained.prediction, mmap_mode="r+")[...] = 0
    list(predict(trained))
    assert np.load(trained.prediction).all()


# --- little memory ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
@pytest.mark.parametrize("kind", ["sections", "blocks"])
def test_where_memory_runs_out_tiles_halve_and_the_result_stays(kind, error, tmp_path, monkeypatch):
    network, shape, vertical = NETWORKS[kind]
    p = predictor(untrained(tmp_path, network, shape, vertical))
    across = 0 if p.frame.sections else None
    in_tiles(p, 10**6)
    whole = p.network_probabilities(Box.whole(shape), across)
    scores, most = type(p.network).scores, 30_000 if across is None else 2000

    def scarce(self, data, **others):
        if data[:, 0].numel() > most:
            raise error
        return scores(self, data, **others)

    monkeypatch.setattr(type(p.network), "scores", scarce)
    halved = p.network_probabilities(Box.whole(shape), across)
    np.testing.assert_allclose(halved, whole, atol=2e-5)
    notes = p.notes()
    assert notes
    assert all("Memory ran out" in note for note in notes)
    assert p.notes() == []
    # It learns: the next region is asked for in tiles that fit.
    p.network_probabilities(Box.whole(shape), across)
    assert p.notes() == []


def test_no_memory_at_all_is_a_sentence(tmp_path, monkeypatch):
    network, shape, vertical = NETWORKS["map"]
    p = predictor(untrained(tmp_path, network, shape, vertical))

    def none_left(self, data, **_):
        raise MemoryError

    monkeypatch.setattr(type(p.network), "scores", none_left)
    with pytest.raises(JobError, match="memory is too short for a tile"):
        p.network_probabilities(Box.whole(shape), None)


def test_an_error_that_is_not_about_memory_is_not_hidden(tmp_path, monkeypatch):
    network, shape, vertical = NETWORKS["map"]
    p = predictor(untrained(tmp_path, network, shape, vertical))

    def wrong(self, data, **_):
        raise RuntimeError("sizes differ")

    monkeypatch.setattr(type(p.network), "scores", wrong)
    with pytest.raises(RuntimeError, match="sizes differ"):
        p.network_probabilities(Box.whole(shape), None)


def test_a_job_says_how_much_memory_a_tile_may_take(tmp_path):
    network, shape, vertical = NETWORKS["blocks"]
    job = untrained(tmp_path, network, shape, vertical)
    small, large = (predictor(replace(job, memory=bytes)).evaluator.voxels for bytes in (10**6, 2 * 10**6))
    assert large == pytest.approx(2 * small, rel=0.01)


@pytest.mark.parametrize("kind", NETWORKS)
def test_tiles_are_the_same_however_busy_the_machine_is(kind, tmp_path, monkeypatch):
    network, shape, vertical = NETWORKS[kind]
    p = predictor(untrained(tmp_path, network, shape, vertical))
    region, ways = Box.whole(shape), p.frame.sections or (None,)
    before = [p._cut(region, across) for across in ways]
    clock = iter(range(10**9))
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))  # a second or more for whatever is done
    for across in ways:
        p.network_probabilities(Box(region.start, tuple(min(size, 9) for size in shape)), across)
    monkeypatch.setattr("napari_fhn.training.prediction.evaluator.free_bytes", lambda _: 3 * 2**30)
    assert [p._cut(region, across) for across in ways] == before
    assert not p.evaluator.short


def test_a_tile_is_no_smaller_than_a_block_that_was_learnt_from(tmp_path):
    network, shape, vertical = NETWORKS["blocks"]
    job = untrained(tmp_path, network, shape, vertical)
    small = predictor(replace(job, memory=2**50)).evaluator.voxels
    large = Schedule(block=(1024, 1024, 1024))
    assert small < 2**30
    assert predictor(replace(job, memory=2**50, schedule=large)).evaluator.voxels == 2**30


def test_it_is_said_where_short_memory_changes_a_prediction(tmp_path):
    network, shape = levels(2, 8, (2, 3, 4), 3), (64, 96)
    job = untrained(tmp_path, network, shape, None)
    for memory, said in ((None, False), (10**5, True)):
        updates = list(predict(replace(job, memory=memory)))
        assert any("Memory is short" in one.message for one in updates if isinstance(one, Note)) == said


@pytest.fixture
def one_thread():
    """Torch has one thread, as tests have that run side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("flips", [False, True])
def test_sections_seen_a_few_at_a_time_say_the_same_bits_and_share_kernels(flips, tmp_path, monkeypatch):
    network, shape, vertical = NETWORKS["sections"]
    p = predictor(replace(untrained(tmp_path, network, shape, vertical), flips=flips))
    in_tiles(p, 10**6)
    scores, mirrored, seen, made = type(p.network).scores, convolution._mirrored, [], []

    def watched(self, data, **others):
        seen.append(len(data))
        return scores(self, data, **others)

    monkeypatch.setattr(type(p.network), "scores", watched)
    monkeypatch.setattr(convolution, "_mirrored", lambda *how: made.append(how) or mirrored(*how))
    found = []
    for together in (1, 1 << 30):
        monkeypatch.setattr(evaluator, "_TOGETHER", together)
        found.append(p.network_probabilities(Box.whole(shape), 0))
    one, all_of_them = seen[: len(seen) * 5 // 7], seen[len(seen) * 5 // 7 :]
    assert set(one) == {1}
    assert set(all_of_them) == {2, 3}  # five sections are two tiles
    assert np.array_equal(*found)
    # Twice of two tiles, that have other numbers of examples where all are seen together.
    assert len(made) <= 4 * len(p.network.kernels)
    assert made


def test_weights_that_change_between_two_tiles_count(tmp_path):
    network, shape, vertical = NETWORKS["sections"]
    p = predictor(untrained(tmp_path, network, shape, vertical))
    whole = Box.whole(shape)
    before = p.network_probabilities(whole, 0)
    with torch.no_grad():
        for kernels in p.network.kernels:
            kernels.mul_(0.5)
    after = p.network_probabilities(whole, 0)
    assert not np.allclose(before, after, atol=1e-3)
    with torch.no_grad():
        for kernels in p.network.kernels:
            kernels.mul_(2)
    assert np.array_equal(p.network_probabilities(whole, 0), before)


def test_a_stop_is_heard_in_the_middle_of_a_tile(tmp_path, monkeypatch):
    network, shape, vertical = NETWORKS["map"]
    p = predictor(untrained(tmp_path, network, shape, vertical))
    control = Control()
    first_state = type(p.network)._padded_scores

    def half_way(self, data, resting):
        control.stop.set()
        return first_state(self, data, resting)

    monkeypatch.setattr(type(p.network), "_padded_scores", half_way)
    assert list(p.write(Box.whole(shape), None, control)) == []
    assert not np.load(tmp_path / "prediction.npy").any()


# --- maps from cubes --------------------------------------------------------------------------------------


def test_a_map_is_predicted_from_a_cube(cube):
    job, truth = cube
    job = replace(job, outputs=("probabilities",))
    list(fit(job))
    np.load(job.prediction, mmap_mode="r+")[...] = 0
    list(predict(job))
    found = np.load(job.prediction)
    assert np.load(job.output_path("probabilities")).shape == (2, *truth.shape)
    assert (found == truth).mean() > 0.9


def test_tiles_of_a_map_from_a_cube_equal_one_piece(cube, monkeypatch):
    job, _ = cube
    for item in job.inputs:
        np.save(item.path, np.random.default_rng(0).standard_normal((60, 52, 12)).astype(np.float32))
    np.save(job.labels, np.pad(np.load(job.labels), ((0, 44), (0, 28))))
    np.save(job.prediction, np.zeros((60, 52), np.uint8))
    job = replace(job, schedule=replace(job.schedule, steps=1), flips=True)
    list(fit(job))
    p = predictor(job)
    whole = p.network_probabilities(Box.whole((60, 52)), None)
    monkeypatch.setattr("napari_fhn.training.prediction.tiles._MOST_WORK", 100)
    in_tiles(p, 40 * 40)
    assert len(p._cut(Box.whole((60, 52)), None).tiles()) > 1
    np.testing.assert_allclose(p.network_probabilities(Box.whole((60, 52)), None), whole, atol=2e-5)


@pytest.mark.parametrize("kind", ["sections", "blocks", "map from a cube"])
def test_gaps_in_the_data_never_become_a_class(request, kind):
    job, truth = request.getfixturevalue({"sections": "layered", "blocks": "layered_3d"}.get(kind, "cube"))
    gap = np.zeros(truth.shape, bool)
    gap[:3, :2] = gap[-4:, 5] = True
    for item in job.inputs:
        values = np.load(item.path)
        values[gap] = np.nan  # of a cube: all bands
        np.save(item.path, values)
    job = replace(job, schedule=replace(job.schedule, steps=4), outputs=("entropy", "probabilities"))
    list(fit(job))
    assert not np.load(job.prediction)[gap].any()
    list(predict(job))
    found = np.load(job.prediction)
    np.testing.assert_array_equal(found == 0, gap)
    assert not np.load(job.output_path("entropy"))[gap].any()
    probabilities = np.load(job.output_path("probabilities"))
    np.testing.assert_allclose(probabilities.sum(0), np.where(gap, 0, 1), atol=2e-3)


def test_a_box_is_finished_when_all_its_corners_with_data_are_predicted(trained):
    data = np.load(trained.inputs[0].path)
    data[0, 0] = np.nan
    data[6:] = np.nan
    np.save(trained.inputs[0].path, data)
    p = predictor(trained)
    box, empty = Box((0, 0, 0), (6, 20, 32)), Box((6, 0, 0), (12, 20, 32))
    p.outputs.classes[...] = 0
    list(p.write(Box.whole(p.shape), 0))
    assert p._written(box)
    assert not p._written(empty)  # there is nothing to tell it by: it is predicted again
    p.outputs.classes[5, 19, 31] = 0
    assert not p._written(box)


def test_sections_are_predicted_side_by_side_to_the_same_bits(layered, monkeypatch):
    job, _ = layered
    trained = replace(job, schedule=replace(job.schedule, steps=2), outputs=("probabilities",))
    list(fit(trained))
    said = {}
    shared = []
    crew = side_by_side._crew.workers
    monkeypatch.setattr(side_by_side._crew, "workers", lambda count: shared.append(count) or crew(count))
    before = torch.get_num_threads()
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        shared.clear()
        list(predict(trained))
        said[count] = np.load(trained.output_path("probabilities")).copy()
        assert set(shared) == (set() if count == 1 else {count})
    torch.set_num_threads(before)
    assert said[1].any()
    assert np.array_equal(said[1], said[2])
    assert np.array_equal(said[1], said[3])
