"""A model file holds numbers and words only, comes back the same, and a foreign one gives a sentence."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_fhn.network import HyperbolicNetwork, UNetArchitecture, equivalent_resnet, equivalent_unet, slim_resnet
from napari_fhn.network.architecture import levels
from napari_fhn.network.build import build
from napari_fhn.training import JobError
from napari_fhn.training.framing import Framing
from napari_fhn.training.model import Model, load, save
from napari_fhn.training.volume import Normalisation


@pytest.fixture
def folder(tmp_path):
    network = HyperbolicNetwork(levels(2, 4, (2, 3), 2), 3, 2)
    save(Model(network, Normalisation((1.0, 2.0), (3.0, 4.0)), ("sand", "shale"), Framing(2)), tmp_path)
    return tmp_path, network


def test_comes_back_the_same(folder):
    path, network = folder
    model = load(path)
    data = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(model.network(data), network(data))
    assert model.classes == ("sand", "shale")
    assert model.normalisation == Normalisation((1.0, 2.0), (3.0, 4.0))
    assert model.framing == Framing(2)


@pytest.mark.parametrize(
    "describe",
    [equivalent_resnet, slim_resnet, equivalent_unet, lambda plain: UNetArchitecture(2, 4, ((0, 1), (1,)), groups=2)],
)
def test_any_kind_of_network_comes_back_the_same(describe, tmp_path):
    network = build(describe(levels(2, 4, (2, 3), 2)), 3, 2)
    save(Model(network, Normalisation((1.0, 2.0), (3.0, 4.0)), ("sand", "shale"), Framing(2)), tmp_path)
    assert json.loads((tmp_path / "model.json").read_text())["architecture"]["kind"] in ("resnet", "unet")
    back = load(tmp_path).network
    assert back.architecture == network.architecture
    data = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(back.scores(data), network.scores(data))


def test_a_model_from_before_there_were_kinds_loads(folder):
    path, network = folder
    description = json.loads((path / "model.json").read_text())
    architecture = description["architecture"]
    description["architecture"] = {
        "dimensions": architecture["dimensions"],
        "channels": architecture["channels"],
        "layers": [{"resample": layer["resample"], "rank": layer["rank"]} for layer in architecture["layers"]],
        "h": architecture["h"],
        "context": architecture["context"],
    }
    description["vertical_axis"] = description.pop("framing")["vertical_axis"]
    (path / "model.json").write_text(json.dumps(description))
    data = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(load(path).network.scores(data), network.scores(data))
    assert load(path).framing == Framing(2)


def test_an_unknown_kind_is_a_sentence(folder):
    path, _ = folder
    description = json.loads((path / "model.json").read_text())
    description["architecture"]["kind"] = "transformer"
    (path / "model.json").write_text(json.dumps(description))
    with pytest.raises(JobError, match="known are hyperbolic, resnet, unet"):
        load(path)


def test_no_pickle_inside(folder):
    path, _ = folder
    with np.load(path / "weights.npz", allow_pickle=False) as weights:
        assert all(weights[name].dtype == np.float32 for name in weights.files)


@pytest.mark.parametrize("damage", ["truncate weights", "not json", "other format", "lose weights"])
def test_a_damaged_or_foreign_model_is_a_sentence(folder, damage):
    path: Path = folder[0]
    if damage == "truncate weights":
        (path / "weights.npz").write_bytes((path / "weights.npz").read_bytes()[:100])
    elif damage == "not json":
        (path / "model.json").write_text("{")
    elif damage == "other format":
        (path / "model.json").write_text(json.dumps({"format": "something else"}))
    else:
        (path / "weights.npz").unlink()
    with pytest.raises(JobError, match=str(path)):
        load(path)
