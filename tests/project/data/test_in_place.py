"""Surveys that are read where they lie: the same training and prediction as with a copy, and nothing copied."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from napari_fhn import surveys
from napari_fhn.box import Box
from napari_fhn.cli import main
from napari_fhn.network.architecture import levels
from napari_fhn.project.data import in_place
from napari_fhn.surveys import Grid, bricks
from napari_fhn.surveys.grid import GridAxis
from napari_fhn.training import Input, Job, JobError, Schedule, fit, predict
from napari_fhn.training.data import stored
from napari_fhn.training.data.volume import Volume

SHAPE = (6, 10, 32)


def template(shape: tuple[int, ...]) -> xr.DataArray:
    """A volume without values."""
    names = (("inline", 101.0, 1.0, ""), ("crossline", 206.0, 2.0, ""), ("twt", 400.0, 4.0, "ms"))
    axes = tuple(GridAxis(n, size, a, b, u) for (n, a, b, u), size in zip(names, shape, strict=True))
    return Grid(axes, kind="seismic", name="v").template()


def bricked(folder: Path, shape: tuple[int, ...] = SHAPE, name: str = "v.zarr", seed: int = 0) -> Path:
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    values[0, 0] = np.nan
    made = folder / name
    list(bricks.copy_shards(template(shape).copy(data=values), made, brick=(3, 4, 8)))
    return made


def test_boxes_lines_and_voxels_are_those_of_a_copy(tmp_path):
    survey = surveys.open(bricked(tmp_path, (9, 20, 33)))
    assert in_place.may_stay(survey)
    in_place.note(tmp_path / "v.json", survey)
    then = (tmp_path / "v.json").stat().st_mtime_ns
    in_place.note(tmp_path / "v.json", survey)
    assert (tmp_path / "v.json").stat().st_mtime_ns == then, "what was begun with it goes on"
    np.save(tmp_path / "v.npy", survey.values)
    there, copy = (Volume([Input(str(tmp_path / name))]) for name in ("v.json", "v.npy"))
    assert there.normalisation == copy.normalisation
    rng = np.random.default_rng(0)
    for _ in range(20):
        start = rng.integers(-3, 8, 3)
        box = Box(tuple(start), tuple(start + rng.integers(1, 20, 3)))
        np.testing.assert_array_equal(there.read(box), copy.read(box))
        np.testing.assert_array_equal(there.present(box), copy.present(box))
    index = tuple(rng.integers(0, size, 300) for size in there.shape)
    np.testing.assert_array_equal(there.present_at(index), copy.present_at(index))
    turned = stored.moved(there.channel(0), 0, 2)
    np.testing.assert_array_equal(turned[2:9, 3:5, 1:4], np.moveaxis(survey.values, 0, 2)[2:9, 3:5, 1:4])
    assert there.bytes_read <= survey.nbytes, "blocks that were read are kept"


def test_blocks_beyond_the_memory_are_let_go_and_read_again():
    values = np.arange(40 * 30, dtype=np.float32).reshape(40, 30)
    seen = stored.Stored(values, kept=4 * 64)
    seen._block = (8, 8)
    for start in (0, 13, 31, 2):
        np.testing.assert_array_equal(
            seen[(slice(0, 1), slice(start, start + 9), slice(None))][0], values[start : start + 9]
        )
        assert seen._bytes <= 4 * 64


def test_bands_come_first_and_those_on_the_bad_band_list_stay_behind(tmp_path):
    values = np.random.default_rng(0).standard_normal((4, 12, 9)).astype(np.float32)
    coords = {
        "band": np.arange(4),
        "y": np.arange(12.0),
        "x": np.arange(9.0),
        "good": ("band", [True, False, True, True]),
    }
    cube = xr.DataArray(values, dims=("band", "y", "x"), coords=coords, attrs={"kind": "hyperspectral"})
    list(bricks.copy_shards(cube, tmp_path / "c.zarr", brick=(1, 4, 4)))
    said = in_place.note(tmp_path / "c.json", surveys.open(tmp_path / "c.zarr"))
    assert said.bands == (0, 2, 3)
    volume = Volume([Input(str(tmp_path / "c.json"), channel_axis=0)])
    assert volume.channels == 3
    for number, band in enumerate(said.bands):
        np.testing.assert_array_equal(volume.channel(number)[2:7, 1:8], values[band, 2:7, 1:8])


def test_a_training_and_its_prediction_are_the_same_in_place_and_from_a_copy(tmp_path):
    survey = surveys.open(bricked(tmp_path))
    in_place.note(tmp_path / "v.json", survey)
    np.save(tmp_path / "v.npy", survey.values)
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:4, 2:4, :16], labels[2:4, 2:4, 16:] = 1, 2
    np.save(tmp_path / "labels.npy", labels)
    found = []
    for name in ("v.json", "v.npy"):
        job = Job(
            inputs=(Input(str(tmp_path / name)),), labels=str(tmp_path / "labels.npy"), classes=("above", "below"),
            network=levels(2, 8, (2, 2), 1, context=1), schedule=Schedule(steps=2, block=(8, 16)),
            prediction=str(tmp_path / "prediction.npy"), model=str(tmp_path / "model"), vertical_axis=2, device="cpu",
        )  # fmt: skip
        np.save(job.prediction, np.zeros(SHAPE, np.uint8))
        list(fit(job))
        list(predict(job))
        found.append(np.load(job.prediction))
    np.testing.assert_array_equal(*found)
    assert found[0][1:].all()


def test_what_is_gone_has_changed_or_cannot_be_read_here_is_a_sentence(tmp_path, monkeypatch):
    made = bricked(tmp_path)
    path = tmp_path / "v.json"
    in_place.note(path, surveys.open(made))
    inputs = [Input(str(path))]
    shutil.move(made, tmp_path / "elsewhere.zarr")
    with pytest.raises(JobError, match=r"v\.zarr\) is not there"):
        Volume(inputs)
    bricked(tmp_path, seed=1)
    with pytest.raises(JobError, match="is not what it was when the work began"):
        Volume(inputs)
    text = json.loads(path.read_text())
    text["file"] = {"path": "https://example.org/a.zarr", "absolute": "https://example.org/a.zarr"}
    path.write_text(json.dumps(text))
    with pytest.raises(JobError, match="an address that nobody here has named"):
        Volume(inputs)
    monkeypatch.setattr(stored, "_OPENER", "zarr_that_is_not_here")
    with pytest.raises(JobError, match="read where it lies, which takes zarr_that_is_not_here"):
        Volume(inputs)
    monkeypatch.undo()
    path.unlink()
    with pytest.raises(JobError, match="does not exist"):
        Volume(inputs)


def test_a_session_names_its_survey_and_holds_no_copy_of_it(tmp_path, monkeypatch, capsys):
    from napari_fhn.project import Session
    from napari_fhn.training.recipes import RECIPES

    monkeypatch.chdir(tmp_path)
    flat = replace(
        RECIPES["sections"], network=levels(2, 8, (2, 2), 1, context=1), schedule=Schedule(steps=1, block=(8, 16))
    )
    monkeypatch.setitem(RECIPES, "sections", flat)
    bricked(tmp_path)
    known = np.zeros(SHAPE, np.uint8)
    known[2:4, 2:4, :16], known[2:4, 6:8, 16:] = 1, 2
    np.save("known.npy", known)
    line = ["train", "v.zarr", "--labels", "known.npy", "--recipe", "sections", "--session", "s", "--device", "cpu"]
    assert main([*line, "--in-place"]) == 0
    names = [path.name for path in Path("s/inputs").iterdir()]
    assert [name.rpartition(".")[2] for name in names] == ["json"]
    shutil.move("s", "moved")
    Path("there").mkdir()
    shutil.move("moved", "there/s")
    assert main(["predict", "--session", "there/s"]) == 0
    assert (np.load(Session("there/s").runs.trained().prediction)[1:] > 0).all()
    assert [path.suffix for path in Path("there/s/inputs").iterdir()] == [".json"], "as before"
    assert main(["predict", "--session", "there/s", "--copy"]) == 0
    assert ".npy" in [path.suffix for path in Path("there/s/inputs").iterdir()]
    capsys.readouterr()
    assert main(["forecast", "v.zarr", "--recipe", "sections"]) == 0
    assert "Read in place:" in capsys.readouterr().out


def test_a_survey_in_blocks_stays_where_it_is_large_unless_a_person_wants_a_copy(tmp_path, monkeypatch):
    from napari_fhn.project.data.staging import stage

    survey = surveys.open(bricked(tmp_path))
    (tmp_path / "inputs").mkdir()

    def suffix(**how: bool) -> str:
        return stage(tmp_path / "inputs", "v", survey, **how).path.suffix

    assert suffix() == ".npy"
    assert suffix(stays=True) == ".json"
    monkeypatch.setattr(in_place, "LARGE_BYTES", 1)
    assert suffix() == ".json"
    assert suffix(stays=False) == ".npy"
    np.save(tmp_path / "a.npy", np.zeros((4, 5, 6), np.float32))
    plain = surveys.open(tmp_path / "a.npy")
    assert stage(tmp_path / "inputs", "a", plain, stays=True).path.suffix == ".npy", "files without blocks are copied"
