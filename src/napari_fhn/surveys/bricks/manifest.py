"""What a copy in bricks was made from: the file, how it was read, and checksums of its parts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn import record
from napari_fhn.surveys import reaching
from napari_fhn.surveys.bricks import store
from napari_fhn.surveys.bricks.plan import Plan
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.remote.addresses import url_of

# In the folder of the array, where no reader of Zarr takes it for a member of the group.
MANIFEST = f"{store.VALUES}/bricks.json"
VERSION = 1
_HEAD_BYTES = 2**16
_LONGEST = 2**30
"""Bytes: it has a line for each brick."""


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return what is known of a copy; None where it is no copy, or a damaged one."""
    path = folder / MANIFEST
    if not path.is_file():  # reading a pipe would wait for ever
        return None
    try:
        content = record.parse(path.read_bytes(), longest=_LONGEST)
    except (OSError, record.RecordError):
        return None
    known = isinstance(content, dict) and content.get("version") == VERSION
    return content if known and isinstance(content.get("checksums"), dict) else None


def fingerprint(survey: xr.DataArray) -> dict[str, Any] | None:
    """Return what tells the file of a survey from others, and from other states of it; None where there is no file."""
    source = survey.attrs.get("source")
    return fingerprint_at(str(source)) if source else None


def fingerprint_at(source: str) -> dict[str, Any] | None:
    """Return the same of a file, or of what lies at an address; None where it is gone, or nobody tells of versions."""
    url = url_of(source)
    if url is None:
        return _fingerprint_of(Path(source)) if Path(source).exists() else None
    # A copy may be somebody else's: only what a person has named here is asked for.
    if not reaching.knows_address(url):
        return None
    # Here and not above: the openers are among those that look for copies.
    from napari_fhn.surveys.remote.opening import stamp

    try:
        size, digest = stamp(url)
    except SurveyError:
        return None
    return {"path": url, "bytes": size, "mtime_ns": 0, "head": digest} if digest else None


def _fingerprint_of(source: Path) -> dict[str, Any]:
    """Size, time of change and a hash of the first bytes of a file (of its description, for a Zarr folder)."""
    told = source
    if source.is_dir():
        told = next((source / n for n in ("zarr.json", ".zmetadata", ".zgroup", ".zarray") if (source / n).exists()),
                    source)  # fmt: skip
    status = told.stat()
    head = b""
    if told.is_file():
        with told.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    return {
        "path": str(source.absolute()),
        "bytes": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "head": hashlib.sha256(head).hexdigest(),
    }


def reading_of(survey: xr.DataArray) -> str:
    """Hash what tells two surveys out of one file apart: how they were read, which array, where they lie."""
    how = [survey.attrs.get("read_as"), survey.attrs.get("variable"), survey.dims, survey.shape]
    digest = hashlib.sha256(json.dumps(how, sort_keys=True, default=str).encode())
    for name in sorted(map(str, survey.coords)):
        values = survey[name].values
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values.astype(str) if values.dtype.kind == "O" else values).tobytes())
    return digest.hexdigest()


def same(manifest: dict[str, Any] | None, origin: dict[str, Any], reading: str, plan: Plan) -> bool:
    """Whether a copy is one of this file, read in this way, in these bricks."""
    if manifest is None:
        return False
    told = {"source": origin, "reading": reading, **plan.described()}
    return all(manifest.get(key) == value for key, value in told.items())
