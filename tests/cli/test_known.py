"""What is known, from the command line: every kind of file becomes labels of the session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import pytest
import segyio
import shapely
from tests.cli.conftest import prepared

from napari_fhn.cli import main
from napari_fhn.network.architecture import levels
from napari_fhn.training import Schedule
from napari_fhn.training.job import JobError
from napari_fhn.training.recipes import RECIPES, Recipe

SHAPE = (8, 10, 32)


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    flat = Recipe("", "", levels(2, 8, (2, 2), 1, context=1), Schedule(steps=2, block=(8, 32)))
    monkeypatch.setitem(RECIPES, "sections", flat)


@pytest.fixture(autouse=True)
def survey(tmp_path, small) -> Path:
    """Inlines from 100 going north by 20 m, crosslines from 200 going east by 10 m, 4 ms from 0."""
    path = tmp_path / "small.sgy"
    segyio.tools.from_array3D(str(path), np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32), dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({
                segyio.su.iline: 100 + i,
                segyio.su.xline: 200 + j,
                segyio.su.cdpx: 500_000 + 10 * j,
                segyio.su.cdpy: 6_000_000 + 20 * i,
            })  # fmt: skip
    return path


def labelled(*arguments: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels and classes that `napari-fhn train` would train on."""
    of_wells = {"--tops", "--las", "--known"} & set(arguments)
    found = prepared("small.sgy", "--session", "s", *(["--radius", "0"] if of_wells else []), *arguments)
    return np.load(found.project.session.labels), found.begun.job.classes


def refused(capsys, *arguments: str) -> str:
    assert main(["train", "small.sgy", "--session", "s", *arguments]) == 2
    told = capsys.readouterr().err
    assert told.splitlines()[-1].startswith("napari-fhn: ")
    return told


def test_wells_in_depth_with_deviation_and_checkshots(capsys):
    Path("wells.csv").write_text("Well;X (m);Y (m);KB (m)\nA;500020;6000060;10\nB;500070;6000100;10\n")
    Path("tops.csv").write_text("Well;Marker;MD (m)\nA;sand;0\nA;shale;40\nA;end;100\nB;sand;10\nB;end;60\n")
    Path("b.txt").write_text("well md_m inc azi\nB 0 0 0\nB 20 0 270\nB 20.001 60 270\nB 100 60 270\n")
    Path("cs.txt").write_text("tvdss_m twt_ms\n-10 0\n500 510\n")
    files = ["--wells", "wells.csv", "--tops", "tops.csv", "--deviation", "b.txt", "--checkshots", "cs.txt"]
    found, classes = labelled(*files)
    told = capsys.readouterr().err
    assert classes == ("sand", "shale")
    assert found[3, 2].tolist() == [1] * 10 + [2] * 15 + [0] * 7
    # 20 m down and then to the west; at 60 m along it is 40 m deep and 35 m away.
    assert found[5, 7, 3:6].tolist() == [1, 1, 1]
    assert found[5, 4, 9] == 1
    assert not found[5, 3].any()
    assert "taken as vertical, without a deviation survey: A" in told
    assert "azimuths taken from grid north" in told


def test_a_log(capsys):
    rows = "".join(f"{t} {1 if t < 40 else 2}\n" for t in range(0, 80, 4))
    Path("w.las").write_text(
        "~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.ms 0 :\nSTOP.ms 76 :\nSTEP.ms 4 :\nNULL. -999.25 :\nWELL. W :\n"
        f"INLINE. 103 :\nCROSSLINE. 204 :\n~C\nTWT.ms :\nFAC1. :\nFACIES. :\n~A\n{rows.replace(' ', ' 7 ')}"
    )
    found, classes = labelled("--las", "w.las")
    assert classes == ("class 1", "class 2")
    assert found[3, 4].tolist() == [1] * 10 + [2] * 10 + [0] * 12
    assert "--las-curve" not in capsys.readouterr().err
    text = Path("w.las").read_text().replace("FACIES.", "AAA.").replace("FAC1.", "BBB.")
    Path("w.las").write_text(text)
    assert "Say which curve holds the classes: --las-curve" in refused(capsys, "--las", "w.las")


def test_horizons_part_zones_or_make_bands():
    lines = [f"{100 + i} {200 + j}" for i in range(8) for j in range(10)]
    Path("top.txt").write_text("inline crossline twt_ms\n" + "".join(f"{at} 40\n" for at in lines))
    Path("base.txt").write_text("inline crossline twt_ms\n" + "".join(f"{at} 80\n" for at in lines))
    found, classes = labelled("--horizon", "top.txt", "--horizon", "base.txt", "--zones", "shale,sand,")
    assert classes == ("shale", "sand")
    assert found[3, 4].tolist() == [1] * 10 + [2] * 10 + [0] * 12
    found, classes = labelled("--horizon", "top.txt", "--horizon", "base.txt", "--band", "10", "--session", "t")
    assert classes == ("top", "base")
    assert found[3, 4].tolist() == [0] * 9 + [1] * 3 + [0] * 7 + [2] * 3 + [0] * 10
    found, classes = labelled("--horizon", "top.txt", "--session", "u")
    assert classes == ("above top", "below top")


