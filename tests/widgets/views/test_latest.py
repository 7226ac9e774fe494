"""Pictures made beside the window: the last one that is asked for counts, and nobody who is gone is told of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_fhn.widgets.views.latest import Latest


class Later:
    """A background whose work is done when it is told to."""

    def __init__(self) -> None:
        self.begun: list[tuple[Callable[[], Any], Callable[[Any], None], Callable[[BaseException], None]]] = []

    def run(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[BaseException], None]
    ) -> None:
        self.begun.append((work, done, failed))

    def end(self) -> None:
        work, done, failed = self.begun.pop(0)
        try:
            found = work()
        except ValueError as error:
            failed(error)
        else:
            done(found)


def wrong() -> None:
    raise ValueError("it cannot be drawn")


def test_of_several_the_last_counts_and_one_is_made_at_a_time() -> None:
    later, told = Later(), list[Any]()
    latest = Latest(later)  # type: ignore[arg-type]
    for number in range(3):
        latest.ask("section", lambda number=number: number, told.append, told.append)
    latest.ask("map", wrong, told.append, lambda error: told.append(str(error)))
    assert len(later.begun) == 1
    for _ in range(3):
        later.end()
    assert told == [0, 2, "it cannot be drawn"]
    assert not later.begun


def test_who_is_gone_is_told_nothing_and_the_next_one_is_served() -> None:
    later, told = Later(), list[Any]()
    latest = Latest(later)  # type: ignore[arg-type]
    latest.ask("section", lambda: "under way", told.append, told.append)
    latest.ask("map", lambda: "waits", told.append, told.append)
    latest.forget()
    latest.ask("section", lambda: "asked anew", told.append, told.append)
    later.end()
    later.end()
    assert told == ["asked anew"]
    latest.ask("section", wrong, told.append, told.append)
    latest.forget()
    later.end()
    assert told == ["asked anew"]
