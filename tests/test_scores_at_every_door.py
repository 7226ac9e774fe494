"""A score says the same at every door: of what it is one, how sure it is, what it is beside, and what to mind."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import segyio
from tests.project.predicted import predicted

import napari_fhn as fhn
from napari_fhn import surveys
from napari_fhn.box import Box
from napari_fhn.cli import main
from napari_fhn.cli.running import display, last_line
from napari_fhn.network.architecture import levels
from napari_fhn.project import Project, Session, SurveySet
from napari_fhn.report import figures, runs
from napari_fhn.training import Done, Progress, Schedule, Score
from napari_fhn.training.job import JobError
from napari_fhn.training.recipes import RECIPES, Recipe
from napari_fhn.training.updates import ON_TRAINED
from napari_fhn.widgets.running.training_history import TrainingHistory

SHAPE = (10, 12, 32)
WELLS = [(1, 1), (1, 9), (5, 5), (8, 1), (8, 10)]
HELD_OUT = tuple(Box((i, j, 0), (i + 1, j + 1, 32)) for i, j in (WELLS[0], WELLS[2]))


class Text(HTMLParser):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.said = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_data(self, data: str) -> None:
        self.said += data


@pytest.fixture
def session(monkeypatch, tmp_path) -> Path:
    """Flat layers, which copying knows, and a network that knows nothing of them."""
    monkeypatch.chdir(tmp_path)
    flat = Recipe("", "", levels(2, 8, (2, 2), 1, context=1), Schedule(steps=2, block=(8, 32)))
    monkeypatch.setitem(RECIPES, "sections", flat)
    segyio.tools.from_array3D("small.sgy", np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32), dt=4000)
    with segyio.open("small.sgy", "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({segyio.su.iline: 100 + i, segyio.su.xline: 200 + j})
    truth = np.where(np.arange(32) < 15, 1, 2) + np.zeros(SHAPE, int)
    labels = np.zeros(SHAPE, np.uint8)
    for at in WELLS:
        labels[at] = truth[at]
    guess = np.random.default_rng(0).integers(1, 3, SHAPE).astype(np.uint8)
    opened = SurveySet.of({"small": surveys.open("small.sgy")})
    predicted(tmp_path / "s", guess, surveys=opened, held_out=HELD_OUT, labels=labels, outputs=False)
    return tmp_path / "s"


def test_the_same_sentences_at_every_door(session, capsys):
    assert main(["score", "--session", "s"]) == 0
    typed = capsys.readouterr().out
    assert main(["score", "--session", "s", "--json"]) == 0
    as_json = json.loads(capsys.readouterr().out)["words"]
    with fhn.open(session=session) as work:
        in_python = work.score()
        path = work.report("report.html")
        clicked = runs.evaluate(Project(Session(session)), work.run).evaluations[0].words  # what the dock says
    in_report = Text(Path(path)).said
    sentences = in_python.sentences
    assert list(sentences) == as_json
    for sentence in sentences:
        for door in (typed, clicked, in_report):
            assert sentence in door
    every = " ".join(sentences)
    assert "A score of 2 wells kept out (64 voxels); the other labels are not counted." in every
    assert "Behind the nearest well, copied sideways: mean IoU 0.3" in every
    assert "against 1.00, a difference of -0." in every
    assert "Copying would be better than this prediction." in every
    assert "the labels, carried along the reflectors: mean IoU" in every
    assert re.search(r"What is scored lies \d+ traces from the nearest label .*; the network sees \d+", every)
    assert "2 wells are few: the numbers may be far off." in every


def test_folds_are_told_before_they_begin_and_say_the_same(session, capsys):
    assert main(["score", "--session", "s", "--leave-one-out", "--folds", "2", "--steps", "1"]) == 0
    typed = capsys.readouterr().out
    planned = "5 wells are left out in 2 folds: 2 trainings of 1 step"
    assert planned in typed
    assert typed.index(planned) < typed.index("Fold 1 of 2")
    assert "The other folds take about" in typed
    with fhn.open(session=session) as work:
        told = []
        found = work.leave_out(folds=2, steps=1, told=told.append)
        in_report = Text(Path(work.report("report.html"))).said
    assert any(planned in getattr(news, "message", "") for news in told)
    assert [len(fold.bodies) for fold in found.folds] in ([3, 2], [2, 3])
    assert found.spread.estimates.bodies == 5
    for sentence in found.sentences:
        assert sentence in in_report
    assert "A score of 5 wells (160 voxels), each predicted by a network that was not shown it" in typed
    assert found.standing.reference == "the labels, carried along the reflectors"


def test_what_training_says_of_its_own_labels_is_no_measure_wherever_it_is_shown(session, capsys):
    trained, held_out = Score(2, False, (0.5, None)), Score(2, True, (0.5, 0.7))
    assert trained.on == ON_TRAINED
    assert held_out.on == "labels held out"
    job = Session(session).runs.all()[0].job()
    news = [
        Progress("train", 1, 2, loss=0.5),
        trained,
        Progress("train", 2, 2, loss=0.4),
        Done("train", False, 1, "Trained."),
    ]
    with display("train", job, False) as shown:  # a log, since nobody looks
        for update in news:
            shown.show(update)
    said = capsys.readouterr().out
    assert "IoU 0.500 on what it learns from" in said
    assert f"IoU on {ON_TRAINED}: mean 0.500" in said
    assert "To measure it, hold labels out or leave them out in turn" in said
    assert ON_TRAINED not in last_line(held_out, job.classes)
    assert ON_TRAINED in figures.curves(news).words
    history = TrainingHistory()
    history.replay(news)
    assert history.iou_on == ON_TRAINED
    history.replay([held_out])
    assert history.iou_on == "labels held out"


def test_how_labels_held_out_were_chosen_means_nothing_where_none_are_scored(session, tmp_path, capsys):
    truth = np.where(np.arange(32) < 15, 1, 2).astype(np.uint8) + np.zeros(SHAPE, np.uint8)
    np.save("truth.npy", truth)
    words = "says how labels held out were chosen, and the score is not one on labels held out: leave"
    # Of some that are held out it means something, whether a truth is named or not.
    assert main(["score", "--session", "s", "--truth", "truth.npy", "--drawn", "place"]) == 0
    with fhn.open(session="s") as work:
        assert work.score(drawn="place").on == "held out"
        with pytest.raises(JobError, match=f"^drawn {words} drawn out"):
            work.score(truth, drawn="place")
    labels = np.zeros(SHAPE, np.uint8)
    labels[WELLS[0]] = truth[WELLS[0]]
    opened = SurveySet.of({"small": surveys.open("small.sgy")})
    predicted(tmp_path / "none", truth, surveys=opened, labels=labels, outputs=False)
    capsys.readouterr()
    assert main(["score", "--session", "none", "--truth", "truth.npy", "--drawn", "place"]) == 2
    assert f"--drawn {words} --drawn out" in capsys.readouterr().err
    assert main(["score", "--session", "none", "--truth", "truth.npy"]) == 0
