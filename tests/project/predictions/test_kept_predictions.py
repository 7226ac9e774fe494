"""Predictions that are kept to compare others with: by number or by name, and none lost to another."""

from __future__ import annotations

import numpy as np
import pytest
from tests.project.conftest import SHAPE, predicted

from napari_fhn.project import ProjectError
from napari_fhn.project.predictions.kept_predictions import forget, keep, keep_whole, kept
from napari_fhn.training.prediction import provenance


def test_kept_ones_are_numbered_and_never_overwritten(work):
    run = work.train()
    first, second = keep(work.session, run), keep(work.session, run)
    assert [one.name for one in kept(work.session)] == ["Prediction 1", "Prediction 2"]
    forget(first)
    assert keep(work.session, run).name == "Prediction 3"
    assert [one.name for one in kept(work.session)] == ["Prediction 2", "Prediction 3"]
    assert second.made == run.provenance()
    predicted(run, value=2)
    assert (second.values() == 1).all()
    keep(work.session, run, "before wells")
    with pytest.raises(ProjectError, match="'before wells' is kept already"):
        keep(work.session, run, "before wells")


def test_ten_come_after_nine(work):
    run = work.train()
    for _ in range(10):
        keep(work.session, run)
    assert [one.name for one in kept(work.session)] == [f"Prediction {k}" for k in range(1, 11)]


def test_names_of_kept_ones_are_names_of_files(work):
    run = work.train()
    assert keep(work.session, run, "../../over: there?").path.parent == work.session.kept
    assert len(list(work.session.kept.glob("*.npy"))) == 1
    with pytest.raises(ProjectError, match="no prediction to keep"):
        keep(work.session, work.train(predict=False))


def test_one_of_an_earlier_version_has_no_record(work):
    work.session.kept.mkdir()
    np.save(work.session.kept / "Prediction 1.npy", np.ones(SHAPE, np.uint8))
    (one,) = kept(work.session)
    assert one.made is None
    assert provenance.read(one.path) is None


def test_one_that_is_kept_already_is_not_kept_again_by_a_training_that_is_refused(work, monkeypatch):
    run = work.train()
    seconds = iter("123456")
    monkeypatch.setattr(provenance, "now", lambda: f"2026-01-01T00:00:0{next(seconds)}+00:00")
    assert keep_whole(work.session, run) == keep_whole(work.session, run) != ""
    assert len(kept(work.session)) == 1
    np.save(kept(work.session)[0].path, np.full(SHAPE, 2, np.uint8))  # of the same name and record, and another
    assert "(2)" in keep_whole(work.session, run)
    keep_whole(work.session, run)
    assert len(kept(work.session)) == 2
