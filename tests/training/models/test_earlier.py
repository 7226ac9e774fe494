"""Training and predicting again leave a way back to what was there."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.training import Control, Done, Job, Note, fit, predict
from napari_fhn.training.models.earlier import keep_network, path_of
from napari_fhn.training.models.model import load
from napari_fhn.training.prediction import provenance


@pytest.fixture
def trained(layered):
    """A job that was done, with all of its prediction."""
    job = replace(layered[0], schedule=replace(layered[0].schedule, steps=1, batch=1))
    for work in (fit, predict):
        list(work(job, Control(watched=False)))
    return job


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_there_is_kept_when_a_job_is_trained_again_in_its_place(trained):
    folder = Path(trained.model).parent
    before, network = np.load(trained.prediction), load(trained.model).sha256
    stopped = Control(watched=False)
    stopped.stop.set()
    was = contents(folder)
    assert "all is as it was" in list(fit(trained, stopped))[-1].message
    assert contents(folder) == was
    again = replace(trained, schedule=replace(trained.schedule, seed=1))
    said = [update.message for update in fit(again, Control(watched=False)) if isinstance(update, Note)]
    kept = folder / "model-before-1"
    assert f"The network of 1 step that was there is kept in {kept}, with its prediction." in said
    assert load(trained.model).sha256 != network
    assert load(kept / "model").sha256 == network
    assert (kept / "model" / "training.safetensors").is_file()
    assert (kept / "model" / "checkpoints" / "step-00001").is_dir()
    job = Job.load(kept / "job.json")
    assert (job.model, job.prediction) == (str(kept / "model"), str(kept / "prediction.npy"))
    np.testing.assert_array_equal(np.load(job.prediction), before)
    assert provenance.read(job.prediction).models == (network,)


def test_a_prediction_stays_until_another_is_whole(trained):
    before = np.load(trained.prediction)
    shutil.copytree(trained.model, trained.model + "-other")
    again = replace(trained, schedule=replace(trained.schedule, seed=1))
    list(fit(again, Control(watched=False)))
    shutil.rmtree(trained.model)
    Path(trained.model + "-other").rename(trained.model)  # nothing of this network is there now
    np.copyto(np.load(trained.prediction, mmap_mode="r+"), before)
    made = provenance.read(Path(trained.prediction).parent / "model-before-1" / "prediction.npy")
    provenance.write(trained.prediction, replace(made, told="other labels"))
    control = Control(watched=False)
    said = []
    for update in predict(trained, control):
        control.stop.set()
        said.append(update)
    assert isinstance(said[-1], Done)
    assert "until it is whole the one before can be taken back" in said[-1].message
    np.testing.assert_array_equal(np.load(path_of(trained.prediction)), before)
    list(predict(trained, Control(watched=False)))
    assert not path_of(trained.prediction).exists()
    assert provenance.read(trained.prediction).complete


def test_where_nothing_was_trained_nothing_is_kept(layered):
    assert keep_network(layered[0]) == ()
