"""Work side by side: in order, with a thread of torch each, and the same bits as one after the other."""

import threading
import time
from dataclasses import replace

import pytest
import torch

from napari_fhn.network import hyperbolic
from napari_fhn.network import side_by_side as sides
from napari_fhn.network.architecture import Reading, levels
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.side_by_side import shares, side_by_side

CPU = torch.device("cpu")


@pytest.fixture
def threads():
    """Give torch as many threads as are asked for, for a while."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_as_many_at_a_time_as_torch_has_threads_and_each_with_one(threads):
    threads(2)
    both = threading.Barrier(2, timeout=20)
    seen = list(side_by_side(lambda n: (both.wait(), n, torch.get_num_threads())[1:], range(4)))
    assert seen == [(0, 1), (1, 1), (2, 1), (3, 1)]
    assert torch.get_num_threads() == 2
    heard = []
    thread = threading.Thread(target=lambda: heard.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert heard == [2]


@pytest.mark.parametrize(("count", "items"), [(1, 3), (2, 1)])
def test_where_there_is_nothing_to_share_it_is_done_here(threads, count, items):
    threads(count)
    here = {threading.get_ident()}
    assert {one for one, _ in side_by_side(lambda n: (threading.get_ident(), n), range(items))} == here


def test_what_goes_wrong_is_raised_and_the_rest_ends(threads):
    threads(2)
    done = []

    def work(n):
        done.append(n)
        time.sleep(1e-3)
        if n == 0:
            raise MemoryError("out of memory")
        return n

    found = side_by_side(work, range(500))
    with pytest.raises(MemoryError, match="out of memory"):
        list(found)
    assert len(done) < 500
    assert torch.get_num_threads() == 2


def test_a_copy_of_a_process_has_threads_of_its_own(threads):
    threads(2)
    assert list(side_by_side(abs, [-1, -2])) == [1, 2]
    sides._crew.forget()  # as a copy begins
    assert list(side_by_side(abs, [-1, -2])) == [1, 2]


@pytest.mark.parametrize(("batch", "count", "wanted"), [(4, 2, [2, 2]), (3, 2, [1, 2]), (2, 4, [1, 1]), (1, 4, [1])])
def test_examples_are_shared_evenly(threads, batch, count, wanted):
    threads(count)
    assert shares(batch) == wanted
    assert shares(batch, 100) == [batch]  # small ones are done sooner than handed over


@pytest.mark.parametrize("keep", ["nothing", "hidden", "states"])
@pytest.mark.parametrize("head", ["partial", "linear"])
def test_examples_learn_side_by_side_what_they_learn_together(threads, monkeypatch, keep, head):
    monkeypatch.setattr(sides, "_LEAST", 1)
    architecture = replace(levels(2, 8, (3, 2), 1), reading=Reading(head=head))
    network = HyperbolicNetwork(architecture, 2, 3, torch.Generator().manual_seed(0))
    network.keep = keep
    data = torch.randn((3, 2, 8, 12), generator=torch.Generator().manual_seed(1), requires_grad=True)
    found = {}
    for count in (1, 2, 3):
        threads(count)
        monkeypatch.setattr(hyperbolic, "shares", lambda batch, _: shares(batch))
        scores = network.scores(data)
        gradients = torch.autograd.grad(scores.square().sum(), [data, *network.parameters()])
        found[count] = scores.detach(), *gradients
        assert network._pool.most == count
        assert len(network._pool.waiting) == count
    for count in (2, 3):
        assert torch.equal(found[count][0], found[1][0])
        for ours, theirs in zip(found[count][1:], found[1][1:], strict=True):
            assert (ours - theirs).norm() <= 1e-5 * theirs.norm()
    assert keep == "states" or network.invertibility_error < 1e-5


def test_examples_that_know_of_each_other_stay_together(threads):
    threads(2)
    alone = HyperbolicNetwork(levels(2, 8, (2,), 1), 1, 2)
    assert alone._shares(4, 1 << 20, CPU) == [2, 2]
    assert alone._shares(4, 1 << 20, torch.device("cuda")) == [4]
    batch = replace(alone.architecture, normalization="batch")
    assert HyperbolicNetwork(batch, 1, 2)._shares(4, 1 << 20, CPU) == [4]
