"""The same work said at different doors is the same job."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import segyio

import napari_fhn as fhn
from napari_fhn.cli import main
from napari_fhn.network.architecture import levels
from napari_fhn.project import Session
from napari_fhn.training import Schedule
from napari_fhn.training.recipes import RECIPES, Recipe

SHAPE = (8, 10, 32)


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    flat = Recipe("", "", levels(2, 8, (2, 2), 1, context=1), Schedule(steps=2, block=(8, 32)))
    chart = Recipe("", "", levels(2, 8, (2,), 1), Schedule(steps=2, block=(16, 16)))
    for name, made in (("sections", flat), ("map", chart), ("spectra", chart), ("regions", chart)):
        monkeypatch.setitem(RECIPES, name, made)
    monkeypatch.setitem(RECIPES, "layers", replace(flat, neighbours=True))


@pytest.fixture(autouse=True)
def files(small) -> None:
    values = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    segyio.tools.from_array3D("small.sgy", values, dt=4000)
    with segyio.open("small.sgy", "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({segyio.su.iline: 100 + i, segyio.su.xline: 200 + j})
    Path("wells.csv").write_text("well,inline,crossline\nA,101,202\nB,103,205\nC,106,208\n")
    rows = [f"{well},0,{top},sand\n{well},{top},128,shale\n" for well, top in (("A", 60), ("B", 72), ("C", 64))]
    Path("tops.csv").write_text("well,top_twt_ms,base_twt_ms,class\n" + "".join(rows))
    np.save("magnetics.npy", np.random.default_rng(1).standard_normal((24, 20)).astype(np.float32))
    known = np.zeros((24, 20), np.uint8)
    known[2:4, 2:4], known[8:10, 2:4], known[15:17, 10:12], known[20:22, 14:16] = 1, 1, 2, 2
    np.save("known.npy", known)
    Path("classes.csv").write_text("value,name,color\n1,sand,#aa0000\n2,shale,#00aa00\n")
    Path("points.csv").write_text("row,col,class\n2,3,sand\n15,12,shale\n20,3,sand\n8,17,shale\n")


def job_of(session: str) -> dict[str, Any]:
    """The job of the newest run, which names its files as seen from itself."""
    content: dict[str, Any] = json.loads((Session(session).runs.all()[-1].folder / "job.json").read_text())
    return content


def labels_of(session: str) -> np.ndarray:
    return np.array(Session(session).known())


def what_is_remembered(session: str) -> dict[str, Any]:
    content = json.loads((Path(session) / "session.json").read_text())
    for name in ("created", "program"):
        content.pop(name)
    return content


WELLS = (["--wells", "wells.csv", "--tops", "tops.csv"], {"wells": "wells.csv", "tops": "tops.csv"})

#: Survey, how it is read, what is known and how it is trained: as options, and as keywords.
CASES = {
    "wells of a volume": ("small.sgy", [], {}, *WELLS, [], {}),
    "a wider radius, and wells held out": (
        "small.sgy", [], {}, [*WELLS[0], "--radius", "1"], {**WELLS[1], "radius": 1.0},
        ["--hold-out", "1", "--seed", "4"], {"hold_out": 1, "seed": 4},
    ),
    "labels that fall off": (
        "small.sgy", [], {}, [*WELLS[0], "--fall-off", "2"], {**WELLS[1], "fall_off": 2.0},
        ["--recipe", "sections"], {"recipe": "sections"},
    ),
    "a recipe, steps, and what is minimised": (
        "small.sgy", [], {}, [*WELLS[0], "--classes", "classes.csv"], {**WELLS[1], "classes": "classes.csv"},
        ["--recipe", "sections", "--steps", "1", "--loss", "cross-entropy+dice", "--balance", "full", "--share",
         "sand=0.1:0.9", "--order", "", "--smooth", "2", "--ignore", "0:1,:,:", "--memory", "2GB"],
        {"recipe": "sections", "steps": 1, "loss": "cross-entropy+dice", "balance": "full", "share": ["sand=0.1:0.9"],
         "order": "", "smooth": 2.0, "ignore": ["0:1,:,:"], "memory": 2 * 10**9},
    ),
    "labels of a map": (
        "magnetics.npy", ["--axes", "y,x"], {"axes": ("y", "x")}, ["--labels", "known.npy"], {"labels": "known.npy"},
        ["--hold-out", "1", "--blocks", "4"], {"hold_out": 1, "blocks": 4},
    ),
    "points of a map": (
        "magnetics.npy", ["--axes", "y,x"], {"axes": ("y", "x")},
        ["--points", "points.csv", "--point-radius", "1.5"], {"points": "points.csv", "point_radius": 1.5},
        ["--recipe", "map", "--absent", "sand@0:4,:"], {"recipe": "map", "absent": ["sand@0:4,:"]},
    ),
    "attributes of a volume": (
        "small.sgy", [], {}, *WELLS,
        ["--recipe", "sections", "--attribute", "envelope", "--attribute", "rms:20"],
        {"recipe": "sections", "attributes": ["envelope", "rms:20"]},
    ),
    "attributes of a map, those that fit": (
        "magnetics.npy", ["--axes", "y,x"], {"axes": ("y", "x")}, ["--labels", "known.npy"], {"labels": "known.npy"},
        ["--attribute", "all"], {"attributes": "all"},
    ),
    "attributes that help": (
        "magnetics.npy", ["--axes", "y,x"], {"axes": ("y", "x")}, ["--labels", "known.npy"], {"labels": "known.npy"},
        ["--attribute", "auto", "--recipe", "map"], {"attributes": ["auto"], "recipe": "map"},
    ),
    "settings other than the recipe's": (
        "magnetics.npy", ["--axes", "y,x"], {"axes": ("y", "x")}, ["--labels", "known.npy"], {"labels": "known.npy"},
        ["--recipe", "map",
         "--set", "block=8,16", "--set", "optimiser=sgd", "--set", "flips=0", "--set", "balance=full"],
        {
            "recipe": "map", "schedule": {"block": (8, 16), "optimiser": "sgd", "flips": (0,)},
            "objective": {"balance": "full"},
        },
    ),
    "what a file holds is found out": (
        "magnetics.npy", ["--axes", "y,x"], {"axes": ("y", "x")},
        ["--known", "points.csv"], {"known": "points.csv"}, [], {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_command_line_and_python_do_the_same(case):
    survey, reading, read_as, options, known, how, settings = CASES[case]
    typed = ["train", survey, *reading, *options, *how, "--session", "typed", "--device", "cpu"]
    assert main(typed) == 0
    with fhn.open(survey, session="python", **read_as) as work:
        work.label(**known)
        work.fit(**settings, device="cpu").wait()
    assert job_of("typed") == job_of("python")
    np.testing.assert_array_equal(labels_of("typed"), labels_of("python"))
    assert what_is_remembered("typed") == what_is_remembered("python")


def test_going_on_is_the_same():
    options, _ = WELLS
    for session in ("typed", "python"):
        assert main(["train", "small.sgy", *options, "--steps", "2", "--session", session, "--device", "cpu"]) == 0
    assert main(["train", "--session", "typed", "--resume", "--steps", "4"]) == 0
    with fhn.open(session="python") as work:
        work.fit(resume=True, steps=4).wait()
    assert job_of("typed") == job_of("python")
    assert main(["train", "--session", "typed", "--steps", "1"]) == 0
    with fhn.open(session="python") as work:
        work.fit(steps=1).wait()
    assert job_of("typed") == job_of("python")
    assert what_is_remembered("typed") == what_is_remembered("python")


def test_an_array_and_its_file_are_the_same():
    with fhn.open("magnetics.npy", axes=("y", "x"), session="file") as work:
        work.label("known.npy")
        work.fit("map", device="cpu").wait()
    with fhn.open({"magnetics": np.load("magnetics.npy")}, axes=("y", "x"), session="array") as work:
        work.label(np.load("known.npy"))
        work.fit("map", device="cpu").wait()
    assert job_of("file") == job_of("array")
