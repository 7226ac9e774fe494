"""Libraries of extras: imported when they are needed, or named with the way to them."""

from __future__ import annotations

import importlib
import io
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from napari_fhn.surveys.errors import SurveyError


def library(path: Path, name: str, extra: str, kind: str) -> Any:
    """Import a library, or say how it is installed.

    Parameters
    ----------
    path : Path
        The file that needs it.
    name : str
        Of the module.
    extra : str
        Of this distribution, which installs it.
    kind : str
        What the file is, for the sentence.

    Raises
    ------
    SurveyError
        When it is not installed, or does not run here.
    """
    try:
        # What they have to say of what they miss is not for those who open a file.
        with warnings.catch_warnings(action="ignore"), redirect_stdout(io.StringIO()):
            return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        said = f"pip install 'napari-fhn[{extra}]'"
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == package:
            raise SurveyError(
                path, f"{kind} is read by {package}, which is not installed", f"Install it: {said}"
            ) from error
        what = f"{package}, which reads {kind}, does not run here ({error})"
        raise SurveyError(path, what, f"Install it again: {said}") from error
