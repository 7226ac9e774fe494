"""The manifest comes back as it was written, and says what is wrong where it was damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn import sample_data
from napari_fhn.api.saying import held_out_of
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable
from napari_fhn.project import ProjectError
from napari_fhn.project.sessions.manifest import (
    FILE,
    ClassEntry,
    Damaged,
    FileReference,
    FileStamp,
    HeldOut,
    KnowledgeEntry,
    Manifest,
    StackedMap,
    SurveyEntry,
    refer,
)
from napari_fhn.surveys.grid import Grid

text = st.text(max_size=20)
counts = st.integers(0, 2**53)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
options = st.dictionaries(text, plain, max_size=3)
files = st.builds(FileReference, text, text, st.builds(FileStamp, counts, counts, text))
maps = st.builds(StackedMap, files, options, st.booleans(), text)
entries = st.builds(
    SurveyEntry,
    text,
    st.none() | files,
    options,
    text,
    st.sampled_from(["input", "shown"]),
    st.integers(1, 400),
    st.lists(maps, max_size=2).map(tuple),
    text,
    text,
    st.booleans(),
)
boxes = st.builds(lambda a, b: Box((min(a, b), 0), (max(a, b), 9)), st.integers(0, 99), st.integers(0, 99))
grids = st.sampled_from(
    [
        None,
        Grid.of(xr.DataArray(np.zeros((3, 4)), dims=("y", "x"))),
        Grid.of(
            xr.DataArray(
                np.zeros((3, 4, 5)),
                dims=("inline", "crossline", "twt"),
                coords={"inline": [5, 6, 7], "twt": ("twt", [0.0, 4, 8, 12, 17], {"units": "ms"})},
            )
        ),
    ]
)
classes = st.builds(ClassEntry, st.integers(1, 255), text.map(lambda name: f"class {name}"), st.just("#aa33ff"))
manifests = st.builds(
    Manifest,
    surveys=st.lists(entries, max_size=3).map(tuple),
    grid=grids,
    kind=text,
    vertical_axis=st.none() | st.integers(0, 2),
    classes=st.lists(classes, max_size=3, unique_by=(lambda one: one.value, lambda one: one.name)).map(tuple),
    knowledge=st.lists(st.builds(KnowledgeEntry, files, text, options), max_size=2).map(tuple),
    settings=options,
    held_out=st.builds(
        HeldOut, st.none() | counts, st.lists(boxes, max_size=2).map(tuple), st.none() | st.integers(1, 9)
    ),
    current_run=text,
    runs_made=counts,
    created=text,
    program=text,
)


@given(manifests)
def test_it_comes_back_as_it_was(tmp_path_factory, manifest):
    folder = tmp_path_factory.mktemp("session")
    manifest.save(folder)
    assert Manifest.load(folder) == manifest
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_there_is_none_yet(tmp_path):
    assert Manifest.load(tmp_path) == Manifest()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xff", "not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "nested"),
        (b"[]", "napari-fhn session"),
        (b'{"format": "napari-fhn job", "version": 2}', "'napari-fhn session' is expected"),
        (b'{"format": "napari-fhn session", "version": 2, "survey": []}', "survey is not known"),
        (
            b'{"format": "napari-fhn session", "version": 2, "classes": [{"value": 0, "name": "a", "color": ""}]}',
            "value 0",
        ),
        (b'{"format": "napari-fhn session", "version": 2, "runs_made": "3"}', "runs_made is '3': a whole number"),
        (b'{"format": "napari-fhn session", "version": 2, "surveys": [{"file": null}]}', r"surveys\[0\].name is miss"),
    ],
)
def test_a_damaged_one_says_what_and_where(tmp_path, content, said):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(Damaged, match=said) as refused:
        Manifest.load(tmp_path)
    sentence = str(refused.value)
    assert sentence.startswith(f"{tmp_path / FILE}: it cannot be read: ")
    assert sentence.count(str(tmp_path)) == 1
    assert "labels and networks beside it are whole" in sentence
    assert (tmp_path / FILE).read_bytes() == content


def test_one_of_a_later_version_is_refused_with_the_way_out(tmp_path):
    (tmp_path / FILE).write_text('{"format": "napari-fhn session", "version": 99}')
    with pytest.raises(ProjectError, match=r"of version 99, and this program knows them up to 2\. Update") as refused:
        Manifest.load(tmp_path)
    assert not isinstance(refused.value, Damaged)


def test_the_classes_are_a_table(tmp_path):
    assert Manifest().table is None
    table = ClassTable.default(3)
    Manifest().with_table(table).save(tmp_path)
    assert Manifest.load(tmp_path).table == table


def test_what_is_learnt_from_is_told_from_what_is_only_shown():
    shown = SurveyEntry("amplitude", role="shown")
    assert Manifest((shown, SurveyEntry("envelope"))).inputs == (SurveyEntry("envelope"),)


def test_files_are_named_as_seen_from_the_session(tmp_path):
    file = tmp_path / "data" / "survey.sgy"
    found = refer(file, tmp_path / "work" / "session", FileStamp(3))
    assert found == FileReference("../../data/survey.sgy", str(file), FileStamp(3))
    assert found.name == "survey.sgy"


def test_a_bundled_file_is_named_by_its_sample(tmp_path):
    assert refer(sample_data.SEISMIC.survey, tmp_path).path == "sample:seismic/fold_and_fault.sgy"


def test_a_relative_path_is_one_of_now(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refer(Path("a.sgy"), tmp_path / "s").absolute == str(tmp_path / "a.sgy")


def test_a_write_that_fails_leaves_the_one_before(tmp_path, monkeypatch):
    Manifest(kind="map").save(tmp_path)
    before = (tmp_path / FILE).read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace(Manifest(), kind="cube").save(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_it_says_what_it_is_and_can_be_read_by_a_person(tmp_path):
    Manifest(kind="map", settings={"recipe": "map"}).save(tmp_path)
    content = json.loads((tmp_path / FILE).read_text())
    assert content["format"] == "napari-fhn session"
    assert content["version"] == 2
    assert content["kind"] == "map"


@pytest.mark.parametrize(
    ("count", "blocks", "words"),
    [
        (-1, None, "-1 wells or patches cannot be held out"),
        (-1, 4, "-1 wells or patches cannot be held out"),
        (None, 4, "blocks are held out"),
        (0, 4, "no blocks are held out"),
    ],
)
def test_what_holds_nothing_out_is_no_way_to_ask_for_it(count, blocks, words):
    drawn = HeldOut(1, (Box((0, 0), (9, 5)),))
    for kept in (None, HeldOut(), HeldOut(0), drawn):  # what was drawn is of its own size
        for ask in (HeldOut.asked, held_out_of):
            with pytest.raises(ProjectError, match=words):
                ask(count, blocks, kept)


def test_what_is_held_out_as_it_is_asked_for():
    assert HeldOut.asked(None, None) == HeldOut.asked(0, None) == HeldOut(0)
    assert HeldOut.asked(3, 16) == HeldOut(3, blocks=16) == held_out_of(3, 16, HeldOut(2))
    assert held_out_of(np.int64(3), None, HeldOut(2)) == HeldOut(3)
    assert HeldOut.asked(None, None, HeldOut(2)) == HeldOut(2) == held_out_of(None, None, HeldOut(2))
    assert HeldOut.asked(None, 16, HeldOut(2)) == HeldOut(2, blocks=16) == held_out_of(None, 16, HeldOut(2, blocks=8))
