"""The networks of a few steps, kept as model folders beside the last one, and the way back to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_fhn.training.files import removing
from napari_fhn.training.models import model as models
from napari_fhn.training.updates import Checkpoint

_KEPT = 8
"""Checkpoints of one training, evenly spread over its steps."""


class Checkpoints:
    """Model folders ``checkpoints/step-00120`` in the folder of a model.

    Parameters
    ----------
    folder : path-like
        Of the model.
    steps : int
        Of the training.
    kept : sequence of int
        Steps whose networks are there and stay; all others there are of an earlier training, and go with :meth:`begin`.

    Attributes
    ----------
    steps : list of int
        Of which there is a network.
    """

    def __init__(self, folder: str | Path, steps: int, kept: Sequence[int] = ()) -> None:
        self.folder = Path(folder) / removing.CHECKPOINTS
        self._every = -(-steps // _KEPT)
        self.steps = [step for step in kept if self._path(step).is_dir()]

    def begin(self) -> None:
        """Remove the networks of an earlier training."""
        own = {self._path(step) for step in self.steps}
        for path in removing.checkpoints(self.folder.parent):
            if path not in own:
                removing.network(path)

    def due(self, step: int) -> bool:
        """Tell whether the network of this step is to be kept."""
        return step % self._every == 0

    def keep(self, model: models.Model, step: int, loss: float | None, held_out: float | None) -> Checkpoint:
        """Write the network of now.

        Parameters
        ----------
        model : Model
            With the weights that predict.
        step : int
            Training step.
        loss, held_out : float or None
            As in :class:`~napari_fhn.training.Checkpoint`.
        """
        path = self._path(step)
        try:
            models.save(model, path)
        except OSError:
            if step not in self.steps:
                removing.network(path)  # half a network is none
            raise
        if step not in self.steps:
            self.steps.append(step)
        return Checkpoint(step, str(path), loss, held_out)

    def go_back(self, model: models.Model, step: int) -> str:
        """Put the weights of a checkpoint into the network of a model.

        Returns
        -------
        str
            What to tell the person.

        Raises
        ------
        KeyError
            When no network of that step was kept; its argument is a sentence that says of which there is one.
        """
        if step not in self.steps:
            known = ", ".join(map(str, sorted(self.steps))) or "none yet"
            raise KeyError(f"There is no checkpoint of step {step} to go back to; there are those of steps: {known}.")
        model.network.load_state_dict(models.load(self._path(step)).network.state_dict())
        return f"Training went back to step {step}."

    def _path(self, step: int) -> Path:
        return self.folder / f"step-{step:05d}"
