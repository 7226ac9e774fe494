"""A training put aside goes on as if it had never stopped."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

import proofs
from napari_fhn.box import Box
from napari_fhn.training import Checkpoint, Control, JobError, Note, Objective, Progress, fit
from napari_fhn.training.models import model as models
from napari_fhn.training.models import suspended, transfer
from napari_fhn.training.objective import Share
from napari_fhn.training.recipes import RECIPES

PLAIN = st.none() | st.booleans() | st.integers(-(2**130), 2**130) | st.floats(allow_nan=False) | st.text(max_size=5)
TENSORS = st.lists(st.floats(width=32, allow_nan=False), max_size=3).map(torch.tensor)
TREES = st.recursive(
    PLAIN | TENSORS,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=3), parts, max_size=3),
    max_leaves=8,
)


def same(one, other):
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@given(state=st.dictionaries(st.text(max_size=3), TREES, max_size=4))
def test_tensors_and_plain_values_come_back(state, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    suspended.save(state, folder)
    assert same(state, suspended.load(folder))


def stopped_after(job, step):
    """Train until a step is made, then stop."""
    control = Control()
    told = []
    for update in fit(job, control):
        told.append(update)
        if isinstance(update, Progress) and update.step == step:
            control.stop.set()
    return told


def weights(job):
    return models.load(job.model).network.state_dict()


@pytest.mark.parametrize("kind", ["plain", "everything", "momentum", "bfloat16"])
def test_an_interrupted_training_ends_with_the_weights_of_one_that_was_not(layered, tmp_path, kind):
    job, _ = layered
    schedule = replace(job.schedule, steps=14, decay="cosine")
    if kind == "everything":
        known = Objective(knowledge=(Share("top", at_least=0.3, at_most=0.4),))
        schedule = replace(schedule, average=0.9, patience=30, warmup=3, focus_share=0.5, objective=known)
        job = replace(job, held_out=(Box((3, 15, 0), (4, 16, 32)),))
    elif kind == "momentum":
        schedule = replace(schedule, optimiser="sgd", learning_rate=0.01)
    elif kind == "bfloat16":
        schedule = replace(schedule, precision="bfloat16")
    job = replace(job, schedule=schedule)
    whole = replace(job, model=str(tmp_path / "whole"))
    list(fit(whole))

    stopped_after(job, 6)
    went_on = list(fit(job, resume=True))
    assert [u.step for u in went_on if isinstance(u, Progress)] == list(range(7, 15))
    assert any(isinstance(u, Note) and u.message == "Training goes on after step 6." for u in went_on)
    expected, found = weights(whole), weights(job)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert models.load(job.model).steps == 14


def test_it_goes_on_from_the_last_save_after_a_kill(layered, tmp_path, monkeypatch):
    from napari_fhn.training import trainer

    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=16))
    whole = replace(job, model=str(tmp_path / "whole"))
    list(fit(whole))

    monkeypatch.setattr(trainer, "_SAVE_EVERY", 0.0)
    running = fit(job)
    for update in running:
        if isinstance(update, Progress) and update.step == 9:
            break
    running.close()  # nothing of the end of a training is done
    went_on = [u.step for u in fit(job, resume=True) if isinstance(u, Progress)]
    assert went_on == list(range(9, 17))
    expected, found = weights(whole), weights(job)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_checkpoints_before_the_interruption_stay(layered):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=16))
    before = [u.step for u in stopped_after(job, 6) if isinstance(u, Checkpoint)]
    control = Control()
    updates = fit(job, control, resume=True)
    said = []
    for update in updates:
        said.append(update)
        if isinstance(update, Progress) and update.step == 8:
            control.revert = before[0]
        elif isinstance(update, Progress) and update.step == before[0] + 1:
            control.stop.set()
    assert any(isinstance(u, Note) and u.message == f"Training went back to step {before[0]}." for u in said)
    list(fit(job))  # a new training has none of them
    kept = sorted(path.name for path in (Path(job.model) / "checkpoints").iterdir())
    assert kept == [f"step-{step:05d}" for step in range(2, 17, 2)]


def test_a_finished_training_goes_on_when_it_gets_more_steps(layered):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=3))
    list(fit(job))
    with pytest.raises(JobError, match="all 3 steps are done: give it more"):
        list(fit(job, resume=True))
    more = replace(job, schedule=replace(job.schedule, steps=5))
    assert [u.step for u in fit(more, resume=True) if isinstance(u, Progress)] == [4, 5]


def test_what_ended_early_tries_again(layered):
    job, _ = layered
    job = replace(
        job,
        schedule=replace(job.schedule, steps=40, learning_rate=1e-9, patience=2),
        held_out=(Box((3, 15, 0), (4, 16, 32)),),
    )
    first = [u.step for u in fit(job) if isinstance(u, Progress)]
    assert first[-1] < 40
    again = [u.step for u in fit(job, resume=True) if isinstance(u, Progress)]
    assert again[0] == first[-1] + 1


def test_blocks_that_memory_made_small_stay_small(layered):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=6))
    control = Control()
    sizes = []
    for update in fit(job, control):
        if isinstance(update, Progress):
            control.stop.set()
    state = suspended.load(job.model)
    state["blocks"]["block"], state["blocks"]["batch"] = [8, 16], 1
    suspended.save(state, job.model)
    from napari_fhn.training.data.blocks import Blocks

    drawn = Blocks.draw

    def draw(self, focus=None):
        sizes.append((self.schedule.batch, *self.schedule.block))
        return drawn(self, focus)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Blocks, "draw", draw)
        list(fit(job, resume=True))
        other = replace(job, schedule=replace(job.schedule, steps=8, block=(16, 16)))
        list(fit(other, resume=True))
    assert sizes[0] == (1, 8, 16)
    assert sizes[-1] == (2, 16, 16)  # somebody has chosen other ones since


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda job: replace(job, network=RECIPES["sections"].network), "another network"),
        (lambda job: replace(job, classes=("a", "b", "c", "d")), "another number of classes"),
        (lambda job: replace(job, schedule=replace(job.schedule, optimiser="sgd")), "another optimiser"),
        (lambda job: replace(job, inputs=job.inputs * 2), "4 channels instead of 7"),
    ],
)
def test_going_on_with_something_else_is_refused(layered, change, what):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=2))
    stopped_after(job, 1)
    before = weights(job)
    with pytest.raises(JobError, match=f"{what}: train anew"):
        list(fit(change(job), resume=True))
    assert all(torch.equal(before[name], value) for name, value in weights(job).items())


def test_what_a_training_of_an_earlier_version_does_not_say_has_its_default(layered):
    job, _ = layered
    of = json.loads(json.dumps(suspended.kind(job)))
    del of["another network"]["initial"]
    suspended.check_goes_on(job, {"of": of, "step": 0})
    glorot = replace(job, network=replace(job.network, initial="glorot"))
    with pytest.raises(JobError, match="another network"):
        suspended.check_goes_on(glorot, {"of": of, "step": 0})


def test_classes_may_be_renamed_and_a_new_training_forgets_the_one_before(layered):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=3))
    stopped_after(job, 1)
    renamed = replace(job, classes=("a", "b", "c"))
    assert [u.step for u in fit(renamed, resume=True) if isinstance(u, Progress)] == [2, 3]
    assert models.load(job.model).classes == ("a", "b", "c")
    running = fit(job)
    next(update for update in running if isinstance(update, Progress))
    running.close()
    assert not transfer.can_resume(job.model)


def test_no_state_and_a_damaged_one_are_sentences(layered):
    job, _ = layered
    with pytest.raises(JobError, match="holds no training to go on with"):
        list(fit(job, resume=True))
    stopped_after(job, 1)
    path = Path(job.model) / transfer.STATE
    assert transfer.can_resume(job.model)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(JobError, match=r"training\.safetensors cannot be read"):
        list(fit(job, resume=True))
    save_file({}, path, {"format": "of tomorrow", "state": json.dumps({})})
    with pytest.raises(JobError, match="this version reads"):
        list(fit(job, resume=True))


def places(value, at=()):
    """Every place in a state, of lists the first item."""
    if at:
        yield at
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else list(enumerate(value))[:1]:
            yield from places(item, (*at, name))


def put(value, at, new):
    """The same with something else at one place; nothing is changed in it."""
    if not at:
        return new
    made = list(value) if isinstance(value, list) else dict(value)
    made[at[0]] = put(value[at[0]], at[1:], new)
    return made


WRONG = (None, "x", -1, 2.5, [], {}, ["a"], {"a": 1}, torch.ones(3))
#: What once came out as something else than a sentence, some of it after steps that were made.
ONCE = [
    ((), {}), (("step",), "x"), (("step",), -5), (("step",), 3.5), (("losses",), ["a"]), (("checkpoints",), ["../.."]),
    (("best", "step"), None), (("blocks", "block"), []), (("learner", "guard", "refused"), torch.ones(3)),
    (("learner", "rollback", "losses"), [{}]), (("learner", "optimiser", "moments", 0, "exp_avg"), 1),
    (("learner", "optimiser", "moments", 0, "step"), torch.tensor(-1.0)), (("combining", "heard_from"), -1),
    (("scores", 0, "held_out"), torch.ones(3)),
]  # fmt: skip


def test_a_state_with_values_of_another_kind_is_a_sentence_or_goes_on(layered, tmp_path):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=3, patience=2))
    stopped_after(job, 2)
    state = suspended.load(job.model)
    rest = [(at, wrong) for at in places(state) if at[:1] != ("of",) for wrong in WRONG]
    tried = [*ONCE, *(rest if proofs.ASKED else random.Random(0).sample(rest, 20))]
    said = []
    shutil.copytree(job.model, tmp_path / "kept")
    for at, wrong in tried:
        suspended.save(put(state, at, wrong), job.model)
        try:
            assert list(fit(job, resume=True))
        except JobError as error:
            said.append(str(error))
        shutil.rmtree(job.model)
        shutil.copytree(tmp_path / "kept", job.model)
    assert len(said) >= len(ONCE)
    assert [words for words in said if "cannot be read as a training to go on with" not in words] == []


def test_a_bit_that_is_another_in_a_state_is_found_and_one_of_an_earlier_version_is_taken(layered):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=2))
    stopped_after(job, 1)
    path = Path(job.model) / transfer.STATE
    content = bytearray(path.read_bytes())
    content[-5] ^= 64
    path.write_bytes(content)
    with pytest.raises(JobError, match="it is not as it was written"):
        suspended.load(job.model)
    content[-5] ^= 64
    path.write_bytes(content)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    del metadata["sha256"]
    save_file(tensors, path, metadata)
    assert [update.step for update in fit(job, resume=True) if isinstance(update, Progress)] == [2]
