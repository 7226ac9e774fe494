"""Running out of memory is known by its many names, and no other error is taken for it."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from napari_fhn.training.machine.memory import free_bytes, is_out_of_memory


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."),
        RuntimeError("MPS backend out of memory (MPS allocated: 1.00 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_memory_that_ran_out(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"),
        ValueError("out of memory"),
        OSError(),
    ],
)
def test_other_errors_are_not_about_memory(error):
    assert not is_out_of_memory(error)


def test_what_the_libraries_here_really_raise():
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        torch.empty(1 << 60)
    assert is_out_of_memory(caught.value)
    with pytest.raises(MemoryError) as of_numpy:
        np.ones(1 << 55)
    assert is_out_of_memory(of_numpy.value)


def test_free_memory_of_this_machine():
    assert 1 << 20 < free_bytes() < 1 << 50


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process is not told how large it is")
def test_the_limit_of_the_process_itself_counts():
    code = (
        "import resource; from napari_fhn.training.machine.memory import free_bytes;"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); print(free_bytes())"
    )
    free = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)
    assert 0 < free < (1 << 30) - (1 << 24)


def test_the_machine_is_asked_without_torch():
    code = (
        "import sys; from napari_fhn.training.machine.memory import free_bytes\n"
        "free_bytes(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
