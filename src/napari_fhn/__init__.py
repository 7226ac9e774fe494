"""napari-fhn: an interpretation desk in napari around a fully invertible hyperbolic network.

What ten lines of Python need is handed out here (`open`, `load`, `fit`, from ``napari_fhn.api``, and the updates that
they give), and imported when it is first asked for: `import napari_fhn` itself costs nothing. The rooms are listed,
with who may import whom, in ``docs/architecture.md``.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

try:
    __version__ = version("napari-fhn")
except PackageNotFoundError:  # a bare checkout on a machine that runs only network/ and training/
    __version__ = "0+unknown"

#: Names that the package hands out, and the module of each.
_HANDED_OUT = {
    **dict.fromkeys(("open", "load", "fit", "Work"), "napari_fhn.api"),
    "Run": "napari_fhn.project",
    "Box": "napari_fhn.box",
    **dict.fromkeys(("Progress", "Score", "Note", "Done"), "napari_fhn.training.updates"),
}


def __getattr__(name: str) -> Any:
    module = _HANDED_OUT.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        # An installation without that module simply lacks the name, for `hasattr` as well.
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from error
    # Next time Python finds it without asking here.
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HANDED_OUT})
