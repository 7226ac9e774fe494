"""Weights of the published code do here what they do there: its step written out, with its own order of sub-bands."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.language import parse
from napari_fhn.network.published import channel_orders, weights_from


def their_haar(state):
    """Sub-bands with the last axis fastest; of each pair the mean, then the difference."""
    bands = [state]
    for axis in range(2, state.ndim):
        split = []
        for band in bands:
            first, second = torch.unflatten(band, axis, (-1, 2)).unbind(axis + 1)
            split += [(first + second) / 2**0.5, (first - second) / 2**0.5]
        bands = split
    return torch.cat(bands, dim=1)


def their_inverse(state):
    probe = torch.zeros(
        state.shape[0], state.shape[1] // 2 ** (state.ndim - 2), *[2 * n for n in state.shape[2:]], dtype=state.dtype
    ).requires_grad_()
    return torch.autograd.grad(their_haar(probe), probe, state)[0]


def theirs(architecture, kernels, biases, data):
    """Their forward pass: convolutions that mirror the kernels, ``alpha = h^2``, both first states the data."""
    d = architecture.dimensions
    convolve = {2: F.conv2d, 3: F.conv3d}[d]
    transposed = {2: F.conv_transpose2d, 3: F.conv_transpose3d}[d]
    repeated = data.repeat(1, architecture.channels // data.shape[1], *[1] * d)
    current = before = repeated
    for layer, w, b in zip(architecture.layers, kernels, biases, strict=True):
        change = {"keep": lambda y: y, "coarsen": their_haar, "refine": their_inverse}[layer.resample]
        current, before = change(current), change(before)
        k = torch.from_numpy(np.moveaxis(np.flip(w, tuple(range(d))), (-1, -2), (0, 1)).copy())
        pushed = transposed(convolve(current, k, torch.from_numpy(b), padding=1).relu(), k, padding=1)
        current, before = 2 * current - before - architecture.h**2 * pushed, current
    return current


@pytest.mark.parametrize(
    "words", ["2d 4: 1x3 | down 2x2 | down 1x5 | up 1x3 | up 1x2", "3d 2: 1x3 | down 2x4 | down 1x3"]
)
def test_a_network_with_their_weights_says_what_theirs_says(words):
    architecture = parse(words, h=0.4)
    rng = np.random.default_rng(0)
    d = architecture.dimensions
    kernels = [
        0.2 * rng.standard_normal((*(3,) * d, n, layer.rank))
        for layer, n in zip(architecture.layers, architecture.layer_channels, strict=True)
    ]
    biases = [0.1 * rng.standard_normal(layer.rank) for layer in architecture.layers]
    network = HyperbolicNetwork(architecture, 2, 2)
    network.load_state_dict(weights_from(architecture, kernels, biases))
    network.double()
    data = torch.from_numpy(rng.standard_normal((1, 2, *(8, 12, 8)[:d])))
    last, _ = network.states(data)
    rounded = [k.astype(np.float32).astype(np.float64) for k in kernels]
    expected = theirs(architecture, rounded, [b.astype(np.float32).astype(np.float64) for b in biases], data)
    torch.testing.assert_close(last, expected[:, channel_orders(architecture)[-1].tolist()])
    # Classes are read from the same channels: those of the local means keep their places.
    first = architecture.channels
    torch.testing.assert_close(last[:, :first], expected[:, :first])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("2d 4: down* 1x1", "does not have"), ("2d 4: down(0) 1x1", "does not have"), ("2d 4: up 1x1", "finer than")],
)
def test_what_their_code_does_not_have_is_refused(words, sentence):
    with pytest.raises(ValueError, match=sentence):
        channel_orders(parse(words))


def test_other_arrays_are_named():
    one = parse("2d 4: 1x3")
    with pytest.raises(ValueError, match="2 kernels and 1 biases for 1 layers"):
        weights_from(one, [np.zeros(1)] * 2, [np.zeros(1)])
    with pytest.raises(ValueError, match=r"layer 1 has kernels of shape \(3, 3, 3, 4\)"):
        weights_from(one, [np.zeros((3, 3, 3, 4))], [np.zeros(3)])
