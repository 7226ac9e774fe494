"""The mathematics: the fully invertible hyperbolic network and what it is compared with, as torch modules and as data.

Descriptions are plain Python, so that a program without torch can read and show them; the networks bring torch in only
when they are asked for, and so does ``build.build``, which makes any of them from its description.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_fhn.network.architecture import Architecture, Layer
from napari_fhn.network.comparison import (
    NetworkDescription,
    ResNetArchitecture,
    Stage,
    UNetArchitecture,
    description_from_dict,
)
from napari_fhn.network.equivalent import equivalent_resnet, equivalent_unet, slim_resnet
from napari_fhn.network.language import parse, write
from napari_fhn.network.presets import architecture
from napari_fhn.network.readings import Reading

if TYPE_CHECKING:
    from napari_fhn.network.build import SegmentationNetwork
    from napari_fhn.network.hyperbolic import HyperbolicNetwork
    from napari_fhn.network.resnet import ResNet
    from napari_fhn.network.unet import UNet

__all__ = [
    "Architecture",
    "HyperbolicNetwork",
    "Layer",
    "NetworkDescription",
    "Reading",
    "ResNet",
    "ResNetArchitecture",
    "SegmentationNetwork",
    "Stage",
    "UNet",
    "UNetArchitecture",
    "architecture",
    "description_from_dict",
    "equivalent_resnet",
    "equivalent_unet",
    "parse",
    "slim_resnet",
    "write",
]

_WITH_TORCH = {
    "HyperbolicNetwork": "hyperbolic",
    "ResNet": "resnet",
    "SegmentationNetwork": "build",
    "UNet": "unet",
}


def __getattr__(name: str) -> Any:
    # The viewer's process imports this room for its descriptions and must stay free of torch.
    if name in _WITH_TORCH:
        return getattr(import_module(f"napari_fhn.network.{_WITH_TORCH[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
