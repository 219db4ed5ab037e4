"""What may be granted, as properties; and what there is to grant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.errors import BadConfig
from sandbox.leases.capacity import measure_capacity
from sandbox.leases.demand import Ask, Capacity, Gpu, Grant
from sandbox.leases.fit import fits, free_of, grant

asks = st.builds(Ask, cpus=st.integers(1, 5), memory_mb=st.integers(1, 60), gpus=st.integers(0, 4))
machines = st.builds(
    lambda cores, memory, gpus: Capacity(
        cores=tuple(range(cores)),
        memory_mb=memory,
        gpus=tuple(Gpu(uuid=f"GPU-{i}", name="x", memory_mb=1) for i in range(gpus)),
    ),
    st.integers(1, 8),
    st.integers(1, 100),
    st.integers(0, 5),
)


def held_by(machine: Capacity, wanted: list[Ask]) -> list[Grant]:
    """Grants of those that fit, one after the other."""
    held: list[Grant] = []
    for ask in wanted:
        if granted := grant(ask, machine, held, ()):
            held.append(granted)
    return held


@given(machines, st.lists(asks, max_size=6))
def test_grants_never_share_a_core_a_device_or_memory(machine: Capacity, wanted: list[Ask]) -> None:
    held = held_by(machine, wanted)
    for what, all_of in (("cores", machine.cores), ("gpus", tuple(gpu.uuid for gpu in machine.gpus))):
        given_out = [item for granted in held for item in getattr(granted, what)]
        assert len(given_out) == len(set(given_out))
        assert set(given_out) <= set(all_of)
    assert sum(granted.memory_mb for granted in held) <= machine.memory_mb


@given(machines, st.lists(asks, max_size=4), asks)
def test_a_grant_is_all_that_was_asked_for_and_is_given_where_it_fits(
    machine: Capacity, wanted: list[Ask], ask: Ask
) -> None:
    held = held_by(machine, wanted)
    granted = grant(ask, machine, held, ())
    assert (granted is not None) == fits(ask, free_of(machine, held))
    if granted:
        assert (len(granted.cores), granted.memory_mb, len(granted.gpus)) == (ask.cpus, ask.memory_mb, ask.gpus)


@given(machines, st.lists(asks, max_size=4), st.lists(asks, min_size=1, max_size=4), asks)
def test_whoever_goes_first_out_of_turn_delays_nobody_before_it(
    machine: Capacity, wanted: list[Ask], waiting: list[Ask], late: Ask
) -> None:
    held = held_by(machine, wanted)
    granted = grant(late, machine, held, waiting)
    if granted is None:
        return
    for i, ask in enumerate(waiting):
        before = grant(ask, machine, held, waiting[:i])
        after = grant(ask, machine, [*held, granted], waiting[:i])
        assert (before is None) == (after is None)


def fake_proc(tmp_path: Path, groups: str, total_kb: int = 4_000_000) -> Path:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text(groups)
    (tmp_path / "proc" / "meminfo").write_text(f"MemTotal: {total_kb} kB\nMemFree: 1 kB\n")
    return tmp_path / "proc"


@pytest.mark.parametrize(
    ("groups", "limits"),
    [
        ("0::/a/b\n", {"a/cpu.max": "100000 100000", "a/b/cpu.max": "max 100000", "a/b/memory.max": "1048576000"}),
        ("0::/of/the/host\n", {"cpu.max": "150000 100000", "memory.max": "1048576000"}),
        ("4:cpu,cpuacct:/a\n3:memory:/a\n", {"cpu/a/cpu.cfs_quota_us": "50000", "cpu/a/cpu.cfs_period_us": "100000",
                                             "memory/a/memory.limit_in_bytes": "1048576000"}),
    ],
)  # fmt: skip
def test_the_machine_is_what_the_control_group_lets_it_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: str, limits: dict[str, str]
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {5, 3, 4})
    for name, text in limits.items():
        (tmp_path / "sys" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sys" / name).write_text(text + "\n")
    found = measure_capacity(cgroups=tmp_path / "sys", proc=fake_proc(tmp_path, groups))
    assert (found.cores, found.memory_mb) == ((3,), 900)


def test_a_machine_without_limits_gives_its_cores_and_nine_tenths_of_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 0})
    proc = fake_proc(tmp_path, "0::/\n", 1024 * 1000)
    assert measure_capacity(cgroups=tmp_path, proc=proc) == Capacity(cores=(0, 1), memory_mb=900)
    assert measure_capacity(1, 1000, cgroups=tmp_path, proc=proc) == Capacity(cores=(0,), memory_mb=1000)
    for cpus, memory in ((3, 0), (0, 1001)):
        with pytest.raises(BadConfig, match="to be leased"):
            measure_capacity(cpus, memory, cgroups=tmp_path, proc=proc)
