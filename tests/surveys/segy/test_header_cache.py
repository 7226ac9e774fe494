"""Headers of large files are read once, and again when the file has changed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.surveys.segy import header_cache
from napari_fhn.surveys.segy import headers as segy_headers
from napari_fhn.surveys.segy.trace_bytes import TraceBytes
from survey_files import segy as factory

SURVEY = factory.Survey(n=(30, 20, 6))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Take every file for a large one; tell how many traces all of whose headers were read."""
    monkeypatch.setenv(header_cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(header_cache, "LEAST_BYTES", 0)
    monkeypatch.setattr(segy_headers, "SMALL_TRACES", 0)
    monkeypatch.setattr(segy_headers, "SMALL_BYTES", 0)
    counts: list[int] = []
    pieces = TraceBytes.pieces

    def spy(self, traces, start, stop):
        if stop <= 240:
            counts.append(len(traces))
        return pieces(self, traces, start, stop)

    monkeypatch.setattr(TraceBytes, "pieces", spy)
    return counts


def irregular(path: Path) -> np.ndarray:
    """Write a survey that lacks a trace, and return its values."""
    truth = factory.volume(path, SURVEY, keep=lambda i, j: (i != 3) | (j != 4))
    return truth.values


def whole(counts: list[int]) -> int:
    """How often nearly all headers were read."""
    n = sum(count > 500 for count in counts)
    counts.clear()
    return n


def test_the_second_opening_reads_no_header_again(tmp_path: Path, read: list[int]) -> None:
    values = irregular(tmp_path / "a.sgy")
    first = surveys.open(tmp_path / "a.sgy")
    assert whole(read)
    second = surveys.open(tmp_path / "a.sgy")
    assert not whole(read)
    np.testing.assert_array_equal(first.values, values)
    np.testing.assert_array_equal(second.values, values)
    assert first.attrs["geometry"] == second.attrs["geometry"]


def test_a_file_that_was_written_again_is_read_again(tmp_path: Path, read: list[int]) -> None:
    irregular(tmp_path / "a.sgy")
    surveys.open(tmp_path / "a.sgy")
    whole(read)
    os.utime(tmp_path / "a.sgy", ns=(1, 1))
    surveys.open(tmp_path / "a.sgy")
    assert whole(read)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY"])
def test_a_damaged_cache_is_not_believed(tmp_path: Path, read: list[int], damage: bytes) -> None:
    values = irregular(tmp_path / "a.sgy")
    surveys.open(tmp_path / "a.sgy")
    whole(read)
    kept = list(header_cache.folder().glob("*.npz"))
    assert kept
    for path in kept:
        path.write_bytes(damage)
    np.testing.assert_array_equal(surveys.open(tmp_path / "a.sgy").values, values)
    assert whole(read)


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path, read: list[int]) -> None:
    values = irregular(tmp_path / "a.sgy")
    (tmp_path / "cache").write_text("a file")
    np.testing.assert_array_equal(surveys.open(tmp_path / "a.sgy").values, values)


def test_small_files_leave_no_trace(tmp_path: Path, read: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header_cache, "LEAST_BYTES", 2**29)
    irregular(tmp_path / "a.sgy")
    surveys.open(tmp_path / "a.sgy")
    assert not (tmp_path / "cache").exists()
