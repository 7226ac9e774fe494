"""JSON text and plain types, and nothing that is longer or deeper than a record."""

from __future__ import annotations

import json
from typing import Any

from napari_fhn.record.errors import DEEPEST, RecordError, too_deep

LONGEST = 16 << 20
"""Bytes of a record unless the reader says otherwise; a longer file is something else."""


def parse(data: bytes | str, *, longest: int = LONGEST) -> Any:
    """Return what JSON text says, as plain types.

    Parameters
    ----------
    data : bytes or str
        UTF-8, with or without a byte order mark.
    longest : int
        Most bytes or characters that it may have.

    Raises
    ------
    RecordError
        When it is no JSON, too long, or nested more than :data:`DEEPEST` deep.
    """
    if len(data) > longest:
        raise RecordError(f"it is longer than {longest} bytes", None, "It is another kind of file")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        content = json.loads(text)
    except RecursionError:
        raise too_deep() from None
    except ValueError as error:
        raise RecordError(f"it is not JSON: {error}", None, "Restore it, or make it anew") from error
    _check_depth(content)
    return content


def to_bytes(content: Any) -> bytes:
    """Return plain JSON types as the text of a record.

    Raises
    ------
    RecordError
        When JSON does not know a part of it.
    """
    try:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise too_deep() from None
    except (TypeError, ValueError) as error:
        raise RecordError(f"it cannot be written as JSON: {error}") from error
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # file names may hold what is no text
        return json.dumps(content, indent=2, allow_nan=False).encode() + b"\n"


def _check_depth(content: Any) -> None:
    # Level by level and not by recursion, which is what it protects others from.
    level = [content] if isinstance(content, dict | list) else []
    for _ in range(DEEPEST):
        parts = (part for value in level for part in (value.values() if isinstance(value, dict) else value))
        level = [part for part in parts if isinstance(part, dict | list)]
        if not level:
            return
    raise too_deep()
