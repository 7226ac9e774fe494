"""A training put aside: all that it needs to go on as if it had never stopped, in one file beside its model.

The model holds what predicts. Going on needs more: the weights that learn where their average predicts, the moments of
the optimiser, the state of every random choice. They are tensors and plain values in one safetensors file: like a
model, it is read without running code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save as save_bytes
from torch import Tensor

from napari_fhn import record
from napari_fhn.network.comparison import description_from_dict
from napari_fhn.sentence import counted
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.machine.memory import is_out_of_memory
from napari_fhn.training.models.transfer import STATE

_FORMAT = "napari-fhn training 1"
_LONGEST = 256 << 20
"""Most characters of what it holds beside tensors."""

_TENSOR = "tensor:"
"""The only key of what stands for a tensor; its value is the name of it."""


def save(state: Mapping[str, Any], folder: str | Path) -> None:
    """Write the state of a training; an older one stays whole until the new one is.

    Parameters
    ----------
    state : mapping
        Of tensors, numbers, words and None, nested in mappings with words as keys and in sequences, at any depth.
    folder : path-like
        Of its model; made when it is not there.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {}
    content = _packed(state, tensors, "")
    words = json.dumps(content)
    metadata = {"format": _FORMAT, "state": words, "sha256": _checksum(words, tensors)}
    record.write_bytes(Path(folder) / STATE, save_bytes(tensors, metadata))


def load(folder: str | Path) -> dict[str, Any]:
    """Read the state of a training.

    Parameters
    ----------
    folder : path-like
        Of its model.

    Returns
    -------
    dict
        As it was given to :func:`save`, with lists for sequences.

    Raises
    ------
    JobError
        When the folder holds none, or one that this version cannot read.
    """
    path = Path(folder) / STATE
    if not path.exists():
        raise JobError(f"{folder} holds no training to go on with: train anew")
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != _FORMAT:
                raise ValueError(f"it is {metadata.get('format')!r}, and this version reads {_FORMAT!r}")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
        words = metadata["state"]
        # Earlier versions wrote none.
        if metadata.get("sha256", (now := _checksum(words, tensors))) != now:
            raise ValueError("it is not as it was written")
        state = _unpacked(record.parse(words, longest=_LONGEST), tensors)
        if not isinstance(state, dict):
            raise ValueError("it is no table of values")
        return state
    except Exception as error:
        # Whatever a damaged file makes the reader stumble over, the person needs its name.
        raise _unreadable(folder, error) from error


class Declined(JobError):
    """What can be read, but is no training that this job can go on with."""


@contextlib.contextmanager
def taken_over(folder: str | Path) -> Iterator[None]:
    """Take over what :func:`load` returned: values of the wrong kind are a sentence that names the file.

    Parameters
    ----------
    folder : path-like
        Of the model.

    Raises
    ------
    JobError
        For whatever a state from elsewhere makes those who take it over stumble on; a lack of memory stays one.
    """
    try:
        yield
    except Declined:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise _unreadable(folder, error) from error


def _unreadable(folder: str | Path, error: Exception) -> JobError:
    what = f"nothing is said of {error}" if isinstance(error, KeyError) else f"{error}".partition("\n")[0]
    what = what or type(error).__name__
    return JobError(f"{Path(folder) / STATE} cannot be read as a training to go on with ({what}): train anew")


