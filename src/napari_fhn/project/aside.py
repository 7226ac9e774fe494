"""Records that cannot be read, put aside: see `napari_fhn.record.set_aside`."""

from napari_fhn.record.aside import set_aside

__all__ = ["set_aside"]
