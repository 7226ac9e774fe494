"""Settings other than the recipe's, said in Python, and what a training will take."""

from __future__ import annotations

import numpy as np
import pytest

import napari_fhn as fhn
from napari_fhn.project import Settings
from napari_fhn.training.errors import JobError
from napari_fhn.training.recipes import RECIPES


@pytest.fixture
def work(image, labels):
    with fhn.open(image, axes=("y", "x"), session="w") as found:
        found.label(labels, classes=["sand", "shale"])
        yield found


def test_what_a_job_can_say_can_be_said_in_python(work):
    training = work.fit(
        "map",
        network="2d 16: 3x4 | down 2x4 | up 1x4",
        schedule={"steps": 1, "block": [8, 16], "optimiser": "sgd", "labels_share": 0.5},
        objective={"balance": "full"},
        device="cpu",
    )
    training.wait()
    job = training.run.job()
    assert (job.network.channels, len(job.network.layers), job.network.layers[3].resample) == (16, 6, "coarsen")
    schedule = job.schedule
    assert (schedule.steps, schedule.block, schedule.optimiser, schedule.labels_share) == (1, (8, 16), "sgd", 0.5)
    assert schedule.objective.balance == "full"
    assert schedule.learning_rate == RECIPES["map"].schedule.learning_rate


def test_layers_in_words_keep_how_classes_are_read():
    whole = Settings.of("paper.hyperspectral")
    small = whole.with_network("3d 16: 2x4 | down 2x4").with_parts({"block": (16, 16, 8)})
    assert (small.network.reading, small.network.h) == (whole.network.reading, whole.network.h)
    assert small.schedule.block == (16, 16, 8)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"schedule": {"learningrate": 0.1}}, "the schedule has no setting 'learningrate': is 'learning_rate' meant?"),
        ({"schedule": {"objective": 1}}, "the schedule has no setting 'objective'"),
        ({"objective": {"balanced": "full"}}, "is 'balance' meant?"),
        ({"schedule": {"block": (8, 8, 8)}}, "needs one size for each of the 2 dimensions"),
        ({"network": "paper.nowhere"}, "no network is called 'paper.nowhere'"),
        ({"network": "2d 16: 3x4 | sideways 2x4"}, "sideways"),
        ({"schedule": {"learning_rate": "fast"}}, "a number is expected"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_made(work, said, words):
    for ask in (work.fit("map", **said).wait, lambda: work.forecast("map", **said)):
        with pytest.raises(JobError) as error:
            ask()
        assert words in str(error.value)
    assert not work.runs.all()


def test_a_forecast_before_anything_is_copied(work):
    found = work.forecast("map", network="2d 16: 12x4", schedule={"block": (16, 16), "batch": 2}, device="cpu")
    assert (found.block, found.batch) == ((16, 16), 2)
    assert found.without > found.needs > 16 * 16 * 16 * 2 * 4
    deeper = work.forecast("map", network="2d 16: 24x4", schedule={"block": (16, 16), "batch": 2}, device="cpu")
    assert deeper.without - found.without > 10 * (deeper.needs - found.needs)
    assert not list(work.session.glob("inputs/*"))


def test_a_training_goes_on_in_pieces_as_if_it_were_one(work):
    whole = work.fit("map", steps=4, seed=3, device="cpu").wait()
    piece = work.fit("map", steps=4, seed=3, device="cpu", name="in pieces").wait(minutes=0)
    assert 0 < piece.step < 4
    while piece.step < 4:
        piece = work.fit(resume="in pieces").wait(minutes=0)
    (once,), (again,) = (list(run.model.glob("weights-*.safetensors")) for run in (whole, piece))
    assert once.read_bytes() == again.read_bytes()


def test_a_forecast_of_a_cube_with_bands_as_an_axis(image):
    cube = np.repeat(image[..., None], 6, axis=2)
    with fhn.open([cube, cube], axes=("y", "x", "band")) as pair:
        found = pair.forecast("paper.hyperspectral")
        assert found.block == (24, 20, 6)


def test_a_network_of_the_paper_is_trained_by_its_own_schedule_unless_another_is_named():
    with fhn.open(np.zeros((32, 32, 32), "f4"), axes=("inline", "crossline", "twt")) as volume:
        alone = volume.forecast(network="paper.a", device="cpu")
        with_settings = volume.forecast(settings=Settings.of("volume"), network="paper.a", device="cpu")
    assert (alone.batch, with_settings.batch) == (RECIPES["paper.seismic"].schedule.batch, 1)
