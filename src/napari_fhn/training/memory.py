"""How much memory there is, and whether an error means that it ran out; torch is asked only about its own devices."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_CONTROL_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""Where Linux says how much memory a container may use, and uses: second and first version of control groups."""

_FALLBACK = 4 << 30
"""Bytes taken to be free where the system does not say."""

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


def free_bytes(device: str = "cpu") -> int:
    """Return how much memory is free now.

    Parameters
    ----------
    device : str
        ``"cpu"`` for that of the machine (of the container, where it has less), or a torch device, which imports torch.

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
    return max(0, min(_of_machine(), _of_container()))


def _of_machine() -> int:
    if sys.platform == "win32":
        return _of_windows()
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
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


def _of_container() -> int:
    for limit, used in _CONTROL_GROUPS:
        try:
            return int(Path(limit).read_text(encoding="ascii")) - int(Path(used).read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue  # not there, or "max": no limit
    return sys.maxsize
