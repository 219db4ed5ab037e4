"""The seccomp filter of bubblewrap boxes: the program, run by an interpreter here, and the kernel that runs it."""

from __future__ import annotations

import errno
import json
import struct

import pytest
from pydantic import ValidationError

from orchestrator.core.errors import BadConfig
from sandbox.bubblewrap.backend import BubblewrapSandbox
from sandbox.bubblewrap.seccomp import (
    ALLOW,
    AUDIT_ARCH,
    ERRNO,
    LONGEST,
    PROFILE,
    box_filter,
    compile_profile,
    numbers,
)
from sandbox.conformance import opened

BOTH = pytest.mark.parametrize("arch", ["x86_64", "aarch64"])


def verdict(program: bytes, number: int, *args: int, arch: str = "x86_64") -> int:
    """What classic BPF as the kernel runs it says to one call."""
    padded = [*args, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<IIQ6Q", number, AUDIT_ARCH[arch], 0, *(arg % 2**64 for arg in padded))
    steps = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, operand = steps[at]
        at += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, operand)[0]
        elif code == 0x54:
            accumulator &= operand
        elif code == 0x06:
            return operand
        else:
            true = {0x15: accumulator == operand, 0x35: accumulator >= operand, 0x25: accumulator > operand}[code]
            at += if_true if true else if_false


def of_name(name: str, *args: int, arch: str = "x86_64") -> int:
    return verdict(box_filter(arch), numbers(arch)[name], *args, arch=arch)


@BOTH
@pytest.mark.parametrize("name", ["read", "write", "openat", "execve", "futex", "mmap", "wait4", "prctl", "exit_group"])
def test_what_programs_need_is_allowed(arch: str, name: str) -> None:
    assert of_name(name, arch=arch) == ALLOW


@BOTH
@pytest.mark.parametrize(
    "name",
    ["mount", "umount2", "unshare", "setns", "ptrace", "process_vm_readv", "bpf", "perf_event_open", "keyctl",
     "add_key", "userfaultfd", "kexec_load", "init_module", "reboot", "pivot_root", "chroot", "open_by_handle_at",
     "syslog", "pidfd_getfd", "fsopen", "move_mount", "mount_setattr", "swapon", "settimeofday", "acct", "quotactl"],
)  # fmt: skip
def test_what_reaches_out_of_a_box_is_refused(arch: str, name: str) -> None:
    assert of_name(name, arch=arch) == ERRNO | errno.EPERM


@BOTH
@pytest.mark.parametrize("name", ["io_uring_setup", "io_uring_enter", "io_uring_register", "clone3"])
def test_what_libraries_can_do_without_is_said_not_to_be_there(arch: str, name: str) -> None:
    assert of_name(name, arch=arch) == ERRNO | errno.ENOSYS


@BOTH
def test_every_call_does_what_the_profile_says_of_it(arch: str) -> None:
    """Every number there is, and the gaps between: a range that is one too long would show here."""
    plain: dict[str, int] = {}
    for rule in json.loads(PROFILE.read_text())["syscalls"]:
        says = ALLOW if rule["action"] == "SCMP_ACT_ALLOW" else ERRNO | rule.get("errnoRet", errno.EPERM)
        plain |= dict.fromkeys(rule["names"], -1 if "args" in rule else says)
    names = {number: name for name, number in numbers(arch).items()}
    for number in range(700):
        expected = plain.get(names.get(number, ""), ERRNO | errno.EPERM)
        if expected != -1:
            assert verdict(box_filter(arch), number, arch=arch) == expected, names.get(number, number)


@BOTH
def test_only_sockets_of_the_box_itself_are_made(arch: str) -> None:
    for family, allowed in ((1, True), (2, True), (10, True), (16, True), (17, False), (38, False), (40, False)):
        assert (of_name("socket", family, arch=arch) == ALLOW) == allowed, family
    assert of_name("socket", 1 | 1 << 32, arch=arch) != ALLOW, "the upper half of an argument counts"


@BOTH
def test_a_clone_that_makes_a_namespace_is_refused(arch: str) -> None:
    assert of_name("clone", 0x01200011, arch=arch) == ALLOW
    for flag in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert of_name("clone", 0x11 | flag, arch=arch) == ERRNO | errno.EPERM, hex(flag)


