"""The one exporter: what there is, on which survey, of which prediction, and what the files say of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import segyio
import xarray as xr
from tests.project.predicted import as_if_trained, predict, predicted

from napari_fhn import surveys
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.network.architecture import levels
from napari_fhn.project import NeedsConsent, Project, ProjectError, Session, SurveySet
from napari_fhn.project.exporting.export_offers import Written, file_name
from napari_fhn.project.exporting.exporter import OFFERS, Exporter, Request
from napari_fhn.project.runs import jobs, planning
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.training.job import Axis, Input, Job, Schedule

SHAPE = (6, 7, 16)


@pytest.fixture
def survey(tmp_path):
    path = tmp_path / "small.sgy"
    segyio.tools.from_array3D(str(path), np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32), dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({segyio.su.iline: 100 + i, segyio.su.xline: 200 + j})
    return path


@pytest.fixture
def classes() -> np.ndarray:
    found = np.full(SHAPE, 2, np.uint8)
    found[..., :6] = 1
    return found


@pytest.fixture
def project(tmp_path, survey, classes) -> Project:
    predicted(tmp_path / "s", classes, surveys=SurveySet.of({"small": surveys.open(survey)}))
    return Project.open(tmp_path / "s")


def write(exporter: Exporter, what: str, path, **more):
    return exporter.write(Request(what, path, **more))


def test_what_there_is(project, tmp_path, classes):
    exporter = Exporter.of_run(project)
    every = [offer.what for offer in exporter.offers()]
    assert every == [name for name in OFFERS if name not in ("margin", "polygons")]  # not predicted; of maps
    assert exporter.filters("classes").startswith("SEG-Y (*.sgy *.segy);;")
    assert exporter.filters("mesh").startswith("Wavefront mesh (*.obj);;")
    predicted(tmp_path / "e", classes, share=0.0)
    empty = Exporter.of_run(Project.open(tmp_path / "e"))
    assert [offer.what for offer in empty.offers()] == ["labels", "table"]
    assert empty.filters("classes") == "NumPy array (*.npy)"


def test_everything_goes_onto_the_session_s_own_survey(project, tmp_path, classes):
    exporter = Exporter.of_run(project)
    told = []
    done = exporter.write(Request("classes", tmp_path / "c.sgy"), told.append)
    assert done.words == f"Written: {tmp_path / 'c.sgy'}"
    assert told == sorted(told)
    assert told[-1] == 1.0
    np.testing.assert_array_equal(surveys.open(tmp_path / "c.sgy").values, classes)
    done = write(exporter, "probabilities", tmp_path / "p.sgy")
    assert [path.name for path in done.paths] == ["p_sand.sgy", "p_shale.sgy"]
    done = write(exporter, "probabilities", tmp_path / "one.nc", of=(2,))
    layer = np.load(project.session.runs.trained().output("probabilities"))[1]
    np.testing.assert_array_equal(surveys.open(tmp_path / "one.nc").values, layer.astype(np.float32))
    done = write(exporter, "horizon", tmp_path / "h.xyz", above=(1,), below=(2,))
    assert done.counts == {"traces": SHAPE[0] * SHAPE[1]}
    done = write(exporter, "horizon", tmp_path / "h.csv", above=(1,), below=(2,))
    assert done.counts == {"traces": SHAPE[0] * SHAPE[1]}
    for suffix in (".npy", ".sgy", ".nc"):
        done = write(exporter, "bodies", tmp_path / f"b{suffix}", of=(1,))
        assert done.counts == {"bodies": 1}
    assert surveys.open(tmp_path / "b.sgy").values.max() == 1
    done = write(exporter, "mesh", tmp_path / "m.obj", of=(1, 2))
    assert done.counts["triangles"] > 0
    assert "o sand" in (tmp_path / "m.obj").read_text()
    write(exporter, "table", tmp_path / "t.csv")
    assert ClassTable.from_csv(tmp_path / "t.csv").names == ("sand", "shale")
    write(exporter, "labels", tmp_path / "l.sgy")
    assert not surveys.open(tmp_path / "l.sgy").values.any()


def test_files_say_what_made_them(project, tmp_path):
    exporter = Exporter.of_run(project)
    made = write(exporter, "classes", tmp_path / "c.nc").made
    said = xr.open_dataset(tmp_path / "c.nc").attrs["history"]
    for words in ("napari-fhn ", "session: s", "run: Run 1 (run-001)", "after 2 steps", "classes: 1 sand, 2 shale"):
        assert any(words in line for line in made), words
        assert words in said
    write(exporter, "classes", tmp_path / "c.sgy")
    assert "run: Run 1 (run-001)" in surveys.open(tmp_path / "c.sgy").attrs["history"]


def test_what_is_not_whole_or_stale_takes_consent(project, tmp_path, classes, survey):
    run = project.session.runs.trained()
    predict(run, run.job(), classes, run.description().sha256, share=0.5)
    exporter = Exporter.of_run(project)
    for what in ("classes", "entropy", "bodies"):
        with pytest.raises(NeedsConsent, match="50 % of the survey is not predicted") as found:
            write(exporter, what, tmp_path / "c.npy", of=(1,) if what == "bodies" else ())
        assert found.value.consent == "partial"
    assert not (tmp_path / "c.npy").exists()
    done = write(exporter, "classes", tmp_path / "c.npy", partial=True)
    assert any("50 % of the survey is not predicted" in line for line in done.made)
    write(exporter, "labels", tmp_path / "l.npy")  # which no network made
    predict(run, run.job(), classes, "f" * 64)
    with pytest.raises(NeedsConsent, match="the network has changed since"):
        write(exporter, "classes", tmp_path / "d.npy")
    predict(run, run.job(), classes, run.description().sha256)
    with segyio.open(str(survey), "r+", strict=False) as file:
        file.trace[0] = np.zeros(SHAPE[2], np.float32)
    with pytest.raises(NeedsConsent, match="a survey has changed on the disk since"):
        write(exporter, "classes", tmp_path / "d.npy")


def test_another_run_and_names_as_they_were_then(project, tmp_path, classes):
    first = project.session.runs.trained()
    predicted(tmp_path / "s", 3 - classes, outputs=False)
    with project.session.writing("a test"):
        table = ClassTable.default(2)
        project.session.set_classes(table)
    exporter = Exporter.of_run(project, first)
    assert exporter.table.names == ("sand", "shale")
    assert exporter.table.colors == table.colors
    assert exporter.values(["shale", "1"]) == (2, 1)
    with pytest.raises(LabelError, match="no class 'mud'"):
        exporter.values(["mud"])
    write(exporter, "classes", tmp_path / "c.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "c.npy"), classes)


def test_what_stops_it_leaves_what_was_there(project, tmp_path, classes):
    exporter = Exporter.of_run(project)
    for what, path in (("classes", "c.sgy"), ("bodies", "b.nc"), ("probabilities", "p.zarr")):
        write(exporter, what, tmp_path / path, of=(1,) if what == "bodies" else ())
        before = sorted(one.name for one in tmp_path.iterdir())

        def cancel(share: float) -> None:
            raise KeyError

        with pytest.raises(KeyError):
            exporter.write(Request(what, tmp_path / path, of=(1,) if what == "bodies" else ()), cancel)
        assert sorted(one.name for one in tmp_path.iterdir()) == before
    np.testing.assert_array_equal(surveys.open(tmp_path / "c.sgy").values, classes)


@pytest.mark.parametrize(
    ("what", "path", "words"),
    [
        ("classes", "c.tif", "holds maps"),
        ("classes", "c.doc", "is not known"),
        ("classes", "no/c.sgy", "there is no folder"),
        ("mesh", "m.stl", "is not known"),
        ("margin", "m.npy", "has not predicted its margin"),
        ("probabilities", "p.nc", "there is no probability of class 9"),
    ],
)
def test_what_cannot_be_is_a_sentence(project, tmp_path, what, path, words):
    with pytest.raises((SurveyError, ProjectError), match=words):
        write(Exporter.of_run(project), what, tmp_path / path, of=(9,) if what == "probabilities" else ())


def test_a_survey_that_lies_elsewhere_or_stands_otherwise(project, tmp_path, classes, survey):
    own = surveys.open(survey)
    moved = own.assign_coords(inline=own["inline"] + 900)
    with pytest.raises(SurveyError, match="not where the prediction lies"):
        Exporter.of_run(project, like=moved)
    turned = own[::-1].transpose("crossline", "inline", "twt")
    exporter = Exporter.of_run(project, like=turned)
    write(exporter, "classes", tmp_path / "t.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "t.npy"), classes[::-1].transpose(1, 0, 2))


def test_of_several_surveys_headers_are_those_of_the_first_as_a_whole(tmp_path, survey, classes):
    first = surveys.open(survey)
    second = xr.DataArray(first.values[2:], coords=first[2:].coords, dims=first.dims, attrs={**first.attrs})
    surveys.save(tmp_path / "second.nc", second, second)
    session = Session(tmp_path / "s")
    with session.writing("a test"):
        project = Project(session)
        both, words = SurveySet.together([("small", first), ("second", surveys.open(tmp_path / "second.nc"))])
        assert "Only what small and second have in common is used" in words[0]
        project.use(both)
        project.paint(classes[2:])
        settings, _ = planning.plan(project, "sections", steps=2)
        run = jobs.begin(project, settings).run
    as_if_trained(tmp_path / "s", run.id, classes[2:])
    done = write(Exporter.of_run(Project.open(tmp_path / "s")), "classes", tmp_path / "c.sgy")
    assert "it covers inlines 102 to 105" in done.notes[0]
    written = surveys.open(tmp_path / "c.sgy").values
    np.testing.assert_array_equal(written[2:], classes[2:])
    assert not written[:2].any()


def test_a_file_and_a_job_of_no_session(tmp_path, survey, classes):
    surveys.save(tmp_path / "facies.sgy", classes, surveys.open(survey))
    alone = Exporter.of_file(tmp_path / "facies.sgy")
    assert [offer.what for offer in alone.offers()] == ["classes", "horizon", "thickness", "bodies", "mesh"]
    write(alone, "classes", tmp_path / "out.nc")
    assert "from the prediction in facies.sgy" in xr.open_dataset(tmp_path / "out.nc").attrs["history"]
    with pytest.raises(ProjectError, match="has no class table"):
        write(alone, "table", tmp_path / "t.csv")
    with pytest.raises(SurveyError, match="whole numbers"):
        write(Exporter.of_file(survey), "classes", tmp_path / "w.nc")
    np.save(tmp_path / "prediction.npy", classes)
    np.save(tmp_path / "labels.npy", np.zeros(SHAPE, np.uint8))
    axes = (Axis("inline", "", 100, 1), Axis("crossline", "", 200, 1), Axis("twt", "ms", 0, 4))
    job = Job(
        (Input(str(tmp_path / "input.npy")),),
        str(tmp_path / "labels.npy"),
        ("sand", "shale"),
        levels(2, 8, (2, 2), 1, context=1),
        Schedule(steps=2, block=(8, 16)),
        str(tmp_path / "prediction.npy"),
        str(tmp_path / "model"),
        vertical_axis=2,
        axes=axes,
    )
    exporter = Exporter.of_job(job, like=surveys.open(survey))
    write(exporter, "classes", tmp_path / "j.sgy")
    np.testing.assert_array_equal(surveys.open(tmp_path / "j.sgy").values, classes)


def test_a_file_is_called_after_the_survey():
    survey = xr.DataArray(np.zeros(3), attrs={"source": "/data/f3.sgy"})
    assert file_name(survey, "entropy", ".nc") == "f3-entropy.nc"
    assert file_name(None, "mesh", ".obj") == "survey-mesh.obj"


def test_one_that_was_written_is_said_as_one():
    counts = {"bodies": 1, "traces": 1200}
    assert Written((Path("a.npy"),), counts).words == "Written: a.npy, 1 body, 1,200 traces"


def test_what_lies_beside_a_file_is_told_by_its_name():
    paths = (Path("/out/a.tif"), Path("/out/a.qml"), Path("/else/b.tif"))
    assert Written(paths).words == f"Written: {paths[0]}, a.qml, {paths[2]}"


def test_the_way_out_of_a_suffix_that_cannot_be_names_those_that_can(project, tmp_path):
    exporter = Exporter.of_run(project)
    ways = "Use .sgy, .segy, .seg, .su, .nc, .nc4, .zarr, .npy"
    for name, what in (
        ("c.png", "the suffix '.png' is not known"),
        ("c", "there is no suffix that says the kind"),
        ("c.tif", "a GeoTIFF holds maps (y, x), not sections or volumes"),
    ):
        with pytest.raises(surveys.SurveyError) as refused:
            exporter.write(Request("classes", tmp_path / name))
        assert str(refused.value) == f"{name}: {what}. {ways}."


def test_a_thickness_that_is_seen_nowhere_says_why(project, tmp_path):
    with pytest.raises(surveys.SurveyError, match="from its top to its base on no trace: it is not there, or goes on"):
        Exporter.of_run(project).write(Request("thickness", tmp_path / "t.csv", of=(1,)))


@pytest.mark.parametrize(
    ("what", "suffix"),
    [*(("horizon", one) for one in (".xyz", ".csv", ".irap", ".zmap", ".vs", ".tif")), ("thickness", ".csv"),
     ("thickness", ".irap"), ("mesh", ".obj"), ("mesh", ".ts")],
)  # fmt: skip
def test_of_a_volume_with_bands_the_same_is_written_as_of_one_band(tmp_path, survey, classes, what, suffix):
    own, found = surveys.open(survey), []
    own.attrs["geometry"] = SurveyGeometry((100, 200), (1, 1), (5e5, 6e6), (25.0, 0.0), (0.0, 12.5))
    classes[..., 9:] = 3
    np.save(tmp_path / "facies.npy", classes)
    of = {"above": (1,), "below": (2,)} if what == "horizon" else {"of": (2,)}
    for like in (own, own.expand_dims(band=2).transpose("band", ...), own.expand_dims(band=2).transpose(..., "band")):
        exporter = Exporter.of_file(tmp_path / "facies.npy", like=like)
        assert what in {offer.what for offer in exporter.offers()}
        write(exporter, what, tmp_path / f"a{suffix}", **of)
        found.append((tmp_path / f"a{suffix}").read_bytes())
        (tmp_path / f"a{suffix}").unlink()
    assert found[0] == found[1] == found[2]
