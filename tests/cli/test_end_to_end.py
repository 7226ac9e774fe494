"""The whole way on a bundled sample: train, interrupt, resume, predict, score, report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from tests.cli.conftest import run_of

from napari_fhn.cli import main
from napari_fhn.network.architecture import Architecture, Layer
from napari_fhn.network.readings import Reading
from napari_fhn.training import Progress, updates
from napari_fhn.training.files import log
from napari_fhn.training.models import suspended
from napari_fhn.training.recipes import RECIPES

SAMPLE = "sample:hyperspectral"


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.usefixtures("small", "copied_processes")
def test_interrupted_resumed_predicted_scored_and_reported(monkeypatch, capsys):
    # What else a prediction is made of is tried beside it: test_parity.py.
    monkeypatch.setitem(RECIPES, "spectra", replace(RECIPES["spectra"], combination=None))
    # The recipe of a few kernels is known to this process only: the other one gets it in a job.
    asked = ["train", SAMPLE, "--session", "s", "--hold-out", "4", "--steps", "1000", "--device", "cpu"]
    assert main([*asked[:-4], "--steps", "1", *asked[-2:], "--json"]) == 0
    capsys.readouterr()
    train = ["train", "--job", "s/runs/run-001/job.json", "--steps", "1000", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "napari_fhn.cli", *train], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while True:
            update = updates.from_json(process.stdout.readline())
            if isinstance(update, Progress) and update.step == 2:
                break
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 130

    run = run_of("s", "run-002")
    assert (run.record.state, run_of("s").id) == ("stopped", "run-002")
    job = run.job()
    done = suspended.load(job.model)["step"]
    assert done >= 2
    more = ["--steps", str(done + 2)]
    assert main(["train", "--resume", "--session", "s", "--json", "--memory", "8GB", *more]) == 0
    told = [updates.from_json(line) for line in capsys.readouterr().out.splitlines()]
    assert [u.step for u in told if isinstance(u, Progress)] == [done + 1, done + 2]
    assert any(isinstance(u, updates.Note) and f"goes on after step {done}" in u.message for u in told)
    runs = log.read(job.model)
    assert [u.step for u in log.training(runs) if isinstance(u, Progress)] == list(range(1, done + 3))
    assert runs[0].command == f"napari-fhn {' '.join(train)}"

    assert main(["train", "--resume", "--session", "s", *more]) == 2
    assert f"all {done + 2} steps of 'Run 2' are done" in capsys.readouterr().err

    assert main(["predict", "--session", "s", "--json", "--outputs", "probabilities"]) == 0
    assert (np.load(run.prediction) > 0).all()
    capsys.readouterr()
    assert main(["score", "--session", "s", "--truth", SAMPLE, "--json"]) == 0
    held_out, truth = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (held_out["on"], truth["on"]) == ("held out", "truth")
    assert len(held_out["bodies"]) == 4
    assert 0 <= truth["trust"]["measured"]["expected_error"] <= 1

    assert main(["report", "--session", "s", "--truth", SAMPLE]) == 0
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    for found in (held_out, truth):
        assert f"{found['network']['mean_iou']:.3f}" in page
        assert f"{found['nearest']['mean_iou']:.3f}" in page
    assert "date1.img: hyperspectral" in page
    assert "Reliability curve" in page
    assert f"napari-fhn train --job {run.folder / 'model' / 'job.json'}" in page
    assert "Predicted by the network of run run-002" in page


@pytest.mark.usefixtures("small")
def test_a_map_from_cubes_begins_another_one(monkeypatch, capsys):
    reading = Reading(axis=2, channels=(0, 8))
    network = Architecture(3, 4, (Layer("keep", 4), Layer("coarsen", 8), Layer("keep", 8)), reading=reading)
    paper = RECIPES["paper.hyperspectral"]
    quick = replace(paper, network=network, schedule=replace(paper.schedule, steps=1))
    monkeypatch.setitem(RECIPES, "paper.hyperspectral", quick)
    assert main(["train", SAMPLE, "--session", "s", "--recipe", "paper.hyperspectral", "--json"]) == 0
    assert main(["train", SAMPLE, "--session", "t", "--start-from", "s"]) == 0
    assert "Training goes on from the network in" in capsys.readouterr().out
    assert run_of("t").job().map_axis == 2
    assert main(["train", SAMPLE, "--session", "u", "--recipe", "volume", "--json"]) == 2


@pytest.mark.usefixtures("small")
def test_a_saved_network_begins_another_session(capsys):
    assert main(["train", SAMPLE, "--session", "s", "--steps", "2", "--seed", "5", "--json"]) == 0
    capsys.readouterr()
    assert main(["train", SAMPLE, "--session", "t", "--start-from", "s", "--steps", "1"]) == 0
    told = capsys.readouterr().out
    assert "Network and schedule are those of s." in told
    assert "Training goes on from the network in" in told
    first, second = run_of("s").job(), run_of("t").job()
    assert second.network == first.network
    assert second.schedule == replace(first.schedule, steps=1)
    assert main(["train", SAMPLE, "--session", "u", "--start-from", "nowhere"]) == 2
    assert "nowhere holds no trained network" in capsys.readouterr().err
