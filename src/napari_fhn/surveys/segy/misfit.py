"""Why a file cannot be read as SEG-Y: text, noise, cut short, traces of unlike length."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from napari_fhn.sentence import counted
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy.binary import HEADERS_BYTES, Endian, Layout
from napari_fhn.surveys.segy.text import TEXT_BYTES, decode_text, looks_like_text


def stranger(path: Path, head: bytes, format: int) -> SurveyError:
    """Say what a file is that holds no sample format any revision knows."""
    # The first 3200 bytes are text in every SEG-Y file; the 400 after them never are.
    if looks_like_text(head[TEXT_BYTES:] or head):
        start = " ".join(decode_text(head[:30]).split())
        return SurveyError(
            path,
            f"it is text, not SEG-Y (it starts with '{start}'; bytes 3225-3226 are no sample format)",
            "Open the survey itself; horizons and wells have readers of their own",
        )
    return SurveyError(
        path,
        f"the sample format at bytes 3225-3226 is {format}, which no SEG-Y revision knows",
        "It is not SEG-Y, or its binary header is damaged; if only that number is wrong, open it with "
        "e.g. sample_format=1 (IBM float) or 5 (IEEE float)",
    )


def misfit(path: Path, file: BinaryIO, plain: Layout, size: int) -> SurveyError:
    """Say why no reading fits the size of a file."""
    if size - plain.first_trace <= 0:
        what = f"it ends at byte {size}, after the headers, and holds no trace"
        if plain.first_trace > HEADERS_BYTES:
            n_texts = (plain.first_trace - HEADERS_BYTES) // TEXT_BYTES
            what = f"it ends at byte {size}, inside the {n_texts} extended text headers that bytes 3505-3506 promise"
        return SurveyError(path, what, "Export it again with traces")
    varying = _lengths(file, plain, size)
    if varying:
        return SurveyError(
            path,
            f"its traces differ in length: trace 1 has {counted(varying[0], 'samples')}, trace "
            f"{varying[1]} has {varying[2]} "
            "(bytes 115-116 of the trace headers)",
            "Export it with traces of one length",
        )
    way_out = (
        "It is cut short, its traces differ in length, or the sample count at bytes 3221-3222 is wrong; "
        "copy or export it again"
    )
    if plain.n_traces > 1:
        way_out += ", or open its whole traces with incomplete=True"
    return SurveyError(
        path,
        f"{plain.n_traces} whole traces of {counted(plain.n_samples, 'samples')} ({plain.trace_bytes} "
        "bytes each) end at byte "
        f"{plain.file_bytes}, but the file goes on for {size - plain.file_bytes} bytes",
        way_out,
    )


def _lengths(file: BinaryIO, plain: Layout, size: int) -> tuple[int, int, int] | None:
    """Follow the sample counts of the trace headers; tell the first trace of another length, if they lead on."""
    place, first = plain.first_trace, 0
    odd: tuple[int, int, int] | None = None
    for trace in range(1, 10_000):
        n_samples = samples_told(file, place, plain.endian)
        if n_samples == 0:
            return None
        first = first or n_samples
        if n_samples != first and odd is None:
            odd = first, trace, n_samples
        place += plain.trace_header_bytes + n_samples * plain.sample_bytes
        if place >= size:
            # Believed where they lead exactly to the end.
            return odd if place == size else None
    return odd


def samples_told(file: BinaryIO, start: int, endian: Endian) -> int:
    """Return the number of samples the first trace header tells (bytes 115-116)."""
    file.seek(start + 114)
    return int.from_bytes(file.read(2), endian)
