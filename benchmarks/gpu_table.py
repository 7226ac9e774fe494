"""What `gpu.py` has measured: with what, read again, and as a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from napari_fhn.network import passes


def before(output: Path | None, now: dict[str, Any]) -> dict[str, Any]:
    """Return the parts that were measured already, on the same device with the same torch."""
    if output is None or not output.exists():
        return {}
    found = json.loads(output.read_text(encoding="utf-8"))
    alike = all(found["settings"].get(name) == now.get(name) for name in ("gpu", "torch", "cuda", "cudnn", "device"))
    return dict(found["parts"]) if alike else {}


def table(parts: dict[str, Any]) -> str:
    """Return the most important of the figures as lines."""
    lines = [f"{'':42}{'step':>9}{'peak':>9}{'forecast':>10}  loss"]
    for name, found in parts.items():
        kind, _, what = name.partition(": ")
        if "problem" in found:
            lines.append(f"{name:42}{found['problem'][:78]}")
        elif kind == "training":
            peak = max(
                found["peak_later"].get("allocated_bytes", 0), found["peak_in_first_steps"].get("allocated_bytes", 0)
            )
            loss = f"{found['losses'][0]:.3g} to {found['losses'][-1]:.3g}"
            step = found["step_seconds"]["median"]
            lines.append(f"{what:42}{step:8.3g}s{peak / 1e9:7.2f}GB{found['forecast_bytes'] / 1e9:8.2f}GB  {loss}")
        elif kind == "beside autograd":
            others = (f"{one} {found[one].get('times_this_network', '-')} x" for one in ("autograd", "checkpoint"))
            lines.append(f"{what:42}time of {', '.join(others)}, on {found['block']}")
        elif kind == "convolutions":
            shares = (
                f"{100 * found['share_of_step']:.0f} % convolution, {100 * found['share_of_roofline']:.0f} % of the"
            )
            lines.append(f"{what:42}{shares} roofline")
        else:
            marks = ", ".join(f"{mark['whole']:.3f} after {mark['seconds']:g} s" for mark in found["marks"])
            lines.append(f"{name:42}mean IoU {marks}")
    return "\n".join(lines)


def settings(device: torch.device) -> dict[str, Any]:
    """Say what torch computes with."""
    found: dict[str, Any] = {"torch": torch.__version__, "cuda": torch.version.cuda, "device": device.type}
    if device.type == "cuda":
        about = torch.cuda.get_device_properties(device)
        found |= {
            "gpu": about.name,
            "gpu_bytes": about.total_memory,
            "free_bytes": torch.cuda.mem_get_info()[0],
            "compute_capability": f"{about.major}.{about.minor}",
            "cudnn": torch.backends.cudnn.version(),
            "triton": passes.on_device(torch.zeros(1, device=device)) is not None,
            "bfloat16_in_hardware": torch.cuda.is_bf16_supported(including_emulation=False),
        }
    found |= {"cudnn.benchmark": torch.backends.cudnn.benchmark, "deterministic": torch.backends.cudnn.deterministic}
    return found
