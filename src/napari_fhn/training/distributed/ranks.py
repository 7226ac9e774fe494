"""Several processes that make one training: which of them this one is, and what they tell each other.

``torchrun`` starts them and says in the environment who is who. The first one reads the job, writes and speaks; the
others help it to make steps. What they say on the way are numbers and lines of JSON, over connections of torch: nothing
that comes in is ever run.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from napari_fhn.sentence import counted
from napari_fhn.training.errors import JobError
from napari_fhn.training.machine.device import choose_device, present
from napari_fhn.training.machine.memory import free_bytes, is_out_of_memory

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

WAITED = "NAPARI_FHN_RANKS_SECONDS"
"""Environment variable: seconds after which a process that says nothing is given up; half an hour without it."""

_SECONDS = 1800.0

_SHORT_LINE = 1016
"""Bytes of a line that is told in one message."""

_FINE, _SHORT, _FAILED = 0.0, 1.0, 2.0


class RankLost(JobError):
    """Another process of the training is gone, stands still, or has failed."""


class Elsewhere(MemoryError):
    """Memory ran out in another process of the training."""


class Ranks:
    """One process that trains alone: it has nobody to ask.

    Attributes
    ----------
    rank : int
        Which process this one is; 0 is the first, which writes and speaks.
    size : int
        How many there are.
    parted : bool
        Whether they have lost each other: there is nobody to tell anything any more.
    """

    rank = 0
    size = 1
    parted = False

    def device(self, name: str) -> torch.device:
        """Return the device on which this process computes.

        See :func:`~napari_fhn.training.machine.device.choose_device`.
        """
        return choose_device(name)

    def free_bytes(self, device: torch.device) -> int | None:
        """Return the memory that each process may take; None where that is asked for when it is needed."""
        return None

    def tell(self, value: Any) -> Any:
        """Let all have what the first process has: plain JSON types."""
        return value

    def gather(self, value: Any) -> list[Any]:
        """Let all have what each of them has: plain JSON types."""
        return [value]

    def numbers(self, values: Sequence[float]) -> list[list[float]]:
        """Let all have as many numbers of each."""
        return [list(values)]

    def meet(self, trouble: Exception | None = None) -> None:
        """Wait for all, and go on only where none of them is in trouble: else raise in each of them.

        Raises
        ------
        Exception
            The own trouble.
        Elsewhere
            Where memory ran out in another process.
        RankLost
            Where another process failed.
        """
        if trouble is not None:
            raise trouble

    def total(self, counts: Tensor) -> Tensor:
        """Add up counts of all, in place."""
        return counts

    def close(self) -> None:
        """Part from the others."""


class Joined(Ranks):
    """One of several processes.

    Parameters
    ----------
    rank, size : int
        Which one, and how many there are.
    local, local_size : int
        The same on its machine.
    """

    def __init__(self, rank: int, size: int, local: int, local_size: int) -> None:
        self.rank, self.size = rank, size
        self.local, self.local_size = local, local_size
        self._arrays: ProcessGroup | None = None
        self._through_host = False

    def device(self, name: str) -> torch.device:
        """Return this process's own GPU, or the processor, which all on a machine share."""
        if name not in ("auto", "cuda"):
            if name.startswith("cuda:") and self.local_size > 1:
                raise JobError(
                    f"{counted(self.local_size, 'processes')} on one machine cannot all train on {name}: "
                    "choose 'cuda', with which "
                    "each takes a GPU of its own"
                )
            return choose_device(name)
        gpus = [one for one in present() if one.startswith("cuda:")]
        if not gpus:
            return choose_device("cpu" if name == "auto" else name)
        if len(gpus) == 1 and self.local_size > 1 and _hidden_others():
            return torch.device(gpus[0])  # whoever started the processes shows each of them one alone
        if self.local_size > len(gpus):
            raise JobError(
                f"this machine has {counted(len(gpus), 'GPUs')} and "
                f"{counted(self.local_size, 'processes')}: "
                f"start at most {len(gpus)}, or choose the device 'cpu'"
            )
        return torch.device(gpus[self.local])

    def free_bytes(self, device: torch.device) -> int | None:
        """Return the least that any process may take: those on one processor share its memory."""
        own = free_bytes(str(device)) // (1 if device.type == "cuda" else self.local_size)
        return int(min(found for (found,) in self.numbers([own])))

    def use(self, device: torch.device) -> None:
        """Say where arrays lie that are to be exchanged from now on; all call it, with devices of one kind."""
        import torch.distributed as dist

        kinds = sorted({str(kind) for kind in self.gather(device.type)})
        if len(kinds) > 1:
            raise JobError(f"the processes would train on {' and on '.join(kinds)}: choose the device for all of them")
        if device.type == "cuda":
            torch.cuda.set_device(device)
            if dist.is_nccl_available():
                self._arrays = dist.new_group(backend="nccl", timeout=_timeout())
                return
        self._through_host = device.type != "cpu"

    def tell(self, value: Any) -> Any:
        """Broadcast from the first process."""
        import torch.distributed as dist

        said = json.dumps(value).encode() if self.rank == 0 else b""
        head = _bytes(len(said).to_bytes(8, "little") + said[:_SHORT_LINE], 8 + _SHORT_LINE)
        with self._connected():
            dist.broadcast(head, 0)
            line = head.numpy().tobytes()
            size = int.from_bytes(line[:8], "little")
            if size <= _SHORT_LINE:
                return json.loads(line[8 : 8 + size])
            whole = _bytes(said, size)
            dist.broadcast(whole, 0)
        return json.loads(whole.numpy().tobytes())

    def spread(self, array: Tensor) -> None:
        """Give all the array of the first process, in place."""
        import torch.distributed as dist

        here = array.detach().cpu().contiguous()
        with self._connected():
            dist.broadcast(here, 0)
        array.detach().copy_(here)

    def gather(self, value: Any) -> list[Any]:
        """Exchange lines of JSON."""
        import torch.distributed as dist

        said = json.dumps(value).encode()
        sizes = [int(size) for (size,) in self.numbers([len(said)])]
        lines = [torch.zeros(max(sizes), dtype=torch.uint8) for _ in sizes]
        with self._connected():
            dist.all_gather(lines, _bytes(said, max(sizes)))
        return [json.loads(line[:size].numpy().tobytes()) for line, size in zip(lines, sizes, strict=True)]

    def numbers(self, values: Sequence[float]) -> list[list[float]]:
        """Exchange numbers."""
        import torch.distributed as dist

        own = torch.tensor(values, dtype=torch.float64)
        found = [torch.empty_like(own) for _ in range(self.size)]
        with self._connected():
            dist.all_gather(found, own)
        return [one.tolist() for one in found]

    def meet(self, trouble: Exception | None = None) -> None:
        """Say how it goes, and hear it of all."""
        self.heard([code for (code,) in self.numbers([code_of(trouble)])], trouble)

    def heard(self, codes: Sequence[float], trouble: Exception | None) -> None:
        """Raise what :meth:`meet` raises, where the codes of all are known already."""
        if max(codes) == _FINE:
            return
        if max(codes) == _FAILED:
            self.parted = True
            words = self.gather("" if trouble is None or is_out_of_memory(trouble) else _words(trouble))
            if code_of(trouble) != _FAILED:
                found = next((number, said) for number, said in enumerate(words) if said)
                raise RankLost(f"process {found[0]} of {self.size} cannot go on: {found[1]}")
        if trouble is not None:
            raise trouble
        raise Elsewhere("out of memory in another process")

    def total(self, counts: Tensor) -> Tensor:
        """Add up counts."""
        import torch.distributed as dist

        with self._connected():
            dist.all_reduce(counts)
        return counts

    def largest(self, value: Tensor) -> Tensor:
        """Return the largest of a scalar of each, on its device; one that is no number counts as infinite."""
        import torch.distributed as dist

        one = torch.where(value.isnan(), torch.inf, value).reshape(1)
        here = one.cpu() if self._through_host else one
        with self._connected():
            dist.all_reduce(here, dist.ReduceOp.MAX, group=self._arrays)
        return here.to(one.device)[0]

    def exchanged(self, rows: Tensor | None, there: Sequence[bool], like: Tensor) -> Tensor:
        """Give each process its row of what each one has.

        Parameters
        ----------
        rows : Tensor or None
            ``(size, width)``; None where this process has nothing to give.
        there : sequence of bool
            Which processes have something.
        like : Tensor
            ``(width,)``, a row.

        Returns
        -------
        Tensor
            ``(processes that have something, width)``, in their order.
        """
        import torch.distributed as dist

        width, device = like.numel(), like.device
        given = like.new_empty(0) if rows is None else rows.reshape(-1)
        found = like.new_empty(sum(there) * width)
        if self._through_host:
            given, found = given.cpu(), found.cpu()
        sent = [0 if rows is None else width] * self.size
        with self._connected():
            dist.all_to_all_single(found, given, [width * has for has in there], sent, group=self._arrays)
        return found.to(device).view(-1, width)

    def joined(self, row: Tensor) -> Tensor:
        """Return the rows of all, one after the other."""
        import torch.distributed as dist

        here = row.cpu() if self._through_host else row
        found = [torch.empty_like(here) for _ in range(self.size)]
        with self._connected():
            dist.all_gather(found, here, group=self._arrays)
        return torch.cat(found).to(row.device)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        """Say in words that another process does not answer: torch names a socket."""
        try:
            yield
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            self.parted = True
            raise RankLost("another process of this training is gone or stands still") from error

    def close(self) -> None:
        """Leave the group."""
        import torch.distributed as dist

        with contextlib.suppress(Exception):
            dist.destroy_process_group()


