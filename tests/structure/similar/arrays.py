"""Surveys of two kinds of rock, as the descriptions read them."""

from __future__ import annotations

import numpy as np

from napari_fhn.box import Box


class Array:
    """An array ``(channels, *space)`` as channels; remembers the boxes that were asked for."""

    def __init__(self, values):
        self.values = np.asarray(values, np.float32)
        self.shape, self.count = self.values.shape[1:], len(self.values)
        self.asked: list[Box] = []

    def read(self, box):
        self.asked.append(box)
        return self.values[(slice(None), *box.slices)].copy()


def volume(shape=(64, 72, 96), seed=0):
    """Slow layers, with two blocks of fast ones; returns the values and where the blocks are."""
    rng = np.random.default_rng(seed)
    t = np.arange(shape[2], dtype=np.float32)
    values = np.broadcast_to(np.sin(t / 3.2), shape) + 0.15 * rng.standard_normal(shape)
    blocks = np.zeros(shape, bool)
    blocks[4:28, 6:30, 8:48] = True
    blocks[36:62, 40:68, 52:90] = True
    fast = np.broadcast_to(np.sin(t * 1.6), shape) + 0.15 * rng.standard_normal(shape)
    return np.where(blocks, fast, values).astype(np.float32)[None], blocks


def cube(shape=(60, 70), bands=9, seed=0):
    """Two fields among others, told by some bands; returns the values and where the fields are."""
    rng = np.random.default_rng(seed)
    fields = np.zeros(shape, bool)
    fields[8:20, 10:24] = fields[38:52, 44:60] = True
    other = np.linspace(0.2, 0.6, bands)[:, None, None]
    ours = np.where(np.arange(bands) > bands // 2, 0.3, 0.5)[:, None, None]
    values = np.where(fields, ours, other) + 0.03 * rng.standard_normal((bands, *shape))
    return values.astype(np.float32), fields
