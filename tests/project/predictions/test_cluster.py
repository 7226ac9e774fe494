"""Shards spread over workers of a dask scheduler: the same store as from one process, whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.project.data.test_in_place import bricked
from tests.project.predictions.test_prediction_store import SHAPE, network

from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.project import ProjectError
from napari_fhn.project.predictions import cluster
from napari_fhn.project.predictions.sharded import Asked
from napari_fhn.training import Control, Done, Progress

distributed = pytest.importorskip("distributed")
SHARD = (5, 11, 32)
LONG = os.environ.get("NAPARI_FHN_LONG") == "1"


@pytest.fixture(scope="module")
def scheduler():
    """A scheduler with one worker, in this process: what tasks are told travels as it would between machines."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, silence_logs=50
    ) as made:
        yield made.scheduler_address
    cluster._kept("", lambda stack: None)  # what the worker had opened is closed


@pytest.fixture
def asked(tmp_path) -> Asked:
    network(tmp_path, bricked(tmp_path, SHAPE))
    return Asked(
        surveys=(str(tmp_path / "v.zarr"),), network=str(tmp_path / "model"), output=str(tmp_path / "one.zarr"),
        shard=SHARD, device="cpu", outputs=("entropy",),
    )  # fmt: skip


def test_a_cluster_predicts_what_one_process_does_and_goes_on_where_it_stopped(asked, tmp_path, scheduler):
    line = ["predict", *asked.surveys, "--network", asked.network, "--shard", "5,11,32", "--device", "cpu"]
    line += ["--outputs", "entropy"]
    assert main([*line, "--task", "1/1", "--output", asked.output]) == 0
    control, spread = Control(), replace(asked, output=str(tmp_path / "many.zarr"))
    for update in cluster.predict(spread, cluster=scheduler, control=control):
        if isinstance(update, Progress):
            control.stop.set()
    assert isinstance(update, Done)
    assert update.stopped
    with pytest.raises(surveys.SurveyError, match="not whole yet"):
        surveys.open(spread.output)
    assert main([*line, "--cluster", scheduler, "--output", spread.output]) == 0
    for name in ("", "-entropy"):
        one, many = (surveys.open(f"{path.removesuffix('.zarr')}{name}.zarr") for path in (asked.output, spread.output))
        np.testing.assert_array_equal(one.values, many.values)


def test_a_cluster_copies_a_survey_into_bricks(tmp_path, scheduler, monkeypatch, capsys):
    from napari_fhn.surveys.bricks import plan as brick_plan

    original = brick_plan.Plan.of.__func__
    monkeypatch.setattr(
        brick_plan.Plan, "of", classmethod(lambda cls, s, brick=None, budget=2**12: original(cls, s, (2, 4, 8), budget))
    )
    np.save(tmp_path / "a.npy", np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32))
    out = str(tmp_path / "a.zarr")
    line = ["brick", str(tmp_path / "a.npy"), out, "--axes", "inline,crossline,twt"]
    assert main([*line, "--task", "1/3"]) == 0
    assert main([*line, "--cluster", scheduler]) == 0
    np.testing.assert_array_equal(surveys.open(out).values, np.load(tmp_path / "a.npy"))


def test_a_cluster_scores_and_finds_dips_as_one_process_does(tmp_path, scheduler, monkeypatch, capsys):
    from tests.project.predictions.test_counting import line, made

    from napari_fhn.project.data import dips
    from napari_fhn.project.predictions import counting
    from napari_fhn.structure.dips import DipField

    monkeypatch.setattr(counting, "_SIDE", 8)
    made(tmp_path)
    assert main(line(tmp_path, "--cluster", scheduler, "--json")) == 0
    spread = json.loads(capsys.readouterr().out.splitlines()[-1])
    alone = counting.Counting(*(str(tmp_path / name) for name in ("p.zarr", "t.zarr", "alone")))
    list(counting.count_shards(alone))
    assert spread == json.loads(json.dumps(counting.told(alone.collect())))

    values = np.random.default_rng(0).standard_normal((20, 20, 90)).astype(np.float32)
    monkeypatch.setattr(dips, "of_session", lambda folder: DipField.open(values, tmp_path / "dips", stamp="v"))
    cut = sys.modules["napari_fhn.structure.dips"]
    monkeypatch.setitem(cut._MOST, 3, 1)
    monkeypatch.setattr(cut, "_LEAST", 10)
    counts = list(cluster.find_dips(str(tmp_path), cluster=scheduler))
    assert counts[0][0] == 0
    assert counts[-1][0] == counts[-1][1] > 2
    assert not DipField.open(values, tmp_path / "dips", stamp="v").missing()


def test_what_goes_wrong_on_a_worker_and_a_scheduler_that_is_not_there_are_sentences(asked, scheduler, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT", "1s")
    with pytest.raises(ProjectError, match="no scheduler answers at"):
        list(cluster.predict(asked, cluster="tcp://127.0.0.1:9"))

    def full(told: str, number: int) -> int:
        raise surveys.SurveyError(Path("out.zarr"), "the disk is full", "Make room")

    monkeypatch.setattr(cluster, "_predict_shard", full)
    monkeypatch.setattr(cluster, "_CONNECT", "20s")
    with pytest.raises(surveys.SurveyError, match="the disk is full"):
        list(cluster.predict(asked, cluster=scheduler))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ProjectError, match=r"napari-fhn\[cluster\]"):
        list(cluster.predict(asked))


@pytest.mark.skipif(not LONG, reason="processes of their own: NAPARI_FHN_LONG=1")
def test_killed_workers_and_a_killed_scheduler_cost_no_more_than_their_shards(asked, tmp_path):
    import subprocess

    whole = replace(asked, output=str(tmp_path / "whole.zarr"), shard=(3, 7, 32))
    list(cluster.predict(whole, workers=2))
    broken = replace(whole, output=str(tmp_path / "broken.zarr"))

    def kill_a_worker(client: object) -> None:
        time.sleep(1.0)
        pids = list(client.run(os.getpid).values())  # type: ignore[attr-defined]
        os.kill(pids[0], signal.SIGKILL)

    original = cluster.spread

    def spread(client, *rest):
        threading.Thread(target=kill_a_worker, args=(client,), daemon=True).start()
        yield from original(client, *rest)

    cluster.spread = spread
    try:
        list(cluster.predict(broken, workers=2))
    finally:
        cluster.spread = original
    np.testing.assert_array_equal(surveys.open(broken.output).values, surveys.open(whole.output).values)

    lost = replace(whole, output=str(tmp_path / "lost.zarr"))
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file"]
    with subprocess.Popen([*dask, str(tmp_path / "s.json")]) as scheduler:
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(tmp_path / "s.json")]
        with subprocess.Popen([*worker, "--nthreads", "1", "--death-timeout", "120"]) as working:
            while not (tmp_path / "s.json").exists():
                time.sleep(0.1)
            address = json.loads((tmp_path / "s.json").read_text())["address"]
            updates = (scheduler.kill() for one in cluster.predict(lost, cluster=address) if isinstance(one, Progress))
            with pytest.raises(ProjectError, match="the scheduler is gone"):
                list(updates)
            working.kill()
    list(cluster.predict(lost, workers=1))
    np.testing.assert_array_equal(surveys.open(lost.output).values, surveys.open(whole.output).values)
