"""Features of a network that somebody else trained, as an attribute: its file, and what beside it describes it.

Nothing here runs it: that is done in a process of its own (`napari_fhn.training.backbone`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import record
from napari_fhn.sentence import counted
from napari_fhn.structure.attributes.attribute import Attribute, AttributesError, Fitted
from napari_fhn.structure.attributes.facts import Facts

Values = NDArray[np.float32]

RUNS_CODE = (".pt", ".pth", ".ts", ".torchscript")
"""Suffixes of TorchScript: whoever made such a file decides what it does when it is loaded."""

PLAIN = (".onnx",)
"""Suffixes of files that hold operators and numbers, and no code."""

MOST = 16
"""Components that are kept of its features."""

_DIGEST = 4
"""Numbers at the beginning of what was found that tell which file it was."""


@dataclass(frozen=True)
class Layout:
    """How a network wants its input and what it gives, from a small JSON file that is called after it: ``net.pt.json``.

    Parameters
    ----------
    bands : int
        Channels of its input. One band of the survey is repeated for all of them.
    features : int
        Channels of its output.
    multiple : int
        The sides of its input are multiples of this.
    tile : int
        Side of what it is shown at a time, in pixels.
    mean, std : tuple of float
        Subtracted from each band in its unit, and divided by; empty where each survey is to be brought to a median of 0
        and a spread of 1.
    wavelengths : tuple of float
        Of its bands in nanometres: the nearest bands of the survey are taken. Empty where they are taken in order.
    output : int
        Which of several outputs are the features; the first is 0.
    """

    bands: int = 1
    features: int = 0
    multiple: int = 16
    tile: int = 256
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    wavelengths: tuple[float, ...] = ()
    output: int = 0

    def __post_init__(self) -> None:
        if min(self.bands, self.features, self.multiple, self.tile) < 1:
            raise ValueError("bands, features, multiple and tile are at least 1")
        if self.tile % self.multiple:
            raise ValueError(f"a tile of {self.tile} is no multiple of {self.multiple}")
        if len(self.mean) not in (0, self.bands) or len(self.std) != len(self.mean) or min(self.std, default=1) <= 0:
            raise ValueError(
                f"mean and std are {counted(self.bands, 'numbers')} each, one for each band, or left out; "
                "std is positive"
            )
        if len(self.wavelengths) not in (0, self.bands):
            raise ValueError(f"wavelengths are {counted(self.bands, 'numbers')}, one for each band, or left out")

    @classmethod
    def beside(cls, file: Path) -> Layout:
        """Read what lies beside the file of a network.

        Raises
        ------
        AttributesError
            When there is nothing, or it cannot be read; the message shows what it holds.
        """
        path = file.with_name(file.name + ".json")
        example = '{"bands": 3, "features": 64, "multiple": 16}'
        if not path.is_file():
            raise AttributesError(
                f"{path} is to say what {file.name} takes and gives, and is not there; such as {example}"
            )
        try:
            found: dict[str, Any] = record.parse(path.read_bytes())
            if not isinstance(found, dict):
                raise ValueError("it is no object")
            unknown = found.keys() - {one.name for one in fields(cls)}
            if unknown:
                raise ValueError(f"there is no {', '.join(sorted(unknown))}")
            return cls(**{name: _plain(name, value) for name, value in found.items()})
        except (OSError, TypeError, ValueError, OverflowError) as error:
            raise AttributesError(f"{path} cannot be read: {error!s:.200}; it holds such as {example}") from error


class Backbone(Attribute):
    """Features of a network in a file."""

    name = "backbone"
    title = "features of a network"
    words = f"Features of a network that somebody else trained: their {MOST} strongest components, without a unit."
    takes = "a file, TorchScript (.pt) or ONNX (.onnx), with a JSON file beside it: backbone:net.onnx"

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        super().__init__(arguments)
        if not self.arguments:
            raise AttributesError(f"the attribute 'backbone' takes {self.takes}")
        self.file = Path(",".join(arguments)).expanduser().absolute()
        self.arguments = (str(self.file),)
        if self.file.suffix.lower() not in (*RUNS_CODE, *PLAIN):
            raise AttributesError(f"{self.file.name} is no network: the attribute 'backbone' takes {self.takes}")

    @property
    def runs_code(self) -> bool:
        """Whether loading the file runs what its maker has put there."""
        return self.file.suffix.lower() in RUNS_CODE

    @property
    def layout(self) -> Layout:
        """What it takes and gives.

        Raises
        ------
        AttributesError
            When nothing beside the file says so.
        """
        return Layout.beside(self.file)

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        if not self.file.is_file():
            return f"is to come from {self.file}, which is not there"
        if not (facts.map or facts.seismic):
            return "is of maps and of sections, and these are none"
        layout = self.layout
        if layout.wavelengths and not facts.wavelengths:
            return "goes by wavelength, and the wavelengths of the bands are not known"
        if not layout.wavelengths and len(facts.bands) not in (1, layout.bands):
            return f"takes {counted(layout.bands, 'bands')}, and these are {len(facts.bands)}"
        return ""

    def channels(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of its channels."""
        return tuple(f"{self.file.stem} {k + 1}" for k in range(min(MOST, self.layout.features)))

    def taken(self, facts: Facts) -> tuple[int, ...]:
        """Return the numbers of the bands that its input is made of."""
        layout = self.layout
        if layout.wavelengths:
            waves = np.asarray(facts.wavelengths)
            return tuple(int(np.abs(waves - one).argmin()) for one in layout.wavelengths)
        return tuple(range(layout.bands)) if len(facts.bands) == layout.bands else (0,) * layout.bands

    def digest(self) -> Fitted:
        """Return numbers that tell the file from others, and what lies beside it with it."""
        return _digest_of(str(self.file), self.file.stat().st_mtime_ns, json.dumps(vars(self.layout)))

    def check_same(self, fitted: Fitted) -> None:
        """Refuse a file that is another than the one a network has learnt with.

        Raises
        ------
        AttributesError
            When it is.
        """
        if tuple(fitted[:_DIGEST]) != self.digest():
            raise AttributesError(f"{self.file} is not the file that the network has learnt with: put that one back")

    def numbers_of(self, fitted: Fitted) -> NDArray[np.float64]:
        """Return what was found without what tells the file."""
        return np.asarray(fitted[_DIGEST:], np.float64)

    def compute(self, values: Values, facts: Facts, fitted: Fitted = ()) -> Values:
        """Refuse: it is computed by a process of its own."""
        raise AttributesError("features of a network are computed by a process of their own")


def resized(features: Values, shape: tuple[int, int]) -> Values:
    """Return features ``(features, height, width)`` of another size, interpolated between the middles of cells."""
    from scipy.ndimage import zoom

    if features.shape[1:] == shape:
        return features
    factors = (1, *(a / b for a, b in zip(shape, features.shape[1:], strict=True)))
    found: Values = zoom(features, factors, order=1, grid_mode=True, mode="nearest")
    return found


@lru_cache(maxsize=16)
def _digest_of(file: str, modified: int, layout: str) -> Fitted:
    digest = hashlib.sha256(layout.encode())
    with Path(file).open("rb") as opened:
        while part := opened.read(2**20):
            digest.update(part)
    whole = digest.digest()
    return tuple(float(int.from_bytes(whole[2 * k : 2 * k + 2], "big")) for k in range(_DIGEST))


def _plain(name: str, value: Any) -> Any:
    if name in ("mean", "std", "wavelengths"):
        return tuple(float(one) for one in value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} is a whole number, and not {value!r}")
    return value
