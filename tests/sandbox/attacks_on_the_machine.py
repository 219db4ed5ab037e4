"""Attacks on the machine around the box: its files, secrets, settings, /proc and /sys."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from uuid import uuid4

import pytest
from attack_tools import attack, got_through, outside, untrusted

from sandbox.conformance import shell
from sandbox.protocol import Mount, Sandbox

# Settings that each inter-process or process-id namespace has of its own: changing them changes nothing outside.
NAMES = ("kernel/shm", "kernel/msg", "kernel/sem", "kernel/auto_msgmni", "fs/mqueue/", "kernel/ns_last_pid",
         "kernel/pid_max")  # fmt: skip
OF_A_NAMESPACE = tuple(f"/proc/sys/{name}" for name in NAMES)


def kernel_settings() -> dict[str, str]:
    """The settings of this machine's own namespaces that a box may have of its own."""
    folders = (Path("/proc/sys/kernel"), Path("/proc/sys/fs/mqueue"))
    paths = [path for folder in folders for path in folder.glob("*") if str(path).startswith(OF_A_NAMESPACE)]
    return {str(path): path.read_text() for path in paths if path.name != "ns_last_pid"}


class MachineAttacks:
    async def test_nothing_outside_the_workspace_can_be_written(self, sandbox: Sandbox) -> None:
        program = """
            import os
            tops = ["/" + name for name in os.listdir("/")]
            tops += ["/", "/usr/bin", "/usr/lib", "/etc/ssl", "/var/tmp", "/var/lib"]
            for top in tops:
                if top in given["own"] or not os.path.isdir(top) or top.startswith("/proc"):
                    continue
                attempt(f"create {top}", lambda: open(top + "/attack", "w").close())
                attempt(f"folder {top}", lambda: os.mkdir(top + "/attack-folder"))
                attempt(f"link {top}", lambda: os.symlink("/etc/passwd", top + "/attack-link"))
                attempt(f"rights {top}", lambda: os.chmod(top, 0o777))
            files = ("/etc/passwd", "/etc/ld.so.preload", "/etc/hosts", "/etc/resolv.conf", "/usr/bin/env", "/bin/sh")
            for name in files:
                attempt(f"append {name}", lambda: open(name, "a").close())
                attempt(f"remove {name}", lambda: os.unlink(name))
                attempt(f"rename {name}", lambda: os.rename(name, name + ".old"))
                attempt(f"truncate {name}", lambda: os.truncate(name, 0))
            attempt("own", lambda: open(given["workspace"] + "/mine", "w").close())
            told["root"] = "read-only" if os.statvfs("/").f_flag & os.ST_RDONLY else "WRITABLE"
        """
        async with untrusted(sandbox) as box:
            own = [str(box.workspace), "/tmp"]
            told = await attack(box, program, own=own, workspace=str(box.workspace))
        assert len(told) >= 50, told
        assert told["root"] == "read-only"
        assert got_through(told) == {"own"}, {name for name in got_through(told)}

    async def test_no_setting_of_the_kernel_can_be_written(self, sandbox: Sandbox) -> None:
        program = """
            paths = ["/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
                     "/proc/sys/vm/overcommit_memory", "/proc/sys/fs/binfmt_misc/register",
                     "/proc/sys/net/ipv4/ip_forward",
                     "/proc/sys/kernel/hostname", "/proc/sys/kernel/shmmax", "/proc/sys/user/max_user_namespaces",
                     "/proc/acpi/wakeup", "/proc/irq/default_smp_affinity", "/proc/bus/pci/devices", "/proc/mtrr",
                     "/sys/kernel/uevent_helper", "/sys/kernel/mm/transparent_hugepage/enabled",
                     "/sys/power/state", "/sys/kernel/profiling", "/sys/module/kernel/parameters/panic"]
            for folder in given["folders"]:
                for place, _, names in os.walk(folder):
                    paths += [place + "/" + name for name in names]
            for path in paths:
                # opened, never written: outside this opens them too, and must change nothing
                attempt(path, lambda: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)))
            tried = len(told)
            told = {path: outcome for path, outcome in told.items() if outcome == "done"}
            told["tried"] = str(tried)
            def put(path, data):
                handle = os.open(path, os.O_WRONLY)
                try:
                    os.write(handle, data)
                finally:
                    os.close(handle)
            own = [path for path, outcome in told.items() if outcome == "done" and path.startswith("/proc/sys/")]
            for path in own if given["change"] else ():  # whose they are is seen outside
                try:
                    put(path, b"7")
                except OSError:
                    pass
            attempt("new control group", lambda: os.mkdir(given["group"]))
            attempt("sooner for memory", lambda: put("/proc/self/oom_score_adj", b"-1000"))
            attempt("own title", lambda: put("/proc/self/comm", b"kthreadd"))
            for path, data in given["writes"].items():
                attempt("write " + path, lambda: put(path, data.encode()))
        """
        folders = ["/proc/sys/kernel", "/proc/sys/vm", "/proc/sys/fs", "/proc/sys/net", "/sys/fs/cgroup", "/sys/kernel"]
        writes = {
            "/proc/self/uid_map": "0 0 1", "/proc/self/gid_map": "0 0 1", "/proc/1/oom_score_adj": "1000",
            "/proc/1/comm": "forged", "/proc/1/attr/current": "unconfined", "/proc/1/clear_refs": "1",
            "/proc/self/attr/exec": "unconfined", "/proc/self/attr/current": "unconfined", "/proc/1/setgroups": "allow",
        }  # fmt: skip
        before = kernel_settings()
        async with untrusted(sandbox) as box:
            given = {"group": "/sys/fs/cgroup/pids/attack", "folders": folders, "writes": writes, "change": True}
            told = await attack(box, program, **given)
            assert kernel_settings() == before
        assert int(told["tried"]) >= 100
        own = {path for path in got_through(told) if path.startswith(OF_A_NAMESPACE)}
        assert got_through(told) - own == {"own title"}, got_through(told) - own
        if os.getuid() == 0:
            free = got_through(await outside(program, group="/nonexistent/attack", folders=[], writes={}, change=False))
            assert {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "own title"} <= free, free

    async def test_what_the_kernel_knows_of_the_machine_stays_closed(self, sandbox: Sandbox) -> None:
        program = """
            for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/kpagecount",
                         "/proc/slabinfo", "/proc/vmallocinfo", "/proc/iomem", "/dev/kmsg",
                         "/sys/kernel/debug/tracing/trace", "/sys/firmware/acpi/tables/DSDT", "/etc/shadow"):
                def look():
                    with open(path, "rb") as file:
                        data = file.read(4096)
                    if not data.strip() or (path == "/proc/iomem" and not any(c in data for c in b"123456789abcdef")):
                        raise FileNotFoundError(2, "masked")
                attempt(path, look)
            def symbols():
                with open("/proc/kallsyms") as file:
                    if not any(int(line.split()[0], 16) for line in file):
                        raise PermissionError(1, "")
            attempt("addresses of the kernel", symbols)
            attempt("kernel log", lambda: call(103, 3, ctypes.create_string_buffer(4096), 4096))
        """
        async with untrusted(sandbox) as box:
            told = await attack(box, program)
        assert got_through(told) - {"/proc/iomem", "/proc/keys"} == set(), told
        if os.getuid() == 0:
            assert {"kernel log", "addresses of the kernel"} <= got_through(await outside(program))

    async def test_files_of_the_machine_are_not_there_not_even_through_a_mounted_link(
        self, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_text(word := uuid4().hex)
        mounted = tmp_path / "mounted"
        mounted.mkdir()
        (mounted / "absolute").symlink_to(secret)
        (mounted / "relative").symlink_to("../secret")
        (mounted / "root").symlink_to("/")
        program = """
            for path in given["paths"]:
                def look():
                    if open(path).read() != given["word"]:
                        raise FileNotFoundError(2, "")
                attempt(path, look)
        """
        async with untrusted(sandbox, mounts=(Mount(source=mounted, target="in"),)) as box:
            inside = str(box.mounts / "in")
            ways = [str(secret), f"/proc/1/root{secret}", f"/proc/self/root{secret}", f"{inside}/absolute",
                    f"{inside}/relative", f"{inside}/root{secret}", f"{inside}/../secret",
                    f"{inside}/root/proc/1/root{secret}"]  # fmt: skip
            told = await attack(box, program, paths=ways, word=word)
            seen = (await shell(box, f"ls {inside}; ls -a /root /home /srv /var/lib/docker 2>&1")).output
        assert len(told) == len(ways)
        assert got_through(told) == set()
        assert seen.split()[:3] == ["absolute", "relative", "root"]
        ways = [str(secret), str(mounted / "absolute"), str(mounted / "relative")]
        assert got_through(await outside(program, paths=ways, word=word)) == set(ways)

    async def test_a_mount_cannot_be_changed_in_any_way(self, sandbox: Sandbox, tmp_path: Path) -> None:
        data = tmp_path / "data"
        data.mkdir()
        (data / "rows").write_text("rows")
        for path, mode in ((tmp_path, 0o755), (data, 0o777), (data / "rows", 0o666)):
            path.chmod(mode)  # rights alone must not be what holds
        program = """
            import fcntl, mmap
            folder = given["folder"]
            rows = folder + "/rows"
            def by_map():
                with open(rows, "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
                    view[0:1] = b"X"
            def reopened():
                handle = os.open(rows, os.O_RDONLY)
                os.write(os.open(f"/proc/self/fd/{handle}", os.O_WRONLY), b"X")
            attempt("new", lambda: open(folder + "/new", "w").close())
            attempt("by map", by_map)
            attempt("reopened", reopened)
            attempt("by /proc/self/root", lambda: open("/proc/self/root" + rows, "r+").close())
            attempt("append", lambda: open(rows, "a").close())
            attempt("rights", lambda: os.chmod(rows, 0o600))
            attempt("times", lambda: os.utime(rows, (1, 1)))
            attempt("attribute", lambda: os.setxattr(rows, "user.x", b"x"))
            attempt("link", lambda: os.link(rows, folder + "/second"))
            attempt("rename", lambda: os.rename(rows, folder + "/other"))
            attempt("swap", lambda: os.rename(folder, folder + "-old"))
            attempt("remove", lambda: os.unlink(rows))
            attempt("read", lambda: open(rows).read())
        """
        async with untrusted(sandbox, mounts=(Mount(source=data, target="in/data"),)) as box:
            told = await attack(box, program, folder=str(box.mounts / "in/data"))
        assert got_through(told) == {"read"}, told
        assert [(path.name, path.read_text()) for path in data.iterdir()] == [("rows", "rows")]
        assert (data / "rows").stat().st_mode & 0o777 == 0o666
        free = await outside(program, folder=str(data))
        assert {"by map", "reopened", "append", "rights", "times", "link"} <= got_through(free)

    async def test_no_key_of_the_owner_reaches_the_box(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        word = f"sk-{uuid4().hex}"
        for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN"):
            monkeypatch.setenv(name, word)
        program = """
            import glob
            told["looked"] = "no"
            def variables():
                if given["word"] not in " ".join(os.environ.values()):
                    raise FileNotFoundError(2, "")
            attempt("environment", variables)
            for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
                if path.endswith("cmdline") and path.split("/")[2] in (str(os.getpid()), "self"):
                    continue  # it was told the word, to look for it
                def look():
                    if given["word"].encode() not in open(path, "rb").read():
                        raise FileNotFoundError(2, "")
                told["looked"] = "yes"
                attempt(path, look)
        """
        async with untrusted(sandbox) as box:
            told = await attack(box, program, word=word)
            host = (await shell(box, "hostname; cat /proc/sys/kernel/hostname /etc/hostname")).output
        assert told["looked"] == "yes"
        assert got_through(told) == set()
        assert socket.gethostname() not in host.split()
        assert "environment" in got_through(await outside(program, word=word))
