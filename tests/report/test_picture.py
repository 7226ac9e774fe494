"""The picture beside the numbers: what is labelled and predicted, seen in pixels; no extra is needed for it."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from napari_fhn.network.architecture import levels
from napari_fhn.report.picture import save_picture
from napari_fhn.report.windows import Window
from napari_fhn.training.job import Input, Job, Schedule

RED, BLUE = (220, 0, 0), (0, 0, 220)


def job_of(folder, shape, vertical):
    rng = np.random.default_rng(0)
    labels, predicted = np.zeros(shape, np.uint8), np.ones(shape, np.uint8)
    labels[2, 3] = 2
    predicted[..., shape[-1] // 2 :] = 2
    for name, values in (("input", rng.standard_normal(shape)), ("labels", labels), ("prediction", predicted)):
        np.save(folder / f"{name}.npy", values)
    return Job(
        inputs=(Input(str(folder / "input.npy")),), labels=str(folder / "labels.npy"), classes=("sand", "Ton"),
        network=levels(2, 4, (2, 2), 1), schedule=Schedule(), prediction=str(folder / "prediction.npy"),
        model=str(folder / "model"), vertical_axis=vertical, colors=("#dc0000", "#0000dc"),
    )  # fmt: skip


def seen(pixels, color):
    """Pixels that lean towards a colour."""
    apart = np.abs(pixels[..., 0].astype(int) - pixels[..., 2]) > 60
    return apart & ((pixels[..., 0] > pixels[..., 2]) == (color[0] > color[2]))


def test_a_volume_is_seen_in_three_sections_with_labels_left_and_prediction_right(tmp_path, monkeypatch):
    for name in ("matplotlib", "jinja2"):
        monkeypatch.setitem(sys.modules, name, None)
    path = save_picture(tmp_path / "picture.png", job_of(tmp_path, (6, 8, 16), 2), ["napari-fhn train x.sgy"])
    image = Image.open(path)
    assert image.text["Description"] == "napari-fhn train x.sgy"
    pixels = np.asarray(image.convert("RGB"))
    left, right = pixels[:-60, :470], pixels[:-60, 470:]
    assert seen(right, RED).sum() > 10_000
    assert seen(right, BLUE).sum() > 10_000
    # Labels: one column of the second class, and none of the first.
    assert seen(left, RED).sum() == 0
    assert 0 < seen(left, BLUE).sum() < seen(right, BLUE).sum() / 2
    # The top of a section is the beginning of its traces.
    rows = np.flatnonzero(seen(right, RED).any(axis=1))
    assert rows[0] < np.flatnonzero(seen(right, BLUE).any(axis=1))[0]


def test_a_map_is_seen_as_one_picture(tmp_path):
    image = Image.open(save_picture(tmp_path / "map.png", job_of(tmp_path, (30, 40), None)))
    assert image.width > 900
    assert image.height < 500


@pytest.mark.parametrize(
    ("shape", "vertical", "axis", "labels"),
    [
        ((6, 8, 16), 2, 0, ["axis 2, voxels", "axis 1, voxels"]),
        ((30, 40), None, None, ["axis 0, pixels", "axis 1, pixels"]),
        ((30, 40), 1, None, ["axis 1, samples", "axis 0, traces"]),
        ((30, 40), 0, None, ["axis 0, samples", "axis 1, traces"]),
    ],
)
def test_axes_without_names_are_counted_in_what_the_survey_is_made_of(tmp_path, shape, vertical, axis, labels):
    window = Window(job_of(tmp_path, shape, vertical), shape, axis, 0)
    assert [side.label for side in window.sides] == labels


def test_where_nothing_was_labelled_the_prediction_is_seen_alone(tmp_path):
    job = job_of(tmp_path, (12, 16), None)
    both = np.asarray(Image.open(save_picture(tmp_path / "both.png", job)))
    (tmp_path / "labels.npy").unlink()
    alone = np.asarray(Image.open(save_picture(tmp_path / "alone.png", job)))
    assert alone.shape[1] < both.shape[1]
    assert seen(alone, RED).any()
    assert seen(alone, BLUE).any()
