"""Attacks that use up: processes, memory, processor, disk, inodes, open files."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from uuid import uuid4

import pytest
from attack_tools import alive, attack, got_through, outside, read, until, untrusted, words

from orchestrator.core.errors import BoxFailed
from sandbox.conformance import shell
from sandbox.protocol import IntakeLimits, Sandbox

MIB = 1024 * 1024


class LimitAttacks:
    async def test_processes_run_out_in_the_box_alone(self, sandbox: Sandbox) -> None:
        program = """
            import time
            def fork():
                if os.fork() == 0:
                    time.sleep(30)
                    os._exit(0)
            for i in range(200):
                attempt(str(i), fork)
        """
        async with untrusted(sandbox, pids=32) as other, untrusted(sandbox, pids=32) as box:
            task = asyncio.create_task(attack(box, program))
            told = await task
            assert (await shell(other, "echo untouched")).output == "untouched\n"
            assert (await shell(box, "echo and the box goes on")).exit_code == 0
        assert 8 <= len(got_through(told)) <= 48, len(got_through(told))
        assert set(told.values()) == {"done", "EAGAIN"}

    async def test_threads_count_as_processes(self, sandbox: Sandbox) -> None:
        program = """
            import threading
            stop = threading.Event()
            def start():
                try:
                    threading.Thread(target=stop.wait).start()
                except RuntimeError:
                    raise BlockingIOError(11, "") from None
            for i in range(200):
                attempt(str(i), start)
            stop.set()
        """
        async with untrusted(sandbox, pids=32) as box:
            told = await attack(box, program)
        assert 8 <= len(got_through(told)) <= 48
        assert got_through(await outside(program)) == {str(i) for i in range(200)}

    async def test_a_fork_bomb_stays_in_its_box_and_dies_with_the_deadline(self, sandbox: Sandbox) -> None:
        mark = uuid4().hex
        async with untrusted(sandbox, pids=32) as other, untrusted(sandbox, pids=32) as box:
            bomb = "bomb() { echo x >> forks; bomb | bomb & }; bomb; sleep 60"
            done = await shell(box, f": {mark}; echo begun; exec 2>&-; {bomb}", timeout_s=4.0)
            assert done.output == "begun\n", done
            assert done.ended in ("timeout", "killed", "exit")
            assert (await shell(other, "echo untouched")).output == "untouched\n"
            assert await until(lambda: not alive(mark))
            forks = (await box.read("forks")).count(b"x")
            assert forks >= 16, f"it forked {forks} times: no bomb"

    @pytest.mark.parametrize("kind", ["private", "shared", "memfd", "many processes", "/dev/shm", "the workspace"])
    async def test_memory_of_every_kind_is_counted(self, sandbox: Sandbox, kind: str) -> None:
        program = """
            import mmap, time
            kind, size = given["kind"], 1 << 20
            def fill(rounds):
                kept = []
                for i in range(rounds):
                    if kind in ("private", "many processes"):
                        kept.append(bytearray(b"x" * size))
                    elif kind == "shared":
                        view = mmap.mmap(-1, size)
                        view.write(b"x" * size)
                        kept.append(view)
                    elif kind == "memfd":
                        if not kept:
                            kept.append(os.memfd_create("attack"))
                        os.write(kept[0], b"x" * size)
                    else:
                        with open(given["folder"] + f"/{i}", "wb") as file:
                            file.write(b"x" * size)
                    time.sleep(0.001)
                return kept
            if kind == "many processes":
                for _ in range(8):
                    if os.fork() == 0:
                        kept = fill(24)
                        time.sleep(30)
                        os._exit(0)
                told["first to end"] = str(os.waitstatus_to_exitcode(os.wait()[1]))
            else:
                attempt(kind, lambda: fill(192))
        """
        async with untrusted(sandbox, memory_mb=64, disk_mb=512) as box:
            folder = "/dev/shm" if kind == "/dev/shm" else str(box.workspace)
            done = await box.run(words("python3", program, {"kind": kind, "folder": folder}), timeout_s=30)
        if kind == "many processes" and done.ended == "exit":  # one of them was taken, and the parent told of it
            assert read(done.output) == {"first to end": "-9"}
        else:
            assert done.ended == "memory" or (kind == "/dev/shm" and "ENOSPC" in done.output), done
        if kind != "the workspace":
            assert got_through(await outside("attempt('all', lambda: [bytearray(1 << 20) for _ in range(192)])")) == {
                "all"
            }

    async def test_the_processor_is_shared_by_what_was_asked(self, sandbox: Sandbox) -> None:
        spin = "for i in 1 2 3 4; do (while :; do :; done) & done; echo spinning; wait"
        async with untrusted(sandbox, cpus=0.25) as box:
            done = await shell(box, spin, timeout_s=3.0)
        assert done.output == "spinning\n"
        assert 0.0 < done.cpu_s < 0.25 * done.wall_s * 1.5 + 0.3, done

    async def test_a_box_cannot_leave_the_cores_it_was_leased(self, sandbox: Sandbox) -> None:
        program = """
            told["given"] = ",".join(map(str, sorted(os.sched_getaffinity(0))))
            attempt("all cores", lambda: os.sched_setaffinity(0, range(64)))
            attempt("another core", lambda: os.sched_setaffinity(0, given["others"]))
            told["got"] = ",".join(map(str, sorted(os.sched_getaffinity(0))))
        """
        mine, *others = sorted(os.sched_getaffinity(0))
        if not others:
            pytest.skip("this machine has one core")
        async with untrusted(sandbox, cores=(mine,)) as box:
            told = await attack(box, program, others=others)
        assert told["given"] == told["got"] == str(mine), told
        free = await outside(program, others=others)
        assert free["another core"] == "done"

    @pytest.mark.parametrize("folder", ["the workspace", "/tmp"])
    async def test_room_and_inodes_run_out_in_the_box_alone(self, sandbox: Sandbox, folder: str) -> None:
        program = """
            folder = given["folder"]
            def fill(path, size):
                with open(path, "wb", buffering=0) as file:
                    while size:
                        size -= file.write(b"x" * min(size, 1 << 20))
            for i in range(20):
                attempt(f"megabyte {i}", lambda: fill(f"{folder}/f{i}", 1 << 20))
            for i in range(20):
                os.unlink(f"{folder}/f{i}")
            made = 0
            try:
                while made < 200_000:
                    os.close(os.open(f"{folder}/{made}", os.O_CREAT | os.O_WRONLY))
                    made += 1
            except OSError as error:
                told["inodes"] = errno.errorcode[error.errno]
            told["made"] = str(made)
        """
        async with untrusted(sandbox, disk_mb=8, memory_mb=512) as box:
            place = str(box.workspace) if folder == "the workspace" else folder
            told = await attack(box, program, timeout_s=60, folder=place)
            assert 5 <= len(got_through(told)) <= 8, told
            assert {told[f"megabyte {i}"] for i in range(10, 20)} == {"ENOSPC"}
            assert told["inodes"] == "ENOSPC"
            assert 0 < int(told["made"]) < 100_000
            assert (await shell(box, "echo alive")).output == "alive\n"

    async def test_a_sparse_file_larger_than_the_box_never_arrives(self, sandbox: Sandbox, tmp_path: Path) -> None:
        async with untrusted(sandbox, disk_mb=64) as box:
            made = await shell(box, "mkdir out; truncate -s 60M out/huge; stat -c %s out/huge; truncate -s 1T out/vast")
            assert made.output.startswith(f"{60 * MIB}\n")
            await shell(box, "rm -f out/vast")
            with pytest.raises(BoxFailed, match="huge"):
                await box.collect("out", tmp_path / "taken", IntakeLimits(bytes=1000))
            assert (await shell(box, "stat -c %s out/huge")).output == f"{60 * MIB}\n"
        assert not list((tmp_path / "taken").iterdir())

    async def test_no_limit_of_its_own_can_be_raised(self, sandbox: Sandbox) -> None:
        program = """
            import resource
            limits = {"core": resource.RLIMIT_CORE, "files": resource.RLIMIT_NOFILE, "size": resource.RLIMIT_FSIZE}
            for name, limit in limits.items():
                hard = resource.getrlimit(limit)[1]
                told[f"{name} is"] = str(hard)
                def more():
                    try:
                        resource.setrlimit(limit, (hard + 1, hard + 1) if hard >= 0 else (-1, -1))
                    except ValueError:
                        raise PermissionError(1, "") from None
                attempt(f"more {name}", more)
            opened = []
            def endless():
                while len(opened) < 50_000:
                    opened.append(os.dup(0))
            attempt("endless files", endless)
            for handle in opened:
                os.close(handle)
            attempt("before all others", lambda: os.nice(-5))
            attempt("real time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
            attempt("deadline", lambda: call(314, 0, (ctypes.c_uint64 * 6)(48 | 6 << 32, 0, 0, 10**7, 10**8, 10**8), 0))
            attempt("disk before all others", lambda: call(251, 1, 0, 1 << 13 | 0))
            attempt("behind all others", lambda: os.nice(5))
        """
        async with untrusted(sandbox) as box:
            told = await attack(box, program)
        assert told["core is"] == "0"
        assert 0 < int(told["files is"]) <= 65536
        assert int(told["size is"]) > 0
        assert told["endless files"] == "EMFILE"
        assert got_through(told) == {"behind all others"}, told

    async def test_a_crash_writes_no_core(self, sandbox: Sandbox) -> None:
        async with untrusted(sandbox) as box:
            done = await box.run(["python3", "-c", "import os; os.abort()"], timeout_s=20)
            assert (done.exit_code, done.ended) == (134, "exit")
            assert (await shell(box, "ls -A; ls -A /tmp")).output == ""
