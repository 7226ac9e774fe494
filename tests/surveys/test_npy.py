from __future__ import annotations

import numpy as np
import pytest

from napari_fhn import surveys


def test_axes_have_no_names_and_values_stay_on_disk(tmp_path):
    values = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    np.save(tmp_path / "a.npy", values)
    array = surveys.open(tmp_path / "a.npy")
    assert array.dims == ("axis_0", "axis_1", "axis_2")
    assert array.attrs["kind"] == "array"
    np.testing.assert_array_equal(array[:, 2].values, values[:, 2])
    base = array.values
    while base.base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert type(base).__name__ in ("memmap", "mmap")
    with pytest.raises(ValueError, match="read-only"):
        array.values[0, 0, 0] = 1


def test_anything_else_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.ones((4, 4)))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(surveys.SurveyError, match="not a whole npy array"):
        surveys.open(path)
    for values in (
        np.array(["a", "b"]),
        np.array([{}], dtype=object),
        np.array(3.0),
        np.ones((0, 3)),
        np.ones(3) * 1j,
    ):
        np.save(path, values)
        with pytest.raises(surveys.SurveyError):
            surveys.open(path)
    path.write_text("no")
    assert not surveys.can_open(path)
    with pytest.raises(surveys.SurveyError):
        surveys.open(path)
