"""What a worker keeps: nothing that comes in by a name leads out of its folder."""

import numpy as np
import pytest

from napari_fhn import mapped
from napari_fhn.box import Box
from napari_fhn.engine.remote import wire
from napari_fhn.engine.remote.sending import Sending, digest_of
from napari_fhn.engine.remote.store import Store
from napari_fhn.network.architecture import levels
from napari_fhn.training import Input, Job, Schedule
from napari_fhn.training.errors import JobError

RUN = "0123456789abcdef" * 2


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "work")


def put(store, path, **other):
    data = path.read_bytes()
    message = {"file": digest_of(str(path)), "size": len(data), "at": 0, "data": wire.packed(data)}
    store.put({**message, **other})


def job(tmp_path):
    np.save(tmp_path / "input.npy", np.zeros((4, 5, 6), np.float32))
    return Job(
        inputs=(Input(str(tmp_path / "input.npy")),),
        labels=str(tmp_path / "labels.npy"),
        classes=("one", "two"),
        network=levels(2, 4, (2,), 1),
        schedule=Schedule(block=(4, 4)),
        prediction=str(tmp_path / "prediction.npy"),
        model=str(tmp_path / "model"),
    )


def begun(store):
    store.begin(
        {
            "run": RUN,
            "arrays": {name: {"shape": [4, 5, 6], "dtype": "|u1"} for name in ("labels.npy", "prediction.npy")},
        }
    )


def test_a_file_is_sent_once_and_found_by_what_it_holds(store, tmp_path):
    mine = job(tmp_path)
    name = digest_of(mine.inputs[0].path)
    assert not store.has(name)
    put(store, tmp_path / "input.npy")
    assert store.has(name)
    begun(store)
    there = store.job({"run": RUN, "job": Sending.of(mine, RUN).job.to_dict()})
    assert np.load(there.inputs[0].path).shape == (4, 5, 6)
    assert there.labels == str(store.run(RUN) / "labels.npy")


def test_a_file_that_both_have_is_read_where_it_is(store, tmp_path):
    mine = job(tmp_path)
    path = mine.inputs[0].path
    assert store.has(digest_of(path), path)
    assert not list((tmp_path / "work" / "files").iterdir())
    np.save(tmp_path / "other.npy", np.ones(3))
    assert not store.has(digest_of(str(tmp_path / "other.npy")), path)  # another file of that name


def test_what_arrives_damaged_or_too_long_is_not_kept(store, tmp_path):
    job(tmp_path)
    with pytest.raises(JobError, match="arrived damaged"):
        put(store, tmp_path / "input.npy", file="f" * 32)
    with pytest.raises(JobError, match="where 3 were said"):
        put(store, tmp_path / "input.npy", size=3)
    with pytest.raises(JobError, match="from its beginning"):
        put(store, tmp_path / "input.npy", at=5)
    assert not store.has("f" * 32)


@pytest.mark.parametrize("name", ["../../x", "", "model", "F" * 32, None, 5, "0" * 31, "0" * 32 + "\n"])
def test_only_a_digest_names_a_file_or_a_run(store, name):
    for ask in (
        lambda: store.has(name),
        lambda: store.run(name),
        lambda: store.put({"file": name, "size": 1, "at": 0}),
    ):
        with pytest.raises(JobError, match="no name"):
            ask()


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (None, "says which arrays it has"),
        (["labels.npy"], "says which arrays it has"),
        ({"../x.npy": {"shape": [4], "dtype": "|u1"}}, "has no array '../x.npy'"),
        ({"labels.npy": None}, "has no array 'labels.npy'"),
        ({"labels.npy": {"shape": [4, 5, 6], "dtype": "<f4"}}, "is none of a run"),
        ({"labels.npy": {"shape": [4, 0, 6], "dtype": "|u1"}}, "is none of a run"),
        ({"labels.npy": {"shape": [2] * 5, "dtype": "|u1"}}, "is none of a run"),
        ({"labels.npy": {"shape": [2**20] * 3, "dtype": "|u1"}}, "is none of a run"),
        ({"labels.npy": {"shape": [-4, 5, 6], "dtype": "|u1"}}, "is none of a run"),
    ],
)
def test_arrays_of_a_run_are_those_that_runs_have(store, arrays, words):
    with pytest.raises(JobError, match=words):
        store.begin({"run": RUN, "arrays": arrays})
    assert not list(store.run(RUN).glob("*.npy"))


