"""What a training will be, and the memory that it will take, said in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_fhn.api.labelling import Labelled
from napari_fhn.api.wording import in_python
from napari_fhn.network.forecast import PORTABLE, WORKING_SET
from napari_fhn.project import HeldOut, Project, Settings
from napari_fhn.project.runs import planning
from napari_fhn.project.runs.outlook import Outlook, outlook, planned
from napari_fhn.training.machine.memory import taken_device

Parts = tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]
"""Schedule and objective, as far as they are said."""


class Planned(Labelled):
    """What a session holds, with labels, and a look at what training will take; `Work` trains.

    Attributes
    ----------
    project : napari_fhn.project.Project
        What all faces of the program share.
    notes : list of str
        What a person should know.
    """

    def __init__(self, project: Project, sample: str = "", *, remembers: bool = False) -> None:
        super().__init__(project, sample)
        self._remembers = remembers

    def forecast(
        self,
        recipe: str | None = None,
        *,
        settings: Settings | None = None,
        network: str | None = None,
        schedule: Mapping[str, Any] | None = None,
        objective: Mapping[str, Any] | None = None,
        attributes: str | Sequence[str] | None = None,
        device: str | None = None,
    ) -> Outlook:
        """Say how much memory a training will take, before anything is copied or trained.

        Parameters
        ----------
        recipe, settings, network, schedule, objective, attributes, device
            As in `fit`.

        Returns
        -------
        Outlook
            ``needs``, the bytes of a training step, ``without`` what they would be with every state kept and kernels
            of full rank, ``block``, ``batch``, and ``sentence(free)`` in words.

        Raises
        ------
        JobError
            When the network does not go with the survey.

        Examples
        --------
        >>> import numpy as np, napari_fhn as fhn
        >>> with fhn.open(np.zeros((64, 64), "f4"), axes=("y", "x")) as work:
        ...     found = work.forecast("map", network="2d 32: 20x8", device="cpu")
        >>> found.block, found.without > 2 * found.needs
        ((64, 64), True)
        """
        with in_python():
            surveys = self.project.needed()
            parts = (schedule, objective)
            chosen, _ = self._planned(recipe, settings, None, HeldOut(0), network, parts, {"device": device})
            chosen = chosen.with_attributes(attributes)
            step = planned(chosen, surveys, max(self.project.classes.values, default=2), self.project.vertical_axis)
            return outlook(step, WORKING_SET if taken_device(chosen.device) == "cpu" else PORTABLE)

    def _planned(
        self,
        recipe: str | None,
        settings: Settings | None,
        start_from: str | Path | None,
        held_out: HeldOut,
        network: str | None,
        parts: Parts,
        numbers: Mapping[str, Any],
    ) -> tuple[Settings, str]:
        """Return the settings of a training, and why they are so where the program chose."""
        chosen, why = planning.plan(
            self.project,
            recipe or "",
            start_from=None if settings is not None else start_from,
            base=settings or (self.project.settings if self._remembers else None),
            held_out=held_out,
            network=network,
            **numbers,
        )
        return chosen.with_parts(*parts), why
