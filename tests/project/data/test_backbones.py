"""Features of a network that somebody else trained: in a process of its own, trusted or not, the same file or not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

import forked
from napari_fhn.network.architecture import levels
from napari_fhn.project import HeldOut, Project, Session, Settings, SurveySet
from napari_fhn.project.data import attributes, backbones
from napari_fhn.project.runs import jobs
from napari_fhn.training.errors import JobError
from napari_fhn.training.schedule import Schedule


class Edges(torch.nn.Module):
    """Differences to four neighbours and the values themselves, at a half of the resolution."""

    def __init__(self, bands: int, stride: int = 2) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(bands, 6, 3, stride=stride, padding=1, bias=False)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            self.convolution.weight.copy_(torch.randn(self.convolution.weight.shape, generator=generator))

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return image, self.convolution(image)


@pytest.fixture(autouse=True)
def quick_processes():
    """Processes begin as copies of one that has imported torch."""
    with forked.installed():
        yield


@pytest.fixture(autouse=True)
def nobody_is_trusted(monkeypatch) -> None:
    monkeypatch.setattr(backbones, "_trusted", set())


def network(folder: Path, bands: int = 3, stride: int = 2, **layout) -> Path:
    file = folder / "edges.pt"
    torch.jit.save(torch.jit.script(Edges(bands, stride)), str(file))
    known = {"bands": bands, "features": 6, "multiple": 8, "tile": 32, "output": 1, **layout}
    (folder / "edges.pt.json").write_text(json.dumps(known))
    return file


def chart(seed: int = 0, bands: int = 3, size: int = 50) -> xr.DataArray:
    values = np.random.default_rng(seed).uniform(0, 1, (bands, size, size - 3)).astype(np.float32)
    values[:, 5:8, 5:8] = np.nan
    return xr.DataArray(values, dims=("band", "y", "x"), name="chart")


def work(folder: Path, survey: xr.DataArray) -> Project:
    project = Project(Session(folder), SurveySet.of([("chart", survey)]))
    project.use(project.surveys, vertical_axis=len(project.shape) - 1 if len(project.shape) == 3 else None)
    labels = np.zeros(project.shape, np.uint8)
    labels[2:4, 2:4], labels[20:22, 20:22] = 1, 2
    project.paint(labels)
    return project


def settings(*named: str) -> Settings:
    plain = replace(Settings.of("map"), network=levels(2, 8, (2,), 1), schedule=Schedule(steps=1, block=(8, 8)))
    return replace(plain, combination=None).with_attributes(named)


def test_features_are_channels_and_gaps_stay_gaps(tmp_path):
    file, project = network(tmp_path), work(tmp_path / "s", chart())
    backbones.trust(file)
    begun = jobs.begin(project, settings(f"backbone:{file}"), held_out=HeldOut(0))
    found = np.load(begun.job.inputs[1].path)
    assert found.shape == (6, 50, 47)
    assert np.isnan(found[:, 5:8, 5:8]).all()
    assert np.isfinite(found).sum() == 6 * (50 * 47 - 9)
    # Components of what the network gives, wherever tiles meet.
    again = attributes.add(project, project.stage(), [f"backbone:{file}"], learnt=begun.job.inputs)
    assert again.inputs == begun.job.inputs


def test_what_it_gives_does_not_depend_on_tiles(tmp_path):
    """At full resolution a network of 3 x 3 gives the same in tiles as in one piece."""
    found: list[np.ndarray] = []
    fitted: tuple[float, ...] = ()
    for tile in (32, 64):
        folder = tmp_path / str(tile)
        folder.mkdir()
        file, project = network(folder, stride=1, tile=tile, mean=[0.5] * 3, std=[0.3] * 3), work(folder / "s", chart())
        backbones.trust(file)
        known, staged = attributes.facts(project), project.stage()
        one = attributes.asked([f"backbone:{file}"], known)[0]
        fitted = fitted or backbones.found_for(one, staged, known)
        out = folder / "out.npy"
        np.save(out, np.zeros((6, 50, 47), np.float32))
        backbones.write(out, one, staged, known, fitted)
        found.append(np.load(out))
    np.testing.assert_allclose(*found, atol=1e-4)


def test_a_file_that_runs_code_is_not_loaded_unasked(tmp_path):
    file, project = network(tmp_path), work(tmp_path / "s", chart())
    with pytest.raises(backbones.NeedsTrust, match="runs code"):
        jobs.begin(project, settings(f"backbone:{file}"), held_out=HeldOut(0))
    assert not project.session.runs.all()
    backbones.trust(file)
    network(tmp_path, multiple=16)  # it is another one now
    with pytest.raises(backbones.NeedsTrust):
        jobs.begin(project, settings(f"backbone:{file}"), held_out=HeldOut(0))


def test_what_was_computed_needs_neither_file_nor_trust_while_it_is_there(tmp_path, monkeypatch):
    file, project = network(tmp_path), work(tmp_path / "s", chart())
    backbones.trust(file)
    begun = jobs.begin(project, settings(f"backbone:{file}"), held_out=HeldOut(0))
    begun.run.model.mkdir(exist_ok=True)
    begun.job.save(begun.run.model / "job.json")
    monkeypatch.setattr(backbones, "_trusted", set())
    assert jobs.prediction_job(project, begun.run).inputs == begun.job.inputs
    file.rename(tmp_path / "elsewhere.pt")
    assert jobs.prediction_job(project, begun.run).inputs == begun.job.inputs
    (tmp_path / "elsewhere.pt").rename(file)
    Path(begun.job.inputs[1].path).unlink()
    with pytest.raises(backbones.NeedsTrust):
        jobs.prediction_job(project, begun.run)


def test_another_file_under_the_same_name_is_refused(tmp_path):
    file, project = network(tmp_path), work(tmp_path / "s", chart())
    backbones.trust(file)
    first = attributes.add(project, project.stage(), [f"backbone:{file}"]).inputs
    network(tmp_path, stride=1)
    backbones.trust(file)
    with pytest.raises(JobError, match="not the file that the network has learnt with"):
        attributes.add(project, project.stage(), [f"backbone:{file}"], learnt=first)


def test_sections_of_a_volume_are_shown_upright(tmp_path):
    values = np.random.default_rng(0).standard_normal((3, 20, 40)).astype(np.float32)
    survey = xr.DataArray(values, dims=("inline", "crossline", "sample"), name="cube")
    file = network(tmp_path, bands=1, stride=1)
    project = Project(Session(tmp_path / "s"), SurveySet.of([("cube", survey)]))
    project.use(project.surveys)
    backbones.trust(file)
    item = attributes.add(project, project.stage(), [f"backbone:{file}"]).inputs[1]
    found = np.load(item.path)
    assert found.shape == (6, 3, 20, 40)
    with torch.inference_mode():
        numbers = np.asarray(item.fitted[4:], np.float32)
        image = torch.from_numpy((values[1] - numbers[0]) / numbers[1])[None, None]
        features = torch.jit.load(str(file))(image)[1][0].numpy()
    directions = numbers[2 + 6 :].reshape(6, 6)
    expected = np.einsum("cf,fyx->cyx", directions, features - numbers[2:8, None, None])
    np.testing.assert_allclose(found[:, 1, 2:-2, 2:-10], expected[:, 2:-2, 2:-10], atol=1e-3)


def trusting(file: Path, project: Project) -> None:
    backbones.trust(file)
    attributes.add(project, project.stage(), [f"backbone:{file}"])


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ({"features": 5}, r"\(1, 5, height, width\)"),
        ({"features": 0}, "at least 1"),
        ({"mean": [1.0]}, "3 numbers each"),
        ({"tile": 30}, "no multiple"),
        ({"feature": 3}, "there is no feature"),
        ({"bands": 2.5}, "whole number"),
        ({"wavelengths": [1.0, 2.0, 3.0]}, "wavelengths of the bands are not known"),
        ({"bands": 4}, "takes 4 bands"),
    ],
)
def test_a_layout_that_does_not_go_with_it_is_said(tmp_path, layout, words):
    file, project = network(tmp_path), work(tmp_path / "s", chart())
    known = json.loads(file.with_name("edges.pt.json").read_text())
    file.with_name("edges.pt.json").write_text(json.dumps(known | layout))
    with pytest.raises(JobError, match=words):
        trusting(file, project)


def test_what_is_no_network_is_said(tmp_path):
    project = work(tmp_path / "s", chart())
    with pytest.raises(JobError, match="is no network"):
        settings("backbone:net.txt")
    with pytest.raises(JobError, match="after the colon"):
        settings("backbone:")
    with pytest.raises(JobError, match="is not there"):
        attributes.add(project, project.stage(), [f"backbone:{tmp_path / 'gone.pt'}"])
    file = network(tmp_path)
    file.write_bytes(b"no network at all")
    backbones.trust(file)
    with pytest.raises(JobError, match="cannot be loaded as TorchScript"):
        attributes.add(project, project.stage(), [f"backbone:{file}"])
    file.with_name("edges.pt.json").unlink()
    with pytest.raises(JobError, match=r"is to say what edges\.pt takes"):
        attributes.add(project, project.stage(), [f"backbone:{file}"])


def test_onnx_needs_no_trust_but_what_runs_it(tmp_path):
    file = network(tmp_path)
    onnx = tmp_path / "edges.onnx"
    onnx.write_bytes(b"not one")
    (tmp_path / "edges.onnx.json").write_text(file.with_name("edges.pt.json").read_text())
    project = work(tmp_path / "s", chart())
    with pytest.raises(JobError, match=r"onnxruntime, which is not installed|cannot be loaded as ONNX"):
        attributes.add(project, project.stage(), [f"backbone:{onnx}"])


def test_a_file_of_onnx_is_run_where_onnxruntime_is(tmp_path):
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    weights = np.random.default_rng(0).standard_normal((6, 3, 3, 3)).astype(np.float32)
    image = onnx.helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, 3, "height", "width"])
    features = onnx.helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, None)
    node = onnx.helper.make_node("Conv", ["image", "weights"], ["features"], pads=[1, 1, 1, 1], strides=[2, 2])
    graph = onnx.helper.make_graph(
        [node], "edges", [image], [features], [onnx.numpy_helper.from_array(weights, "weights")]
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, tmp_path / "edges.onnx")
    (tmp_path / "edges.onnx.json").write_text(json.dumps({"bands": 3, "features": 6, "multiple": 8, "tile": 32}))
    project = work(tmp_path / "s", chart())
    item = attributes.add(project, project.stage(), [f"backbone:{tmp_path / 'edges.onnx'}"]).inputs[1]
    found = np.load(item.path)
    assert found.shape == (6, 50, 47)
    assert np.isfinite(found).sum() == 6 * (50 * 47 - 9)
    # One that takes other bands than is said of it is told in its own words.
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 4
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(np.ones((6, 4, 3, 3), np.float32), "weights"))
    onnx.save(model, tmp_path / "four.onnx")
    (tmp_path / "four.onnx.json").write_text((tmp_path / "edges.onnx.json").read_text())
    with pytest.raises(JobError, match="cannot be run: "):
        attributes.add(project, project.stage(), [f"backbone:{tmp_path / 'four.onnx'}"])
