"""Several processes that train together: who is who, and which device each of them takes."""

import pytest
import torch

from napari_fhn.training.distributed import ranks
from napari_fhn.training.distributed.ranks import ALONE, Joined, RankLost, join, restarted, started_together
from napari_fhn.training.errors import JobError
from napari_fhn.training.machine import device

TORCHRUN = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}


def gpus(monkeypatch, count, shown=""):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    monkeypatch.delenv("HIP_VISIBLE_DEVICES", raising=False)
    found = ["cuda", *(f"cuda:{number}" for number in range(count)), "cpu"] if count else ["cpu"]
    monkeypatch.setattr(device, "present", lambda: found)
    monkeypatch.setattr(ranks, "present", lambda: found)


@pytest.mark.parametrize("asked", ["auto", "cuda"])
def test_each_process_of_a_machine_takes_a_gpu_of_its_own(monkeypatch, asked):
    gpus(monkeypatch, 4)
    # Two nodes of four: which process of its machine it is counts, not which of all.
    taken = [Joined(4 + local, 8, local, 4).device(asked) for local in range(4)]
    assert taken == [torch.device("cuda", number) for number in range(4)]


def test_a_process_that_is_shown_one_gpu_takes_that(monkeypatch):
    gpus(monkeypatch, 1, shown="3")
    assert Joined(3, 4, 3, 4).device("cuda") == torch.device("cuda", 0)


def test_more_processes_than_gpus_are_refused_with_how_many_there_are(monkeypatch):
    gpus(monkeypatch, 2)
    with pytest.raises(JobError, match=r"has 2 GPUs and 3 processes: start at most 2, or choose the device 'cpu'"):
        Joined(0, 3, 0, 3).device("auto")
    with pytest.raises(JobError, match="cannot all train on cuda:1: choose 'cuda'"):
        Joined(0, 2, 0, 2).device("cuda:1")
    assert Joined(0, 3, 0, 3).device("cpu") == torch.device("cpu")


def test_without_a_gpu_the_processor_is_taken_and_its_memory_shared(monkeypatch):
    gpus(monkeypatch, 0)
    monkeypatch.setattr(ranks, "free_bytes", lambda name: 900)
    company = Joined(0, 3, 0, 3)
    monkeypatch.setattr(company, "numbers", lambda values: [values, [250.0], [400.0]])
    assert company.device("auto") == torch.device("cpu")
    assert company.free_bytes(torch.device("cpu")) == 250
    with pytest.raises(JobError, match="no device 'cuda'"):
        company.device("cuda")


@pytest.mark.parametrize("left_out", [*TORCHRUN, None])
def test_processes_are_several_where_all_is_said_of_them(left_out):
    said = {name: value for name, value in TORCHRUN.items() if name != left_out}
    assert started_together(said) is (left_out is None)


def test_one_process_is_alone_and_waits_for_nobody():
    assert join({}) is ALONE
    assert ALONE.tell({"do": "end"}) == {"do": "end"}
    assert ALONE.numbers([1.0, 2.0]) == [[1.0, 2.0]]
    with pytest.raises(ValueError, match="mine"):
        ALONE.meet(ValueError("mine"))
    assert not restarted({})
    assert not restarted({"TORCHELASTIC_RESTART_COUNT": "0"})
    assert restarted({"TORCHELASTIC_RESTART_COUNT": "2"})


def test_whoever_is_well_hears_what_another_has_in_words(monkeypatch):
    company = Joined(0, 3, 0, 3)
    monkeypatch.setattr(company, "numbers", lambda values: [values, [0.0], [2.0]])
    monkeypatch.setattr(company, "gather", lambda value: [value, "", "there is no such file (on node7)"])
    with pytest.raises(RankLost, match=r"process 2 of 3 cannot go on: there is no such file \(on node7\)"):
        company.meet()
    assert company.parted


def test_memory_that_ran_out_elsewhere_ran_out_for_all(monkeypatch):
    company = Joined(0, 2, 0, 2)
    monkeypatch.setattr(company, "numbers", lambda values: [values, [1.0]])
    with pytest.raises(MemoryError):
        company.meet()
    assert not company.parted
