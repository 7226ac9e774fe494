"""Predictions in sharded stores: on a disk and in an object store, by tasks that know nothing of each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.project.data.test_in_place import bricked, template

from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.network.architecture import levels
from napari_fhn.network.build import build
from napari_fhn.project.data import in_place
from napari_fhn.training import Input, Job, Schedule, predict
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.models import model as models

SHAPE = (9, 21, 32)
SHARD = "5,11,32"


def network(folder: Path, survey: Path, **changes: object) -> Job:
    """A job whose network has random weights, on a survey that is read where it lies."""
    in_place.note(folder / "v.json", surveys.open(survey))
    job = Job(
        inputs=(Input(str(folder / "v.json"), name="v"),), labels=str(folder / "labels.npy"), classes=("a", "b", "c"),
        network=levels(2, 8, (2, 3), 1, context=1), schedule=Schedule(block=(8, 8)), codes=(10, 20, 30),
        prediction=str(folder / "prediction.npy"), model=str(folder / "model"), vertical_axis=2, device="cpu",
    )  # fmt: skip
    job = replace(job, **changes)
    volume = Volume(job.inputs)
    frame = Frame(volume, job.network, job.framing)
    made = build(job.network, frame.channels, 3)
    models.save(models.Model.of(job, made, volume.normalisation), job.model)
    job.save(folder / "model" / "job.json")
    return job


def test_tasks_predict_a_survey_in_an_object_store_into_one_that_opens_as_a_survey(tmp_path, capsys):
    import fsspec
    import zarr

    made = bricked(tmp_path, SHAPE)
    job = network(tmp_path, made)
    np.save(job.prediction, np.zeros(SHAPE, np.uint8))
    list(predict(replace(job, outputs=("probabilities",))))
    fsspec.filesystem("memory").put(str(made), f"/{tmp_path.name}/v.zarr", recursive=True)
    survey, target = (f"memory://{tmp_path.name}/{name}.zarr" for name in ("v", "out"))
    zarr.consolidate_metadata(zarr.storage.FsspecStore.from_url(survey))
    line = ["predict", survey, "--network", str(tmp_path / "model"), "--output", target, "--shard", SHARD]
    line += ["--outputs", "probabilities", "--device", "cpu"]
    assert main([*line, "--task", "2/3"]) == 0
    assert main([*line, "--collect"]) == 2
    assert "3 of 4 shards are missing (0, 2 to 3)" in capsys.readouterr().err
    assert main([*line, "--task", "3/3"]) == 0
    with pytest.raises(surveys.SurveyError, match="not whole yet"):
        surveys.open(target)
    assert main([*line, "--task", "1/3"]) == 0
    assert main([*line, "--collect"]) == 0, "that it is whole already is no error"
    found, original = surveys.open(target), surveys.open(survey)
    assert found.dims == original.dims
    for dim in found.dims:
        np.testing.assert_array_equal(found[dim], original[dim])
    assert found["twt"].attrs == original["twt"].attrs
    expected = np.array([0, 10, 20, 30])[np.load(job.prediction)]
    assert (found.values != expected).mean() < 0.002
    assert not found.values[0, 0].any(), "no data is no class"
    assert "Predicted by the network" in found.attrs["history"]
    assert tuple(found.attrs["flag_values"]) == (10, 20, 30)
    likely = surveys.open(target.replace("out.zarr", "out-probabilities.zarr"))
    np.testing.assert_allclose(likely.values, np.load(job.output_path("probabilities")), atol=2e-3)
    assert likely["band_name"].values.tolist() == ["a", "b", "c"]
    other = [*line, "--flips", "--task", "1/2"]
    capsys.readouterr()
    assert main(other) == 2
    assert "another prediction" in capsys.readouterr().err


def test_what_cannot_be_predicted_in_tasks_is_said_before_anything_is_written(tmp_path, capsys):
    network(tmp_path, bricked(tmp_path, SHAPE))
    np.save(tmp_path / "a.npy", np.zeros(SHAPE, np.float32))
    line = ["predict", "--network", str(tmp_path / "model"), "--task", "1/2"]
    for more, sentence in (
        ([str(tmp_path / "v.zarr")], "say where the shards of another survey go"),
        ([str(tmp_path / "v.zarr"), "--session", "s", "--output", "o.zarr"], "need no session"),
        ([str(tmp_path / "a.npy"), "--axes", "inline,crossline,twt", "--output", str(tmp_path / "o.zarr")],
         "no blocks that are read where they lie: run napari-fhn brick"),
        ([str(tmp_path / "v.zarr"), "--output", "https://example.org/o.zarr"], "nothing can be written to https"),
        ([str(tmp_path / "v.zarr"), "--output", str(tmp_path / "o.zarr"), "--collect"], "leave --task and"),
    ):  # fmt: skip
        assert main([*line, *more]) == 2
        assert sentence in capsys.readouterr().err
    assert not (tmp_path / "o.zarr").exists()


def test_a_shard_of_fifty_gigabytes_is_read_and_written_and_nothing_else(tmp_path):
    import zarr

    from napari_fhn.project.predictions.sharded import Asked
    from napari_fhn.surveys.bricks import store
    from napari_fhn.surveys.bricks.sharding import create_shards, whole
    from napari_fhn.surveys.remote.target import Target
    from napari_fhn.training.prediction.sharding import Sharded

    shape, size = (5000, 5000, 500), (8, 8, 500)
    target = Target(tmp_path / "v.zarr")
    create_shards(target, template(shape), np.dtype(np.float32), (16, 16, 100), (64, 64, 500))
    array = zarr.open_array(target.store(), path=store.VALUES, mode="r+")
    assert array.nbytes == 50e9
    array[2500:2508, 2500:2508] = np.random.default_rng(0).standard_normal((8, 8, 500))
    whole(target)
    network(tmp_path, tmp_path / "v.zarr")
    asked = Asked(
        (str(tmp_path / "v.zarr"),), network=str(tmp_path / "model"), output=str(tmp_path / "o.zarr"), shard=size
    )
    with asked.work() as work:
        sharded, out = Sharded(work.job, size), work.store
        out.begin(sharded.plan)
        shards = sharded.plan.shards
        number = int(np.ravel_multi_index((2500 // 8, 2500 // 8, 0), shards.grid))
        box = sharded.predict(number, out)
        assert out.done() == {number}
        assert sharded.ready.frame.volume.bytes_read < 50e6
    found = zarr.open_array(Target(tmp_path / "o.zarr").store(), path=store.VALUES, mode="r")
    values = found[box.slices]
    assert (values[4:, 4:] > 0).all()
    assert not values[:4].any()
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 10e6
