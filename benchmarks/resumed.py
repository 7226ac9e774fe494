"""Measurements of which each is a process: kept as they come, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_LEAST = 30.0
"""Seconds that a process gets, whatever is left of the budget."""


class BudgetOver(Exception):
    """There is no time left to measure more."""


class Answers:
    """What processes have answered, until the case that they belong to is whole.

    Parameters
    ----------
    path : Path or None
        Where answers are kept; None to keep none.
    budget : float
        Seconds after which no other process begins, and one that runs is stopped.
    about : dict
        What answers are good for: machine and versions. Those of others are measured again.
    """

    def __init__(self, path: Path | None, budget: float, about: dict[str, Any]) -> None:
        self._path, self._about = path, json.loads(json.dumps(about))
        self._end = time.monotonic() + budget
        self._kept: list[dict[str, Any]] = []
        if path is not None and path.exists():
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            self._kept = [line for line in lines if line["about"] == self._about]

    def get(
        self, ask: dict[str, Any], turn: int, limit: float, run: Callable[[float], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return the answer to a question: one that is kept, or that of a process.

        Parameters
        ----------
        ask : dict
            The question, with the name of its case.
        turn : int
            Which of several times it is asked.
        limit : float
            Seconds that a process may take.
        run : callable
            Asks a process that may take so many seconds.

        Raises
        ------
        BudgetOver
            Where there is no time for it.
        """
        key = {"ask": ask, "turn": turn}
        for line in self._kept:
            if {name: line[name] for name in key} == key:
                return dict(line["answer"])
        left = self._end - time.monotonic()
        if left <= 0:
            raise BudgetOver
        answer = run(min(limit, max(_LEAST, left)))
        if "stopped after" in answer.get("problem", "") and left < limit:
            raise BudgetOver
        self._kept.append({**key, "answer": answer, "about": self._about})
        self._write()
        return answer

    def forget(self, case: str) -> None:
        """Forget the answers of a case: what came of them is written down."""
        self._kept = [line for line in self._kept if line["ask"].get("case") != case]
        self._write()

    def _write(self) -> None:
        if self._path is not None:
            self._path.write_text("".join(json.dumps(line) + "\n" for line in self._kept), encoding="utf-8")
            if not self._kept:
                self._path.unlink()
