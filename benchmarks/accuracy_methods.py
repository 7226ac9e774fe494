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
    "forest-bands": ("accuracy_pixels", "reference", {"model": "forest"}),
    "svm": ("accuracy_pixels", "reference", {"model": "svm"}),
    "forest-bands+difference": ("accuracy_pixels", "reference", {"model": "forest", "difference": True}),
    "svm+difference": ("accuracy_pixels", "reference", {"model": "svm", "difference": True}),
    "bands": ("accuracy_pixels", "factors", {"names": ("bands",)}),
    "patches": ("accuracy_pixels", "factors", {"names": ("patches",)}),
    "bands-smoothed": ("accuracy_pixels", "factors", {"names": ("bands",), "smoothed": True}),
    "bands+patches": ("accuracy_pixels", "factors", {"names": ("bands", "patches")}),
    "bands+patches-smoothed": ("accuracy_pixels", "factors", {"names": ("bands", "patches"), "smoothed": True}),
    "hyperbolic": ("accuracy_networks", "network", {"kind": "hyperbolic"}),
    "resnet": ("accuracy_networks", "network", {"kind": "resnet"}),
    "unet": ("accuracy_networks", "network", {"kind": "unet"}),
    "hyperbolic-alone": ("accuracy_networks", "network", {"kind": "hyperbolic", "alone": True}),
    "resnet-alone": ("accuracy_networks", "network", {"kind": "resnet", "alone": True}),
    "unet-alone": ("accuracy_networks", "network", {"kind": "unet", "alone": True}),
    "resnet-memory": ("accuracy_networks", "network", {"kind": "resnet", "equal_memory": True}),
    "unet-memory": ("accuracy_networks", "network", {"kind": "unet", "equal_memory": True}),
    "monai": ("accuracy_monai", "monai_unet", {}),
    "convpaint": ("accuracy_convpaint", "convpaint", {}),
}

METHODS = tuple(_METHODS)
"""The names."""

WITHOUT_BUDGET = tuple(
    name
    for name, (module, _, _) in _METHODS.items()
    if module in ("accuracy_references", "accuracy_pixels", "accuracy_convpaint")
)
"""Those that take the time they take."""

WITHOUT_PROBABILITIES = (*WITHOUT_BUDGET, "monai")
"""Those that say classes and no more."""


def method_of(name: str) -> Method:
    """Return a method by its name."""
    module, function, settings = _METHODS[name]
    method: Method = partial(getattr(import_module(module), function), **settings)
    return method
