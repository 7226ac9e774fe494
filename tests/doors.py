"""Every door through which a file of voxels comes in: what the tests of the invariants go through, one by one.

A door is a function that brings a file in beside the survey of a `Work`, and returns what arrived, with coordinates. A
new door is an entry of `DOORS`; `tests/test_invariants.py` finds options of the command line that take a file and are
neither in `DOORS` nor in `NOT_VOXELS`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import surveys
from napari_fhn.surveys import Grid
from napari_fhn.surveys.grid import GridAxis
from napari_fhn.surveys.lazy import physical

NODATA = 9
#: What a door takes: classes, amounts, a mask, or only the place of a survey for what was predicted.
Takes = Literal["classes", "amounts", "mask", "place"]

UTM = "EPSG:32633"


def truth_at(grid: Grid) -> NDArray[np.uint8]:
    """Classes 1 and 2 that depend on coordinates alone, without any period: what is taken by index is wrong at once."""
    total = np.zeros((), np.int64)
    for axis, factor in zip(sorted(grid.axes, key=lambda one: one.name), (7919, 104729, 1299709), strict=False):
        numbers = np.rint(axis.numbers * 2).astype(np.int64) * factor
        place = [1] * len(grid.axes)
        place[grid.axes.index(axis)] = axis.size
        total = total + numbers.reshape(place)
    mixed = (total ^ (total >> 7)) * 2654435761 % 2**32
    return (1 + (mixed >> 13) % 2).astype(np.uint8)


def volume_grid() -> Grid:
    """Inlines, crosslines and times of a small volume."""
    return Grid(
        (
            GridAxis("inline", 8, 101.0, 1.0),
            GridAxis("crossline", 10, 206.0, 2.0),
            GridAxis("twt", 12, 400.0, 4.0, "ms"),
        ),
        kind="seismic",
        name="survey",
    )


def map_grid() -> Grid:
    """Rows and columns of a small map, north up."""
    from rasterio.crs import CRS

    axes = GridAxis("y", 14, 5810000.0, -30.0, "m"), GridAxis("x", 16, 366015.0, 30.0, "m")
    return Grid(axes, crs=CRS.from_string(UTM).to_wkt(), kind="maps", name="survey")


GRIDS = {"volume": volume_grid, "map": map_grid}
SUFFIX = {"volume": ".nc", "map": ".tif"}


@dataclass(frozen=True)
class Work:
    """A survey, a session trained on it, and a folder for files.

    Parameters
    ----------
    folder : Path
        For everything.
    kind : {"volume", "map"}
        What the survey is.
    """

    folder: Path
    kind: str

    @property
    def grid(self) -> Grid:
        """Of the survey."""
        return GRIDS[self.kind]()

    @property
    def survey(self) -> Path:
        """Its file."""
        path = self.folder / f"survey{SUFFIX[self.kind]}"
        if not path.exists():
            rng = np.random.default_rng(0)
            surveys.save(path, rng.standard_normal(self.grid.shape).astype(np.float32), self.grid.template())
        return path

    def file(self, grid: Grid, takes: Takes, *, holes: bool = False, name: str = "other") -> Path:
        """Write a file on another grid; with holes every third voxel says that it has no value."""
        values = truth_at(grid)
        values = values - 1 if takes == "mask" else values
        if holes:
            values.reshape(-1)[::3] = NODATA
        stored = values.astype(np.float32) if takes == "amounts" else values
        path = self.folder / f"{name}{SUFFIX[self.kind]}"
        return surveys.save(path, stored, grid.template(), nodata=NODATA if holes else None)

    def arguments(self, *more: object) -> list[str]:
        """``napari-fhn train`` of the survey into a new session."""
        recipe = "sections" if self.kind == "volume" else "map"
        session = self.folder / "session"
        shutil.rmtree(session, ignore_errors=True)
        return ["train", str(self.survey), *map(str, more), "--session", str(session), "--recipe", recipe]

    def known(self) -> list[str]:
        """Labels that lie on the survey."""
        return ["--labels", str(self.file(self.grid, "classes", name="known"))]

    def put(self, values: NDArray[np.generic]) -> xr.DataArray:
        """Values on the survey's grid."""
        return self.grid.put(xr.DataArray(values, dims=self.grid.dims))


@dataclass(frozen=True)
class Door:
    """A way in.

    Parameters
    ----------
    name : str
        As the person knows it: ``"train --labels"``; of the command line, the command and the option.
    bring : callable
        Takes a `Work` and a file, returns what arrived with coordinates; raises `ValueError` (all errors of the program
        are) where it is refused.
    takes : str
        What it takes.
    exact : bool
        Whether all that lies otherwise may be refused, even what is only stored the other way round.
    """

    name: str
    bring: Callable[[Work, Path], xr.DataArray]
    takes: Takes = "classes"
    exact: bool = False


