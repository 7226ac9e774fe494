"""Every method of the accuracy benchmark by name; what one needs is imported when it is asked for."""

from __future__ import annotations

from accuracy_answers import Method


def method_of(name: str) -> Method:
    """Return a method by its name.

    Raises
    ------
    ValueError
        For an unknown name; the message lists the known ones.
    """
    if name in ("nearest", "forest", "forest+position"):
        from accuracy_references import REFERENCES

        return REFERENCES[name]
    if name in ("hyperbolic", "resnet", "unet"):
        from accuracy_networks import NETWORKS

        return NETWORKS[name]
    raise ValueError(f"no method is called {name!r}")
