"""K^T is the adjoint of K, and every implementation gives what torch's public functions give."""

import math

import pytest
import torch
import torch.nn.functional as F

from napari_fhn.network import convolution, onednn, pieces
from napari_fhn.network.convolution import Bfloat16, Fused, Portable, choose
from napari_fhn.network.resting import Resting

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
    if onednn.fusion_works(torch.bfloat16):
        yield pytest.param(Bfloat16(in_place=True), torch.float32, 3e-2, id="bfloat16")
    yield pytest.param(Bfloat16(in_place=False), torch.float32, 3e-2, id="bfloat16, portable")


@pytest.mark.parametrize(("d", "m", "n", "space"), CASES)
@pytest.mark.parametrize(("ours", "dtype", "tolerance"), list(implementations()))
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_agrees_with_plain_convolutions(ours, dtype, tolerance, d, m, n, space, batch):
    state, hidden, kernels, bias = draw(d, m, n, space, dtype, batch)
    convolve, transposed = {2: (F.conv2d, F.conv_transpose2d), 3: (F.conv3d, F.conv_transpose3d)}[d]
    staging = torch.empty(ours.staging_bytes(state.numel(), hidden.numel()) // 4) if ours.in_place else None
    inner = ours.hidden_dtype(dtype)

    def close(got, expected):
        assert (got.to(dtype) - expected).abs().max() <= tolerance * expected.abs().max()

    out = torch.full_like(hidden, torch.nan, dtype=inner) if ours.in_place else None
    for given in (bias, None):
        got = ours.convolve(state, kernels, given, out, staging)
        assert got.dtype == inner
        assert out is None or got is out
        close(got, convolve(state, kernels, given, padding=1))

    target = torch.ones_like(state)
    ours.add_transposed(target, hidden.to(inner), kernels, -0.3, staging)
    close(target, 1 - 0.3 * transposed(hidden, kernels, padding=1))

    older = torch.empty_like(state).copy_(state.flip(1))
    wanted = 2 * state - older - 0.3 * transposed(hidden, kernels, padding=1)
    for target in (torch.full_like(state, torch.nan), older):
        ours.leap(target, older, state, hidden.to(inner), kernels, -0.3, staging)
        close(target, wanted)

    leaf = kernels.clone().requires_grad_()
    (expected,) = torch.autograd.grad(convolve(state, leaf, padding=1), leaf, hidden)
    close(ours.kernel_gradient(hidden.to(inner), state, kernels, staging), expected)


@pytest.mark.parametrize("lacks", [True, False], ids=["by sheets", "in 3D"])
@pytest.mark.parametrize("space", [(1, 8, 3), (2, 4, 4), (3, 1, 1), (7, 5, 6)])
@pytest.mark.parametrize("batch", [1, 3])
def test_the_gradient_of_kernels_in_3d_is_the_same_with_and_without_a_routine_for_it(monkeypatch, lacks, space, batch):
    monkeypatch.setattr(onednn, "lacks_gradient_in_3d", lambda: lacks)
    monkeypatch.setattr(pieces, "MOST", 2000)
    state, hidden, kernels, _ = draw(3, 8, 5, space, torch.float64, batch)
    leaf = kernels.requires_grad_()
    (exact,) = torch.autograd.grad(F.conv3d(state, leaf, padding=1), leaf, hidden)
    found = Fused().kernel_gradient(hidden.float(), state.float(), kernels.detach().float(), None)
    assert (found - exact).abs().max() <= 1e-6 * exact.abs().max()


@pytest.mark.parametrize(("d", "m", "n", "space"), CASES)
def test_dot_test(d, m, n, space):
    state, hidden, kernels, _ = draw(d, m, n, space, torch.float64)
    ours, back = Portable(), torch.zeros_like(state)
    out = ours.convolve(state, kernels, None, None, None)
    ours.add_transposed(back, hidden, kernels, 1.0, None)
    torch.testing.assert_close((out * hidden).sum(), (state * back).sum())


def test_a_build_without_the_fused_convolution_gets_the_portable_one(monkeypatch):
    assert type(choose(torch.float64, CPU)) is Portable
    assert type(choose(torch.float32, CPU, bfloat16=True)) is Bfloat16

    def missing(*_):
        raise AttributeError("no such operator")

    onednn.fusion_works.cache_clear()
    monkeypatch.setattr(onednn, "accumulate", missing)
    try:
        assert type(choose(torch.float32, CPU)) is Portable
    finally:
        onednn.fusion_works.cache_clear()


@pytest.mark.parametrize(("d", "m", "n", "space"), [(2, 3, 8, (37, 6)), (3, 2, 5, (19, 5, 6)), (3, 5, 2, (4, 5, 6))])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("most", [150, 700, 6000])
def test_what_is_too_large_for_one_call_is_convolved_in_pieces(monkeypatch, d, m, n, space, batch, most):
    calls = []

    def watched(hidden, state, *others):
        calls.append((hidden, state))
        return backward(hidden, state, *others)

    backward = convolution._backward
    monkeypatch.setattr(convolution, "_backward", watched)
    monkeypatch.setattr(pieces, "MOST", most * 8)
    test_agrees_with_plain_convolutions(Portable(), torch.float64, 1e-12, d, m, n, space, batch)
    # Three rows are the least that can be convolved with what lies around them.
    row = max(m, n) * math.prod(space[1:])
    assert max(array.numel() for pair in calls for array in pair) <= max(most, 4 * row)
    whole = max(m, n) * math.prod(space) * batch <= most
    assert (len(calls) == 4) is whole  # transposed, leapt twice, and the gradient


@pytest.mark.parametrize(("ours", "tolerance"), [(Fused(), 1e-5), (Bfloat16(in_place=True), 3e-2)])
def test_the_gradient_of_the_kernels_is_summed_over_pieces_on_a_cpu(monkeypatch, ours, tolerance):
    if not onednn.fusion_works(ours.hidden_dtype(torch.float32)):
        pytest.skip("this processor or build has no such convolution")
    monkeypatch.setattr(pieces, "MOST", 2000)
    test_agrees_with_plain_convolutions(ours, torch.float32, tolerance, 3, 2, 5, (19, 5, 6), 2)


@pytest.mark.parametrize(("d", "m", "n", "space"), CASES)
@pytest.mark.parametrize(("ours", "dtype", "tolerance"), list(implementations()))
def test_kernels_prepared_once_say_the_same_bits(ours, dtype, tolerance, d, m, n, space):
    state, hidden, kernels, bias = draw(d, m, n, space, dtype)
    staging = torch.empty(ours.staging_bytes(state.numel(), hidden.numel()) // 4) if ours.in_place else None
    asked, found = [], []
    resting = Resting(lambda: asked.append(1))
    prepared = Bfloat16(ours.in_place, resting) if isinstance(ours, Bfloat16) else type(ours)(resting)
    for one in (ours, prepared, prepared):
        inner, back = torch.empty_like(hidden, dtype=one.hidden_dtype(dtype)), torch.ones_like(state)
        z = one.convolve(state, kernels, bias, inner, staging, relu=True)
        one.leap(back, back.clone(), state, z, kernels, -0.25, staging)
        found.append((z.clone(), back))
    assert (found[0][0] == 0).any()
    for z, back in found[1:]:
        assert torch.equal(z, found[0][0])
        assert torch.equal(back, found[0][1])
    assert len(asked) == 4
    plain = ours.convolve(state, kernels, bias, torch.empty_like(inner), staging)
    assert torch.equal(plain.relu(), found[0][0])


def test_kernels_of_large_networks_are_made_each_time(monkeypatch):
    made = []
    one, other = torch.ones(8), torch.zeros(8)
    monkeypatch.setattr("napari_fhn.network.resting._MOST", one.numel() * 4)
    resting = Resting()
    for kernels in (one, one, other, other):
        assert torch.equal(resting.prepared(kernels, "as they are", lambda k: made.append(k) or k), kernels)
    assert [k is one for k in made] == [True, False, False]


def test_a_build_that_does_not_pack_kernels_goes_without(monkeypatch):
    if not onednn.fusion_works(torch.float32):
        pytest.skip("this build has no such convolution")

    def missing(*_):
        raise NotImplementedError("no such operator")

    state, _, kernels, bias = draw(2, 3, 8, (5, 6), torch.float32)
    wanted = Fused().convolve(state, kernels, bias, state.new_empty(2, 3, 5, 6), None)
    onednn.packing_works.cache_clear()
    monkeypatch.setattr(onednn, "in_order", missing)
    try:
        assert torch.equal(Fused(Resting()).convolve(state, kernels, bias, state.new_empty(2, 3, 5, 6), None), wanted)
    finally:
        onednn.packing_works.cache_clear()
