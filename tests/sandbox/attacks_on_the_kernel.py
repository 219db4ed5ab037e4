"""Attacks through system calls, namespaces, mounts and special sockets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from attack_tools import attack, got_through, outside, untrusted

from sandbox.conformance import shell
from sandbox.protocol import Sandbox

REFUSED = {"EPERM", "ENOSYS"}
ROOT = pytest.mark.skipif(os.getuid() != 0, reason="what it is compared with needs root outside")
# Arguments are such that a kernel that lets the call through answers EFAULT, EINVAL or EBADF: nothing is ever changed.
CALLS: dict[str, list[int]] = {
    "unshare": [272, 1], "mount": [165, 0, 0, 0, 0, 0], "umount2": [166, 0, 0], "keyctl": [250, 100],
    "add_key": [248, 0, 0, 0, 0, 0], "request_key": [249, 0, 0, 0, 0], "bpf": [321, 0, 0, 0],
    "perf_event_open": [298, 0, 0, 0, 0, 0], "userfaultfd": [323, -1], "ptrace": [101, 0xFFFF, 0, 0, 0],
    "io_uring_setup": [425, 1, 0], "io_uring_enter": [426, -1, 0, 0, 0], "clone3": [435, 0, 0],
    "open_by_handle_at": [304, -1, 0, 0], "name_to_handle_at": [303, -1, 0, 0, 0, 0], "kexec_load": [246, 0, 0, 0, -1],
    "setns": [308, -1, 0], "memfd_secret": [447, -1], "process_vm_readv": [310, 1, 0, 0, 0, 0, -1],
    "process_vm_writev": [311, 1, 0, 0, 0, 0, -1], "swapon": [167, 0, 0], "swapoff": [168, 0],
    "init_module": [175, 0, 0, 0], "finit_module": [313, -1, 0, 0], "delete_module": [176, 0, 0],
    "reboot": [169, 0, 0, 0, 0], "pivot_root": [155, 0, 0], "chroot": [161, 0], "clock_settime": [227, 0, 0],
    "settimeofday": [164, -1, 0], "sethostname": [170, 0, 1], "setdomainname": [171, 0, 1], "acct": [163, -1],
    "quotactl": [179, 0xFFFF, 0, 0, 0], "syslog": [103, 99, 0, 0], "iopl": [172, 9], "ioperm": [173, -1, 1, 1],
    "fsopen": [430, 0, 0], "fsmount": [432, -1, 0, 0], "open_tree": [428, -1, 0, 0],
    "move_mount": [429, -1, 0, -1, 0, 0],
    "mount_setattr": [442, -1, 0, 0, 0, 0], "fanotify_init": [300, -1, 0], "kcmp": [312, -1, -1, 0, 0, 0],
    "pidfd_getfd": [438, -1, 0, 0], "personality(ADDR_NO_RANDOMIZE)": [135, 0x0040000],
    "modify_ldt": [154, 99, 0, 0], "vhangup": [153], "lookup_dcookie": [212, 0, 0, 0],
    "migrate_pages": [256, -1, 0, 0, 0],
    "move_pages": [279, -1, 0, 0, 0, 0, 0], "set_mempolicy": [238, 99, 0, 0], "mbind": [237, 1, 0, 0, 0, 0, 0],
    "inotify_init1": [294, -1], "io_setup": [206, 1, 0], "mq_open": [240, 0, 0, 0, 0], "timer_create": [222, 99, 0, 0],
}  # fmt: skip
ALSO_REFUSED_TO_ROOT = {"vhangup"}  # not carried out outside: it would hang up the terminal of whoever runs the tests


class KernelAttacks:
    async def test_no_system_call_of_the_list_gets_through(self, sandbox: Sandbox) -> None:
        if os.uname().machine != "x86_64":
            pytest.skip(f"no call numbers for {os.uname().machine}")
        program = "for name, words in given['calls'].items(): attempt(name, lambda: call(*words))"
        async with untrusted(sandbox) as box:
            told = await attack(box, program, calls=CALLS)
        assert set(told) == set(CALLS)
        odd = {name: outcome for name, outcome in told.items() if outcome not in REFUSED}
        assert not odd, odd
        assert told["io_uring_setup"] == told["clone3"] == "ENOSYS", "libraries must fall back"
        if os.getuid() == 0:
            known = {name: words for name, words in CALLS.items() if name not in ALSO_REFUSED_TO_ROOT}
            free = await outside(program, calls=known)
            assert len([name for name, outcome in free.items() if outcome not in REFUSED]) >= 40, free

    async def test_io_uring_gives_no_ring(self, sandbox: Sandbox) -> None:
        program = "attempt('ring', lambda: call(425, 8, ctypes.create_string_buffer(120)))"
        async with untrusted(sandbox) as box:
            assert await attack(box, program) == {"ring": "ENOSYS"}
        if Path("/proc/sys/kernel/io_uring_disabled").read_text().strip() == "0" and os.getuid() == 0:
            assert await outside(program) == {"ring": "done"}

    async def test_no_namespace_can_be_made_or_entered(self, sandbox: Sandbox) -> None:
        program = """
            FLAGS = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000, "ipc": 0x8000000,
                     "uts": 0x4000000, "cgroup": 0x2000000, "time": 0x80}
            def in_child(do):
                pid = os.fork()
                if pid == 0:
                    try:
                        do()
                        os._exit(0)
                    except OSError as error:
                        os._exit(error.errno)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                if code:
                    raise OSError(code, "")
            def clone(flags):
                pid = call(56, flags | 17, 0, 0, 0, 0)
                if pid == 0:
                    os._exit(0)
                os.waitpid(pid, 0)
            def clone3(flags):
                pid = call(435, (ctypes.c_uint64 * 11)(flags, 0, 0, 0, 17), 88)
                if pid == 0:
                    os._exit(0)
                os.waitpid(pid, 0)
            for name, flag in FLAGS.items():
                for with_user in (0, FLAGS["user"]):
                    both = f"{name}{'+user' if with_user else ''}"
                    attempt("unshare " + both, lambda: in_child(lambda: call(272, flag | with_user)))
                    if name != "time":
                        attempt("clone " + both, lambda: clone(flag | with_user))
                    attempt("clone3 " + both, lambda: clone3(flag | with_user))
                for pid in ("1", "self"):
                    def enter():
                        with open(f"/proc/{pid}/ns/" + name.replace("mount", "mnt")) as file:
                            call(308, file.fileno(), 0)
                    attempt(f"setns {name} of {pid}", lambda: in_child(enter))
        """
        async with untrusted(sandbox) as box:
            told = await attack(box, program)
        assert len(told) == 62
        assert got_through(told) == set()
        assert {told[name] for name in told if name.startswith("unshare")} <= REFUSED
        if os.getuid() == 0:
            free = await outside(program)
            assert {"unshare mount", "unshare net", "clone uts", "clone3 ipc", "setns net of self"} <= got_through(free)

    @ROOT
    async def test_nothing_can_be_mounted_remounted_or_left(self, sandbox: Sandbox) -> None:
        program = """
            folder, other = given["folder"], given["folder"] + "/old"
            os.makedirs(other, exist_ok=True)
            def c(text):
                return ctypes.c_char_p(text.encode())
            attempt("own namespace", lambda: call(272, 0x20000))
            attempt("private", lambda: call(165, c("none"), c("/"), 0, 0x44000, 0))
            attempt("tmpfs", lambda: call(165, c("x"), c(folder), c("tmpfs"), 0, 0))
            attempt("remount tmpfs", lambda: call(165, c("x"), c(folder), 0, 32 | 8, 0))
            attempt("umount", lambda: call(166, c(folder), 2))
            attempt("proc", lambda: call(165, c("x"), c(folder), c("proc"), 0, 0))
            attempt("bind root", lambda: call(165, c("/"), c(folder), 0, 4096, 0))
            attempt("new api", lambda: call(430, c("tmpfs"), 0))
            attempt("open_tree", lambda: call(428, -100, c("/"), 1))
            if given["remount"]:
                attempt("root rw", lambda: call(165, 0, c("/"), 0, 32, 0))
                attempt("root rw by bind", lambda: call(165, 0, c("/"), 0, 32 | 4096, 0))
                attempt("pivot_root", lambda: call(155, c(folder), c(other)))
                attempt("umount /tmp", lambda: call(166, c("/tmp"), 2))
                attempt("umount /proc", lambda: call(166, c("/proc"), 2))
            attempt("chroot", lambda: os.chroot(folder))
        """
        async with untrusted(sandbox) as box:
            told = await attack(box, program, folder=str(box.workspace / "here"), remount=True)
            state = (await shell(box, "touch /x /usr/x; grep -c . /proc/self/mountinfo")).output
        assert set(told.values()) <= REFUSED | {"ENOENT"}, told
        assert got_through(told) == set()
        assert "Read-only" in state or "denied" in state
        free = await outside(
            program, folder="/tmp/mlexpert-attack-mount", remount=False
        )  # in a mount namespace of its own
        Path("/tmp/mlexpert-attack-mount/old").rmdir()
        Path("/tmp/mlexpert-attack-mount").rmdir()
        assert {"own namespace", "tmpfs", "umount", "chroot"} <= got_through(free), free

    async def test_no_process_can_be_traced_or_its_memory_taken(self, sandbox: Sandbox) -> None:
        program = """
            import time
            child = os.fork()
            if child == 0:
                time.sleep(20)
                os._exit(0)
            def iov():
                store = ctypes.create_string_buffer(8)
                return (ctypes.c_void_p * 2)(ctypes.addressof(store), 8)
            here = iov()
            attempt("read own child", lambda: call(310, child, here, 1, here, 1, 0))
            attempt("attach to child", lambda: call(101, 16, child, 0, 0))
            attempt("seize child", lambda: call(101, 0x4206, child, 0, 0))
            attempt("steal from child", lambda: call(438, call(434, child, 0), 1, 0))
            os.kill(child, 9)
            os.waitpid(child, 0)
            def trace_me():
                pid = os.fork()
                if pid == 0:
                    os._exit(0 if libc.ptrace(0, 0, 0, 0) == 0 else ctypes.get_errno())
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                if code:
                    raise OSError(code, "")
            attempt("trace me", trace_me)
        """
        async with untrusted(sandbox) as box:
            told = await attack(box, program)
        assert len(told) == 5
        assert set(told.values()) <= REFUSED, told
        if os.getuid() == 0:
            assert {"attach to child", "trace me", "steal from child"} <= got_through(await outside(program))

    async def test_no_raw_packet_crypto_or_virtual_machine_socket_is_made(self, sandbox: Sandbox) -> None:
        program = """
            import socket
            for name, words in given["sockets"].items():
                attempt(name, lambda: socket.socket(*words).close())
        """
        sockets = {
            "packet": [17, 3, 0], "packet datagram": [17, 2, 0], "raw icmp": [2, 3, 1], "raw tcp": [2, 3, 6],
            "raw ipv6": [10, 3, 58], "alg": [38, 5, 0], "vsock": [40, 1, 0], "bluetooth": [31, 3, 1], "key": [15, 3, 2],
            "xdp": [44, 3, 0], "tipc": [30, 1, 0], "can": [29, 3, 1], "ax25": [3, 5, 0], "rds": [21, 5, 0],
            "smc": [43, 1, 0], "netrom": [6, 5, 0], "netlink audit": [16, 3, 9], "netlink netfilter": [16, 3, 12],
            "unix": [1, 1, 0],
        }  # fmt: skip
        async with untrusted(sandbox) as box:
            told = await attack(box, program, sockets=sockets)
        assert got_through(told) - {"netlink audit", "netlink netfilter"} == {"unix"}, told
        if os.getuid() == 0:
            assert {"packet", "raw icmp", "unix"} <= got_through(await outside(program, sockets=sockets))