def prepared(work: Work, *more: object):
    """Go through ``napari-fhn train`` up to its job, and return what was begun."""
    from napari_fhn.cli.commands import parser
    from napari_fhn.cli.given import preparing

    options = parser().parse_args(work.arguments(*more))
    options.typed = ""
    with preparing(options) as found:
        return found.begun


def on_job(job, values: NDArray[np.generic]) -> xr.DataArray:
    """Values with the coordinates that a job keeps."""
    grid = Grid.from_axes(job.axes, values.shape)
    # A volume is in its job without the numbers that only count; there are none here.
    return grid.put(xr.DataArray(values, dims=grid.dims))


def python_read_classes(work: Work, path: Path) -> xr.DataArray:
    return surveys.read_classes(path, surveys.open(work.survey)).values


def python_onto(work: Work, path: Path) -> xr.DataArray:
    return _values(surveys.onto(surveys.open(path), surveys.open(work.survey), classes=False).values)


def python_save(work: Work, path: Path) -> xr.DataArray:
    """Values that say where they lie, saved on the survey."""
    values = surveys.open(path)
    nodata = float("nan") if values.dtype.kind == "f" else NODATA
    out = surveys.save(work.folder / f"saved{SUFFIX[work.kind]}", values, surveys.open(work.survey), nodata=nodata)
    return _values(surveys.open(out))


def _values(survey: xr.DataArray) -> xr.DataArray:
    """What a survey's stored values stand for, without its axis of one band."""
    found = physical(survey)
    return found.isel(band=0, drop=True) if "band" in found.dims else found


def train_labels(work: Work, path: Path) -> xr.DataArray:
    return work.put(np.load(prepared(work, "--labels", path).job.labels))


def train_absent(work: Work, path: Path) -> xr.DataArray:
    job = prepared(work, *work.known(), "--absent", f"class 1={path}").job
    return work.put(np.load(job.schedule.objective.absences[0].mask))


def train_second_survey(work: Work, path: Path) -> xr.DataArray:
    job = (
        prepared(work, path, *work.known(), "--vertical-axis", "-1").job
        if work.kind == "volume"
        else prepared(work, path, *work.known()).job
    )
    staged = np.load(job.inputs[-1].path)
    return on_job(job, staged[-1] if job.inputs[-1].channel_axis == 0 else staged)


def truth(work: Work, path: Path) -> xr.DataArray:
    from napari_fhn.project import Project
    from napari_fhn.report.runs import truth_for

    job = prepared(work, *work.known()).job
    return work.put(truth_for(path, job, Project.open(work.folder / "session")).values)


def _session(work: Work) -> str:
    """A session whose prediction is right everywhere."""
    from tests.project.predicted import as_if_trained

    run = prepared(work, *work.known()).run
    as_if_trained(work.folder / "session", run.id, truth_at(work.grid))
    return str(work.folder / "session")


def _exported(work: Work, *arguments: object) -> xr.DataArray:
    from napari_fhn.cli.commands import parser

    out = work.folder / f"exported{SUFFIX[work.kind]}"
    options = parser().parse_args(["export", "classes", str(out), *map(str, arguments)])
    options.run(options)
    return _values(surveys.open(out))


def export_like(work: Work, path: Path) -> xr.DataArray:
    return _exported(work, "--session", _session(work), "--like", path)


def export_prediction(work: Work, path: Path) -> xr.DataArray:
    return _exported(work, "--prediction", path, "--like", work.survey)


def predict_like(work: Work, path: Path) -> xr.DataArray:
    from napari_fhn.project import Project
    from napari_fhn.project.exporting.exporter import Exporter, Request

    out = work.folder / f"predicted{SUFFIX[work.kind]}"
    exporter = Exporter.of_run(Project.open(_session(work)), like=surveys.open(path))
    exporter.write(Request("classes", out))
    return _values(surveys.open(out))


def python_label_file(work: Work, path: Path) -> xr.DataArray:
    with _opened(work) as opened:
        opened.label(path)
        return opened.labels.copy(data=np.array(opened.labels))


def python_label_array(work: Work, path: Path) -> xr.DataArray:
    with _opened(work) as opened:
        opened.label(surveys.open(path))
        return opened.labels.copy(data=np.array(opened.labels))


def python_second_survey(work: Work, path: Path) -> xr.DataArray:
    with _opened(work, path) as opened:
        item = opened.project.stage()[-1]
        staged = np.load(item.path)
        grid = opened.project.surveys.grid
        values = staged[-1] if item.channel_axis == 0 else staged
        return grid.put(xr.DataArray(values, dims=grid.dims))


