"""A model file holds numbers and words only, comes back the same, and a foreign or damaged one gives a sentence."""

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from napari_fhn.network import HyperbolicNetwork, UNetArchitecture, equivalent_resnet, equivalent_unet, slim_resnet
from napari_fhn.network.architecture import levels
from napari_fhn.network.build import build
from napari_fhn.training import Axis, JobError, Schedule, Score
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.models import description as descriptions
from napari_fhn.training.models import model as models
from napari_fhn.training.models.description import Normalisation
from napari_fhn.training.models.model import Model, load, save
from proofs import examples


def a_model(network):
    return Model(network, Normalisation((1.0, 2.0), (3.0, 4.0)), ("sand", "shale"), Framing(2))


@pytest.fixture
def folder(tmp_path):
    network = HyperbolicNetwork(levels(2, 4, (2, 3), 2), 3, 2)
    save(a_model(network), tmp_path)
    return tmp_path, network


def weights_of(path: Path) -> Path:
    (found,) = path.glob("*.safetensors")
    return found


def loaded(path: Path) -> tuple[Model | None, str]:
    try:
        return load(path), ""
    except JobError as error:
        return None, str(error)


def rewrite(path: Path, change) -> None:
    """Change a description and its checksum, as somebody would who means it."""
    content = json.loads((path / "model.json").read_text())
    change(content)
    content["sha256"] = descriptions.checksum(content)
    (path / "model.json").write_text(json.dumps(content))


def test_comes_back_the_same(folder):
    path, network = folder
    model = load(path)
    data = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(model.network(data), network(data), rtol=0, atol=0)
    assert model.classes == ("sand", "shale")
    assert model.normalisation == Normalisation((1.0, 2.0), (3.0, 4.0))
    assert model.framing == Framing(2)


def test_what_a_report_tells_comes_back_too(folder):
    path, network = folder
    model = replace(
        a_model(network),
        colors=("#ff0000", "#00ff00"),
        axes=(Axis("inline", "", 1000, 2), Axis("twt", "ms", 0, 4)),
        inputs=("amplitude",),
        schedule=Schedule(steps=7, block=(8, 16), flips=(0,)),
        steps=7,
        label_counts=(12, 0),
        scores=(Score(6, False, (0.5, None)), Score(7, True, (0.25, 0.75))),
    )
    saved = save(model, path)
    assert replace(load(path), network=network) == saved
    assert saved.versions is not None
    assert saved.versions["torch"] == torch.__version__
    assert replace(saved, versions=None, sha256="") == model


def test_a_job_fills_in_what_it_knows(layered):
    job, _ = layered
    model = Model.of(job, build(job.network, 4, 3), Normalisation((0.0,), (1.0,)))
    assert (model.classes, model.framing, model.schedule) == (job.classes, Framing(2), job.schedule)


@pytest.mark.parametrize(
    "describe",
    [equivalent_resnet, slim_resnet, equivalent_unet, lambda plain: UNetArchitecture(2, 4, ((0, 1), (1,)), groups=2)],
)
def test_any_kind_of_network_comes_back_the_same(describe, tmp_path):
    network = build(describe(levels(2, 4, (2, 3), 2)), 3, 2)
    save(a_model(network), tmp_path)
    assert json.loads((tmp_path / "model.json").read_text())["architecture"]["kind"] in ("resnet", "unet")
    back = load(tmp_path).network
    assert back.architecture == network.architecture
    data = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(back.scores(data), network.scores(data))


def test_a_model_is_read_without_the_compiler_of_torch(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)  # two seconds that nobody needs
    assert load(folder[0]).sha256


def test_kernels_stay_channels_last_in_memory(folder):
    kernels = load(folder[0]).network.kernels[0]
    assert kernels.is_contiguous(memory_format=torch.channels_last)


def test_what_an_architecture_did_not_know_yet_has_its_default(folder):
    path, network = folder

    def older(content):
        known = ("dimensions", "channels", "h", "context")
        layers = [{"resample": x["resample"], "rank": x["rank"]} for x in content["architecture"]["layers"]]
        content["architecture"] = {**{k: content["architecture"][k] for k in known}, "layers": layers}

    rewrite(path, older)
    assert load(path).network.architecture == network.architecture


