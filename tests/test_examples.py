"""The three examples run from end to end, smaller still than their small form, and say what they found."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.io

import napari_fhn as fhn
from napari_fhn.cli import main as commands
from napari_fhn.network.language import parse
from napari_fhn.network.presets import architecture
from napari_fhn.sample_data import public

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
SHARED = ROOT.parent / "shared" / "data"
NAMES = ("hyperspectral", "aquifer", "seismic")


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run an example in this process, in a folder of its own; return what it wrote down, None where it was not done."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    monkeypatch.chdir(tmp_path)

    def running(name: str, *arguments: str, **changes) -> dict | None:
        module = importlib.import_module(name)
        for what, value in changes.items():
            monkeypatch.setattr(module, what, value)
        monkeypatch.setattr(sys, "argv", [f"{name}.py", "--folder", "out", "--device", "cpu", *arguments])
        assert module.main() == 0
        found = tmp_path / "out" / "numbers.json"
        return json.loads(found.read_text()) if found.exists() else None

    yield running
    for name in (*NAMES, "shared"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_short_and_uses_public_names(name):
    text = (EXAMPLES / f"{name}.py").read_text("utf-8")
    assert len(text.splitlines()) < 150
    assert re.findall(r"napari_fhn\.[a-z_.]*\._|import _|work\._|run\._", text) == []


def pair(folder: Path) -> list[str]:
    """Two dates of 16 x 20 pixels and 4 bands, on whose right half something changed."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=(16, 20, 4)).astype(np.float32)
    second = first + 0.1 * rng.normal(size=first.shape).astype(np.float32)
    second[:, 10:] += 2.0
    change = np.ones((16, 20), np.uint8)
    change[:, 10:] = 2
    for name, values in (("t1", first), ("t2", second)):
        # The axes of a file of NumPy are not named in it: an ENVI file says which are bands.
        path = folder / f"{name}.img"
        np.moveaxis(values, 2, 0).astype("<f4").tofile(path)
        path.with_suffix(".hdr").write_text(
            "ENVI\nsamples = 20\nlines = 16\nbands = 4\nheader offset = 0\nfile type = ENVI Standard\n"
            "data type = 4\ninterleave = bsq\nbyte order = 0\n"
        )
    np.save(folder / "change.npy", change)
    return ["--data", str(folder / "t1.img"), str(folder / "t2.img"), "--truth", str(folder / "change.npy")]


def test_change_between_two_dates_is_learnt_from_points_and_beside_a_resnet(run, tmp_path):
    found = run(
        "hyperspectral", *pair(tmp_path), "--steps", "2",
        EVERY=1, LEARNT=16, VALIDATED=8, COMPARED={"hyperbolic": "3d 16: 1x4 | down 1x4", "ResNet 1": "paper.resnet1"},
    )  # fmt: skip
    assert set(found["validation loss"]) == {"hyperbolic", "ResNet 1"}
    assert found["bands"] == 4
    assert set(found["IoU"]) == {"unchanged", "changed"}
    assert (tmp_path / "out" / "hyperspectral.png").stat().st_size > 5000


def test_an_example_stops_after_its_minutes_and_goes_on(run, tmp_path, capsys):
    given = ("hyperspectral", *pair(tmp_path), "--steps", "2")
    changes = {"LEARNT": 16, "VALIDATED": 8, "EVERY": 2, "COMPARED": {"hyperbolic": "3d 16: 1x4 | down 1x4"}}
    assert run(*given, "--minutes", "0", **changes) is None
    assert "Run the same command again to go on" in capsys.readouterr().out
    assert run(*given, **changes)["steps"] == 2
    # The job file that is named does the same without the script, as a new run.
    (command,) = re.findall(r"by: napari-fhn (.*)", capsys.readouterr().out)
    assert commands(shlex.split(command)) == 0
    with fhn.open(session="out/work", read_only=True) as work:
        assert [run.step for run in work.runs.all()] == [2, 2]
        first, again = work.runs.all()
        assert first.name == "hyperbolic"
        assert again.job().schedule == first.job().schedule


def test_aquifers_are_mapped_on_a_region_that_the_dock_opens_too(run, tmp_path):
    from samples import make_region

    make_region.make(tmp_path / "out" / "region", (64, 112))
    small = {"recipe": "map", "network": "2d 56: 1x2 | down 1x2", "schedule": {"block": (32, 32)}, "factors": "auto"}
    found = run("aquifer", "--small", "--steps", "1", SMALL=small)
    assert found["maps"] == 56
    assert set(found["everywhere else"]["IoU"]) == {"Aquifer", "No aquifer"}
    assert found["patches kept"]["accuracy"] > 0
    assert set(found["everywhere else"]["IoU of the network alone"]) == {"Aquifer", "No aquifer"}
    with fhn.open(session="out/work", read_only=True) as work:
        (maps,) = work.surveys.values()
        assert maps.rio.crs.to_epsg() == 26912
        assert len(work.run.job().held_out) == 10


