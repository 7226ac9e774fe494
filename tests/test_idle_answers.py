"""What would be passed over of what is said is refused at the command line and in Python alike."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import rasterio
import scipy.io
import xarray as xr

import napari_fhn
from doors import IDLE, Work, prepared
from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.labels.fitting import options_for
from napari_fhn.network.architecture import levels
from napari_fhn.project import Session
from napari_fhn.project.exporting.export_checks import check
from napari_fhn.project.exporting.export_offers import Request
from napari_fhn.project.exporting.exporter import Exporter
from napari_fhn.project.knowledge.idle_answers import ANSWERS
from napari_fhn.project.runs import jobs
from napari_fhn.project.runs.settings import Settings
from napari_fhn.report.runs import truth_for
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.idle import IdleOption
from napari_fhn.surveys.kinds import spatial_shape
from napari_fhn.surveys.out import save_horizon, save_mesh, save_polygons
from napari_fhn.surveys.xarray_backend import SurveyBackend
from napari_fhn.training import Schedule, recipes
from napari_fhn.training.combination.said import insisting
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.job import JobError

SUFFIX = {"polygons": ".geojson"}


@pytest.fixture(params=IDLE)
def case(request, tmp_path):
    idle = IDLE[request.param]
    files = {kind: tmp_path / f"{kind}{SUFFIX.get(kind, '.csv')}" for kind in idle.files}
    for kind, path in files.items():
        path.write_text(idle.files[kind])
    return idle, Work(tmp_path, idle.kind), files


def test_what_means_nothing_is_refused_at_every_door(case, tmp_path):
    idle, work, files = case
    given = [word for kind, path in files.items() for word in (f"--{kind}", path)]
    with pytest.raises(LabelError) as typed:
        prepared(work, *given, *idle.options)
    assert idle.words in str(typed.value)
    assert "Leave it out" in str(typed.value)
    assert idle.options[0] in str(typed.value) or "which way its values grow" in str(typed.value)
    with napari_fhn.open(work.survey, session=tmp_path / "python") as opened:
        with pytest.raises(LabelError) as called:
            opened.label(**files, **idle.keywords)
        assert not opened.project.session.has_labels
    assert idle.words in str(called.value)
    assert "--" not in str(called.value)
    # The dock does not offer it, for any of the files.
    survey = surveys.open(work.survey)
    (name,) = idle.keywords
    option = {"columns": "z", "radius": "none", "point_radius": "none"}.get(name, ANSWERS.get(name))
    if name != "layer":
        assert all(option not in options_for(kind, survey) for kind in files)


def test_what_is_said_as_nothing_is_no_answer(tmp_path):
    work = Work(tmp_path, "map")
    path = tmp_path / "points.csv"
    path.write_text(IDLE["zones, for points"].files["points"])
    nothing = dict.fromkeys(ANSWERS, None) | {"point_radius": 0.0}
    with napari_fhn.open(work.survey, session=tmp_path / "python") as opened:
        opened.label(points=path, **nothing)
        assert opened.project.session.has_labels


@pytest.mark.parametrize(("kind", "said"), [("volume", ("smoothing", "order", "snapping")), ("map", ("smoothing",))])
def test_settings_of_the_next_training_do_not_keep_a_network_from_predicting(kind, said, tmp_path):
    work = Work(tmp_path, kind)
    begun = prepared(work, *work.known())
    heeded = jobs.heeded(begun.run, Combination(smoothing="on", order="on", snapping="on"))
    assert heeded == dict.fromkeys(said, "on")
    assert jobs.heeded(begun.run, None) == {}
    found = insisting(begun.job.combination, job=begun.job, **heeded)
    assert found.smoothing == "on"


#: Of kinds of data: options, the same in Python where it is opened and where it is trained, and the sentence.
OF_DATA = {
    "carried along reflectors, on a map": (
        "map", ["--factors", "bands,reflectors"], {}, {"factors": "bands,reflectors"},
        "means nothing to a map, whose predictions are made of bands, patches",
    ),
    "bands, in a volume": (
        "volume", ["--factors", "bands"], {}, {"factors": ["bands"]},
        "means nothing to seismic data, whose predictions are made of reflectors, pretrained",
    ),
    "an order of layers, on a map": (
        "map", ["--layer-order", "on"], {}, {"layer_order": "on"}, "a map has no such columns: leave it out",
    ),
    "boundaries at reflectors, on a map": (
        "map", ["--snapping", "on"], {}, {"snapping": "on"}, "boundaries at reflectors, and a map has none: leave it",
    ),
    "a vertical axis of a map": (
        "map", ["--vertical-axis", "1"], {"vertical_axis": 1}, {}, "is a map with the axes y and x, and none of them",
    ),
    "a field of no polygons": (
        "map", ["--map-field", "C"], {"map_field": "C"}, {}, "and none of them is a file of polygons. Leave it out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_DATA)
def test_what_means_nothing_to_the_data_is_refused_at_every_door(name, tmp_path):
    kind, options, opening, training, words = OF_DATA[name]
    work = Work(tmp_path, kind)
    with pytest.raises(ValueError, match=r"[Ll]eave .*out") as typed:
        prepared(work, *work.known(), *options)
    assert words in str(typed.value)

    def in_python():
        with napari_fhn.open(work.survey, session=tmp_path / "python", **opening) as opened:
            opened.label(tmp_path / work.known()[1])
            opened.fit("sections" if kind == "volume" else "map", **training).wait()

    with pytest.raises(ValueError, match=r"[Ll]eave .*out") as called:
        in_python()
    assert words in str(called.value)
    assert "--" not in str(called.value)


def _tiff(path, dtype="float32", pages=1):
    for k in range(pages):
        how = {"driver": "GTiff", "width": 5, "height": 4, "count": 1, "dtype": dtype, "APPEND_SUBDATASET": k > 0}
        with rasterio.open(path, "w", **how) as file:
            file.write(np.arange(20).reshape(1, 4, 5).astype(dtype))
    return path


def _envi(path, wavelengths=""):
    path.write_bytes(np.arange(60, dtype="<f4").tobytes())
    path.with_suffix(".hdr").write_text(
        "ENVI\nsamples = 5\nlines = 4\nbands = 3\nheader offset = 0\ndata type = 4\ninterleave = bsq\n"
        f"byte order = 0\n{wavelengths}"
    )
    return path


def _npy(path):
    np.save(path, np.zeros((4, 5, 3), np.float32))
    return path


def _mat(path):
    scipy.io.savemat(path, {"map": np.random.default_rng(0).random((6, 5))})
    return path


def _zarr(path):
    xr.Dataset({"map": (("y", "x"), np.zeros((4, 5)))}).to_zarr(path)
    return path


LIST = "wavelength = {450, 550, 1650}\n"
MICRO = "wavelength units = Micrometers\nwavelength = {0.45, 0.55, 1.65}\n"
#: Of files: how one is made, options, the same in Python, the idle one first, and what is said of it.
OF_FILES = {
    "a part of real numbers": (
        lambda f: _tiff(f / "a.tif"), ["--part", "phase"], {"part": "phase"},
        "says what is taken of the complex numbers of a raster, and its numbers are real",
    ),
    "a part of the real numbers of ENVI": (
        lambda f: _envi(f / "a.img"), ["--part", "real"], {"part": "real"}, "and its numbers are real"
    ),
    "a part of real images": (
        lambda f: _tiff(f / "a.tif", pages=2), ["--part", "real", "--axes", "band,y,x"],
        {"part": "real", "axes": ("band", "y", "x")}, "and its numbers are real",
    ),
    "a part of an array": (
        lambda f: _npy(f / "a.npy"), ["--part", "real"], {"part": "real"}, "of a raster, and it is none"
    ),
    "a page of ENVI": (
        lambda f: _envi(f / "a.img"), ["--page", "1"], {"page": 1},
        "chooses one of several images of a TIFF, and it is none",
    ),
    "axes of a map": (
        lambda f: _tiff(f / "a.tif"), ["--axes", "y,x"], {"axes": ("y", "x")},
        "names the axes of arrays that have no names, and those of a raster are band, y and x",
    ),
    "axes beside one of several images": (
        lambda f: _tiff(f / "a.tif", pages=2), ["--page", "2", "--axes", "band,y,x"],
        {"axes": ("band", "y", "x"), "page": 2}, "and those of a raster are band, y and x",
    ),
    "bytes of traces, of a map": (
        lambda f: _tiff(f / "a.tif"), ["--inline-byte", "9"], {"inline_byte": 9},
        "is a byte of the trace headers of SEG-Y, and it is none",
    ),
    "depth, of a map": (
        lambda f: _tiff(f / "a.tif"), ["--depth"], {"vertical": "depth"},
        "says whether a SEG-Y, OpenVDS or ZGY file goes down in time or in depth, and it is none",
    ),
    "one of several arrays, of one": (
        lambda f: _npy(f / "a.npy"), ["--variable", "cube"], {"variable": "cube"},
        "chooses one of several arrays of a file, and it holds one",
    ),
    "units of no wavelengths": (
        lambda f: _envi(f / "a.img"), ["--wavelength-units", "nm"], {"wavelength_units": "nm"},
        "is the unit of wavelengths, and none that could be used come with its bands",
    ),
    "units of no wavelengths, in an array": (
        lambda f: _npy(f / "a.npy"), ["--axes", "y,x,band", "--wavelength-units", "nm"],
        {"wavelength_units": "nm", "axes": ("y", "x", "band")}, "is the unit of wavelengths, and none that",
    ),
    "an order of pixels, of a map": (
        lambda f: _mat(f / "a.mat"), ["--pixels", "along"], {"pixels": "along"}, "say that it is read as one"
    ),
    "a resolution of a single one": (lambda f: _zarr(f / "a.zarr"), None, {"level": 2}, "and here is a single one"),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_FILES)
def test_what_means_nothing_to_the_file_is_refused_at_every_door(name, tmp_path, capsys):
    make, typed, keywords, words = OF_FILES[name]
    path = make(tmp_path)
    option = next(iter(keywords))
    for called in (
        lambda: surveys.open(path, **keywords),
        lambda: napari_fhn.open(path, session=tmp_path / "session", **keywords),
        lambda: xr.open_dataset(path, engine=SurveyBackend, **keywords),
    ):
        with pytest.raises(IdleOption) as said:
            called()
        assert str(said.value).startswith(f"{path.name}: {option}= ")
        assert words in str(said.value)
    if typed is None:
        return
    for command in (["info"], ["forecast"], ["train", "--session", str(tmp_path / "typed")]):
        assert main([*command, str(path), *typed]) == 2
        told = capsys.readouterr().err
        assert f"{path.name}: --" in told
        assert words in told
        assert "Leave it out" in told
    assert not (tmp_path / "typed").exists()


def test_how_a_truth_is_read_means_something_to_it(tmp_path):
    work = Work(tmp_path, "map")
    job, path = prepared(work, *work.known()).job, work.file(work.grid, "classes")
    assert truth_for(path, job, None, {"page": 1}).values.shape == work.grid.shape
    for reading, words in (
        ({"part": "phase"}, "its numbers are real"),
        ({"inline_byte": 9}, "of SEG-Y, and it is none"),
    ):
        with pytest.raises(IdleOption, match=words):
            truth_for(path, job, None, reading)
    np.savez(tmp_path / "truth.npz", np.ones(work.grid.shape, np.uint8))
    assert truth_for(tmp_path / "truth.npz", job, None, {"axes": ("y", "x")}).values.all()
    with pytest.raises(IdleOption, match="page= chooses"):
        truth_for(tmp_path / "truth.npz", job, None, {"page": 2})


@pytest.mark.parametrize("option", ["follow", "incomplete"])
def test_what_only_agrees_to_something_is_left_alone_at_every_door(option, tmp_path):
    path = _tiff(tmp_path / "a.tif")
    assert surveys.open(path, **{option: True}).attrs["read_as"] == {}
    napari_fhn.open(path, session=tmp_path / "s", **{option: True}).close()
    array = np.zeros((4, 5, 3), np.float32)
    napari_fhn.open(array, axes=("y", "x", "band"), session=tmp_path / "t", **{option: True}).close()
    for command in ("info", "forecast"):
        assert main([command, str(path), f"--{option}"]) == 0


def test_what_is_no_unit_of_wavelengths_is_said(tmp_path):
    path = _envi(tmp_path / "a.img", LIST)
    with pytest.raises(SurveyError, match=r"a\.img: 'parsec' is no unit of wavelengths\. Say nm, um"):
        surveys.open(path, wavelength_units="parsec")
    with pytest.raises(SurveyError, match=r"'parsec' is no unit of wavelengths\. Say nm, um"):
        napari_fhn.open([path, _envi(tmp_path / "b.img", LIST)], session=tmp_path / "s", wavelength_units="parsec")
    with pytest.raises(IdleOption, match=r"a\.img: 'parsec' is no unit") as said:
        surveys.open(path, wavelength_units="parsec")
    assert str(pickle.loads(pickle.dumps(said.value))) == str(said.value)


def test_another_unit_than_the_file_says_is_taken_with_a_word(tmp_path):
    path = _envi(tmp_path / "a.img", MICRO)
    told = surveys.open(path, wavelength_units="nm")
    assert told["wavelength"].values.tolist() == [0.45, 0.55, 1.65]
    words = "The file says that its wavelengths are in Micrometers; as asked they were taken for nm."
    assert words in told.attrs["notes"]
    for unit in ("um", None):
        assert not any("as asked" in note for note in surveys.open(path, wavelength_units=unit).attrs["notes"])


def test_options_of_several_files_mean_something_to_one_of_them(tmp_path):
    none, listed = _envi(tmp_path / "a.img"), _envi(tmp_path / "b.img", LIST.replace("450, 550", "900, 1100"))
    how = {"wavelength_units": "nm"}
    with napari_fhn.open([none, listed], session=tmp_path / "s", **how) as work:
        assert "wavelength" in work.surveys["b"].coords
        assert work.surveys["b"].attrs["read_as"] == how
        assert work.surveys["a"].attrs["read_as"] == {}
    with pytest.raises(IdleOption, match=r"a\.img: wavelength_units= is"):
        napari_fhn.open([none, _envi(tmp_path / "c.img")], session=tmp_path / "t", **how)


def test_options_of_arrays_in_memory(tmp_path):
    array, opened = np.zeros((4, 5, 3), np.float32), surveys.open(_tiff(tmp_path / "a.tif"))
    with napari_fhn.open([array[..., 0], tmp_path / "a.tif"], axes=("y", "x"), session=tmp_path / "s") as work:
        assert len(work.surveys) == 2
    with pytest.raises(IdleOption, match="array: page= chooses"):
        napari_fhn.open(array, axes=("y", "x", "band"), page=2)
    with pytest.raises(IdleOption, match="a: axes= names the axes of arrays that have no names, and it has names"):
        napari_fhn.open(opened, axes=("y", "x"), session=tmp_path / "t")


@pytest.mark.parametrize("unit", ["nm", "unknown"])
def test_a_record_of_what_was_passed_over_before_opens(tmp_path, unit):
    path = _tiff(tmp_path / "a.tif")
    napari_fhn.open(path, session=tmp_path / "s").close()
    record = tmp_path / "s" / "session.json"
    said = json.loads(record.read_text())
    said["surveys"][0]["read_as"] = {"wavelength_units": unit, "part": "real"}
    record.write_text(json.dumps(said))
    with napari_fhn.open(session=tmp_path / "s") as work:
        assert work.shape == (4, 5)


#: Recipes of other kinds of data, and what is said.
RECIPES_OF_OTHERS = [
    ("volume", "map", "does not go with a volume: choose sections, layers, volume or paper.seismic"),
    ("volume", "paper.hyperspectral", "does not go with a volume: choose sections"),
    ("map", "sections", "does not go with a map: choose map, spectra, regions or paper.aquifer"),
    ("map", "paper.hyperspectral", "does not go with maps that are no cubes of the same bands: choose map, spectra"),
]


@pytest.mark.parametrize(("kind", "name", "words"), RECIPES_OF_OTHERS)
def test_a_recipe_of_other_data_is_refused_by_the_rule_that_the_dock_offers_by(kind, name, words, tmp_path, capsys):
    work = Work(tmp_path, kind)
    said = f"the recipe '{name}' {words}"
    typed = work.arguments(*work.known())[:-1]
    assert main([*typed, name]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "session").exists()
    assert main(["forecast", str(work.survey), "--recipe", name]) == 2
    assert said in capsys.readouterr().err
    with napari_fhn.open(work.survey, session=tmp_path / "python") as opened:
        opened.label(tmp_path / work.known()[1])
        for called in (lambda name: opened.fit(name).wait(), opened.forecast):
            with pytest.raises(JobError) as told:
                called(name)
            assert said in str(told.value)
        assert name not in opened.project.recipes
        assert not opened.project.session.runs.all()


def test_settings_and_saved_jobs_of_a_recipe_for_other_data_are_refused_and_old_runs_go_on(
    tmp_path, capsys, monkeypatch
):
    work = Work(tmp_path, "volume")
    words = "the recipe 'spectra' does not go with a volume: choose sections, layers, volume or paper.seismic"
    small = Schedule(steps=1, batch=1, block=(8, 8))
    settings = Settings("spectra", levels(2, 8, (2,), 1), small, device="cpu")
    with napari_fhn.open(work.survey, session=tmp_path / "session") as opened:
        opened.label(tmp_path / work.known()[1])
        for called in (lambda: opened.fit(settings=settings).wait(), lambda: opened.forecast(settings=settings)):
            with pytest.raises(JobError, match=words):
                called()
        assert not opened.project.session.runs.all()
        assert not opened.project.session.manifest.copies
        with monkeypatch.context() as earlier:  # as it was before there was such a rule
            earlier.setattr(recipes, "check_fits", lambda *said, **more: None)
            run = opened.fit(settings=settings).wait()
        job = run.job()
        assert opened.fit(resume=True, steps=2).wait().step == 2
    job = replace(job, prediction=str(tmp_path / "alone" / "prediction.npy"), model=str(tmp_path / "alone" / "model"))
    (tmp_path / "alone").mkdir()
    job.save(tmp_path / "alone" / "job.json")
    for saved in (run.folder / "job.json", tmp_path / "alone" / "job.json"):
        for command in ("train", "forecast"):
            assert main([command, "--job", str(saved)]) == 2
            assert words in capsys.readouterr().err
    assert not (tmp_path / "alone" / "model").exists()
    assert main(["train", "--resume", "--session", str(tmp_path / "session"), "--steps", "3"]) == 0
    assert main(["forecast", "--session", str(tmp_path / "session")]) == 0


#: Networks that do not go with data, and what is said where no recipe was named.
NETWORKS_OF_OTHERS = [
    ("volume", "paper.resnet1", "a map is to be read from a cube, and 'survey' has no bands"),
    ("map", "paper.a", "a 3D network does not go with a survey of 2 spatial axes"),
    ("volume", "paper.aquifer", "permute has axis 1 of the network, and that is the vertical one: leave it out"),
]


@pytest.mark.parametrize(("kind", "name", "words"), NETWORKS_OF_OTHERS)
def test_a_network_of_other_data_is_refused_without_a_word_of_a_recipe_nobody_named(
    kind, name, words, tmp_path, capsys
):
    work = Work(tmp_path, kind)
    typed = work.arguments(*work.known())[:-2]
    for command in ([*typed, "--network", name], ["forecast", str(work.survey), "--network", name]):
        assert main(command) == 2
        told = capsys.readouterr().err
        assert words in told
        assert "paper." not in told
    with napari_fhn.open(work.survey, session=tmp_path / "python") as opened:
        opened.label(tmp_path / work.known()[1])
        for called in (lambda name: opened.fit(network=name).wait(), lambda name: opened.forecast(network=name)):
            with pytest.raises(JobError) as refused:
                called(name)
            assert words in str(refused.value)
        assert not opened.project.session.runs.all()


#: What is not exported of which kind of data, and what is said.
NOT_EXPORTED = {
    ("horizon", "map"): "a horizon is found on the way down, and the survey is a map. Write the areas of its classes",
    ("thickness", "map"): "a thickness is found on the way down, and the survey is a map. Write the areas of its",
    ("mesh", "map"): "a mesh is the surface of a class in a volume, and the survey is a map. Write the areas of its",
    ("mesh", "line"): "a mesh is the surface of a class in a volume, and the survey is a line. Write a horizon, or its",
    ("polygons", "volume"): "polygons are the areas of the classes of a map, and the survey is a volume. Write the "
    "surface of a class as a mesh, or a horizon",
    ("polygons", "line"): "polygons are the areas of the classes of a map, and the survey is a line. Write a horizon",
    ("polygons", "slice"): "of a map, and the survey is a slice of a volume. Write its classes, or the bodies of one",
    # Turned round, a line is still no volume, and a volume no map.
    ("mesh", "turned line"): "is the surface of a class in a volume, and the survey is a line. Write its classes",
    ("polygons", "turned line"): "of the classes of a map, and the survey is a line. Write its classes",
    ("polygons", "turned volume"): "the survey is a volume. Write the surface of a class as a mesh",
    ("horizon", "turned line"): "and the survey is one whose last axis is neither time nor depth. Turn its axes",
    ("thickness", "turned volume"): "and the survey is one whose last axis is neither time nor depth. Turn its axes",
    ("horizon", "boxes"): "and the survey is neither a line nor a volume with time or depth. Write its classes, or the",
}
SAVING = {
    "horizon": (".csv", lambda path, values, like: save_horizon(path, values, like, above=1, below=2)),
    "thickness": (".csv", None),
    "mesh": (".obj", lambda path, values, like: save_mesh(path, values, like, [("one", 1)])),
    "polygons": (".gpkg", lambda path, values, like: save_polygons(path, values, like, ClassTable.default(2))),
}


@pytest.mark.parametrize(("what", "kind"), NOT_EXPORTED)
def test_what_a_survey_has_not_is_not_exported_from_it(what, kind, tmp_path):
    survey = surveys.open(Work(tmp_path, kind if kind == "map" else "volume").survey)
    survey = {
        "line": lambda: survey[3].rename(crossline="trace"),
        "slice": lambda: survey[..., 3],
        "turned line": lambda: survey[3].rename(crossline="trace").transpose("twt", "trace"),
        "turned volume": lambda: survey.transpose("twt", "inline", "crossline"),
        "boxes": lambda: survey.rename(inline="z", crossline="y", twt="x"),
    }.get(kind, lambda: survey)()
    words = NOT_EXPORTED[what, kind]
    of = {"above": (1,), "below": (2,)} if what == "horizon" else {"of": (1,)} if what != "polygons" else {}
    suffix, save = SAVING[what]
    with pytest.raises(SurveyError, match=words):
        check(Request(what, tmp_path / f"h{suffix}", **of), survey, None)
    if save is not None:
        values = np.ones(spatial_shape(survey), np.uint8)
        with pytest.raises(SurveyError, match=words):
            save(tmp_path / f"h{suffix}", values, survey)
    assert not (tmp_path / f"h{suffix}").exists()
    # The dock does not offer it.
    work = Work(tmp_path, "volume")
    exporter = Exporter.of_file(work.file(work.grid, "classes"))
    assert {"horizon", "mesh"} < {one.what for one in exporter.offers()}
    exporter.survey = survey
    assert what not in {one.what for one in exporter.offers()}


@pytest.mark.parametrize("axes", [("z", "y", "x"), ("axis_0", "axis_1", "axis_2")])
def test_a_mesh_is_of_any_volume(axes, tmp_path):
    values = np.zeros((5, 6, 7), np.uint8)
    values[1:3, 2:4, 3:5] = 1
    survey = xr.DataArray(
        values, dims=axes, coords={axis: np.arange(n) for axis, n in zip(axes, (5, 6, 7), strict=True)}
    )
    check(Request("mesh", tmp_path / "m.obj", of=(1,)), survey, None)
    assert save_mesh(tmp_path / "m.obj", values, survey, [("one", 1)]) > 0
    assert f"x, y: {axes[0]} and {axes[1]} numbers; z: minus the {axes[2]}" in (tmp_path / "m.obj").read_text()
    assert surveys.out.fitting.unfit("horizon", survey) is not None


def test_the_network_alone_is_not_averaged(tmp_path):
    work = Work(tmp_path, "volume")
    begun = prepared(work, *work.known())
    session = Session.existing(tmp_path / "session")
    unsaid: dict[str, Any] = {"smoothing": None, "order": None, "snapping": None}
    for said, option in (("smoothing", "--smoothing"), ("order", "--layer-order"), ("snapping", "--snapping")):
        with pytest.raises(JobError, match=f"the network alone is to predict, and nothing else: leave {option} out"):
            jobs._asked(session, begun.run, begun.job, {}, True, **(unsaid | {said: "on"}))


def test_what_cannot_be_read_where_it_lies_is_said(tmp_path):
    work = Work(tmp_path, "volume")
    words = "survey was copied: only surveys in blocks (bricks, Zarr, MDIO, OpenVDS) are read where they lie"
    assert any(words in note for note in prepared(work, *work.known(), "--in-place").notes)
    assert not any("was copied" in note for note in prepared(work, *work.known(), "--copy").notes)
