"""Shards of a survey, each predicted by itself: by anybody, in any order, whatever was killed, the same voxels once."""

from __future__ import annotations

import json
import math
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training.test_predict import NETWORKS, untrained

from napari_fhn.box import Box
from napari_fhn.cli import main
from napari_fhn.network.architecture import levels
from napari_fhn.shards import Part
from napari_fhn.training import Done, JobError, predict
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.files.inside import shards_of
from napari_fhn.training.prediction import by_shards, provenance, regions
from napari_fhn.training.prediction.regions import cut
from napari_fhn.training.prediction.shard_files import ShardFolder, collect
from napari_fhn.training.prediction.sharding import Sharded, predict_shards

SECTIONS = (levels(2, 8, (2, 3), 1, context=1), (9, 21, 32), 2)
SHARD = (4, 8, 32)


def sections(folder: Path, **changes) -> object:
    job = replace(untrained(folder, *SECTIONS), outputs=("probabilities", "entropy"), **changes)
    values = np.load(job.inputs[0].path)
    values[5:, 17:] = np.nan
    np.save(job.inputs[0].path, values)
    return job


def run(job, part: Part | None = None) -> None:
    list(predict_shards(job, ShardFolder(shards_of(job.prediction)), part, shard=SHARD))


def written(job) -> dict[str, np.ndarray]:
    names = {"classes": Path(job.prediction), **{one: job.output_path(one) for one in job.outputs}}
    names |= {name: path for name, path in job.factor_paths.items() if path.exists()}
    return {name: np.load(path) for name, path in names.items()}


def assert_equal(one, other) -> None:
    assert one.keys() == other.keys()
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


