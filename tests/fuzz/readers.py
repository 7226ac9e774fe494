"""Every reader, with the files that it is tried with."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import workbook_files

from . import samples


@dataclass(frozen=True)
class Reader:
    """A reader and its files.

    Attributes
    ----------
    name : str
        Of the reader.
    make : callable
        Gives the sound files, by name.
    read : callable
        Reads a path with options, and looks at what comes.
    seconds : float
        Of the processor that a file of a few kilobytes may take; ten times as many may pass, on a busy machine.
    """

    name: str
    make: Callable[[str], list[samples.Sample]]
    read: Callable[[Path, Mapping[str, Any]], None]
    seconds: float = 2.0

    def samples(self) -> tuple[samples.Sample, ...]:
        """Return its sound files."""
        return samples.of(self.make, self.name)


def survey(path: Path, options: Mapping[str, Any]) -> None:
    """Open a survey, answering what is asked, and look at some of it."""
    from napari_fhn import surveys
    from napari_fhn.surveys.axes import AmbiguousAxes
    from napari_fhn.surveys.kinds import kind_of

    surveys.can_open(path)
    said = dict(options)
    for _ in range(4):
        try:
            found = surveys.open(path, **said)
            break
        except AmbiguousAxes as error:
            if not error.choices:
                raise
            said |= error.choices[-1].options
    else:
        return
    kind_of(found)
    surveys.Grid.of(found)
    for part in (0.0, 0.5, 1.0):
        np.asarray(found[tuple(slice(max(0, int(part * n) - 1), int(part * n) + 1) for n in found.shape)])
    if found.size < 10_000:
        surveys.summary(found)


def classes(path: Path, options: Mapping[str, Any]) -> None:
    """Read a file as labels of a survey of the same shape."""
    from napari_fhn import surveys

    grid = surveys.Grid.of(surveys.open(path, **options))
    for read in (surveys.read_classes, surveys.read_mask):
        np.asarray(read(path, grid).values)


def known(name: str, path: Path, options: Mapping[str, Any]) -> None:
    """Read a table or log, as what it is and by a look at its columns."""
    from napari_fhn import labels

    here, table = _mapped(), labels.ClassTable.default(2)
    out = np.zeros(here.shape, np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            labels.suggest(labels.sniff(path), here)
            labels.recognise(path, here)
        except labels.LabelError:
            pass
        match name:
            case "heads":
                labels.read_heads(path, survey=here)
            case "tops" | "markers" | "ruled":
                labels.read_tops(path)
            case "deviation":
                labels.read_deviation(path)
            case "checkshots":
                labels.read_checkshots(path)
            case "classes":
                labels.ClassTable.from_csv(path)
            case "las" | "las3" | "wrapped":
                more: dict[str, Any] = {}
                if name == "wrapped":
                    down = np.array([0.0, 9000.0])
                    more = {
                        "place": labels.Head("W", 103, 204),
                        "checkshot": labels.Checkshot("W", "md", down, down / 2),
                    }
                well = labels.read_las(path, None, here, kb_m=0.0, **more)
                labels.burn([well], here, labels.ClassTable.default(9), out)
            case "points":
                labels.burn_points(labels.read_points(path, table, here), out)
            case _:
                for surface in labels.read_horizons(path, here, gap_traces=2).values():
                    labels.burn_zones([surface], ["class 1", "class 2"], here, table, out)


def shapes(path: Path, options: Mapping[str, Any]) -> None:
    """Read shapes at both doors."""
    from napari_fhn import labels
    from napari_fhn.surveys import SurveyError
    from napari_fhn.surveys.maps import polygons

    with contextlib.suppress(SurveyError):
        polygons.read_polygons(path, "unit")
    labels.class_fields(path)
    labels.read_polygons(path, "unit")


def sheets(path: Path, options: Mapping[str, Any]) -> None:
    """Read what the sheets of a workbook hold."""
    from napari_fhn import labels
    from napari_fhn.labels.tables import workbooks

    if path.is_dir():
        with tempfile.TemporaryDirectory() as folder:
            parts = {str(one.relative_to(path)): one.read_bytes() for one in path.rglob("*") if one.is_file()}
            sheets(workbook_files.pack(Path(folder) / path.name, parts), options)
        return
    with contextlib.suppress(labels.LabelError):
        labels.Source.all_of(path, _mapped())
    for name in workbooks.sheets(path):
        with contextlib.suppress(labels.LabelError):
            list(labels.sniff(path, sheet=name).cells())
    labels.read_heads(labels.sniff(path, sheet="1"), survey=_mapped())


def surface(path: Path, options: Mapping[str, Any]) -> None:
    """Read a surface on a grid as a horizon."""
    from napari_fhn import labels

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(labels.LabelError):
            labels.recognise(path, _mapped())
        labels.read_horizons(path, _mapped())


def places(path: Path, options: Mapping[str, Any]) -> None:
    """Read places of Google Earth, or a table of shapes."""
    from napari_fhn import labels

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        labels.recognise(path)
        labels.class_fields(path)
        found = labels.read_polygons(path, "name")
        labels.on_survey(found, _mapped(), "EPSG:32632")


def legend(path: Path, options: Mapping[str, Any]) -> None:
    """Read a legend, once a look has said that it may be one."""
    from napari_fhn import labels
    from napari_fhn.labels.classes.legends import read_legend

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(labels.LabelError):
            labels.recognise(path)
        read_legend(path)


def network(path: Path, options: Mapping[str, Any]) -> None:
    """Load the folder of a network whose checksums somebody has made right, who may have meant the damage."""
    import hashlib
    import json

    from napari_fhn.training.models import description, model

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(shutil.copytree(path, Path(scratch) / "model"))
        with contextlib.suppress(ValueError, RecursionError, TypeError, KeyError, OSError):
            said = json.loads((folder / description.FILE).read_bytes())
            weights = next(folder.glob("*.safetensors"))
            said["weights"]["sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
            said["sha256"] = description.checksum(said)
            (folder / description.FILE).write_text(json.dumps(said))
        model.load(folder)


def backbone(path: Path, options: Mapping[str, Any]) -> None:
    """Load a network of another program, and let it look at something."""
    from napari_fhn.training import backbone

    try:
        backbone.load(path)(np.zeros((1, 1, 8, 8), np.float32))
    except (ValueError, IndexError) as error:  # as its process tells them
        if not isinstance(error, IndexError) and "cannot be " not in str(error):
            raise


def volume(path: Path, options: Mapping[str, Any]) -> None:
    """Open a label volume."""
    from napari_fhn.labels.volumes import volume

    np.asarray(volume.open(path, "r")[..., :2])


_MAPPED: list[Any] = []


def _mapped() -> Any:
    """A small survey with a place on the map."""
    if not _MAPPED:
        import xarray as xr

        from napari_fhn.surveys import SurveyGeometry

        geometry = SurveyGeometry((100.0, 200.0), (1.0, 2.0), (500_000.0, 6_000_000.0), (10.0, 17.0), (8.7, -5.0))
        _MAPPED.append(
            xr.DataArray(
                np.zeros((12, 10, 20), np.float32),
                dims=("inline", "crossline", "twt"),
                coords={
                    "inline": 100.0 + np.arange(12),
                    "crossline": 200.0 + 2 * np.arange(10),
                    "twt": 40.0 + 4 * np.arange(20),
                },
                name="cube",
                attrs={"geometry": geometry},
            )
        )
    return _MAPPED[0]


READERS = {
    one.name: one
    for one in (
        *(Reader(name, samples.tables, partial(known, name)) for name in samples.TABLES),
        # A CRS that nobody knows is searched for, each time that the file is opened.
        Reader("shapes", samples.shapes, shapes, 20.0),
        *(Reader(name, samples.workbooks, sheets) for name in ("xlsx", "ods", "xls")),
        Reader("surface", samples.surfaces, surface),
        Reader("places", samples.places, places),
        Reader("volume", samples.volumes, volume),
        Reader("segy", samples.segy, survey),
        Reader("su", samples.su, survey),
        Reader("missions", samples.missions, survey),
        Reader("emit", samples.emit, survey),
        Reader("prisma", samples.prisma, survey),
        Reader("gocad", samples.gocad, surface),
        Reader("legends", samples.legends, legend),
        Reader("models", samples.models, network, 5.0),
        *(Reader("onnx", samples.onnx, backbone) for _ in "1" if importlib.util.find_spec("onnxruntime")),
        *(Reader(name, samples.rasters, survey) for name in samples.VARIANTS),
        Reader("mdio", samples.mdio, survey),
        Reader("bricks", samples.bricks, survey),
        *(Reader(name, make, survey, 5.0) for name, make in samples.bricked().items()),
    )
}
#: Those whose libraries have been seen to end the program: they are looked at in another process first.
HDF5 = ("mat73", "hdf5", "netcdf4", "emit", "prisma")
