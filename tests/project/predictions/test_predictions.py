"""Whether a prediction is whole, of this network and of these data, and what was done to it since."""

from __future__ import annotations

import os

import numpy as np
import pytest
from tests.project.conftest import SHAPE, opened, predicted, trained

from faulty_disk import disk
from napari_fhn.box import Box
from napari_fhn.project import NeedsConsent, Project, ProjectError, Session, SurveySet
from napari_fhn.project.predictions import predictions
from napari_fhn.project.predictions.predictions import Tidying, check, standing, take_back, tidy


def doubts(work, run):
    return standing(Session(work.session.folder), run).doubts


def test_nothing_was_predicted(work):
    run = work.train(predict=False)
    found = standing(work.session, run)
    assert not found.whole
    assert found.doubts == ()
    assert found.words() == ["Run 1: nothing was predicted yet"]
    for partial in (False, True):
        with pytest.raises(ProjectError, match="nothing was predicted by 'Run 1' yet"):
            check(work.session, run, partial=partial)


def test_a_whole_prediction(work):
    run = work.train("first")
    found = check(work.session, run)
    assert found.whole
    assert found.words()[0] == "run: first (run-001)"
    assert "after 2 steps" in " ".join(found.words())


@pytest.mark.parametrize(
    ("box", "said"),
    [(Box((0, 0), (6, 10)), "50 % of the survey is not predicted"), (Box((0, 0), (12, 9)), "10 % of the survey")],
)
def test_half_a_prediction_is_used_only_where_that_was_asked_for(work, box, said):
    run = work.train(predict=False)
    predicted(run, box=box)
    with pytest.raises(NeedsConsent, match=said) as asked:
        check(work.session, run)
    assert asked.value.consent == predictions.PARTIAL
    assert "--partial" in str(asked.value)
    found = check(work.session, run, partial=True)
    assert said in " ".join(found.words())


def test_what_a_learning_network_painted_is_no_prediction_of_the_last_one(work):
    run = work.train(predict=False)
    predicted(run, model="")
    assert doubts(work, run) == ("parts of it were predicted while the network was still learning",)


def test_a_network_that_has_learnt_on_since(work):
    run = work.train("first")
    trained(run, run.job(), steps=9)
    assert doubts(work, run) == ("the network has changed since",)


def test_a_survey_that_has_changed_on_the_disk(work):
    run = work.train()
    assert doubts(work, run) == ()
    os.utime(work.file, (1e9, 1e9))
    assert doubts(work, run) == ()  # unpacked again
    np.save(work.file, np.ones(SHAPE, np.float32))
    assert doubts(work, run) == ("a survey has changed on the disk since",)
    work.session.release()
    later = Project(Session(work.session.folder))
    later.use(SurveySet.of({"magnetics": opened(work.file)}))
    later.stage()
    assert doubts(work, run) == ("it was made from other data than the session has now",)


def test_a_survey_that_is_away_says_nothing(work, tmp_path):
    run = work.train()
    work.file.rename(tmp_path / "away.npy")
    assert doubts(work, run) == ()


def test_a_damaged_record_of_what_made_it_is_told_by_its_name(work):
    run = work.train()
    (run.folder / "prediction.json").write_text("{")
    with pytest.raises(ValueError, match=r"prediction\.json"):
        check(work.session, run)


# Tidying --------------------------------------------------------------------------------------------------------------


def speckled(work):
    run = work.train()
    values = np.load(run.prediction, mmap_mode="r+")
    values[3, 3] = 2
    values[8:12, 4:10] = 2
    values.flush()
    return run, np.array(values)


def test_tidied_and_taken_back(work):
    run, before = speckled(work)
    assert tidy(run, Tidying(radius=0, smallest=3, largest=0)) == 1
    assert np.load(run.prediction)[3, 3] == 1
    assert run.provenance().tidied.smallest == 3
    assert standing(work.session, run).whole
    assert "Tidied since" in " ".join(standing(work.session, run).words())
    assert take_back(run)
    np.testing.assert_array_equal(np.load(run.prediction), before)
    assert run.provenance().tidied is None
    assert not run.untidied.exists()
    assert not take_back(run)


def test_tidied_twice_it_goes_back_to_what_the_network_said(work):
    run, before = speckled(work)
    tidy(run, Tidying(radius=0, smallest=3, largest=0))
    tidy(run, Tidying(radius=0, smallest=30, largest=0))
    assert (np.load(run.prediction) == 1).all()
    assert take_back(run)
    np.testing.assert_array_equal(np.load(run.prediction), before)


def test_after_another_prediction_there_is_nothing_to_take_back(work):
    """What was predicted anew is not replaced by what an earlier network said."""
    run, _ = speckled(work)
    tidy(run, Tidying(radius=0, smallest=3, largest=0))
    predicted(run, value=2)  # writes what made it anew, without tidying
    assert not take_back(run)
    assert (np.load(run.prediction) == 2).all()
    tidy(run, Tidying(radius=0, smallest=3, largest=0))
    assert take_back(run)
    assert (np.load(run.prediction) == 2).all()


def test_a_tidying_of_another_run_is_not_taken_back(work):
    first, before = speckled(work)
    tidy(first, Tidying(radius=0, smallest=3, largest=0))
    second = work.train()
    assert not take_back(second)
    assert take_back(first)
    np.testing.assert_array_equal(np.load(first.prediction), before)


def test_a_tidying_that_was_cut_off_can_be_taken_back(work, monkeypatch):
    run, before = speckled(work)
    monkeypatch.setattr("napari_fhn.project.predictions.predictions.zlib.decompress", lambda *a: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tidy(run, Tidying(radius=0, smallest=3, largest=0))
    monkeypatch.undo()
    assert run.provenance().tidied is not None
    assert take_back(run)
    np.testing.assert_array_equal(np.load(run.prediction), before)


def test_what_is_not_predicted_is_not_tidied(work):
    run = work.train(predict=False)
    with pytest.raises(ProjectError, match="nothing was predicted"):
        tidy(run, Tidying())


def test_a_disk_that_is_full_leaves_the_prediction(work):
    run, before = speckled(work)
    for at in range(1, 4):  # what it was is kept before anything is tidied
        with disk(run.folder, at, "full"), pytest.raises(OSError, match="No space"):
            tidy(run, Tidying())
        assert not list(run.folder.glob("*untidied*"))
        assert run.provenance().tidied is None
        np.testing.assert_array_equal(np.load(run.prediction), before)
        assert not take_back(run)
