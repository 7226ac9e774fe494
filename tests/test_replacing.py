"""At no door does an export replace a file that somebody else wrote, or changed, unless that is asked for."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import napari_fhn
from napari_fhn import sample_data, surveys
from napari_fhn.cli import main
from napari_fhn.labels import ClassTable
from napari_fhn.network.architecture import levels
from napari_fhn.project import ProjectError
from napari_fhn.project.exporting import own_files
from napari_fhn.training import Schedule
from napari_fhn.training.recipes import RECIPES, Recipe

MINE = b"what somebody made"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A session with a prediction, and where commands run."""
    folder = tmp_path_factory.mktemp("replacing")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        flat = Recipe("", "", levels(2, 8, (2, 2), 1, context=1), Schedule(steps=1, block=(8, 32)), combination=None)
        for name in ("sections", "layers"):
            patch.setitem(RECIPES, name, replace(flat, neighbours=name == "layers"))
        image = np.random.default_rng(0).standard_normal((8, 10, 32)).astype(np.float32)
        known = np.zeros(image.shape, np.uint8)
        known[1, 2, :16], known[1, 2, 16:], known[5, 3, :16], known[5, 3, 16:] = 1, 2, 1, 2
        np.save("survey.npy", image)
        with napari_fhn.open("survey.npy", session="s.fhn", axes="inline,crossline,twt") as work:
            work.label(known)
            work.fit("sections", device="cpu").wait()
            work.predict(outputs=["probabilities"], device="cpu")
        yield folder


