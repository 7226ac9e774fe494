"""K^T is the adjoint of K, and every implementation gives what torch's public functions give."""

import pytest
import torch
import torch.nn.functional as F

from napari_fhn.network import convolution
from napari_fhn.network.convolution import Bfloat16, Fused, Portable, choose

CASES = [
    (2, 3, 8, (5, 6)),
    (2, 8, 3, (16, 1)),
    (3, 2, 5, (4, 5, 6)),
    (3, 5, 2, (1, 8, 3)),
    (3, 3, 2, (1, 1, 9)),
    (3, 32, 64, (2, 4, 4)),
]
CPU = torch.device("cpu")


def last(array):
    layout = torch.channels_last_3d if array.ndim == 5 else torch.channels_last
    return array.contiguous(memory_format=layout)


def draw(d, m, n, space, dtype, batch=2):
    g = torch.Generator().manual_seed(0)
    random = lambda *shape: torch.randn(shape, generator=g, dtype=torch.float64).to(dtype)  # noqa: E731
    return (
        last(random(batch, n, *space)),
        last(random(batch, m, *space)),
        last(random(m, n, *[3] * d)),
        random(m),
    )


def implementations():
    if choose(torch.float32, CPU).__class__ is Fused:
        yield pytest.param(Fused(), torch.float32, 1e-5, id="fused")
    yield pytest.param(Portable(), torch.float32, 1e-5, id="portable, single")
    yield pytest.param(Portable(), torch.float64, 1e-12, id="portable, double")
    yield pytest.param(Bfloat16(), torch.float32, 3e-2, id="bfloat16")


@pytest.mark.parametrize(("d", "m", "n", "space"), CASES)
@pytest.mark.parametrize(("ours", "dtype", "tolerance"), list(implementations()))
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_agrees_with_plain_convolutions(ours, dtype, tolerance, d, m, n, space, batch):
    state, hidden, kernels, bias = draw(d, m, n, space, dtype, batch)
    convolve, transposed = {2: (F.conv2d, F.conv_transpose2d), 3: (F.conv3d, F.conv_transpose3d)}[d]
    staging = torch.empty(ours.staging_bytes(state.numel(), hidden.numel()) // 4)
    inner = ours.hidden_dtype(dtype)

    def close(got, expected):
        assert (got.to(dtype) - expected).abs().max() <= tolerance * expected.abs().max()

    out = torch.full_like(hidden, torch.nan, dtype=inner)
    ours.convolve_into(out, state, kernels, bias, staging)
    close(out, convolve(state, kernels, bias, padding=1))
    ours.convolve_into(out, state, kernels, None, staging)
    close(out, convolve(state, kernels, None, padding=1))

    target = torch.ones_like(state)
    ours.add_transposed(target, hidden.to(inner), kernels, -0.3, staging)
    close(target, 1 - 0.3 * transposed(hidden, kernels, padding=1))

    leaf = kernels.clone().requires_grad_()
    (expected,) = torch.autograd.grad(convolve(state, leaf, padding=1), leaf, hidden)
    close(ours.kernel_gradient(hidden.to(inner), state, kernels, staging), expected)


@pytest.mark.parametrize(("d", "m", "n", "space"), CASES)
def test_dot_test(d, m, n, space):
    state, hidden, kernels, _ = draw(d, m, n, space, torch.float64)
    ours, out, back = Portable(), torch.empty_like(hidden), torch.zeros_like(state)
    ours.convolve_into(out, state, kernels, None, torch.empty(0))
    ours.add_transposed(back, hidden, kernels, 1.0, torch.empty(0))
    torch.testing.assert_close((out * hidden).sum(), (state * back).sum())


def test_a_build_without_the_fused_convolution_gets_the_portable_one(monkeypatch):
    assert type(choose(torch.float64, CPU)) is Portable
    assert type(choose(torch.float32, CPU, bfloat16=True)) is Bfloat16

    def missing(*_):
        raise AttributeError("no such operator")

    convolution._fusion_works.cache_clear()
    monkeypatch.setattr(convolution, "_accumulate", missing)
    try:
        assert type(choose(torch.float32, CPU)) is Portable
    finally:
        convolution._fusion_works.cache_clear()


def test_bfloat16_without_the_fused_convolution(monkeypatch):
    state, hidden, kernels, bias = draw(3, 3, 4, (4, 4, 4), torch.float32)
    monkeypatch.setattr(convolution, "_fuses", lambda _: False)
    staging = torch.empty(Bfloat16().staging_bytes(state.numel(), hidden.numel()) // 4)
    out = torch.empty_like(hidden, dtype=torch.bfloat16)
    Bfloat16().convolve_into(out, state, kernels, bias, staging)
    torch.testing.assert_close(out.float(), F.conv3d(state, kernels, bias, padding=1), atol=0.2, rtol=0.05)
    target = torch.zeros_like(state)
    Bfloat16().add_transposed(target, hidden.bfloat16(), kernels, 1.0, staging)
    torch.testing.assert_close(target, F.conv_transpose3d(hidden, kernels, padding=1), atol=0.2, rtol=0.05)


@pytest.mark.parametrize(("d", "m", "n", "space"), [(2, 3, 8, (37, 6)), (3, 2, 5, (19, 5, 6))])
def test_large_arrays_are_convolved_in_slabs(monkeypatch, d, m, n, space):
    state = draw(d, m, n, space, torch.float64)[0]
    monkeypatch.setattr(convolution, "_SLAB", state.numel() * 8 // 5)
    assert len(list(convolution._slabs(state))) > 1
    test_agrees_with_plain_convolutions(Portable(), torch.float64, 1e-12, d, m, n, space, 2)
    test_agrees_with_plain_convolutions(Bfloat16(), torch.float32, 3e-2, d, m, n, space, 1)
