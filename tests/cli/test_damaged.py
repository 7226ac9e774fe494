"""Sessions with a file that is cut short, empty, foreign or gone: each command says which, in one sentence."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import run_of

from napari_fhn.cli import main
from napari_fhn.network.architecture import levels
from napari_fhn.training import Schedule
from napari_fhn.training.recipes import RECIPES, Recipe

pytestmark = pytest.mark.usefixtures("small")

COMMANDS = {
    "train": ["train", "--steps", "1", "--json"],
    "resume": ["train", "--resume", "--steps", "4", "--json"],
    "predict": ["predict", "--json"],
    "score": ["score", "--truth", "truth.npy"],
    "report": ["report"],
    "classes": ["export", "classes", "o.npy"],
    "labels": ["export", "labels", "o.npy"],
    "runs": ["runs"],
    "compare": ["runs", "compare", "1", "1"],
    "info": ["info"],
    "forecast": ["forecast"],
    "diagnose": ["diagnose"],
}
FILES = (
    "session.json",
    "labels.npy",
    "runs/run-001/run.json",
    "runs/run-001/job.json",
    "runs/run-001/prediction.npy",
    "runs/run-001/prediction.json",
    "runs/run-001/model/model.json",
    "runs/run-001/model/job.json",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A map with a training and its prediction; made once."""
    folder = tmp_path_factory.mktemp("whole")
    rng = np.random.default_rng(0)
    np.save(folder / "v.npy", rng.standard_normal((20, 24)).astype(np.float32))
    labels = np.zeros((20, 24), np.uint8)
    labels[3, 3:6] = labels[3, 18:20] = 1
    labels[15, 18:22] = labels[15, 3:5] = 2
    np.save(folder / "l.npy", labels)
    np.save(folder / "truth.npy", np.where(np.arange(24) < 12, 1, 2) * np.ones((20, 1), np.uint8))
    network = ["--recipe", "map", "--steps", "2", "--device", "cpu", "--json"]
    files = [str(folder / "v.npy"), "--axes", "y,x", "--labels", str(folder / "l.npy")]
    small = Recipe("", "", levels(2, 8, (2,), 1), Schedule(steps=2, block=(16, 16)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, "map", small)
        assert main(["train", *files, "--session", str(folder / "s"), *network]) == 0
    assert main(["predict", "--session", str(folder / "s"), "--json"]) == 0
    return folder


WAYS = ("cut short", "empty", "foreign", "gone")


def tried(name: str, how: str) -> dict[str, list[str]]:
    """Of each file every command meets one kind of damage, and every command each kind; NAPARI_FHN_LONG: all of all."""
    turn = FILES.index(name) + WAYS.index(how)
    every = "NAPARI_FHN_LONG" in os.environ
    return {
        title: command for k, (title, command) in enumerate(COMMANDS.items()) if every or (k + turn) % len(WAYS) == 0
    }


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("name", FILES)
def test_a_sentence_says_what_is_wrong(name, how, whole, capsys):
    shutil.copyfile(whole / "truth.npy", "truth.npy")
    for title, command in tried(name, how).items():
        shutil.rmtree("s", ignore_errors=True)
        shutil.copytree(whole / "s", "s")
        path = Path("s") / name
        content = path.read_bytes()
        if how == "gone":
            path.unlink()
        else:
            path.write_bytes({"cut short": content[: len(content) // 2], "empty": b"", "foreign": b"[1, 2]\n"}[how])
        labels = None if name == "labels.npy" else Path("s/labels.npy").read_bytes()
        capsys.readouterr()
        code = main([*command, "--session", "s"])
        said = capsys.readouterr().err.splitlines()
        assert code in (0, 2), title
        if code:
            as_json = "--json" in command
            assert json.loads(said[-1])["kind"] == "Error" if as_json else said[-1].startswith("napari-fhn: "), title
        # Whatever is damaged, nobody's labels are.
        assert labels is None or Path("s/labels.npy").read_bytes() == labels, title


def test_a_prediction_that_is_gone_is_made_again(whole, capsys):
    shutil.copytree(whole / "s", "s")
    run_of("s").prediction.unlink()
    assert main(["export", "classes", "o.npy", "--session", "s"]) == 2
    assert main(["predict", "--session", "s", "--output", "o.npy", "--json"]) == 0
    assert (np.load("o.npy") > 0).all()
