"""The record of a session: which files are open and how they are looked at, as JSON in the session's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE = "desk.json"
_FORMAT = "napari-fhn desk 1"


class SessionError(ValueError):
    """A session that cannot be opened; the message says why."""


@dataclass(frozen=True)
class Looks:
    """How a layer is shown.

    Parameters
    ----------
    visible : bool
        Whether it is.
    opacity : float
        0 to 1.
    colormap : str
        Its name; empty for labels.
    contrast : tuple of float
        Values of the darkest and the lightest colour; empty for labels.
    """

    visible: bool = True
    opacity: float = 1.0
    colormap: str = ""
    contrast: tuple[float, ...] = ()


@dataclass(frozen=True)
class SurveyRecord:
    """A survey by reference.

    Parameters
    ----------
    name : str
        Of its layer.
    path : str
        Relative to the session's folder where they share a disk.
    absolute : str
        As it was when it was saved.
    ticked : bool
        Whether it is learnt from.
    looks : Looks
        How it is shown.
    """

    name: str
    path: str
    absolute: str
    ticked: bool = True
    looks: Looks = field(default_factory=Looks)

    @classmethod
    def of(cls, name: str, file: Path, folder: Path, *, ticked: bool, looks: Looks) -> SurveyRecord:
        """Refer to a file from a session's folder."""
        try:
            relative = os.path.relpath(file, folder)
        except ValueError:  # another drive
            relative = str(file)
        return cls(name, Path(relative).as_posix(), str(file), ticked, looks)


@dataclass(frozen=True)
class Record:
    """Everything but the arrays, which are files of their own.

    Parameters
    ----------
    surveys : tuple of SurveyRecord
        From the bottom of the layer list to its top.
    looks : dict of str to Looks
        Of ``"labels"`` and ``"prediction"``.
    settings : dict
        Of the next training, as ``Settings.to_dict`` writes them; empty for the recipe's.
    device : str
        Where to train.
    held_out : int or None
        Bodies to hold out, if the person chose a number.
    order, point : tuple
        Of the viewer's dims: which axes are shown, and where one stands along all, in world coordinates.
    ndisplay : int
        2 or 3.
    center, angles : tuple of float
        Of the camera.
    zoom : float
        Of the camera.
    """

    surveys: tuple[SurveyRecord, ...] = ()
    looks: dict[str, Looks] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    device: str = "auto"
    held_out: int | None = None
    order: tuple[int, ...] = ()
    point: tuple[float, ...] = ()
    ndisplay: int = 2
    center: tuple[float, ...] = ()
    angles: tuple[float, ...] = ()
    zoom: float = 1.0

    def save(self, folder: Path) -> None:
        """Write the record; the one before stays whole until this one is."""
        text = json.dumps({"format": _FORMAT, **asdict(self)}, indent=1)
        part = folder / f"{FILE}.part"
        part.write_text(text, "utf-8")
        os.replace(part, folder / FILE)

    @classmethod
    def load(cls, folder: Path) -> Record:
        """Read the record of a session.

        Raises
        ------
        SessionError
            When the folder is no session, or its record is damaged or of another version.
        """
        path = folder / FILE
        try:
            data = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise SessionError(f"{folder} is no session: it has no {FILE}. Choose the folder that holds it") from None
        except (OSError, ValueError) as error:
            raise SessionError(f"{path} cannot be read ({error}); the labels beside it are whole") from error
        if not isinstance(data, dict) or data.pop("format", None) != _FORMAT:
            raise SessionError(f"{path} was written by another version; the labels beside it are whole")
        try:
            surveys = tuple(_survey(item) for item in data.pop("surveys"))
            looks = {name: _looks(item) for name, item in data.pop("looks").items()}
            tuples = {key: tuple(data.pop(key)) for key in ("order", "point", "center", "angles")}
            return cls(surveys=surveys, looks=looks, **{**data, **tuples})
        except (KeyError, TypeError, AttributeError) as error:
            raise SessionError(f"{path} is damaged ({error}); the labels beside it are whole") from error


def _looks(data: dict[str, Any]) -> Looks:
    return Looks(**{**data, "contrast": tuple(data["contrast"])})


def _survey(data: dict[str, Any]) -> SurveyRecord:
    return SurveyRecord(**{**data, "looks": _looks(data["looks"])})


def find_files(
    surveys: tuple[SurveyRecord, ...], folder: Path, ask: Callable[[str], Path | None]
) -> dict[SurveyRecord, Path]:
    """Find the files of a session that may have been moved.

    Each is looked for where it lay as seen from the session, where it lay at all, in the session's folder and beside
    it, and where the person has pointed for another one.

    Parameters
    ----------
    surveys : tuple of SurveyRecord
        What is looked for.
    folder : Path
        Of the session.
    ask : callable
        Asks the person for a file by its name; None for "go on without it".

    Returns
    -------
    dict
        Without those that were not found.
    """
    pointed: list[Path] = []
    found: dict[SurveyRecord, Path] = {}
    for survey in surveys:
        name = Path(survey.absolute).name
        places = [folder / survey.path, Path(survey.absolute), folder / name, folder.parent / name]
        places += [other / name for other in pointed]
        path = next((place for place in places if place.exists()), None)
        if path is None:
            path = ask(name)
            if path is None:
                continue
            pointed.append(path.parent)
        found[survey] = Path(os.path.normpath(path))
    return found