def test_a_volume_of_the_benchmark_s_form_is_interpreted_from_boreholes(run, tmp_path):
    rng = np.random.default_rng(0)
    depth = np.arange(24)[None, None, :] + 3 * np.sin(np.arange(32) / 9)[None, :, None] + np.zeros((28, 1, 1))
    np.save(tmp_path / "train_seismic.npy", (np.sin(depth) + 0.1 * rng.normal(size=depth.shape)).astype(np.float32))
    np.save(tmp_path / "train_labels.npy", np.clip(depth // 4, 0, 5).astype(np.int64))
    found = run(
        "seismic", "--f3", str(tmp_path), "--small", "--steps", "1", "--networks", "ours,paper.a",
        RADIUS=15,
        CUT_DOWN={"paper.a": "3d 4: 1x2 | down 1x2"},
        CUT={"recipe": "paper.seismic", "schedule": {"block": (16, 16, 16), "batch": 1}, "factors": "none"},
        SMALL={"network": "3d 12: 1x2 | down 1x2", "schedule": {"block": (16, 16, 16), "batch": 2, "accumulate": 2}},
    )  # fmt: skip
    assert found["survey"] == [28, 32, 24]
    assert 0 < found["labelled"] < 0.5
    assert set(found["ours"]["IoU"]) == {"class 1", "class 2"}
    assert set(found["paper.a"]["IoU"]) == {"class 1", "class 2"}
    with fhn.open(session="out/work", read_only=True) as work:
        ours, cut = (work.runs.get(name).job() for name in ("ours", "paper.a"))
        assert [len(job.held_out) for job in (ours, cut)] == [4, 4]
        assert ours.schedule.optimiser == "adam"
        assert (ours.network.channels, cut.network.channels) == (12, 4)


def test_networks_are_cut_down_in_channels_and_not_in_layers(run):
    seismic = importlib.import_module("seismic")
    for name, written in seismic.CUT_DOWN.items():
        whole, cut = architecture(name), parse(written)
        assert [layer.resample for layer in cut.layers] == [layer.resample for layer in whole.layers]
        assert cut.channels * 3 == whole.channels


def test_what_the_full_size_takes_is_said_beforehand(run, tmp_path, capsys):
    run("hyperspectral", *pair(tmp_path), "--forecast", LEARNT=16, VALIDATED=8)
    said = capsys.readouterr().out
    assert "a training step takes" in said
    assert "steps in" in said
    with fhn.open(session="out/work", read_only=True) as work:
        assert not work.runs.all()


def test_public_surveys_are_fetched_with_what_is_known_of_them(run, tmp_path, monkeypatch, capsys):
    """The benchmark's two volumes, and a file with both dates and their change, as they come out of the archives."""
    cube, change = np.zeros((6, 5, 4), np.float32), np.eye(6, 5, dtype=np.uint8)
    np.save(tmp_path / "train_seismic.npy", cube)
    np.save(tmp_path / "train_labels.npy", np.arange(4, dtype=np.int64) + np.zeros((6, 5, 1), np.int64))
    scipy.io.savemat(tmp_path / "USA_Change_Dataset.mat", {"T1": cube, "T2": cube, "Binary": change})
    monkeypatch.setattr(public, "fetch", lambda sample: {name: tmp_path / Path(name).name for name in sample.files})
    hyperspectral, seismic = importlib.import_module("hyperspectral"), importlib.import_module("seismic")
    survey, groups = seismic.data(argparse.Namespace(f3=Path("fetch"), data=None, split=None))
    assert survey.shape == groups.shape == (6, 5, 4)
    assert groups[0, 0].tolist() == [1, 1, 2, 2]
    dates, truth = hyperspectral.data(argparse.Namespace(data=[Path("fetch")], small=False))
    assert [date.sizes["band"] for date in dates] == [4, 4]
    assert truth.tolist() == (change + 1).tolist()
    assert capsys.readouterr().out.count("Licence: ") == 2


@pytest.mark.skipif(not SHARED.is_dir(), reason="no real surveys beside the checkout")
def test_real_surveys_take_the_place_of_the_examples(run, tmp_path, monkeypatch):
    """Two Landsat dates with their change, and a volume with eight facies; a map of lithologies is labelled."""
    taizhou, penobscot, lapland = (SHARED / name for name in ("taizhou", "penobscot", "lapland"))
    hyperspectral, seismic = importlib.import_module("hyperspectral"), importlib.import_module("seismic")
    two = argparse.Namespace(data=[taizhou / "2000TM", taizhou / "2003TM"], truth=taizhou / "labels.npz", small=False)
    dates, change = hyperspectral.data(two)
    assert [date.sizes["band"] for date in dates] == [6, 6]
    assert np.bincount(change.ravel())[1:].tolist() == [17163, 4227]
    volume = argparse.Namespace(
        f3=None, data=penobscot / "penobscot.sgy", truth=penobscot / "labels.npz", split=None
    )  # fmt: skip
    survey, groups = seismic.data(volume)
    assert survey.shape == groups.shape
    assert 0.3 < np.mean(groups == 1) < 0.7
    known, boxes = seismic.boreholes(groups, seed=0)
    assert len(boxes) == 4
    assert 0 < np.mean(known > 0) < 0.3
    files = ("--data", str(lapland / "lapland_9band_100m.tif"), "--patches", str(lapland / "lithology_patches.tif"))
    monkeypatch.setattr(importlib.import_module("aquifer"), "train", lambda work, *_, **given: print(len(work.classes)))
    assert run("aquifer", *files, "--hold-out", "5") is None