def python_truth_array(work: Work, path: Path) -> xr.DataArray:
    from napari_fhn.project import Project
    from napari_fhn.report.runs import truth_for

    job = prepared(work, *work.known()).job
    return work.put(truth_for(surveys.open(path), job, Project.open(work.folder / "session")).values)


def python_save_like(work: Work, path: Path) -> xr.DataArray:
    import napari_fhn

    out = work.folder / f"saved{SUFFIX[work.kind]}"
    with napari_fhn.open(session=_session(work)) as opened:
        opened.save(out, like=path)
    return _values(surveys.open(out))


def _opened(work: Work, *more: Path):
    import napari_fhn

    session = work.folder / "python"
    shutil.rmtree(session, ignore_errors=True)
    return napari_fhn.open([work.survey, *more], session=session)


def desk_compare(work: Work, path: Path) -> xr.DataArray:
    from napari.layers import Labels

    from napari_fhn.widgets.results.comparison import on_grid_of

    other = surveys.open(path)
    # What says that there is nothing is for the reader of labels; a layer shows what is stored.
    survey = surveys.open(work.survey)
    mine = Labels(truth_at(work.grid), metadata={"grid": survey})
    found = on_grid_of(mine, Labels(surveys.read_classes(path, other).values.values, metadata={"survey": other}))
    if found is None:
        raise ValueError("it is not offered")
    return work.put(np.asarray(found.values))


def desk_second_survey(work: Work, path: Path) -> xr.DataArray:
    from napari.layers import Image

    from napari_fhn.surveys.plain import values
    from napari_fhn.widgets.data.material import Material
    from napari_fhn.widgets.data.placement import image_layer

    opened = [surveys.open(one) for one in (work.survey, path)]
    layers = [Image(np.asarray(survey), **image_layer(survey)[1]) for survey in opened]
    second = Material.of(layers).surveys.surveys[1]
    array = values(second)
    taken = np.stack([np.asarray(array[k]) for k in range(array.shape[0])])
    return work.put(taken[0] if "band" in second.dims else taken)


DOORS = (
    Door("surveys.read_classes", python_read_classes),
    Door("surveys.onto", python_onto, "amounts"),
    Door("surveys.save", python_save, exact=True),
    Door("train --labels", train_labels),
    Door("train --absent", train_absent, "mask"),
    Door("train surveys", train_second_survey, "amounts"),
    Door("train --truth", truth),
    Door("score --truth", truth),
    Door("report --truth", truth),
    Door("export --like", export_like, "place"),
    Door("export --prediction", export_prediction),
    Door("predict --like", predict_like, "place"),
    Door("open surveys", python_second_survey, "amounts"),
    Door("label(file)", python_label_file),
    Door("label(array)", python_label_array),
    Door("score(array)", python_truth_array),
    Door("save(like=file)", python_save_like, "place"),
    Door("desk: Compare", desk_compare),
    Door("desk: second survey", desk_second_survey, "amounts", exact=True),
)

#: Options that name a file, or something that looks like one, of which no voxels are taken, and why.
NOT_VOXELS = {
    "--classes": "a table of classes",
    "--wells": "placed by survey numbers or map coordinates of its own",
    "--tops": "go with wells",
    "--deviation": "goes with wells",
    "--checkshots": "go with wells",
    "--las": "goes with wells",
    "--points": "placed by survey numbers or map coordinates of its own",
    "--horizon": "placed by survey numbers or map coordinates of its own",
    "--polygons": "placed by map coordinates of its own",
    "--known": "any of these by looking into it; a label volume is read as that of --labels",
    "--categorical": "a map: stacked by its coordinates, as other maps are",
    "--session": "a folder",
    "dips session": "a folder",
    "--log-file": "what happened, as text",
    "--job": "a record",
    "--start-from": "a network",
    "--network": "a network",
    "--backbone": "a network",
    "predict surveys": "opened as those of train are, and predicted",
    "--output": "written",
    "output": "written",
    "info surveys": "described, beside no other",
    "brick survey": "opened as those of train are, and copied whole",
    "export-network network": "a network",
    "worker --folder": "a folder",
    "sessions --folder": "a folder",
    "attributes surveys": "opened as those of train are, and described",
    "horizon files": "a survey opened as those of train are, and picks read as horizons are",
    "carry surveys": "opened as those of train are, and carried through",
    "carry --labels": "read by the function that reads those of train",
    "similar surveys": "opened as those of train are, and looked through",
    "forecast survey": "only its size is asked for",
}


