"""A survey that counts as large: its prediction lies in shards, and every door gives what it gives of a small one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_fhn as fhn
from napari_fhn import mapped, surveys
from napari_fhn.api import Work
from napari_fhn.large import layout as large
from napari_fhn.project import Run
from napari_fhn.project.labelling.labelling import keep
from napari_fhn.project.predictions import kept_predictions, predictions
from napari_fhn.project.predictions.predictions import Tidying
from napari_fhn.training.files.digest import digest
from napari_fhn.training.models import earlier
from napari_fhn.training.prediction import shard_size


@pytest.fixture
def shards_of_a_few_pixels(monkeypatch):
    monkeypatch.setattr(large, "_SIDES", {1: 4, 2: 4, 3: 4})
    monkeypatch.setattr(large, "_TIMES", 2)


def worked(image, labels, session: str) -> Work:
    work = fhn.open(image, axes=("y", "x"), session=session)
    work.label(labels, classes=["sand", "shale"])
    work.fit("map", device="cpu").wait()
    work.predict(outputs=("probabilities", "entropy"), device="cpu")
    return work


def current(work: Work) -> Run:
    run = work.run
    assert run is not None
    return run


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_large_survey_is_predicted_in_shards_and_every_door_gives_the_same(
    image, labels, truth, tmp_path, monkeypatch, shards_of_a_few_pixels
):
    small = worked(image, labels, "small")
    monkeypatch.setattr(shard_size, "LARGE_VOXELS", 1)
    with worked(image, labels, "large") as work, small:
        run, other = current(work), current(small)
        assert {"prediction.zarr", "prediction-entropy.zarr", "prediction-probabilities.zarr"} <= files(run.folder)
        assert not [name for name in files(run.folder) if name.startswith("prediction") and name.endswith(".npy")]
        assert not list(run.folder.glob("*/open"))  # packed, as nothing is written any more
        for kind in ("classes", "probabilities", "entropy"):
            np.testing.assert_array_equal(work.prediction(kind), small.prediction(kind))
        assert work.prediction("probabilities")[1, 3:5, 7].values.shape == (2,)
        assert work.score(truth, partial=True).sentences == small.score(truth, partial=True).sentences
        for name, what in (("a.npy", "classes"), ("a.tif", "classes"), ("p.npy", "probabilities")):
            work.save(tmp_path / f"large-{name}", what, partial=True)
            small.save(tmp_path / f"small-{name}", what, partial=True)
            one, two = (surveys.open(tmp_path / f"{which}-{name}").values for which in ("large", "small"))
            np.testing.assert_array_equal(one, two)
        whole = np.array(work.prediction())
        for each in (run, other):
            predictions.tidy(each, Tidying(1, 9, 9))
        np.testing.assert_array_equal(mapped.open(run.prediction), mapped.open(other.prediction))
        assert predictions.take_back(run)
        np.testing.assert_array_equal(work.prediction(), whole)
        kept = kept_predictions.keep(work.project.session, run, "first")
        assert [one.name for one in kept_predictions.kept(work.project.session)] == ["first"]
        np.testing.assert_array_equal(kept.values(), whole)
        kept_predictions.forget(kept)
        assert not kept.path.exists()
        # Trained on, it paints into the same shards; predicted with less beside, what is stale goes.
        work.fit(resume=True, steps=3).wait()
        work.predict(outputs=(), device="cpu")
        assert "prediction-entropy.zarr" not in files(run.folder)
        work.runs.discard(run)
        assert not run.folder.exists()


def test_the_whole_prediction_that_another_began_to_replace_is_taken_back(
    image, labels, monkeypatch, shards_of_a_few_pixels
):
    monkeypatch.setattr(shard_size, "LARGE_VOXELS", 1)
    with worked(image, labels, "w") as work:
        run, before = current(work), np.array(work.prediction())
        earlier.keep_prediction(run.prediction)
        mapped.open(run.prediction, "r+")[:12] = 0
        assert predictions.can_take_back(run)
        assert predictions.take_back(run)
        np.testing.assert_array_equal(work.prediction(), before)
        assert not list(run.folder.glob("*before*"))


def test_labels_of_a_large_survey_lie_in_shards_with_undo_and_are_packed_when_nobody_writes(
    image, labels, tmp_path, monkeypatch, shards_of_a_few_pixels
):
    monkeypatch.setattr(shard_size, "LARGE_VOXELS", 1)
    with fhn.open(image, axes=("y", "x"), session="w") as work:
        work.label(labels, classes=["sand", "shale"])
        folder = work.session
        assert {"labels.zarr"} <= files(folder)
        assert "labels.npy" not in files(folder)
        np.testing.assert_array_equal(work.labels, labels)
        before = digest(folder / "labels.zarr")
        more = labels.copy()
        more[12:14, 5:9] = 2
        assert "labels-before-1.zarr" in " ".join(keep(work.project.session, more, over=True))
        np.testing.assert_array_equal(work.labels, more)
        assert digest(folder / "labels.zarr") != before
        work.undo()
        np.testing.assert_array_equal(work.labels, labels)
        work.redo()
        np.testing.assert_array_equal(work.labels, more)
        work.undo()
        assert digest(folder / "labels.zarr") == before
        work.save(tmp_path / "known.tif", "labels")
        np.testing.assert_array_equal(surveys.open(tmp_path / "known.tif").values.squeeze(), labels)
        assert (folder / "labels.zarr" / "open").is_dir()
    assert not (folder / "labels.zarr" / "open").exists()
    assert digest(folder / "labels.zarr") == before
    with fhn.open(image, axes=("y", "x"), session="w") as work:
        np.testing.assert_array_equal(work.labels, labels)
        work.redo()
        np.testing.assert_array_equal(work.labels, more)
