"""Deleting a run: what this program has made of it goes, what others have put into its folder stays where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_fhn.project.runs.run import discard_files, is_called_run

_GRAVE = ".deleted"


@dataclass(frozen=True)
class Deleted:
    """What came of deleting a run.

    Parameters
    ----------
    freed : int
        Bytes that are free now.
    left : sequence of Path
        What stays, because this program has not put it there.
    """

    freed: int
    left: Sequence[Path] = ()

    @property
    def words(self) -> str:
        """A sentence about what stays; empty where nothing does."""
        if not self.left:
            return ""
        names = ", ".join(path.name for path in self.left)
        return f"What napari-fhn has not put there stays in {self.left[0].parent}: {names}."


def bury(folder: Path) -> list[Path]:
    """Remove a run; what stays of its folder is returned.

    Raises
    ------
    OSError
        When it cannot be written to; the run is there then.
    """
    # Out of sight first: a folder that is half removed must not be taken for a run.
    grave = folder.with_name(f".{folder.name}{_GRAVE}")
    folder.rename(grave)
    return _emptied(grave)


def finish(runs: Path) -> None:
    """Go on where a process was killed while it deleted runs of this folder."""
    for path in list(runs.iterdir()) if runs.is_dir() else ():
        inner = path.name.removeprefix(".").removesuffix(_GRAVE)
        if path.name == f".{inner}{_GRAVE}" and is_called_run(inner) and not path.is_symlink():
            _emptied(path)


def _emptied(grave: Path) -> list[Path]:
    """Remove what this program has made; files of others come back to where they were."""
    left = discard_files(grave)
    folder = grave.with_name(grave.name.removeprefix(".").removesuffix(_GRAVE))
    if not left or folder.exists():
        return left
    grave.rename(folder)
    return [folder / path.name for path in left]
