"""Where the layers of a file of shapes lie for GDAL: in the file itself, or in what a zip holds."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from napari_fhn import zipped
from napari_fhn.sentence import counted
from napari_fhn.vector.errors import VectorError, short
from napari_fhn.vector.looking import GEODATABASE, MAGIC, check

#: Files that belong to a shapefile, or a table of MapInfo, by its name.
BESIDE = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg"),
    ".mif": (".mid",),
    ".tab": (".dat", ".map", ".id", ".ind"),
}
#: Files of shapes in one zip.
_MOST_FILES = 100
#: GDAL fetches nothing that such a file names, and brings in nothing that lies beside it.
_HOW: dict[str, dict[str, str]] = {
    ".gml": {"DOWNLOAD_SCHEMA": "NO", "SKIP_RESOLVE_ELEMS": "ALL", "WRITE_GFS": "NO", "XSD": "", "GFS_TEMPLATE": ""},
}


@dataclass(frozen=True)
class Place:
    """A layer, as GDAL is asked for it.

    Parameters
    ----------
    file : Path
        Where it lies.
    layer : str
        Its name there.
    how : dict of str to str
        Options of GDAL's driver.
    """

    file: Path
    layer: str
    how: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def of(path: Path) -> Iterator[dict[str, Place]]:
    """Look at a file, and say which layers it has; what was unpacked for it goes with the context.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    dict of str to Place
        By the name that a person says. In a zip of several files it begins with the file where that is needed.

    Raises
    ------
    VectorError
        When it is none, cannot be read, or holds no layer of shapes.
    """
    check(path)
    suffix = path.suffix.lower()
    if suffix != ".zip" and suffix not in _HOW:
        yield _layers(path, path)
        return
    with tempfile.TemporaryDirectory(prefix="napari-fhn-", ignore_cleanup_errors=True) as folder:
        if suffix == ".zip":
            yield _of_files(path, _unpacked(path, Path(folder)))
        else:
            yield _layers(path, _alone(path, Path(folder)))


def quiet() -> Any:
    """What GDAL warns of is said in words of our own."""
    return warnings.catch_warnings(action="ignore")


def _layers(path: Path, file: Path) -> dict[str, Place]:
    import pyogrio  # here and not above: those who have no such files should not wait for the library

    how = _HOW.get(file.suffix.lower(), {})
    try:
        with quiet():
            if how:
                # Only so that the list, which takes no options, fetches nothing either.
                pyogrio.set_gdal_config_options({"GML_DOWNLOAD_SCHEMA": "NO", "GML_SKIP_RESOLVE_ELEMS": "ALL"})
            names = [str(name) for name, kind in pyogrio.list_layers(file) if kind is not None]
            if file.suffix.lower() == ".gpx":
                # It always has the same five; what has points of tracks has these tracks.
                names = [one for one in names if not one.endswith("_points") and _is_filled(file, one)]
    except Exception as error:  # pyogrio has a family of exceptions, and passes on those of GDAL
        raise VectorError(path, f"it cannot be read ({short(error)})", "Export it again") from error
    if not names:
        raise VectorError(path, "it holds no layer of shapes", "Export it again")
    return {name: Place(file, name, how) for name in names}


def _is_filled(file: Path, layer: str) -> bool:
    import pyogrio

    return bool(pyogrio.read_info(file, layer=layer, force_feature_count=True)["features"])


def _of_files(path: Path, files: Mapping[str, Path]) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for name, file in files.items():
        try:
            check(file)
        except VectorError as error:
            raise VectorError(path, f"{name} in it: {error.what}", error.way_out) from error
        for layer, place in _layers(path, file).items():
            said = layer if layer not in found else f"{name}: {layer}"
            found[said] = place
    return found


def _alone(path: Path, folder: Path) -> Path:
    """Return the file under its name in an empty folder: GDAL would take more from beside it, and write there."""
    alone = folder / path.name
    try:
        try:
            os.symlink(path.absolute(), alone)
        except OSError:  # a system without links
            shutil.copyfile(path, alone)
    except OSError as error:
        raise VectorError(path, f"it cannot be read: {error.strerror or error}", "Check the path") from error
    return alone


def _unpacked(path: Path, folder: Path) -> dict[str, Path]:
    """Unpack the files of shapes in a zip, with what belongs to them, each folder of it into one of its own."""
    files: dict[str, Path] = {}
    try:
        with zipped.opened(path, "zip") as archive:
            parts = {info.filename: info for info in archive.infolist() if not info.is_dir()}
            # What the Finder packs along is no file of anybody.
            inside = {name: PurePosixPath(name.replace("\\", "/")) for name in parts if not name.startswith("__MACOSX")}
            wanted = [name for name, at in inside.items() if at.suffix.lower() in MAGIC and at.suffix.lower() != ".zip"]
            # A geodatabase is a folder: what lies in it is one file of shapes.
            bases = [at.parent for at in inside.values() if at.parent.suffix.lower() == GEODATABASE]
            wanted += [str(one) for one in dict.fromkeys(bases)]
            inside |= {str(one): one for one in bases}
            if not wanted:
                raise VectorError(path, "it holds no file of shapes", "Unpack it, and name the file that is meant")
            if len(wanted) > _MOST_FILES:
                raise VectorError(
                    path, f"it holds {counted(len(wanted), 'files')} of shapes", "Unpack it, and name one of them"
                )
            left = zipped.MOST_BYTES
            for number, name in enumerate(wanted):
                at = inside[name]
                suffixes = (at.suffix.lower(), *BESIDE.get(at.suffix.lower(), ()))
                into = folder / str(number)
                into.mkdir()
                if name not in parts:
                    into /= f"{_plain(at.stem)}{GEODATABASE}"
                    into.mkdir()
                    files[name] = into
                for other, there in inside.items():
                    if name not in parts:
                        # Their names are numbers of tables; one that is none has no place there.
                        target = into / _plain(there.name)
                        if other in parts and there.parent == at and not target.exists():
                            left = _write(zipped.pieces(archive, parts[other], path, left), target, left)
                        continue
                    alike = there.parent == at.parent and there.stem.lower() == at.stem.lower()
                    if not alike or there.suffix.lower() not in suffixes:
                        continue
                    # Under a name of ours: one in a zip may be anything, and belong to another folder.
                    target = into / f"{_plain(at.stem)}{there.suffix.lower()}"
                    left = _write(zipped.pieces(archive, parts[other], path, left), target, left)
                files.setdefault(name, into / f"{_plain(at.stem)}{at.suffix.lower()}")
    except zipped.ZipError as error:
        raise VectorError(path, error.what, error.way_out) from error
    except OSError as error:
        raise VectorError(path, f"it cannot be unpacked: {error.strerror or error}", "Unpack it yourself") from error
    return files


def _write(pieces: Iterator[bytes], target: Path, left: int) -> int:
    """Write what a zip holds, and return how many bytes may still come."""
    with target.open("wb") as out:
        for piece in pieces:
            left -= len(piece)
            out.write(piece)
    return left


def _plain(stem: str) -> str:
    """A name without what means something to a system."""
    return "".join(c if c.isalnum() or c in " -_." else "_" for c in stem)[:80].strip(" .") or "shapes"
