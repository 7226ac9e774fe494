"""Arrays as large as a large survey, which are written in place: Zarr 3 in shards, on a disk of this machine.

What nobody has written takes no room. A shard that is written to lies open beside the others, as a memory-mapped
``.npy`` file with its room on the disk, which other processes see as it changes; it is packed when others were written
to since, and when the work ends. Killed at any moment, an open shard is what counts, and nothing is lost. One process
writes at a time; any number read.

`napari_fhn.mapped` makes and opens them, of whatever is called ``NAME.zarr``.
"""

from napari_fhn.large.array import Large
from napari_fhn.large.layout import SUFFIX, is_large

__all__ = ["SUFFIX", "Large", "is_large"]
