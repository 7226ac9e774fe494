"""Real processes: they train, stop within a second, die with a sentence, and never outlive the viewer."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest

from napari_fhn.engine import Engine, pulse
from napari_fhn.engine.engine import GIVE_WAY_SECONDS
from napari_fhn.engine.worker import Worker
from napari_fhn.network.architecture import levels
from napari_fhn.training import (
    BoxChanged,
    Checkpoint,
    Device,
    Done,
    Failed,
    Focus,
    Input,
    Job,
    Note,
    Progress,
    Schedule,
)
from napari_fhn.training.models import model as models


@pytest.fixture(autouse=True)
def quick_processes():
    """Processes begin as copies of one that has imported torch."""
    import forked  # not where a test runs this file as a program

    with forked.installed():
        yield


@pytest.fixture
def job(tmp_path):
    return make_job(tmp_path)


def make_job(folder, steps=4):
    rng = np.random.default_rng(0)
    shape = (12, 16, 32)
    np.save(folder / "input.npy", rng.standard_normal(shape).astype(np.float32))
    labels = np.zeros(shape, np.uint8)
    labels[3:5, 3:5, :16], labels[3:5, 3:5, 16:] = 1, 2
    np.save(folder / "labels.npy", labels)
    np.save(folder / "prediction.npy", np.zeros(shape, np.uint8))
    return Job(
        inputs=(Input(str(folder / "input.npy")),),
        labels=str(folder / "labels.npy"),
        classes=("above", "below"),
        network=levels(2, 4, (2, 2), 1),
        schedule=Schedule(steps=steps, batch=1, block=(16, 32)),
        prediction=str(folder / "prediction.npy"),
        model=str(folder / "model"),
        vertical_axis=2,
        device="cpu",
    )


@pytest.fixture
def engine(tmp_path):
    engine = Engine(tmp_path / "engine.log")
    yield engine
    engine.close()


def collect(engine, until=(Done, Failed), timeout=60):
    updates, end = [], time.monotonic() + timeout
    while time.monotonic() < end:
        updates += engine.poll()
        if any(isinstance(u, until) for u in updates):
            return updates
        time.sleep(0.01)
    pytest.fail(f"no {until} within {timeout} s; heard {updates[-5:]}; log: {engine._log_tail()}")


def test_says_where_it_computes_once_its_libraries_are_loaded(engine):
    engine.start()
    heard = collect(engine, (Device,))
    assert heard[0].name in ("cpu", "cuda", "mps")
    assert heard[0].free > 0


def test_trains_then_predicts_in_another_process(engine, job):
    engine.focus(Focus(0, 4))
    engine.train(job)
    assert engine.pid not in (None, os.getpid())
    updates = collect(engine)
    assert isinstance(updates[-1], Done), updates[-1]
    assert [u.step for u in updates if isinstance(u, Progress)] == [1, 2, 3, 4]
    assert any(isinstance(u, BoxChanged) and u.box.start[0] <= 4 < u.box.stop[0] for u in updates)
    assert not engine.busy
    engine.predict(job)
    updates = collect(engine)
    assert isinstance(updates[-1], Done), updates[-1]
    assert np.load(job.prediction).all()


def test_a_moving_hand_is_told_of_while_it_trains_and_not_too_often(engine, monkeypatch):
    sent, clock = [], [100.0]
    monkeypatch.setattr(engine, "_send", sent.append)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    engine.give_way()
    assert not sent
    engine.task = "train"
    for _ in range(21):
        engine.give_way()
        clock[0] += 1.01 * GIVE_WAY_SECONDS / 10
    engine.task = None
    assert sent == [{"do": "give way"}] * 3


@pytest.mark.parametrize("command", [{"do": "give way"}, {"do": "focus", "focus": {"axis": 0, "index": 4}}])
def test_a_processor_is_left_to_drawing_while_something_moves(monkeypatch, command):
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    worker = Worker(io.BytesIO(), io.BytesIO())
    assert worker.threads(4) == 4
    worker._hear(json.dumps(command).encode())
    assert worker.threads(4) == 3
    assert worker.threads(1) == 1
    clock[0] += 1
    assert worker.threads(4) == 4


def test_stops_within_a_second_and_can_go_on(engine, tmp_path):
    engine.train(make_job(tmp_path, steps=100_000))
    collect(engine, until=Progress)
    began = time.monotonic()
    engine.stop()
    done = collect(engine)[-1]
    assert time.monotonic() - began < 1
    assert isinstance(done, Done)
    assert done.stopped
    engine.train(make_job(tmp_path))
    assert isinstance(collect(engine)[-1], Done)


def steps_within(engine, seconds):
    end, steps = time.monotonic() + seconds, []
    while time.monotonic() < end:
        steps += [u.step for u in engine.poll() if isinstance(u, Progress)]
        time.sleep(0.01)
    return steps


def test_waits_while_paused_and_goes_on(engine, tmp_path):
    engine.train(make_job(tmp_path, steps=100_000))
    collect(engine, until=Progress)
    engine.pause()
    assert engine.paused
    said = [u.message for u in collect(engine, until=Note) if isinstance(u, Note)]
    assert any("paused" in sentence for sentence in said)
    assert steps_within(engine, 0.3) == []
    engine.resume()
    assert not engine.paused
    collect(engine, until=Progress)


def test_goes_back_to_a_checkpoint(engine, tmp_path):
    engine.train(make_job(tmp_path, steps=800))
    kept = next(u for u in collect(engine, until=Checkpoint) if isinstance(u, Checkpoint))
    engine.revert(kept.step)
    updates = collect(engine, until=Note)
    assert any(isinstance(u, Note) and f"back to step {kept.step}" in u.message for u in updates)
    engine.stop()
    collect(engine)


def test_paused_work_stops_and_the_next_is_not_paused(engine, tmp_path):
    engine.train(make_job(tmp_path, steps=100_000))
    collect(engine, until=Progress)
    engine.pause()
    collect(engine, until=Note)
    began = time.monotonic()
    engine.stop()
    assert collect(engine)[-1].stopped
    assert time.monotonic() - began < 1
    assert not engine.paused
    engine.train(make_job(tmp_path))
    assert isinstance(collect(engine)[-1], Done)


def test_a_process_that_stands_still_is_noticed_holds_up_nobody_and_is_stopped(engine, tmp_path, monkeypatch):
    engine.train(make_job(tmp_path, steps=100_000))
    collect(engine, until=Progress)
    assert engine.standing is None
    monkeypatch.setattr(pulse, "SILENT", 2.5 * pulse.EVERY)
    psutil.Process(engine.pid).suspend()
    began = time.monotonic()
    for section in range(5_000):
        engine.focus(Focus(0, section % 12))
    assert time.monotonic() - began < 1
    while engine.standing is None and time.monotonic() < began + 20:
        engine.poll()
        time.sleep(0.05)
    assert "press Stop" in engine.standing
    began = time.monotonic()
    engine.stop()
    done = next(u for u in collect(engine) if isinstance(u, Done))
    assert time.monotonic() - began < 1.3  # its grace, and half a second to be gone
    assert engine.standing is None
    assert done.stopped
    assert done.step == 0
    assert "nothing of it was saved" in done.message
    engine.train(make_job(tmp_path))
    assert isinstance(collect(engine)[-1], Done)


@pytest.mark.parametrize("way", ["another network saved", "nothing saved", "resumed"])
def test_a_process_that_was_ended_leaves_the_network_that_it_saved(engine, tmp_path, way):
    first = make_job(tmp_path)
    engine.train(first)
    assert collect(engine)[-1].step == 4
    job = make_job(tmp_path, steps=100_000)
    engine.train(job, resume=way == "resumed")
    collect(engine, until=Progress)
    psutil.Process(engine.pid).suspend()
    if way == "another network saved":
        models.save(replace(models.load(job.model), steps=7), job.model)
    engine.stop()
    done = next(u for u in collect(engine) if isinstance(u, Done))
    assert done.stopped
    assert done.step == {"another network saved": 7, "nothing saved": 0, "resumed": 4}[way]
    # Whatever it was: a network is there, with its job, and it predicts.
    engine.predict(Job.load(os.path.join(job.model, "job.json")))
    done = collect(engine)[-1]
    assert isinstance(done, Done), done
    assert done.step == models.load(job.model).steps


def test_a_killed_process_becomes_a_sentence_and_the_labels_stay(engine, tmp_path):
    job = make_job(tmp_path, steps=100_000)
    before = np.load(job.labels)
    engine.train(job)
    collect(engine, until=Progress)
    os.kill(engine.pid, signal.SIGKILL)
    failed = collect(engine)[-1]
    assert isinstance(failed, Failed)
    assert "memory" in failed.message
    assert "labels are safe" in failed.message
    np.testing.assert_array_equal(np.load(job.labels), before)
    assert not engine.busy
    engine.train(make_job(tmp_path))
    assert isinstance(collect(engine)[-1], Done)


def test_an_impossible_job_is_explained(engine, job):
    os.remove(job.labels)
    engine.train(job)
    failed = collect(engine)[-1]
    assert isinstance(failed, Failed)
    assert "labels.npy does not exist" in failed.message
    assert "Traceback" in failed.detail


def test_only_one_piece_of_work_at_a_time(engine, tmp_path):
    job = make_job(tmp_path, steps=100_000)
    engine.train(job)
    with pytest.raises(RuntimeError, match="busy"):
        engine.predict(job)


def test_ends_when_closed(engine, tmp_path):
    engine.train(make_job(tmp_path, steps=100_000))
    collect(engine, until=Progress)
    pid = engine.pid
    engine.close()
    assert not psutil.pid_exists(pid)


BEGINS = """
import sys, time
from napari_fhn.engine import Engine
engine = Engine(sys.argv[1])
engine.start()
print(engine.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("seconds", [0.0, 0.3, 1.0, 2.0])
def test_never_outlives_a_viewer_that_was_killed_while_it_loads(tmp_path, seconds):
    log = str(tmp_path / "engine.log")
    viewer = subprocess.Popen([sys.executable, "-c", BEGINS, log], stdout=subprocess.PIPE, text=True)
    worker = psutil.Process(int(viewer.stdout.readline()))
    time.sleep(seconds)
    viewer.kill()
    viewer.wait()
    viewer.stdout.close()
    killed = time.monotonic()
    while runs(worker) and time.monotonic() < killed + 10:
        time.sleep(0.02)
    assert time.monotonic() - killed < 2


ORPHAN = """
import sys, time, pathlib
sys.path.insert(0, sys.argv[1])
from test_engine import make_job
from napari_fhn.engine import Engine, pulse
from napari_fhn.training import Progress
folder = pathlib.Path(sys.argv[2])
engine = Engine(folder / "engine.log")
engine.train(make_job(folder, steps=100_000))
while not any(isinstance(u, Progress) for u in engine.poll()):
    time.sleep(0.01)
print(engine.pid, flush=True)
time.sleep(60)
"""


def test_never_outlives_a_viewer_that_was_killed(tmp_path):
    viewer = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, os.path.dirname(__file__), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(viewer.stdout.readline())
    worker = psutil.Process(pid)
    viewer.kill()
    viewer.wait()
    killed = time.monotonic()
    while runs(worker) and time.monotonic() < killed + 10:
        time.sleep(0.02)
    assert time.monotonic() - killed < 2


def runs(process):
    """Whether it is there and not only waited for by nobody."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_viewers_end_imports_no_torch():
    code = "import sys, napari_fhn.engine, napari_fhn.training, napari_fhn.network; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
