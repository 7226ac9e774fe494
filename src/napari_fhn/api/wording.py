"""The words of Python where the rest of the program speaks of options of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from napari_fhn.labels import LabelError, Question
from napari_fhn.project.knowledge.naming import hint

_OPTION = re.compile(r"--([a-z][a-z-]*)(?: ([A-Z][A-Z,=:.]*)\b)?")


@contextmanager
def in_python() -> Iterator[None]:
    """Say what is wrong, and the way out, with keywords in place of options.

    Raises
    ------
    ValueError
        The same error, with other words; a question about a file as a `LabelError` that names the keyword.
    """
    try:
        yield
    except Question as question:
        cause = question.cause
        option, value = hint(question, [question.source])
        way_out = f"{cause.way_out}: {_keyword(option)}={value!r}"
        raise LabelError(cause.what, way_out, path=cause.path or question.source.path, line=cause.line) from question
    except ValueError as error:
        if error.args and isinstance(error.args[0], str) and type(error).__module__.startswith("napari_fhn."):
            error.args = (with_keywords(error.args[0]), *error.args[1:])
        raise


def with_keywords(text: str) -> str:
    """Return a sentence with keywords in place of options.

    Examples
    --------
    >>> with_keywords("Say which axis is time with --vertical-axis N, or ask for it with --partial.")
    'Say which axis is time with vertical_axis=N, or ask for it with partial.'
    """
    return _OPTION.sub(_said, text)


def _said(found: re.Match[str]) -> str:
    return _keyword(found[1]) + (f"={found[2]}" if found[2] else "")


def _keyword(option: str) -> str:
    return option.lstrip("-").replace("-", "_")
