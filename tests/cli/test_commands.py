"""The command line, on surveys small enough to train on in a moment."""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import run_of

from napari_fhn import surveys
from napari_fhn.cli import commands, main
from napari_fhn.project import Session
from napari_fhn.sample_data import HYPERSPECTRAL
from napari_fhn.training import updates

pytestmark = pytest.mark.usefixtures("small")

SHAPE = (8, 10, 32)
TRAIN = ("train", "small.sgy", "--wells", "wells.csv", "--tops", "tops.csv")


def test_info_says_what_a_file_holds(survey, capsys):
    assert main(["info", str(survey), "sample:hyperspectral"]) == 0
    said = capsys.readouterr().out
    assert "inline: 8, 100 to 107 step 1" in said
    assert "date1.img" in said
    assert "date2.img" in said


def test_info_goes_on_after_a_file_it_cannot_read(survey, capsys):
    assert main(["info", "absent.sgy", str(survey)]) == 2
    told = capsys.readouterr()
    assert "there is no such file" in told.err
    assert "inline: 8" in told.out


def test_info_as_json(survey, capsys):
    assert main(["info", str(survey), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "Survey"
    assert told["path"] == str(survey)
    assert any("inline: 8" in line for line in told["summary"])


def test_train_on_wells_then_predict_to_segy(survey, wells, capsys):
    np.savez("truth.npz", classes=np.full(SHAPE, 1, np.uint8))
    train = ["train", str(survey), *wells, "--session", "s", "--radius", "1", "--truth", "truth.npz"]
    assert main([*train, "--hold-out", "1", "--device", "cpu", "--seed", "4"]) == 0
    said = capsys.readouterr().out
    assert "Trained 2 steps" in said
    assert "IoU on labels held out" in said
    assert "nearest column" in said
    assert "mean" in said
    job = run_of("s").job()
    assert job.classes == ("sand", "shale")
    assert job.vertical_axis == 2
    assert len(job.held_out) == 1
    assert job.schedule.seed == 4
    assert np.count_nonzero(np.load("s/labels.npy")) == 2 * 5 * 32

    assert main(["predict", "--session", "s", "--output", "p.sgy"]) == 0
    out = surveys.open("p.sgy")
    np.testing.assert_array_equal(out.values, np.load(run_of("s").prediction))
    np.testing.assert_array_equal(out["inline"], 100 + np.arange(8))

    # The same command again trains on the same labels.
    assert main([*train, "--device", "cpu"]) == 0


def test_json_lines_are_updates(survey, wells, capsys):
    assert main(["train", str(survey), *wells, "--session", "s", "--json"]) == 0
    told = [updates.from_json(line) for line in capsys.readouterr().out.splitlines()]
    assert isinstance(told[-1], updates.Done)
    assert [u.step for u in told if isinstance(u, updates.Progress)] == [1, 2]

    assert main(["train", "--job", "s/runs/run-001/job.json", "--json"]) == 0
    assert run_of("s").id == "run-002"
    again = [updates.from_json(line) for line in capsys.readouterr().out.splitlines()]
    assert [u.loss for u in again if isinstance(u, updates.Progress)] == [
        u.loss for u in told if isinstance(u, updates.Progress)
    ]


def test_the_hyperspectral_sample_brings_its_labels_and_truth(capsys):
    assert main(["train", "sample:hyperspectral", "--device", "cpu", "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["kind"], last["on"]) == ("Evaluation", "truth")
    assert last["classes"] == ["Unchanged", "Changed"]
    # What was labelled is not scored.
    assert last["network"]["voxels"] == 112 * 128 - np.count_nonzero(np.load("date1.fhn/labels.npy"))
    job = run_of("date1.fhn").job()
    assert [item.channel_axis for item in job.inputs] == [0, 0]
    assert np.load(job.inputs[0].path).shape == (62, 112, 128)
    assert (
        main(
            [
                "predict",
                "--session",
                "date1.fhn",
                "--output",
                "change.tif",
                "--like",
                str(HYPERSPECTRAL.dates[0]),
            ]
        )
        == 0
    )
    assert surveys.open("change.tif").rio.crs.to_epsg() == 32632


def test_labels_on_the_grid_and_an_npy_survey(capsys):
    rng = np.random.default_rng(0)
    np.save("my volume.npy", rng.standard_normal(SHAPE).astype(np.float32))
    labels = np.zeros(SHAPE, np.int64)
    labels[3, 4, :10], labels[3, 4, 10:] = 1, 3
    np.save("labels.npy", labels)
    train = ["train", "my volume.npy", "--labels", "labels.npy"]
    assert main(train) == 2
    told = capsys.readouterr().err
    assert "Say which axis is two-way time" in told
    assert "or name them all with --axes, as in y,x,band for bands" in told
    np.save("four.npy", np.zeros((2, *SHAPE), np.float32))
    assert main(["train", "four.npy", "--labels", "labels.npy"]) == 2
    assert "have no names. Say which it is, for example --axes date,band,y,x or --axes band,inline,crossline,twt." in (
        capsys.readouterr().err
    )
    np.save("five.npy", np.zeros((2, 2, *SHAPE), np.float32))
    assert main(["info", "five.npy"]) == 2
    assert "a line or a volume, and say with --axes what its axes are." in capsys.readouterr().err
    assert main([*train, "--vertical-axis", "-1"]) == 0
    assert Session.existing("my volume.fhn").classes.by_code == {1: 1, 3: 2}  # of class 2 nobody has said anything
    _, _, following = capsys.readouterr().out.partition("Next: napari-fhn ")
    assert main([word.replace("FILE", "p.npy") for word in shlex.split(following)]) == 0  # as a shell reads it
    assert np.load("p.npy").shape == SHAPE


def test_other_labels_in_the_session_are_never_overwritten(survey, wells, capsys):
    assert main(["train", str(survey), *wells, "--session", "s", "--json"]) == 0
    before = np.load("s/labels.npy")
    assert main(["train", str(survey), *wells, "--radius", "2", "--session", "s"]) == 2
    assert "never overwritten" in capsys.readouterr().err
    np.testing.assert_array_equal(np.load("s/labels.npy"), before)
    # Without labels of its own a command trains on those in the session.
    assert main(["train", str(survey), "--session", "s", "--json"]) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "arguments are required: COMMAND"),
        (["teach"], "invalid choice: 'teach'"),
        (["train", "small.sgy", "--steps", "many"], "invalid int value: 'many'"),
        (["train"], "name a survey"),
        (["train", "absent.sgy"], "there is no such file"),
        (["train", "sample:moon"], "there is no such sample"),
        (["train", "small.sgy"], "nothing is labelled"),
        (["train", "small.sgy", "--wells", "wells.csv"], "go together"),
        (["train", "small.sgy", "--labels", "small.npz"], "small.npz: its shape is"),
        (["train", "small.sgy", "--vertical-axis", "3"], "no axis 3"),
        (["train", "small.sgy", "--wells", "absent.csv", "--tops", "tops.csv"], "absent.csv"),
        (
            ["train", "small.sgy", "--wells", "wells.csv", "--tops", "tops.csv", "--device", "tpu"],
            "no device",
        ),
        (["train", "--job", "absent.json"], "there is no such file"),
        (["train", "--resume"], "name the session"),
        (["train", "small.sgy", "--resume", "--session", "s"], "leave them out"),
        (["train", "--resume", "--session", "absent"], "there is no such folder"),
        (["train", "--job", "a.json", "--session", "s"], "leave --session out"),
        (["train", "--resume", "--session", "s", "--start-from", "m"], "leave --start-from out"),
        (["train", "--resume", "--session", "s", "--labels", "small.npz"], "leave --labels out, or train anew"),
        (["train", "--resume", "--session", "s", "--radius", "5"], "leave --radius out, or train anew"),
        (["train", "--resume", "--session", "s", "--set", "block=8,8,8"], "leave --set out, or train anew"),
        (["train", "--resume", "--session", "s", "--order"], "leave --order out, or train anew"),
        (["train", "--job", "a.json", "--hold-out", "0"], "leave --hold-out out, or train anew"),
        (["train", "--job", "a.json", "--factors", "none"], "leave --factors out, or train anew"),
        (["train", "--job", "a.json", "--name", "Again"], "a.json: it lies in no session, and is trained in its place"),
        (["train", "--job", "a.json", "--in-place"], "on its data as they are: leave --in-place out"),
        (["train", "--job", "a.json", "--copy"], "on its data as they are: leave --copy out"),
        (["train", "--job", "a.json", "--resume", "--run", "R"], "on its data as they are: leave --run out"),
        (["predict", "--job", "a.json", "--copy"], "has its data as they are: leave --copy out"),
        (["predict", "--session", "s", "--axes", "y,x"], "of a session or a job is read as it was: leave --axes out"),
        (["predict", "--session", "s", "--twt"], "of a session or a job is read as it was: leave --twt out"),
        (["predict", "--session", "s", "--vertical-axis", "1"], "is read as it was: leave --vertical-axis out"),
        (["predict", "--session", "s", "--map-field", "CLASS"], "is read as it was: leave --map-field out"),
        (["predict", "--session", "s", "--like", "small.sgy"], "leave --like out, or name that"),
        (["predict", "--session", "s", "--stac"], "nothing is exported without --output FILE: leave --stac out"),
        (["predict", "--session", "s", "--network-alone", "--smoothing", "on"], "nothing else: leave --smoothing out"),
        # What tasks do anyway may be said.
        (["predict", "--session", "absent", "--task", "1/2", "--in-place"], "there is no such folder"),
        (["predict", "--session", "s", "--collect", "--copy"], "has copied, and copy nothing: leave --copy out"),
        (
            ["predict", "a.zarr", "--network", "n", "--task", "1/2", "--output", "p.zarr", "--like", "b.sgy"],
            "lies on its own grid: leave --like out",
        ),
        (
            ["predict", "a.zarr", "--network", "n", "--task", "1/2", "--map-field", "C"],
            "no maps: leave --map-field out",
        ),
        (
            ["predict", "a.zarr", "--network", "n", "--task", "1/2", "--output", "p.zarr", "--stac"],
            "a STAC item is written beside a GeoTIFF alone: leave --stac out",
        ),
        (["score", "--session", "s", "--device", "cpu"], "leave --device out, or train again with --leave-one-out"),
        (
            ["score", "--prediction", "p.zarr", "--truth", "t.zarr", "--output", "o", "--memory", "1GB"],
            "is counted, on no device: leave --memory out",
        ),
        (["report", "--session", "s", "--page", "2"], "and no --truth is named: leave --page out"),
        (["predict", "--session", "s", "--workers", "2"], "--workers says how many processes of this machine"),
        (
            ["brick", "small.sgy", "out.zarr", "--cluster", "tcp://host:1", "--workers", "2"],
            "goes with --cluster alone",
        ),
        (["dips", "--session", "s", "--workers", "2"], "goes with --cluster alone"),
        (["score", "--session", "s", "--workers", "2"], "--workers and --output go with a --prediction in a store"),
        (["train", "--job", "a.json", "--axes", "y,x"], "leave out how that is done, or train anew"),
        ([*TRAIN, "--hold-out", "-1"], "-1 wells or patches cannot be held out. Give 0 or more"),
        (
            [*TRAIN, "--blocks", "4"],
            "how many blocks are held out is not said. Say how many of that size (--hold-out N",
        ),
        (["train", "small.sgy", "--memory", "lots"], "'lots' is no size"),
        (["report"], "arguments are required: --session"),
        (["report", "--session", "absent"], "there is no such folder"),
        (["predict"], "name the session"),
        (["predict", "--session", "absent"], "there is no such folder"),
        (["score"], "name the session"),
        (["score", "--session", "absent"], "there is no such folder"),
        (["predict", "--session", "absent", "--faster"], "unrecognized arguments: --faster"),
    ],
)
def test_what_is_wrong_is_one_sentence(survey, wells, arguments, sentence, capsys):
    np.savez("small.npz", labels=np.zeros((3, 3), np.uint8))
    Path("a.json").write_text("{}")
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.startswith("napari-fhn: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "small.sgy", "--wells", "wells.csv", "--tops", "tops.csv", "--session", "s3://bucket/s?sig=secret"],
        ["train", "--resume", "--session", "https://a.org/s?sig=secret"],
        ["predict", "small.sgy", "--network", "n", "--output", "https://a.org/p.npy?sig=secret"],
        ["report", "--session", "s", "--output", "https://a.org/r.html?sig=secret"],
        ["export", "labels", "s3://bucket/l.sgy?sig=secret", "--session", "s"],
        ["export-network", "s", "https://a.org/n.onnx?sig=secret"],
        ["sessions", "--folder", "s3://bucket/s?sig=secret"],
        ["predict", "--job", "s3://bucket/job.json?sig=secret"],
        ["dips", "s3://bucket/s?sig=secret"],
        ["train", "small.sgy", "--start-from", "s3://bucket/n?sig=secret"],
        ["info", "small.sgy", "--log-file", "https://a.org/log.txt?sig=secret"],
    ],
)
def test_an_address_is_no_folder_of_that_name_where_something_is_written_here(survey, wells, arguments, capsys):
    before = {path.name for path in Path().iterdir()} | {"s"}
    Session("s").change()
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert "address" in told
    assert "of this machine" in told
    assert ":/" not in told.replace("://", "")
    assert "secret" not in told
    assert told.count("\n") == 1
    assert {path.name for path in Path().iterdir()} <= before


