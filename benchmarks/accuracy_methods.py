"""Every method of the accuracy benchmark by name; what one needs is imported when it is asked for."""

from __future__ import annotations

from functools import partial
from importlib import import_module

from accuracy_answers import Method

_METHODS = {
    "nearest": ("accuracy_references", "nearest", {}),
    "carried": ("accuracy_references", "carried", {}),
    "forest": ("accuracy_references", "forest", {"position": False}),
    "forest+position": ("accuracy_references", "forest", {"position": True}),
    "hyperbolic": ("accuracy_networks", "network", {"kind": "hyperbolic"}),
    "resnet": ("accuracy_networks", "network", {"kind": "resnet"}),
    "unet": ("accuracy_networks", "network", {"kind": "unet"}),
    "resnet-memory": ("accuracy_networks", "network", {"kind": "resnet", "equal_memory": True}),
    "unet-memory": ("accuracy_networks", "network", {"kind": "unet", "equal_memory": True}),
    "monai": ("accuracy_monai", "monai_unet", {}),
    "convpaint": ("accuracy_convpaint", "convpaint", {}),
}

METHODS = tuple(_METHODS)
"""The names."""

WITHOUT_BUDGET = ("nearest", "carried", "forest", "forest+position", "convpaint")
"""Those that take the time they take."""

WITHOUT_PROBABILITIES = (*WITHOUT_BUDGET, "monai")
"""Those that say classes and no more."""


def method_of(name: str) -> Method:
    """Return a method by its name."""
    module, function, settings = _METHODS[name]
    method: Method = partial(getattr(import_module(module), function), **settings)
    return method
