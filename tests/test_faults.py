"""What once went wrong without a word, done again on the command line: nothing is lost or taken for another."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import prepared, run_of, small, survey, wells  # noqa: F401  (fixtures)

from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.project import Project, Session
from napari_fhn.project.predictions import kept_predictions
from napari_fhn.project.runs import jobs
from napari_fhn.training import BoxChanged, Control, predict

pytestmark = pytest.mark.usefixtures("small")

SHAPE = (8, 10, 32)


def contents(folder: str | Path) -> dict[str, str]:
    """A digest of every file in a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(folder).rglob("*"))
        # What the manifest was before a session was opened is none of its content.
        if path.is_file() and path.name != "session-before.json"
    }


@pytest.fixture
def train(survey, wells):  # noqa: F811
    """Train on two wells in the session ``s``."""
    return lambda *more: main(["train", str(survey), *wells, "--session", "s", "--radius", "1", "--json", *more])


def labels_of(shape: tuple[int, ...]) -> np.ndarray:
    found = np.zeros(shape, np.uint8)
    found[2, 3, : shape[2] // 2], found[2, 3, shape[2] // 2 :] = 1, 2
    found[5, 7, : shape[2] // 3], found[5, 7, shape[2] // 3 :] = 1, 2
    return found


def test_a_prediction_is_never_given_for_that_of_a_later_network(train, capsys):
    assert train("--hold-out", "1") == 0
    assert main(["predict", "--session", "s", "--json"]) == 0
    first = np.load(run_of("s").prediction)
    assert train("--seed", "7", "--steps", "1", "--hold-out", "1") == 0
    capsys.readouterr()
    for command in (["score"], ["report"], ["export", "classes", "o.npy"]):
        assert main([*command, "--session", "s"]) == 2
        assert "nothing was predicted by 'Run 2' yet" in capsys.readouterr().err
    assert not Path("o.npy").exists()
    assert main(["export", "classes", "o.npy", "--session", "s", "--run", "1"]) == 0
    np.testing.assert_array_equal(np.load("o.npy"), first)
    assert "run: Run 1 (run-001)" in Path("o.npy.history.txt").read_text()


def test_a_prediction_of_a_network_that_learnt_on_is_not_taken_for_its_own(train, capsys):
    assert train("--hold-out", "1") == 0
    assert main(["predict", "--session", "s", "--json"]) == 0
    earlier = np.load(run_of("s").prediction)
    assert main(["train", "--resume", "--session", "s", "--steps", "3", "--json"]) == 0
    assert "is kept as 'Run 1 after 2 steps'" in capsys.readouterr().err
    (one,) = kept_predictions.kept(Session("s"))  # what somebody waited for is not painted over
    np.testing.assert_array_equal(one.values(), earlier)
    assert one.made is not None
    assert one.made.steps == (2,)
    assert main(["score", "--session", "s"]) == 2
    assert "nothing was predicted by 'Run 1' yet" in capsys.readouterr().err
    assert main(["predict", "--session", "s", "--json"]) == 0
    assert main(["score", "--session", "s"]) == 0


def test_a_survey_that_has_changed_anywhere_is_learnt_from_as_it_is_now(capsys):
    values = np.random.default_rng(0).standard_normal((24, 24, 64)).astype(np.float32)
    np.save("volume.npy", values)
    np.save("labels.npy", labels_of(values.shape))
    train = ["train", "volume.npy", "--axes", "inline,crossline,twt", "--labels", "labels.npy", "--session", "s"]
    assert main([*train, "--recipe", "sections", "--json"]) == 0
    before = os.stat("volume.npy")
    values[13, 5, 9] += 1.0  # neither in the first nor the last nor the middle slice
    np.save("volume.npy", values)
    os.utime("volume.npy", ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000_000))
    assert main([*train, "--recipe", "sections", "--json"]) == 0
    first, second = (run_of("s", name).job().inputs[0] for name in ("1", "2"))
    assert first.stamp != second.stamp
    np.testing.assert_array_equal(np.load(second.path), values)
    assert np.load(first.path)[13, 5, 9] != values[13, 5, 9]  # what the first run learnt from is kept


@pytest.mark.parametrize(
    ("answers", "axis"),
    [
        (["--depth"], "depth"),
        (["--inline-byte", "189", "--crossline-byte", "193", "--x-byte", "181", "--y-byte", "185"], "twt"),
    ],
)
def test_a_survey_that_needed_answers_opens_again_with_them(survey, answers, axis, capsys):  # noqa: F811
    np.save("labels.npy", labels_of(SHAPE))
    assert main(["train", str(survey), *answers, "--labels", "labels.npy", "--session", "s", "--json"]) == 0
    before = contents("s")
    again = Project.open("s")
    assert again.surveys is not None
    assert again.surveys.first.dims == ("inline", "crossline", axis)
    np.testing.assert_array_equal(again.session.known(), labels_of(SHAPE))
    assert contents("s") == before
    assert main(["predict", "--session", "s", "--output", "out.nc", "--json"]) == 0
    assert surveys.open("out.nc").dims == ("inline", "crossline", axis)
    # Where it cannot be opened, nothing is lost: what was copied is enough.
    survey.rename("away.sgy")
    assert main(["predict", "--session", "s", "--json"]) == 0
    assert main(["train", "--session", "s", "--steps", "1", "--json"]) == 0


def test_a_session_of_the_command_line_says_all_that_another_face_needs(train, survey):  # noqa: F811
    assert train("--hold-out", "1", "--seed", "3") == 0
    found = Project.open("s")
    manifest = found.session.manifest
    assert found.surveys is not None
    assert found.surveys.source == survey
    assert found.classes.names == ("sand", "shale")
    assert [one.kind for one in manifest.knowledge] == ["wells", "tops"]
    assert manifest.held_out.count == 1
    assert found.settings is not None
    assert found.settings.schedule.seed == 3
    assert found.session.runs.trained().record.state == "finished"


@pytest.mark.parametrize("change", [{"steps": 10.5}, {"batch": "2"}, {"steps": None}])
def test_a_job_that_was_edited_wrongly_is_told_by_its_field(change, train, capsys):
    assert train() == 0
    path = run_of("s").folder / "job.json"
    data = json.loads(path.read_text())
    data["schedule"].update(change)
    path.write_text(json.dumps(data))
    capsys.readouterr()
    before = contents("s")
    assert main(["train", "--job", str(path)]) == 2
    said = capsys.readouterr().err
    assert f"schedule.{next(iter(change))}" in said
    assert "job.json" in said
    assert said.count("\n") == 1
    assert contents("s") == before


@pytest.mark.parametrize(("field", "value"), [("labels", None), ("held_out", "well A"), ("inputs", [])])
def test_other_fields_too(field, value, train, capsys):
    assert train() == 0
    path = run_of("s").folder / "job.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    capsys.readouterr()
    for command in (["train", "--job", str(path)], ["score", "--job", str(path)], ["forecast", "--job", str(path)]):
        assert main(command) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "job" in said
    # The session itself goes on with its copy.
    assert main(["forecast", "--session", "s"]) == 0


def test_a_prediction_that_was_stopped_is_not_exported_as_whole(train, capsys):
    assert train() == 0
    project = Project.open("s")
    run = run_of("s")
    control = Control(watched=False)
    for update in predict(jobs.prediction_job(project, run), control):
        if isinstance(update, BoxChanged):
            control.stop.set()
    capsys.readouterr()
    for command in (["export", "classes", "o.npy"], ["report"], ["score", "--truth", "t.npy"]):
        assert main([*command, "--session", "s"]) == 2
        said = capsys.readouterr().err
        assert "not to be taken for the whole" in said
        assert "--partial" in said
    assert not Path("o.npy").exists()
    assert main(["export", "classes", "o.sgy", "--session", "s", "--partial"]) == 0
    text = bytes(Path("o.sgy").read_bytes()[:3200])
    assert "run-001" in text.decode("cp037" if text[:1] == b"\xc3" else "ascii", errors="replace")
    assert main(["predict", "--session", "s", "--json"]) == 0
    assert main(["export", "classes", "o.npy", "--session", "s"]) == 0
    assert (np.load("o.npy") > 0).all()


@pytest.mark.parametrize("how", ["copied", "moved"])
def test_a_training_goes_on_in_the_folder_that_is_named(how, train, tmp_path, capsys):
    assert train() == 0
    before = contents("s")
    shutil.copytree("s", "elsewhere/c")
    if how == "moved":
        shutil.rmtree("s")
    assert main(["train", "--resume", "--session", "elsewhere/c", "--steps", "4", "--json"]) == 0
    assert main(["predict", "--session", "elsewhere/c", "--json"]) == 0
    assert main(["report", "--session", "elsewhere/c"]) == 0
    assert main(["train", "--job", "elsewhere/c/runs/run-001/job.json", "--steps", "1", "--json"]) == 0
    assert run_of("elsewhere/c", "1").step == 4
    assert run_of("elsewhere/c").id == "run-002"
    if how == "copied":
        assert contents("s") == before
    else:
        assert not Path("s").exists()
    for run in Session.existing("elsewhere/c").runs:
        assert str(tmp_path / "elsewhere" / "c") not in (run.folder / "job.json").read_text()


def test_a_new_training_keeps_the_network_before_it_whole(train, capsys):
    assert train("--steps", "4") == 0
    assert main(["predict", "--session", "s", "--json"]) == 0
    before = contents("s/runs/run-001")
    assert train("--steps", "1") == 0
    assert contents("s/runs/run-001") == before
    assert [(run.id, run.step) for run in Session.existing("s").runs] == [("run-001", 4), ("run-002", 1)]
    assert main(["runs", "use", "1", "--session", "s"]) == 0
    assert run_of("s").id == "run-001"
    assert main(["train", "--start-from", "s/runs/run-002", "--session", "s", "--steps", "1", "--json"]) == 0
    assert contents("s/runs/run-001") == before
    assert run_of("s").record.begun_with == "Run 2"


@pytest.mark.parametrize(("axes", "order"), [("twt,inline,crossline", (2, 0, 1)), ("time,inline,crossline", (2, 0, 1))])
def test_labels_in_the_order_of_the_file_turn_with_the_volume(axes, order, capsys):
    values = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    np.save("volume.npy", values.transpose(order))
    np.save("labels.npy", labels_of(SHAPE).transpose(order))
    begun = prepared("volume.npy", "--axes", axes, "--labels", "labels.npy", "--session", "s").begun
    np.testing.assert_array_equal(np.load(begun.job.inputs[0].path), values)
    np.testing.assert_array_equal(np.load(begun.job.labels), labels_of(SHAPE))
    assert begun.job.vertical_axis == 2


def test_a_training_that_failed_leaves_nothing_to_stumble_over(train, survey, capsys):  # noqa: F811
    assert train("--device", "tpu") == 2
    assert not Path("s").exists()
    assert train("--share", "salt=0:1") == 2
    assert not Path("s").exists()
    # Other labels than those of the try that failed.
    np.save("labels.npy", labels_of(SHAPE))
    given = ["train", str(survey), "--labels", "labels.npy", "--session", "s", "--json"]
    assert main(given) == 0
    before = contents("s")
    assert main([*given, "--device", "tpu"]) == 2
    assert main([*given, "--start-from", "nowhere"]) == 2
    assert main(["train", "--resume", "--session", "s"]) == 2
    assert contents("s") == before
    assert main([*given, "--steps", "1"]) == 0


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_training_stopped_before_its_first_step_leaves_nothing(train, monkeypatch):
    from napari_fhn.cli import running

    def stopped(*_: object, **__: object):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "work", stopped)
    assert train() == 130
    assert not Path("s").exists()
    monkeypatch.undo()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_one_that_is_asked_to_stop_before_its_first_step_leaves_nothing_either(train, monkeypatch):
    from napari_fhn.cli import running

    @contextmanager
    def stopping():
        control = Control(watched=False)
        control.stop.set()
        yield control

    assert train() == 0
    before = contents("s")
    monkeypatch.setattr(running, "interruptible", stopping)
    assert train("--seed", "9") == 130
    assert contents("s") == before
    assert main(["train", "--resume", "--session", "s", "--steps", "5"]) == 130
    assert run_of("s").step == 2


def test_who_comes_second_is_told_who_works_there_and_may_look(train, capsys):
    assert train() == 0
    code = (
        "import sys; from napari_fhn.project import Session; s = Session('s'); s.acquire('the desk');"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        before = contents("s/runs")
        for command in (
            ["train", "--session", "s"],
            ["predict", "--session", "s"],
            ["runs", "use", "1", "--session", "s"],
        ):
            capsys.readouterr()
            assert main(command) == 2
            said = capsys.readouterr().err
            assert "the desk (process " in said
            assert "is working in it" in said
        assert contents("s/runs") == before
        assert main(["runs", "--session", "s"]) == 0
        assert main(["info", "--session", "s"]) == 0
        assert "in use: the desk (process " in capsys.readouterr().out
        other.kill()
        other.wait()
    # Whoever was killed holds nothing any more.
    assert main(["train", "--session", "s", "--steps", "1", "--json"]) == 0
