"""The container of old office files: the names of its streams, and the bytes of one."""

from __future__ import annotations

import struct
from pathlib import Path

from napari_fhn.labels.errors import LabelError

#: First bytes of such a file.
MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Larger ones are no tables.
MOST_BYTES = 2**28
_END = 0xFFFFFFF0
_ENTRY = 128


def names(path: Path) -> tuple[str, ...]:
    """Return the names of the streams.

    Raises
    ------
    LabelError
        When the file is damaged, or too large for a table.
    """
    return tuple(_Container(path).entries)


def stream(path: Path, name: str) -> bytes:
    """Return the bytes of a stream.

    Raises
    ------
    LabelError
        When the file is damaged.
    """
    return _Container(path).read(name)


class _Container:
    """Sectors of a file, chained by tables."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.stat().st_size > MOST_BYTES:
            what = f"it holds {path.stat().st_size / 1e6:.0f} MB; a table has {MOST_BYTES / 1e6:.0f} MB at most"
            raise LabelError(what, "Save it as text", path=path)
        self.data = path.read_bytes()
        if len(self.data) < 512:
            raise self._damaged("its header is cut off")
        shift, mini_shift = struct.unpack_from("<HH", self.data, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise self._damaged("its sectors have no size that there is")
        self.sector, self.mini = 1 << shift, 1 << mini_shift
        fats = list(struct.unpack_from("<109I", self.data, 76))
        further = struct.unpack_from("<I", self.data, 68)[0]
        for _ in range(len(self.data) // self.sector + 1):
            if further >= _END:
                break
            numbers = self._numbers(further)
            fats += numbers[:-1]
            further = numbers[-1] if numbers else _END
        self.table = [number for at in fats if at < _END for number in self._numbers(at)]
        first, self.cutoff, mini_table = struct.unpack_from("<I4xII", self.data, 48)
        self.small = [number for at in self._chain(mini_table, self.table) for number in self._numbers(at)]
        self.entries: dict[str, tuple[int, int]] = {}
        directory = b"".join(map(self._sector, self._chain(first, self.table)))
        self.root = (_END, 0)
        for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
            entry = directory[at : at + _ENTRY]
            length, kind = struct.unpack_from("<HB", entry, 64)
            begin, size = struct.unpack_from("<II", entry, 116)
            if kind == 5:
                self.root = begin, size
            elif kind in (1, 2):
                called = entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", errors="replace")
                self.entries.setdefault(called, (begin, size))

    def read(self, name: str) -> bytes:
        begin, size = self.entries[name]
        if size >= self.cutoff:
            return b"".join(map(self._sector, self._chain(begin, self.table)))[:size]
        packed = b"".join(map(self._sector, self._chain(self.root[0], self.table)))
        parts = (packed[at * self.mini : (at + 1) * self.mini] for at in self._chain(begin, self.small))
        return b"".join(parts)[:size]

    def _sector(self, at: int) -> bytes:
        return self.data[(at + 1) * self.sector : (at + 2) * self.sector]

    def _numbers(self, at: int) -> list[int]:
        part = self._sector(at)
        return list(struct.unpack(f"<{len(part) // 4}I", part[: len(part) // 4 * 4]))

    def _chain(self, at: int, table: list[int]) -> list[int]:
        found: list[int] = []
        while at < _END:
            if at >= len(table) or len(found) > len(table):
                raise self._damaged("a chain of its sectors leads nowhere")
            found.append(at)
            at = table[at]
        return found

    def _damaged(self, why: str) -> LabelError:
        return LabelError(f"it is no readable workbook ({why})", "Save it again", path=self.path)
