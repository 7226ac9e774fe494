"""The benchmarks still run: a training step beside others that compute the same; accuracy with its label protocols."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

import forked
import proofs
from napari_fhn.network.counting import in_words
from napari_fhn.network.equivalent import equivalent_resnet
from napari_fhn.network.language import parse, write
from napari_fhn.project import Project, Session
from napari_fhn.training.plan import plan_of

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(script: str, output: Path, *arguments: str) -> dict[str, Any]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(BENCHMARKS / script), *arguments, "--output", str(output)]
    # A script begins as a copy, but for one that measures the memory of its process.
    begin = forked.Forked if forked.AVAILABLE and script != "step.py" else subprocess.Popen
    with begin(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        _, complained = process.communicate()
    assert process.returncode == 0, complained
    return json.loads(output.read_text(encoding="utf-8"))


_ASKS = """
import sys
import numpy as np
import psutil
from asked_memory import asked_for
me = psutil.Process()
before = asked_for(me)
looked_at = np.memmap(sys.argv[1], np.uint8, "r")
assert not looked_at.any()
print(asked_for(me) - before)
asked = np.ones(30_000_000, np.uint8)
print(asked_for(me) - before)
assert asked.all()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_memory_of_a_soak_is_what_a_process_asked_for_and_no_file_that_it_looks_at(tmp_path):
    (tmp_path / "library").write_bytes(bytes(30_000_000))
    # In a process of its own: what others here give back meanwhile would count.
    command = [sys.executable, "-c", _ASKS, str(tmp_path / "library")]
    done = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, check=True)
    looked, asked = map(int, done.stdout.split())
    assert looked < 15_000_000
    assert asked > 25_000_000


