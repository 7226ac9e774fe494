"""A GPU is set to be fast for as long as something is computed on it, and nothing else is touched."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_fhn.training import fit, predict, speed

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
