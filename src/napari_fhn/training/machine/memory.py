"""How much memory there is, and whether an error means that it ran out; torch is asked only about its own devices."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from napari_fhn.training.machine import groups

_FALLBACK = 4 << 30
"""Bytes taken to be free where the system does not say."""

_GPUS = ("nvidia[0-9]*", "kfd", "dxg", "dri/renderD*")
"""Where Linux shows GPUs of NVIDIA, of AMD, those of Windows below it, and others."""

_WORDS = (
    "out of memory",  # CUDA, ROCm, XPU and MPS
    "can't allocate memory",  # torch's allocator on a CPU under Linux and macOS
    "not enough memory",  # the same under Windows
    "alloc_failed",  # cuBLAS and cuDNN: their status codes end so
    "bad_alloc",
    "cannot allocate memory",
)
"""What torch says in a plain ``RuntimeError`` when memory is short; it has a type for it on some devices only."""


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out, on a GPU or in the machine: less at a time may still work.

    Parameters
    ----------
    error : BaseException
        As it was caught. The frames in its traceback hold on to arrays: let go of it before trying again.

    Returns
    -------
    bool
    """
    if isinstance(error, MemoryError):
        return True
    # torch.OutOfMemoryError is a RuntimeError; its message says so too.
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _WORDS)


def taken_device(name: str, *, root: Path = Path("/")) -> str:
    """Return the device that training takes, by torch's name of it.

    Parameters
    ----------
    name : str
        As in a job: ``"auto"``, or torch's name already.
    root : Path
        Where ``dev`` lies. Without a GPU in it torch, which takes seconds to import, is not asked.

    Raises
    ------
    JobError
        When the device is not there.

    Examples
    --------
    >>> taken_device("cpu")
    'cpu'
    """
    if name == "cpu":
        return name
    if name == "auto" and sys.platform == "linux" and not any(any((root / "dev").glob(one)) for one in _GPUS):
        return "cpu"
    from napari_fhn.training.machine.device import choose_device

    return str(choose_device(name))


def free_bytes(device: str = "cpu", *, root: Path = Path("/")) -> int:
    """Return how much memory is free now.

    Parameters
    ----------
    device : str
        ``"cpu"`` for that of the machine, or what limits leave where that is less: of any control group that this
        process lies in (a container, a job of Slurm, a unit of systemd), and ``ulimit``. Swap does not count. Or a
        torch device, which imports torch.
    root : Path
        Where ``proc`` lies.

    Returns
    -------
    int
        Bytes; an estimate where the system does not say.
    """
    kind = device.partition(":")[0]
    if kind == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info(device)
        # What torch holds and does not use is free for it too.
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    if kind == "mps":
        import torch

        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    limits = (_of_machine(root), groups.left(root), _of_process(root))
    return max(0, min(limit for limit in limits if limit is not None))


def _of_machine(root: Path) -> int:
    if sys.platform == "win32":
        return _of_windows()
    try:
        for line in (root / "proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError):
        pass  # another Unix
    try:
        # Half of all there is: other systems count as free only what nobody has touched.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (ValueError, OSError, AttributeError):
        return _FALLBACK


def _of_windows() -> int:
    class Status(ctypes.Structure):
        """``MEMORYSTATUSEX`` of the Windows API."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("available", ctypes.c_ulonglong),
            ("others", ctypes.c_ulonglong * 5),
        )

    status = Status(length=ctypes.sizeof(Status))
    library = getattr(ctypes, "windll", None)
    found = library is not None and library.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status.available) if found else _FALLBACK


def _of_process(root: Path) -> int | None:
    """Return what the limits of this process itself leave, as ``ulimit -v`` and ``-d`` set them; None without any."""
    if sys.platform == "win32":
        return None
    import resource

    limits = {"VmSize:": resource.RLIMIT_AS, "VmData:": resource.RLIMIT_DATA}
    found = []
    for name, kind in limits.items():
        limit, _ = resource.getrlimit(kind)
        if limit != resource.RLIM_INFINITY:
            found.append(limit - _held(root, name))
    return min(found, default=None)


def _held(root: Path, name: str) -> int:
    try:
        for line in (root / "proc/self/status").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) << 10
    except (OSError, ValueError):
        pass
    return 0
