"""``napari-fhn export-network``, and the same from Python."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.training.models.test_interchange import model_of

import napari_fhn as fhn
from napari_fhn.cli import main


@pytest.fixture
def network(tmp_path):
    """The folder of a network of sections, for three classes."""
    model_of("sections", tmp_path)
    return tmp_path / "model"


def test_a_network_is_written_and_said(network, tmp_path, capsys):
    assert main(["export-network", str(network), str(tmp_path / "net.npz"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "Network"
    assert told["classes"] == ["sand", "shale", "salt"]
    with np.load(tmp_path / "net.npz") as file:
        assert {"W1", "b3", "alpha", "centre", "scale"} <= set(file.files)
    loaded = fhn.load(network)
    assert loaded.export(tmp_path / "same.npz").read_bytes()[:2] == b"PK"
    assert loaded.notes


def test_what_cannot_be_written_is_one_sentence(network, tmp_path, capsys):
    assert main(["export-network", str(network), str(tmp_path / "net.h5")]) == 2
    assert "net.h5: a network is written as .onnx, .pt2 or .npz" in capsys.readouterr().err
    assert main(["export-network", str(tmp_path / "nowhere"), str(tmp_path / "net.onnx")]) == 2
    assert "holds no trained network" in capsys.readouterr().err
    assert not list(tmp_path.glob("net.*"))
