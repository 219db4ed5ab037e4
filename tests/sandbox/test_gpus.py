"""Which GPUs there are, by a fake `nvidia-smi` on PATH, and whether a box gets one."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from orchestrator.core.errors import NotAvailable
from sandbox.leases import machine
from sandbox.leases.decision import Answer, decide, with_gpus
from sandbox.leases.demand import Capacity, Demand, Gpu
from sandbox.leases.gpus import Found, discover
from sandbox.leases.machine import leases_for, this_machine
from sandbox.process import command
from sandbox.process.backend import ProcessSandbox
from sandbox.protocol import BoxSpec


def uuid(digit: str, kind: str = "GPU") -> str:
    return f"{kind}-{digit * 8}-{digit * 4}-{digit * 4}-{digit * 4}-{digit * 12}"


A, B, C = uuid("a"), uuid("b"), uuid("c")
M1, M2 = uuid("1", "MIG"), uuid("2", "MIG")
TWO = f"0, {A}, NVIDIA A100-SXM4-40GB, 40960, Disabled\n1, {B}, NVIDIA A100-SXM4-40GB, 40960, Disabled\n"
MIXED = f"0, {A}, NVIDIA A100-SXM4-40GB, 40960, Enabled\n1, {B}, NVIDIA GeForce RTX 4090, 24564, [N/A]\n"
LISTING = (
    f"GPU 0: NVIDIA A100-SXM4-40GB (UUID: {A})\n"
    f"  MIG 3g.20gb     Device  0: (UUID: {M1})\n"
    f"  MIG 1c.2g.10gb  Device  1: (UUID: {M2})\n"
    f"GPU 1: NVIDIA GeForce RTX 4090 (UUID: {B})\n"
)
TWO_GPUS = Found(gpus=(Gpu(uuid=A, name="a", memory_mb=1), Gpu(uuid=B, name="b", memory_mb=1)))
MACHINE = Capacity(cores=(0, 1), memory_mb=1000)


def tool(folder: Path, table: str, listing: str = "", script: str = "") -> dict[str, str]:
    """The environment of a process on whose PATH an `nvidia-smi` answers that, or does what `script` says."""
    (folder / "table").write_text(table)
    (folder / "listing").write_text(listing)
    answer = f'if [ "$1" = -L ]; then cat {folder}/listing; else cat {folder}/table; fi'
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{script or answer}\n")
    path.chmod(0o755)
    return {"PATH": f"{folder}:{os.defpath}"}


async def found(environ: dict[str, str], visible: str | None = None) -> tuple[str, ...]:
    more = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    return tuple(gpu.uuid for gpu in (await discover({**environ, **more})).gpus)


async def test_gpus_are_found_by_uuid(tmp_path: Path) -> None:
    answer = await discover(tool(tmp_path, TWO))
    assert answer.reason == ""
    assert answer.gpus[0] == Gpu(uuid=A, name="NVIDIA A100-SXM4-40GB", memory_mb=40960)
    assert [gpu.uuid for gpu in answer.gpus] == [A, B]


async def test_a_gpu_in_mig_mode_is_leased_by_its_instances_and_never_whole(tmp_path: Path) -> None:
    answer = await discover(tool(tmp_path, MIXED, LISTING))
    assert [(gpu.uuid, gpu.mig, gpu.memory_mb) for gpu in answer.gpus] == [
        (M1, True, 20480),
        (M2, True, 10240),
        (B, False, 24564),
    ]


async def test_mig_mode_without_an_instance_gives_nothing(tmp_path: Path) -> None:
    answer = await discover(tool(tmp_path, MIXED.splitlines()[0] + "\n", LISTING.splitlines()[0] + "\n"))
    assert answer == Found(reason="the GPUs are in MIG mode without an instance")


@pytest.mark.parametrize(
    ("table", "listing", "script", "reason"),
    [
        ("", "", "", "lists no GPU"),
        ("No devices were found\n", "", "", "No devices were found"),
        (f"0, {A}, A100, 40960\n", "", "", "is not `index"),
        (f"0, {A}, A100, lots, Disabled\n", "", "", "no memory in MiB"),
        (f"0, {A}, A100, 40960, Perhaps\n", "", "", "MIG mode"),
        ("0, GPU-short, A100, 40960, Disabled\n", "", "", "GPU-short"),
        (TWO.replace(B, A), "", "", "same UUID"),
        (MIXED, "GPU 0: half a line\n", "", "names neither"),
        (MIXED, LISTING.splitlines()[0], "", f"does not list .*{B}"),
        ("", "", "echo NVIDIA-SMI has failed because it could not talk to the driver; exit 9", "exit 9: .*has failed"),
        ("", "", "exit 1", "exit 1: no word"),
        ("", "", "kill -SEGV $$", "exit -11"),
    ],
)
async def test_a_tool_that_is_broken_is_the_reason_for_no_gpu(
    tmp_path: Path, table: str, listing: str, script: str, reason: str
) -> None:
    answer = await discover(tool(tmp_path, table, listing, script))
    assert answer.gpus == ()
    assert re.search(reason, answer.reason), answer.reason


async def test_a_tool_that_is_missing_or_no_program_is_a_reason(tmp_path: Path) -> None:
    assert "no nvidia-smi" in (await discover({"PATH": str(tmp_path)})).reason
    environ = tool(tmp_path, "")
    (tmp_path / "nvidia-smi").write_bytes(b"\x7fELF rubbish")
    assert "nvidia-smi: " in (await discover(environ)).reason


async def test_a_tool_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    environ = tool(tmp_path, "", "", f"sleep 300 & echo $! > {tmp_path}/child; wait")
    began = time.monotonic()
    answer = await discover(environ, deadline_s=1.0)
    assert "no answer in 1 s" in answer.reason
    assert time.monotonic() - began < 60
    child = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
    assert not child.exists() or child.read_text().rpartition(")")[2].split()[0] in "ZX"


@pytest.mark.parametrize(
    ("visible", "left"),
    [
        ("", ()),
        ("-1", ()),
        ("NoDevFiles", ()),
        ("1", (B,)),
        ("1,0", (B, A)),
        ("0, 7, 1", (A,)),  # as CUDA reads it: nothing behind what is not there
        (B, (B,)),
        (B[:8], (B,)),
        ("GPU-", ()),  # names two
        ("0,0", (A,)),
        (C, ()),
    ],
)
async def test_the_orchestrators_own_visible_devices_bound_what_is_leased(
    tmp_path: Path, visible: str, left: tuple[str, ...]
) -> None:
    environ = tool(tmp_path, TWO)
    assert await found(environ, visible) == left
    answer = await discover({**environ, "CUDA_VISIBLE_DEVICES": visible})
    assert ("hides" in answer.reason) == (len(left) < 2)


@pytest.mark.parametrize(("visible", "left"), [(M2, (M2,)), ("0", (M1, M2)), (A, (M1, M2)), ("1", (B,)), (M1[:9], ())])
async def test_visible_mig_instances_are_named_whole(tmp_path: Path, visible: str, left: tuple[str, ...]) -> None:
    assert await found(tool(tmp_path, MIXED, LISTING), visible) == left


def decided(wish: str, gpus: int, given: Found, answer: Answer) -> tuple[int, str]:
    demand = Demand.model_validate({"cpus": 1, "memory_mb": 1, "gpu": wish, "gpus": gpus})
    decision = decide(demand, with_gpus(MACHINE, given, answer))
    return decision.ask.gpus, decision.reason


NO_WAY = Answer(reason="no runtime", remedy="install it")
NONE = Found(reason="no driver")
ONE_MIG = Found(gpus=(Gpu(uuid=M1, name="m", memory_mb=1, mig=True), *TWO_GPUS.gpus))


@pytest.mark.parametrize("way", ["runtime", "cdi", "host"])
def test_a_gpu_that_can_be_had_is_asked_for_by_either_wish(way: str) -> None:
    answer = Answer.model_validate({"way": way})
    assert decided("prefer", 1, TWO_GPUS, answer) == decided("require", 1, TWO_GPUS, answer) == (1, "")
    assert decided("none", 2, TWO_GPUS, answer) == (0, "")


@pytest.mark.parametrize(
    ("gpus", "given", "answer", "reason", "remedy"),
    [
        (1, NONE, Answer(way="runtime"), "no driver", "nvidia-smi"),
        (1, NONE, NO_WAY, "no driver", "nvidia-smi"),
        (1, TWO_GPUS, NO_WAY, "no runtime", "install it"),
        (3, TWO_GPUS, Answer(way="cdi"), "3 GPUs asked for, this machine leases 2", "fewer"),
        (2, ONE_MIG, Answer(way="cdi"), "one MIG instance at a time", "gpus = 1"),
    ],
)
def test_a_gpu_that_cannot_be_had_is_refused_or_done_without(
    gpus: int, given: Found, answer: Answer, reason: str, remedy: str
) -> None:
    with pytest.raises(NotAvailable) as caught:
        decided("require", gpus, given, answer)
    assert reason in caught.value.message
    assert remedy in caught.value.remedy
    assert '"prefer"' in caught.value.remedy
    asked, why = decided("prefer", gpus, given, answer)
    assert asked == 0
    assert reason in why
    assert decided("none", gpus, given, answer) == (0, "")


async def test_a_machine_is_only_searched_for_gpus_when_one_is_wished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLEXPERT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", tool(tmp_path, TWO)["PATH"])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert (await this_machine(ProcessSandbox(), gpu=False)).gpus == ()
    assert [gpu.uuid for gpu in (await this_machine(ProcessSandbox(), gpu=True)).gpus] == [A, B]
    leases = await leases_for(ProcessSandbox(), gpu=True)
    async with await leases.acquire(Demand(cpus=1, memory_mb=10, gpu="require"), wait_s=60, what="w") as lease:
        assert (lease.grant.device, lease.grant.gpus) == ("cuda", (A,))


async def test_a_sandbox_that_hands_over_no_gpu_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain:
        name = "plain"

    monkeypatch.setenv("PATH", tool(tmp_path, TWO)["PATH"])
    capacity = await machine.this_machine(Plain(), gpu=True)  # type: ignore[arg-type]
    assert (capacity.gpus, capacity.gpu_reason) == ((), "'plain' boxes get no GPU")


async def test_a_process_box_sees_its_leased_devices_and_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    core = max(os.sched_getaffinity(0))
    box = await ProcessSandbox().open(BoxSpec(run="gpus", gpus=(A, B), cores=(core,)))
    try:
        script = "echo $CUDA_VISIBLE_DEVICES; (setsid grep Cpus_allowed_list /proc/self/status)"
        done = await box.run(["sh", "-c", script], timeout_s=20)
    finally:
        await box.close()
    assert done.output.split() == [f"{A},{B}", "Cpus_allowed_list:", str(core)]


def test_a_process_box_without_a_lease_sees_no_device_of_a_machine_that_has_some(tmp_path: Path) -> None:
    assert command._devices((), tmp_path) == {"CUDA_VISIBLE_DEVICES": ""}
    assert command._devices((), tmp_path / "no-driver") == {}