@dataclass(frozen=True)
class Idle:
    """What is said of files of what is known, and means nothing to them or to the survey.

    Parameters
    ----------
    kind : {"volume", "map"}
        What the survey is.
    files : dict
        Text of a file by its kind; of the survey's own place.
    options : tuple of str
        As typed.
    keywords : dict
        The same in Python.
    words : str
        Of the sentence that refuses it, after the name of the option or of the keyword.
    """

    kind: str
    files: dict[str, str]
    options: tuple[str, ...]
    keywords: dict[str, object]
    words: str


_TOPS = {"wells": "well,inline,crossline\nA,103,210\n", "tops": "well,marker,twt_ms\nA,Sand,404\nA,Shale,424\n"}
_PICK = {"points": "inline,crossline,twt_ms,class\n103,210,404,sand\n"}
_PIXEL = {"points": "row,col,class\n3,4,sand\n5,6,shale\n"}
_RING = "[366000,5809800],[366200,5809800],[366200,5809950],[366000,5809950],[366000,5809800]"
_SHAPE = {
    "polygons": '{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:32633"}},"features":['
    '{"type":"Feature","properties":{"class":"salt"},"geometry":{"type":"Polygon","coordinates":'
    f"[[{_RING}]]}}}}]}}"
}
_TO_MAP = "it means nothing to 'survey', which is a map"
_TO_VOLUME = "it means nothing to 'survey', which is a volume in time"

#: Each is refused at the command line and in Python, and not offered in the dock.
IDLE = {
    "slices of a map": Idle("map", _SHAPE, ("--slices", "400,420"), {"slices": (400, 420)}, _TO_MAP),
    "which way the depths of a map grow": Idle("map", _PIXEL, ("--z", "up"), {"z": "up"}, _TO_MAP),
    "the same, of one file": Idle("map", _PIXEL, ("--columns", "points:z=up"), {"columns": ["points:z=up"]}, _TO_MAP),
    "off the line, in a volume": Idle("volume", _TOPS, ("--off-line", "50"), {"off_line": 50.0}, _TO_VOLUME),
    "the zero of depths, in time": Idle("volume", _TOPS, ("--datum", "30"), {"datum": 30.0}, _TO_VOLUME),
    "the radius of wells, for points": Idle(
        "volume", _PICK, ("--radius", "1"), {"radius": 1.0}, "about files of wells, tops or las, and none is given"
    ),
    "the radius of points, for wells": Idle(
        "volume", _TOPS, ("--point-radius", "1"), {"point_radius": 1.0}, "about files of points, and none is given"
    ),
    "a curve, for tops": Idle(
        "volume", _TOPS, ("--las-curve", "F"), {"las_curve": "F"}, "about files of las, and none is given"
    ),
    "zones, for points": Idle(
        "map", _PIXEL, ("--zones", "a,b"), {"zones": "a,b"}, "about files of horizon, and none is given"
    ),
    "a layer, of a table": Idle(
        "map", _PIXEL, ("--layer", "L"), {"layer": "L"}, "about files of a GIS, in which there are layers"
    ),
    "a field, of points": Idle(
        "map", _PIXEL, ("--class-field", "C"), {"class_field": "C"}, "about files of polygons, and none is given"
    ),
    "columns of another kind": Idle(
        "map", _PIXEL, ("--columns", "tops:md=3"), {"columns": ["tops:md=3"]}, "is about files that are read as tops"
    ),
}


def variants(grid: Grid) -> dict[str, Grid]:
    """The same place, and others that a file may lie at."""
    first, *middle, last = grid.axes
    turned = replace(first, first=first.ends[1], step=-first.step)
    moved = replace(first, first=first.first + 3 * first.step)
    far = replace(first, first=first.first + 5000 * first.step)
    # A step of the first axis is a step of y on maps.
    part = replace(last, size=last.size - 5, first=last.first + 2 * last.step)
    made = {
        "there": grid,
        "stored the other way round": replace(grid, axes=(turned, *middle, last)),
        "three lines on": replace(grid, axes=(moved, *middle, last)),
        "a part": replace(grid, axes=(first, *middle, part)),
        "elsewhere": replace(grid, axes=(far, *middle, last)),
    }
    if grid.axis("twt") is not None:
        made["of half the interval"] = replace(grid, axes=(first, *middle, replace(last, step=last.step / 2)))
        made["with a delay"] = replace(grid, axes=(first, *middle, replace(last, first=last.first + 8)))
        made["in seconds"] = replace(
            grid, axes=(first, *middle, replace(last, first=last.first / 1000, step=last.step / 1000, unit="s"))
        )
        made["in depth"] = replace(grid, axes=(first, *middle, replace(last, name="depth", unit="m")))
    return made
