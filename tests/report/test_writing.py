"""The report: its numbers, its pictures, and that nothing in it reaches outside or runs."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.network.architecture import levels
from napari_fhn.report import on_held_out, on_truth
from napari_fhn.report.left_out import FILE as LEFT_OUT
from napari_fhn.report.writing import write
from napari_fhn.training import Axis, Done, Input, Job, JobError, Progress, Schedule, Score
from napari_fhn.training.files.log import kept

NEWS = (
    *(Progress("train", k, 40, loss=1 / k, invertibility_error=k * 1e-8) for k in range(1, 41)),
    Score(20, False, (0.5, 0.6, None)),
    Score(40, True, (0.7, 0.8, 0.9)),
    Done("train", False, 3.0, "Trained 40 steps in 3 s; the network is saved."),
)


class Page(HTMLParser):
    """Tags, sources and text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.html = path.read_text(encoding="utf-8")
        self.tags: list[str] = []
        self.pictures: list[tuple[str, str]] = []
        self.text = ""
        self.feed(self.html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "img":
            found = dict(attrs)
            self.pictures.append((found["src"], found["alt"]))

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def session(predicted, tmp_path) -> tuple[Path, Job, np.ndarray]:
    job, truth = predicted
    axes = (Axis("inline", "", 1001, 1), Axis("crossline", "", 2001, 2), Axis("twt", "ms", 400, 4))
    job = replace(job, axes=axes, colors=("#e69f00", "#56b4e9", "#009e73"))
    list(kept(NEWS, job, "train", command="napari-fhn train layers.sgy --hold-out 2"))
    (tmp_path / "model" / "model.json").write_text("{}")
    (tmp_path / "input.txt").write_text("layers.sgy: seismic\ninline: 12, 1001 to 1012\n")
    job.save(tmp_path / "job.json")
    return tmp_path, job, truth


def test_a_report_says_what_was_found(session):
    folder, job, truth = session
    path = write(folder, truth=truth)
    assert path == folder / "report.html"
    page = Page(path)
    for found in (on_held_out(job), on_truth(job, truth)):
        for value in (found.network.accuracy, found.network.mean_iou, found.nearest.mean_iou, *found.network.iou):
            assert f"{value:.3f}" in page.text
    assert "layers.sgy: seismic" in page.text
    assert "inline 1003, crossline 2007" in page.text
    assert "napari-fhn train layers.sgy --hold-out 2" in page.text
    assert f"napari-fhn train --job {folder}/job.json" in page.text
    assert "Trained 40 steps in 3 s" in page.text
    assert "4.0e-07 in the last step" in page.text
    assert "no reliability curve" in page.text
    assert "twt 464 ms" in page.text
    titles = [words for _, words in page.pictures]
    assert titles.count("the survey and its labels") == 3
    assert titles.count("where the prediction differs from the truth") == 3
    assert any(words.startswith("Confusion matrix") for words in titles)


def test_nothing_in_it_reaches_outside_or_runs(session):
    folder, _, truth = session
    page = Page(write(folder, truth=truth))
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    for source, words in page.pictures:
        kind, data = re.fullmatch(r"data:(image/png|image/svg\+xml);base64,(.*)", source).groups()
        content = base64.b64decode(data)
        assert content.startswith(b"\x89PNG" if kind == "image/png" else b"<?xml")
        assert words
    assert not re.search(r"(?:src|href)\s*=\s*[\"'](?!data:)", page.html)
    assert "url(" not in page.html


def test_names_from_files_are_escaped(session):
    folder, job, _ = session
    evil = "<script>alert(1)</script>"
    (folder / "input.txt").write_text(evil)
    # The last would be a formula to matplotlib, and one that is none.
    replace(job, classes=(evil, "b & c", r"$\none{$")).save(folder / "job.json")
    page = Page(write(folder))
    assert r"$\none{$" in page.text
    assert "script" not in page.tags
    assert evil in page.text
    assert "b & c" in page.text


def test_probabilities_bring_the_reliability_curve(session):
    folder, job, truth = session
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1, 1], truth.shape).transpose(3, 0, 1, 2)
    np.save(job.output_path("probabilities"), probabilities.astype(np.float16))
    page = Page(write(folder))
    found = on_held_out(job)
    assert f"Expected calibration error {found.trust.measured.expected_error:.3f}" in page.text
    assert any(words.startswith("Reliability curve") for _, words in page.pictures)
    assert [words for _, words in page.pictures].count("the probability of the predicted class") == 3


def test_what_leaving_out_in_turn_has_found_is_shown(session):
    folder, _, _ = session
    scores = {"voxels": 32, "accuracy": 0.25, "kappa": None, "mean_iou": 0.125}
    folds = [{"name": "inline 1003", "scores": scores}]
    found = {"folds": folds, "pooled": scores, "mean": 0.777, "deviation": 0.1, "worst": 0.5}
    (folder / LEFT_OUT).write_text(json.dumps(found))
    text = Page(write(folder)).text
    assert "mean IoU 0.777" in text
    assert "0.250" in text


def test_a_map_of_bands_is_shown_in_colours(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "input.npy", rng.random((5, 12, 14)).astype(np.float32))
    labels = rng.integers(0, 3, (12, 14)).astype(np.uint8)
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "prediction.npy", rng.integers(1, 3, (12, 14)).astype(np.uint8))
    job = Job(
        inputs=(Input(str(tmp_path / "input.npy"), 0, "May"),),
        labels=str(tmp_path / "labels.npy"),
        classes=("a", "b"),
        network=levels(2, 8, (2,), 1),
        schedule=Schedule(steps=2, block=(16, 16)),
        prediction=str(tmp_path / "prediction.npy"),
        model=str(tmp_path / "model"),
        held_out=(Box((0, 0), (4, 4)),),
    )
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_text("{}")
    job.save(tmp_path / "job.json")
    page = Page(write(tmp_path, tmp_path / "other.html"))
    assert "The whole map" in page.text
    assert "5 x 12 x 14 values of type float32" in page.text
    assert [words for _, words in page.pictures][-2:] == ["the survey and its labels", "the prediction"]


def test_what_is_missing_is_said(session, monkeypatch):
    folder, job, _ = session
    Path(job.prediction).rename(folder / "away.npy")
    with pytest.raises(JobError, match="nothing was predicted"):
        write(folder)
    (folder / "away.npy").rename(job.prediction)
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(JobError, match="a report needs jinja2"):
        write(folder)
    (folder / "model" / "model.json").unlink()
    with pytest.raises(JobError, match="nothing was trained"):
        write(folder)
    with pytest.raises(JobError, match="there is no such file"):
        write(folder / "model")
