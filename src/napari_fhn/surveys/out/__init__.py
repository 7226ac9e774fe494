"""What was predicted, in files the team's other programs read: on the grid of its survey, streamed, moved into place.

`save` and `save_layers` write arrays, `save_classes` the class table; `save_horizon`, `save_bodies`,
`save_mesh` and `save_polygons` write what an interpreter takes from them, `save_trace_map` a number for each trace,
`save_stac` what a catalogue asks.
"""

from napari_fhn.surveys.out.bodies import save_bodies
from napari_fhn.surveys.out.classes import save_classes
from napari_fhn.surveys.out.horizons import horizon, save_horizon
from napari_fhn.surveys.out.meshes import save_mesh
from napari_fhn.surveys.out.polygons import save_polygons
from napari_fhn.surveys.out.saving import SUFFIXES, save, save_layers
from napari_fhn.surveys.out.stac import save_stac
from napari_fhn.surveys.out.trace_maps import save_trace_map

__all__ = [
    "SUFFIXES",
    "horizon",
    "save",
    "save_bodies",
    "save_classes",
    "save_horizon",
    "save_layers",
    "save_mesh",
    "save_polygons",
    "save_stac",
    "save_trace_map",
]
