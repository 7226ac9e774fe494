"""Predictions of several factors made again: after a kill, by others, with other labels, on other axes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.network.architecture import levels
from napari_fhn.structure.bodies import Bodies
from napari_fhn.training import Control, Done, JobError, Note, Progress, fit, predict
from napari_fhn.training.combination import choosing, finishing, weighing
from napari_fhn.training.combination.combiner import Combiner
from napari_fhn.training.combination.settings import Combination, Found, believed
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.models import model as models
from napari_fhn.training.prediction import journal, predictor, provenance
from napari_fhn.training.prediction.journal import Journal

from .conftest import Averaging


def quick(job):
    return replace(job, schedule=replace(job.schedule, steps=5))


def trained(job, **more):
    return [update.message for update in fit(job, Control(watched=False), **more) if isinstance(update, Note)]


def notes_of(job):
    return [update.message for update in predict(job) if isinstance(update, Note)]


def test_killed_between_two_directions_probabilities_are_averaged_once(combined, monkeypatch):
    job, _, _ = combined(smoother=Averaging(), smoothing="on")
    job = replace(quick(job), outputs=("probabilities",))
    trained(job)
    list(predict(job))
    whole = np.load(job.output_path("probabilities"))
    Path(job.prediction).with_suffix(".json").unlink()
    np.save(job.prediction, np.zeros_like(np.load(job.prediction)))

    # What a kill leaves: values are there that no journal speaks of.
    finish, flush = Journal.finish, Journal.flush

    def dies(self, number, box):
        if number == 1:
            raise KeyboardInterrupt
        finish(self, number, box)
        flush(self)
        return False

    monkeypatch.setattr(Journal, "finish", dies)
    monkeypatch.setattr(Journal, "flush", lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        list(predict(job))
    monkeypatch.setattr(Journal, "finish", finish)
    monkeypatch.setattr(Journal, "flush", flush)
    assert "The prediction goes on where it was interrupted." in notes_of(job)
    np.testing.assert_allclose(np.load(job.output_path("probabilities")), whole, atol=2e-3)


def test_what_factors_said_before_does_not_lie_beside_a_prediction_without_them(combined):
    job, _, _ = combined()
    trained(quick(job))
    list(predict(quick(job)))
    assert job.factor_paths["reflectors"].exists()
    list(predict(replace(quick(job), combination=None)))
    assert not any(path.exists() for path in job.factor_paths.values())
    assert provenance.read(job.prediction).factors == ()


def test_what_factors_said_for_another_network_is_gone_where_nothing_is_predicted_yet(combined, monkeypatch):
    monkeypatch.setattr(predictor, "sections_together", lambda *_: 2)
    job, _, _ = combined()
    job = quick(job)
    trained(job)
    list(predict(job))
    other = replace(job, model=str(Path(job.model).with_name("other")), schedule=replace(job.schedule, seed=9))
    trained(other)
    control = Control()
    for _ in predict(other, control):
        control.stop.set()
    classes, said = np.load(job.prediction), np.load(job.factor_paths["reflectors"])
    assert (classes == 0).any()
    assert not said[classes == 0].any()


@pytest.mark.parametrize("change", ["factors", "held out"])
def test_a_prediction_of_something_else_does_not_go_on(combined, change):
    job, _, _ = combined()
    known = journal.identity(job, "m", labels=True, made_of=("reflectors",))
    if change == "factors":
        other = journal.identity(job, "m", labels=True)
    else:
        held = replace(job, held_out=(Box((2, 3, 0), (3, 4, 32)),))
        other = journal.identity(held, "m", labels=True, made_of=("reflectors",))
    assert known != other


def test_labels_of_a_class_that_came_later_are_left_out_and_said(combined):
    job, _, _ = combined()
    job = quick(job)
    trained(job)
    labels = np.load(job.labels)
    labels[0, 0] = 4
    np.save(job.labels, labels)
    assert "Label 4 is of no class of the network: it is left out until you train again." in notes_of(job)
    assert provenance.read(job.prediction).complete


def test_where_nothing_is_labelled_any_more_the_network_predicts_and_says_so(combined):
    job, _, _ = combined()
    job = quick(job)
    trained(job)
    first = provenance.read(job.prediction)
    np.save(job.labels, np.zeros_like(np.load(job.labels)))
    assert any(note.startswith("Nothing is labelled here") for note in notes_of(job))
    assert first is None or first.told == ""


def test_a_prediction_names_the_labels_that_were_carried(combined):
    job, _, _ = combined()
    job = quick(job)
    trained(job)
    list(predict(job))
    before = provenance.read(job.prediction).told
    labels = np.load(job.labels)
    labels[0, 0, :5] = 1
    np.save(job.labels, labels)
    list(predict(job))
    assert len({before, provenance.read(job.prediction).told, ""}) == 3


def test_a_training_that_starts_from_another_takes_over_what_goes_with_it(combined):
    job, _, _ = combined(smoother=Averaging())
    first = quick(job)
    trained(first)
    model = models.load(first.model)
    found = replace(model.combination, reach=(3, 0), order=(2, 0, 1), penalty=6.0, bodies=2, step=2)
    models.save(replace(model, combination=found), first.model)
    again = replace(first, model=str(Path(job.model).with_name("again")), start_from=job.model)
    trained(again)
    assert models.load(again.model).combination == found
    # Other classes have no such order, and who wants no average gets none.
    unlike = replace(
        again, classes=("upper", "middle", "base"), combination=Combination(smoothing="off", snapping="off")
    )
    trained(unlike)
    assert models.load(again.model).combination == replace(found, reach=(), order=(), penalty=None)
    # Of other factors nothing was found.
    models.save(replace(model, combination=believed(("bands", "patches"))), first.model)
    notes = trained(again)
    assert models.load(again.model).combination == believed(("reflectors",))
    assert any("No labels could be left out" in note for note in notes)


def test_it_goes_on_without_the_network_that_it_started_from(combined):
    job, _, _ = combined()
    job = quick(job)
    trained(job)
    folder = Path(job.model).with_name("again")
    again = replace(job, model=str(folder), start_from=job.model)
    control = Control(watched=False)
    for update in fit(again, control):
        if getattr(update, "step", 0) >= 2:
            control.stop.set()
    Path(job.model).rename(Path(job.model).with_name("gone"))
    assert isinstance(list(fit(again, Control(watched=False), resume=True))[-1], Done)


def test_without_a_network_that_was_combined_a_person_may_still_have_averages(combined):
    job, _, _ = combined(smoother=Averaging())
    job = quick(job)
    trained(replace(job, combination=None))
    list(predict(replace(job, combination=Combination(smoothing="on"))))
    assert provenance.read(job.prediction).factors == ("smoothing",)


def test_the_last_pass_keeps_to_the_memory_that_it_may_use():
    combiner = Combiner({}, Found(reach=(2, 3)), (64, 64, 50), 2, Averaging())
    for box in finishing.boxes(combiner, 4, memory=4_000_000):
        outer = finishing.surrounded(box, combiner)
        assert np.prod(outer.shape) * 8 * 32 <= 4_000_000


def test_a_region_round_labels_is_no_larger_than_allowed():
    region, own = Box((0, 0, 0), (100, 100, 50)), [Box((at, 40, 0), (at + 1, 41, 50)) for at in range(100)]
    fitting = weighing._fitting(region, own, 2, 20_000)
    assert np.prod(fitting.shape) <= 20_000
    assert fitting.shape[2] == 50
    middle = own[50]
    assert all(a <= b for a, b in zip(fitting.start, middle.start, strict=True))
    assert all(a >= b for a, b in zip(fitting.stop, middle.stop, strict=True))
    assert weighing._fitting(region, own, 2, 500_000) == region


def test_where_only_hidden_labels_are_left_they_are_learnt_from(combined):
    job, _, _ = combined()
    steps, erased = [], False
    for update in fit(job, Control(watched=False)):
        assert not isinstance(update, Note) or "are gone" not in update.message
        if isinstance(update, Progress):
            steps.append(update.step)
        if len(steps) == 3 and not erased:
            labels = np.load(job.labels, mmap_mode="r+")
            chosen = choosing.choose(known := LabelFile(job.labels, labels.shape, 3), Bodies.of(known, 2), 0)
            kept = Bodies.of(known, 2).boxes(chosen, labels.shape)[0].slices
            values = np.zeros_like(labels)
            values[kept] = labels[kept]
            labels[...] = values
            erased = True
    assert steps[-1] == job.schedule.steps


def test_labels_that_were_hidden_and_erased_leave_what_was_believed(combined):
    job, _, _ = combined()
    for update in fit(job, Control(watched=False)):
        if isinstance(update, Progress) and update.step == 3:
            labels = np.load(job.labels, mmap_mode="r+")
            known = LabelFile(job.labels, labels.shape, 3)
            bodies = Bodies.of(known, 2)
            labels[bodies.boxes(choosing.choose(known, bodies, 0), labels.shape)[0].slices] = 0
    assert models.load(job.model).combination == believed(("reflectors",))


def test_without_room_for_what_waits_the_way_out_is_said(combined, monkeypatch):
    job, _, _ = combined(smoother=Averaging(), smoothing="on")
    job = quick(job)
    one_way = replace(job, network=levels(3, 4, (4, 8), 1), schedule=replace(job.schedule, batch=1, block=(12, 16, 32)))
    trained(one_way)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=7681))
    with pytest.raises(JobError, match="make room there, or predict with smoothing, snapping and layer order off"):
        list(predict(one_way))
    list(predict(replace(one_way, combination=replace(job.combination, smoothing="off", order="off"))))
