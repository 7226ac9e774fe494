"""An architecture as a printed table: what each layer does and holds."""

from __future__ import annotations

from collections.abc import Sequence

from napari_fhn.network.architecture import Architecture, Layer
from napari_fhn.network.counting import in_words, kernel_values, padded, paper_memory

_FLOAT = 4


def table(architecture: Architecture, block: Sequence[int] | None = None) -> str:
    """Return the layers of a network as text of fixed width.

    Parameters
    ----------
    architecture : Architecture
        The network.
    block : sequence of int, optional
        Voxels along its axes; with it, the size of the state in each layer and the memory of the states.

    Returns
    -------
    str
        One line for each layer: resolution, channels ``n``, ``m`` rows of ``K``, the ``m n`` unique kernels and the
        block rank ``min(m, n)`` (section 3.1), bytes of the kernels in float32. Then totals beside those of full
        layers, which hold ``n^2`` kernels.

    Raises
    ------
    ValueError
        When the block does not go with the network.
    """
    shape = None if block is None else padded(architecture, block)
    head = ["layer", "resolution", "channels", "rows", "kernels", "block rank", "kernel bytes"]
    rows = []
    for number, (layer, channels, levels, count, values) in enumerate(
        zip(
            architecture.layers,
            architecture.layer_channels,
            architecture.layer_levels,
            architecture.kernels_per_layer,
            kernel_values(architecture),
            strict=True,
        ),
        1,
    ):
        row = [str(number), _change(layer), str(channels), str(layer.rank), str(count.unique), str(count.block_rank)]
        rows.append([*row, in_words(_FLOAT * values)])
        if shape is not None:
            rows[-1].insert(2, " x ".join(_size(size, level) for size, level in zip(shape, levels, strict=True)))
    if shape is not None:
        head.insert(2, "state")
    lines = _aligned([head, *rows])
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:], rule, *_totals(architecture, block)])


def _change(layer: Layer) -> str:
    words: list[str] = [layer.resample]
    if layer.axes is not None:
        words.append(",".join(map(str, layer.axes)))
    if layer.transform != "haar":
        words.append(layer.transform)
    return " ".join(words)


def _size(size: int, level: int) -> str:
    return str(size >> level if level >= 0 else size << -level)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Pad columns to one width; words to the left, what is counted to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if at == 1 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _totals(architecture: Architecture, block: Sequence[int] | None) -> list[str]:
    counts = architecture.kernels_per_layer
    unique, acting = sum(count.unique for count in counts), sum(count.acting for count in counts)
    held, full = (in_words(_FLOAT * sum(kernel_values(architecture, block_low_rank=small))) for small in (True, False))
    lines = [f"{len(counts)} layers; {unique} kernels of {acting} in full layers: {held} of {full}"]
    if block is not None:
        memory = paper_memory(architecture, block)
        lines.append(
            f"states: {in_words(memory.states_invertible)} for three, whatever the depth; "
            f"{in_words(memory.states_ordinary)} for one of each layer"
        )
    return lines
