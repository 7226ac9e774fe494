"""Limits of memory are found in every group around this process, of both versions, as the system tells of them."""

from __future__ import annotations

import pytest

from napari_fhn.training.machine import groups
from napari_fhn.training.machine.memory import free_bytes

V2 = "25 1 0:22 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
OTHER = "36 31 0:33 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n22 1 0:5 / /proc rw - proc proc rw\n"


@pytest.fixture
def machine(tmp_path):
    """Make the files of a machine: what the process says of its groups, and what they say."""

    def make(cgroup, mounts, files):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(cgroup)
        (tmp_path / "proc/self/mountinfo").write_text(OTHER + mounts)
        (tmp_path / "proc/meminfo").write_text("MemTotal: 9000 kB\nMemAvailable: 8000 kB\n")
        for name, text in files.items():
            path = tmp_path / "sys/fs/cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(text))
        return tmp_path

    return make


def test_without_groups_the_machine_says_what_is_free(machine):
    root = machine("0::/\n", V2, {})
    assert groups.left(root) is None
    assert free_bytes(root=root) == 8000 << 10
    assert free_bytes(root=root / "nowhere") > 0


@pytest.mark.parametrize("tight", ["", "slurm", "slurm/job_7", "slurm/job_7/step_0"])
def test_the_tightest_group_around_it_counts_wherever_it_is(machine, tight):
    """A job of Slurm, a slice of systemd and the group of a container may each have the limit."""
    place = "slurm/job_7/step_0"
    files = {f"{group}/memory.max": "max" for group in ("slurm", "slurm/job_7", place)}
    files |= {f"{group}/memory.current".lstrip("/"): 3_000_000 for group in ("", "slurm", "slurm/job_7", place)}
    files[f"{tight}/memory.max".lstrip("/")] = 4_000_000
    root = machine(f"0::/{place}\n", V2, files)
    assert groups.left(root) == 1_000_000
    assert free_bytes(root=root) == 1_000_000


def test_what_slows_a_group_down_is_a_limit_and_copies_of_files_are_free(machine):
    files = {"a/memory.max": 9_000_000, "a/memory.high": 5_000_000, "a/memory.current": 3_000_000}
    files["a/memory.stat"] = "anon 1\nfile 2000000\ninactive_file 500000\n"
    assert groups.left(machine("0::/a\n", V2, files)) == 2_500_000


def test_a_group_that_has_more_than_it_may_leaves_nothing(machine):
    root = machine("0::/a\n", V2, {"a/memory.max": 100, "a/memory.current": 200})
    assert free_bytes(root=root) == 0


def test_the_first_version_is_nested_too(machine):
    files = {
        "memory/docker/x/memory.limit_in_bytes": 9223372036854771712,
        "memory/docker/x/memory.usage_in_bytes": 10,
        "memory/docker/memory.limit_in_bytes": 2_000_000,
        "memory/docker/memory.usage_in_bytes": 1_700_000,
        "memory/docker/memory.stat": "inactive_file 5\ntotal_inactive_file 200000\n",
    }
    root = machine("9:name=systemd:/\n4:cpu,memory:/docker/x\n0::/\n", V1, files)
    assert groups.left(root) == 500_000


def test_a_container_that_sees_its_own_group_as_the_top_one(machine):
    mounts = V2.replace(" / /sys", " /docker/x /sys")
    assert groups.left(machine("0::/docker/x\n", mounts, {"memory.max": 500, "memory.current": 100})) == 400


def test_a_group_outside_of_what_is_seen(machine):
    assert groups.left(machine("0::/../../x\n", V2, {"memory.max": 500, "memory.current": 100})) == 400


@pytest.mark.parametrize("text", ["", "many\n", "\x00\xff", "1:2", "0::", "a b c - cgroup2", " - cgroup2 cgroup2 rw"])
def test_what_the_system_does_not_say_clearly_is_left_out(machine, text):
    root = machine(text, text, {"memory.max": text})
    assert groups.left(root) is None
    assert groups.killed(root) == 0


def test_who_was_ended_for_want_of_memory_is_counted(machine):
    root = machine("0::/a\n", V2, {"a/memory.events": "low 0\noom 2\noom_kill 3\n"})
    assert groups.killed(root) == 3
