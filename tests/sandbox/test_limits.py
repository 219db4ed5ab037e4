"""Who holds the limits of bubblewrap boxes: the decision, the values, the names. Files of a fake tree; no kernel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.core.errors import BoxFailed, Untrusted
from sandbox.bubblewrap import limits
from sandbox.bubblewrap.backend import BubblewrapSandbox
from sandbox.bubblewrap.gpus import devices, variables
from sandbox.bubblewrap.limits import (
    CONTROLLERS,
    Holder,
    counts_by_namespace,
    find_holder,
    group_name,
    make_groups,
    remove_groups,
    scope_command,
    stale_groups,
)
from sandbox.bubblewrap.users import BoxUser, sweep
from sandbox.cgroup import oom_kills
from sandbox.owner import this_process
from sandbox.protocol import BoxSpec

SPEC = BoxSpec(memory_mb=100, pids=50, cpus=1.5)


async def nothing_runs(words: tuple[str, ...]) -> tuple[int, str]:
    raise AssertionError(f"{words} was run")


def version_1(root: Path, *controllers: str) -> Path:
    for name in controllers:
        (root / name).mkdir(parents=True)
    return root


def version_2(root: Path, controllers: str = "cpuset cpu io memory pids") -> Path:
    root.mkdir()
    (root / "cgroup.controllers").write_text(controllers)
    (root / "cgroup.subtree_control").write_text("")
    return root


@pytest.fixture(autouse=True)
def an_old_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose process limit counts by user, so that every gap shows."""
    monkeypatch.setattr(limits, "counts_by_namespace", lambda: False)


async def test_version_1_holds_what_its_controllers_hold(tmp_path: Path) -> None:
    root = version_1(tmp_path / "cg", *CONTROLLERS)
    holder = await find_holder(nothing_runs, root, uid=0)
    assert (holder.kind, holder.gaps) == ("v1", ())
    (root / "memory" / "mlexpert" / "box").mkdir(parents=True)
    (root / "memory" / "mlexpert" / "box" / "memory.memsw.limit_in_bytes").write_text("max")
    with pytest.raises(BoxFailed, match="box"):
        make_groups(holder, "box", SPEC)  # a name is taken once
    folders = make_groups(holder, "other", SPEC)
    files = {file.name: file.read_text() for folder in folders for file in folder.iterdir()}
    assert files == {
        "memory.limit_in_bytes": str(100 * 2**20),
        "pids.max": "52",
        "cpu.cfs_period_us": "100000",
        "cpu.cfs_quota_us": "150000",
    }


async def test_version_1_counts_swap_where_the_kernel_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "memory"
    folder.mkdir()
    (folder / "memory.memsw.limit_in_bytes").write_text("")
    values = limits._values("v1", "memory", folder, SPEC)
    assert values == (("memory.limit_in_bytes", str(100 * 2**20)), ("memory.memsw.limit_in_bytes", str(100 * 2**20)))


@pytest.mark.parametrize("missing", CONTROLLERS)
async def test_a_controller_that_is_not_there_is_a_gap(tmp_path: Path, missing: str) -> None:
    root = version_1(tmp_path / "cg", *(set(CONTROLLERS) - {missing}))
    holder = await find_holder(nothing_runs, root, uid=0)
    assert len(holder.gaps) == 1
    assert holder.gaps[0].startswith(f"{missing}: ")


async def test_version_2_hands_its_controllers_down(tmp_path: Path) -> None:
    root = version_2(tmp_path / "cg")
    holder = await find_holder(nothing_runs, root, uid=0)
    assert (holder.kind, holder.gaps) == ("v2", ())
    assert (root / "cgroup.subtree_control").read_text() == "+memory +pids +cpu +cpuset"
    assert (root / "mlexpert" / "cgroup.subtree_control").read_text() == "+memory +pids +cpu +cpuset"
    (folder,) = make_groups(holder, "box", SPEC)
    assert folder == root / "mlexpert" / "box"
    files = {file.name: file.read_text() for file in folder.iterdir()}
    assert files == {"memory.max": str(100 * 2**20), "pids.max": "52", "cpu.max": "150000 100000"}


