"""What training will need, said before it begins: the block, the memory with and without the paper's two savings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.comparison import NetworkDescription
from napari_fhn.network.counting import in_words
from napari_fhn.network.forecast import WORKING_SET, WorkingSet, forecast
from napari_fhn.training.schedule import Schedule


@dataclass(frozen=True)
class Outlook:
    """A forecast for one training.

    Parameters
    ----------
    block : tuple of int
        Voxels of a training block along the axes of the network.
    batch : int
        Blocks in a step.
    needs : int or None
        Bytes of a training step; None for a network that nobody has counted.
    without : int or None
        Bytes of the same network with every state kept and every kernel of full rank.
    """

    block: tuple[int, ...]
    batch: int
    needs: int | None
    without: int | None

    @property
    def block_in_words(self) -> str:
        """Such as ``"4 blocks, 96 × 256"``."""
        size = " × ".join(map(str, self.block))
        return f"{self.batch} blocks, {size}" if self.batch > 1 else f"Block {size}"

    def sentence(self, free: int | None) -> str:
        """Say what is needed, what it would be without the paper's two savings, and what there is.

        Parameters
        ----------
        free : int or None
            Bytes that the device has free; None where it is not known yet.
        """
        if self.needs is None or self.without is None:
            return "Memory of this kind of network: not forecast"
        there = "" if free is None else f"  ·  {in_words(free)} free"
        return f"{in_words(self.needs)}; without: {in_words(self.without)}{there}"


def block_lengths(shape: Sequence[int], block: Sequence[int], multiples: Sequence[int]) -> tuple[int, ...]:
    """Return the block that is drawn from a survey: no longer than it is, but for rounding up to a multiple.

    Parameters
    ----------
    shape, block, multiples : sequence of int
        Of the survey, of the schedule, and of the network, along its axes.
    """
    lengths = []
    for size, wanted, multiple in zip(shape, block, multiples, strict=True):
        up = -(-min(size, wanted) // multiple) * multiple
        lengths.append(up if up <= max(wanted, multiple) else up - multiple)
    return tuple(lengths)


def outlook(
    network: NetworkDescription,
    schedule: Schedule,
    shape: Sequence[int],
    *,
    channels: int,
    classes: int,
    vertical: int | None,
    working_set: WorkingSet = WORKING_SET,
) -> Outlook:
    """Forecast one training.

    Parameters
    ----------
    network : Architecture, ResNetArchitecture or UNetArchitecture
        The network.
    schedule : Schedule
        Block, batch and precision.
    shape : sequence of int
        Spatial shape of the survey.
    channels, classes : int
        Channels of the data as they are, and classes.
    vertical : int or None
        Spatial axis of time or depth, whose position enters as a channel.
    working_set : WorkingSet
        What the implementation keeps on the device.

    Returns
    -------
    Outlook
    """
    sections = network.dimensions == 2 and len(shape) == 3
    # Of a volume cut into sections, the longer of the two horizontal axes: either may run along the block.
    seen = (max(shape[0], shape[1]), shape[2]) if sections else tuple(shape)
    channels = channels * (2 * network.context + 1 if sections else 1) + (vertical is not None)
    block = block_lengths(seen, schedule.block, network.multiples)
    if not isinstance(network, Architecture):
        return Outlook(block, schedule.batch, None, None)
    lifted = channels * 2 ** (network.dimensions * network.haar_lift)
    if lifted > network.channels:
        # As training does it: the state is widened to hold the data.
        network = replace(network, channels=-(-lifted // 8) * 8)

    def total(*, invertible: bool, block_low_rank: bool) -> int:
        return forecast(
            network,
            block,
            batch=schedule.batch,
            input_channels=channels,
            classes=classes,
            invertible=invertible,
            block_low_rank=block_low_rank,
            working_set=working_set,
        ).total

    return Outlook(
        block,
        schedule.batch,
        total(invertible=True, block_low_rank=True),
        total(invertible=False, block_low_rank=False),
    )
