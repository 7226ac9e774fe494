"""Arrays in lines of JSON: as long as was said, and no longer."""

import base64
import zlib

import numpy as np
import pytest

from napari_fhn import mapped
from napari_fhn.box import Box
from napari_fhn.engine.remote import wire
from napari_fhn.training.errors import JobError


def test_values_of_a_box_come_back():
    values = np.arange(24, dtype="<i2").reshape(2, 3, 4)
    box = Box((1, 0, 0), (3, 3, 4))
    np.testing.assert_array_equal(wire.values(wire.packed(values.tobytes()), box, values.dtype), values)


@pytest.mark.parametrize(
    "text",
    [
        wire.packed(bytes(11)),
        wire.packed(bytes(9)),
        base64.b64encode(zlib.compress(bytes(1 << 21))[:2000]).decode(),  # the beginning of what would fill a memory
        "no base64",
        base64.b64encode(b"not compressed").decode(),
        None,
        7,
    ],
)
def test_what_is_not_as_long_as_was_said_is_refused(text):
    with pytest.raises(JobError):
        wire.unpacked(text, 10)


@pytest.mark.parametrize(
    "box",
    [None, {"start": [0], "stop": [1]}, {"start": [0, 0], "stop": [3, 9]}, {"start": [-1, 0], "stop": [1, 1]}, "all"],
)
def test_a_box_that_is_not_in_the_array_is_refused(box):
    with pytest.raises(ValueError, match=r"box|start|stop|is"):
        wire.box_of({"box": box}, (3, 4))
    assert wire.box_of({"box": {"start": [0, 0], "stop": [3, 4]}}, (3, 4)) == Box((0, 0), (3, 4))


def test_a_large_box_is_cut_into_lines_without_overlap():
    box = Box((5, 0, 0), (9, 3000, 2000))
    parts = list(wire.pieces(box))
    assert sum(int(np.prod(part.shape)) for part in parts) == int(np.prod(box.shape))
    assert all(int(np.prod(part.shape)) <= wire.PIECE for part in parts)


def test_what_comes_home_to_a_large_survey_goes_into_shards(tmp_path):
    from napari_fhn.engine.remote.home import into_shards

    values = np.random.default_rng(0).random((3, 5, 6, 7)).astype(np.float16)
    np.save(tmp_path / "prediction-probabilities.npy", values)
    into_shards(tmp_path / "prediction-probabilities.npy")
    assert [path.name for path in tmp_path.iterdir()] == ["prediction-probabilities.zarr"]
    np.testing.assert_array_equal(mapped.open(tmp_path / "prediction-probabilities.zarr"), values)
    assert not (tmp_path / "prediction-probabilities.zarr" / "open").exists()
