"""What a figure was measured on."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Processor, cores, GPU, and the versions that matter."""
    # Asked in another process: a benchmark of the viewer must not load torch.
    code = (
        "import torch; print(torch.__version__, torch.get_num_threads(), "
        "torch.cuda.get_device_name() if torch.cuda.is_available() else 'none', sep='|')"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    torch_version, threads, gpu = answer.strip().split("|")
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "gpu": gpu,
        "threads": int(threads),
        "torch": torch_version,
        "python": platform.python_version(),
    }


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
