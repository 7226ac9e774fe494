"""The device that is asked for, with its own memory: on a table of devices that are not there."""

from types import SimpleNamespace

import pytest
import torch

from napari_fhn.network.architecture import levels
from napari_fhn.network.convolution import Bfloat16, Portable, bfloat16_pays, choose
from napari_fhn.training.job import JobError
from napari_fhn.training.machine import peak, speed
from napari_fhn.training.machine.device import choose_device, describe, memory_held, present
from napari_fhn.training.machine.memory import free_bytes, taken_device

GB = 10**9
#: Of each card: total, free, held by torch, of that in use.
CARDS = [(8 * GB, 1 * GB, 0, 0), (24 * GB, 20 * GB, 3 * GB, 1 * GB)]


@pytest.fixture
def cards(monkeypatch):
    """A machine with two cards, of which the first is current."""

    def number(device=None):
        found = torch.device("cuda" if device is None else device) if not isinstance(device, int) else device
        return found if isinstance(found, int) else found.index or 0

    cuda = torch.cuda
    monkeypatch.setattr(cuda, "is_available", lambda: True)
    monkeypatch.setattr(cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(cuda, "device_count", lambda: 2)
    monkeypatch.setattr(cuda, "get_device_name", lambda device=None: f"Card {number(device)}")
    monkeypatch.setattr(cuda, "mem_get_info", lambda device=None: (CARDS[number(device)][1], CARDS[number(device)][0]))
    monkeypatch.setattr(cuda, "memory_reserved", lambda device=None: CARDS[number(device)][2])
    monkeypatch.setattr(cuda, "memory_allocated", lambda device=None: CARDS[number(device)][3])
    monkeypatch.setattr(cuda, "reset_peak_memory_stats", lambda device=None: None)
    monkeypatch.setattr(cuda, "max_memory_allocated", lambda device=None: 5 * GB if number(device) else 0)


@pytest.fixture
def apple(monkeypatch):
    """A machine with Apple's GPU and no card."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    mps = SimpleNamespace(recommended_max_memory=lambda: 12 * GB, driver_allocated_memory=lambda: 2 * GB)
    monkeypatch.setattr(torch, "mps", mps)


@pytest.mark.parametrize(
    ("name", "device", "title", "free"),
    [
        ("auto", "cuda", "Card 0", 1 * GB),
        ("cuda", "cuda", "Card 0", 1 * GB),
        ("cuda:0", "cuda:0", "Card 0", 1 * GB),
        ("cuda:1", "cuda:1", "Card 1", 22 * GB),
    ],
)
def test_each_card_has_a_name_and_memory_of_its_own(cards, name, device, title, free):
    chosen = choose_device(name)
    assert str(chosen) == device
    assert free_bytes(str(chosen)) == free
    assert describe(chosen).title == title
    assert describe(chosen).free == free
    if name == "cuda:1":
        assert memory_held(chosen) == GB


def test_the_peak_is_that_of_the_card_that_was_used(cards):
    with peak.Peak() as watched:
        pass
    assert watched.grown() == 4 * GB


def test_a_card_that_is_not_there_is_refused_with_those_that_are(cards):
    assert present() == ["cuda", "cuda:0", "cuda:1", "cpu"]
    with pytest.raises(JobError, match=r"no device 'cuda:2'; it has cuda, cuda:0, cuda:1, cpu"):
        choose_device("cuda:2")


def test_apple_s_gpu_is_taken_by_itself_and_counts_its_own_memory(apple):
    assert present() == ["mps", "cpu"]
    chosen = choose_device("auto")
    assert chosen.type == "mps"
    assert free_bytes("mps") == 10 * GB
    assert describe(chosen).title == "MPS"
    assert taken_device("mps") == "mps"
    assert type(choose(torch.float32, chosen)) is Portable
    assert not bfloat16_pays(2, chosen)
    assert speed.precision("auto", levels(2, 8, (2,), 1), (8, 8), chosen) == "float32"


def test_a_card_convolves_with_arrays_of_its_own():
    card = torch.device("cuda", 1)
    assert type(choose(torch.float32, card)) is Portable
    half = choose(torch.float32, card, bfloat16=True)
    assert isinstance(half, Bfloat16)
    assert not half.in_place
