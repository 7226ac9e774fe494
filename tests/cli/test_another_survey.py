"""A trained network on another survey: nothing is labelled, and what does not go together is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import segyio
from tests.cli.conftest import run_of

import napari_fhn
from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.labels import ClassTable, LabelClass
from napari_fhn.project import Session
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.recipes import RECIPES

pytestmark = pytest.mark.usefixtures("small")

NEXT = (6, 12, 32)


@pytest.fixture
def trained(survey, wells):
    """A network of two steps, trained on the survey in the session ``s``."""
    assert main(["train", str(survey), *wells, "--session", "s", "--recipe", "sections", "--json"]) == 0
    return Path("s")


@pytest.fixture
def following(tmp_path) -> Path:
    """Another survey: of another size, at another place."""
    path = tmp_path / "next.sgy"
    values = np.random.default_rng(3).standard_normal(NEXT).astype(np.float32)
    segyio.tools.from_array3D(str(path), values, dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, NEXT[1])
            header.update({segyio.su.iline: 900 + i, segyio.su.xline: 50 + j})
    return path


def test_what_cannot_be_read_where_it_lies_is_said(trained, following, capsys):
    words = "copied: only surveys in blocks (bricks, Zarr, MDIO, OpenVDS) are read where they lie"
    for asked in (["--session", "s"], [str(following), "--network", "s", "--output", "facies.sgy"]):
        assert main(["predict", *asked, "--in-place", "--no-picture"]) == 0
        assert words in capsys.readouterr().err
    with napari_fhn.open(session="s", in_place=True) as work:
        work.predict()
        assert any(words in note for note in work.notes)


@pytest.mark.parametrize("network", ["s", "s/runs/run-001", "s/runs/run-001/model"])
def test_in_one_go(trained, following, network, capsys):
    before = sorted(Path.cwd().iterdir())
    assert main(["predict", str(following), "--network", network, "--output", "facies.sgy"]) == 0
    told = capsys.readouterr()
    assert "Written: facies.sgy" in told.out
    assert "scaled as the one that the network was trained on was" in told.err
    written = surveys.open("facies.sgy")
    assert written.shape == NEXT
    assert set(np.unique(written.values)) <= {1, 2}
    np.testing.assert_array_equal(written["inline"], 900 + np.arange(6))
    said = written.attrs["history"]
    assert "Predicted by the network of" in said
    assert "1 sand, 2 shale" in said
    assert {path.name for path in set(Path.cwd().iterdir()) - set(before)} == {"facies.sgy", "facies.sgy.png"}


def test_kept_in_a_session(trained, following, capsys):
    asked = ["predict", str(following), "--network", "s", "--session", "n"]
    assert main([*asked, "--outputs", "entropy", "--json"]) == 0
    session = Session.existing("n")
    run = run_of("n")
    assert run.record.begun_with == "s, run-001"
    assert run.provenance().complete
    assert [entry.name for entry in session.manifest.inputs] == ["next"]
    assert session.classes.names == ("sand", "shale")
    capsys.readouterr()
    assert main(["export", "entropy", "e.sgy", "--session", "n"]) == 0
    assert main(["predict", "--session", "n", "--output", "again.sgy"]) == 0  # its own run predicts it again
    assert main(["runs", "--session", "n"]) == 0
    assert "Network of s, run-001" in capsys.readouterr().out
    np.testing.assert_array_equal(surveys.open("again.sgy").values, np.load(run.prediction))
    # A session about one survey does not become one about another.
    assert main(["predict", str(following), "--network", "s", "--session", "s"]) == 2
    assert "it is about small and not about next" in capsys.readouterr().err
    assert len(Session.existing("s").runs.all()) == 1


def test_what_does_not_go_together_is_said_and_leaves_nothing(trained, following, tmp_path, capsys):
    rng = np.random.default_rng(0)
    np.save("map.npy", rng.standard_normal((20, 24)).astype(np.float32))
    before = sorted(tmp_path.iterdir())

    def refused(*arguments: str) -> str:
        capsys.readouterr()
        assert main(["predict", *arguments]) == 2
        assert sorted(tmp_path.iterdir()) == before
        return capsys.readouterr().err

    assert "cannot be applied" in refused("map.npy", "--axes", "y,x", "--network", "s", "--output", "o.npy")
    assert "in depth" in refused(str(following), "--depth", "--network", "s", "--output", "o.npy")
    assert "cannot be applied" in refused(str(following), "--depth", "--network", "s", "--session", "n")
    assert "holds no trained network" in refused(str(following), "--network", "nowhere", "--output", "o.npy")
    assert "go together" in refused(str(following), "--output", "o.npy")
    assert "go together" in refused("--network", "s", "--output", "o.npy")
    assert "say where the prediction goes" in refused(str(following), "--network", "s")
    assert "holds maps" in refused(str(following), "--network", "s", "--output", "o.tif")


def test_another_sampling_is_said(trained, capsys):
    values = np.random.default_rng(3).standard_normal(NEXT).astype(np.float32) * 100
    segyio.tools.from_array3D("fine.sgy", values, dt=2000)
    assert main(["predict", "fine.sgy", "--network", "s", "--output", "o.npy"]) == 0
    said = capsys.readouterr().err
    assert "sampled at 2 ms" in said
    assert "times as far as those it was trained on" in said


def test_a_network_that_is_told_of_neighbours_needs_labels(survey, wells, following, capsys):
    assert main(["train", str(survey), *wells, "--session", "s", "--radius", "1", "--recipe", "layers", "--json"]) == 0
    assert main(["predict", str(following), "--network", "s", "--output", "o.npy"]) == 2
    assert "there are none of its classes on this survey" in capsys.readouterr().err


@pytest.mark.parametrize("names", [("sand", "shale"), ("salt", "shale")])
def test_labels_of_other_classes_say_nothing(survey, wells, following, monkeypatch, capsys, names):
    """A class is what it is called, and not its number: what is labelled there is not carried as something else."""
    monkeypatch.setitem(RECIPES, "sections", replace(RECIPES["sections"], combination=Combination()))
    assert main(["train", str(survey), *wells, "--session", "s", "--recipe", "sections", "--json"]) == 0
    asked = ["predict", str(following), "--network", "s", "--session", "n"]
    assert main(asked) == 0
    assert "Nothing is labelled here" in capsys.readouterr().out
    with (session := Session("n")).writing("a test"):
        session.label_volume(NEXT)[2, 3, 4:8] = 1
        session.set_classes(
            ClassTable(tuple(LabelClass(value, name, "#aa0000") for value, name in enumerate(names, 1)))
        )
    assert main(asked) == 0
    said = capsys.readouterr().err
    same = names[0] == "sand"
    assert ("are of other classes than the network's" in said) is not same
    made = run_of("n").provenance()
    assert made.complete
    assert ("reflectors" in made.factors) is same
