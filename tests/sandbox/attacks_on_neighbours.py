"""Attacks of one box on another: its files, processes, memory, queues, sockets, and what both draw from."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from attack_tools import alive, attack, file_appears, got_through, running, until, untrusted, words

from sandbox.conformance import shell
from sandbox.protocol import Mount, Sandbox

KEY = 0x5EC2E7
SHARED = """
    import socket, time
    MAKE = 0o1666  # IPC_CREAT
    libc.shmat.restype = ctypes.c_void_p
    def segment(flags):
        found = libc.shmget(given["key"], 4096, flags)
        if found < 0:
            raise OSError(ctypes.get_errno(), "")
        return ctypes.c_void_p(libc.shmat(found, None, 0))
    def queue(flags):
        if libc.msgget(given["key"], flags) < 0:
            raise OSError(ctypes.get_errno(), "")
    def semaphore(flags):
        if libc.semget(given["key"], 1, flags) < 0:
            raise OSError(ctypes.get_errno(), "")
"""
HOLD = (
    SHARED
    + """
    ctypes.memmove(segment(MAKE), given["word"].encode() + b"\\0", len(given["word"]) + 1)
    queue(MAKE)
    semaphore(MAKE)
    for folder in (given["workspace"], "/tmp", "/dev/shm"):
        with open(f"{folder}/mine", "w") as file:
            file.write(given["word"])
    door = socket.create_server(("127.0.0.1", 45678))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\\0mlexpert-attack")
    abstract.listen()
    open("held", "w").close()
    time.sleep(60)
"""
)
TAKE = (
    SHARED
    + """
    import glob
    def look(path):
        if given["word"] not in open(path).read():
            raise FileNotFoundError(2, "")
    for folder in (given["workspace"], "/tmp", "/dev/shm"):
        attempt(f"file in {folder}", lambda: look(f"{folder}/mine"))
    def memory():
        if given["word"].encode() not in ctypes.string_at(segment(0), 100):
            raise FileNotFoundError(2, "")
    attempt("shared memory", memory)
    attempt("queue", lambda: queue(0))
    attempt("semaphore", lambda: semaphore(0))
    attempt("loopback", lambda: socket.create_connection(("127.0.0.1", 45678), timeout=2).close())
    def knock():
        with socket.socket(socket.AF_UNIX) as door:
            door.connect("\\0mlexpert-attack")
    attempt("abstract socket", knock)
    def seen():
        lines = [open(path).read() for path in glob.glob("/proc/[0-9]*/cmdline") if str(os.getpid()) not in path]
        if not any(given["word"] in line for line in lines):
            raise FileNotFoundError(2, "")
    attempt("seen", seen)
    for pid in given["pids"]:
        attempt(f"kill {pid}", lambda: os.kill(pid, 9))
        attempt(f"files of {pid}", lambda: look(f"/proc/{pid}/root{given['workspace']}/mine"))
        attempt(f"folder of {pid}", lambda: look(f"/proc/{pid}/cwd/mine"))
        attempt(f"memory of {pid}", lambda: open(f"/proc/{pid}/mem", "rb").close())
    for path in glob.glob("/proc/[0-9]*/root" + given["workspace"] + "/mine") + glob.glob("/proc/[0-9]*/cwd/mine"):
        attempt(path, lambda: look(path))
