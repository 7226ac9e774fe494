"""The mathematics: the fully invertible hyperbolic network, as torch modules and as plain data.

Architectures are plain Python, so that a program without torch can read and show them;
``HyperbolicNetwork`` brings torch in only when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_fhn.network.architecture import Architecture, Layer, architecture

if TYPE_CHECKING:
    from napari_fhn.network.hyperbolic import HyperbolicNetwork

__all__ = ["Architecture", "HyperbolicNetwork", "Layer", "architecture"]


def __getattr__(name: str) -> Any:
    # The viewer's process imports this room for its architectures and must stay free of torch.
    if name == "HyperbolicNetwork":
        from napari_fhn.network.hyperbolic import HyperbolicNetwork

        return HyperbolicNetwork
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
