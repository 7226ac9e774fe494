"""A 2D line through the command line: trained on wells, horizons and labels, predicted, scored, reported, exported."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.surveys.kinds import kind_of
from napari_fhn.training import Job

sys.path.insert(0, str(Path(__file__).parents[1] / "surveys"))

from survey_files.segy.lines import line, one_inline

pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def segy(tmp_path) -> Path:
    """40 traces from x 600,000 by 25 m, y 6,000,000 by 10 m, CDP from 100; 15 samples of 2 ms."""
    path = tmp_path / "line.sgy"
    line(path)
    return path


@pytest.fixture
def wells(tmp_path) -> list[str]:
    """Three wells on the line, and one 400 m beside it."""
    rows = [f"W{k},{600_000 + 25 * k},{6_000_000 + 10 * k}" for k in (5, 20, 33)]
    (tmp_path / "wells.csv").write_text("\n".join(["well,x,y", *rows, "FAR,600500,5999770"]) + "\n")
    tops = [f"W{k},0,{a},sand\nW{k},{a},30,shale" for k, a in ((5, 10), (20, 14), (33, 18))]
    text = "\n".join(["well,top_twt_ms,base_twt_ms,class", *tops, "FAR,0,30,sand"])
    (tmp_path / "tops.csv").write_text(text + "\n")
    return ["--wells", "wells.csv", "--tops", "tops.csv", "--radius", "1"]


def test_a_line_goes_all_the_way(segy, wells, capsys):
    assert main(["train", str(segy), *wells, "--session", "s", "--hold-out", "1", "--device", "cpu"]) == 0
    said = capsys.readouterr()
    assert "FAR" in said.err
    assert "m away" in said.err
    job = Job.load("s/runs/run-001/job.json")
    assert job.vertical_axis == 1
    (box,) = job.held_out
    assert box.stop[0] - box.start[0] == 3
    assert (box.start[1], box.stop[1]) == (0, 15)
    known = np.load("s/labels.npy")
    assert np.flatnonzero(known.any(axis=1)).tolist() == [4, 5, 6, 19, 20, 21, 32, 33, 34]
    assert main(["predict", "--session", "s", "--output", "out.sgy", "--like", str(segy)]) == 0
    again = surveys.open("out.sgy")
    assert kind_of(again) == "seismic line"
    np.testing.assert_array_equal(again.values, np.load("s/runs/run-001/prediction.npy"))
    np.testing.assert_allclose(again["x"], surveys.open(segy)["x"])
    assert main(["score", "--session", "s", "--json"]) == 0
    body = json.loads(capsys.readouterr().out.splitlines()[-1])["bodies"][0]
    assert body["name"].startswith("trace ")
    assert main(["report", "--session", "s"]) == 0
    assert "The whole line" in Path("s/runs/run-001/report.html").read_text(encoding="utf-8")


def test_wells_from_farther_away_are_asked_for(segy, wells):
    assert main(["train", str(segy), *wells, "--session", "s", "--off-line", "450", "--device", "cpu"]) == 0
    # The foot of the well on the line, not the end of it.
    assert np.load("s/labels.npy")[13:18].any()


def test_horizons_by_trace_part_zones(segy, tmp_path):
    rows = "".join(f"{k},{10 + k / 5:g}\n" for k in range(40))
    (tmp_path / "top.csv").write_text("trace,twt_ms\n" + rows)
    asked = ["train", str(segy), "--horizon", "top.csv", "--zones", "sand,shale", "--session", "s", "--device", "cpu"]
    assert main(asked) == 0
    assert np.load("s/labels.npy").all()


@pytest.mark.parametrize("axes", ["trace,twt", "time,trace"])
def test_arrays_whose_axes_are_named_are_lines(tmp_path, axes, capsys):
    known = np.zeros((30, 32), np.uint8)
    known[5, :16], known[5, 16:], known[20, :16], known[20, 16:] = 1, 2, 1, 2
    values = np.where(np.arange(32) < 16, 0, 3) + np.zeros((30, 1), np.float32)
    np.save(tmp_path / "a.npy", values if axes.startswith("trace") else values.T.copy())
    np.save(tmp_path / "known.npy", known)
    asked = ["train", "a.npy", "--axes", axes, "--labels", "known.npy", "--session", "s", "--device", "cpu"]
    assert main(asked) == 0
    assert Job.load("s/runs/run-001/job.json").vertical_axis == 1
    assert "layers" in capsys.readouterr().out
    assert main([*asked, "--recipe", "map"]) == 2
    assert "choose sections or layers" in capsys.readouterr().err
    assert main(["forecast", "a.npy", "--axes", axes, "--recipe", "sections", "--json"]) == 0


def test_an_array_without_names_says_what_it_was_taken_for(tmp_path, capsys):
    known = np.zeros((32, 32), np.uint8)
    known[:4], known[28:] = 1, 2
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((32, 32), np.float32))
    np.save(tmp_path / "known.npy", known)
    assert main(["train", "a.npy", "--labels", "known.npy", "--session", "s", "--device", "cpu"]) == 0
    assert "if it is a line, say so with --axes trace,twt" in "".join(capsys.readouterr())


def test_one_inline_of_a_volume_is_a_line_and_a_thin_volume_a_volume(tmp_path):
    one_inline(tmp_path / "one.sgy")
    assert kind_of(surveys.open(tmp_path / "one.sgy")) == "seismic line"
    known = np.zeros((30, 1, 32), np.uint8)
    known[5, :, :16], known[5, :, 16:], known[20, :, :16], known[20, :, 16:] = 1, 2, 1, 2
    np.save(tmp_path / "thin.npy", np.random.default_rng(0).random((30, 1, 32), np.float32))
    np.save(tmp_path / "known.npy", known)
    asked = ["train", "thin.npy", "--axes", "inline,crossline,twt", "--labels", "known.npy", "--device", "cpu"]
    assert main([*asked, "--session", "s", "--recipe", "sections"]) == 0
    assert Job.load("s/runs/run-001/job.json").vertical_axis == 2


def test_the_line_of_penobscot_with_a_horizon_by_its_inlines(shared_data, tmp_path, capsys):
    path = shared_data / "penobscot_line" / "penobscot_xl1155.sgy"
    if not path.exists():
        pytest.skip("real data absent: penobscot_line")
    # The horizon that comes with it is a matrix without places, which is said.
    asked = ["train", str(path), "--zones", "above,below", "--session", "s", "--device", "cpu"]
    assert main([*asked, "--horizon", str(path.with_name("Hor_B.txt"))]) == 2
    assert "it is a matrix of values" in capsys.readouterr().err
    rows = "".join(f"{1000 + k},1155,{1000 + k / 2:g}\n" for k in range(601))
    (tmp_path / "top.csv").write_text("inline,crossline,twt_ms\n" + rows)
    assert main([*asked, "--horizon", "top.csv", "--recipe", "sections"]) == 0
    known = np.load("s/labels.npy")
    assert known.shape == (601, 1501)
    assert known.all()
    # The first sample of 4 ms at or below the horizon.
    np.testing.assert_array_equal((known == 1).sum(axis=1), np.ceil((1000 + np.arange(601) / 2) / 4))
