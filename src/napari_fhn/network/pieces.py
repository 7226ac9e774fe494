r"""Cutting a convolution whose arrays are larger than a library takes, or takes well.

Up to torch 2.13 oneDNN computes the gradient of ``K`` by a plain loop, hundreds of times slower, as soon as one array
has 2 GiB, and other libraries count elements in 32 bits. A convolution is cut into examples, and where one example is
too large into slabs of its first axis. Where there is no routine in 3D but one in 2D, it is cut into sheets. All pieces
are views: nothing is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

MOST = (1 << 31) - 1
"""Bytes that an array of one call may have."""


def within(*arrays: Tensor) -> bool:
    """Tell whether each array may go into one call."""
    return all(_bytes(array) <= MOST for array in arrays)


def examples(*arrays: Tensor) -> Iterator[slice]:
    """Yield as many examples at a time as may go into one call, and at least one."""
    batch = arrays[0].shape[0]
    length = max(1, batch * MOST // max(map(_bytes, arrays)))
    for start in range(0, batch, length):
        yield slice(start, min(start + length, batch))


def slabs(*arrays: Tensor) -> Iterator[tuple[slice, slice, slice]]:
    """Cut the first spatial axis so that a slab of each array, and a row on either side, may go into one call.

    Yields
    ------
    slice, slice, slice
        The slab; the same with a neighbour on each side, as far as there is one; and where the slab lies in that.
    """
    size = arrays[0].shape[2]
    length = size if within(*arrays) else max(2, size * MOST // max(map(_bytes, arrays)) - 2)
    for start in range(0, size, length):
        stop = min(start + length, size)
        first, last = max(start - 1, 0), min(stop + 1, size)
        yield slice(start, stop), slice(first, last), slice(start - first, stop - first)


def summed(gradient: Callable[[Tensor, Tensor], Tensor], hidden: Tensor, state: Tensor) -> Tensor:
    """Return the gradient of ``K`` as the sum over pieces that may each go into one call.

    Parameters
    ----------
    gradient : callable
        Of one call, for a hidden layer and a state: shaped like the kernels, three along the first spatial axis.
    hidden, state : Tensor
        ``(batch, m, *space)`` and ``(batch, n, *space)``.
    """
    if within(hidden, state):
        return gradient(hidden, state)
    total: Tensor | None = None
    for part in examples(hidden, state):
        one = hidden[part], state[part]
        found = gradient(*one) if within(*one) else _over_slabs(gradient, *one)
        total = found if total is None else total.add_(found)
    assert total is not None
    return total


def by_sheets(gradient: Callable[[Tensor, Tensor], Tensor], hidden: Tensor, state: Tensor) -> Tensor:
    """Return the gradient of ``K`` in 3D as three in 2D: one for each place that kernels have along the first axis.

    With channels last, the sheets of an example are a batch in 2D as they lie in memory.

    Parameters
    ----------
    gradient : callable
        In 2D, for sheets ``(sheets, m, *space)`` and ``(sheets, n, *space)``: ``(m, n, 3, 3)``.
    hidden, state : Tensor
        ``(batch, m, *space)`` and ``(batch, n, *space)``, channels-last.

    Returns
    -------
    Tensor
        ``(m, n, 3, 3, 3)``.
    """
    size = state.shape[2]
    found = state.new_zeros(hidden.shape[1], 3, 3, 3, state.shape[1]).movedim(-1, 1)
    for example in range(len(state)):
        sheets = [array[example].movedim(1, 0) for array in (hidden, state)]
        for place, ahead in enumerate((-1, 0, 1)):
            first, last = max(0, -ahead), size - max(0, ahead)
            if first < last:
                found[:, :, place] += gradient(sheets[0][first:last], sheets[1][first + ahead : last + ahead])
    return found


def _over_slabs(gradient: Callable[[Tensor, Tensor], Tensor], hidden: Tensor, state: Tensor) -> Tensor:
    total: Tensor | None = None
    for part, _, _ in slabs(hidden, state):
        found = gradient(hidden[:, :, part], state[:, :, part])
        total = found if total is None else total.add_(found)
        if total is not found:
            # A slab meets zeros beyond its edge: what the rows on both sides of the cut owe each other is added. That
            # they owe to the outer kernels, and what each owes to itself, by the middle one, is there already.
            cut = slice(part.start - 1, part.start + 1)
            total[:, :, ::2].add_(gradient(hidden[:, :, cut], state[:, :, cut])[:, :, ::2])
    assert total is not None
    return total


def _bytes(array: Tensor) -> int:
    return array.numel() * array.element_size()
