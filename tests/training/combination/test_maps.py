"""Maps whose prediction is made of a network, the bands of each pixel, and the places of the labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.network.architecture import levels
from napari_fhn.structure.pixels import PixelModel
from napari_fhn.training import BoxChanged, Control, Input, Job, Note, Schedule, fit, predict
from napari_fhn.training.combination import learning, opening
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.combination.shown import Shown
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.models import model as models
from napari_fhn.training.prediction import live, map_parts


@pytest.fixture
def dated(tmp_path: Path) -> tuple[Job, np.ndarray]:
    """Return a job of two dates between which a field has changed, with a few points, and the truth."""
    rng = np.random.default_rng(0)
    ground = 2 * rng.normal(size=(3, 48, 40))
    truth = np.ones((48, 40), np.uint8)
    truth[16:32, 8:28] = 2
    after = 0.8 * ground + 0.3 + 0.2 * rng.normal(size=ground.shape) + 1.5 * (truth == 2)
    after[:, :4] = np.nan  # nothing on the second date
    ground[:, :2] = np.nan  # nor on the first
    labels = np.zeros_like(truth)
    for value in (1, 2):
        places = np.flatnonzero((truth == value) & (np.arange(48) > 4)[:, np.newaxis])
        labels.flat[rng.choice(places, 20, replace=False)] = value
    for name, values in {"before": ground, "after": after}.items():
        np.save(tmp_path / f"{name}.npy", values.astype(np.float32))
    np.save(tmp_path / "labels.npy", labels)
    for name in ("prediction", "other"):
        np.save(tmp_path / f"{name}.npy", np.zeros_like(labels))
    job = Job(
        inputs=tuple(Input(str(tmp_path / f"{name}.npy"), 0) for name in ("before", "after")),
        labels=str(tmp_path / "labels.npy"),
        classes=("unchanged", "changed"),
        network=levels(2, 8, (4, 8), 2),
        schedule=Schedule(steps=6, batch=2, block=(16, 16)),
        prediction=str(tmp_path / "prediction.npy"),
        model=str(tmp_path / "model"),
        device="cpu",
        combination=Combination(),
    )
    return job, truth


def test_pixels_help_a_network_that_has_hardly_learnt(dated: tuple[Job, np.ndarray]) -> None:
    job, truth = dated
    list(fit(job))
    found = models.load(job.model).combination
    assert found is not None
    assert {one.name for one in found.factors} == {"network", "bands", "patches"}
    prediction = np.load(job.prediction)
    assert not prediction[:2].any()
    assert (prediction == truth)[4:].mean() > 0.85


def test_another_survey_without_labels_is_predicted_by_the_network_alone(
    dated: tuple[Job, np.ndarray], tmp_path: Path
) -> None:
    job, _ = dated
    list(fit(job))
    other = replace(job, labels=str(tmp_path / "none.npy"), prediction=str(tmp_path / "other.npy"))
    list(predict(other))
    assert (np.load(other.prediction)[4:] > 0).all()


def test_where_a_package_is_missing_that_bands_ask_for_the_network_alone_predicts(dated, monkeypatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda _: None)
    notes = [update.message for update in fit(dated[0]) if isinstance(update, Note)]
    assert "The network alone predicts: sklearn is not installed, which the rest needs." in notes


def test_a_large_map_is_answered_in_parts_and_what_factors_say_of_it_is_read_once(
    dated: tuple[Job, np.ndarray], monkeypatch
) -> None:
    job, _ = dated
    job = replace(job, schedule=replace(job.schedule, steps=12), network=levels(2, 8, (4,), 1))
    monkeypatch.setattr(map_parts, "_PART", 500)
    monkeypatch.setattr(map_parts, "_LEAST", 0)
    monkeypatch.setattr(live, "_FIRST_LOOK", 0.0)
    monkeypatch.setattr(live, "_SHARE", 1.0)
    monkeypatch.setattr(learning, "_SHARE", 1.0)
    told_all: list[Box] = []
    read = PixelModel.read

    def counted(self: PixelModel, box: Box) -> np.ndarray:
        if isinstance(self._labels, Shown):
            told_all.append(box)
        return read(self, box)

    monkeypatch.setattr(PixelModel, "read", counted)
    updates = [update for update in fit(job, Control(place=(47, 39))) if isinstance(update, BoxChanged)]
    assert updates[0] == BoxChanged(Box.whole((48, 40)), 0)  # at a glance
    assert updates[1].box.stop == (48, 40)  # where the person looks
    assert updates[1].step == 0
    later = [update.box for update in updates if update.step == 12]
    assert sum(np.prod(box.shape) for box in later) >= 40 * 46  # the last look is at all that has data
    assert len(later) > 2
    assert told_all == [Box.whole((48, 40))]


def test_hidden_labels_are_told_to_factors_and_not_to_the_network(dated: tuple[Job, np.ndarray]) -> None:
    job, truth = dated
    labels = LabelFile(job.labels, truth.shape, 2)
    shown = Shown(labels)
    before, read = [found.copy() for found in shown.positions], shown.read(Box.whole(truth.shape))
    labels.hide((Box((10, 0), (30, 40)),))
    assert sum(map(len, labels.positions)) < sum(map(len, before))
    assert all(map(np.array_equal, shown.positions, before))
    np.testing.assert_array_equal(shown.read(Box.whole(truth.shape)), read)