async def test_version_2_forbids_swap_where_there_is_some(tmp_path: Path) -> None:
    (tmp_path / "memory.swap.max").write_text("max")
    assert ("memory.swap.max", "0") in limits._values("v2", "memory", tmp_path, SPEC)


async def test_version_2_without_a_controller_has_a_gap(tmp_path: Path) -> None:
    holder = await find_holder(nothing_runs, version_2(tmp_path / "cg", "cpu cpuset pids"), uid=0)
    assert [gap.partition(":")[0] for gap in holder.gaps] == ["memory"]


async def test_a_plain_user_takes_the_group_that_was_handed_down(tmp_path: Path) -> None:
    root = version_2(tmp_path / "cg")
    version_2(root / "mine")
    proc = tmp_path / "proc" / "self"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text("0::/mine\n")
    holder = await find_holder(nothing_runs, root, tmp_path / "proc", uid=1000)
    assert set(holder.parents.values()) == {root / "mine" / "mlexpert"}


async def test_a_plain_user_else_asks_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.shutil, "which", lambda name: f"/usr/bin/{name}")
    asked: list[tuple[str, ...]] = []

    async def old_systemd(words: tuple[str, ...]) -> tuple[int, str]:
        asked.append(words)
        return (1, "Unknown assignment: OOMPolicy") if "OOMPolicy=continue" in words else (0, "")

    holder = await find_holder(old_systemd, tmp_path / "none", uid=1000)
    assert (holder.kind, holder.scope, holder.gaps) == ("scope", (), ())
    assert len(asked) == 2


async def test_without_any_holder_each_limit_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits.shutil, "which", lambda name: f"/usr/bin/{name}")

    async def no_bus(words: tuple[str, ...]) -> tuple[int, str]:
        return 1, "Failed to connect to bus: No medium found\n"

    holder = await find_holder(no_bus, tmp_path / "none", uid=1000)
    assert holder.kind == "none"
    assert [gap.partition(":")[0] for gap in holder.gaps] == list(CONTROLLERS)
    assert all("No medium found" in gap for gap in holder.gaps)


def test_a_scope_carries_the_limits() -> None:
    words = scope_command(SPEC, ("OOMPolicy=continue",))
    assert words[:3] == ("systemd-run", "--user", "--scope")
    assert words[-1] == "--"
    properties = {words[i + 1] for i, word in enumerate(words) if word == "-p"}
    assert properties == {
        f"MemoryMax={132 * 2**20}", "MemorySwapMax=0", "TasksMax=53", "CPUQuota=150%", "OOMPolicy=continue",
    }  # fmt: skip


def test_a_new_kernel_counts_processes_by_namespace() -> None:
    assert counts_by_namespace("5.14.0-1")
    assert counts_by_namespace("6.1.0-18-amd64")
    assert not counts_by_namespace("5.10.0-28-amd64")


async def test_leased_cores_are_a_set_that_the_box_cannot_leave(tmp_path: Path) -> None:
    root = version_1(tmp_path / "cg", *CONTROLLERS)
    for folder, cores in ((root / "cpuset", "0-7"), (root / "cpuset" / "mlexpert", "")):
        folder.mkdir(exist_ok=True)
        (folder / "cpuset.cpus").write_text(cores)
        (folder / "cpuset.mems").write_text(cores and "0")
    holder = await find_holder(nothing_runs, root, uid=0)
    make_groups(holder, "box", SPEC.model_copy(update={"cores": (2, 5)}))
    of_box = {file.name: file.read_text() for file in (root / "cpuset" / "mlexpert" / "box").iterdir()}
    assert of_box == {"cpuset.cpus": "2,5", "cpuset.mems": "0"}
    assert (root / "cpuset" / "mlexpert" / "cpuset.cpus").read_text() == "0-7"
    assert "AllowedCPUs=2,5" in scope_command(SPEC.model_copy(update={"cores": (2, 5)}), ())


