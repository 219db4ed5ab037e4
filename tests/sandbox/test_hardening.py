"""The one spec of a Docker box, as the engine is told it; and the small readers around it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.core.errors import BadInput, RunError
from sandbox.cgroup import Cgroup
from sandbox.docker.hardening import SECCOMP, host_config
from sandbox.files.admission import readable
from sandbox.images import images
from sandbox.protocol import BoxSpec

NEVER = {
    "io_uring_setup", "unshare", "mount", "umount2", "setns", "bpf", "perf_event_open", "keyctl", "add_key", "ptrace",
    "userfaultfd", "open_by_handle_at", "name_to_handle_at", "init_module", "kexec_load", "reboot", "swapon",
    "pivot_root", "process_vm_readv", "process_vm_writev", "fsopen", "move_mount", "memfd_secret", "chroot", "iopl",
    "socketcall", "inotify_init", "inotify_init1", "io_setup", "mq_open", "timer_create",
}  # fmt: skip


def test_the_seccomp_profile_refuses_by_default_and_allows_none_of_the_list() -> None:
    profile = json.loads(SECCOMP.read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    rules = [rule for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW"]
    allowed = {name for rule in rules for name in rule["names"]}
    assert allowed & NEVER == set()
    assert {"read", "execve", "clone", "futex", "mmap"} <= allowed
    assert all("includes" not in rule for rule in profile["syscalls"]), (
        "boxes hold no capability that could include one"
    )
    unconditional = {
        n for r in profile["syscalls"] if r["action"] == "SCMP_ACT_ALLOW" and "args" not in r for n in r["names"]
    }
    assert unconditional & {"socket", "clone", "personality", "prlimit64"} == set()


def test_every_limit_of_the_spec_reaches_the_engine(tmp_path: Path) -> None:
    spec = BoxSpec(memory_mb=100, cpus=1.5, disk_mb=7, pids=50)
    told = host_config(spec, {"in/x": tmp_path}, {"mlexpert.owner": "me"})
    fixed = {"NetworkMode": "none", "ReadonlyRootfs": True, "CapDrop": ["ALL"], "Init": True, "AutoRemove": True}
    assert {key: told[key] for key in fixed} == fixed
    assert told["Memory"] == told["MemorySwap"] == 100 * 1024 * 1024
    assert told["NanoCpus"] == 1_500_000_000
    assert told["PidsLimit"] == 60
    assert not {"Privileged", "CapAdd", "Devices", "PidMode", "Binds"} & set(told)
    workspace, bind = json.loads(json.dumps(told["Mounts"]))
    assert "size=7m" in workspace["VolumeOptions"]["DriverConfig"]["Options"]["o"]
    assert workspace["VolumeOptions"]["NoCopy"] is True
    assert (bind["ReadOnly"], bind["Target"], bind["Source"]) == (True, "/mnt/in/x", str(tmp_path))
    assert bind["BindOptions"]["NonRecursive"] is True


@pytest.mark.parametrize("version", [1, 2])
def test_control_groups_of_both_versions_are_read(tmp_path: Path, version: int) -> None:
    files = {
        1: {"pids/b/pids.current": "5", "cpuacct/b/cpuacct.usage": "2500000000",
            "memory/b/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"},
        2: {"b/pids.current": "5", "b/cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
            "b/memory.events": "low 0\noom_kill 3\n"},
    }  # fmt: skip
    lines = {1: "9:pids:/b\n8:memory:/b\n3:cpuacct:/b\n1:name=systemd:/b\n0::/b\n", 2: "0::/b\n"}
    for name, text in files[version].items():
        path = tmp_path / "sys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "proc" / "7").mkdir(parents=True)
    (tmp_path / "proc" / "7" / "cgroup").write_text(lines[version])
    group = Cgroup(7, tmp_path / "sys", tmp_path / "proc")
    assert group.found
    assert (group.processes(), group.cpu_s(), group.oom_kills()) == (5, 2.5, 3)
    assert not Cgroup(8, tmp_path / "sys", tmp_path / "proc").found


def test_what_others_may_not_read_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(mode=0o755)
    (tmp_path / "a" / "file").write_text("x")
    (tmp_path / "a" / "file").chmod(0o644)
    (tmp_path / "a").chmod(0o755)
    assert readable(tmp_path / "a")
    (tmp_path / "a" / "file").chmod(0o640)
    assert not readable(tmp_path / "a")
    (tmp_path / "a" / "file").chmod(0o644)
    (tmp_path / "a").chmod(0o700)
    assert not readable(tmp_path / "a")


@pytest.mark.docker
async def test_the_image_is_listed_as_current_and_an_unknown_one_cannot_be_removed(engine: None) -> None:
    found = await images.list_images()
    assert [image.tag for image in found if image.current] == [images.current_tag()]
    with pytest.raises(BadInput, match="no-such"):
        await images.remove("mlexpert-box:no-such")
    with pytest.raises(BadInput):
        await images.build("x", bootstrap=True)
    with pytest.raises(BadInput, match="more than one base"):
        await images.build(bootstrap=True, cuda=True)


@pytest.mark.docker
async def test_a_base_that_cannot_be_had_is_said_with_the_remedy(engine: None) -> None:
    with pytest.raises(RunError) as caught:
        await images.build("mlexpert.invalid/no-such-base:1")
    assert "--bootstrap" in caught.value.remedy
