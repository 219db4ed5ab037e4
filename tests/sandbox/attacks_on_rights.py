"""Attacks for more rights: devices, terminals, setuid programs, capabilities, the keeper of the box."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from attack_tools import attack, got_through, outside, untrusted

from sandbox.conformance import shell
from sandbox.protocol import Mount, Sandbox

ROOT = pytest.mark.skipif(os.getuid() != 0, reason="what it is compared with needs root outside")


class RightsAttacks:
    async def test_the_keeper_of_the_box_can_be_neither_ended_nor_read(self, sandbox: Sandbox) -> None:
        program = """
            import signal
            others = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
            told["seen"] = str(len(others))
            for pid in others:
                for sign in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
                    attempt(f"kill {pid} {sign}", lambda: os.kill(pid, sign))
                    attempt(f"tgkill {pid} {sign}", lambda: call(234, pid, pid, int(sign)))
                    attempt(f"pidfd {pid} {sign}", lambda: call(424, call(434, pid, 0), int(sign), 0, 0))
                attempt(f"limits {pid}", lambda: __import__("resource").prlimit(pid, 7, (0, 0)))
                attempt(f"nice {pid}", lambda: os.setpriority(os.PRIO_PROCESS, pid, 19))
                for name in ("mem", "environ", "maps", "root/etc", "cwd/.", "fd", "fdinfo", "syscall", "stack"):
                    path = f"/proc/{pid}/{name}"
                    look = (lambda: os.listdir(path)) if os.path.isdir(path) else (lambda: open(path, "rb").read(64))
                    attempt(f"{name} {pid}", look)
                attempt(f"write mem {pid}", lambda: open(f"/proc/{pid}/mem", "r+b"))
            attempt("kill -1", lambda: os.kill(-1, signal.SIGKILL))
        """
        async with untrusted(sandbox) as box:
            told = await attack(box, program)
            assert int(told.pop("seen")) >= 1, "there is a keeper to attack"
            assert (await shell(box, "echo alive")).output == "alive\n"
        # A keeper that is process 1 of its namespace gets the signal and, by the kernel's rule, ignores it. One of the
        # command's own user can be made slower: that hurts the box alone.
        allowed = {
            name
            for name in told
            if name.split()[0] in ("kill", "tgkill", "pidfd", "nice") and name.split()[1] in ("1", "-1")
        }
        assert got_through(told) <= allowed, got_through(told) - allowed

    async def test_no_device_of_the_machine_can_be_opened_or_made(self, sandbox: Sandbox) -> None:
        program = """
            import stat
            for name in given["devices"]:
                attempt("open " + name, lambda: os.close(os.open("/dev/" + name, os.O_RDONLY | os.O_NONBLOCK)))
            kinds = {"memory": (stat.S_IFCHR, 1, 1), "disk": (stat.S_IFBLK, 8, 0), "disk 252": (stat.S_IFBLK, 252, 0)}
            for name, (kind, major, minor) in kinds.items():
                for folder in given["folders"]:
                    path = f"{folder}/attack-{major}-{minor}"
                    attempt(f"make {name} {folder}", lambda: os.mknod(path, kind | 0o666, os.makedev(major, minor)))
            attempt("make fifo", lambda: os.mkfifo(given["folders"][0] + "/fifo"))
            seen = [n for n in os.listdir("/dev") if stat.S_ISBLK(os.stat("/dev/" + n, follow_symlinks=False).st_mode)]
            told["block devices"] = ",".join(seen) or "none"
        """
        blocks = [entry.name for entry in Path("/dev").iterdir() if entry.is_block_device()]
        devices = ["mem", "kmem", "port", "kmsg", "fuse", "kvm", "vhost-net", "net/tun", "loop-control", "sda", *blocks]
        async with untrusted(sandbox) as box:
            told = await attack(box, program, devices=devices, folders=[str(box.workspace), "/tmp", "/dev", "/dev/shm"])
        assert told["block devices"] == "none"
        assert got_through(told) == {"make fifo"}, told
        if os.getuid() == 0:
            assert "open kmsg" in got_through(await outside(program, devices=["kmsg"], folders=["/nonexistent"]))

    async def test_no_terminal_can_be_typed_into(self, sandbox: Sandbox) -> None:
        program = """
            import fcntl
            attempt("terminal", lambda: os.open("/dev/tty", os.O_RDWR))
            attempt("console", lambda: os.open("/dev/console", os.O_RDWR))
            for fd in (0, 1, 2):
                attempt(f"push into {fd}", lambda: fcntl.ioctl(fd, 0x5412, b"x"))
                attempt(f"copy console {fd}", lambda: fcntl.ioctl(fd, 0x541C, b"\\x03"))
                attempt(f"steal {fd}", lambda: fcntl.ioctl(fd, 0x540E, 1))
        """
        async with untrusted(sandbox) as box:
            told = await attack(box, program)
        assert len(told) == 11
        assert got_through(told) == set(), told

    @ROOT
    async def test_a_setuid_program_in_a_mount_gives_no_rights(self, sandbox: Sandbox, tmp_path: Path) -> None:
        show = "for name in plain setuid capable; do {0}/in/$name -u; {0}/in/$name -g; done; {0}/in/plain -ru"
        folder = tmp_path / "mounted"
        folder.mkdir()
        tmp_path.chmod(0o755)
        async with untrusted(sandbox) as box:
            await shell(box, "cp $(command -v id) copy")
            program = await box.read("copy")
        for name, mode in (("plain", 0o755), ("setuid", 0o6755), ("capable", 0o755)):
            (folder / name).write_bytes(program)
            (folder / name).chmod(mode)
        capabilities = b"\x01\x00\x00\x02" + b"\xff\xff\xff\xff" * 4  # cap_*+ep
        os.setxattr(folder / "capable", "security.capability", capabilities)
        async with untrusted(sandbox, mounts=(Mount(source=folder, target="in"),)) as box:
            done = await shell(box, show.format(box.mounts))
            modes = (await shell(box, f"stat -c %a {box.mounts}/in/setuid; grep CapEff /proc/self/status")).output
        answers = done.output.split()
        assert done.output.count("not permitted") in (0, 2), done.output  # more capabilities than the box may ever have
        numbers = [word for word in answers if word.isdigit()]
        assert len(numbers) >= 5, done.output
        assert len(set(numbers)) <= 2 and "0" not in numbers, done.output
        assert modes.split()[0] in ("6755", "755") and modes.split()[-1] == "0" * 16, modes

    async def test_no_right_can_be_taken_back(self, sandbox: Sandbox) -> None:
        program = """
            for name in ("setuid", "setgid", "seteuid", "setegid"):
                attempt(name, lambda: getattr(os, name)(0))
            attempt("setgroups", lambda: os.setgroups([0]))
            attempt("setresuid", lambda: os.setresuid(0, 0, 0))
            attempt("keeper", lambda: os.setuid(10002))
            attempt("fsuid", lambda: libc.setfsuid(0))
            attempt("file as fsuid 0", lambda: open("/etc/shadow").close())
            header = (ctypes.c_uint32 * 2)(0x20080522, 0)
            attempt("capset", lambda: call(126, header, (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)))
            attempt("ambient", lambda: call(157, 47, 2, 21, 0, 0))
            attempt("securebits", lambda: call(157, 28, 0x2F, 0, 0, 0))
            attempt("privileges back", lambda: call(157, 38, 0, 0, 0, 0))
            attempt("seccomp off", lambda: call(157, 22, 0, 0, 0, 0))
            attempt("to root's file", lambda: os.chown(given["file"], 0, 0))
            told.pop("fsuid")  # it never fails: the file tells
            status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
            for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"):
                told[name] = status[name].strip()
            told["uid"] = str(os.getuid())
        """
        async with untrusted(sandbox) as box:
            await box.write("file", b"x")
            told = await attack(box, program, file=str(box.workspace / "file"))
            files = await shell(box, "find / -xdev -type f -perm /6000 2>/dev/null; echo looked")
        assert {int(told[name], 16) for name in told if name.startswith("Cap")} == {0}
        assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2")
        assert int(told["uid"]) > 0
        assert got_through(told) == set(), told
        assert "looked" in files.output
        if os.getuid() == 0:
            assert "setgroups" in got_through(await outside(program, file="/nonexistent"))
