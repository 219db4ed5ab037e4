"""GPUs through the Docker engine: a fake one that answers as recorded, and the real one, which has none."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time

import pytest
from fake_engine import (
    DRIVER_MISSING,
    NO_CDI,
    NO_DEVICE_FILE,
    NO_RUNTIME,
    UNKNOWN_DEVICE,
    UNKNOWN_RUNTIME,
    UNRESOLVABLE,
    FakeEngine,
)

from orchestrator.core.errors import BoxFailed, NotAvailable
from sandbox.docker.backend import DockerSandbox
from sandbox.docker.gpu import clear_gpu, explain, gpu_answer
from sandbox.docker.hardening import environment, host_config, labels
from sandbox.docker.kept.keeping import claim
from sandbox.leases.decision import decide, with_gpus
from sandbox.leases.demand import Capacity, Demand, Gpu
from sandbox.leases.gpus import Found
from sandbox.owner import this_process
from sandbox.protocol import BoxSpec

ONE = "GPU-00000000-0000-0000-0000-00000000000a"
TWO = "GPU-00000000-0000-0000-0000-00000000000b"
MIG = "MIG-00000000-0000-0000-0000-00000000000c"
LISTING = f"GPU 0: NVIDIA A100-SXM4-40GB (UUID: {ONE})\n"
DEAD = f"4194304:{this_process().partition(':')[2]}"
MACHINE = Capacity(cores=(0,), memory_mb=100)
FOUND = Found(gpus=(Gpu(uuid=ONE, name="a", memory_mb=1), Gpu(uuid=TWO, name="b", memory_mb=1)))


def cdi_devices(*names: str) -> dict[str, object]:
    devices = [{"Source": "cdi", "ID": f"nvidia.com/gpu={name}"} for name in names]
    return {"CDISpecDirs": ["/etc/cdi", "/var/run/cdi"], "DiscoveredDevices": devices}


async def test_an_engine_with_the_runtime_gives_devices_by_name() -> None:
    engine = FakeEngine(runtime="", listing=LISTING)
    assert (await gpu_answer(engine.client, "image", [ONE, TWO])).way == "runtime"
    (asked,) = engine.asked
    assert asked["host_config"]["DeviceRequests"] == [{"DeviceIDs": [ONE], "Capabilities": [["gpu"]]}]
    assert asked["environment"]["NVIDIA_VISIBLE_DEVICES"] == ONE
    assert asked["host_config"]["ReadonlyRootfs"] is True
    assert asked["host_config"]["CapDrop"] == ["ALL"]
    assert asked["user"] == "10001:10001"
    assert "mlexpert.owner" in asked["labels"], "a reaper finds it should we die"
    assert engine.standing == {}


async def test_an_engine_is_tried_once() -> None:
    engine = FakeEngine(runtime="", listing=LISTING)
    for _ in range(3):
        assert (await gpu_answer(engine.client, "image", [ONE])).way == "runtime"
    assert len(engine.asked) == 1
    again = FakeEngine()
    assert (await gpu_answer(again.client, "image", [ONE])).way == "", "another engine is asked itself"


@pytest.mark.parametrize(
    ("said", "at_create", "reason", "remedy"),
    [
        (NO_RUNTIME, False, "no NVIDIA runtime", "nvidia-ctk runtime configure"),
        (UNKNOWN_RUNTIME, True, "no NVIDIA runtime", "nvidia-ctk runtime configure"),
        (NO_DEVICE_FILE, False, "driver is not loaded", "NVIDIA driver"),
        (DRIVER_MISSING, False, "driver is not loaded", "NVIDIA driver"),
        (UNKNOWN_DEVICE, False, "does not know the device", "NVIDIA driver"),
        ("something else\nin two lines", False, "something else in two lines", "engine's log"),
    ],
)
async def test_every_refusal_has_one_reason_and_one_remedy_and_leaves_no_container(
    said: str, at_create: bool, reason: str, remedy: str
) -> None:
    engine = FakeEngine(at_create=said) if at_create else FakeEngine(runtime=said)
    answer = await gpu_answer(engine.client, "image", [ONE])
    assert answer.way == ""
    assert reason in answer.reason
    assert remedy in answer.remedy
    assert engine.standing == {}
    assert len(engine.removed) == (0 if at_create else 1)
    machine = with_gpus(MACHINE, FOUND, answer)
    with pytest.raises(NotAvailable, match=r"1 GPU required: ") as caught:
        decide(Demand(cpus=1, memory_mb=1, gpu="require"), machine)
    assert remedy in caught.value.remedy
    wished = decide(Demand(cpus=1, memory_mb=1, gpu="prefer"), machine)
    assert (wished.ask.gpus, wished.reason) == (0, answer.reason)


async def test_cdi_is_used_where_the_engine_lists_the_device() -> None:
    engine = FakeEngine(cdi="", version="28.2.2", info_more=cdi_devices("0", ONE), listing=LISTING)
    assert (await gpu_answer(engine.client, "image", [ONE])).way == "cdi"
    request = engine.asked[-1]["host_config"]["DeviceRequests"]
    assert request == [{"Driver": "cdi", "DeviceIDs": [f"nvidia.com/gpu={ONE}"]}]
    assert engine.asked[-1]["environment"]["NVIDIA_VISIBLE_DEVICES"] == "void", "the old runtime adds none"
    assert (len(engine.asked), engine.standing) == (2, {})


@pytest.mark.parametrize(
    ("version", "more", "tried"),
    [
        ("20.10.24+dfsg1", cdi_devices(ONE), 1),
        ("28.2.2", {}, 1),
        ("28.2.2", {**cdi_devices(), "DiscoveredDevices": None}, 2),  # engines 25 to 27 do not tell
        ("28.2.2", cdi_devices("0", "all"), 1),
        ("dev", cdi_devices(ONE), 1),
    ],
)
async def test_cdi_is_not_tried_where_it_cannot_be(version: str, more: dict[str, object], tried: int) -> None:
    engine = FakeEngine(version=version, info_more=more)
    assert (await gpu_answer(engine.client, "image", [ONE])).way == ""
    assert len(engine.asked) == tried


async def test_a_mig_instance_is_a_device_of_its_own() -> None:
    listing = f"{LISTING}  MIG 3g.20gb     Device  0: (UUID: {MIG})\n"
    engine = FakeEngine(runtime="", listing=listing)
    assert (await gpu_answer(engine.client, "image", [MIG])).way == "runtime"
    assert engine.asked[0]["host_config"]["DeviceRequests"][0]["DeviceIDs"] == [MIG]


@pytest.mark.parametrize(
    ("listing", "exit_code", "reason"),
    [
        (f"{LISTING}GPU 1: NVIDIA A100-SXM4-40GB (UUID: {TWO})\n", 0, f"sees ['{ONE}', '{TWO}']"),
        ("", 0, "sees none"),
        ("No devices were found\n", 6, "sees none"),
        ("Failed to initialize NVML: Unknown Error\n", 255, "driver does not answer"),
        ("[FATAL tini (7)] exec nvidia-smi failed: No such file or directory\n", 127, "without the driver's tools"),
    ],
)
async def test_a_box_that_does_not_see_its_own_device_alone_counts_as_none(
    listing: str, exit_code: int, reason: str
) -> None:
    engine = FakeEngine(runtime="", listing=listing, exit_code=exit_code)
    answer = await gpu_answer(engine.client, "image", [ONE])
    assert answer.way == ""
    assert reason in answer.reason
    assert engine.standing == {}


async def test_a_probe_that_is_cancelled_removes_its_container(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine(runtime="")
    monkeypatch.setattr(engine, "wait", lambda container, timeout: time.sleep(0.5) or {"StatusCode": 0})
    task = asyncio.create_task(gpu_answer(engine.client, "image", [ONE]))
    async with asyncio.timeout(20):
        while not engine.standing:
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (engine.standing, len(engine.removed)) == ({}, 1)


def test_cdi_that_is_off_or_incomplete_is_told_apart() -> None:
    assert explain(NO_CDI).reason == "the engine's CDI is off"
    assert "nvidia-ctk cdi generate" in explain(UNRESOLVABLE).remedy


async def test_containers_of_the_dead_are_removed_from_a_device_and_others_left_alone() -> None:
    engine = FakeEngine()
    engine.standing = {
        "dead": {"labels": labels(BoxSpec(gpus=(TWO, ONE)), DEAD)},
        "dead-elsewhere": {"labels": labels(BoxSpec(gpus=(TWO,)), DEAD)},
        "no-gpu": {"labels": labels(BoxSpec(), DEAD)},
    }
    await clear_gpu(engine.client, ONE)
    assert set(engine.standing) == {"dead-elsewhere", "no-gpu"}
    engine.standing["alive"] = {"labels": labels(BoxSpec(run="other", gpus=(ONE,)), this_process())}
    with pytest.raises(BoxFailed, match=r"still used by box 'alive' of run 'other'"):
        await clear_gpu(engine.client, ONE)
    assert "alive" in engine.standing


async def test_a_kept_box_that_was_taken_over_counts_as_used() -> None:
    engine = FakeEngine()
    kept = f"kept-{os.getpid()}"
    engine.standing = {kept: {"labels": labels(BoxSpec(gpus=(ONE,)), DEAD)}}
    held = claim(kept)
    assert held is not None
    with held, pytest.raises(BoxFailed, match="still used"):
        await clear_gpu(engine.client, ONE)
    await clear_gpu(engine.client, ONE)
    assert engine.standing == {}


def test_a_box_without_a_device_is_hidden_from_a_runtime_that_gives_all() -> None:
    spec = BoxSpec(cores=(1,))
    assert environment(spec)["NVIDIA_VISIBLE_DEVICES"] == "void"
    told = host_config(spec, {}, {})
    assert "DeviceRequests" not in told
    assert told["CpusetCpus"] == "1"
    assert "CpusetCpus" not in host_config(BoxSpec(), {}, {})
    assert "mlexpert.gpu" not in labels(spec, "me")
    assert labels(BoxSpec(gpus=(ONE, TWO)), "me")["mlexpert.gpu"] == f"{ONE},{TWO}"


def containers() -> set[str]:
    listed = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--filter", "label=mlexpert.step=gpu-probe"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(listed.stdout.split())


@pytest.mark.docker
async def test_this_engine_refuses_at_start_and_nothing_is_left(
    docker_sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.docker.gpu._answers", {})
    said: list[str] = []
    monkeypatch.setattr("sandbox.docker.gpu.explain", lambda text: said.append(text) or explain(text))
    answer = await docker_sandbox.gpu_answer([ONE])
    if answer.way or said != [NO_RUNTIME]:
        pytest.skip(f"this engine has a GPU, or the NVIDIA runtime: {answer} {said}")
    assert answer.reason == "the engine has no NVIDIA runtime"
    assert containers() == set()
    with pytest.raises(NotAvailable, match="no box can be given a GPU") as caught:
        await docker_sandbox.open(BoxSpec(run="gpu-refused", gpus=(ONE,), memory_mb=64, disk_mb=4))
    assert caught.value.remedy
    assert await docker_sandbox.reap("gpu-refused") == 0


@pytest.mark.docker
async def test_a_docker_box_runs_on_its_leased_cores(docker_sandbox: DockerSandbox) -> None:
    box = await docker_sandbox.open(BoxSpec(run="cores", cores=(0,), memory_mb=64, disk_mb=4))
    try:
        done = await box.run(["grep", "Cpus_allowed_list", "/proc/self/status"], timeout_s=20)
        shown = await box.run(["sh", "-c", "env | grep NVIDIA"], timeout_s=20)
    finally:
        await box.close()
    assert done.output.split()[1] == "0"
    assert shown.output == ""