ALONE = Ranks()
"""The only process of a training."""


def started_together(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this process is one of several that ``torchrun`` started, or something that says the same.

    Examples
    --------
    >>> started_together({"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "here", "MASTER_PORT": "1"})
    False
    """
    named = all(name in environment for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"))
    return named and environment["WORLD_SIZE"].isdecimal() and int(environment["WORLD_SIZE"]) > 1


def join(environment: Mapping[str, str] = os.environ) -> Ranks:
    """Find the other processes of this training.

    Parameters
    ----------
    environment : mapping
        ``RANK``, ``WORLD_SIZE``, ``LOCAL_RANK``, ``LOCAL_WORLD_SIZE``, ``MASTER_ADDR`` and ``MASTER_PORT``, as
        ``torchrun`` sets them.

    Returns
    -------
    Ranks
        This process alone where the environment names no others.

    Raises
    ------
    JobError
        When they are not there.
    """
    if not started_together(environment):
        return ALONE
    import torch.distributed as dist

    if not dist.is_available():
        raise JobError("this build of torch trains in one process only: install another, or start one process")
    from torch.distributed import PrefixStore  # type: ignore[attr-defined]
    from torch.distributed.rendezvous import rendezvous

    rank, size = int(environment["RANK"]), int(environment["WORLD_SIZE"])
    local, beside = int(environment.get("LOCAL_RANK", rank)), int(environment.get("LOCAL_WORLD_SIZE", size))
    try:
        store, rank, size = next(rendezvous("env://", timeout=_timeout()))
        # torchrun keeps one store for all its attempts, in which the addresses of those that are gone still stand.
        own = PrefixStore(f"napari-fhn/{environment.get('TORCHELASTIC_RESTART_COUNT', '0')}/{size}", store)
        dist.init_process_group("gloo", store=own, rank=rank, world_size=size, timeout=_timeout())
    except (RuntimeError, ValueError, OSError) as error:
        where = f"{environment['MASTER_ADDR']}:{environment['MASTER_PORT']}"
        raise JobError(f"the other processes of this training were not found by way of {where}: {error}") from error
    return Joined(rank, size, local, beside)


def restarted(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether ``torchrun`` has started these processes again after some were lost."""
    return environment.get("TORCHELASTIC_RESTART_COUNT", "0") not in ("", "0")


def code_of(trouble: Exception | None) -> float:
    """Return how it goes, as a number for the others."""
    if trouble is None:
        return _FINE
    return _SHORT if is_out_of_memory(trouble) else _FAILED


def _words(trouble: Exception) -> str:
    kind = "" if isinstance(trouble, JobError) else f"{type(trouble).__name__}: "
    return f"{kind}{trouble} (on {platform.node() or 'its machine'})"


def _bytes(said: bytes, size: int) -> Tensor:
    """Return bytes as an array that is at least as long."""
    return torch.frombuffer(bytearray(said.ljust(max(size, 1))), dtype=torch.uint8)


def _hidden_others() -> bool:
    return any(os.environ.get(name, "").isdecimal() for name in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"))


def _timeout() -> timedelta:
    try:
        return timedelta(seconds=float(os.environ.get(WAITED, _SECONDS)))
    except ValueError:
        return timedelta(seconds=_SECONDS)