def test_points_and_polygons_in_a_volume():
    Path("p.csv").write_text("inline,crossline,twt_ms,class\n103,204,40,sand\n104,205,44,shale\n")
    pyogrio.raw.write(
        "area.geojson",
        geometry=shapely.to_wkb(np.array([shapely.box(500_005, 6_000_030, 500_025, 6_000_070)], dtype=object)),
        field_data=[np.array(["salt"], dtype=object)],
        fields=["class"],
        crs="EPSG:32632",
        geometry_type="Polygon",
    )
    found, classes = labelled("--points", "p.csv", "--polygons", "area.geojson", "--slices", "60,68")
    assert classes == ("sand", "shale", "salt")
    assert found[3, 4, 10] == 1
    assert found[4, 5, 11] == 2
    assert np.argwhere(found == 3).tolist() == [[i, j, k] for i in (2, 3) for j in (1, 2) for k in (15, 16)]


@pytest.mark.parametrize(
    ("text", "arguments", "sentence"),
    [
        (
            "well,marker,md\nA,s,1\nA,t,9\n",
            ["--checkshots", "md.txt"],
            "Say whether it is m or ft: --columns tops:md=:m",
        ),
        ("well,top_m,base_m,class\nA,1,9,s\n", ["--checkshots", "md.txt"], "--columns tops:domain=md"),
        ("well,top_m,base_m,class\nA,1,9,s\n", [], "column 'top_m' holds depths, the survey goes down in two-way time"),
        ("A,s,1\nA,t,9\n", [], "--columns tops:well=COLUMN"),
        ("well,marker,tvdss_m\nA,s,1\nA,t,9\n", ["--checkshots", "md.txt"], "Say it in metres: --kb METRES"),
        ("well;marker;md_m\nA;s;1,234\nA;t;2,345\n", [], "Say which the decimal mark is, point or comma: --decimal"),
        ("well,marker,md_m\nA,s,1\nA,t,9\n", ["--columns", "top:md=3"], "does not begin with the kind of table"),
        ("well,marker,md_m\nA,s,1\nA,t,9\n", ["--columns", "tops:md"], "'md' is no pair"),
        ("well,marker,md_m\nA,s,1\nA,t,9\n", ["--columns", "tops:wheel=1"], "there is no role 'wheel'"),
    ],
)
def test_what_files_do_not_tell_is_asked_for_with_the_option(capsys, text, arguments, sentence):
    Path("wells.csv").write_text("well,inline,crossline\nA,103,204\n")
    Path("tops.csv").write_text(text)
    Path("md.txt").write_text("md_m twt_ms\n0 0\n500 500\n")
    assert sentence in refused(capsys, "--wells", "wells.csv", "--tops", "tops.csv", *arguments)


def test_answers_are_taken():
    Path("wells.csv").write_text("A;103;204\n")
    Path("tops.csv").write_text("A;s;10,234\nA;t;60,345\nA;u;80,123\n")
    Path("cs.txt").write_text("0;0\n500;0,5\n")
    found, classes = labelled(
        "--wells", "wells.csv", "--tops", "tops.csv", "--checkshots", "cs.txt", "--decimal", "comma",
        "--columns", "wells:well=1,inline=2,crossline=3", "--columns", "tops:well=1,marker=2,md=3:m",
        "--columns", "checkshots:md=1:m,twt=2:s",
    )  # fmt: skip
    assert classes == ("s", "t")
    assert found[3, 4].tolist() == [0] * 3 + [1] * 13 + [2] * 5 + [0] * 11


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--horizon", "absent.txt"], "absent.txt: there is no such file"),
        (["--las", "absent.las"], "absent.las: there is no such file"),
        (["--polygons", "absent.gpkg"], "absent.gpkg: there is no such file"),
        (["--polygons", "small.sgy"], "it is a SEG-Y file. Give it as the survey, or as --labels"),
        (["--points", "small.sgy"], "it is a SEG-Y file. Give it as the survey, or as --labels"),
    ],
)
def test_wrong_files_are_one_sentence(capsys, arguments, sentence):
    assert sentence in refused(capsys, *arguments)


def test_nothing_known_is_said():
    with pytest.raises((ValueError, JobError), match="nothing is labelled"):
        prepared("small.sgy", "--session", "s")


def test_help_names_every_kind(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    said = capsys.readouterr().out
    for option in ("--las", "--deviation", "--checkshots", "--horizon", "--polygons", "--columns", "--kb"):
        assert option in said