def test_equal_models_have_one_checksum_and_others_another(folder, tmp_path):
    path, network = folder
    first = load(path).sha256
    assert save(a_model(network), tmp_path / "again").sha256 == first
    with torch.no_grad():
        network.kernels[0].mul_(1.5)
    assert save(a_model(network), tmp_path / "other").sha256 != first


def test_another_library_reads_the_weights(folder):
    path, network = folder
    with safe_open(weights_of(path), "pt") as file:
        assert set(file.keys()) == set(network.state_dict())


def test_a_new_model_takes_the_place_of_the_old_one(folder):
    path, network = folder
    before = weights_of(path)
    with torch.no_grad():
        network.kernels[0].mul_(1.5)
    save(a_model(network), path)
    assert weights_of(path) != before
    assert sorted(p.name for p in path.iterdir()) == ["model.json", weights_of(path).name]


def test_an_old_model_stays_whole_when_saving_breaks_off_anywhere(folder, monkeypatch):
    path, network = folder
    first = load(path).sha256
    with torch.no_grad():
        network.kernels[0].mul_(1.5)
    moved = os.replace
    for allowed in range(2):
        left = allowed

        def breaks(source, target):
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError("the disk is full")
            moved(source, target)

        monkeypatch.setattr(os, "replace", breaks)
        with pytest.raises(OSError, match="disk is full"):
            save(a_model(network), path)
        assert load(path).sha256 == first
    monkeypatch.setattr(os, "replace", moved)
    assert save(a_model(network), path).sha256 == load(path).sha256 != first


def test_a_reader_follows_when_a_newer_one_is_saved_between_its_two_readings(folder, monkeypatch):
    path, network = folder
    reads, read = [], models.descriptions.read

    def and_then_somebody_saves(where):
        content = read(where)
        if not reads:
            reads.append(where)
            with torch.no_grad():
                network.kernels[0].mul_(1.5)
            save(a_model(network), path)
        return content

    monkeypatch.setattr(models.descriptions, "read", and_then_somebody_saves)
    torch.testing.assert_close(load(path).network.kernels[0], network.kernels[0])


def test_an_unknown_kind_is_a_sentence(folder):
    path, _ = folder
    rewrite(path, lambda content: content["architecture"].update(kind="transformer"))
    with pytest.raises(JobError, match=r"architecture\.kind is 'transformer'"):
        load(path)


def as_version_2(path):
    """Rewrite a model as version 2 wrote it, with its checksum over its format word too."""
    content = json.loads((path / "model.json").read_text())
    for name in ("version", "sha256", "run", "recipe"):
        del content[name]
    content["format"] = "napari-fhn model 2"
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"))
    content["sha256"] = hashlib.sha256(plain.encode()).hexdigest()
    (path / "model.json").write_text(json.dumps(content, indent=2))


def test_a_model_of_version_2_is_read_and_an_edited_one_is_not(folder):
    path, network = folder
    before = load(path)
    as_version_2(path)
    model = load(path)
    assert replace(model, network=None, sha256="") == replace(before, network=None, sha256="")
    assert model.sha256 == load(path).sha256
    torch.testing.assert_close(model.network.kernels[0], network.kernels[0])
    _edit(path)
    with pytest.raises(JobError, match=r"model\.json: it was changed after it was written"):
        load(path)


def as_version_1(path):
    """Rewrite a model as version 1 wrote it: arrays of numpy and no checksums."""
    content = json.loads((path / "model.json").read_text())
    state = load(path).network.state_dict()
    np.savez(path / "weights.npz", **{name: value.numpy() for name, value in state.items()})
    weights_of(path).unlink()
    known = ("architecture", "input_channels", "classes", "normalisation")
    old = {"format": "napari-fhn model 1", "vertical_axis": 2, **{name: content[name] for name in known}}
    # The first networks had a choice of no more than this.
    layers = [{"resample": layer["resample"], "rank": layer["rank"]} for layer in content["architecture"]["layers"]]
    kept = {name: content["architecture"][name] for name in ("dimensions", "channels", "h", "context")}
    old["architecture"] = {**kept, "layers": layers}
    (path / "model.json").write_text(json.dumps(old, indent=2))


