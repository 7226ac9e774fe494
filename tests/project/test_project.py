"""A piece of work: surveys, labels, settings and runs together, and a session that opens again anywhere."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from napari_fhn import sample_data, surveys
from napari_fhn.labels import ClassTable, LabelError, Source
from napari_fhn.project import HeldOut, Project, ProjectError, Session, Settings, SurveySet
from napari_fhn.project.runs import jobs, planning
from napari_fhn.project.runs.attempt import attempt
from napari_fhn.project.sessions.manifest import Manifest, StackedMap, refer
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.maps import Categories, stack
from napari_fhn.training import Done
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Axis, Job

from .conftest import SHAPE, opened, small_settings, trained


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def seismic(tmp_path, **sizes) -> Project:
    project = Project(Session(tmp_path / "fold"))
    project.use(SurveySet.of({"fold": surveys.open(sample_data.SEISMIC.survey)}))
    return project


# Opening --------------------------------------------------------------------------------------------------------------


def test_it_opens_again_with_its_surveys_as_they_were_read(work):
    work.session.release()
    found = Project.open(work.session.folder)
    assert found.surveys.names == ("magnetics",)
    xr.testing.assert_equal(found.surveys.first, opened(work.file))
    assert found.surveys.first.attrs["read_as"] == {"axes": ("y", "x")}
    assert found.missing == ()
    assert found.shape == SHAPE


@pytest.mark.parametrize("together", [True, False])
def test_moved_with_or_without_its_survey(work, tmp_path, together):
    work.train()
    work.session.release()
    target = tmp_path / "elsewhere"
    target.mkdir()
    shutil.move(work.session.folder, target / "work")
    if together:
        shutil.move(work.file.parent, target / "data")
    found = Project.open(target / "work")
    assert found.surveys.source == (target if together else tmp_path) / "data" / "magnetics.npy"
    with found.session.writing("a test"):
        jobs.begin(found, small_settings())


def test_a_missing_survey_is_asked_for_and_the_work_goes_on_without_it(work, tmp_path):
    work.train("first")
    work.session.release()
    away = tmp_path / "another disk" / "magnetics.npy"
    away.parent.mkdir()
    work.file.rename(away)
    asked = []
    found = Project.open(work.session.folder, lambda file: asked.append(file.name))
    assert asked == ["magnetics.npy"]
    assert found.missing == ("magnetics.npy",)
    assert found.surveys is None
    with found.session.writing("a test"):
        begun = jobs.begin(found, small_settings(), name="second")  # on the copy
        assert begun.job.inputs == found.session.runs.get("first").job().inputs
        assert jobs.prediction_job(found, found.session.runs.get("first")).inputs == begun.job.inputs
    pointed = Project.open(work.session.folder, lambda file: away)
    assert pointed.surveys.source == away


def test_a_survey_that_cannot_be_read_changes_nothing(work):
    work.session.release()
    before = contents(work.session.folder)
    work.file.write_bytes(b"\x93NUMPY")
    with pytest.raises(SurveyError, match=r"magnetics\.npy"):
        Project.open(work.session.folder)
    assert contents(work.session.folder) == before


def test_a_stack_of_maps_is_stacked_again(tmp_path):
    files = []
    for number in range(2):
        survey = xr.DataArray(
            np.full((6, 5), number + 1, np.float32 if number == 0 else np.uint8),
            dims=("y", "x"),
            coords={"y": 100.0 - 10 * np.arange(6), "x": 500.0 + 10 * np.arange(5)},
            name=f"map{number}",
        )
        survey.to_netcdf(tmp_path / f"map{number}.nc", engine="h5netcdf")
        files.append(tmp_path / f"map{number}.nc")
    parts = [surveys.open(files[0]), Categories(surveys.open(files[1]))]
    whole = stack(parts)
    session = Session(tmp_path / "work")
    project = Project(session)
    maps = [StackedMap(refer(file, session.folder), categorical=number == 1) for number, file in enumerate(files)]
    project.use(SurveySet.of({"maps": whole}), stacks={"maps": maps})
    found = Project.open(session.folder)
    xr.testing.assert_equal(found.surveys.first, whole)
    (entry,) = session.manifest.surveys
    assert entry.channels == found.surveys.channels


def test_arrays_that_came_from_no_file_live_on_as_copies(tmp_path):
    project = Project(Session(tmp_path / "work"))
    project.use(SurveySet.of({"a": xr.DataArray(np.zeros(SHAPE, np.float32), dims=("y", "x"))}))
    known = np.zeros(SHAPE, np.uint8)
    known[0, 0], known[5, 5] = 1, 2
    project.paint(known)
    (staged,) = project.stage()
    found = Project.open(tmp_path / "work")
    assert found.surveys is None
    assert found.stage() == (staged,)
    assert found.shape == SHAPE


def test_no_session_is_said(tmp_path):
    with pytest.raises(ProjectError, match="no such folder"):
        Project.open(tmp_path / "nowhere")


# Place ----------------------------------------------------------------------------------------------------------------


def test_a_survey_that_lies_elsewhere_is_refused(tmp_path):
    project = seismic(tmp_path)
    survey = project.surveys.first
    moved = survey.assign_coords(inline=survey["inline"] + 1)
    moved["inline"].attrs.update(survey["inline"].attrs)
    with pytest.raises(ProjectError, match=r"lie elsewhere than 'moved'.*1002 to 1129"):
        project.use(SurveySet.of({"moved": moved}))
    with pytest.raises(ProjectError, match="lie elsewhere than 'part'"):
        Project(project.session, SurveySet.of({"part": survey[:100]}))
    assert project.surveys.names == ("fold",)
    again = survey.copy()
    project.use(SurveySet.of({"again": again}))


def test_what_the_survey_says_of_its_axes_goes_into_the_job(tmp_path):
    project = seismic(tmp_path)
    known = np.zeros(project.shape, np.uint8)
    known[5, 5, :50], known[5, 5, 50:] = 1, 2
    project.paint(known)
    job = jobs.begin(project, replace(small_settings(), recipe="sections")).job
    assert job.axes == (Axis("inline", "", 1001, 1), Axis("crossline", "", 2001, 2), Axis("twt", "ms", 400, 4))
    assert job.vertical_axis == project.vertical_axis == 2
    assert Job.from_json(job.to_json()) == job


def test_a_vertical_axis_that_a_person_chose_is_remembered(tmp_path):
    project = Project(Session(tmp_path / "work"))
    nameless = xr.DataArray(np.zeros((4, 5, 6), np.float32), dims=("axis_0", "axis_1", "axis_2"))
    assert project.vertical_axis is None
    project.use(SurveySet.of({"a": nameless}), vertical_axis=-1)
    assert project.vertical_axis == 2
    assert Project(project.session).vertical_axis == 2


def test_what_is_only_shown_stays_in_the_manifest(work):
    (entry,) = work.session.manifest.surveys
    work.session.change(surveys=(replace(entry, name="shown", role="shown"), entry))
    work.project.use(work.project.surveys)
    assert [(one.name, one.role) for one in work.session.manifest.surveys] == [
        ("magnetics", "input"),
        ("shown", "shown"),
    ]
    work.project.stage()
    assert [one.name for one in work.session.manifest.inputs] == ["magnetics"]


# What is known --------------------------------------------------------------------------------------------------------


def test_labels_come_from_files_and_are_remembered(tmp_path):
    sample = sample_data.SEISMIC
    project = seismic(tmp_path)
    words = project.label([Source(sample.wells, "wells"), Source(sample.tops, "tops")])
    assert words == []
    known = np.array(project.session.known())
    assert known.any()
    assert len(project.classes) >= 2
    assert [(entry.file.path, entry.kind) for entry in project.session.manifest.knowledge] == [
        ("sample:seismic/wells.csv", "wells"),
        ("sample:seismic/tops.csv", "tops"),
    ]
    project.label([Source(sample.wells, "wells"), Source(sample.tops, "tops")])  # the same again
    with pytest.raises(LabelError, match="never overwritten"):
        project.label([Source(sample.wells, "wells", options={"radius": 9.0}), Source(sample.tops, "tops")])
    np.testing.assert_array_equal(project.session.known(), known)
    project.label(
        [Source(sample.wells, "wells", options={"radius": 9.0}), Source(sample.tops, "tops")], replace_labels=True
    )
    assert np.count_nonzero(project.session.known()) > np.count_nonzero(known)


def test_labels_outside_of_the_survey_are_none(tmp_path):
    (tmp_path / "wells.csv").write_text("well,inline,crossline\nA,9000,9000\n")
    (tmp_path / "tops.csv").write_text("well,top_twt_ms,base_twt_ms,class\nA,500,600,sand\nA,600,700,shale\n")
    project = seismic(tmp_path)
    with pytest.raises(LabelError):
        project.label([Source(tmp_path / "wells.csv", "wells"), Source(tmp_path / "tops.csv", "tops")])
    assert not project.session.has_labels
    assert project.session.manifest.knowledge == ()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((3, 3), np.uint8), r"\(3, 3\) voxels and the survey is \(12, 10\)"),
        (np.full(SHAPE, 0.5), "no classes"),
        (np.full(SHAPE, "salt"), "no classes"),
    ],
)
def test_an_array_that_is_no_labels(work, values, said):
    before = np.array(work.session.known())
    with pytest.raises(LabelError, match=said):
        work.project.paint(values)
    np.testing.assert_array_equal(work.session.known(), before)


def test_other_labels_are_never_overwritten(work):
    other = np.array(work.session.known())
    work.project.paint(other)
    other[0, 0] = 2
    with pytest.raises(LabelError, match="never overwritten"):
        work.project.paint(other)


def test_labels_that_are_replaced_have_a_way_back(work):
    before = np.array(work.session.known())
    for number in (1, 2):
        other = np.array(before)
        other[0, 0] = 1 + number
        there = np.array(work.session.known())
        said = work.project.paint(other, replace_labels=True)
        assert said == [f"The labels that were there are kept in labels-before-{number}.npy."]
        np.testing.assert_array_equal(work.session.known(), other)
        np.testing.assert_array_equal(np.load(work.session.folder / f"labels-before-{number}.npy"), there)
    assert work.project.paint(other, replace_labels=True) == []  # the same ones replace nothing


def test_classes_that_nobody_named_have_numbers(work):
    assert work.project.classes == ClassTable.default(2)
    work.session.set_classes(ClassTable.from_csv(sample_data.SEISMIC.classes))
    assert len(work.project.classes) == 7
    assert work.begin().job.classes == work.project.classes.names


# Settings -------------------------------------------------------------------------------------------------------------


def test_settings_are_kept_and_come_back(work):
    assert work.project.settings is None
    settings = small_settings(9)
    work.session.change(settings=settings.to_dict())
    assert Project.open(work.session.folder).settings == settings
    work.session.change(settings={"recipe": "of another version"})
    assert work.project.settings is None


def test_a_recipe_goes_with_the_data(work, tmp_path):
    assert "map" in work.project.recipes
    assert planning.choose_recipe(work.project).name in work.project.recipes
    assert "sections" in seismic(tmp_path).recipes


def test_held_out_labels_are_those_of_the_manifest_where_nobody_says_others(work):
    work.session.change(held_out=HeldOut(1))
    assert len(work.begin().job.held_out) == 1
    assert jobs.begin(work.project, small_settings(), held_out=HeldOut()).job.held_out == ()


def test_labels_of_one_class_tell_nothing_apart(tmp_path):
    project = Project(Session(tmp_path / "work"))
    project.use(SurveySet.of({"a": xr.DataArray(np.zeros(SHAPE, np.float32), dims=("y", "x"))}))
    with pytest.raises(ProjectError, match="nothing is labelled"):
        jobs.begin(project, small_settings())
    known = np.zeros(SHAPE, np.uint8)
    known[0, 0] = 1
    project.paint(known)
    with pytest.raises(JobError, match="at least two classes"):
        jobs.begin(project, small_settings())
    assert list(project.session.runs) == []
    assert not project.session.inputs.exists()


def test_settings_that_do_not_go_with_the_data_make_nothing(work):
    with pytest.raises(JobError):
        jobs.begin(work.project, Settings.of("layers").with_value("job", "position", "nowhere"))
    assert list(work.session.runs) == []


# A try that fails -----------------------------------------------------------------------------------------------------


def test_a_first_try_that_fails_leaves_nothing(tmp_path, survey_file):
    session = Session(tmp_path / "work")
    project = Project(session)

    def fails():
        with session.writing("a test"), attempt(project.session):
            project.use(SurveySet.of({"magnetics": opened(survey_file)}))
            project.paint(np.eye(*SHAPE, dtype=np.uint8))
            project.stage()
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert not session.folder.exists()
    with session.writing("a test"), attempt(project.session):
        project.use(SurveySet.of({"magnetics": opened(survey_file)}))
        known = np.eye(*SHAPE, dtype=np.uint8)
        known[5, 0] = 2
        project.paint(known)
        begun = jobs.begin(project, small_settings())
        trained(begun.run, begun.job)
        session.runs.finish(begun.run, Done("train", False, 1.0, "Trained."))
    assert session.runs.current.id == "run-001"


def test_a_try_that_fails_in_a_session_that_does_not_say_when_it_was_made_says_why(tmp_path):
    session = Session(tmp_path / "work")
    session.folder.mkdir()
    Manifest(held_out=HeldOut(3)).save(session.folder)

    def fails():
        with session.writing("a test"), attempt(session):
            session.change(held_out=HeldOut(5))
            raise KeyError("why")

    for _ in range(2):
        with pytest.raises(KeyError, match="why"):
            fails()
        assert Session(session.folder).manifest == Manifest(held_out=HeldOut(3))


def test_a_later_try_that_fails_changes_nothing(work):
    work.train("first")
    before = contents(work.session.folder)

    def fails():
        with attempt(work.project.session):
            work.session.set_classes(ClassTable.default(5))
            work.session.change(held_out=HeldOut(3))
            work.session.runs.finish(work.begin().run, None)
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    after = contents(work.session.folder)
    assert after.keys() == before.keys()
    assert {name for name in before if before[name] != after[name]} <= {"session.json"}
    assert [run.name for run in work.session.runs] == ["first"]
    manifest = work.session.manifest
    assert (len(manifest.classes), manifest.held_out) == (0, HeldOut())


# Predictions ----------------------------------------------------------------------------------------------------------


def test_a_prediction_is_asked_of_the_run_that_is_named(work):
    first, _ = work.train("first"), work.train("second")
    job = jobs.prediction_job(work.project, first, outputs=("entropy",), flips=True, device="cpu", memory=10**9)
    assert (job.prediction, job.model) == (str(first.prediction), str(first.model))
    assert (job.outputs, job.flips, job.memory, job.run) == (("entropy",), True, 10**9, "run-001")
    assert job.output_path("entropy").parent == first.folder
    plain = jobs.prediction_job(work.project, first)
    assert (plain.outputs, plain.flips) == ((), False)
