"""Networks and blocks of which a training step is measured."""

from __future__ import annotations

from measure import Case
from napari_fhn.network.architecture import levels
from napari_fhn.network.paper import PAPER
from napari_fhn.network.presets import architecture

_DOWN_AND_UP = levels(3, 8, (8, 16, 32), 3)
CASES: dict[str, Case] = {
    **{f"depth{depth}": Case(levels(3, 8, (8,), depth), (64, 64, 64)) for depth in (6, 12, 30, 60)},
    **{
        f"levels{'x'.join(map(str, block))}": Case(_DOWN_AND_UP, block)
        for block in (
            *((32, 32, 32), (64, 64, 64), (96, 96, 96), (128, 128, 128), (32, 64, 512), (512, 64, 32)),
            *((20, 48, 80), (40, 96, 160), (12, 160, 160), (24, 320, 320)),
        )
    },
    **{
        f"768x512x{inputs}": Case(levels(2, channels, (16, 16), 2), (768, 512), input_channels=inputs)
        for inputs, channels in ((3, 16), (64, 64))
    },
    **{f"map{channels}": Case(levels(2, channels, (24, 24), 2), (512, 512)) for channels in (100, 200, 400)},
    "sections": Case(architecture("sections"), (192, 160), batch=4, input_channels=3),
}
NEW = (
    "levels20x48x80",
    "levels40x96x160",
    "levels12x160x160",
    "levels24x320x320",
    "768x512x3",
    "768x512x64",
    "sections",
)
"""Shapes that were measured last, and may be named together."""

LARGE: dict[str, Case] = {
    f"paper.{name}": Case(paper.architecture, paper.block, 1, paper.input_channels, paper.classes)
    for name, paper in PAPER.items()
}
"""The paper's networks at full size, of which a step takes minutes and up to 9 GB: only where they are named."""

QUICK: dict[str, Case] = {
    "depth2": Case(levels(3, 8, (4,), 2), (8, 8, 8)),
    "levels": Case(levels(3, 8, (2, 4), 2), (16, 8, 8), batch=2),
    "map": Case(levels(2, 12, (4, 4), 2, output_level=1), (32, 16), input_channels=3),
}
"""Small ones: for a look whether all is in order, and to compare the contenders."""
