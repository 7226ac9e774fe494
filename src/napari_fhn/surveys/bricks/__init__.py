"""Copies of large surveys in bricks (Zarr), which make time slices and blocks as quick as sections.

`copy_bricks` makes one and goes on where it was stopped, `copy_shards` does so where many bricks share a file and many
processes the work, `with_bricks` reads from copy and source, `build_pyramid` adds coarser levels for the view in 3D.
"""

from napari_fhn.surveys.bricks.copied import SUFFIXES, can_open, changed, open, open_bricks, verify
from napari_fhn.surveys.bricks.copying import Copied, copy_bricks, discard
from napari_fhn.surveys.bricks.either import with_bricks
from napari_fhn.surveys.bricks.pyramid import Level, build_pyramid, levels
from napari_fhn.surveys.bricks.sharding import copy_shards
from napari_fhn.surveys.bricks.whole import copy_of, copy_whole, may_copy, offer

__all__ = [
    "SUFFIXES",
    "Copied",
    "Level",
    "build_pyramid",
    "can_open",
    "changed",
    "copy_bricks",
    "copy_of",
    "copy_shards",
    "copy_whole",
    "discard",
    "levels",
    "may_copy",
    "offer",
    "open",
    "open_bricks",
    "verify",
    "with_bricks",
]