def test_a_wrong_export_is_refused_before_the_work(survey, wells, capsys):
    assert main(["train", str(survey), *wells, "--session", "s", "--json"]) == 0
    for output, sentence in [
        ("p.tif", "holds maps"),
        ("p.doc", "not known"),
        ("no/p.npy", "there is no folder"),
        ("p.npy --stac", "beside a GeoTIFF alone"),
    ]:
        capsys.readouterr()
        assert main(["predict", "--session", "s", "--output", *output.split()]) == 2
        told = capsys.readouterr()
        assert sentence in told.err
        assert "predict" not in told.out


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.usefixtures("copied_processes")
def test_ctrl_c_keeps_what_was_trained(survey, wells, tmp_path):
    command = [sys.executable, "-m", "napari_fhn.cli", "train", str(survey), *wells, "--session", "s"]
    with subprocess.Popen(
        [*command, "--steps", "100000", "--device", "cpu", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        while "Progress" not in (line := process.stdout.readline()):
            assert "Note" in line  # what the prediction is made of
        process.send_signal(signal.SIGINT)
        last = process.stdout.read().splitlines()[-1]
    assert process.returncode == 130
    done = updates.from_json(last)
    assert isinstance(done, updates.Done)
    assert done.stopped
    assert list((tmp_path / "s" / "runs" / "run-001" / "model").glob("weights-*.safetensors"))
    assert run_of(tmp_path / "s").record.state == "stopped"


def test_a_full_disk_is_said_in_a_sentence(monkeypatch, capsys):
    def full(_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("napari_fhn.cli.recipes.run", full)
    monkeypatch.setattr(commands, "_parser_with", commands._parser_with.__wrapped__)  # else one that names the other
    assert main(["recipes"]) == 2
    assert "no room left on the disk" in capsys.readouterr().err
