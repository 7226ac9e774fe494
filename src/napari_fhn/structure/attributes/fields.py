"""Derivatives of maps of fields (magnetics, gravity, radiometrics, elevation) and what is made of them.

Pure functions of one map ``(y, x)``. Gaps (NaN) are filled smoothly before and are gaps after. `spacing` is the signed
step along y and x, in metres or in cells: derivatives are per metre or per cell.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from napari_fhn.structure.attributes.gaps import filled

Values = NDArray[np.float32]
Spacing = tuple[float, ...]
Response = Callable[[NDArray[np.floating]], NDArray[np.floating]]

_MARGIN = 128
"""Most cells by which a map is continued before it is brought to wavenumbers."""


def slopes(field: NDArray[np.floating], spacing: Spacing = (1.0, 1.0)) -> tuple[Values, Values]:
    """Return the derivatives along x and along y, by central differences.

    Parameters
    ----------
    field : ndarray of float, shape (y, x)
        In any unit; NaN where there are none.
    spacing : tuple of float
        From row to row, and from column to column.

    Returns
    -------
    tuple of ndarray
        Along x, along y: unit of the field per unit of the spacing.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:4, :5] * 100.0
    >>> [float(one[1, 1]) for one in slopes(0.25 * x - 0.5 * y, (100, 100))]
    [0.25, -0.5]
    """
    down, across = _gradient(filled(field), spacing)
    return _masked(across, field), _masked(down, field)


def gradient(field: NDArray[np.floating], spacing: Spacing = (1.0, 1.0)) -> Values:
    """Return the total horizontal gradient: high over edges of bodies.

    Parameters
    ----------
    field, spacing
        As for `slopes`.
    """
    return np.hypot(*slopes(field, spacing))


def vertical_derivative(field: NDArray[np.floating], spacing: Spacing = (1.0, 1.0)) -> Values:
    """Return the derivative downwards of a field that obeys Laplace's equation above its sources.

    Parameters
    ----------
    field, spacing
        As for `slopes`.

    Returns
    -------
    ndarray of float32
        Unit of the field per unit of the spacing; positive over masses, as nearer to them the field is stronger.

    Notes
    -----
    A multiplication by ``|k|``, the wavenumber, of the map without its plane, continued by its mirror image.
    """
    found = _by_wavenumber(filled(field), spacing, lambda k: k)
    return _masked(found, field)


def tilt(field: NDArray[np.floating], spacing: Spacing = (1.0, 1.0)) -> Values:
    """Return the tilt angle, ``atan2(vertical derivative, total horizontal gradient)``, in radians from -pi/2 to pi/2.

    Parameters
    ----------
    field, spacing
        As for `slopes`. It is 0 over edges, positive over bodies, and the same for weak and for strong ones.
    """
    return np.arctan2(vertical_derivative(field, spacing), gradient(field, spacing))


def analytic_signal(field: NDArray[np.floating], spacing: Spacing = (1.0, 1.0)) -> Values:
    """Return the length of the vector of the three derivatives: high over bodies whichever way they are magnetised.

    Parameters
    ----------
    field, spacing
        As for `slopes`.
    """
    return np.hypot(vertical_derivative(field, spacing), gradient(field, spacing))


def residual(field: NDArray[np.floating], wavelength: float, spacing: Spacing = (1.0, 1.0)) -> Values:
    """Return what is left when what is wider than a wavelength is taken away.

    Parameters
    ----------
    field, spacing
        As for `slopes`.
    wavelength : float
        In the unit of the spacing: of this one half is taken away (a Gaussian in wavenumbers).
    """
    half = 2 * np.pi / wavelength

    def high(k: NDArray[np.floating]) -> NDArray[np.floating]:
        found: NDArray[np.floating] = 1 - np.exp(-np.log(2) * (k / half) ** 2)
        return found

    return _masked(_by_wavenumber(filled(field), spacing, high), field)


def _by_wavenumber(field: Values, spacing: Spacing, response: Response) -> Values:
    """Multiply a map without its plane by a function of the wavenumber, in radians per unit of the spacing."""
    from scipy import fft

    field = field - _plane(field)
    margin = [min(_MARGIN, size - 1) for size in field.shape]
    shape = [fft.next_fast_len(size + 2 * edge, real=True) for size, edge in zip(field.shape, margin, strict=True)]
    pad = [(edge, whole - size - edge) for edge, whole, size in zip(margin, shape, field.shape, strict=True)]
    spectrum = fft.rfft2(np.pad(field, pad, mode="reflect" if min(field.shape) > 1 else "edge"))
    down = 2 * np.pi * fft.fftfreq(shape[0], abs(spacing[0])).astype(np.float32)
    across = 2 * np.pi * fft.rfftfreq(shape[1], abs(spacing[1])).astype(np.float32)
    spectrum *= response(np.hypot(down[:, np.newaxis], across))
    found = fft.irfft2(spectrum, shape)
    inside = tuple(slice(edge, edge + size) for edge, size in zip(margin, field.shape, strict=True))
    out: Values = found[inside].astype(np.float32, copy=False)
    return out


def _plane(field: Values) -> Values:
    """Return the plane that lies best through a map: two sums, as the axes are at right angles."""
    plane = np.full(field.shape, field.mean(dtype=np.float64))
    for axis, size in enumerate(field.shape):
        along = np.arange(size) - (size - 1) / 2
        if size > 1:
            means = field.mean(axis=1 - axis, dtype=np.float64)
            slope = (along * means).sum() / (along**2).sum()
            plane += slope * np.expand_dims(along, 1 - axis)
    return plane.astype(np.float32)


def _gradient(field: Values, spacing: Spacing) -> list[Values]:
    """Return the derivative along each axis; 0 along one of a single cell."""
    return [
        (np.gradient(field, step, axis=axis) if field.shape[axis] > 1 else np.zeros_like(field)).astype(np.float32)
        for axis, step in enumerate(spacing)
    ]


def _masked(found: NDArray[np.floating], field: NDArray[np.floating]) -> Values:
    return np.where(np.isfinite(field), found, np.nan).astype(np.float32, copy=False)
