"""A GPU is set to be fast for as long as something is computed on it, and nothing else is touched."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_fhn.network.architecture import levels
from napari_fhn.training import fit, predict
from napari_fhn.training.machine import speed

CUDA = torch.device("cuda", 1)


def settings():
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    return cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32


@pytest.mark.parametrize(("free", "searches"), [(10, True), (5, False)])
def test_a_gpu_is_fast_for_a_while(free, searches):
    before = settings()
    with speed.settled(CUDA, needed=4, free=free):
        assert settings() == (searches, True, True)
    assert settings() == before


def test_a_processor_stays_as_it_is():
    before = settings()
    with speed.settled(torch.device("cpu")):
        assert settings() == before


def test_the_next_batch_is_drawn_ahead_where_somebody_is_free_to_do_it(monkeypatch):
    assert speed.draws_ahead(CUDA)
    for threads, ahead in ((1, False), (2, False), (4, True)):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        assert speed.draws_ahead(torch.device("cpu")) is ahead


def test_a_prediction_is_computed_as_its_job_says(layered):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=20))
    list(fit(job))
    predictions = []
    for precision in ("float32", "bfloat16", "bfloat16"):
        list(predict(replace(job, schedule=replace(job.schedule, precision=precision), outputs=("probabilities",))))
        predictions.append(np.load(job.output_path("probabilities")).astype(np.float32))
    exact, rounded, again = predictions
    assert 0 < np.abs(exact - rounded).max() < 0.1
    assert (rounded == again).all()


@pytest.mark.parametrize(("fine", "chosen"), [(2.0, "float32"), (0.5, "bfloat16")])
def test_a_gpu_is_asked_once_for_each_shape_of_layer_which_precision_is_faster(monkeypatch, fine, chosen):
    asked = []

    def clocked(n, rank, space, device, bfloat16):
        asked.append((n, rank, space, bfloat16))
        gain = fine if space == (64, 32) else 0.6  # coarse levels gain, the finest may lose
        return gain if bfloat16 else 1.0

    monkeypatch.setattr(speed, "_clocked", clocked)
    monkeypatch.setattr(speed, "bfloat16_pays", lambda *_: True)
    speed.seconds_of_layers.cache_clear()
    architecture = levels(2, 8, (8, 16), 2)
    for _ in range(2):
        assert speed.precision("auto", architecture, (64, 32), CUDA) == chosen
    assert len(asked) == len(set(asked)) == 4
    assert speed.precision("float32", architecture, (64, 32), CUDA) == "float32"
    speed.seconds_of_layers.cache_clear()


def test_layers_are_timed_as_they_are_computed():
    assert 0 < speed.seconds_of_layers(levels(3, 4, (4,), 1), (64, 8, 8), torch.device("cpu"), False) < 60
