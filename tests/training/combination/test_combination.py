"""Predictions that are made of a network and of what else is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies
from napari_fhn.structure.pooling import pool
from napari_fhn.training import BoxChanged, Control, Focus, Job, JobError, Note, fit, predict
from napari_fhn.training.combination import finishing, opening
from napari_fhn.training.combination.choosing import choose
from napari_fhn.training.combination.combiner import Combiner
from napari_fhn.training.combination.settings import Combination, FactorWeight, Foretold, Found, believed
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.models import model as models
from napari_fhn.training.prediction import by_shards, provenance
from napari_fhn.training.prediction import journal as journals

from .conftest import Averaging, Knowing, Looking


def trained(job: Job, **control: object) -> list[object]:
    return list(fit(job, Control(watched=False, **control)))


def network_of(job: Job) -> np.ndarray:
    """Return the probabilities by the network alone."""
    alone = replace(job, combination=None, prediction=str(Path(job.prediction).with_name("alone.npy")))
    np.save(alone.prediction, np.zeros_like(np.load(job.prediction)))
    list(predict(alone))
    return np.load(alone.output_path("probabilities")).astype(np.float32)


def accuracy(job: Job, truth: np.ndarray) -> float:
    return float((np.load(job.prediction) == truth).mean())


def test_a_factor_that_knows_is_weighed_on_labels_left_out_and_helps(combined):
    job, truth, _ = combined()
    notes = [update.message for update in trained(job) if isinstance(update, Note)]
    found = models.load(job.model).combination
    assert found is not None
    assert found.bodies == 1  # a third of four wells
    assert found.step == 24
    assert {one.name for one in found.factors} == {"network", "reflectors"}
    assert found.weights["reflectors"].weight > 0.3
    assert any("left out until then" in note for note in notes)
    list(predict(job))
    together = accuracy(job, truth)
    assert together > 0.93
    # What each says alone lies beside it.
    assert set(np.unique(np.load(job.factor_paths["reflectors"]))) <= {1, 2, 3}
    assert not job.factor_paths["bands"].exists()
    alone = (np.load(job.factor_paths["network"]) == truth).mean()
    assert together >= alone - 0.005


def test_one_that_misleads_is_not_listened_to(combined):
    job, truth, factor = combined(sure=0.9)
    labels = np.load(job.labels)
    for column in [(0, 9), (5, 9), (11, 0), (11, 9), (5, 19)]:
        labels[column] = truth[column]
    np.save(job.labels, labels)
    factor.truth = np.where(truth == 3, 1, truth + 1).astype(np.uint8)
    trained(job)
    found = models.load(job.model).combination
    assert found is not None
    assert found.weights["reflectors"].weight < 0.3 < found.weights["network"].weight


def test_factors_are_told_all_labels_and_weighed_as_if_they_were_not(combined, monkeypatch):
    job, truth, factor = combined(sure=0.98, right=1.0)
    asked: list[frozenset[int]] = []

    def without(bodies: frozenset[int]) -> Knowing:
        asked.append(bodies)
        return Knowing("reflectors", truth, 3, 1 / 3)  # of what it was not told it knows nothing

    monkeypatch.setattr(factor, "without", without)
    control = Control(focus=Focus(0, 5))
    views = []
    for update in fit(job, control):
        if isinstance(update, BoxChanged) and update.box == Box((5, 0, 0), (6, 20, 32)):
            views.append((np.load(job.prediction)[5] == truth[5]).mean())
    found = models.load(job.model).combination
    assert found is not None
    assert [len(bodies) for bodies in asked] == [1]
    (weighed,) = [one for one in found.factors if one.name == "reflectors"]
    assert weighed.alone.likelihood == pytest.approx(np.log(1 / 3), abs=1e-3)
    assert views[1] == 1.0  # what the person has labelled speaks for the view meanwhile


def test_all_labels_are_learnt_from_in_the_end(combined):
    job, _, _ = combined()
    counts = np.bincount(np.load(job.labels).ravel(), minlength=4)[1:]
    trained(job)
    assert models.load(job.model).label_counts == tuple(counts)


def test_of_two_wells_one_foretells_the_other(combined):
    job, _, _ = combined()
    labels = np.load(job.labels)
    labels[3, 15] = labels[8, 16] = 0
    np.save(job.labels, labels)
    trained(job)
    found = models.load(job.model).combination
    assert found is not None
    assert (found.bodies, found.step) == (1, 24)
    assert "on 1 body of labels left out" in found.words()[1]
    assert models.load(job.model).label_counts == tuple(np.bincount(labels.ravel(), minlength=4)[1:])


def test_one_well_that_nobody_foretells_does_not_say_whom_to_believe(combined, monkeypatch):
    job, truth, factor = combined(sure=0.98)
    labels = np.load(job.labels)
    labels[3, 15] = labels[8, 16] = 0
    np.save(job.labels, labels)
    factor.truth = 1 + truth % 3
    network = np.moveaxis(np.where(factor.truth[..., None] == (1, 2, 3), 0.96, 0.02), -1, 0).astype(np.float32)
    monkeypatch.setattr(
        "napari_fhn.training.prediction.predictor.Predictor.network_probabilities",
        lambda _, region, across: network[(slice(None), *region.slices)],
    )
    trained(job)
    found = models.load(job.model).combination
    assert found is not None
    assert found.bodies == 1
    assert found.weights == believed(("reflectors",)).weights


@pytest.mark.parametrize("why", ["one well", "no class at both"])
def test_without_enough_bodies_weights_are_believed(combined, why):
    job, _, _ = combined()
    labels = np.load(job.labels)
    labels[3, 15] = labels[8, 16] = 0
    if why == "one well":
        labels[9, 4] = 0
    else:
        labels[2, 3][labels[2, 3] > 1] = labels[9, 4][labels[9, 4] == 1] = 0
    np.save(job.labels, labels)
    trained(job)
    found = models.load(job.model).combination
    assert found == believed(("reflectors",))
    assert "No labels could be left out" in found.words()[1]


def test_a_network_alone_is_as_it_was(layered):
    job, _ = layered
    trained(job)
    assert models.load(job.model).combination is None
    list(predict(job))
    assert not any(path.exists() for path in job.factor_paths.values())


def test_interrupted_before_and_after_weighing_it_ends_alike(combined):
    job, _, _ = combined()
    trained(job)
    expected = models.load(job.model)
    for steps in (10, 40):
        folder = Path(job.model).with_name(f"model-{steps}")
        again = replace(job, model=str(folder))
        control = Control(watched=False)
        for update in fit(again, control):
            if getattr(update, "step", 0) >= steps:
                control.stop.set()
        list(fit(again, Control(watched=False), resume=True))
        found = models.load(folder)
        assert found.combination == expected.combination
        for name, value in expected.network.state_dict().items():
            assert (found.network.state_dict()[name] == value).all(), name


@pytest.mark.parametrize("order", ["auto", "off"])
def test_a_smoothed_and_ordered_prediction_is_the_same_whole_and_in_parts(combined, monkeypatch, order):
    job, _, factor = combined(smoother=Averaging(), smoothing="on", order=order)
    trained(job)
    found = models.load(job.model).combination
    assert found is not None
    assert found.reach == (3, 0)
    list(predict(job))
    whole = np.load(job.prediction)
    monkeypatch.setattr(finishing, "_AT_ONCE", 3 * 32 * 200)
    again = replace(job, prediction=str(Path(job.prediction).with_name("again.npy")))
    np.save(again.prediction, np.zeros_like(whole))
    factor.asked.clear()
    list(predict(again, Control(watched=False)))
    np.testing.assert_array_equal(np.load(again.prediction), whole)
    assert sum(box.shape[0] * box.shape[1] for box in factor.asked) == 12 * 20  # a factor is asked once of each voxel


@pytest.mark.parametrize("smoothing", ["off", "on"])
def test_who_looks_at_sections_is_asked_once_in_each_direction(combined, monkeypatch, smoothing):
    job, _, factor = combined(kind=Looking, smoother=Averaging(), smoothing=smoothing, order="off")
    job = replace(job, outputs=("probabilities",))
    trained(job)
    factor.across.clear()
    list(predict(job, Control(watched=False)))
    for across in (0, 1):
        asked = np.zeros(factor.truth.shape, int)
        for box, other in factor.across:
            asked[box.slices] += other == across
        assert (asked == 1).all()
    everything = Box.whole(factor.truth.shape)
    ways = [factor.read_across(everything, across) for across in (0, 1)]
    assert (np.load(job.factor_paths["reflectors"]) == ways[0].argmax(0) + 1).all()  # it is the surer one
    if smoothing == "off":
        found = models.load(job.model).combination
        assert found is not None
        pooled = pool({"network": network_of(job), "reflectors": (ways[0] + ways[1]) / 2}, found.weights)
        np.testing.assert_allclose(np.load(job.output_path("probabilities")), pooled, atol=4e-3)
    # Shard by shard it is the same.
    whole = np.load(job.output_path("probabilities"))
    monkeypatch.setattr(by_shards, "LARGE_VOXELS", 1)
    monkeypatch.setattr(by_shards, "shard_shape", lambda *_, **__: (5, 7, 32))
    again = replace(job, prediction=str(Path(job.prediction).with_name("again.npy")))
    np.save(again.prediction, np.zeros(factor.truth.shape, np.uint8))
    list(predict(again))
    np.testing.assert_allclose(np.load(again.output_path("probabilities")), whole, atol=4e-3)


def test_while_the_second_direction_is_missing_the_picture_is_of_all_who_have_seen_the_first(combined):
    job, _, factor = combined(kind=Looking, right=1.0, sure=0.99, smoothing="off", order="off")
    trained(job)
    control = Control(watched=False)
    for update in predict(job, control):
        if isinstance(update, BoxChanged):
            break
    control.stop.set()
    there = update.box.slices
    assert (np.load(job.prediction)[there] == factor.truth[there]).mean() > 0.9


def test_stopped_in_the_last_pass_it_goes_on_there(combined, monkeypatch):
    job, _, factor = combined(smoother=Averaging(), smoothing="on")
    trained(job)
    list(predict(job))
    whole = np.load(job.prediction)
    np.save(job.prediction, np.zeros_like(whole))
    Path(job.prediction).with_suffix(".json").unlink()
    monkeypatch.setattr(finishing, "_AT_ONCE", 3 * 32 * 200)
    control = Control()
    averaged = Averaging.smooth
    last: list[Box] = []

    def smooth(self: Averaging, box: Box, *rest: object) -> np.ndarray:
        last.append(box)
        if len(last) == 2:
            control.stop.set()
        return averaged(self, box, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Averaging, "smooth", smooth)
    list(predict(job, control))
    assert len(last) == 2
    factor.asked.clear()
    list(predict(job))
    assert not factor.asked
    np.testing.assert_array_equal(np.load(job.prediction), whole)
    assert not list(Path(job.prediction).parent.glob("*unfinished*"))


def test_killed_before_the_journal_knew_it_what_was_pooled_is_not_pooled_again(combined, monkeypatch):
    job, _, _ = combined(smoother=Averaging(), smoothing="on")
    job = replace(job, outputs=("probabilities",))
    trained(job)
    list(predict(job))
    whole = np.load(job.output_path("probabilities"))
    np.save(job.prediction, np.zeros(whole.shape[1:], np.uint8))
    Path(job.prediction).with_suffix(".json").unlink()
    control = Control()
    asked = Knowing.read

    def read(self: Knowing, box: Box) -> np.ndarray:
        control.stop.set()  # in the second direction: where no section is in view nobody is asked before
        return asked(self, box)

    with monkeypatch.context() as patched:
        patched.setattr(Knowing, "read", read)
        list(predict(job, control))
    journal = journals.journal_path(job)
    lines = journal.read_text().splitlines(keepends=True)
    second = [line for line in lines[1:] if json.loads(line)[0] == 1]
    assert second
    journal.write_text("".join(line for line in lines if line not in second))
    list(predict(job))
    found = np.load(job.output_path("probabilities")).astype(np.float32)
    np.testing.assert_allclose(found, whole, atol=2e-3)  # some have been rounded once more


def test_the_view_is_answered_before_the_first_step(combined):
    job, truth, factor = combined(right=1.0)
    control = Control(focus=Focus(0, 5))
    updates = fit(job, control)
    first = next(update for update in updates if not isinstance(update, Note))
    assert first == BoxChanged(Box((5, 0, 0), (6, 20, 32)), 0)
    assert (np.load(job.prediction)[5] > 0).all()  # what the nearest wells say, while the structure is looked at
    assert not factor.asked
    assert next(updates) == first
    np.testing.assert_array_equal(np.load(job.prediction)[5], truth[5])
    # Nothing was trained: stopped now, all is as it was.
    control.stop.set()
    assert list(updates)[-1].step == 0
    assert not Path(job.model, "model.json").exists()
    assert not Path(job.prediction).with_suffix(".json").exists()


def test_while_it_learns_the_rest_is_answered_too(combined):
    job, _, _ = combined(right=1.0)
    list(fit(job, Control(focus=Focus(0, 5))))
    assert (np.load(job.prediction) > 0).all()


def test_where_a_package_is_missing_the_network_alone_predicts(layered, monkeypatch):
    job, _ = layered

    def missing(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'scipy'", name="scipy")

    monkeypatch.setattr(opening, "_open", missing)
    notes = [update.message for update in trained(replace(job, combination=Combination())) if isinstance(update, Note)]
    assert "The network alone predicts: scipy is not installed, which the rest needs." in notes


def test_a_job_keeps_what_was_chosen(layered, tmp_path):
    job, _ = layered
    job = replace(job, combination=Combination(("reflectors",), "off", "on", str(tmp_path / "structure")))
    assert Job.from_json(job.to_json()) == job
    job.save(tmp_path / "job.json")
    assert Job.load(tmp_path / "job.json") == job


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"factors": ("stars",)}, "not of stars"), ({"smoothing": "maybe"}, "smoothing is one of auto, on, off")],
)
def test_what_there_is_not_is_refused(wrong, said):
    with pytest.raises(JobError, match=said):
        Combination(**wrong)


def test_boxes_of_the_last_pass_cover_everything_once(monkeypatch):
    monkeypatch.setattr(finishing, "_AT_ONCE", 20_000)
    combiner = Combiner({}, Found(reach=(2, 3)), (17, 29, 11), 2, Averaging())
    covered = np.zeros((17, 29, 11), int)
    for box in finishing.boxes(combiner, 4):
        assert box.shape[2] == 11
        covered[box.slices] += 1
        outer = finishing.surrounded(box, combiner)
        assert outer.start[0] == max(0, box.start[0] - 2)
    assert (covered == 1).all()


def test_a_factor_without_weight_is_not_asked():
    factor = Knowing("reflectors", np.ones((2, 2), np.uint8), 2, 0.9)
    combiner = Combiner({"reflectors": factor}, Found((FactorWeight("network", 1.0, 0.1),)), (2, 2), None)
    combiner.combine(Box.whole((2, 2)), {"network": np.full((2, 2, 2), 0.5, np.float32)})
    assert not factor.asked


def test_a_person_may_leave_out_what_was_found_and_insist_on_what_was_not(combined):
    job, _, _ = combined(smoother=Averaging(), smoothing="on", order="off")
    trained(job)
    list(predict(job))
    smooth, made = np.load(job.prediction), provenance.read(job.prediction)
    assert made.factors == ("reflectors", "smoothing")
    assert "After that: averaged along the structure." in made.words()
    plain = replace(job, combination=replace(job.combination, smoothing="off"))
    list(predict(plain))
    rough, made = np.load(job.prediction), provenance.read(job.prediction)
    assert (rough != smooth).any()
    assert made.factors == ("reflectors",)
    assert made.complete
    trained(replace(plain, model=str(Path(job.model).with_name("rough"))))
    insisting = replace(job, model=str(Path(job.model).with_name("rough")))
    list(predict(insisting))
    assert provenance.read(job.prediction).factors == ("reflectors", "smoothing")
    snapping = replace(job, combination=replace(job.combination, snapping="on"))
    list(predict(snapping))
    made = provenance.read(job.prediction)
    assert made.factors == ("reflectors", "smoothing", "snapping")
    assert "After that: averaged along the structure, boundaries snapped to reflectors." in made.words()


def test_what_is_not_wanted_is_not_heeded():
    found = Found(believed(("reflectors",)).factors, reach=(2, 4), order=(1, 0), penalty=2.0, snapped=True)
    assert found.heeding(Combination()) == found
    assert found.heeding(Combination(smoothing="off", order="off", snapping="off")) == believed(("reflectors",))
    assert found.heeding(Combination(order="off")).finishes == ("smoothing", "snapping")


def test_who_stops_early_gets_what_the_view_showed(combined):
    job, _, _ = combined()
    control = Control(watched=False)
    for update in fit(job, control):
        if getattr(update, "step", 0) >= 6:
            control.stop.set()
    kept = models.load(job.model).combination
    assert kept == believed(("reflectors",)).heard(6 / 24)
    list(fit(job, Control(watched=False), resume=True))  # and whoever goes on finds the weights as ever
    found = models.load(job.model).combination
    assert found is not None
    assert found.step == 24


def test_a_network_of_a_few_steps_that_nobody_weighed_counts_little_to_the_end(combined):
    job, _, _ = combined()
    labels = np.load(job.labels)
    labels[3, 15] = labels[8, 16] = labels[9, 4] = 0  # one well: it cannot be left out
    np.save(job.labels, labels)
    job = replace(job, schedule=replace(job.schedule, steps=3))
    list(fit(job, Control(watched=False)))
    found = models.load(job.model).combination
    assert found == believed(("reflectors",)).heard(3 / 30)
    longer = replace(job, schedule=replace(job.schedule, steps=6))
    list(fit(longer, Control(watched=False), resume=True))
    assert models.load(job.model).combination == believed(("reflectors",)).heard(6 / 30)


def test_places_of_labels_count_more_while_there_is_no_network_to_listen_to():
    found = believed(("bands", "patches"))
    weights = {share: {name: one.weight for name, one in found.heard(share).weights.items()} for share in (0, 0.5, 1)}
    assert weights[0] == {"network": 0, "bands": 1, "patches": 1}
    assert weights[0.5] == pytest.approx({"network": 0.2, "bands": 1, "patches": 0.65})
    assert found.heard(1) == found
    weighed = Found((FactorWeight("network", 1.0, 0.03), FactorWeight("patches", 0.2, 0.03)), bodies=5)
    assert weighed.heard(0).weights["patches"].weight == 0.2  # labels have said so


def test_words_say_what_moves_a_prediction_and_why():
    factors = (
        FactorWeight("network", 1.0, 0.03, Foretold(0.5, -1.0), 3.0),
        FactorWeight("patches", 4.0, 0.03, Foretold(0.4, -1.2), 1.0),
    )
    found = Found(factors, (2, 2), (1, 0, 2), 6.0, 5, 40, Foretold(0.6, -0.8))
    assert found.shares == (0.75, 0.25)
    words = found.words()
    assert words[0] == "The prediction is made of: the network 75 %, by the nearest labels 25 %."
    assert "after step 40 on 5 bodies of labels" in words[1]
    assert "the network 0.50, by the nearest labels 0.40, all together 0.60" in words[1]
    assert len(words) == 4
    assert Found().words() == ["The network alone predicts."]
    assert not found.alone
    assert Found(factors[:1]).alone


def test_hidden_labels_are_not_seen_and_come_back(layered):
    job, _ = layered
    labels = LabelFile(job.labels, (12, 20, 32), 3)
    counts, version = labels.counts.copy(), labels.version
    box = Box((2, 3, 0), (3, 4, 32))
    labels.hide((box,))
    assert labels.version > version
    assert labels.counts.sum() == counts.sum() - 32
    assert not labels.read(box).any()
    assert labels.truth(box).all()
    labels.hide(())
    np.testing.assert_array_equal(labels.counts, counts)


@pytest.mark.parametrize("seed", range(5))
def test_no_class_loses_its_last_body(layered, seed):
    job, _ = layered
    labels = LabelFile(job.labels, (12, 20, 32), 3)
    bodies = Bodies.of(labels, 2)
    chosen = choose(labels, bodies, seed)
    assert len(chosen) == 1
    labels.hide(bodies.boxes(chosen, labels.shape))
    assert (labels.counts > 0).all()


def test_bodies_of_classes_that_are_nowhere_else_stay(tmp_path):
    values = np.zeros((9, 9), np.uint8)
    values[0, 0], values[4, 4], values[8, 8] = 1, 2, 3
    np.save(tmp_path / "labels.npy", values)
    labels = LabelFile(str(tmp_path / "labels.npy"), values.shape, 3)
    assert choose(labels, Bodies.of(labels, None), 0) == []


@pytest.mark.parametrize(
    ("shape", "vertical", "cube", "expected"),
    [
        (3, True, False, ("reflectors", "pretrained")),
        (2, True, False, ("reflectors", "pretrained")),
        (2, False, False, ("bands", "patches")),
        (3, False, False, ("bands",)),
        (2, False, True, ()),
    ],
)
def test_factors_go_with_the_data(shape, vertical, cube, expected):
    assert opening.fitting_factors(shape, vertical, cube) == expected


def test_what_is_believed_of_a_gate_is_that_it_knows_what_both_know():
    alone, both = believed(("pretrained",)).weights, believed(("reflectors", "pretrained")).weights
    assert alone["network"].weight > both["network"].weight
    assert both["reflectors"].weight < believed(("reflectors",)).weights["reflectors"].weight
    assert list(both) == ["network", "reflectors", "pretrained"]