"""
)
OWN = {"shared memory", "queue", "semaphore", "loopback", "abstract socket"}


class NeighbourAttacks:
    async def test_nothing_of_another_box_is_seen_or_reached(self, sandbox: Sandbox) -> None:
        word = uuid4().hex
        async with untrusted(sandbox, run="victim") as victim, untrusted(sandbox) as box:
            given: dict[str, object] = {"key": KEY, "word": word, "workspace": str(victim.workspace)}
            async with running(victim, words("python3", HOLD, given)) as holding:
                await file_appears(victim, "held")
                pids = alive(word)
                assert pids, "the victim's process is there to be attacked"
                told = await attack(box, TAKE, **{**given, "pids": pids, "word": word})
                assert not holding.done(), "the victim was ended"
        assert len(told) >= 9 + 4 * len(pids)
        assert got_through(told) == set(), told

    async def test_what_was_held_against_another_box_can_be_reached_within_one(self, sandbox: Sandbox) -> None:
        word = uuid4().hex
        both = HOLD.replace("    time.sleep(60)\n", TAKE.removeprefix(SHARED))
        async with untrusted(sandbox) as box:
            given = {"key": KEY, "word": word, "workspace": str(box.workspace), "pids": []}
            told = await attack(box, both, **given)
        assert got_through(told) - {"seen"} >= OWN | {"file in /tmp", "file in /dev/shm", f"file in {box.workspace}"}, (
            told
        )

    async def test_a_signal_to_everyone_stays_in_the_box(self, sandbox: Sandbox) -> None:
        async with untrusted(sandbox) as victim, untrusted(sandbox) as box:
            async with running(victim, ["sh", "-c", ": > begun; sleep 50; : > end"]) as task:
                await file_appears(victim, "begun")
                done = await shell(box, "echo now; sleep 50 & kill -9 -1; echo after")
                assert done.output.startswith("now\n")
                assert not task.done()
            assert (await shell(victim, "echo alive")).output == "alive\n"

    @pytest.mark.parametrize("what", ["inotify", "timers", "queues", "pipes", "keys", "aio", "ptys"])
    async def test_a_box_cannot_use_up_what_the_kernel_counts_by_user(self, sandbox: Sandbox, what: str) -> None:
        program = """
            import fcntl, threading, time
            def inotify():
                return call(294, 0)
            def timer():
                call(222, 1, 0, ctypes.byref(ctypes.c_int()))
            def queue():
                call(240, ctypes.c_char_p(f"attack{given['name']}{len(held)}".encode()), os.O_CREAT | os.O_RDWR, 0o600,
                     ctypes.byref((ctypes.c_long * 8)(0, 10, 8192)))
            def pipe():
                first, second = os.pipe()
                try:
                    fcntl.fcntl(second, 1031, 1 << 20)
                except PermissionError:
                    if given["hold"]:
                        raise
                os.write(second, b"x" * 4096)  # a smaller pipe is still a pipe
                os.read(first, 4096)
            def key():
                name = ctypes.c_char_p(str(len(held)).encode())
                call(248, ctypes.c_char_p(b"user"), name, ctypes.c_char_p(b"x"), 1, -4)
            def aio():
                call(206, 1024, ctypes.byref(ctypes.c_ulong(0)))
            def pty():
                return os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
            do = {"aio": aio, "ptys": pty, "inotify": inotify, "timers": timer, "queues": queue}
            do |= {"pipes": pipe, "keys": key}
            take = do[given["what"]]
            held = []
            end = time.monotonic() + 10
            try:
                while len(held) < given["most"] and time.monotonic() < end:
                    held.append(take())
            except OSError as error:
                told["ended"] = errno.errorcode[error.errno]
            told["got"] = str(len(held))
            if given["hold"]:
                print(json.dumps(told), flush=True)
                open("held", "w").close()
                time.sleep(60)
        """
        given: dict[str, object] = {"what": what, "most": 200_000, "hold": True, "name": "a"}
        async with untrusted(sandbox, memory_mb=256) as greedy, untrusted(sandbox) as box:
            alone = await attack(box, program, **{**given, "most": 1, "hold": False, "name": "b"})
            async with running(greedy, words("python3", program, given)):
                await file_appears(greedy, "held", 40)
                after = await attack(box, program, **{**given, "most": 1, "hold": False, "name": "c"})
        assert after == alone, f"{what}: {alone} before, {after} after another box had taken all it could"

    async def test_a_planted_file_works_in_no_other_box(self, sandbox: Sandbox, tmp_path: Path) -> None:
        shared = tmp_path / "shared"
        shared.mkdir()
        plant = """
            places = ["sitecustomize.py", "usercustomize.py", "json.py", ".bashrc", ".profile", ".pythonrc",
                      ".local/lib/python3.11/site-packages/usercustomize.py"]
            tops = (given["workspace"], "/tmp", "/dev/shm", given["mount"], "/usr/lib/python3/dist-packages", "/etc")
            for top in tops:
                for place in places:
                    def put():
                        os.makedirs(os.path.dirname(f"{top}/{place}"), exist_ok=True)
                        with open(f"{top}/{place}", "w") as file:
                            file.write("import sys; sys.stdout.write('PLANTED')")
                    attempt(f"{top}/{place}", put)
            os.environ["LD_PRELOAD"] = os.environ["PYTHONPATH"] = given["workspace"]
        """
        mounts = (Mount(source=shared, target="in"),)
        async with untrusted(sandbox, mounts=mounts) as box, untrusted(sandbox, mounts=mounts) as other:
            told = await attack(box, plant, workspace=str(box.workspace), mount=str(box.mounts / "in"))
            assert f"{box.workspace}/sitecustomize.py" in got_through(told)
            assert not [place for place in got_through(told) if place.startswith(("/etc", "/usr", str(box.mounts)))]
            for victim in (other, box):
                names = {
                    line.partition("=")[0] for line in (await victim.run(["env"], timeout_s=20)).output.splitlines()
                }
                assert names <= {"PATH", "HOME", "LANG", "TMPDIR"}
            look = "import json, sys; print('looked')"
            assert (await other.run(["python3", "-c", look], timeout_s=20)).output == "looked\n"
            isolated = await box.run(["python3", "-I", "-c", look], timeout_s=20)
            assert isolated.output == "looked\n", "within the box -I is enough"
        assert not list(shared.iterdir())

    async def test_no_command_survives_to_watch_the_next_one(self, sandbox: Sandbox) -> None:
        mark = uuid4().hex
        look = "while :; do cat /proc/[0-9]*/cmdline >> seen; sleep 0.05; done"
        spy = f"(setsid sh -c ': {mark}; {look}' > /dev/null 2>&1 &)"
        async with untrusted(sandbox) as box:
            await shell(box, f"{spy}; sleep 0.5")
            first = await box.read("seen")
            assert first, "the spy was at work"
            assert await until(lambda: not alive(mark))
            await shell(box, f": {uuid4().hex}; sleep 0.5")
            assert await box.read("seen") == first
