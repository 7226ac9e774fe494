"""A training put aside: all that it needs to go on as if it had never stopped, in one file beside its model.

The model holds what predicts. Going on needs more: the weights that learn where their average predicts, the moments of
the optimiser, the state of every random choice. They are tensors and plain values in one safetensors file: like a
model, it is read without running code.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save as save_bytes
from torch import Tensor

from napari_fhn import record
from napari_fhn.network.comparison import description_from_dict
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.transfer import STATE

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
    record.write_bytes(Path(folder) / STATE, save_bytes(tensors, {"format": _FORMAT, "state": json.dumps(content)}))


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
        state: dict[str, Any] = _unpacked(record.parse(metadata["state"], longest=_LONGEST), tensors)
        return state
    except Exception as error:
        # Whatever a damaged file makes the reader stumble over, the person needs its name.
        raise JobError(f"{path} cannot be read as a training to go on with ({error}): train anew") from error


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


def check_goes_on(job: Job, state: dict[str, Any]) -> None:
    """Refuse to go on with the training of something else, or with one that has no steps left."""
    then = dict(state["of"])
    with contextlib.suppress(ValueError):  # what it does not say, for it is older, has its default
        then["another network"] = description_from_dict(then["another network"]).to_dict()
    # As JSON has it: what was read knows no tuples.
    other = [words for words, now in kind(job).items() if json.dumps(now) != json.dumps(then[words])]
    if other:
        raise something_else(" and ".join(other))
    if state["step"] >= job.schedule.steps:
        raise JobError(f"all {job.schedule.steps} steps are done: give it more of them to go on, or train anew")


def something_else(what: str) -> JobError:
    """Return the error for a training that had something else."""
    return JobError(f"the training to go on with had {what}: train anew, or begin with its weights")
