"""Taking away what this program has made, name by name: whatever else lies in the same folders stays.

Nothing is found by what its name looks like, and no folder goes before it is empty. The one kind of name that nobody
knows beforehand, that of the weights, is made of their checksum, which is looked at again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from napari_fhn import mapped, record
from napari_fhn.training.files.inside import LARGE, LEFT_OUT, of_prediction, shards_of

CHECKPOINTS = "checkpoints"
_MODEL = "model.json"
_NETWORK = (_MODEL, "job.json", "log.jsonl", "training.safetensors")
_STEP = re.compile(r"step-\d{5,}")
_FIRST_WEIGHTS = "weights.npz"
_SHARD = re.compile(r"\d+(\.done|-[a-z]+\.npy)")
SHARDS, SHARD_PLAN = "shards", "plan.json"
"""Format word, and name, of what says how shards are cut."""
_WEIGHTS = re.compile(r"weights-([0-9a-f]{16})\.safetensors")
_PART = re.compile(r"\.\d+-\d+\.part")
"""Behind the name of a file: what is half written of it. What nobody could read, and was set aside, is anybody's."""


def network(folder: Path) -> bool:
    """Remove a saved network with its checkpoints; tell whether its folder is gone: it stays where others' files are.

    Parameters
    ----------
    folder : Path
        Of the network; one that is a link is left alone, as is what it leads to.
    """
    if folder.is_symlink() or not folder.is_dir():
        return not folder.is_symlink() and not folder.exists()
    if os.path.lexists(folder / _MODEL) and not _is_ours(folder / _MODEL):
        return False
    for one in checkpoints(folder):
        network(one)
    empty_folder(folder / CHECKPOINTS)
    files([folder / one for one in (named_weights(folder),) if one])
    weights(folder)
    files(folder / name for name in _NETWORK)
    return empty_folder(folder)


def checkpoints(folder: Path) -> tuple[Path, ...]:
    """Return the folders of the networks that were kept beside a network, as far as they are such."""
    place = folder / CHECKPOINTS
    if place.is_symlink() or not place.is_dir():
        return ()
    steps = (path for path in place.iterdir() if _STEP.fullmatch(path.name) and not path.is_symlink())
    return tuple(path for path in steps if (path / _MODEL).is_file())


def weights(folder: Path, kept: str = "") -> None:
    """Remove the weights in the folder of a network, but for those that are kept.

    Parameters
    ----------
    folder : Path
        Of the network.
    kept : str
        Name of the file that stays.
    """
    for path in folder.iterdir():
        found = _WEIGHTS.fullmatch(path.name)
        if found and path.name != kept and not path.is_symlink() and _digest(path)[:16] == found[1]:
            files([path])


def named_weights(folder: Path) -> str:
    """Return the name of the weights that the description in a folder names; empty where there is none of ours."""
    said = _described(folder / _MODEL)
    if said is None:
        return ""
    file = said.get("weights")
    name = file.get("file") if isinstance(file, dict) else _FIRST_WEIGHTS  # the first version named none
    return name if isinstance(name, str) and (_WEIGHTS.fullmatch(name) or name == _FIRST_WEIGHTS) else ""


def prediction(path: Path) -> None:
    """Remove a prediction with all that is written beside it."""
    files(of_prediction(path))
    shards(shards_of(path))


def shards(folder: Path) -> bool:
    """Remove shards of a prediction that were not put together; tell whether their folder is gone."""
    if folder.is_symlink() or not folder.is_dir():
        return not folder.exists()
    if _described(folder / SHARD_PLAN, SHARDS) is not None:
        # The plan last: by it the folder is known.
        own = [path for path in folder.iterdir() if _SHARD.fullmatch(path.name)]
        files([*own, folder / SHARD_PLAN])
    return empty_folder(folder)


def trial(folder: Path) -> bool:
    """Remove a training that nobody keeps: a model and a prediction in a folder; tell whether that is gone."""
    if folder.is_symlink() or not folder.is_dir():
        return not folder.exists()
    network(folder / "model")
    for name in ("prediction.npy", "prediction.zarr"):
        prediction(folder / name)
    return empty_folder(folder)


def trials(folder: Path) -> bool:
    """Remove the trainings without some labels that were under way beside a model, in the folder of them all."""
    if folder.is_symlink() or not folder.is_dir():
        return not folder.exists()
    for path in folder.iterdir():
        if re.fullmatch(r"fold-\d+", path.name):
            trial(path)
    return empty_folder(folder)


def left_out(folder: Path) -> None:
    """Remove what leaving labels out has left beside a model, and what it found."""
    trials(folder / LEFT_OUT)
    files([folder / f"{LEFT_OUT}.json"])


def files(paths: Iterable[Path]) -> None:
    """Remove files and large arrays, with what is half written of them; a link goes, and not what it leads to."""
    for path in paths:
        if path.suffix == LARGE and path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):  # others have put something there: that stays
                mapped.remove(path)
            continue
        with contextlib.suppress(OSError):  # a folder of this name is none of ours
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for other in path.parent.glob(f"{_escaped(path.name)}.*.part"):
                if _PART.fullmatch(other.name.removeprefix(path.name)):
                    other.unlink(missing_ok=True)


def empty_folder(path: Path) -> bool:
    """Remove a folder if nothing is in it, and tell whether it is gone."""
    if not path.is_symlink():
        with contextlib.suppress(OSError):
            path.rmdir()
    return not path.exists() and not path.is_symlink()


def _is_ours(path: Path) -> bool:
    """Whether a description is one of ours, or cut off, as a disk may leave one: what others write is whole."""
    if _described(path) is not None:
        return True
    try:
        record.parse(path.read_bytes())
    except record.RecordError:
        return not path.is_symlink()
    except OSError:
        return False
    return False


def _described(path: Path, kind: str = "model") -> dict[str, Any] | None:
    """Return what a description of ours says; None for other files."""
    try:
        said = record.parse(path.read_bytes()) if path.is_file() and not path.is_symlink() else None
    except (OSError, record.RecordError):
        return None
    ours = isinstance(said, dict) and str(said.get("format", "")).startswith(f"napari-fhn {kind}")
    return said if ours else None


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
