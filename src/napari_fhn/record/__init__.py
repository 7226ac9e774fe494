"""The one format of all that this program writes as JSON: a format word, a version, and typed content.

A file is replaced as a whole or not at all, whatever happens while it is written. What is read is checked: by its
format word, its version (files of older versions go through migrations), its size, and, with :func:`decode`, by the
types of the dataclass that it is to become. What is wrong is told by one kind of error, which names file and field.
"""

from napari_fhn.record.aside import ASIDE, set_aside, settle
from napari_fhn.record.errors import DEEPEST, NewerRecord, RecordError
from napari_fhn.record.files import Migration, read, replacing, understand, write, write_bytes, write_text
from napari_fhn.record.text import LONGEST, parse, to_bytes
from napari_fhn.record.typed import decode, encode

__all__ = [
    "ASIDE",
    "DEEPEST",
    "LONGEST",
    "Migration",
    "NewerRecord",
    "RecordError",
    "decode",
    "encode",
    "parse",
    "read",
    "replacing",
    "set_aside",
    "settle",
    "to_bytes",
    "understand",
    "write",
    "write_bytes",
    "write_text",
]
