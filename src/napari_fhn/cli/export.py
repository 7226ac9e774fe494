"""``napari-fhn export``: what was predicted, in the files that a team's other programs read."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands, UsageError, add_json, add_session
from napari_fhn.cli.reading import add_reading

if TYPE_CHECKING:
    import xarray as xr

    from napari_fhn.cli.predicted import Predicted

_GRIDS = ".sgy, .tif, .img, .nc, .zarr or .npy"


def add(commands: Commands) -> None:
    """Describe the command, and what it can write."""
    parser = commands.add_parser("export", help="write predictions, uncertainty, horizons and bodies to files")
    kinds = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    _kind(kinds, "classes", classes, "the predicted classes", _GRIDS)
    _kind(kinds, "probabilities", layers, "a layer for each class; in SEG-Y a file for each class", _GRIDS)
    _kind(kinds, "entropy", layers, "how undecided the network is, from 0 to 1", _GRIDS)
    _kind(kinds, "margin", layers, "by how much the likeliest class leads, from 0 to 1", _GRIDS)
    _kind(kinds, "table", table, "the classes: value, name and colour", ".csv, or .qml as a style for QGIS")
    horizon = _kind(
        kinds, "horizon", contact, "where one class turns into another on the way down", ".xyz, .dat or .txt"
    )
    for name in ("above", "below"):
        horizon.add_argument(f"--{name}", **_CLASSES, required=True, help=f"class {name} it; may be repeated")
    body = _kind(kinds, "bodies", bodies, "connected bodies of a class, numbered by falling size", _GRIDS)
    body.add_argument("--of", **_CLASSES, required=True, help="the class; repeated, they count as one")
    body.add_argument("--at-least", type=int, default=1, metavar="N", help="voxels of the smallest body (default 1)")
    body.add_argument(
        "--corners", action="store_true", help="voxels that share an edge or a corner belong together too"
    )
    shape = _kind(kinds, "mesh", mesh, "the surfaces of classes, in map coordinates", ".obj")
    shape.add_argument("--of", **_CLASSES, required=True, help="the class; repeated, each gets a surface")


_CLASSES: dict[str, Any] = {"action": "append", "metavar": "CLASS"}
_Writer = Callable[[argparse.Namespace, "Predicted", Callable[[float], None]], dict[str, Any]]


def _kind(kinds: Any, name: str, write: _Writer, what: str, files: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = kinds.add_parser(name, help=what, description=f"Write {what}.")
    parser.add_argument("output", type=Path, metavar="FILE", help=files)
    add_session(parser)
    parser.add_argument("--prediction", metavar="FILE", help="file of classes, where there is no session")
    parser.add_argument(
        "--classes", type=Path, metavar="CSV", help="columns value, name, color (default: the session's)"
    )
    parser.add_argument("--like", metavar="SURVEY", help="survey that was predicted: gives headers, map and axes")
    add_reading(parser)
    add_json(parser)
    parser.set_defaults(run=run, write=write)
    return parser


def run(options: argparse.Namespace) -> int:
    """Write one file, or one for each class, and say which."""
    from napari_fhn.cli.predicted import predicted

    told = options.write(options, predicted(options), _told(options.output))
    written = told.setdefault("paths", [str(options.output)])
    if options.json:
        print(json.dumps({"kind": "Export", "what": options.what, **told}))
    else:
        count = "".join(f", {value:,} {name}" for name, value in told.items() if name != "paths")
        print(f"Written: {', '.join(written)}{count}")
    return OK


def classes(options: argparse.Namespace, found: Predicted, told: Callable[[float], None]) -> dict[str, Any]:
    """Write the classes."""
    from napari_fhn import surveys

    like = found.like(options.output)
    values = found.classes(like)
    surveys.save(options.output, values, _grid(like, values), nodata=0, classes=found.table or (), progress=told)
    return {}


def layers(options: argparse.Namespace, found: Predicted, told: Callable[[float], None]) -> dict[str, Any]:
    """Write probabilities, entropy or margin."""
    from napari_fhn import surveys
    from napari_fhn.surveys.out import save_layers
    from napari_fhn.surveys.out.saving import SEGY

    like = found.like(options.output)
    values = found.output(options.what, like)
    if options.what != "probabilities":
        surveys.save(options.output, values, _grid(like, values), progress=told)
        return {}
    # Of a job, whose classes always have names.
    names = () if found.table is None else found.table.names
    if options.output.suffix.lower() in SEGY and like is not None:
        return {"paths": [str(p) for p in save_layers(options.output, values, like, names, progress=told)]}
    surveys.save(options.output, values, _grid(like, values[0]), names=names, progress=told)
    return {}


def table(options: argparse.Namespace, found: Predicted, told: Callable[[float], None]) -> dict[str, Any]:
    """Write the class table."""
    from napari_fhn.surveys.out import save_classes

    if found.table is None:
        raise UsageError("a prediction file has no class table: name one with --classes")
    save_classes(options.output, found.table)
    return {}


def contact(options: argparse.Namespace, found: Predicted, told: Callable[[float], None]) -> dict[str, Any]:
    """Write the horizon between classes."""
    from napari_fhn.surveys.out import save_horizon

    like = found.like(options.output, (".xyz", ".dat", ".txt"), ())
    assert like is not None
    above, below = found.values(options.above), found.values(options.below)
    return {"traces": save_horizon(options.output, found.classes(like), like, above, below, progress=told)}


def bodies(options: argparse.Namespace, found: Predicted, told: Callable[[float], None]) -> dict[str, Any]:
    """Write connected bodies as a label volume."""
    import numpy as np

    from napari_fhn import surveys
    from napari_fhn.surveys.out import save_bodies

    like, output = found.like(options.output), options.output
    values = found.classes(like)
    how: dict[str, Any] = {"at_least": options.at_least, "connectivity": values.ndim if options.corners else 1}
    of = found.values(options.of)
    if output.suffix.lower() == ".npy":
        return {"bodies": len(save_bodies(output, values, of, **how, progress=told))}
    with tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.absolute().parent) as folder:
        numbered = Path(folder) / "bodies.npy"
        sizes = save_bodies(numbered, values, of, **how, progress=lambda share: told(share / 2))
        volume = np.load(numbered, mmap_mode="r")
        surveys.save(output, volume, _grid(like, volume), nodata=0, progress=lambda share: told(0.5 + share / 2))
        del volume
    return {"bodies": len(sizes)}


def mesh(options: argparse.Namespace, found: Predicted, told: Callable[[float], None]) -> dict[str, Any]:
    """Write the surfaces of classes."""
    from napari_fhn.surveys.out import save_mesh

    like = found.like(options.output, (".obj",), ())
    assert like is not None
    surfaces = list(zip(options.of, found.values(options.of), strict=True))
    return {"triangles": save_mesh(options.output, found.classes(like), like, surfaces, progress=told)}


def _grid(like: xr.DataArray | None, values: Any) -> xr.DataArray:
    """The survey, or a grid without names or places for an array that is saved without one."""
    import numpy as np
    import xarray as xr

    return xr.DataArray(np.broadcast_to(np.uint8(0), values.shape)) if like is None else like


def _told(output: Path) -> Callable[[float], None]:
    """Show on a terminal how far the writing is."""
    if not sys.stderr.isatty():
        return lambda share: None
    return lambda share: print(f"\rWriting {output.name}: {share:4.0%}", end="" if share < 1 else "\n", file=sys.stderr)