def test_weights_are_the_same_bits_on_as_many_threads(tmp_path):
    found = run("threads.py", tmp_path / "threads.json", "--recipes", "map", "--steps", "1")
    of_map = found["recipes"]["map"]
    assert of_map["same_bits_again"]
    assert 0 <= of_map["apart"]["2"]["all"] < 1e-5


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the scripts find that take long, each with one thread: they run beside each other."""
    folder = tmp_path_factory.mktemp("benchmarks")
    quick = ("--quick", "--only", "levels", "--contenders", "float32,autograd", "--repetitions", "1", "--calls", "1")
    budget = () if proofs.ASKED else ("--budget", "3")
    with ThreadPoolExecutor(2) as pool:
        yield {
            **(
                {"step": pool.submit(run, "step.py", folder / "step.json", *quick, "--loss-curves")}
                if proofs.ASKED
                else {}
            ),
            "gpu": pool.submit(run, "gpu.py", folder / "gpu.json", "--dry-run", *budget),
        }


@proofs.LONG
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory of a process the Linux way")
def test_a_step_beside_plain_autograd(found):
    found = found["step"].result()
    for case, contenders in found["relative_differences"].items():
        for contender, apart in contenders.items():
            if contender == "memcnn" and importlib.util.find_spec("memcnn") is None:
                assert "memcnn" in apart
                continue
            most = 0.1 if contender == "bfloat16" else 1e-5
            assert max(apart.values()) < most, (case, contender)
        assert min(contenders["bfloat16"].values()) > 0
    entry = found["cases"]["levels"]
    for row in entry["contenders"].values():
        assert "problem" not in row
        assert row["seconds"] > 0
        assert row["peak_bytes"] > entry["state_bytes"]
    assert sum(row["layers"] for row in entry["convolutions"]["layers"]) == entry["layers"]
    assert entry["convolutions"]["share_of_step"] > 0
    assert found["aims"]["times faster than plain autograd"]["levels"] > 0
    curves = found["loss_curves"]
    assert curves["float32"][-1] < curves["float32"][0]
    assert 0 < curves["relative_difference"]["largest"] < 0.05


def test_what_a_gpu_would_do_runs_without_one(found):
    found = found["gpu"].result()
    assert len(found["parts"]) == 30
    assert any("problem" not in part for part in found["parts"].values())
    for name, part in found["parts"].items():
        if not proofs.ASKED and "not begun" in part.get("problem", ""):
            continue
        assert "problem" not in part, (name, part)
        for value in part.values():
            assert not isinstance(value, dict) or "problem" not in value, (name, part)
        if name.startswith("training"):
            assert part["loss_fell"], (name, part)


def test_measurements_that_were_stopped_go_on_where_they_were(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    resumed = importlib.import_module("resumed")
    asked = []

    def answers(budget, about="here"):
        return resumed.Answers(tmp_path / "parts.jsonl", budget, {"machine": about})

    def run(limit):
        asked.append(limit)
        return {"seconds": [1.0]}

    first = answers(1e6)
    assert first.get({"case": "a"}, 0, 60, run) == {"seconds": [1.0]}
    with pytest.raises(resumed.BudgetOver):
        answers(0).get({"case": "a"}, 1, 60, run)
    with pytest.raises(resumed.BudgetOver):  # cut off by the budget: no answer
        answers(40).get({"case": "a"}, 1, 60, lambda limit: {"problem": f"stopped after {limit:.0f} s"})
    again = answers(1e6)
    assert again.get({"case": "a"}, 0, 60, run) == {"seconds": [1.0]}
    assert again.get({"case": "a"}, 1, 60, run) == {"seconds": [1.0]}
    assert asked == [60, 60]
    answers(1e6, "elsewhere").get({"case": "a"}, 0, 60, run)
    assert len(asked) == 3
    again.forget("a")
    assert not (tmp_path / "parts.jsonl").exists()


def test_a_full_step_that_has_no_room_is_not_begun(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    full_step = importlib.import_module("full_step")
    monkeypatch.setattr(sys, "argv", ["full_step.py", "seismic"])
    monkeypatch.setattr(full_step, "free_bytes", lambda device: 4 * 10**9)
    needed = full_step.case_of("seismic", 1).forecast(torch.device("cpu"), "adam")  # by the processor's routines
    assert full_step.main() == 1
    assert f"needs {in_words(needed + 600_000_000)} with torch itself, and 4 GB are free" in capsys.readouterr().out


@pytest.fixture(scope="module")
def accuracy(monkeypatch_module):
    """The modules of the accuracy benchmark, which are scripts and no package."""
    monkeypatch_module.syspath_prepend(str(BENCHMARKS))
    return SimpleNamespace(
        data=importlib.import_module("accuracy_data"), scores=importlib.import_module("accuracy_scores")
    )


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture
def said(accuracy, monkeypatch, capsys):
    """Runs a benchmark here, its measuring processes as copies, and gives what it prints."""

    def run_here(script: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [script, *arguments])
        with forked.installed():
            code = importlib.import_module(script).main()
        printed, complained = capsys.readouterr()
        assert code == 0, complained
        return printed

    return run_here


# Voxels of the first draw: inputs with their channels, labels of each class.
PROTOCOLS = {
    "penobscot": ([(1, 36, 512, 1536)], [13192, 20862, 23902, 4631, 5922, 58662, 32000, 212541]),
    "tuning": ([(1, 64, 88, 112)], None),
    "testing": ([(1, 64, 96, 96)], None),
    "seismic": ([(1, 128, 192, 160)], [7076, 1160, 3567, 3799, 4959, 4031, 3248]),
    "hyperspectral": ([(62, 112, 128)] * 2, [39, 27]),
    "taizhou": ([(6, 400, 400)] * 2, [50, 50]),
    "potsdam": ([(218, 192, 160)], [227, 454, 877, 761, 27, 207]),
    "hysu": ([(135, 86, 123)], [19, 18, 6, 24, 19]),
    "lapland": ([(9, 821, 680)], None),
    "sirsam": ([(1, 241, 187)] * 7, None),
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_label_protocols(accuracy, shared_data, name):
    dataset = accuracy.data.DATASETS[name]
    if dataset.missing(shared_data):
        pytest.skip(f"real data absent: {name}")
    task = dataset.task(dataset.draws[0], shared_data)
    shapes, counts = PROTOCOLS[name]
    assert [array.shape for array in task.inputs] == shapes
    for volume in (task.labels, task.truth):
        assert volume.shape == shapes[0][1:]
        assert volume.dtype == np.uint8
        assert volume.max() <= len(task.classes)
    assert task.truth.any()
    assert not (task.labels.astype(bool) & task.truth.astype(bool)).any()
    known = np.bincount(task.labels.ravel(), minlength=len(task.classes) + 1)[1:]
    if counts is not None:
        assert known.tolist() == counts
    assert task.vertical_axis == (2 if len(shapes[0]) == 4 else None)
    if name in ("penobscot", "taizhou", "hysu", "lapland", "sirsam", "potsdam"):
        other = dataset.task(dataset.draws[1], shared_data)
        assert (other.labels != task.labels).any()
        assert ((other.labels > 0) | (other.truth > 0)).sum() == ((task.labels > 0) | (task.truth > 0)).sum()


def test_what_is_tuned_on_is_not_reported(accuracy):
    for name, dataset in accuracy.data.DATASETS.items():
        assert not set(dataset.tuning) & set(dataset.reporting)
        assert dataset.chosen(["all"]) == dataset.draws
        assert dataset.chosen() == dataset.reporting
        seeds = [{accuracy.data._seed(draw) for draw in draws} for draws in (dataset.tuning, dataset.reporting)]
        assert not seeds[0] & seeds[1] or name == "potsdam"  # whose tiles have numbers of their own
    penobscot = accuracy.data.DATASETS["penobscot"]
    assert penobscot.chosen(["wells4_.*"], 2) == ("wells4_draw0", "wells4_draw1")
    assert penobscot.chosen(["reporting"], 1) == ("wells2_draw5", "wells4_draw5", "wells8_draw5")
    # The new wells are drawn as those that came with the survey were.
    for draw in penobscot.reporting:
        wells = accuracy.data._wells(draw)
        assert len(wells) == int(draw[5]) == len({crossline for _, crossline in wells})
        assert all(1079 <= inline <= 1106 and 1024 <= crossline <= 1488 for inline, crossline in wells)


def test_protocols_of_patches_and_tiles(accuracy, shared_data):
    made = {}
    for name in ("lapland", "sirsam", "potsdam", "hysu"):
        if accuracy.data.DATASETS[name].missing(shared_data):
            pytest.skip(f"real data absent: {name}")
        made[name] = accuracy.data.DATASETS[name].task(accuracy.data.DATASETS[name].tuning[-1], shared_data)
    potsdam = accuracy.data.DATASETS["potsdam"]
    # Tile by tile: the rows and columns that are tested are those of one tile, or of three where it is reported.
    rows, columns = (np.unique(index) for index in np.nonzero(made["potsdam"].truth))
    assert len(potsdam.tuning) == 9
    assert np.ptp(rows) < 32
    assert np.ptp(columns) < 32
    truth = potsdam.task(potsdam.reporting[0], shared_data).truth
    rows, columns = (index // 32 for index in np.nonzero(truth))
    assert len(set(zip(rows.tolist(), columns.tolist(), strict=True))) == 3
    # The five grids say "no data" in three ways, and it is NaN in the same cells.
    assert {int(np.isnan(array).sum()) for array in made["sirsam"].inputs} == {427}
    assert np.count_nonzero(made["sirsam"].labels) == 10 * 16 * 16
    assert len(np.unique(made["sirsam"].labels)) == 3
    # Carbonate rock has 203 cells: it may be learnt, and is not scored.
    assert made["lapland"].scored == tuple(range(1, 10))
    patches, count = ndimage.label((made["lapland"].labels > 0) | (made["lapland"].truth > 0), np.ones((3, 3)))
    assert count > 50
    for patch in ndimage.find_objects(patches):
        assert not (made["lapland"].labels[patch].any() and made["lapland"].truth[patch].any())
    labelled, tested = (np.bincount(v.ravel())[1:] for v in (made["hysu"].labels, made["hysu"].truth))
    assert set(tested - labelled) <= {0, 1}


def test_accuracy_is_kept_a_line_for_each_run_and_not_run_twice(said, tmp_path):
    command = [
        *("accuracy", "--only", "hyperspectral", "--seeds", "2"),
        *("--methods", "nearest", "--output", str(tmp_path / "kept.jsonl"), "--draws", "tuning"),
    ]
    assert "mean IoU 0.486" in said(*command, "--seeds", "1")
    assert said(*command).count("there already") == 1
    lines = (tmp_path / "kept.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["draw"] for entry in entries] == ["seed0", "seed1"]
    for entry in entries:
        assert entry["budget"] is None
        assert entry["machine"]["threads"] == 1
        assert entry["seconds"]["predict"]["cpu"] >= 0
        assert sum(map(sum, entry["score"]["confusion"])) == 112 * 128 - 66
        assert 0 < entry["score"]["f1"] < 1
    assert "| hyperspectral (2) | **0.486** ± 0.000 |" in said(*command, "--table")


def test_scores_leave_out_what_is_not_counted(accuracy):
    truth = np.array([[1, 1, 2, 3, 0]], np.uint8)
    task = accuracy.data.Task("made", "seed0", 0, (), truth * 0, truth, ("a", "b", "c", "d"), None, (0, 1, 3), 1)
    found = accuracy.scores.scored(task, np.array([[1, 2, 2, 3, 4]], np.uint8))
    assert found["iou"] == [0.5, 0.5, 1.0, None]
    assert found["mean_iou"] == 0.5  # c is not scored, d does not occur
    assert found["accuracy"] == 0.75
    assert found["f1"] == round(2 / 3, 4)


def test_the_table_marks_means_over_fewer_draws(accuracy):
    def entry(dataset, draw, method, value):
        return {
            **{"dataset": dataset, "draw": draw, "method": method, "budget": None, "overrides": None},
            "score": {"mean_iou": value},
        }

    lines = accuracy.scores.table(
        [
            entry("penobscot", "wells2_draw0", "nearest", 0.5),
            entry("penobscot", "wells2_draw1", "nearest", 0.7),
            entry("penobscot", "wells2_draw0", "forest", 0.9),
            entry("hysu", "seed0", "nearest", 0.1),
        ]
    ).splitlines()
    assert lines[0] == "| mean_iou | nearest | forest |"
    assert lines[2] == "| penobscot, 2 wells (2) | **0.600** ± 0.141 | 0.900 (1) |"
    assert lines[3] == "| hysu (1) | **0.100** |  |"


def test_a_network_learns_as_a_job_with_overrides_says(accuracy, said, tmp_path):
    said(
        *("accuracy", "--only", "hyperspectral", "--seeds", "1"),
        *("--methods", "hyperbolic-alone", "--budget", "1", "--output", str(tmp_path / "kept.jsonl")),
        *("--override", "schedule.block=[16,16]", "--override", "network=2d 16: 1x4 | down 1x8 | up 1x4"),
        *("--keep", str(tmp_path / "kept")),
    )
    (entry,) = map(json.loads, (tmp_path / "kept.jsonl").read_text(encoding="utf-8").splitlines())
    assert entry["score"]["confusion"][1][0] == 0  # everything is predicted
    details = entry["details"]
    assert 1 <= details["steps"] <= details["steps_planned"]
    assert details["block"] == [16, 16]
    assert details["channels"] == 128  # 124 bands do not go into 16
    assert entry["overrides"] == ["network=2d 16: 1x4 | down 1x8 | up 1x4", "schedule.block=[16,16]"]
    # What it said is kept, and gives the same score again.
    kept = importlib.import_module("accuracy_kept")
    (one,) = kept.kept("hyperspectral", budget=1, overrides=entry["overrides"], folder=tmp_path / "kept")
    assert one.probabilities.shape == (2, 112, 128)
    assert one.probabilities.dtype == np.float16
    np.testing.assert_allclose(one.probabilities.sum(axis=0), 1, atol=2e-3)
    again = accuracy.scores.scored(one.task, kept.classes_of(one.probabilities))
    assert again["mean_iou"] == pytest.approx(entry["score"]["mean_iou"], abs=0.01)
    assert one.entry["score"] == entry["score"]
    assert not list(kept.kept("hyperspectral", "resnet", budget=1, folder=tmp_path / "kept"))


def test_a_fold_holds_bodies_out(accuracy, tmp_path):
    networks = importlib.import_module("accuracy_networks")
    task = accuracy.data.DATASETS["tuning"].task("seed3")
    held = []
    for number in range(3):
        job, _ = networks.job_of(task, Project(Session(tmp_path / str(number))), [f"fold={number}/3"])
        out = np.zeros(task.labels.shape, bool)
        for box in job.held_out:
            out[box.slices] = True
        held.append(out & (task.labels > 0))
    # Each labelled column in one fold, and whole.
    assert np.array_equal(np.sum(held, axis=0), task.labels > 0)
    for out in held:
        assert out.any()
        assert np.array_equal(out.any(axis=2), out.all(axis=2))


def test_time_to_quality(said, tmp_path):
    output = tmp_path / "curve.jsonl"
    command = [
        *("time_to_quality", "--only", "hyperspectral", "--threads", "1"),
        *("--override", "schedule.block=[16,16]", "--override", "network=2d 16: 1x4 | down 1x8 | up 1x4"),
        *("--override", "schedule.steps=40", "--override", "combination=null"),
        *("--seconds", "0.1,60", "--output", str(output)),
    ]
    said(*command)
    (entry,) = map(json.loads, output.read_text(encoding="utf-8").splitlines())
    first, last = entry["marks"]
    assert 1 <= first["steps"] <= last["steps"] == 40
    assert entry["finished"] < 60
    assert last["view"] == last["whole"]  # a map is in view as a whole
    for mark in entry["marks"]:
        assert 0 <= mark["view"] <= 1
        assert 0 < mark["whole"] <= 1
    printed = said(*command, "--table")
    assert "| view / whole | | 0.1 s | 60 s | finished |" in printed
    assert "| hyperspectral (1) | recipe" in printed


def test_labels_left_out_foretell_a_score(accuracy):
    foretold = importlib.import_module("accuracy_foretold")
    nearest = importlib.import_module("accuracy_methods").method_of("nearest")
    task = accuracy.data.DATASETS["hyperspectral"].task("seed0")
    found = foretold.foretold(task, nearest, None, 3)
    assert found["folds"] == 3
    assert found["drawn"] == "class"
    for drawn in ("place", "class"):
        value, low, high = found[drawn]
        assert 0 <= low <= value <= high <= 1
    untold = replace(task, labels=np.zeros_like(task.labels))
    assert foretold.foretold(untold, nearest, None, 3) is None
    entries = [
        {
            "dataset": "a",
            "draw": f"seed{k}",
            "score": {"mean_iou": true},
            "foretold": {**found, "counted": said[0] - k / 100, "class": said},
        }
        for k, (true, said) in enumerate([(0.5, [0.4, 0.3, 0.6]), (0.7, [0.6, 0.5, 0.65]), (0.6, [0.5])])
    ]
    table = foretold.table(entries, lambda entry: "nearest", lambda dataset, draw: dataset)
    assert "| a | nearest | 3 | 0.600 |" in table
    assert "| 0.100 | 1 of 2 |" in table
    assert "Correlation with the truth over 3 draws" in table


def test_overrides_and_equal_memory(accuracy, tmp_path):
    networks = importlib.import_module("accuracy_networks")
    memory = importlib.import_module("accuracy_memory")
    rng = np.random.default_rng(0)
    known = np.zeros((64, 64), np.uint8)
    known[3:6, 3:6], known[40:44, 9:12] = 1, 2
    task = accuracy.data.Task(
        "made", "seed1", 1, (rng.normal(size=(2, 64, 64)),), known, known * 0, ("a", "b"), None, (0, 1)
    )
    overrides = ["network=2d 8: 2x4 | down 6x8 | up 2x4", "schedule.block=[64,64]", "schedule.batch=2", "held_out=1"]
    ours, recipe = networks.job_of(task, Project(Session(tmp_path)), overrides)
    assert recipe == "map"
    assert write(ours.network) == "2d 8: 2x4 | down 6x8 | up 2x4"
    assert (ours.schedule.seed, ours.schedule.block, ours.schedule.batch) == (1, (64, 64), 2)
    assert ours.held_out == ()  # each class has one body, and none can be spared
    with pytest.raises(ValueError, match=r"a job has no part 'schedule\.stepz'"):
        networks.job_of(task, Project(Session(tmp_path)), ["schedule.stepz=3"])
    theirs = memory.within_memory(replace(ours, network=equivalent_resnet(ours.network)), ours)
    assert theirs.network.kind == "resnet"
    assert theirs.schedule.block < (64, 64)
    kept = [memory.kept_bytes(plan_of(replace(theirs, schedule=job.schedule))) for job in (ours, theirs)]
    assert kept[1] <= plan_of(ours).needs().total < kept[0]


def test_ablations_change_one_thing(accuracy):
    ablation = importlib.import_module("ablation")
    network = parse("2d 16: 2x8 | down 2x16 | down 3x24 | up 2x16")
    assert write(ablation.with_ranks(network, 0.5)) == "2d 16: 2x4 | down 2x8 | down 3x12 | up 2x8"
    assert write(ablation.with_ranks(network, None)) == "2d 16: 2x16 | down 2x64 | down 3x256 | up 2x64"
    assert write(ablation.with_depth(network, 2)) == "2d 16: 4x8 | down 4x16 | down 6x24 | up 4x16"
    assert write(ablation.with_depth(network, 0.1)) == "2d 16: 1x8 | down 1x16 | down 1x24 | up 1x16"
    assert write(ablation.without_deepest(network)) == "2d 16: 2x8 | down 2x16"
    assert ablation.without_deepest(parse("2d 16: 2x8")) is None
    for _, overrides in ablation.variants(network, (64, 64)):
        assert len(overrides) <= 1


def test_studies_vary_one_number(accuracy, tmp_path):
    ablation = importlib.import_module("ablation")
    network = parse("2d 16: 2x8 | down 2x16 | down 2x24")
    ranks = list(ablation.studied("rank", network, (64, 64), None))
    assert [value for *_, value in ranks] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert ranks[5][1] == ["network=2d 16: 2x16 | down 2x32 | down 2x32"]
    depths = list(ablation.studied("depth", network, (64, 64), None))
    assert [value for *_, value in depths] == [6, 12, 30, 60, 120]
    deep, step, keep = depths[-1][1]
    assert deep == "network=2d 16: 40x8 | down 40x16 | down 40x24"
    assert 120 * float(step.removeprefix("network.h=")) ** 2 == pytest.approx(6 * network.h**2, rel=0.01)
    assert keep == 'schedule.keep="nothing"'
    blocks = list(ablation.studied("block", network, (64, 32), 100))
    assert [overrides for _, overrides, _ in blocks][:2] == [
        ["schedule.block=[16, 8]", "schedule.steps=1600"],
        ["schedule.block=[32, 16]", "schedule.steps=400"],
    ]
    entries = [
        {"dataset": "hysu", "score": {"mean_iou": 0.1 * rank}, "varied": {"what": "rank", "value": rank}}
        for rank in (1, 2, 4, 4)
    ]
    ablation.draw(entries, "rank", tmp_path / "rank.png")
    assert (tmp_path / "rank.png").stat().st_size > 3000
