"""SEG-Y files of every kind, written byte by byte: no reader of ours and no segyio has a hand in them.

`variants` is the matrix of tests and benchmarks: each entry writes a file and tells what is in it (`Truth`), or the
words with which it must be refused.
"""

from survey_files.segy.mutations import mutations
from survey_files.segy.survey import Survey, Truth, volume
from survey_files.segy.unsuitable import gathers, numbered, refusals
from survey_files.segy.variants import LAYOUT, variants
from survey_files.segy.writer import SHORT, TYPES, WIDTHS, from_ibm, to_ibm, write

__all__ = [
    "LAYOUT",
    "SHORT",
    "TYPES",
    "WIDTHS",
    "Survey",
    "Truth",
    "from_ibm",
    "gathers",
    "mutations",
    "numbered",
    "refusals",
    "to_ibm",
    "variants",
    "volume",
    "write",
]
