"""The matrix of SEG-Y files of tests and benchmarks: each entry writes a file and tells what is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from survey_files.segy.lines import as_line, line, line_of_shot_points, one_inline
from survey_files.segy.odd import (
    damaged_number,
    dead,
    delayed,
    duplicates,
    incomplete,
    large_integers,
    not_finite,
    one_astray,
    padded,
    patched,
    senseless,
)
from survey_files.segy.survey import Survey, Truth, corner_cut, ragged, serpentine, shuffled, volume
from survey_files.segy.unsuitable import refusals

LAYOUT = (
    '((SEG:Layout:text/xml))\n<?xml version="1.0"?><segy-layout name="x">'
    '<entry name="iline" byte="15" type="int4"/><entry name="xline" byte="33" type="int4"/>'
    '<entry name="cdp_x" byte="91" type="coor4"/><entry name="cdp_y" byte="95" type="coor4"/></segy-layout>'
)
ANY_TEXT = "C 1 AN EXTENDED TEXT HEADER".ljust(3200).encode("ascii")
END = "((SEG: EndText))".ljust(3200).encode("cp037")
PETREL = ["C 1 EXPORT", "C23 Trace header locations:", "C24 Inline number               : bytes 13-16",
           "C25 Xline number                : bytes 41-44"]  # fmt: skip


def variants() -> Iterator[tuple[str, Callable[[Path], Truth]]]:
    """Give the matrix: names, and what writes each."""
    for code in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16):
        for endian in ("big", "little"):
            yield f"format {code}, {endian}", partial(volume, code=code, endian=endian)
    for revision in ((0, 0), (1, 0), (2, 0), (2, 1)):
        for sorting in ("inline", "crossline"):
            yield (
                f"revision {revision[0]}.{revision[1]}, sorted by {sorting}",
                partial(volume, revision=revision, sorting=sorting, code=1),
            )
    for il in ((100, 1), (100, -2)):
        for xl in ((300, 3), (300, -1)):
            for sorting in ("inline", "crossline"):
                yield (
                    f"inline step {il[1]}, crossline step {xl[1]}, sorted by {sorting}",
                    partial(volume, survey=Survey(inlines=il, crosslines=xl), sorting=sorting),
                )
    yield "text in ASCII", partial(volume, text_code="ascii")
    yield "two extended texts", partial(volume, texts=[ANY_TEXT, ANY_TEXT])
    yield "a variable number of texts", partial(volume, texts=[ANY_TEXT, END], n_texts=-1)
    yield (
        "texts that are not counted",
        partial(volume, texts=[ANY_TEXT], n_texts=0, truth={"note": "number of extended text headers"}),
    )
    yield (
        "texts counted that are not there",
        partial(volume, n_texts=3, truth={"note": "number of extended text headers"}),
    )
    yield "one additional trace header", partial(volume, revision=(2, 0), n_extra=1)
    yield "three additional trace headers, little", partial(volume, revision=(2, 0), n_extra=3, endian="little")
    yield "a trailer of two stanzas", partial(volume, revision=(2, 0), trailer=2)
    yield (
        "first trace by its offset",
        partial(volume, revision=(2, 0), texts=[b"\xff" * 3200], n_texts=0, binary={(3521, "Q"): 6800},
                truth={"note": "number of extended text headers"}),
    )  # fmt: skip
    yield (
        "sample count of revision 2",
        partial(volume, revision=(2, 0), n_samples=0, binary={(3269, "I"): 20}),
    )
    yield "no sample count", partial(volume, n_samples=0)
    yield "a wrong sample count", partial(volume, n_samples=21, truth={"note": "sample count"})
    yield (
        "a wrong trace count",
        partial(
            volume, revision=(2, 0), binary={(3513, "Q"): 10**12}, truth={"note": "counts 1,000,000,000,000 traces"}
        ),
    )
    yield "one corner cut off", partial(volume, keep=corner_cut, truth={"note": "places have no trace"})
    yield (
        "one corner cut off, single bytes",
        partial(volume, code=8, keep=corner_cut, truth={"note": "places have no trace"}),
    )
    yield (
        "ragged outline, sorted by crossline",
        partial(volume, keep=ragged, sorting="crossline", truth={"note": "places have no trace"}),
    )
    yield (
        "one trace missing",
        partial(volume, keep=lambda i, j: (i != 3) | (j != 2), truth={"note": "1 of 42 places has no trace"}),
    )
    yield "an inline missing", partial(volume, keep=lambda i, j: i != 3, truth={"note": "places have no trace"})
    yield "traces in no order", partial(volume, order=shuffled)
    yield "serpentine order", partial(volume, order=serpentine)
    yield "duplicate traces", duplicates
    yield "padding without numbers", padded
    yield "a damaged number", damaged_number
    yield "dead traces", dead
    yield "dead traces, single bytes", partial(dead, code=8)
    yield "every trace marked dead", partial(volume, more=lambda i, j: {29: 2}, truth={"note": "not believed"})
    yield "NaN and infinities", not_finite
    yield "integers beyond 24 bits", large_integers
    for pair in ((9, 21), (5, 21), (17, 21), (221, 225), (233, 237)):
        yield f"numbers at bytes {pair[0]} and {pair[1]}", partial(volume, places=pair, truth={"how": "habit"})
    yield (
        "numbers at bytes 9 and 13, and coordinates that agree",
        partial(volume, places=(9, 13), truth={"how": "habit"}),
    )
    yield (
        "ragged, numbers at bytes 9 and 21, traces counted along lines, offsets left over",
        partial(volume, places=(9, 21), keep=ragged, more=lambda i, j: {13: 1 + j, 37: 100 + 7 * j},
                truth={"how": "habit", "note": "places have no trace"}),
    )  # fmt: skip
    yield (
        "inline at byte 189, crossline at byte 21",
        partial(volume, places=(189, 21), truth={"how": "looking"}),
    )
    yield "numbers at bytes 45 and 213", partial(volume, places=(45, 213), truth={"how": "looking"})
    yield (
        "numbers where the text says",
        partial(volume, places=(13, 41), text=PETREL, truth={"how": "text"}),
    )
    yield (
        "numbers where the file's own layout says, at odd bytes",
        partial(volume, places=(15, 33), xy=(91, 95), revision=(2, 1), texts=[LAYOUT.ljust(3200).encode("ascii")],
                more=lambda i, j: {29: 0, 115: 0, 117: 0}, truth={"how": "layout"}),
    )  # fmt: skip
    yield (
        "numbers asked for",
        partial(volume, places=(57, 61), truth={"how": "given", "options": {"inline_byte": 57, "crossline_byte": 61}}),
    )
    counted = {"how": "coordinates", "bytes_": None, "inlines": np.arange(1.0, 7), "crosslines": np.arange(1.0, 8)}
    for azimuth in (0.0, 17.0, 90.0, 200.0):
        yield (
            f"no numbers, coordinates at {azimuth:g} degrees",
            partial(volume, survey=Survey(azimuth=azimuth), places=None, truth=counted),
        )
    yield (
        "no numbers, coordinates in whole metres",
        partial(volume, survey=Survey(azimuth=33.0, scalar=1), places=None, truth=counted | {"bins": (25.0, 12.5)}),
    )
    yield (
        "no numbers, source coordinates, ragged",
        partial(volume, places=None, xy=(73, 77), keep=ragged, truth=counted | {"note": "places have no trace"}),
    )
    yield (
        "no numbers, serpentine coordinates",
        partial(volume, places=None, order=serpentine, truth=counted),
    )
    yield (
        "senseless numbers, good coordinates",
        partial(volume, places=None, more=senseless, truth=counted),
    )
    yield (
        "constant numbers, good coordinates",
        partial(volume, places=None, more=lambda i, j: {189: 1, 193: 1}, truth=counted),
    )
    yield "source coordinates", partial(volume, xy=(73, 77), truth={"note": "source coordinates"})
    yield "no coordinates", partial(volume, xy=None, truth={"note": "no coordinates"})
    yield (
        "coordinates in degrees",
        partial(volume, more=lambda i, j: {89: 3}, truth={"bins": None, "note": "decimal degrees"}),
    )
    yield "coordinate scalar 10", partial(volume, survey=Survey(scalar=10, bins=(50.0, 50.0), azimuth=0.0))
    yield (
        "coordinates in feet",
        partial(volume, feet=True, truth={"bins": (25.0 * 0.3048, 12.5 * 0.3048)}),
    )
    yield (
        "one coordinate damaged",
        partial(volume, survey=Survey(n=(8, 9, 12)), more=one_astray, truth={"note": "off the survey's grid"}),
    )
    yield "delay with its scalar", partial(volume, more=lambda i, j: {109: 1500, 215: -10}, truth={"start_ms": 150.0})
    yield "delay that varies", delayed
    yield (
        "interval in the traces only",
        partial(volume, interval_us=0, more=lambda i, j: {117: 2000}, truth={"step_ms": 2.0, "note": "byte 117"}),
    )
    yield (
        "intervals that disagree",
        partial(volume, interval_us=4000, more=lambda i, j: {117: 2000}, truth={"note": "binary header was believed"}),
    )
    yield "an interval above 32767 microseconds", partial(volume, interval_us=-2000, truth={"step_ms": 63.536})
    yield (
        "an interval with decimals",
        partial(volume, revision=(2, 0), interval_us=3909, binary={(3273, "d"): 3909.25}, truth={"step_ms": 3.90925}),
    )
    yield (
        "IEEE floats called fixed point",
        partial(
            patched,
            make=partial(volume, survey=Survey(n=(6, 7, 60))),
            patches={3225: b"\0\4"},
            note="read as IEEE float",
        ),
    )
    yield (
        "a format that is not known, told",
        partial(patched, make=volume, patches={3225: b"\0\0"}, options={"sample_format": 5}),
    )
    yield "cut short, whole traces", partial(incomplete, code=3)
    yield "a line with numbers", line
    yield "a crooked line", partial(line, crooked=True, code=1)
    yield "a line without numbers", partial(line, numbered=False, code=3, endian="little")
    yield "a line with two CDPs to a shot point", line_of_shot_points
    yield "one inline", partial(one_inline)
    yield "asked for as a line", partial(as_line)
    yield from refusals()
