"""What is known about a survey: classes, wells, horizons, points, polygons, the label volume, its bodies and hold-outs.

Everything ends as bytes in one memory-mapped ``.npy`` of uint8 (0: unlabelled) shared by viewer and training.
Arrays are plain numpy; what cannot be read or burnt is a `LabelError`, one sentence with the way out. What a file does
not tell is asked for: `AmbiguousColumns` and `Undeclared` carry the possible answers.
"""

from napari_fhn.box import Box
from napari_fhn.labels import plugins
from napari_fhn.labels.classes.class_table import ClassTable, LabelClass
from napari_fhn.labels.collected import collect_warnings
from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.horizons.horizon_sources import read_picked, read_surfaces
from napari_fhn.labels.horizons.picks import read_horizon, read_horizons
from napari_fhn.labels.horizons.surfaces import burn_band, burn_zones
from napari_fhn.labels.kinds import KINDS, recognise
from napari_fhn.labels.options import OPTIONS, Option, options_of
from napari_fhn.labels.shapes.points import Point, burn_points, point_classes, read_points
from napari_fhn.labels.shapes.polygons import Polygons, burn_polygons, class_fields, on_survey, read_polygons
from napari_fhn.labels.sources import OF_WELLS, Question, Source, asking
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.guesses import AmbiguousColumns, Guess, Suggestion, suggest
from napari_fhn.labels.tables.sniffing import sniff
from napari_fhn.labels.volumes import changes, volume
from napari_fhn.labels.volumes.apart import far_from_training
from napari_fhn.labels.volumes.reference import nearest_column
from napari_fhn.labels.volumes.splits import blocks, bodies, candidates, edge, expendable, hold_out
from napari_fhn.labels.wells.burning import burn
from napari_fhn.labels.wells.checkshots import Checkshot, read_checkshots
from napari_fhn.labels.wells.deviation import read_deviation
from napari_fhn.labels.wells.heads import read_heads
from napari_fhn.labels.wells.las import class_curves, read_las, time_depth, well_head
from napari_fhn.labels.wells.logs import Log, read_log
from napari_fhn.labels.wells.tops import read_tops, read_wells
from napari_fhn.labels.wells.trajectories import Trajectory, minimum_curvature
from napari_fhn.labels.wells.well import DeviatedWell, Head, Interval, Spans, Stretch, Well, of_well, tie
from napari_fhn.labels.wells.well_sources import read_all_wells, read_wells_by_source

__all__ = [
    "KINDS",
    "OF_WELLS",
    "OPTIONS",
    "AmbiguousColumns",
    "Box",
    "Checkshot",
    "ClassTable",
    "DeviatedWell",
    "Guess",
    "Head",
    "Interval",
    "LabelClass",
    "LabelError",
    "LabelWarning",
    "Log",
    "Option",
    "Point",
    "Polygons",
    "Question",
    "Source",
    "Spans",
    "Stretch",
    "Suggestion",
    "Table",
    "Trajectory",
    "Undeclared",
    "Well",
    "asking",
    "blocks",
    "bodies",
    "burn",
    "burn_band",
    "burn_points",
    "burn_polygons",
    "burn_zones",
    "candidates",
    "changes",
    "class_curves",
    "class_fields",
    "collect_warnings",
    "edge",
    "expendable",
    "far_from_training",
    "hold_out",
    "minimum_curvature",
    "nearest_column",
    "of_well",
    "on_survey",
    "options_of",
    "plugins",
    "point_classes",
    "read_all_wells",
    "read_checkshots",
    "read_deviation",
    "read_heads",
    "read_horizon",
    "read_horizons",
    "read_las",
    "read_log",
    "read_picked",
    "read_points",
    "read_polygons",
    "read_surfaces",
    "read_tops",
    "read_wells",
    "read_wells_by_source",
    "recognise",
    "sniff",
    "suggest",
    "tie",
    "time_depth",
    "volume",
    "well_head",
]
