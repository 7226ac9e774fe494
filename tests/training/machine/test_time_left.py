"""Time left: recorded courses of work, at each point of which is known how long it took yet."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from napari_fhn.training.machine.time_left import TimeLeft, words


class Course:
    """Work whose pieces take what a function says; tells what was estimated and what was true."""

    def __init__(self, pieces: int, seconds: Callable[[int], float], once: dict[int, float] | None = None) -> None:
        self.now = 0.0
        left = TimeLeft(lambda: self.now)
        once = once or {}
        for stage, taken in once.items():
            left.expect(str(stage), taken)
        self.told: list[tuple[float, float]] = []
        for piece in range(pieces):
            if piece in once:
                self.now += once[piece]
                left.aside(once[piece])
                left.passed(str(piece))
            self.now += seconds(piece)
            left.made(piece + 1)
            found = left.left(pieces - piece - 1)
            assert found is not None
            self.told.append((self.now, found))

    def wrong(self, since: float) -> float:
        """The largest error after a time, as a share of what was left, or of a tenth of all."""
        return max(
            abs(found - (self.now - at)) / max(self.now - at, self.now / 10) for at, found in self.told if at >= since
        )


def test_steps_of_one_length_are_foretold_from_the_second_on():
    course = Course(100, lambda piece: 9.0 if piece == 0 else 1.0)
    assert course.wrong(10.0) < 0.01


def test_a_view_that_is_predicted_now_and_then_is_part_of_it():
    course = Course(200, lambda piece: 6.0 if piece % 10 == 9 else 1.0)
    assert course.wrong(60.0) < 0.3


def test_a_machine_that_becomes_slower_is_believed_soon():
    course = Course(200, lambda piece: 1.0 if piece < 100 else 3.0)
    assert course.wrong(170.0) < 0.35
    # A mean over all that was done would say 107 s where there are 240.
    at, found = next((at, found) for at, found in course.told if at >= 160.0)
    assert abs(found - (course.now - at)) < 60


def test_what_comes_once_neither_makes_it_jump_nor_is_forgotten():
    course = Course(100, lambda piece: 1.0, once={30: 40.0})
    assert course.wrong(2.0) < 0.02


def test_no_time_passes_in_a_pause():
    now = [0.0]
    left = TimeLeft(lambda: now[0])
    for made in (1, 2, 3):
        now[0] += 2.0
        left.made(made)
    now[0] += 500.0
    left.aside(498.0)
    left.made(4)
    assert left.left(10) == pytest.approx(20.0)


def test_what_an_earlier_program_has_done_took_no_time_of_this_one():
    now = [0.0]
    left = TimeLeft(lambda: now[0])
    assert left.left(1.0) is None
    left.from_there(0.9)
    for share in (0.92, 0.94, 0.96):
        now[0] += 1.0
        left.made(share)
    assert left.left(0.04) == pytest.approx(2.0)


def test_it_is_said_when_it_takes_longer_than_was_thought():
    assert words(None) == ""
    assert words(130.0) == "2 min 10 s left"
    assert words(-3.0) == "nearly done"
