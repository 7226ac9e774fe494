"""The paper's schedules learn what they are made for, with smaller networks on small surveys."""

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.network import Architecture, ResNetArchitecture, Stage, parse
from napari_fhn.training import Input, Note, Progress, fit, predict
from napari_fhn.training.recipes import RECIPES, recipe


def losses(job, name, steps):
    """Train a job's network by a recipe's schedule."""
    chosen = recipe(name)
    schedule = replace(chosen.schedule, steps=steps, batch=1, block=job.schedule.block)
    updates = list(fit(replace(job, schedule=schedule, position=chosen.position)))
    assert not any("went back" in u.message for u in updates if isinstance(u, Note))
    return [u.loss for u in updates if isinstance(u, Progress)]


def test_blocks_of_a_seismic_volume(layered_3d):
    job, _ = layered_3d
    found = losses(job, "paper.seismic", 30)
    assert np.mean(found[-5:]) < 0.9 * np.mean(found[:3])


def test_a_slice_of_two_hyperspectral_cubes(cube):
    job, _ = cube
    found = losses(job, "paper.hyperspectral", 40)
    assert np.mean(found[-5:]) < 0.6 * found[0]


def test_a_resnet_reads_the_same_slice_and_several_slices_are_read_together(cube):
    job, _ = cube
    reading = replace(job.network.reading, at=(0.3, 0.7))
    stages = (Stage("keep", 1, rank=4), Stage("coarsen", 2, rank=4))
    resnet = ResNetArchitecture(3, job.network.channels, stages, h=0.2, reading=reading)
    found = losses(replace(job, network=resnet), "paper.hyperspectral", 40)
    assert np.mean(found[-10:]) < 0.8 * np.mean(found[:5])
    assert list(predict(replace(job, network=resnet)))[-1].task == "predict"
    found = losses(replace(job, network=replace(job.network, reading=reading)), "paper.hyperspectral", 40)
    assert np.mean(found[-10:]) < 0.8 * np.mean(found[:5])


@pytest.fixture
def maps(tmp_path, cube):
    """Ten maps, six of them one-hot geology; a few places say what an aquifer is."""
    job, truth = cube
    rng = np.random.default_rng(0)
    stack = rng.standard_normal((10, *truth.shape)).astype(np.float32)
    stack[:4] += 2.0 * truth
    stack[4:] = rng.integers(0, 6, truth.shape) == np.arange(6)[:, None, None]
    np.save(tmp_path / "maps.npy", stack)
    np.save(job.labels, np.where(rng.random(truth.shape) < 0.5, truth, 0).astype(np.uint8))
    return replace(
        job,
        inputs=(Input(str(tmp_path / "maps.npy"), 0),),
        map_axis=None,
        network=parse("2d 16: down 2x4 | down 3x8 | up 2x4", h=0.2),
        schedule=replace(job.schedule, block=(16, 24)),
    )


def test_a_tenth_of_the_labels_of_a_map(maps):
    found = losses(maps, "paper.aquifer", 60)
    assert np.mean(found[-10:]) < 0.5 * np.mean(found[:3])


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith("paper.")])
def test_they_are_the_papers_networks_and_blocks(name):
    from napari_fhn.network.paper import PAPER

    own = PAPER[name.removeprefix("paper.")]
    assert isinstance(recipe(name).network, Architecture)
    assert recipe(name).network == own.architecture
    assert recipe(name).schedule.block == own.block
