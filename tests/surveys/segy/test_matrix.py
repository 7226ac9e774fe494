"""Every kind of SEG-Y the factory writes, and damage of every kind done to it."""

from __future__ import annotations

import contextlib
import hashlib
import re
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_fhn import surveys
from proofs import examples
from survey_files import segy as factory

VARIANTS = dict(factory.variants())


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_opens_right_or_is_refused_with_what_it_is(name, tmp_path):
    path = tmp_path / "variant.sgy"
    truth = VARIANTS[name](path)
    before = hashlib.sha256(path.read_bytes()).digest()
    if truth.refused:
        with pytest.raises(surveys.SurveyError, match=truth.refused) as caught:
            surveys.open(path, **truth.options)
        assert str(caught.value).startswith("variant.sgy: ")
        assert caught.value.way_out
    else:
        survey = surveys.open(path, **truth.options)
        holds(survey, truth)
        # What it was read as opens it the same way, without a guess.
        again = surveys.open(path, **survey.attrs["read_as"])
        np.testing.assert_array_equal(again.values, survey.values)
        assert again.coords.equals(survey.coords)
    assert hashlib.sha256(path.read_bytes()).digest() == before


def holds(survey, truth) -> None:
    assert survey.shape == truth.values.shape
    np.testing.assert_array_equal(survey.values, truth.values.astype(survey.dtype))
    # A part is read like the whole, whatever the order of the file.
    part = (slice(None, None, -1), slice(1, None, 2), slice(-1, 0, -3))[-survey.ndim :]
    np.testing.assert_array_equal(np.asarray(survey[part]), survey.values[part])
    assert truth.note == "" or any(truth.note in note for note in survey.attrs["notes"]), survey.attrs["notes"]
    assert survey.attrs["header_bytes"] == truth.bytes_
    vertical = survey.dims[-1]
    if truth.step_ms:
        expected = truth.start_ms + truth.step_ms * np.arange(survey.shape[-1])
        np.testing.assert_allclose(survey[vertical], expected)
    else:
        assert vertical == "sample"
    if survey.ndim == 3:
        np.testing.assert_array_equal(survey["inline"], truth.inlines)
        np.testing.assert_array_equal(survey["crossline"], truth.crosslines)
    geometry = survey.attrs["geometry"]
    assert (geometry is None) == (truth.bins is None)
    if geometry is not None:
        np.testing.assert_allclose(geometry.bin_size, truth.bins, rtol=0.01)
        assert np.cos(np.radians(geometry.azimuth - truth.azimuth)) == pytest.approx(1, abs=1e-4)


def test_the_matrix_is_wide():
    assert len(VARIANTS) >= 100


def attempt(path: Path) -> None:
    """Open a file and look into it; anything but a `SurveyError` goes through."""
    with contextlib.suppress(surveys.SurveyError):
        survey = surveys.open(path)
        assert survey.size <= 25 * path.stat().st_size
        np.asarray(survey[: min(2, len(survey))])
        np.asarray(survey[..., -1])


SEEDS = ("format 1, big", "revision 2.1, sorted by crossline", "one corner cut off", "a crooked line",
         "three additional trace headers, little", "no numbers, coordinates at 17 degrees", "CDP gathers",
         "numbers where the file's own layout says, at odd bytes")  # fmt: skip


@pytest.mark.parametrize("name", SEEDS)
def test_mutated_files_open_or_are_refused(name, tmp_path):
    path = tmp_path / "mutated.sgy"
    VARIANTS[name](path)
    for content in factory.mutations(path.read_bytes(), 60, seed=len(name)):
        path.write_bytes(content)
        attempt(path)
        assert path.read_bytes() == content


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_headers_open_or_are_refused(data, tmp_path):
    """Headers drawn at will on top of samples: nothing in them is to be trusted."""
    number = st.one_of(st.integers(-(2**15), 2**15 - 1), st.sampled_from([0, 1, 2, -1, 100, 32767, -32768]))
    wide = st.one_of(st.integers(-(2**31), 2**31 - 1), st.integers(-3, 3), st.sampled_from([2**31 - 1, -(2**31)]))
    n, n_samples = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 12))
    fields = data.draw(st.dictionaries(st.sampled_from([3217, 3221, 3255, 3505, 3507]), number, max_size=4))
    extended = data.draw(st.dictionaries(st.sampled_from([3269, 3297, 3513, 3521, 3529]), wide, max_size=3))
    columns = data.draw(
        st.dictionaries(
            st.sampled_from([1, 5, 9, 13, 17, 21, 25, 37, 73, 77, 181, 185, 189, 193]),
            st.one_of(wide, st.lists(wide, min_size=n, max_size=n)),
            max_size=6,
        )
    )
    short = data.draw(st.dictionaries(st.sampled_from([29, 71, 89, 109, 115, 117, 215]), number, max_size=4))
    path = factory.write(
        tmp_path / "any.sgy",
        np.arange(float(n * n_samples)).reshape(n, n_samples),
        {k: np.asarray(v) for k, v in (columns | short).items()},
        code=data.draw(st.sampled_from([1, 2, 3, 5, 6, 7, 8, 16])),
        endian=data.draw(st.sampled_from(["big", "little"])),
        revision=(data.draw(st.integers(0, 2)), 0),
        binary={(k, "h"): v for k, v in fields.items()} | {(k, "i"): v for k, v in extended.items()},
    )
    attempt(path)


@pytest.mark.parametrize(
    "fields",
    [
        {3221: b"\xff\xff"},
        {3221: b"\x00\x00", 3501: b"\x02\x00", 3269: b"\xff\xff\xff\xff"},
        {3501: b"\x02\x00", 3513: b"\xff" * 8},
        {3501: b"\x02\x00", 3521: b"\x7f" + b"\xff" * 7},
        {3501: b"\x02\x00", 3507: b"\xff\xff"},
        {3501: b"\x02\x00", 3529: b"\x7f\xff\xff\xff"},
        {3505: b"\x7f\xff"},
        {3600 + 189: b"\x7f\xff\xff\xff", 3600 + 193: b"\x80\x00\x00\x00"},
    ],
)
def test_nothing_is_allocated_because_a_header_promises_it(tmp_path, fields):
    path = tmp_path / "promise.sgy"
    VARIANTS["format 5, big"](path)
    content = bytearray(path.read_bytes())
    for byte, data in fields.items():
        content[byte - 1 : byte - 1 + len(data)] = data
    path.write_bytes(content)
    attempt(path)
    tracemalloc.start()
    started = time.monotonic()
    try:
        attempt(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 * 2**20
    assert time.monotonic() - started < 2


def test_the_factory_counts_on_its_own(tmp_path):
    """The bytes it writes mean what the standard says, by hand."""
    for value, word in ((1.0, 0x41100000), (-118.625, 0xC276A000), (0.0, 0), (16.0, 0x42100000), (-0.5, 0xC0800000)):
        assert int(factory.to_ibm(np.array([value]))[0]) == word
        assert float(factory.from_ibm(np.array([word], dtype=np.uint32))[0]) == value
    path = factory.write(tmp_path / "a.sgy", np.array([[1.0, -2.0]]), {189: 7, 29: 1}, code=7)
    content = path.read_bytes()
    assert len(content) == 3600 + 240 + 6
    assert struct.unpack_from(">i", content, 3600 + 188) == (7,)
    assert content[-6:] == b"\x00\x00\x01\xff\xff\xfe"
    assert re.match("C 1 MADE FOR A TEST", content[:3200].decode("cp037"))
