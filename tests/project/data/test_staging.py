"""Copies of surveys: made once, made again when anything of the survey has changed, and never left half done."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from tests.project.conftest import SHAPE, opened

from napari_fhn import mapped, sample_data, surveys
from napari_fhn.project import Project, Session, SurveyEntry, SurveySet
from napari_fhn.project.data.inputs import entry_of
from napari_fhn.project.data.staging import stage
from napari_fhn.project.sessions import stamps
from napari_fhn.structure.attributes import Band
from napari_fhn.training.errors import JobError


def cube(dtype=np.int16, **attrs):
    values = np.arange(4 * 3 * 5, dtype=dtype).reshape(4, 3, 5)
    return xr.DataArray(values, dims=("band", "y", "x"), attrs=attrs)


def copies(session: Session) -> list[Path]:
    return sorted(session.inputs.glob("*.npy"))


def again(work, file: Path) -> Project:
    """The session opened another day, with the survey from a file."""
    work.session.release()
    project = Project(Session(work.session.folder))
    project.use(SurveySet.of({"magnetics": opened(file)}))
    return project


def test_good_bands_are_channels(tmp_path):
    survey = cube().assign_coords(good=("band", [True, False, True, True]))
    staged = stage(tmp_path, "May 3", survey)
    assert staged.channel_axis == 0
    assert staged.path.name.startswith("May-3-")
    np.testing.assert_array_equal(np.load(staged.path), survey.values[[0, 2, 3]])
    assert staged.input("May 3").stamp == staged.content


@pytest.mark.parametrize("dims", [("band", "y", "x"), ("y", "x", "band"), ("y", "band", "x")])
def test_a_cube_has_its_good_bands_last(tmp_path, dims):
    survey = cube(nodata=7.0).assign_coords(good=("band", [True, False, True, True])).transpose(*dims)
    staged = stage(tmp_path, "May", survey, cube=True)
    assert staged.channel_axis is None
    expected = survey.isel(band=[0, 2, 3]).transpose("y", "x", "band").values.astype(float)
    np.testing.assert_array_equal(np.load(staged.path), np.where(expected == 7, np.nan, expected))


def test_a_cube_is_made_of_bands(tmp_path):
    with pytest.raises(JobError, match="'flat' has no bands: choose another recipe"):
        stage(tmp_path, "flat", xr.DataArray(np.zeros((3, 5)), dims=("y", "x")), cube=True)


def test_nodata_becomes_nan(tmp_path):
    values = np.load(stage(tmp_path, "a", cube(nodata=7.0)).path)
    assert np.isnan(values[0, 1, 2])
    assert np.isnan(values).sum() == 1
    assert values[3, 2, 4] == 59


def test_nodata_that_the_numbers_cannot_hold_changes_nothing(tmp_path):
    assert np.load(stage(tmp_path, "a", cube(np.uint8, nodata=-32768.0)).path).dtype == np.uint8


def test_no_good_band_is_said(tmp_path):
    with pytest.raises(JobError, match="bad-band list"):
        stage(tmp_path, "a", cube().assign_coords(good=("band", [False] * 4)))


def test_words_are_no_survey(tmp_path):
    with pytest.raises(JobError, match="numbers are needed"):
        stage(tmp_path, "a", xr.DataArray(np.array([["salt"]]), dims=("y", "x")))


def test_a_survey_is_described_beside_its_copy(tmp_path):
    staged = stage(tmp_path, "fold", surveys.open(sample_data.SEISMIC.survey))
    assert "inline: 128, 1001 to 1128 step 1" in staged.path.with_suffix(".txt").read_text()


def test_the_name_of_a_copy_says_what_is_in_it(tmp_path):
    first, second = stage(tmp_path, "a", cube()), stage(tmp_path, "b", cube())
    assert first.content == second.content
    assert stage(tmp_path, "a", cube() + np.int16(1)).path != first.path
    assert stage(tmp_path, "a", cube(np.int32)).content != first.content


def test_what_is_copied_is_not_copied_again(work, monkeypatch):
    (first,) = work.project.stage()
    assert Path(first.path).parent == work.session.inputs
    monkeypatch.setattr("napari_fhn.project.data.staging._copy", None)  # would be called
    assert work.project.stage() == (first,)
    assert again(work, work.file).stage() == (first,)


def test_a_change_where_no_sample_looks_is_seen(work):
    """The same size, and other values only deep inside of a large file."""
    large = work.file.with_name("large.npy")
    values = np.zeros((600, 500), np.float32)
    np.save(large, values)
    project = Project(Session(work.session.folder.with_name("large")))
    project.use(SurveySet.of({"large": opened(large)}))
    (first,) = project.stage()
    before = stamps.stamp(large)
    values[301, 250] = 1.0
    np.save(large, values)
    assert stamps.stamp(large).size == before.size
    assert stamps.stamp(large).checksum == before.checksum  # no sample has seen it
    os.utime(large, ns=(before.modified_ns + 1000, before.modified_ns + 1000))
    later = Project(Session(project.session.folder))
    later.use(SurveySet.of({"large": opened(large)}))
    (second,) = later.stage()
    assert second.path != first.path
    assert second.stamp != first.stamp
    assert np.load(second.path)[0, 301, 250] == 1.0
    assert [path.name for path in copies(later.session)] == [Path(second.path).name]  # the other is of no use


def test_a_run_keeps_the_copy_that_it_was_trained_on(work):
    run = work.train()
    (old,) = run.job().inputs
    np.save(work.file, np.zeros(SHAPE, np.float32))
    (new,) = again(work, work.file).stage()
    assert new.path != old.path
    assert len(copies(work.session)) == 2
    np.testing.assert_array_equal(np.load(new.path), 0)


@pytest.mark.parametrize("how", [shutil.copy, shutil.move])
def test_a_file_that_was_moved_or_unpacked_is_the_same(work, tmp_path, how):
    (first,) = work.project.stage()
    before = os.stat(first.path)
    target = tmp_path / "elsewhere" / "magnetics.npy"
    target.parent.mkdir()
    how(work.file, target)
    os.utime(target, (1e9, 1e9))
    (second,) = again(work, target).stage()
    assert second == first
    # Whoever has the copy mapped keeps it.
    assert (os.stat(first.path).st_ino, os.stat(first.path).st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert len(copies(work.session)) == 1
    reference = Session(work.session.folder).manifest.surveys[0].file
    assert reference.absolute == str(target)
    assert reference.stamp == stamps.stamp(target)


def test_the_same_file_read_in_another_way_is_another_survey(work):
    work.project.stage()
    (known,) = work.session.manifest.surveys
    assert known.staged
    assert entry_of(work.session, "magnetics", opened(work.file), known) == known
    turned = surveys.open(work.file, axes=("x", "y"))
    fresh = entry_of(work.session, "magnetics", turned, known)
    assert (fresh.staged, fresh.content, fresh.read_as) == ("", "", {"axes": ["x", "y"]})
    # And a copy is taken for that of a survey only where both were read alike.
    assert stage(work.session.inputs, "magnetics", turned, known).content != known.content


class Cancelled(Exception):
    pass


@pytest.mark.parametrize("at", [0.01, 0.5, 1.0])
def test_a_copy_that_is_cancelled_leaves_nothing(work, at):
    def told(share):
        if share >= at:
            raise Cancelled

    with pytest.raises(Cancelled):
        work.project.stage(progress=told)
    assert list(work.session.inputs.iterdir()) == []
    assert not work.session.manifest.surveys[0].staged
    work.project.stage()
    assert len(copies(work.session)) == 1


def test_a_full_disk_leaves_nothing(work, monkeypatch):
    monkeypatch.setattr("napari_fhn.disk_room.room", lambda _: 100)
    with pytest.raises(JobError, match=r"does not fit into .*inputs .*make room there"):
        work.project.stage()
    assert list(work.session.inputs.iterdir()) == []


def test_a_copy_is_on_the_disk_before_it_has_its_name(work, monkeypatch):
    happened = []
    real_sync, real_replace = mapped.sync, os.replace

    def sync(array):
        happened.append("sync")
        real_sync(array)

    def replace(source, target):
        happened.append(f"to {Path(target).parent.name}")
        real_replace(source, target)

    monkeypatch.setattr(mapped, "sync", sync)
    monkeypatch.setattr(os, "replace", replace)
    work.project.stage()
    assert "to inputs" in happened[happened.index("sync") :]
    assert happened.count("sync") == 1


def test_a_copy_that_somebody_removed_is_made_again(work):
    (first,) = work.project.stage()
    Path(first.path).unlink()
    (second,) = work.project.stage()
    assert second == first
    assert Path(second.path).is_file()


def test_bands_as_an_axis_and_as_channels_are_two_copies(tmp_path):
    session = Session(tmp_path / "work")
    project = Project(session, SurveySet.of({"May": cube()}))
    (flat,) = project.stage()
    assert np.load(flat.path).shape == (4, 3, 5)
    (deep,) = project.stage(cube=True)
    assert np.load(deep.path).shape == (3, 5, 4)
    assert session.manifest.surveys[0].cube


def test_an_entry_of_another_file_has_no_copy_yet(work, tmp_path):
    work.project.stage()
    other = tmp_path / "other.npy"
    np.save(other, np.ones(SHAPE, np.float32))
    project = again(work, other)
    assert project.session.manifest.surveys[0].staged == ""
    (staged,) = project.stage()
    np.testing.assert_array_equal(np.load(staged.path), 1)


def test_arrays_from_no_file_are_known_by_their_values(tmp_path):
    session = Session(tmp_path / "work")
    survey = xr.DataArray(np.zeros(SHAPE, np.float32), dims=("y", "x"))
    (first,) = Project(session, SurveySet.of({"a": survey})).stage()
    assert session.manifest.surveys == (
        SurveyEntry(
            "a",
            kind="map",
            staged=f"inputs/{Path(first.path).name}",
            content=first.stamp,
            bands=(Band("a"),),
        ),
    )
    (second,) = Project(session, SurveySet.of({"a": survey + 1})).stage()
    assert second.path != first.path
