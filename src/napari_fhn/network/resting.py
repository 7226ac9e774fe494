"""Weights that rest: what a prediction prepares of them once, for all sections of a tile and for all threads."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from torch import Tensor

_MOST = 1 << 24
"""Bytes of kernels that are kept prepared, few enough for a forecast of memory not to know of them."""


class Resting:
    """What sweeps share between which no weight changes.

    Parameters
    ----------
    heed : callable, optional
        Called before each convolution. It may raise, to end a sweep: a function of torch that is called before every
        operation takes 4 % of a prediction.
    """

    def __init__(self, heed: Callable[[], None] | None = None) -> None:
        self._heed = heed
        self._made: dict[Hashable, Tensor] = {}
        self._bytes = 0

    def heed(self) -> None:
        """Ask whether to go on."""
        if self._heed is not None:
            self._heed()

    def prepared(self, kernels: Tensor, how: Hashable, make: Callable[[Tensor], Tensor]) -> Tensor:
        """Return kernels as they are made for a routine, made once as long as there is room for them.

        Parameters
        ----------
        kernels : Tensor
            Of a layer, or a part of them: known by where they lie, so they have to stay there.
        how : hashable
            Tells one way of preparing them from others.
        make : callable
            Does it. Two threads may both do it the first time, to the same bits.
        """
        key = kernels.data_ptr(), kernels.shape, how
        found = self._made.get(key)
        if found is None:
            found = make(kernels)
            self._bytes += kernels.numel() * kernels.element_size()
            if self._bytes <= _MOST:
                self._made[key] = found
        return found
