"""What a layer does beside its convolutions: the same from torch, and from Triton's kernels where those can be run.

The kernels run in Triton's interpreter here, and are compiled for cards that are not there (``pip install triton``).
"""

import importlib.util
import itertools
import os
import subprocess
import sys

import pytest
import torch

from napari_fhn.network import hyperbolic, passes
from napari_fhn.network.architecture import levels
from napari_fhn.network.convolution import Bfloat16, Portable
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.transforms import coarsen, refine, resample_

CPU = torch.device("cpu")
LAST = {4: torch.channels_last, 5: torch.channels_last_3d}
SHAPES = [(2, 3, 5, 7), (1, 5, 3, 4, 5), (2, 40, 1, 3, 2)]


def draw(*shape, seed=0, dtype=torch.float32):
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return drawn.to(dtype).contiguous(memory_format=LAST[len(shape)])


def kernels():
    """Load the kernels anew, so that they are made for the interpreter or for a card as the environment says now."""
    pytest.importorskip("triton")
    path = passes.__spec__.origin.replace("passes.py", "triton_passes.py")
    spec = importlib.util.spec_from_file_location("napari_fhn.network._triton_passes_of_test", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["torch", "triton"])
def way(request, monkeypatch):
    """Let torch do what is asked for, or Triton's interpreter."""
    if request.param == "triton":
        monkeypatch.setenv("TRITON_INTERPRET", "1")
        compiled = kernels()
        monkeypatch.setattr(passes, "on_device", lambda array: compiled)
    return request.param


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("apart", [False, True])
def test_a_leap_is_two_states_minus_the_older_one_and_the_layer(way, shape, dtype, apart):
    older, state, back = draw(*shape), draw(*shape, seed=1), draw(*shape, seed=2, dtype=dtype)
    wanted = 2 * state.double() - older.double() - 0.3 * back.double()
    target = torch.full_like(older, torch.nan) if apart else older
    passes.leap_(target, older, state, back, -0.3)
    torch.testing.assert_close(target.double(), wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_adjoint_of_relu_passes_where_it_is_open(way, shape, dtype):
    z, adjoint = draw(*shape, dtype=dtype), draw(*shape, seed=1, dtype=dtype)
    z[:, 0] = 0
    wanted = torch.where(z > 0, adjoint, 0)
    a, back = z.clone(), adjoint.clone()
    total = passes.relu_adjoint_(a, back, biased=True)
    assert torch.equal(a, z.relu())
    assert torch.equal(back, wanted)
    tolerance = 1e-5 if dtype == torch.float32 or way == "triton" else 2e-2
    torch.testing.assert_close(
        total.double(), wanted.double().sum((0, *range(2, z.ndim))), atol=tolerance, rtol=tolerance
    )
    assert passes.relu_adjoint_(a, back, biased=False) is None


@pytest.mark.parametrize(("transform", "dimensions"), [("haar", 2), ("haar", 3), ("shuffle", 3)])
def test_a_slab_changes_its_resolution_in_one_pass(way, transform, dimensions):
    for axes in itertools.chain(*(itertools.combinations(range(dimensions), k) for k in range(1, dimensions + 1))):
        shape = (2, 3, *(6, 4, 8)[:dimensions])
        fine = draw(*shape)
        coarse = coarsen(fine, axes, transform)
        flat = fine.movedim(1, -1).flatten()
        resample_(flat, shape, axes, transform, finer=False)
        torch.testing.assert_close(flat, coarse.movedim(1, -1).flatten())
        resample_(flat, coarse.shape, axes, transform, finer=True)
        torch.testing.assert_close(flat, refine(coarse, axes, transform).movedim(1, -1).flatten())


@pytest.mark.parametrize("convolutions", [Portable(), Bfloat16(in_place=False)])
@pytest.mark.parametrize("keep", ["nothing", "hidden", "states"])
def test_a_network_learns_the_same_with_these_passes(monkeypatch, convolutions, keep):
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    compiled = kernels()
    network = HyperbolicNetwork(levels(3, 3, (3, 5), 1), 2, 2, torch.Generator().manual_seed(0))
    monkeypatch.setattr(hyperbolic, "choose", lambda *_: convolutions)
    network.keep = keep
    data = draw(1, 2, 4, 4, 8)

    def learned():
        scores = network(data)
        return [scores.detach(), *torch.autograd.grad(scores.square().sum(), list(network.parameters()))]

    wanted = learned()
    used = []
    monkeypatch.setattr(passes, "on_device", lambda array: used.append(array) or compiled)
    for ours, theirs in zip(learned(), wanted, strict=True):
        assert (ours - theirs).norm() <= 2e-5 * theirs.norm()
    assert used


def test_kernels_are_tried_before_they_are_trusted(monkeypatch):
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    compiled = kernels()
    assert compiled.agrees(CPU)
    monkeypatch.setattr(compiled, "leap_", lambda target, older, state, back, scale: None)
    assert not compiled.agrees(CPU)


def test_a_processor_has_torch_and_so_has_a_card_without_triton(monkeypatch):
    assert passes.on_device(torch.zeros(3)) is None
    monkeypatch.setitem(sys.modules, "triton", None)
    monkeypatch.delitem(sys.modules, "napari_fhn.network.triton_passes", raising=False)
    assert passes._compiled.__wrapped__(torch.device("cuda")) is None


_COMPILE = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from napari_fhn.network import triton_passes as ours

axes = {"A0": 1, "A1": 1, "A2": 1, "HAAR": True, "BLOCK": 1024}
states, hidden = "*fp32", "*bf16"
cases = [
    (ours._leap, [states, states, states, hidden, "fp32", "i64"], {"BLOCK": 1024}),
    (ours._relu_adjoint, [hidden, hidden, states, "i32", "i32"], {"VOXELS": 64, "M": 32}),
    (ours._resample, [states, states, *["i32"] * 4, "fp32"], {**axes, "FINER": False}),
    (ours._resample, [states, states, *["i32"] * 4, "fp32"], {**axes, "A0": 0, "FINER": True}),
]
for capability in (80, 90):
    for kernel, types, constants in cases:
        left = iter(types)
        types = {name: "constexpr" if name in constants else next(left) for name in kernel.arg_names}
        made = triton.compile(ASTSource(kernel, types, constants), target=GPUTarget("cuda", capability, 32))
        print(kernel.__name__, capability, len(made.asm["cubin"]))
"""


def test_kernels_compile_for_cards_that_are_not_here():
    pytest.importorskip("triton")
    without = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    run = subprocess.run([sys.executable, "-c", _COMPILE], capture_output=True, text=True, env=without, check=False)
    assert run.returncode == 0, run.stderr
    sizes = [int(line.split()[-1]) for line in run.stdout.splitlines()]
    assert len(sizes) == 8
    assert min(sizes) > 0
