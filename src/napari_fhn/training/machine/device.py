"""Which device to compute on."""

from __future__ import annotations

import torch

from napari_fhn.training.job import JobError
from napari_fhn.training.machine import peak
from napari_fhn.training.machine.memory import free_bytes
from napari_fhn.training.updates import Device


def present() -> list[str]:
    """Return the names of the devices that this machine has, the one that ``"auto"`` takes first."""
    found = ["cpu"]
    if torch.backends.mps.is_available():
        found.insert(0, "mps")
    if torch.cuda.is_available():
        found[:0] = ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    return found


def choose_device(name: str) -> torch.device:
    """Return a torch device.

    Parameters
    ----------
    name : str
        ``"auto"`` takes CUDA, then Apple's MPS, then the CPU; anything else is a torch device name.

    Raises
    ------
    JobError
        When the device is not there; the message says what is.
    """
    known = present()
    if name == "auto":
        return torch.device(known[0])
    if name not in known:
        raise JobError(f"this machine has no device {name!r}; it has {', '.join(known)} (or choose 'auto')")
    return torch.device(name)


def describe(device: torch.device) -> Device:
    """Say what a device is and how much of its memory is free."""
    title = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()
    return Device(device.type, title, free_bytes(str(device)))


def memory_held(device: torch.device) -> int | None:
    """Return the bytes that this process holds now.

    Parameters
    ----------
    device : torch.device
        For CUDA what its tensors take there, else the resident memory of the process.

    Returns
    -------
    int or None
        None where the system does not say.
    """
    return int(torch.cuda.memory_allocated(device)) if device.type == "cuda" else peak.resident()
