"""Maps whose prediction is made of a network, the bands of each pixel, and the places of the labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.network.architecture import levels
from napari_fhn.training import Input, Job, Note, Schedule, fit, predict
from napari_fhn.training import model as models
from napari_fhn.training.combination import opening
from napari_fhn.training.combination.settings import Combination


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