async def test_a_group_that_cannot_be_set_leaves_nothing(tmp_path: Path) -> None:
    root = version_1(tmp_path / "cg", "memory", "pids", "cpu")
    holder = await find_holder(nothing_runs, root, uid=0)
    (root / "pids" / "mlexpert").write_text("in the way")
    with pytest.raises(BoxFailed):
        make_groups(holder, "box", SPEC)
    assert not (root / "cpu" / "mlexpert" / "box").exists()


def test_groups_of_dead_owners_are_stale_and_no_others(tmp_path: Path) -> None:
    dead = f"4194304:{this_process().partition(':')[2]}"
    for owner in (dead, this_process()):
        (tmp_path / "pids" / "mlexpert" / group_name(owner, "mlexpert-box-a_b")).mkdir(parents=True)
    (tmp_path / "pids" / "mlexpert" / "something-else").mkdir()
    stale = stale_groups(tmp_path)
    assert [path.name.partition(".")[0] for path in stale] == ["4194304"]
    remove_groups(stale)
    assert stale_groups(tmp_path) == ()


def test_kills_for_memory_are_counted_in_both_versions(tmp_path: Path) -> None:
    assert oom_kills(tmp_path) == 0
    (tmp_path / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
    assert oom_kills(tmp_path) == 3
    (tmp_path / "memory.events").write_text("low 0\noom 2\noom_kill 5\n")
    assert oom_kills(tmp_path) == 5


@pytest.mark.parametrize(
    ("trust", "trust_code", "opens"),
    [("builtin", False, True), ("user", False, False), ("user", True, True), ("untrusted", True, False)],
)
async def test_what_is_not_held_is_named_to_untrusted_code(
    trust: str, trust_code: bool, opens: bool, bwrap: None, own_place: Path
) -> None:
    sandbox = BubblewrapSandbox()
    sandbox._holder = Holder(kind="none", gaps=("memory: nobody holds it here",))
    spec = BoxSpec.model_validate({"trust": trust, "trust_code": trust_code})
    if opens:
        await (await sandbox.open(spec)).close()
        return
    with pytest.raises(Untrusted, match="memory: nobody holds it here"):
        await sandbox.open(spec)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has other users")
def test_two_claims_never_share_a_user(tmp_path: Path) -> None:
    one, two = BoxUser.claim(tmp_path), BoxUser.claim(tmp_path)
    assert one.uid != two.uid
    one.let_go()
    assert BoxUser.claim(tmp_path).uid == one.uid, "freed with its lock"
    two.let_go()
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] in ([], [str(one.uid)])


def gpu_machine(root: Path) -> tuple[Path, Path]:
    dev, proc = root / "dev", root / "proc"
    dev.mkdir()
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (dev / name).touch()
    for minor, uuid in ((0, "GPU-aaa"), (1, "GPU-bbb")):
        folder = proc / "driver" / "nvidia" / "gpus" / f"0000:0{minor}:00.0"
        folder.mkdir(parents=True)
        (folder / "information").write_text(f"Model: \t\t NVIDIA H100\nGPU UUID: \t {uuid}\nDevice Minor: \t {minor}\n")
    return dev, proc


def test_a_box_gets_the_nodes_of_its_own_gpus_alone(tmp_path: Path) -> None:
    dev, proc = gpu_machine(tmp_path)
    assert devices((), dev, proc) == ()
    found = devices(("GPU-bbb",), dev, proc)
    assert found == (str(dev / "nvidia1"), str(dev / "nvidiactl"), str(dev / "nvidia-uvm"))
    assert variables(("GPU-bbb",))["CUDA_VISIBLE_DEVICES"] == "GPU-bbb"
    with pytest.raises(BoxFailed, match="MIG-1"):
        devices(("MIG-1",), dev, proc)
