"""Networks for other programs: loaded there, they give the classes that they give here."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.proofs import LONG

from napari_fhn.box import Box
from napari_fhn.network import parse
from napari_fhn.network.architecture import Architecture, Layer
from napari_fhn.network.build import build
from napari_fhn.network.comparison import ResNetArchitecture, Stage
from napari_fhn.network.published import weights_from
from napari_fhn.network.readings import Reading
from napari_fhn.training import Input, JobError
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.job import Axis
from napari_fhn.training.models import interchange
from napari_fhn.training.models.description import Normalisation
from napari_fhn.training.models.model import Model, save
from napari_fhn.training.models.portable import PortableModel
from napari_fhn.training.prediction.evaluator import Evaluator

SECTIONS = (replace(parse("2d 8: 1x8 | down 1x8 | up 1x8"), context=1), Framing(vertical_axis=2), (9, 13, 21))
KINDS = {
    "sections": SECTIONS,
    "sections with all places": (
        replace(SECTIONS[0], channels=12),
        Framing(vertical_axis=2, position="all"),
        (9, 13, 21),
    ),
    "map": (parse("2d 8: 1x8 | down 1x8"), Framing(position="all"), (19, 14)),
    "volume": (parse("3d 8: 1x4 | down 1x4 | up 1x4"), Framing(vertical_axis=2), (7, 6, 9)),
    "a map from a cube": (
        Architecture(3, 8, (Layer("keep", 4), Layer("coarsen", 4)), reading=Reading(axis=2)),
        Framing(map_axis=2, position="none"),
        (11, 14, 6),
    ),
    "a ResNet": (ResNetArchitecture(2, 8, (Stage("keep", 1), Stage("coarsen", 1))), Framing(position="none"), (19, 14)),
}


def model_of(kind, tmp_path):
    """Return a network of random weights on data with a gap, in the folder of a model; and how this program asks it."""
    architecture, framing, shape = KINDS[kind]
    rng = np.random.default_rng(0)
    data = 100 + 30 * rng.standard_normal((2, *shape)).astype(np.float32)
    data[:, 4, 2] = np.nan
    data[0, 3] = np.nan
    data[1, 4, 1] = 1e6
    np.save(tmp_path / "data.npy", data)
    bands = 1 if framing.map_axis is None else shape[framing.map_axis]
    centre, scale = rng.uniform(90, 110, 2 * bands), rng.uniform(10, 40, 2 * bands)
    normalisation = Normalisation(tuple(map(float, centre)), tuple(map(float, scale)))
    volume = Volume([Input(str(tmp_path / "data.npy"), 0)], normalisation, framing.map_axis)
    frame = Frame(volume, architecture, framing)
    network = build(architecture, frame.channels, 3, torch.Generator().manual_seed(0)).eval()
    axes = tuple(Axis(name) for name in ("y", "x", "band")[: len(shape)])
    made = Model(network, normalisation, ("sand", "shale", "salt"), framing, codes=(10, 20, 65), axes=axes)
    save(made, tmp_path / "model")
    return made, frame, data


def as_asked_elsewhere(made, frame, data, index):
    """Return the inputs of a file, and the probabilities and the gaps of this program, for a section or all data."""
    if frame.sections:
        section = data[:, [max(index - 1, 0), index, index + 1]]
        inputs = [section.reshape(1, -1, *data.shape[2:])]
        box = Box((index, 0, 0), (index + 1, *frame.shape[1:]))
    else:
        inputs, box = [data[None]], Box.whole(frame.shape)
    own = frame.shape if frame.map_axis is None else frame.volume.shape
    ends = {axis: [-1.0, 1.0] for axis in range(len(own))}
    if frame.sections:
        ends[0] = [2 * index / (own[0] - 1) - 1] * 2
    if frame._placed_axes:
        inputs.append(np.array([ends[axis] for axis in frame._placed_axes], np.float32))
    evaluator = Evaluator(made.network, frame, torch.device("cpu"))
    expected = evaluator.probabilities(box, box, 0 if frame.sections else None)
    there = frame.present(box)
    return inputs, expected[:, 0] if frame.sections else expected, there[0] if frame.sections else there


def check(found, expected, there):
    probabilities, classes = (np.asarray(one)[0] for one in found)
    # The evaluator repeats what lies at the ends up to whole cells, and so does the file.
    np.testing.assert_allclose(probabilities[:, there], expected[:, there], atol=2e-5)
    likeliest = np.array([10, 20, 65])[expected.argmax(0)]
    sure = np.sort(expected, 0)[-1] - np.sort(expected, 0)[-2] > 1e-4
    assert (classes == np.where(there, likeliest, 0))[sure | ~there].all()
    assert not there.all()


def in_torch(path, inputs):
    extra = {interchange.METADATA: ""}
    program = torch.export.load(path, extra_files=extra)
    with torch.no_grad():
        return program.module()(*map(torch.from_numpy, inputs)), json.loads(extra[interchange.METADATA])


def in_onnxruntime(path, inputs):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    about = json.loads(session.get_modelmeta().custom_metadata_map[interchange.METADATA])
    return session.run(None, dict(zip((one.name for one in session.get_inputs()), inputs, strict=True))), about


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_gives_the_same_classes(kind, tmp_path):
    made, frame, data = model_of(kind, tmp_path)
    inputs, expected, there = as_asked_elsewhere(made, frame, data, 4)
    with torch.no_grad():
        found = PortableModel(made)(*map(torch.from_numpy, inputs))
    check(found, expected, there)


@LONG
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_torch_gives_the_same_classes(kind, tmp_path):
    made, frame, data = model_of(kind, tmp_path)
    inputs, expected, there = as_asked_elsewhere(made, frame, data, 4)
    written = interchange.export(tmp_path / "model", tmp_path / "net.pt2")
    found, about = in_torch(written.path, inputs)
    check(found, expected, there)
    assert about["classes"] == ["sand", "shale", "salt"]
    assert about["codes"] == [10, 20, 65]
    assert about["sizes"].startswith("free"), about["sizes"]


@LONG
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_onnx_gives_the_same_classes(kind, tmp_path):
    made, frame, data = model_of(kind, tmp_path)
    inputs, expected, there = as_asked_elsewhere(made, frame, data, 4)
    written = interchange.export(tmp_path / "model", tmp_path / "net.onnx")
    found, about = in_onnxruntime(written.path, inputs)
    check(found, expected, there)
    assert about == written.about
    assert about["nothing"] == 0


def test_weights_for_the_published_code_come_back_bit_for_bit(tmp_path):
    made, _, _ = model_of("sections", tmp_path)
    interchange.export(tmp_path / "model", tmp_path / "net.npz")
    with np.load(tmp_path / "net.npz") as file:
        kernels, biases = ([file[f"{letter}{n}"] for n in (1, 2, 3)] for letter in "Wb")
        assert file["alpha"] == made.network.h**2
    back = weights_from(made.network.architecture, kernels, biases)
    for name, value in back.items():
        assert torch.equal(value, made.network.state_dict()[name]), name


def test_what_the_published_code_does_not_have_is_refused_in_a_sentence(tmp_path):
    model_of("a ResNet", tmp_path)
    with pytest.raises(JobError, match=r"has no network of this kind: write it as \.onnx or \.pt2"):
        interchange.export(tmp_path / "model", tmp_path / "net.npz")
    with pytest.raises(JobError, match=r"net\.pth: a network is written as \.onnx, \.pt2 or \.npz"):
        interchange.export(tmp_path / "model", tmp_path / "net.pth")