def test_a_model_of_version_1_is_read_and_saved_as_one_of_now(folder):
    path, network = folder
    as_version_1(path)
    model = load(path)
    assert model.framing.vertical_axis == 2
    torch.testing.assert_close(model.network.kernels[0], network.kernels[0])
    save(model, path)
    assert sorted(p.name for p in path.iterdir()) == ["model.json", weights_of(path).name]
    as_version_1(path)
    (path / "weights.npz").unlink()
    with pytest.raises(JobError, match=r"model\.json: its weights cannot be read"):
        load(path)


def test_a_newer_model_is_a_sentence(folder):
    path, _ = folder
    content = json.loads((path / "model.json").read_text())
    (path / "model.json").write_text(json.dumps({**content, "version": 4}))
    with pytest.raises(JobError, match=r"model record of version 4, and this program knows them up to 3\. Update"):
        load(path)


def _truncate(path: Path) -> None:
    weights_of(path).write_bytes(weights_of(path).read_bytes()[:100])


def _flip_a_bit(path: Path) -> None:
    data = bytearray(weights_of(path).read_bytes())
    data[-1] ^= 1
    weights_of(path).write_bytes(data)


def _outside(path: Path) -> None:
    rewrite(path, lambda content: content["weights"].update(file="../../secret.safetensors"))


def _huge(path: Path) -> None:
    rewrite(path, lambda content: content["architecture"].update(channels=2**30))


def _edit(path: Path) -> None:
    text = (path / "model.json").read_text()
    (path / "model.json").write_text(text.replace('"sand"', '"salt"'))


def _not_safetensors(path: Path) -> None:
    data = b"\x80\x04\x95" + bytes(100)
    name = f"weights-{hashlib.sha256(data).hexdigest()[:16]}.safetensors"
    (path / name).write_bytes(data)
    rewrite(path, lambda c: c.update(weights={"file": name, "sha256": hashlib.sha256(data).hexdigest()}))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_truncate, "is not as it was written"),
        (_flip_a_bit, "is not as it was written"),
        (_edit, "was changed after it was written"),
        (_outside, "which is no file of a model"),
        (_huge, "the number of channels is"),
        (_not_safetensors, "cannot be read as a trained network"),
        (lambda path: weights_of(path).unlink(), "cannot be read as a trained network"),
        (lambda path: (path / "model.json").write_text("{"), "it is not JSON"),
        (lambda path: (path / "model.json").write_text("[" * 100_000), "nested more than"),
        (lambda path: (path / "model.json").write_text("[]"), "it is no napari-fhn model"),
        (lambda path: (path / "model.json").write_text(json.dumps({"format": 3})), "its format is 3"),
        (lambda path: (path / "model.json").write_bytes(b" " * (17 << 20)), "another kind of file"),
    ],
)
def test_a_damaged_or_foreign_model_is_a_sentence(folder, damage, words):
    path: Path = folder[0]
    damage(path)
    with pytest.raises(JobError, match=words) as caught:
        load(path)
    assert str(path) in str(caught.value)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_change_to_what_a_description_says_crashes(folder, data):
    """Of any part, with a checksum that fits: what loads is a model, and all else is a sentence."""
    path, network = folder
    save(a_model(network), path)
    content = json.loads((path / "model.json").read_text())
    where, place = content, data.draw(st.sampled_from(sorted(content)))
    while isinstance(where[place], (dict, list)) and where[place] and data.draw(st.booleans()):
        where = where[place]
        place = data.draw(st.sampled_from(sorted(where) if isinstance(where, dict) else range(len(where))))
    where[place] = data.draw(plain)
    content["sha256"] = descriptions.checksum(content)
    (path / "model.json").write_text(json.dumps(content))
    model, sentence = loaded(path)
    assert isinstance(model, Model) or str(path) in sentence


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.booleans(), st.integers(0, 10_000), st.binary(max_size=8), st.integers(0, 8))
def test_no_change_to_the_bytes_of_a_model_goes_unseen(folder, description, at, bytes_in, bytes_out):
    path, network = folder
    save(a_model(network), path)
    file = path / "model.json" if description else weights_of(path)
    before = file.read_bytes()
    at %= len(before)
    after = before[:at] + bytes_in + before[at + bytes_out :]
    file.write_bytes(after)
    model, sentence = loaded(path)
    if model is None:
        assert str(path) in sentence
    else:
        assert json.loads(after) == json.loads(before) if description else after == before
        torch.testing.assert_close(model.network.kernels[0], network.kernels[0])
