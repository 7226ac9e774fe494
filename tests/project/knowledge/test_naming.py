"""Files of what is known, as a person names them: the same for options and for keywords."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path

import pytest

from napari_fhn.cli.known import said as of_options
from napari_fhn.cli.options import add_known
from napari_fhn.labels import KINDS, LabelError, Question
from napari_fhn.project.knowledge.naming import Said, sources


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("wells.csv", "tops.csv", "points.csv", "top.txt", "base.txt"):
        Path(name).write_text("a,b\n1,2\n")


def test_every_option_has_a_field_and_every_field_an_option():
    parser = ArgumentParser()
    add_known(parser)
    options = parser.parse_args([])
    found = of_options(options)
    for one in fields(Said):
        value = getattr(found, one.name)
        assert (tuple(value) if isinstance(value, list) else value) == one.default, one.name
    names = {one.name for one in fields(Said)}
    assert set(vars(options)) - names == {"classes"}


def test_one_file_or_several():
    (one,) = sources(Said(points="points.csv"))
    assert (one.path, one.kind) == (Path("points.csv"), "points")
    assert sources(Said(points=Path("points.csv"))) == (one,)
    assert [source.path.name for source in sources(Said(horizon=["top.txt", "base.txt"]))] == ["top.txt", "base.txt"]
    assert sources(Said()) == ()


def test_answers_go_to_the_files_that_they_concern():
    found = sources(Said(wells="wells.csv", tops="tops.csv", points="points.csv", radius=2, fall_off=4, kb=12.5))
    radius = {source.kind: source.options.get("radius") for source in found}
    assert radius == {"wells": 2, "tops": 2, "points": 0}
    assert {source.kind for source in found if "kb_m" in source.options} == {"wells", "tops"}
    assert {source.kind for source in found if "fall_off" in source.options} == {"wells", "tops", "points"}


@pytest.mark.parametrize("zones", ["cover, sand,", ["cover", "sand", ""]])
@pytest.mark.parametrize("slices", ["400,600", (400, 600)])
def test_several_values_are_text_or_a_sequence(zones, slices):
    (horizon,) = sources(Said(horizon="top.txt", zones=zones))
    assert horizon.options["zones"] == ("cover", "sand", "")
    (shapes,) = sources(Said(polygons="shapes.gpkg", slices=slices))
    assert shapes.options["window"] == (400.0, 600.0)


def test_columns_are_of_a_kind_or_of_a_file():
    said = Said(wells="wells.csv", tops="tops.csv", columns=["tops:well=1,md=3:m", "wells.csv:decimal=comma"])
    wells, tops = sources(said)
    assert (tops.columns, tops.units) == ({"well": "1", "md": "3"}, {"md": "m"})
    assert wells.options["decimal"] == ","


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (Said(points="points.csv", columns=["well=1"]), "does not begin with the kind"),
        (Said(points="points.csv", columns=["tops.csv:well=1"]), "nor with a file that is given"),
        (Said(points="points.csv", columns=["points:well"]), "is no pair"),
        (Said(points="points.csv", columns=["points:nothing=1"]), "no role 'nothing'"),
        (Said(polygons="shapes.gpkg", slices="400"), "no two numbers"),
        (Said(polygons="shapes.gpkg", slices=(1, 2, 3)), "no two numbers"),
    ],
)
def test_what_makes_no_sense_is_said(said, what):
    with pytest.raises(LabelError, match=what):
        sources(said)


def test_a_file_of_which_nobody_knows_what_it_holds_is_asked_about():
    with pytest.raises(Question) as asked:
        sources(Said(known="points.csv"))
    assert asked.value.source.path == Path("points.csv")
    assert asked.value.cause.option == "kind"


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_person_can_say_any_kind(kind):
    said = Said(known="points.csv", columns=[f"points.csv:kind={kind}"])
    if kind == "classes":
        with pytest.raises(LabelError, match="Give it as --classes"):
            sources(said)
        return
    (found,) = sources(said)
    assert found.kind == kind


def test_a_kind_that_there_is_not_is_said():
    with pytest.raises(LabelError, match="there is no kind 'wheels'"):
        sources(Said(known="points.csv", columns=["points.csv:kind=wheels"]))


def test_a_unit_alone_can_be_said():
    (horizon,) = sources(Said(horizon="top.txt", columns=["horizon:z=:m,inline=2"]))
    assert (horizon.columns, horizon.units) == ({"inline": "2"}, {"z": "m"})


@pytest.mark.parametrize("name", ["tops", "deviation", "checkshots", "known", "points"])
def test_any_file_counts_as_named(name):
    found = Said(**{name: "tops.csv"})
    assert found.any
    assert found.helps_only == (name in ("deviation", "checkshots"))
    assert not Said().any
    assert Said().helps_only