@pytest.fixture(autouse=True)
def one_thread():
    """A copy of a process has none of its threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("radius", [None, 0, 3, 9])
@pytest.mark.parametrize("across", [None, 0])
def test_tiles_of_a_region_are_the_region_once_and_see_all_that_they_depend_on(radius, across):
    shape, multiples = (20, 37, 30), (1 if across == 0 else 4, 4, 4)
    region = Box((3, 5, 0), (17, 30, 30))
    tiles = cut(region, shape, multiples, radius, 2000, across)
    assert len(tiles) > 3
    seen = np.zeros(shape, int)
    for tile in tiles:
        seen[tile.used.slices] += 1
        for axis, (a, b, c, d) in enumerate(
            zip(tile.seen.start, tile.used.start, tile.used.stop, tile.seen.stop, strict=True)
        ):
            halo = 0 if axis == across else radius or 0
            assert a == 0 or b - a >= halo
            assert d >= shape[axis] or d - c >= halo
            assert a % multiples[axis] == d % multiples[axis] == 0
    assert (seen[region.slices] == 1).all()
    assert seen.sum() == math.prod(region.shape)


@pytest.mark.parametrize("kind", ["sections", "blocks"])
def test_shards_are_what_the_whole_survey_in_one_piece_gives(kind, tmp_path, monkeypatch):
    network, shape, vertical = NETWORKS[kind]
    job = replace(untrained(tmp_path, network, shape, vertical), outputs=("probabilities",))
    list(predict(job))
    whole = written(job)
    side = tuple(size if axis == vertical else 17 for axis, size in enumerate(shape))
    monkeypatch.setattr(regions, "_TILE_VOXELS", 50 * 50)
    list(predict_shards(job, ShardFolder(shards_of(job.prediction)), shard=side))
    made = collect(job)
    assert made.complete
    np.testing.assert_allclose(np.load(job.output_path("probabilities")), whole["probabilities"], atol=2e-3)
    assert (np.load(job.prediction) != whole["classes"]).mean() < 0.002  # where two are alike to rounding


def test_tasks_that_are_killed_give_bit_for_bit_what_one_process_gives(tmp_path):
    job = sections(tmp_path, combination=Combination(smoothing="on", order="on"))
    run(job)
    made = collect(job)
    whole = written(job)
    assert (whole["classes"][:5] > 0).all()
    assert not whole["classes"][5:, 17:].any()
    assert made.complete
    assert replace(provenance.read(job.prediction), written="") == made
    assert not shards_of(job.prediction).exists()
    np.save(job.prediction, np.zeros(SECTIONS[1], np.uint8))
    original = ShardFolder.put
    child = os.fork()
    if not child:
        count = 0

        def put(self, number, box, arrays):
            nonlocal count
            count += 1
            if count == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            original(self, number, box, arrays)

        ShardFolder.put = put
        run(job, Part(2, 3))
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    run(job, Part(3, 3))
    with pytest.raises(JobError, match="of 9 shards are missing"):
        collect(job)
    run(job, Part(1, 3))
    store = ShardFolder(shards_of(job.prediction))
    assert len(store.done()) == 7
    then = {path: path.stat().st_mtime_ns for path in store.folder.glob("*.npy")}
    run(job, Part(2, 3))
    assert all(path.stat().st_mtime_ns == when for path, when in then.items()), "what is there is not done again"
    collect(job)
    assert_equal(written(job), whole)


def test_a_large_survey_is_predicted_by_shards_and_nothing_waits_for_all_of_it(tmp_path, monkeypatch):
    job = sections(tmp_path)
    list(predict(job))
    small = written(job)
    monkeypatch.setattr(by_shards, "LARGE_VOXELS", 1)
    monkeypatch.setattr(by_shards, "shard_shape", lambda *_, **__: SHARD)
    from napari_fhn.training import Control

    np.save(job.prediction, np.zeros(SECTIONS[1], np.uint8))
    provenance.path_of(job.prediction).unlink()
    control, seen = Control(), []
    for update in predict(job, control):
        seen.append(update)
        assert not list(tmp_path.glob("*unfinished.npy")), "no file of waiting probabilities"
        if len(seen) > 8:
            control.stop.set()
    assert seen[-1].stopped
    halfway = np.load(job.prediction)
    assert halfway.any()
    *_, done = predict(job)
    assert isinstance(done, Done)
    large = written(job)
    np.testing.assert_allclose(large["probabilities"], small["probabilities"], atol=2e-3)
    assert provenance.read(job.prediction).complete
    run(job)
    collect(job)
    assert_equal(written(job), large)


def test_shards_of_something_else_are_refused_and_so_are_those_that_cut_columns(tmp_path):
    job = sections(tmp_path)
    run(job, Part(1, 2))
    with pytest.raises(JobError, match="has shards of another prediction"):
        run(replace(job, flips=True))
    with pytest.raises(JobError, match="shards hold whole columns"):
        Sharded(job, (4, 8, 16))
    with pytest.raises(JobError, match="do not cut a survey"):
        Sharded(job, (4, 8))
    assert Sharded(job, (9, 8, 32)).overhead > 1


def test_a_full_disk_ends_a_task_in_words_and_costs_no_more_than_its_shard(tmp_path, monkeypatch):
    import errno

    from napari_fhn import mapped
    from napari_fhn.training.prediction import shard_files

    job = sections(tmp_path)
    original, count = mapped.save, 0

    def full(path, values):
        nonlocal count
        count += 1
        if count > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(path, values)

    monkeypatch.setattr(shard_files.mapped, "save", full)
    with pytest.raises(JobError, match="no room for a shard"):
        run(job)
    monkeypatch.setattr(shard_files.mapped, "save", original)
    assert len(ShardFolder(shards_of(job.prediction)).done()) == 1
    run(job)
    assert collect(job).complete


def test_the_command_line_predicts_tasks_of_a_job_and_puts_them_together(tmp_path, capsys):
    job = sections(tmp_path)
    job.save(tmp_path / "job.json")
    line = ["predict", "--job", str(tmp_path / "job.json"), "--shard", "4,8,32"]
    assert main([*line, "--task", "2/2"]) == 0
    assert main([*line, "--collect"]) == 2
    assert "shards are missing" in capsys.readouterr().err
    assert main([*line, "--task", "1/2", "--json"]) == 0
    told = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert told[-1]["kind"] == "Done"
    assert main([*line, "--collect", "--output", str(tmp_path / "out.npy")]) == 0
    found = np.load(tmp_path / "out.npy")
    assert (found[:5] > 0).all()
    run(job)
    collect(job)
    np.testing.assert_array_equal(found, np.load(job.prediction))