def test_only_what_was_sent_is_placed(store):
    with pytest.raises(JobError, match="was not sent"):
        store.place({"run": RUN, "name": "model/model.json", "file": "f" * 32})
    assert not (store.run(RUN) / "model").exists()


@pytest.mark.parametrize(
    "name",
    ["model/../../../x", "/etc/passwd", "labels.npy", "model/.hidden", "model/a/b/c", "model/", "modelx/a", None],
)
def test_a_file_is_placed_among_those_of_a_network_alone(store, tmp_path, name):
    job(tmp_path)
    put(store, tmp_path / "input.npy")
    with pytest.raises(JobError, match="has no file"):
        store.place({"run": RUN, "name": name, "file": digest_of(str(tmp_path / "input.npy"))})


@pytest.mark.parametrize("path", ["/etc/passwd", "file:" + "a" * 32, "run:../x", "run:log", "at:/etc/passwd", ""])
@pytest.mark.parametrize("part", ["labels", "model", "prediction", "weights", "start_from"])
def test_a_job_writes_and_reads_in_its_run_alone(store, tmp_path, part, path):
    begun(store)
    sent = Sending.of(job(tmp_path), RUN).job.to_dict() | {part: path}
    put(store, tmp_path / "input.npy")
    with pytest.raises(ValueError, match=r"no (file|place|name)"):
        store.job({"run": RUN, "job": sent})


@pytest.mark.parametrize(
    "array",
    [
        {"shape": [4, -1], "dtype": "|u1"},
        {"shape": [1 << 40, 1 << 40], "dtype": "|u1"},
        {"shape": [4, 5], "dtype": "|O"},
        {"shape": [4, 5], "dtype": "<f4"},
        {"shape": "4"},
        None,
    ],
)
def test_only_arrays_of_labels_are_made(store, array):
    with pytest.raises((ValueError, TypeError)):
        store.begin({"run": RUN, "arrays": {"labels.npy": array}})
    with pytest.raises(ValueError, match="no array"):
        store.begin({"run": RUN, "arrays": {"../labels.npy": {"shape": [2, 2], "dtype": "|u1"}}})
    with pytest.raises(ValueError, match="no array that is sent"):
        store.write({"run": RUN, "array": "prediction.npy"})


def test_labels_of_a_box_are_written_and_a_prediction_is_read(store):
    begun(store)
    box = {"start": [1, 0, 0], "stop": [2, 5, 6]}
    store.write({"run": RUN, "array": "labels.npy", "box": box, "data": wire.packed(bytes([2]) * 30)})
    labels = np.load(store.run(RUN) / "labels.npy")
    assert (labels[1] == 2).all()
    assert labels.sum() == 60
    assert store.values({"run": RUN, "box": box})[1].shape == (1, 5, 6)


def test_labels_of_a_large_survey_lie_in_shards_here_too(store, tmp_path, monkeypatch):
    """What nobody has labelled takes no room, and who trains reads what has come."""
    monkeypatch.setattr("napari_fhn.training.prediction.shard_size.LARGE_VOXELS", 100)
    begun(store)
    run = store.run(RUN)
    assert (run / "labels.zarr").is_dir()
    assert (run / "prediction.npy").is_file()
    values = np.arange(1, 9, dtype=np.uint8).reshape(2, 2, 2)
    box = Box((1, 2, 3), (3, 4, 5))
    said = {"box": {"start": [1, 2, 3], "stop": [3, 4, 5]}, "data": wire.packed(values.tobytes())}
    store.write({"run": RUN, "array": "labels.npy", **said})
    mine = job(tmp_path)
    put(store, tmp_path / "input.npy")
    there = store.job({"run": RUN, "job": Sending.of(mine, RUN).job.to_dict()})
    assert there.labels == str(run / "labels.zarr")
    read = mapped.open(there.labels)
    np.testing.assert_array_equal(read[box.slices], values)
    assert int(np.asarray(read).astype(int).sum()) == int(values.sum())
    # Begun again it is as it was, and in another shape anew.
    begun(store)
    assert mapped.open(there.labels).any()
    store.begin({"run": RUN, "arrays": {"labels.npy": {"shape": [8, 5, 6], "dtype": "|u1"}}})
    assert not mapped.open(there.labels).any()
    assert mapped.open(there.labels).shape == (8, 5, 6)