@BOTH
def test_personality_may_be_asked_and_not_changed(arch: str) -> None:
    assert of_name("personality", 0, arch=arch) == ALLOW
    assert of_name("personality", 0xFFFFFFFF, arch=arch) == ALLOW
    assert of_name("personality", 0x0040000, arch=arch) != ALLOW, "no switching off of address randomisation"


def test_another_architectures_numbers_are_refused() -> None:
    read = numbers("x86_64")["read"]
    assert verdict(box_filter("x86_64"), read, arch="aarch64") == ERRNO | errno.EPERM
    assert verdict(box_filter("x86_64"), read | 0x40000000) == ERRNO | errno.EPERM, "x32"


def profile(*rules: dict[str, object]) -> str:
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules})


def test_a_rule_that_asks_for_a_capability_is_left_out() -> None:
    allow = {"names": ["mount"], "action": "SCMP_ACT_ALLOW"}
    mount = numbers("x86_64")["mount"]
    assert verdict(compile_profile(profile(allow), "x86_64"), mount) == ALLOW
    for where in ({"includes": {"caps": ["CAP_SYS_ADMIN"]}}, {"includes": {"arches": ["arm64"]}},
                  {"excludes": {"arches": ["amd64"]}}):  # fmt: skip
        assert verdict(compile_profile(profile({**allow, **where}), "x86_64"), mount) != ALLOW
    excluded = profile({**allow, "excludes": {"caps": ["CAP_SYS_ADMIN"]}})
    assert verdict(compile_profile(excluded, "x86_64"), mount) == ALLOW, "a box lacks it"


def test_all_arguments_of_a_rule_must_hold() -> None:
    args = [{"index": 0, "value": 5, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": 7, "op": "SCMP_CMP_EQ"}]
    program = compile_profile(profile({"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": args}), "x86_64")
    number = numbers("x86_64")["socket"]
    assert verdict(program, number, 5, 0, 7) == ALLOW
    assert verdict(program, number, 5, 0, 8) != ALLOW
    assert verdict(program, number, 4, 0, 7) != ALLOW


@pytest.mark.parametrize(
    "wrong",
    [{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []},
     {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "unknown": 1}]}],
)  # fmt: skip
def test_a_profile_that_is_not_understood_makes_no_filter(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        compile_profile(json.dumps(wrong), "x86_64")


def test_an_unknown_architecture_has_no_filter() -> None:
    with pytest.raises(BadConfig, match="riscv64"):
        box_filter("riscv64")


@BOTH
def test_the_kernel_takes_a_program_of_this_length(arch: str) -> None:
    assert len(box_filter(arch)) // 8 <= LONGEST


CALLS = """
import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
for word in sys.argv[1:]:
    number, *args = (int(part) for part in word.split(","))
    done = libc.syscall(number, *(ctypes.c_long(arg) for arg in args))
    print("allowed" if done >= 0 else errno.errorcode[ctypes.get_errno()])
"""


@pytest.mark.bwrap
@pytest.mark.usefixtures("bwrap")
async def test_the_kernel_refuses_in_a_real_box() -> None:
    table = numbers("x86_64")
    calls = {
        "getpid": (), "unshare": (0x10000000,), "mount": (0, 0, 0, 0, 0), "ptrace": (0,), "io_uring_setup": (1, 0),
        "keyctl": (0, 0), "bpf": (0, 0, 0), "setns": (0, 0), "clone3": (0, 0), "clone": (0x10000011, 0, 0, 0, 0),
        "userfaultfd": (0,), "perf_event_open": (0, 0, 0, 0, 0), "chroot": (0,), "socket": (17, 3, 0),
    }  # fmt: skip
    words = [",".join(str(part) for part in (table[name], *args)) for name, args in calls.items()]
    async with opened(BubblewrapSandbox()) as box:
        done = await box.run(["python3", "-I", "-c", CALLS, *words], timeout_s=20)
    found = dict(zip(calls, done.output.split(), strict=True))
    assert found.pop("getpid") == "allowed"
    assert {name for name, said in found.items() if said == "ENOSYS"} == {"io_uring_setup", "clone3"}
    assert set(found.values()) == {"EPERM", "ENOSYS"}
