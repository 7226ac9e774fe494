"""A look through an HDF5 file, in a process of its own: in some damaged files the library ends the program, or loops.

It visits every object, every attribute and one value of each array, and says what the file names elsewhere and which of
its pieces unpack to more than there is. `napari_fhn.surveys.look_loop` runs it: it imports nothing of this package, so
that a fresh interpreter is quick.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

#: Pieces of one array that are looked at.
_PIECES = 100_000
#: Bytes of one piece, unpacked. A larger one fills the memory before a single value is there.
LARGEST = 2**30
#: Bytes beside the values that filters may add to a piece that cannot be made smaller.
_MORE = 4096
#: Small files in which a piece is larger than the whole array are made by hand.
_AT_LEAST = 2**26


def look(path: str, most: int) -> dict[str, list[str]]:
    """Look through a file.

    Parameters
    ----------
    path : str
        The file.
    most : int
        Objects whose attributes and values are tried. Whether they take values from elsewhere is asked of all.

    Returns
    -------
    dict
        ``outside``: names of the files that it takes values from; ``large``: what is wrong with pieces of arrays.
    """
    import h5py

    outside: list[str] = []
    large: list[str] = []
    left = most

    def link(name: str, item: Any) -> None:
        if isinstance(item, h5py.ExternalLink):
            outside.append(item.filename)

    def visit(name: str, item: Any) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            with suppress(Exception):
                for key in item.attrs:
                    with suppress(Exception):
                        item.attrs[key]
        if isinstance(item, h5py.Dataset):
            with suppress(Exception):
                found = [one[0] for one in item.external or ()]
                found += [one.file_name for one in (item.virtual_sources() if item.is_virtual else ())]
                outside.extend(one for one in found if one != ".")
                wrong = _pieces(name, item)
                if wrong:
                    large.append(wrong)
                if not found and not wrong and left >= 0:
                    item[(0,) * item.ndim]

    with h5py.File(path, "r") as file:
        file.visititems_links(link)
        visit("", file)
        file.visititems(visit)
    return {"outside": sorted(set(outside)), "large": large}


def answer(path: str, most: int | str) -> dict[str, list[str]]:
    """Look through a file; what cannot be looked through is answered, too.

    Parameters
    ----------
    path : str
        The file.
    most : int or str
        As in `look`, maybe in digits.

    Returns
    -------
    dict
        As of `look`, or ``refused``: what is wrong, and the way out.
    """
    try:
        return look(path, int(most))
    except Exception as error:
        return {"refused": list(why(error))}


def why(error: Exception) -> tuple[str, str]:
    """Say what is wrong where HDF5's library fails: not every failure is damage.

    Parameters
    ----------
    error : Exception
        As the library raises it: what the C library's error fits best, which may be any kind.

    Returns
    -------
    tuple of str
        What is wrong, and the way out.
    """
    said = str(error) or type(error).__name__
    if isinstance(error, ImportError | AttributeError):
        return f"the h5py that is installed does not do ({said})", "Update it: pip install --upgrade h5py"
    if isinstance(error, MemoryError):
        return "there is not enough memory to look through it", "Close other programs, and open it again"
    if isinstance(error, PermissionError):
        return "it may not be read", "Let it be read, or copy it to a place of your own"
    if isinstance(error, BlockingIOError):
        return "another program has it open to write in it", "Close it there, and open it again"
    if isinstance(error, OSError) and "version number" in said:
        import h5py

        what = f"HDF5 {h5py.version.hdf5_version} cannot read it ({said})"
        return what, "It is of a later version or damaged: pip install --upgrade h5py, or copy it again"
    return f"HDF5 cannot read it ({said})", "It seems to be damaged: copy it again"


def _pieces(name: str, item: Any) -> str:
    """Say what is wrong with the pieces of an array; empty where nothing is."""
    if item.chunks is None:
        return ""
    size = item.dtype.itemsize
    for n in item.chunks:
        size *= n
    if size > LARGEST or size > max(_AT_LEAST, 4 * item.size * item.dtype.itemsize):
        return f"'{name}' has pieces of {size / 2**20:,.0f} MB"
    packed, left = 0, _PIECES

    def one(info: Any) -> bool | None:
        nonlocal packed, left
        packed, left = max(packed, info.size), left - 1
        return None if left > 0 else True

    with suppress(AttributeError):
        item.id.chunk_iter(one)
    if packed > size * 1.1 + _MORE:
        return f"'{name}' has a piece of {packed:,} bytes that should unpack to {size:,}"
    return ""