SESSION = ("--session", "s.fhn")
COMMANDS = {
    "export": ["export", "classes", "out.npy", *SESSION],
    "similar": ["similar", *SESSION, "--at", "1 2 3", "--output", "out.npy"],
    "predict": ["predict", *SESSION, "--outputs", "probabilities", "--output", "out.npy"],
    "report": ["report", *SESSION, "--output", "out.npy"],
    "export-network": ["export-network", "s.fhn", "out.npz"],
    "export a table": ["export", "table", "out.csv", *SESSION],
    "a store": ["export", "classes", "out.zarr", *SESSION],
    "probabilities": ["export", "probabilities", "out.npy", *SESSION],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_command_replaces_what_it_wrote_and_nothing_else(folder, monkeypatch, capsys, command):
    monkeypatch.chdir(folder)
    out = Path(next(word for word in command if word.startswith("out.")))
    _clear(out)
    _theirs(out)
    before = _bytes(out)
    assert main(command) == 2, command
    said = capsys.readouterr().err
    assert said.startswith(f"napari-fhn: {out}: it is there already")
    assert "--overwrite" in said
    assert _bytes(out) == before
    assert main([*command, "--overwrite"]) == 0
    assert _bytes(out) != before
    # The same again is what a script does each night.
    assert main(command) == 0
    _theirs(out)
    changed = _bytes(out)
    assert main(command) == 2
    assert _bytes(out) == changed
    _clear(out)


@pytest.mark.parametrize("command", [*COMMANDS.values(), ["brick", "survey.npy", "out.zarr"]], ids=[*COMMANDS, "brick"])
@pytest.mark.parametrize("there", [True, False], ids=["a file", "nothing"])
def test_no_command_writes_where_a_link_lies(folder, monkeypatch, capsys, command, there):
    """Not even with the consent: nothing tells whether the link or what it leads to is to be replaced."""
    monkeypatch.chdir(folder)
    out = Path(next(word for word in command if word.startswith("out.")))
    target = out.with_name(f"far {out.name}")
    _clear(out)
    _clear(target)
    if there:
        _theirs(target)
    out.symlink_to(target.name)
    before = _bytes(target) if there else {}
    for words in ([], ["--overwrite"] if command[0] != "brick" else []):
        assert main([*command, *words]) == 2, command
        said = capsys.readouterr().err
        assert f"napari-fhn: {out}: it is a link to {target.absolute()}, and nothing tells" in said
        assert f"Give {target.absolute()} itself, or remove the link" in said
    assert out.is_symlink()
    assert (_bytes(target) if there else {}) == before
    assert there == target.exists()
    _clear(out)
    _clear(target)


def test_a_link_beside_a_file_is_none_to_write_to_either(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    survey = surveys.open(sample_data.HYPERSPECTRAL.dates[0])
    for name in ("scene.hdr", "q.npy.history.txt"):
        Path("kept").write_bytes(MINE)
        Path(name).symlink_to("kept")
        with pytest.raises(ProjectError, match=rf"{name}: it is a link to .*kept, and nothing"):
            own_files.check_links(own_files.with_companions("scene.img" if name[0] == "s" else "q.npy"))
    with pytest.raises(surveys.SurveyError, match=r"scene\.hdr: it is a link"):
        surveys.save("scene.img", np.ones((112, 128), np.uint8), survey)
    assert not Path("scene.img").exists()
    assert main(["export", "classes", "q.npy", *SESSION, "--overwrite"]) == 2
    assert "q.npy.history.txt: it is a link" in capsys.readouterr().err
    assert Path("kept").read_bytes() == MINE
    # A folder above may be one: that is how disks are joined.
    Path("disk").mkdir(exist_ok=True)
    Path("short").symlink_to("disk")
    assert main(["export", "classes", "short/r.npy", *SESSION]) == 0
    assert Path("disk/r.npy").is_file()
    # So may a log, to which lines are added.
    Path("far.log").touch()
    Path("log").symlink_to("far.log")
    assert main(["runs", "list", *SESSION, "--log-file", "log"]) == 0
    assert Path("log").is_symlink()
    for one in ("scene.hdr", "q.npy.history.txt", "log"):
        Path(one).unlink()


def test_python_asks_by_a_keyword(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with napari_fhn.open(session="s.fhn") as work:
        survey = work.project.surveys.first
        picks = xr.full_like(survey[..., 0].drop_vars(survey.dims[-1]), np.nan, dtype=float).load()
        picks[3, 3] = float(survey[survey.dims[-1]][10])
        doors = {
            "classes.npy": lambda path, **how: work.save(path, **how),
            "report.html": lambda path, **how: work.report(path, **how),
            "alike.npy": lambda path, **how: work.similar((1, 2, 3)).save(path, survey, **how),
            "horizon.csv": lambda path, **how: work.track_horizon(picks).save(path, survey, **how),
        }
        for name, write in doors.items():
            out = Path(name)
            out.write_bytes(MINE)
            with pytest.raises(own_files.WouldReplace, match="it is there already"):
                write(out)
            assert out.read_bytes() == MINE, name
            write(out, overwrite=True)
            assert out.read_bytes() != MINE, name
            write(out)
            far = out.rename(f"far {name}")
            out.symlink_to(far)
            before = far.read_bytes()
            for how in ({}, {"overwrite": True}):
                with pytest.raises(ProjectError, match="it is a link to "):
                    write(out, **how)
            assert far.read_bytes() == before
            out.unlink()


def test_what_is_written_beside_a_file_replaces_nothing_either(folder, monkeypatch, capsys):
    """An ENVI image brings ``NAME.hdr``, which is the header of ``NAME.dat`` of another program too."""
    monkeypatch.chdir(folder)
    Path("scene.hdr").write_bytes(MINE)
    with pytest.raises(own_files.WouldReplace, match=r"scene\.hdr"):
        own_files.check(own_files.with_companions("scene.img"))
    Path("p.npy.history.txt").write_bytes(MINE)
    assert main(["export", "classes", "p.npy", *SESSION]) == 2
    assert "p.npy.history.txt: it is there already" in capsys.readouterr().err
    assert not Path("p.npy").exists()


def test_what_a_gis_keeps_beside_a_map_is_replaced_where_it_is_ours_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    survey = surveys.open(sample_data.HYPERSPECTRAL.dates[0])
    classes = ClassTable.default(2)
    table = Path("map.tif.aux.xml")

    def export():
        with own_files.writing("map.tif", overwrite=False):
            surveys.save("map.tif", np.ones((112, 128), np.uint8), survey, nodata=0, classes=classes)

    table.write_bytes(MINE)
    with pytest.raises(own_files.WouldReplace, match=r"map\.tif\.aux\.xml"):
        export()
    assert table.read_bytes() == MINE
    table.unlink()
    export()
    # What QGIS does when it shows the map.
    table.write_text(table.read_text().replace("</PAMDataset>", "<Histograms/></PAMDataset>"))
    export()
    assert "Histograms" not in table.read_text()


def test_a_link_is_somebodys_wherever_it_leads(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with own_files.writing("ours.npy", overwrite=False):
        Path("ours.npy").write_bytes(MINE)
    os.symlink("ours.npy", "to ours.npy")
    assert own_files.strangers([Path("ours.npy"), Path("to ours.npy")]) == (Path("to ours.npy"),)


def test_a_link_to_a_file_of_somebody_is_that_file(folder, monkeypatch):
    monkeypatch.chdir(folder)
    Path("theirs.npy").write_bytes(MINE)
    os.symlink("theirs.npy", "link.npy")
    os.symlink("nowhere.npy", "dangling.npy")
    assert own_files.strangers([Path("link.npy"), Path("dangling.npy"), Path("none.npy")]) == (
        Path("link.npy"),
        Path("dangling.npy"),
    )


def test_what_was_written_longest_ago_is_forgotten_first(tmp_path, monkeypatch):
    monkeypatch.setenv(own_files.VARIABLE, str(tmp_path / "written"))
    monkeypatch.setattr(own_files, "_MOST", 2)
    for k in range(3):
        with own_files.writing(tmp_path / f"{k}.npy", overwrite=False):
            (tmp_path / f"{k}.npy").write_bytes(MINE)
        os.utime(own_files._mark(tmp_path / f"{k}.npy"), (k, k))
    assert own_files.strangers([tmp_path / f"{k}.npy" for k in range(3)]) == (tmp_path / "0.npy",)


def _theirs(out: Path) -> None:
    """Let somebody else have made a file, or a store, or have changed it."""
    if out.suffix == ".zarr":
        out.mkdir(exist_ok=True)
        (out / "zarr.json").write_bytes(b'{"zarr_format": 3, "node_type": "group", "attributes": {"mine": true}}')
    else:
        out.write_bytes(MINE + (out.read_bytes() if out.exists() else b""))


def _bytes(out: Path) -> dict[str, bytes]:
    found = [out] if out.is_file() else out.rglob("*")
    return {str(one): one.read_bytes() for one in found if one.is_file()}


def _clear(out: Path) -> None:
    import shutil

    for one in out.parent.glob(f"{out.name}*"):
        shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()
