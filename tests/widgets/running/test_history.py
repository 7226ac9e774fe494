"""What a training has said so far."""

from __future__ import annotations

from napari_fhn.box import Box
from napari_fhn.training import BoxChanged, Checkpoint, Note, Progress, Score
from napari_fhn.widgets.running.training_history import TrainingHistory


def told(*updates):
    history = TrainingHistory()
    for update in updates:
        history.hear(update)
    return history


def test_curves_of_the_mean_and_of_classes():
    history = told(
        Progress("train", 1, 9, None, 2.0, 0.5, 1e-7),
        Score(1, False, (0.2, None)),
        Score(1, True, (None, None)),
        Progress("train", 2, 9, None, 1.0, 0.4, 2e-7),
        Score(2, True, (0.4, 0.6)),
    )
    assert (history.steps, history.losses, history.seconds) == ([1, 2], [2.0, 1.0], [0.5, 0.4])
    assert history.invertibility_error == 2e-7
    assert history.curve(False) == ([1], [0.2])
    assert history.curve(True) == ([2], [0.5])
    assert history.curve(True, 1) == ([2], [0.6])
    assert history.curve(True, 7) == ([], [])
    assert history.iou == (0.4, 0.6)


def test_going_back_forgets_what_came_after():
    history = told(*(Progress("train", step, 9, None, 1.0, 0.1) for step in range(1, 6)))
    history.hear(Checkpoint(2, "two"))
    history.hear(Checkpoint(4, "four"))
    history.hear(Score(5, True, (0.5,)))
    history.hear(Progress("train", 3, 9, None, 0.7, 0.1))
    assert history.steps == [1, 2, 3]
    assert [point.step for point in history.checkpoints] == [2]
    assert history.iou == ()


def test_other_news_are_no_curve():
    history = TrainingHistory()
    assert not history.hear(Note("x"))
    assert not history.hear(BoxChanged(Box((0,), (1,)), 1))
    assert not history.hear(Progress("predict", 1, 9))
    assert history.hear(Score(1, True, (0.5,)))
    history.replay(())
    assert history == TrainingHistory()
