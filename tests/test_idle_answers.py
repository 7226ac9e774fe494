"""What would be passed over of what is said is refused at the command line and in Python alike."""

from __future__ import annotations

import pytest

import napari_fhn
from doors import IDLE, Work, prepared
from napari_fhn import surveys
from napari_fhn.labels import LabelError
from napari_fhn.labels.fitting import options_for
from napari_fhn.project import Session
from napari_fhn.project.exporting.export_checks import check
from napari_fhn.project.exporting.export_offers import Request
from napari_fhn.project.knowledge.idle_answers import ANSWERS
from napari_fhn.project.runs import jobs
from napari_fhn.surveys import SurveyError
from napari_fhn.training.combination.settings import Combination, insisting
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


@pytest.mark.parametrize(("kind", "said"), [("volume", ("on", "on")), ("map", ("on", None))])
def test_settings_of_the_next_training_do_not_keep_a_network_from_predicting(kind, said, tmp_path):
    work = Work(tmp_path, kind)
    begun = prepared(work, *work.known())
    heeded = jobs.heeded(begun.run, Combination(smoothing="on", order="on"))
    assert heeded == said
    assert jobs.heeded(begun.run, None) == (None, None)
    found = insisting(begun.job.combination, *heeded, begun.job)
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


def test_what_a_map_has_not_is_not_exported_from_it(tmp_path):
    for what in ("horizon", "thickness"):
        of = {"above": (1,), "below": (2,)} if what == "horizon" else {"of": (1,)}
        with pytest.raises(SurveyError, match=f"a {what} is found on the way down, and the survey is a map. Write the"):
            check(Request(what, tmp_path / "h.csv", **of), surveys.open(Work(tmp_path, "map").survey), None)


def test_the_network_alone_is_not_averaged(tmp_path):
    work = Work(tmp_path, "volume")
    begun = prepared(work, *work.known())
    session = Session.existing(tmp_path / "session")
    for said, option in (({"smoothing": "on"}, "--smoothing"), ({"order": "on"}, "--layer-order")):
        with pytest.raises(JobError, match=f"the network alone is to predict, and nothing else: leave {option} out"):
            jobs._asked(session, begun.run, begun.job, {}, True, **{"smoothing": None, "order": None, **said})


def test_what_cannot_be_read_where_it_lies_is_said(tmp_path):
    work = Work(tmp_path, "volume")
    words = "survey was copied: only surveys in blocks (bricks, Zarr, MDIO, OpenVDS) are read where they lie"
    assert any(words in note for note in prepared(work, *work.known(), "--in-place").notes)
    assert not any("was copied" in note for note in prepared(work, *work.known(), "--copy").notes)
