"""What happens when a network can no longer be inverted: the step is refused, and the network is made safer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.network.forecast import Keep
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.sentence import counted
from napari_fhn.training.job import JobError

_CHECKED = 16
"""Steps of which one recomputes its states, where the others keep them."""

_KEPT: tuple[Keep, ...] = ("nothing", "hidden", "states")
"""From the least memory to the most."""


class Guard:
    """Looks at the free invertibility check of every training step.

    The backward sweep recomputes all states from the last two, so its gradient is as good as they are. It ends at
    ``Y_1`` and ``Y_2``, which were equal when it began: what is between them then is rounding, amplified where states
    grow: in very deep networks with a large ``h``, and wherever kernels have outgrown the leapfrog's stability bound
    ``h^2 |K|^2 < 4`` (Peters, Haber & Lensink 2024, section 2.1).

    Parameters
    ----------
    network : SegmentationNetwork
        One that keeps its states is never refused anything.
    limit : float
        Largest ``|Y_1 - Y_2| / |Y_2|`` that is accepted. Gradients from a few labelled columns differ by far more than
        this from one step to the next.
    patience : int
        Refusals in a row before training gives up.
    """

    def __init__(self, network: SegmentationNetwork, limit: float = 0.05, patience: int = 10) -> None:
        self.network = network if isinstance(network, HyperbolicNetwork) else None
        self._keep: Keep = "nothing" if self.network is None else self.network.keep
        self.limit = limit
        self.patience = patience
        self._refused = 0

    @property
    def error(self) -> float | None:
        """The last invertibility error; None for a network that keeps its states."""
        return None if self.network is None else self.network.invertibility_error

    @property
    def error_on_device(self) -> torch.Tensor | None:
        """The same as a scalar on the device, without waiting for it."""
        return None if self.network is None else self.network.invertibility_on_device

    @property
    def keeps(self) -> Keep | None:
        """What the network keeps of its way forward; None for one that is no hyperbolic network."""
        return None if self.network is None else self.network.keep

    def prepare(self, step: int) -> None:
        """Let the network recompute its states in some steps where it keeps them in others, so that there is a check.

        Parameters
        ----------
        step : int
            Steps made before this one: in one of sixteen, and while steps are refused, states are recomputed.
        """
        if self.network is not None and self._keep == "states":
            self.network.keep = "nothing" if self._refused or step % _CHECKED == 0 else "states"

    def keep_less(self) -> bool:
        """Keep nothing from now on; False where nothing is kept."""
        if self.network is None or self._keep == "nothing":
            return False
        self._keep = self.network.keep = "nothing"
        return True

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        made: dict[str, Any] = {}
        if self.network is not None:
            made = {"h": self.network.h, "precision": self.network.precision, "keep": self._keep}
        return {"refused": self._refused, **made}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned, and with the network as safe as it had been made."""
        self._refused = state["refused"]
        if self.network is not None:
            self.network.h, self.network.precision = state["h"], state["precision"]
            # As it was, to the last bit, unless there is less memory now.
            self._keep = self.network.keep = min(self._keep, state.get("keep", "nothing"), key=_KEPT.index)

    def left_out(self, loss: torch.Tensor, error: torch.Tensor | None) -> torch.Tensor:
        """Judge the gradient that the network has now on its device, without waiting for it.

        Parameters
        ----------
        loss : Tensor
            Scalar, of the step.
        error : Tensor or None
            Scalar, of its backward sweep; None for a network that keeps its states.

        Returns
        -------
        Tensor
            Float32 scalar: 1 where :meth:`refusal` would refuse the step, else 0.
        """
        good = loss.isfinite()
        if error is not None:
            good = good & (error <= self.limit)  # NaN is not
        return 1 - good.to(torch.float32)

    def look_back(self, errors: Sequence[float]) -> str | None:
        """Say what :meth:`refusal` says, of steps that the device has left out or made meanwhile.

        Parameters
        ----------
        errors : sequence of float
            Of their inversions, in their order.

        Returns
        -------
        str or None
            None where all was well. However many were left out, the network is made safer once: they were made alike.

        Raises
        ------
        JobError
            When it was made safer again and again, and still cannot be inverted.
        """
        refused = [error for error in errors if not error <= self.limit]  # NaN is not
        said = self._refuse(self._not_inverted(refused[0])) if refused else None
        if errors and errors[-1] <= self.limit:
            self._refused = 0
        return said

    def _not_inverted(self, error: float) -> str:
        return f"The network could not be inverted (error {error:.2g}, limit {self.limit:g})"

    def refusal(self, loss: float = 0.0, error: float | None = None) -> str | None:
        """Judge the gradient that the network has now.

        Parameters
        ----------
        loss : float
            Of the step. One that is not finite cannot have a gradient, and is refused whatever the error.
        error : float, optional
            The largest of several backward sweeps whose gradients were added up; :attr:`error` when absent.

        Returns
        -------
        str or None
            None where the step may be made. Else the step must not be made; the network has been changed so that the
            next one may succeed, and this is the sentence that says so.

        Raises
        ------
        JobError
            When step after step is refused, or the loss of a network that cannot be made safer is not finite.
        """
        if math.isfinite(loss):
            error = self.error if error is None else error
            if error is None or error <= self.limit:  # NaN is not
                self._refused = 0
                return None
            return self._refuse(self._not_inverted(error))
        return self._refuse(f"The loss became {loss}")

    def _refuse(self, reason: str) -> str:
        if self.network is None:
            raise JobError(f"{reason}: lower the learning rate; the labels are untouched")
        self._refused += 1
        if self._refused > self.patience:
            raise JobError(
                f"{reason} in {counted(self._refused, 'steps')} in a row, even with a time step of "
                f"{self.network.h:.2g}: "
                "lower the learning rate; the labels are untouched"
            )
        said = f"{reason}, so this step was left out"
        if self.network.precision != "float32":
            self.network.precision = "float32"
            return f"{said}; its convolutions are in float32 from now on."
        self.network.h *= math.sqrt(0.5)
        return f"{said}; its time step h is now {self.network.h:.3g}."
