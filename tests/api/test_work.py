"""A piece of work in Python, from arrays and files, and beside the other faces."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr

import napari_fhn as fhn
from napari_fhn import sample_data, surveys
from napari_fhn.api import Training, Work
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.project import NeedsConsent, ProjectError, Session, SessionInUse, Settings
from napari_fhn.surveys import SurveyError
from napari_fhn.training import Done, Progress
from napari_fhn.training.errors import JobError

from .conftest import SHAPE


@pytest.fixture
def work(image, labels) -> Work:
    with fhn.open(image, axes=("y", "x"), session="w") as found:
        found.label(labels, classes=["sand", "shale"])
        yield found


def train(work, **given) -> Training:
    training = work.fit(**{"recipe": "map", "device": "cpu", **given})
    training.wait()
    return training


# Opening --------------------------------------------------------------------------------------------------------------


def test_importing_costs_no_torch():
    code = (
        "import sys, numpy as np, napari_fhn as fhn\n"
        "with fhn.open(np.zeros((4, 5), 'f4'), axes=('y', 'x')) as work: work.shape, work.runs.all()\n"
        "heavy = {'torch', 'qtpy', 'napari'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_array_has_a_session_that_ends_with_the_work(image):
    with fhn.open(image, axes=("y", "x")) as work:
        folder = work.session
        assert folder.is_dir()
        assert work.shape == SHAPE
        assert repr(work) == "<Work work.fhn: 24 × 20, nothing labelled, no runs>"
    assert not folder.parent.exists()


def test_a_work_that_is_forgotten_lets_go(image):
    work = fhn.open(image, axes=("y", "x"))
    folder = work.session.parent
    del work
    gc.collect()
    assert not folder.exists()


def test_a_file_has_a_session_of_its_name_here(image):
    np.save("magnetics.npy", image)
    with fhn.open("magnetics.npy", axes=("y", "x")) as work:
        assert work.session == Path("magnetics.fhn").absolute()
        assert list(work.surveys) == ["magnetics"]
    with fhn.open(session="magnetics.fhn") as work:
        assert list(work.surveys) == ["magnetics"]
        assert work.surveys["magnetics"].attrs["read_as"] == {"axes": ("y", "x")}


def test_several_are_channels(image):
    np.save("a.npy", image)
    with fhn.open(["a.npy", "a.npy"], axes=("y", "x"), session="both") as work:
        assert list(work.surveys) == ["a", "a (2)"]
    with fhn.open({"north": image, "south": image}, axes="y,x", session="named") as work:
        assert list(work.surveys) == ["north", "south"]
        assert work.project.surveys.channels == 2


def test_bands_of_an_array_may_be_anywhere():
    cube = np.arange(4 * 5 * 3, dtype=np.float32).reshape(4, 5, 3)
    with fhn.open(cube, axes=("y", "x", "band")) as work:
        assert work.shape == (4, 5)
        (survey,) = work.surveys.values()
        assert survey.dims == ("band", "y", "x")
        np.testing.assert_array_equal(survey, np.moveaxis(cube, -1, 0))


def test_arrays_may_have_their_axes_in_any_order(image, labels, truth):
    with fhn.open(image.T, axes=("x", "y"), session="w") as work:
        assert work.shape == SHAPE
        work.label(labels.T)
        np.testing.assert_array_equal(work.labels, labels)
        train(work)
        work.predict()
        turned = work.score(truth.T)
        assert turned.network.accuracy == work.score(xr.DataArray(truth, dims=("y", "x"))).network.accuracy


def test_surveys_of_xarray_are_taken_with_their_place():
    survey = surveys.open(sample_data.SEISMIC.survey)
    with fhn.open(survey, session="fold") as work:
        assert work.project.vertical_axis == 2
        assert list(work.surveys) == ["fold_and_fault"]
    with fhn.open(session="fold") as work:  # it came from a file, which is still there
        assert work.surveys["fold_and_fault"].sizes["inline"] == 128


@pytest.mark.parametrize(
    ("open_it", "error", "said"),
    [
        (lambda image: fhn.open(), ProjectError, "nothing to open"),
        (lambda image: fhn.open(session="nowhere"), ProjectError, "no such folder"),
        (lambda image: fhn.open("nowhere.sgy"), SurveyError, "no such file"),
        (lambda image: fhn.open("sample:nothing"), SurveyError, "no such sample"),
        (lambda image: fhn.open(image, axes=("y",)), SurveyError, "2 axes"),
        (lambda image: fhn.open(image, axes=("y", "north")), SurveyError, "twice"),
        (lambda image: fhn.open(image[0]), ProjectError, "1 spatial axis"),
        (lambda image: fhn.open([]), ProjectError, "no survey to work on"),
        (lambda image: fhn.open(np.zeros((3, 4, 5)), vertical_axis=7), ProjectError, "no axis 7"),
    ],
)
def test_what_cannot_be_opened_leaves_nothing(image, open_it, error, said):
    with pytest.raises(error, match=said):
        open_it(image)
    assert list(Path().iterdir()) == []


def test_a_session_of_another_survey_is_refused_and_stays(work, image):
    before = (work.session / "session.json").read_bytes()
    work.close()
    with pytest.raises(ProjectError, match="lie elsewhere"):
        fhn.open(image[:10], axes=("y", "x"), session="w")
    assert (work.session / "session.json").read_bytes() == before
    assert Session("w").holder() is None


def test_a_cell_of_a_notebook_is_run_again(work, image):
    again = fhn.open(image, axes=("y", "x"), session="w")
    assert again.project.session.lock.held
    with pytest.raises(ProjectError, match="it was closed"):
        work.label(np.zeros(SHAPE, int))
    again.close()


def test_what_another_program_works_in_can_be_looked_at(work):
    train(work)
    work.close()
    with Session("w").writing("the desk"):
        with pytest.raises(SessionInUse, match="the desk"):
            fhn.open(session="w")
        with fhn.open(session="w", read_only=True) as found:
            assert found.run.name == "Run 1"
            assert found.labels.any()
            for change in (lambda: found.label(np.zeros(SHAPE)), found.predict, lambda: found.fit().wait()):
                with pytest.raises(ProjectError, match="to look at only"):
                    change()


# Labels ---------------------------------------------------------------------------------------------------------------


def test_labels_of_an_array(work, labels):
    assert work.classes == {1: "sand", 2: "shale"}
    np.testing.assert_array_equal(work.labels, labels)
    assert work.labels.dims == ("y", "x")
    assert work.labels.attrs["classes"] == work.classes
    work.label(labels)
    other = labels.copy()
    other[0, 0] = 2
    with pytest.raises(LabelError, match="never overwritten"):
        work.label(other)
    work.label(other, replace_labels=True, classes={1: "salt", 2: "rest"})
    assert work.labels[0, 0] == 2
    assert work.classes == {1: "salt", 2: "rest"}


def test_labels_with_coordinates_are_brought_to_their_place():
    survey = surveys.open(sample_data.SEISMIC.survey)[:8, :10]
    known = xr.zeros_like(survey, dtype=np.uint8)
    known[1, 2, :40], known[1, 2, 40:] = 1, 2
    with fhn.open(survey, session="w") as work:
        work.label(known[:, ::-1])
        assert (work.labels[1, 2] > 0).all()
        assert np.count_nonzero(work.labels) == 160
    moved = known.assign_coords(inline=("inline", known.inline.values + 5000, known.inline.attrs))
    with fhn.open(survey, session="v") as work, pytest.raises(ValueError, match="inline"):
        work.label(moved)


@pytest.mark.parametrize("given", [{}, {"classes": sample_data.SEISMIC.classes}])
def test_a_sample_knows_its_wells(given):
    with fhn.open("sample:seismic", session="w") as work:
        work.label(**given)
        table = ClassTable.from_csv(sample_data.SEISMIC.classes)
        assert work.classes == dict(zip(table.values, table.names, strict=True))
        assert [entry.kind for entry in work.project.session.manifest.knowledge] == ["wells", "tops"]


def test_labels_of_files(image):
    Path("points.csv").write_text("row,col,class\n2,3,sand\n15,12,shale\n")
    with fhn.open(image, axes=("y", "x"), session="w") as work:
        assert work.label(points="points.csv", point_radius=1.5) == ()
        assert work.classes == {1: "sand", 2: "shale"}
        assert work.labels[3, 3] == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "nothing is known"),
        ({"points": "nowhere.csv"}, r"nowhere\.csv"),
        ({"radios": 3}, "Is 'radius' meant"),
        ({"quux": 3}, "says nothing of what is known"),
        ({"labels": np.zeros((3, 3), int)}, r"\(3, 3\) voxels"),
        ({"labels": np.full(SHAPE, 0.5)}, "no classes"),
        ({"labels": np.zeros(SHAPE, int), "points": "points.csv"}, "taken alone"),
        ({"labels": np.zeros(SHAPE, int), "radius": 5.0}, "radius is about files of what is known"),
        ({"columns": ["nonsense"], "points": "points.csv"}, "columns"),
    ],
)
def test_labels_that_cannot_be_are_said(image, given, said):
    Path("points.csv").write_text("row,col,class\n2,3,sand\n15,12,shale\n")
    with fhn.open(image, axes=("y", "x"), session="w") as work:
        with pytest.raises((ValueError, OSError), match=said) as refused:
            work.label(**given)
        assert "--" not in str(refused.value)
        assert not work.project.session.has_labels


def test_a_question_names_the_keyword(tmp_path):
    survey = surveys.open(sample_data.SEISMIC.survey)[:20]
    Path("wells.csv").write_text("well,inline,crossline\nA,1005,2041\n")
    Path("tops.csv").write_text("well,marker,one,other\nA,sand,500,1\nA,shale,700,2\n")
    with fhn.open(survey, session="w") as work, pytest.raises(LabelError) as refused:
        work.label(wells="wells.csv", tops="tops.csv")
    assert "--" not in str(refused.value)
    assert "columns='tops:" in str(refused.value)


def test_a_decimal_mark_is_a_word_or_the_mark(tmp_path):
    survey = surveys.open(sample_data.SEISMIC.survey)[:20]
    Path("points.csv").write_text("inline;crossline;twt_ms;class\n1005;2041;500,5;sand\n1006;2041;700,5;shale\n")
    with fhn.open(survey, session="w") as work:
        for mark in ("comma", ","):
            work.label(points="points.csv", decimal=mark)
        with pytest.raises(LabelError, match="';' is no decimal"):
            work.label(points="points.csv", decimal=";")


# Training -------------------------------------------------------------------------------------------------------------


def test_nothing_is_done_before_somebody_iterates(work):
    training = work.fit("map", steps=2, device="cpu")
    assert training.job is None
    assert work.runs.all() == []
    del training
    gc.collect()
    assert work.runs.all() == []


def test_a_training_is_a_run(work):
    training = work.fit("map", steps=2, device="cpu", name="first", seed=3)
    updates = list(training)
    assert isinstance(updates[-1], Done)
    assert sum(isinstance(update, Progress) for update in updates) == 2
    run = work.run
    assert training.run == run == work.runs.get("first")
    assert (run.step, run.record.state, run.record.seed) == (2, "finished", 3)
    assert list(training) == []
    assert train(work, name="second").run == work.run
    assert [run.name for run in work.runs] == ["first", "second"]


def test_the_program_says_why_it_chose_a_recipe(work):
    training = work.fit(steps=2, device="cpu")
    training.wait()
    assert training.why.startswith("Recipe '")
    assert work.run.record.recipe in training.why


def test_what_is_said_is_said_with_keywords(image, labels):
    with fhn.open(image) as work:
        work.label(labels)
        training = work.fit(steps=1, device="cpu")
        training.wait()
    assert "axes trace,twt" in training.why
    assert "--" not in training.why
    with fhn.open(np.zeros((8, 9, 10), np.float32)) as work:
        work.label(np.arange(720).reshape(8, 9, 10) % 3)
        with pytest.raises(ProjectError, match="with vertical_axis=N"):
            work.fit().wait()


def test_whoever_leaves_the_loop_stops_the_training(work):
    for update in work.fit("map", steps=500, device="cpu"):
        if isinstance(update, Progress) and update.step == 2:
            break
    gc.collect()
    run = work.run
    assert run.record.state == "stopped"
    assert 2 <= run.step < 500
    steps = run.step + 1
    assert work.fit(resume=True, steps=steps).wait() == run
    assert work.run.step == steps
    assert len(work.runs.all()) == 1


def test_stopped_from_elsewhere(work):
    training = work.fit("map", steps=500, device="cpu")
    run = training.wait(lambda update: training.stop() if isinstance(update, Progress) else None)
    assert run.record.state == "stopped"


def test_a_training_that_fails_leaves_the_work_as_it_was(work, labels, monkeypatch):
    train(work, name="first")
    settings = work.project.session.manifest.settings

    def failing(*args, **given):
        raise JobError("there is no memory left")
        yield

    with monkeypatch.context() as patch:
        patch.setattr("napari_fhn.training.trainer.fit", failing)
        with pytest.raises(JobError, match="no memory left"):
            list(work.fit("map", steps=7))
    assert [run.name for run in work.runs] == ["first"]
    assert work.project.session.manifest.settings == settings
    np.testing.assert_array_equal(work.labels, labels)
    assert train(work, name="next").run.step == 2


def test_an_interrupted_training_is_listed_and_the_one_before_stays(work):
    first = train(work, name="first").run
    training = work.fit("map", steps=500, device="cpu")

    def interrupted(update):
        if isinstance(update, Progress) and update.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.wait(interrupted)
    training.close()
    assert work.runs.get("2").record.state in ("stopped", "cut off")
    assert first in list(work.runs)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"recipe": "nothing"}, JobError, "no recipe is called 'nothing'"),
        ({"start_from": "nowhere"}, JobError, "no trained network"),
        ({"resume": True, "recipe": None}, ProjectError, "no training to go on with"),
        ({"resume": True}, JobError, "leave recipe out, or train anew"),
        ({"resume": True, "recipe": None, "hold_out": 0}, JobError, "leave hold_out out, or train anew"),
        ({"blocks": 4}, ProjectError, r"Say how many of that size \(hold_out=N\)"),
        ({"share": ["sand"]}, JobError, "as in Salt"),
        ({"ignore": ["0:99,:"]}, JobError, "no box inside"),
        ({"steps": 0}, ValueError, "step"),
    ],
)
def test_settings_that_cannot_be_are_said(work, given, error, said):
    with pytest.raises(error, match=said) as refused:
        list(work.fit(**{"recipe": "map", "device": "cpu", **given} if "recipe" not in given else given))
    assert "--" not in str(refused.value)
    assert work.runs.all() == []


def test_settings_are_those_that_were_said(work):
    box = Box((0, 0), (6, 6))
    job = train(
        work, steps=1, hold_out=[box], loss="dice", balance="full", share=["sand=0.1:0.9"], smooth=2.0,
        ignore=["20:24,:"], memory=10**9,
    ).run.job()  # fmt: skip
    assert job.held_out == (box,)
    objective = job.schedule.objective
    assert (objective.losses, objective.balance) == (("dice",), "full")
    assert [term.kind for term in objective.knowledge] == ["share", "smoothness"]
    assert job.ignored == (Box((20, 0), (24, 20)),)
    assert job.memory == 10**9


def test_a_session_remembers_what_was_said(work):
    train(work, steps=3, hold_out=1, balance="full")
    work.close()
    with fhn.open(session="w") as again:
        job = again.fit(device="cpu").wait().job()
        assert (job.schedule.steps, len(job.held_out), job.schedule.objective.balance) == (3, 1, "full")


def test_settings_may_be_given_whole(work):
    settings = Settings.of("map").with_numbers(steps=1)
    assert work.fit(settings=settings, device="cpu").wait().step == 1


def test_a_training_begins_with_another(work):
    first = train(work, name="first").run
    second = train(work, recipe=None, start_from=first, steps=1).run
    assert second.record.begun_with == "first"
    assert Path(second.job().start_from) == second.begun_with


# What comes out -------------------------------------------------------------------------------------------------------


def test_a_prediction_lies_where_the_survey_does(work):
    train(work)
    said = []
    found = work.predict(outputs=["probabilities", "entropy"], told=said.append)
    assert isinstance(said[-1], Done)
    assert (found.dims, found.shape, found.dtype) == (("y", "x"), SHAPE, np.uint8)
    assert found.attrs["classes"] == {1: "sand", 2: "shale"}
    assert found.attrs["complete"]
    assert found.attrs["made"][0] == "run: Run 1 (run-001)"
    assert set(np.unique(found)) <= {1, 2}
    assert work.prediction("entropy").shape == SHAPE
    probabilities = work.prediction("probabilities")
    assert probabilities.dims == ("band", "y", "x")
    assert list(probabilities["class_name"].values) == ["sand", "shale"]
    np.testing.assert_array_equal(probabilities.argmax("band") + 1, found)
    with pytest.raises(ProjectError, match="no margin of 'Run 1'") as refused:
        work.prediction("margin")
    assert "--" not in str(refused.value)


def test_nothing_was_trained_or_predicted_yet(work, truth):
    for ask in (work.predict, work.prediction, work.score, work.report, lambda: work.save("a.npy")):
        with pytest.raises(ProjectError, match="trained"):
            ask()
    train(work)
    with pytest.raises(ProjectError, match="predicted"):
        work.score(truth)


def test_scores(work, truth):
    train(work, hold_out=1)
    work.predict()
    assert work.score().on == "held out"
    found = work.score(truth)
    assert found.on == "truth"
    assert found.classes == ("sand", "shale")
    expected = (work.prediction().values == truth)[work.labels.values == 0].mean()
    assert found.network.accuracy == pytest.approx(expected)
    np.save("truth.npy", truth.astype(np.uint8))
    assert work.score("truth.npy").network.accuracy == found.network.accuracy


def test_half_a_prediction_is_used_only_where_that_was_asked_for(work, truth):
    run = train(work).run
    work.predict()
    train(work, name="other")  # paints nothing of the survey: nobody looks
    with pytest.raises((NeedsConsent, ProjectError)):
        work.score(truth)
    assert work.score(truth, run=run).network.voxels


def test_a_report(work, truth):
    train(work)
    work.predict()
    path = work.report(truth=truth)
    assert path == work.run.folder / "report.html"
    assert "sand" in path.read_text()
    assert work.report("elsewhere.html") == Path("elsewhere.html")


def test_what_was_predicted_becomes_a_file(work):
    train(work)
    found = work.predict(outputs="entropy")
    written = work.save("facies.npy")
    assert written.paths == (Path("facies.npy"),)
    np.testing.assert_array_equal(np.load("facies.npy"), found)
    assert any("Run 1" in line for line in written.made)
    work.save("entropy.nc", "entropy")
    with xr.open_dataset("entropy.nc", engine="h5netcdf") as file:
        assert "y" in file.dims
    work.save("labels.npy", "labels")
    np.testing.assert_array_equal(np.load("labels.npy"), work.labels)
    work.save("classes.csv", "table")
    assert ClassTable.from_csv(Path("classes.csv")).names == ("sand", "shale")
    shares = []
    work.save("bodies.npy", "bodies", of="sand", at_least=2, told=shares.append)
    assert shares[-1] == 1
    with pytest.raises(SurveyError, match="suffix"):
        work.save("facies.docx")
    with pytest.raises(LabelError, match="salt"):
        work.save("bodies.npy", "bodies", of="salt")


def test_a_map_keeps_its_place(labels, image):
    with rasterio.open(
        "map.tif", "w", driver="GTiff", height=24, width=20, count=1, dtype="float32", crs="EPSG:32633",
        transform=rasterio.transform.from_origin(366000, 5810000, 30, 30),
    ) as file:  # fmt: skip
        file.write(image, 1)
    with fhn.open("map.tif") as work:
        work.label(labels)
        train(work)
        found = work.predict()
        assert float(found.x[0]) == 366015
        work.save("facies.tif")
    with rasterio.open("facies.tif") as file:
        assert file.crs.to_epsg() == 32633
        np.testing.assert_array_equal(file.read(1), found)


def test_the_command_line_goes_on_where_python_was(work, capsys):
    from napari_fhn.cli import main

    train(work)
    work.close()
    assert main(["predict", "--session", "w", "--output", "facies.npy", "--device", "cpu"]) == 0
    with fhn.open(session="w") as again:
        np.testing.assert_array_equal(np.load("facies.npy"), again.prediction())


def test_similar_places_are_found_by_a_click_a_mask_and_a_class(labels):
    field = np.random.default_rng(0).normal(size=(64, 60)).astype(np.float32)
    inside = np.zeros(field.shape, bool)
    inside[8:20, 8:20] = inside[40:52, 30:44] = True
    field[inside] += 9
    with fhn.open(field, axes=("y", "x")) as work:
        clicked = work.similar("row 14 column 14")
        assert inside[clicked.found[0].voxel]
        assert work.similar((14, 14)).found[0].voxel == clicked.found[0].voxel
        drawn = inside & (np.arange(64) < 30)[:, None]
        assert inside[work.similar(drawn).found[0].voxel]
        both = work.similar(["row 14 column 14", (45, 36)], unlike=[(30, 5)])
        assert [place.shown for place in both.places[:2]] == [True, True]
        known = np.zeros(field.shape, np.uint8)
        known[10:14, 10:14], known[30:33, 5:9] = 1, 2
        work.label(known, classes=["salt", "other"])
        assert inside[work.similar(like="salt").found[0].voxel]
        with pytest.raises(ProjectError, match="no place was shown"):
            work.similar()
        with pytest.raises(ProjectError, match="no column"):
            work.similar("row 14")


def test_another_machine_is_named_with_on(work, monkeypatch):
    from napari_fhn.engine.remote import far
    from napari_fhn.training import fit, predict

    asked = []

    def work_at(address, task, job, control=None, *, resume=False):
        asked.append((address, task, resume))
        return fit(job, control, resume=resume) if task == "train" else predict(job, control)

    monkeypatch.setattr(far, "work_at", work_at)
    with pytest.raises(JobError, match="no address of a machine"):
        work.fit("map", on="gpu")
    train(work, on="ssh://gpu", steps=1)
    train(work, on="ssh://gpu", recipe=None, resume=True, steps=2)
    work.predict(on="ssh://gpu", device="cpu")
    assert asked == [("ssh://gpu", "train", False), ("ssh://gpu", "train", True), ("ssh://gpu", "predict", False)]


def test_an_item_for_catalogues_is_asked_for_with_stac(work, tmp_path):
    train(work)
    work.predict(device="cpu")
    with pytest.raises(SurveyError, match="a catalogue asks where on the Earth it lies"):
        work.save(tmp_path / "a.tif", stac=True)
    work.save(tmp_path / "a.tif")
