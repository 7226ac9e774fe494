"""What this program has made goes, by its names, and whatever lies beside it stays."""

import hashlib
import json

import pytest

from napari_fhn.training.files import removing


def network(folder, weights=b"numbers"):
    name = f"weights-{hashlib.sha256(weights).hexdigest()[:16]}.safetensors"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(weights)
    (folder / "model.json").write_text(json.dumps({"format": "napari-fhn model", "weights": {"file": name}}))
    for other in ("job.json", "log.jsonl", "training.safetensors"):
        (folder / other).write_text("{}")
    return folder


def test_a_network_goes_with_its_checkpoints_and_what_was_half_written(tmp_path):
    folder = network(tmp_path / "model")
    network(folder / "checkpoints" / "step-00012")
    (folder / "model.json.12-34.part").touch()
    orphan = hashlib.sha256(b"older").hexdigest()[:16]
    (folder / f"weights-{orphan}.safetensors").write_bytes(b"older")
    assert removing.network(folder)
    assert not folder.exists()


@pytest.mark.parametrize(
    "name",
    [
        "chapter.txt",
        "weights-0123456789abcdef.safetensors",
        "checkpoints/notes/a.txt",
        "checkpoints/step-00001/a",
        "model.json.of.mine.part",
    ],
)
def test_files_of_others_stay_where_a_network_was(tmp_path, name):
    folder = network(tmp_path / "model")
    network(folder / "checkpoints" / "step-00012")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"years of work")
    assert not removing.network(folder)
    assert [path for path in folder.rglob("*") if path.is_file()] == [folder / name]


def test_a_link_is_no_folder_to_remove_from(tmp_path):
    there = network(tmp_path / "there")
    network(there / "checkpoints" / "step-00012")
    before = sorted(there.rglob("*"))
    (tmp_path / "model").symlink_to(there)
    assert not removing.network(tmp_path / "model")
    other = network(tmp_path / "other")
    (other / "checkpoints").symlink_to(there / "checkpoints")
    removing.network(other)
    assert sorted(there.rglob("*")) == before


def test_a_prediction_goes_with_its_neighbours_and_no_others(tmp_path):
    for name in ("guess.npy", "guess.json", "guess-entropy.npy", "guess-network.npy", "guess-unfinished.jsonl"):
        (tmp_path / name).touch()
    for name in ("guess-of-mine.npy", "guesses.npy", "guess.txt"):
        (tmp_path / name).touch()
    removing.prediction(tmp_path / "guess.npy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["guess-of-mine.npy", "guess.txt", "guesses.npy"]


def test_trainings_that_nobody_keeps_go_and_what_a_person_puts_among_them_stays(tmp_path):
    scratch = tmp_path / "leave-one-out"
    network(scratch / "fold-1" / "model")
    (scratch / "fold-1" / "prediction.npy").touch()
    (scratch / "notes").mkdir()
    assert not removing.trials(scratch)
    assert [path.name for path in scratch.iterdir()] == ["notes"]
