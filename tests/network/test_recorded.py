"""When a step is recorded, played again and forgotten, and that it learns the same: on a device that is made up."""

import logging
from dataclasses import replace

import pytest
import torch

from napari_fhn.network import hyperbolic, recorded, workspace
from napari_fhn.network.architecture import levels
from napari_fhn.network.convolution import Portable
from napari_fhn.network.hyperbolic import HyperbolicNetwork


class MadeUp:
    """Records as a GPU does: nothing is done while it is recorded, and each replay fills the same arrays."""

    def __init__(self):
        self.log, self.works = [], []
        self.fault = None

    def record(self, run):
        self.log.append("record")
        if self.fault == "refuses":
            raise RuntimeError("operation not permitted when stream is capturing")
        arrays = [flat for work in self.works for flat in (work.current, work.before, work.scratch, work.states)]
        held, places = [flat.clone() for flat in arrays], self._places()
        kept = run()
        for flat, before in zip(arrays, held, strict=True):
            flat.copy_(before)
        for one in tensors(kept):
            one.fill_(torch.nan)

        def replay():
            self.log.append("replay")
            assert self._places() == places  # a graph knows no names
            for old, new in zip(tensors(kept), tensors(run()), strict=True):
                old.copy_(new if self.fault != "lies" else 1.5 * new)

        return replay, kept

    def _places(self):
        return [(id(work.current), id(work.before)) for work in self.works]


def tensors(found):
    return [found] if isinstance(found, torch.Tensor) else [one for one in found if one is not None]


@pytest.fixture
def device(monkeypatch):
    made_up = MadeUp()
    monkeypatch.setattr(recorded, "recorder_for", lambda device: made_up)
    monkeypatch.setattr(hyperbolic, "choose", lambda *_: Portable())
    make = workspace.Workspace.__init__

    def noted(work, *arguments):
        make(work, *arguments)
        if recorded.recorder_for(work.device) is made_up:
            made_up.works.append(work)

    monkeypatch.setattr(workspace.Workspace, "__init__", noted)
    return made_up


def network(seed=0, **more):
    architecture = replace(levels(2, 4, (3, 2), 1), **more)
    return HyperbolicNetwork(architecture, 1, 2, torch.Generator().manual_seed(seed)).double()


def blocks(number, size=8):
    return torch.randn((number, 1, 1, size, size), generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def step(net, data, rate=0.05):
    """Make one step of gradient descent; return scores, gradients and the error of the inverse."""
    scores = net.scores(data)
    net.zero_grad()
    scores.square().mean().backward()
    found = [scores.detach().clone(), *(p.grad.clone() for p in net.parameters())]
    with torch.no_grad():
        for parameter in net.parameters():
            parameter -= rate * parameter.grad
    return found


def plain(net, data):
    """The same, of a copy whose device records nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorded, "recorder_for", lambda device: None)
        return step(net, data)


def played(log):
    return log.count("replay") - log.count("record")  # what is recorded is tried once


@pytest.mark.parametrize("keep", ["nothing", "hidden", "states"])
def test_what_is_played_again_learns_the_same(device, keep):
    ours, theirs = network(), network()
    ours.keep = theirs.keep = keep
    for data in blocks(7):
        for one, other in zip(step(ours, data), plain(theirs, data), strict=True):
            torch.testing.assert_close(one, other)
        with torch.no_grad():  # a prediction in between exchanges arrays
            torch.testing.assert_close(ours.scores(data), theirs.scores(data))
    assert device.log == ["record", "record", *["replay"] * (2 + 2 * 4)]  # after three steps alike, four are played
    if keep != "states":
        assert 0 < ours.invertibility_error < 1e-12


def test_another_time_step_is_another_recording(device):
    ours, theirs = network(), network()
    for number, data in enumerate(blocks(10)):
        if number == 5:
            ours.h = theirs.h = 0.5
        for one, other in zip(step(ours, data), plain(theirs, data), strict=True):
            torch.testing.assert_close(one, other)
    assert device.log.count("record") == 4
    assert played(device.log) == 2 * (2 + 2)


def test_one_step_of_another_kind_forgets_nothing(device):
    net = network()
    for data in blocks(4):
        step(net, data)
    net.keep = "hidden"
    for data in blocks(1):
        step(net, data)
    net.keep = "nothing"
    before = len(device.log)
    for data in blocks(2):
        step(net, data)
    assert device.log[before:] == ["replay"] * 4


def test_blocks_of_ever_new_sizes_are_not_recorded(device):
    net = network()
    for size in (8, 12, 8, 12, 16, 8):
        step(net, *blocks(1, size))
    assert device.log == []


def test_a_larger_block_takes_the_recording_with_its_arrays(device):
    net = network()
    for data in blocks(4):
        step(net, data)
    with torch.no_grad():
        net.scores(*blocks(1, 32))
    before = len(device.log)
    step(net, *blocks(1))
    assert device.log[before:] == []


@pytest.mark.parametrize("fault", ["refuses", "lies"])
def test_what_cannot_be_recorded_or_says_something_else_goes_on_as_before(device, fault, caplog):
    device.fault = fault
    ours, theirs = network(), network()
    with caplog.at_level(logging.WARNING):
        for data in blocks(7):
            for one, other in zip(step(ours, data), plain(theirs, data), strict=True):
                torch.testing.assert_close(one, other)
    assert device.log.count("record") == (1 if fault == "refuses" else 2)  # tried once, and said once
    assert len(caplog.records) == 1


def test_what_is_not_the_same_each_time_is_not_recorded(device):
    for net, wants in ((network(normalization="batch"), False), (network(activation="tanh"), False), (network(), True)):
        for data in blocks(5):
            net.scores(data.requires_grad_(wants)).sum().backward()
    assert device.log == []


def test_weights_that_change_on_the_way_are_noticed_in_what_is_played_too(device):
    net = network()
    for data in blocks(4):
        step(net, data)
    scores = net.scores(*blocks(1))
    with torch.no_grad():
        net.kernels[0].add_(0.1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        scores.sum().backward()


def test_a_processor_records_nothing():
    assert recorded.recorder_for(torch.device("cpu")) is None
    assert isinstance(recorded.recorder_for(torch.device("cuda", 1)), recorded.CudaRecorder)