def _checksum(words: str, tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of all that a state holds."""
    digest = hashlib.sha256(words.encode())
    for name in sorted(tensors):
        tensor = tensors[name].reshape(-1)
        digest.update(f"{name} {tensor.dtype} {tuple(tensors[name].shape)}".encode())
        digest.update(tensor.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _packed(value: Any, tensors: dict[str, Tensor], name: str) -> Any:
    if isinstance(value, Tensor):
        # Plain strides: a kernel is kept channels-last in memory, and files know no such thing.
        tensors[name] = value.detach().to("cpu", memory_format=torch.contiguous_format, copy=True)
        return {_TENSOR: name}
    if isinstance(value, Mapping):
        return {key: _packed(item, tensors, f"{name}/{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(item, tensors, f"{name}/{place}") for place, item in enumerate(value)]
    return value


def _unpacked(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(value, dict) and value.keys() == {_TENSOR}:
        return tensors[value[_TENSOR]]
    if isinstance(value, dict):
        return {key: _unpacked(item, tensors) for key, item in value.items()}
    if isinstance(value, list):
        return [_unpacked(item, tensors) for item in value]
    return value


def kind(job: Job) -> dict[str, Any]:
    """Return what two jobs must have in common for one to go on with the training of the other; names may change."""
    return {
        "another network": job.network.to_dict(),
        "another number of classes": len(job.classes),
        "another optimiser": job.schedule.optimiser,
    }


def check_goes_on(job: Job, state: Mapping[str, Any]) -> None:
    """Refuse to go on with the training of something else, or with one that has no steps left.

    Raises
    ------
    JobError
        With what is another.
    KeyError, TypeError, ValueError
        Where the state is none, for :func:`taken_over`.
    """
    _check_numbers(state)
    then = dict(state["of"])
    with contextlib.suppress(ValueError):  # what it does not say, for it is older, has its default
        then["another network"] = description_from_dict(then["another network"]).to_dict()
    # As JSON has it: what was read knows no tuples.
    other = [words for words, now in kind(job).items() if json.dumps(now) != json.dumps(then[words])]
    if other:
        raise something_else(" and ".join(other))
    if state["step"] >= job.schedule.steps:
        raise Declined(
            f"all {counted(job.schedule.steps, 'steps are', 'step is')} done: give it more of them to go on, or "
            "train anew"
        )


def check_alike(state: Mapping[str, Any], own: Mapping[str, Any], where: str = "") -> None:
    """Hold what a state says against what this training would say of itself now, kind by kind.

    What one of them does not say, and what is empty or None now, may be anything: who takes it over knows.

    Parameters
    ----------
    state : mapping
        Or a part of it.
    own : mapping
        What it is to be like, at the beginning of a training.
    where : str
        Which part it is.

    Raises
    ------
    ValueError
        With the name of what is of another kind; for :func:`taken_over`.

    Examples
    --------
    >>> check_alike({"step": 4, "more": "x"}, {"step": 0})
    >>> check_alike({"best": {"step": "x"}}, {"best": {"step": 0}})
    Traceback (most recent call last):
    ...
    ValueError: its 'best, step' is of another kind
    """
    for name in own.keys() & state.keys():
        now, then = own[name], state[name]
        at = f"{where}, {name}" if where else name
        if isinstance(now, Mapping) and isinstance(then, Mapping):
            check_alike(then, now, at)
        elif not _alike(then, now):
            raise ValueError(f"its '{at}' is of another kind")


def _alike(then: Any, now: Any) -> bool:
    if isinstance(now, Tensor):
        return isinstance(then, Tensor) and then.shape == now.shape
    if isinstance(now, int | float):
        least = -math.inf if isinstance(now, float) else 0
        return isinstance(then, int | float) and then >= least
    if isinstance(now, list | tuple):
        return isinstance(then, list | tuple) and all(_alike(*pair) for pair in zip(then, now, strict=False))
    if isinstance(now, Mapping):
        return then is None or isinstance(then, Mapping)
    return now is None or isinstance(then, type(now))


def _check_numbers(state: Mapping[str, Any]) -> None:
    """Look at what is only counted with later, when steps have been made."""
    for name, numbers in {"step": [state["step"]], "checkpoints": state.get("checkpoints", ())}.items():
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise ValueError(f"its '{name}' is no number of steps")
    if not all(isinstance(number, int | float) for number in state.get("losses", ())):
        raise ValueError("its 'losses' are no numbers")


def something_else(what: str) -> Declined:
    """Return the error for a training that had something else."""
    return Declined(f"the training to go on with had {what}: train anew, or begin with its weights")
