"""Attributes: channels that follow from the data alone, each by a name, derived where and when they are read.

`registry` lists them, `deriving` reads them by box, `choosing` finds those that help. All that it loads is numpy.
"""

from napari_fhn.structure.attributes.attribute import Attribute, AttributesError
from napari_fhn.structure.attributes.facts import Band, Facts, Step
from napari_fhn.structure.attributes.registry import (
    ALL,
    ATTRIBUTES,
    AUTO,
    attribute,
    checked,
    fitting,
    left_out,
    wanted,
    why_not,
)

__all__ = [
    "ALL",
    "ATTRIBUTES",
    "AUTO",
    "Attribute",
    "AttributesError",
    "Band",
    "Facts",
    "Step",
    "attribute",
    "checked",
    "fitting",
    "left_out",
    "wanted",
    "why_not",
]
