"""Damaged files of every kind, at every reader: a sentence or a result.

``NAPARI_FHN_FUZZ=100000`` tries as many, each reader in a process of its own.
"""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from fuzz import __main__ as fuzzing
from fuzz import finds, mutation, readers, running

#: How many are tried of each reader, beside the others: those whose files take long are tried on demand.
WEIGHTS = dict.fromkeys(readers.HDF5, 0.05) | dict.fromkeys(("tiff", "envi", "vrt", "grids"), 0.2)
WEIGHTS |= dict.fromkeys(("horizon", "zarr", "ome-zarr", "mdio", "bricks", "netcdf3"), 0.4)
WEIGHTS |= dict.fromkeys(("vds", "zgy"), 0.05) | {"su": 0.4, "missions": 0.2, "models": 0.4, "onnx": 0.2}
SOME = 2000
ASKED = int(os.environ.get("NAPARI_FHN_FUZZ", SOME))

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="limits of time and memory are set as on Unix"),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.qt_no_exception_capture,
]


@pytest.fixture(autouse=True)
def nothing_is_kept(tmp_path, monkeypatch) -> None:
    for name in ("CACHE", "REMEMBERED", "FOLLOWED"):
        monkeypatch.setenv(f"NAPARI_FHN_{name}", str(tmp_path / name))


@pytest.mark.timeout(300 if ASKED <= SOME else 0)
@pytest.mark.parametrize("name", readers.READERS)
def test_damaged_files_are_sentences_or_results(name):
    share = WEIGHTS.get(name, 1.0) / sum(WEIGHTS.get(one, 1.0) for one in readers.READERS)
    n = max(1, round(share * ASKED))
    if n > SOME:
        assert fuzzing.supervised(name, 0, 0, n) == []
        return
    found = [one for one in running.run(name, 0, range(n)) if one]
    assert found == []


@pytest.mark.parametrize("case", finds.CASES, ids=lambda case: case.what)
def test_what_was_found_once_is_a_sentence_or_a_result(tmp_path, case):
    sample = readers.READERS[case.reader].samples()[case.sample]
    files = dict(sample.files)
    chosen = [name for name in files if name.endswith(case.file)]
    assert chosen
    for name in chosen[:1]:
        assert case.old in files[name]
        files[name] = files[name].replace(case.old, case.new, 1) if case.old else case.new
    with running.limited(case.reader, tmp_path):
        running.put(files, tmp_path / "damaged")
        found = running.judged(case.reader, tmp_path / "damaged" / sample.target, sample.options)
    assert found is None
    shutil.rmtree(tmp_path / "damaged")


def test_what_is_no_sentence_is_a_find(tmp_path, monkeypatch):
    """A fuzzer that finds nothing has to be able to."""

    def read(path, options):
        said = path.read_bytes()[:3]
        if said == b"hop":
            while True:
                pass
        raise {b"key": KeyError("a"), b"mem": MemoryError()}[said]

    reader = readers.Reader("points", readers.samples.tables, read, 0.1)
    monkeypatch.setitem(readers.READERS, "points", reader)
    for said, kind in ((b"key", "KeyError at ?"), (b"mem", "memory"), (b"hop", "hang")):
        (tmp_path / "a").write_bytes(said)
        assert running.judged("points", tmp_path / "a", {})[0] == kind
    one, other = (running.write("points", 3, 7, tmp_path / name)[0].read_bytes() for name in "bc")
    assert one == other
    assert mutation.damaged(b"abc" * 100, running.random.Random(1)) != b"abc" * 100
