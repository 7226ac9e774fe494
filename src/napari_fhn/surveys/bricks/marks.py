"""Which shards of a store are written, said in the store itself.

Every shard has one writer, and a small file that is written after it: nobody waits for anybody, whatever is killed is
done again, and what is there is there once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from napari_fhn import record
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.remote.target import Target


class Marks:
    """Which shards of a store are written.

    Parameters
    ----------
    target : Target
        The store.
    folder : str
        Where in it the marks lie.
    """

    def __init__(self, target: Target, folder: str) -> None:
        self._target = target
        self._folder = folder

    def begin(self, plan: dict[str, Any], what: str) -> None:
        """Say how the work is cut; whoever comes later must mean the same.

        Parameters
        ----------
        plan : dict
            Plain JSON types.
        what : str
            What lies there if the plan is another one, for the sentence.

        Raises
        ------
        SurveyError
            When something else lies there.
        """
        plan = record.parse(record.to_bytes(plan))
        known = self._target.read_json(self._plan)
        if known is None:
            if not self._target.is_empty():
                raise SurveyError(self._target.about, "something else is there", "Choose another name")
            self._target.write(self._plan, record.to_bytes(plan))
        elif known != plan:
            raise SurveyError(self._target.about, f"{what} is there", "Remove it, or choose another name")

    @property
    def _plan(self) -> str:
        return f"{self._folder}/plan.json"

    def plan(self) -> dict[str, Any] | None:
        """Return what `begin` was told by whoever was first; None where nothing was begun."""
        found = self._target.read_json(self._plan)
        return found if isinstance(found, dict) else None

    def done(self) -> set[int]:
        """Return the shards that are written."""
        names = (name.removesuffix(".json") for name in self._target.names(self._folder) if name.endswith(".json"))
        return {int(name) for name in names if name.isdecimal()}

    def finish(self, number: int, said: Any) -> None:
        """Note that a shard is written, and something about it."""
        self._target.write(f"{self._folder}/{number}.json", record.to_bytes(said))

    def said(self, numbers: Sequence[int]) -> Iterator[tuple[int, Any]]:
        """Yield what was noted of shards."""
        for number in numbers:
            yield number, self._target.read_json(f"{self._folder}/{number}.json")

    def clear(self) -> None:
        """Remove all marks: the store is whole, and says so itself."""
        self._target.remove(self._folder)
