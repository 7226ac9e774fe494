"""What every process of a training does alike: it is set up, makes steps, and gets smaller where memory runs out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import torch

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.training.control import Focus
from napari_fhn.training.distributed.company import NothingLabelled
from napari_fhn.training.distributed.ranks import ALONE, Joined, RankLost, Ranks
from napari_fhn.training.job import Job
from napari_fhn.training.machine.memory import is_out_of_memory
from napari_fhn.training.models import suspended
from napari_fhn.training.steps import sizing
from napari_fhn.training.steps.learner import Learner, Outcome
from napari_fhn.training.steps.setup import Setup


class Stepping:
    """Makes the steps of a training, in the first process as it decides and in all others as it says.

    Parameters
    ----------
    job : Job
        What to train on what; the same in all processes.
    ranks : Ranks
        The processes.
    state : dict or None
        Of the training that goes on, see :mod:`~napari_fhn.training.models.suspended`.

    Attributes
    ----------
    setup : Setup
        What the training consists of.
    learner : Learner
        Makes a step.

    Raises
    ------
    JobError
        When the job does not fit its files or this machine.
    """

    def __init__(self, job: Job, ranks: Ranks = ALONE, state: Mapping[str, Any] | None = None) -> None:
        self.ranks = ranks
        self._hidden: tuple[Box, ...] = ()
        if isinstance(ranks, Joined):
            job = _on_own_device(job, ranks)
        with _together(ranks):
            if state is not None:
                with suspended.taken_over(job.model):
                    suspended.check_goes_on(job, state)
                job = replace(job, start_from=None)
            self.setup = Setup(job, ranks, resumes=state is not None)
        network = self.setup.network
        if isinstance(network, HyperbolicNetwork):
            # A timing may have told two machines differently.
            network.precision = ranks.tell(network.precision)
        self.labels = self.setup.labels
        self.learner = Learner(network, self.setup.criterion, job.schedule, self.labels, self.setup.device, self.ranks)
        if state is not None:
            with _together(ranks), suspended.taken_over(job.model):
                self._resume(state)

    def _resume(self, state: Mapping[str, Any]) -> None:
        if state["channels"] != self.setup.network.input_channels:
            channels = f"{state['channels']} channels instead of {self.setup.network.input_channels}"
            raise suspended.something_else(channels)
        suspended.check_alike(state, {"learner": self.learner.state(), "blocks": self.setup.blocks.state()})
        self.learner.resume(state["learner"])
        self.setup.blocks.resume(state["blocks"])
        self.setup.blocks.share(self.ranks.rank, self.ranks.size, more=False)
        torch.set_rng_state(state["torch"])

    def make(self, step: int, *, read: bool, show: bool, focus: Focus | None) -> Outcome | None:
        """Make a step, and have the others make it.

        Parameters
        ----------
        step : int
            Steps made before this one.
        read, show
            See :meth:`Learner.learn`.
        focus : Focus or None
            The section in view.

        Raises
        ------
        NothingLabelled
            When there is nothing to learn from.
        """
        self._order("step", step=step, read=read, focus=None if focus is None else asdict(focus))
        return self._make(step, read, show, focus)

    def wait(self) -> None:
        """Let the others know that they are to wait."""
        self._order("wait")

    def restart(self) -> None:
        """Go on everywhere from the weights that were put into the network here."""
        self._order("restart")
        self._restart()

    def end(self) -> None:
        """Let the others go: no more steps are made."""
        if self.ranks.size > 1 and not self.ranks.parted:
            with contextlib.suppress(RankLost):
                self._order("end")

    def follow(self) -> None:
        """Do what the first process says, until it lets this one go."""
        while True:
            order = self.ranks.tell(None)
            if "hidden" in order:
                self.labels.hide(tuple(record.decode(Box, box) for box in order["hidden"]))
            if "pseudo" in order and self.setup.blocks.pseudo is not None:
                self.setup.blocks.pseudo.take(order["pseudo"])
            match order["do"]:
                case "end":
                    return
                case "restart":
                    self._restart()
                case "step":
                    focus = None if order["focus"] is None else Focus(**order["focus"])
                    self._try(order["step"], order["read"], focus)

    def _try(self, step: int, read: bool, focus: Focus | None) -> None:
        """Make a step as another process says; it decides alike what follows where there is none to make."""
        short = False
        try:
            self._make(step, read, False, focus)
        except NothingLabelled:
            pass
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            short = True
        if short:
            self.shrink()

    def _make(self, step: int, read: bool, show: bool, focus: Focus | None) -> Outcome | None:
        blocks, batch, trouble = self.setup.blocks, None, None
        before = blocks.state()
        try:
            batch = blocks.draw(focus)
        except Exception as error:
            trouble = error
        try:
            return self.learner.learn(batch, step, read=read, show=show, rounds=blocks.rounds, trouble=trouble)
        except RankLost:
            blocks.resume(before)  # as if it had not been begun: it is made again when training goes on
            raise
        finally:
            trouble = None

    def shrink(self) -> str:
        """Make steps smaller after memory has run out, and return what to say; in all processes alike.

        Raises
        ------
        JobError
            When they are as small as can be.
        """
        self.setup.free_memory()
        self.learner.optimiser.zero_gradients()
        if not self.learner.guard.keep_less() and not self.setup.blocks.halve():
            raise sizing.too_little(self.setup.forecast)
        return f"Memory ran out: a step keeps no states now and takes {sizing.in_voxels(self.setup.blocks.schedule)}."

    def _restart(self) -> None:
        network, ranks = self.setup.network, self.ranks
        if isinstance(ranks, Joined):
            for value in network.state_dict().values():
                ranks.spread(value)
            if isinstance(network, HyperbolicNetwork):
                network.h = ranks.tell(network.h)
        self.learner.restart()

    def _order(self, do: str, **more: Any) -> None:
        pseudo = self.setup.blocks.pseudo
        news = [] if pseudo is None else pseudo.news()
        if not isinstance(self.ranks, Joined):
            return
        if self.labels.hidden != self._hidden:
            self._hidden = self.labels.hidden
            more["hidden"] = [record.encode(box) for box in self._hidden]
        if news:
            more["pseudo"] = news
        self.ranks.tell({"do": do, **more})


def _on_own_device(job: Job, ranks: Joined) -> Job:
    """Return a job with the device of this process, and the memory that each of them has."""
    with _together(ranks):
        device = ranks.device(job.device)
    ranks.use(device)
    memory = ranks.free_bytes(device) if job.memory is None else job.memory
    return replace(job, device=str(device), memory=memory)


@contextlib.contextmanager
def _together(ranks: Ranks) -> Iterator[None]:
    """Do something in each process, and go on where it has gone well in all."""
    trouble: Exception | None = None
    try:
        yield
    except Exception as error:
        trouble = error
    ranks.meet(trouble)
