"""Predictions in sharded stores: on a disk and in an object store, by tasks that know nothing of each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.project.test_in_place import bricked

from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.network.architecture import levels
from napari_fhn.network.build import build
from napari_fhn.project import in_place
from napari_fhn.training import Input, Job, Schedule, predict
from napari_fhn.training import model as models
from napari_fhn.training.frame import Frame
from napari_fhn.training.volume import Volume

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


@pytest.mark.parametrize("where", ["folder", "memory"])
def test_tasks_predict_a_survey_in_place_into_a_store_that_opens_as_a_survey(where, tmp_path, capsys):
    made = bricked(tmp_path, SHAPE)
    job = network(tmp_path, made)
    np.save(job.prediction, np.zeros(SHAPE, np.uint8))
    list(predict(replace(job, outputs=("probabilities",))))
    if where == "memory":
        import fsspec

        files = fsspec.filesystem("memory")
        files.put(str(made), f"/{tmp_path.name}/v.zarr", recursive=True)
        survey, target = f"memory://{tmp_path.name}/v.zarr", f"memory://{tmp_path.name}/out.zarr"
        import zarr

        zarr.consolidate_metadata(zarr.storage.FsspecStore.from_url(survey))
    else:
        survey, target = str(made), str(tmp_path / "out.zarr")
    line = ["predict", survey, "--network", str(tmp_path / "model"), "--output", target, "--shard", SHARD]
    line += ["--outputs", "probabilities", "--device", "cpu"]
    assert main([*line, "--task", "2/3"]) == 0
    assert main([*line, "--collect"]) == 2
    assert "3 of 4 shards are missing (0, 2 to 3)" in capsys.readouterr().err
    assert main([*line, "--task", "3/3"]) == 0
    with pytest.raises(surveys.SurveyError, match="not whole yet"):
        surveys.open(target)
    assert main([*line, "--task", "2/3"]) == 0
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
