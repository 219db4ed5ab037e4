"""Attacks on whoever takes files out of a box: links, devices, names, floods of files, files that change meanwhile."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from uuid import uuid4

import pytest
from attack_tools import attack, file_appears, got_through, running, untrusted, words

from orchestrator.core.errors import BoxFailed
from sandbox.conformance import shell
from sandbox.protocol import IntakeLimits, Sandbox

PLANTS = {
    "link to a secret": "os.symlink(given['secret'], 'out/x')",
    "link upwards": "os.symlink('../' * 20 + given['secret'].lstrip('/'), 'out/x')",
    "link to a folder": "os.symlink('/etc', 'out/x')",
    "link to itself": "os.symlink('x', 'out/x')",
    "link into /proc": "os.symlink('/proc/self/root' + given['secret'], 'out/x')",
    "link below a folder": "os.mkdir('out/deep'); os.symlink(given['secret'], 'out/deep/x')",
    "hard link": "open('out/a', 'w').close(); os.link('out/a', 'out/x')",
    "fifo": "os.mkfifo('out/x')",
    "newline": "open('out/a\\nx', 'w').close()",
    "escape sequence": "open('out/\\x1b]0;x\\x07', 'w').close()",
    "carriage return": "open('out/safe\\rx', 'w').close()",
    "no text": "open(b'out/\\xff\\xfex', 'w').close()",
    "deep": "os.makedirs('out/' + 'x/' * 60)",
    "ten thousand files": "[open(f'out/x{i}', 'w').close() for i in range(10_000)]",
    "ten thousand folders": "[os.mkdir(f'out/x{i}') for i in range(10_000)]",
    "more than was agreed": "open('out/x', 'wb').write(b'x' * 5_000_000)",
    "sparse": "os.truncate(os.open('out/x', os.O_CREAT | os.O_RDWR), 30_000_000)",
}
LIMITS = IntakeLimits(files=1000, bytes=4_000_000, depth=8)


class ArtefactAttacks:
    @pytest.mark.parametrize("plant", PLANTS)
    async def test_what_is_planted_among_artefacts_is_refused_whole(
        self, sandbox: Sandbox, tmp_path: Path, plant: str
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_text("the secret")
        program = f"""
            os.mkdir("out")
            open("out/good", "w").write("good")
            def plant():
                {PLANTS[plant]}
            attempt("plant", plant)
        """
        async with untrusted(sandbox, disk_mb=64) as box:
            assert await attack(box, program, secret=str(secret)) == {"plant": "done"}
            with pytest.raises(BoxFailed) as caught:
                await asyncio.wait_for(box.collect("out", tmp_path / "taken", LIMITS), 60)
            assert "\x1b" not in str(caught.value) and "\n" not in caught.value.message
            assert not list((tmp_path / "taken").iterdir())
            assert (await shell(box, "cat out/good")).output == "good", "the box goes on"

    @pytest.mark.parametrize("kind", ["socket", "hard link"])
    async def test_what_an_archive_hides_brings_nothing_but_the_boxs_own(
        self, sandbox: Sandbox, tmp_path: Path, kind: str
    ) -> None:
        """Refused where it is seen. An engine leaves sockets out, and tells nothing of a second name elsewhere."""
        program = """
            import socket
            os.mkdir("out")
            def plant():
                if given["kind"] == "socket":
                    socket.socket(socket.AF_UNIX).bind("out/x")
                else:
                    open("own", "w").write("own")
                    os.link("own", "out/x")
            attempt("plant", plant)
        """
        async with untrusted(sandbox) as box:
            assert await attack(box, program, kind=kind) == {"plant": "done"}
            try:
                await box.collect("out", tmp_path / "taken", LIMITS)
            except BoxFailed:
                assert not list((tmp_path / "taken").iterdir())
        for path in (tmp_path / "taken").iterdir():
            assert (kind, path.is_file(), path.stat().st_nlink, path.read_text()) == ("hard link", True, 1, "own")

    async def test_names_that_are_odd_but_harmless_arrive_unchanged(self, sandbox: Sandbox, tmp_path: Path) -> None:
        names = [
            "-rf",
            " ",
            "a b",
            "~",
            "$(id)",
            "`id`",
            "*",
            "A",
            "a",
            "con",
            "%2e%2e",
            "..x",
            "x..",
            "b\\c",
            "ü" * 100,
        ]
        names += ["y" * 255, "name.with.dots..", ".hidden", "'\"", ";", "&", "|", "#"]
        program = """
            os.mkdir("out")
            for name in given["names"]:
                def put():
                    with open("out/" + name, "w") as file:
                        file.write(name)
                attempt(name, put)
        """
        async with untrusted(sandbox) as box:
            told = await attack(box, program, names=names)
            assert got_through(told) == set(names)
            taken = await box.collect("out", tmp_path / "taken", LIMITS)
        assert {file.path for file in taken} == set(names)
        assert {path.name: path.read_text() for path in (tmp_path / "taken").iterdir()} == {
            name: name for name in names
        }

    async def test_no_dangerous_right_comes_along(self, sandbox: Sandbox, tmp_path: Path) -> None:
        make = "mkdir out; cp $(command -v id) out/tool; chmod 6777 out/tool; : > out/shut; chmod 0 out/shut"
        async with untrusted(sandbox) as box:
            assert (await shell(box, f"{make}; stat -c %a out/tool")).output == "6777\n"
            taken = await box.collect("out", tmp_path / "taken", LIMITS)
        assert {file.path for file in taken} == {"tool", "shut"}
        for path in (tmp_path / "taken").iterdir():
            assert path.stat().st_mode & 0o7133 == 0, oct(path.stat().st_mode)
            assert path.stat().st_uid == os.getuid()

    @pytest.mark.parametrize("swap", ["for a link", "for a folder", "for a fifo", "its parent for a link"])
    async def test_a_file_that_is_swapped_while_it_is_taken_never_brings_a_strangers(
        self, sandbox: Sandbox, tmp_path: Path, swap: str
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_text(word := uuid4().hex)
        program = """
            import shutil
            os.makedirs("out/deep")
            os.makedirs("evil/deep", exist_ok=True)
            os.symlink(given["secret"], "link")
            os.symlink(os.path.dirname(given["secret"]), "folder-link")
            rounds = 0
            while True:
                with open("new", "w") as file:
                    file.write("good")
                os.rename("new", "out/deep/a")
                if given["swap"] == "for a link":
                    os.symlink(given["secret"], "evil/a")
                    os.rename("evil/a", "out/deep/a")
                    os.unlink("out/deep/a")
                elif given["swap"] == "for a folder":
                    os.unlink("out/deep/a")
                    os.mkdir("out/deep/a")
                    os.rmdir("out/deep/a")
                elif given["swap"] == "for a fifo":
                    os.mkfifo("evil/a")
                    os.rename("evil/a", "out/deep/a")
                    os.unlink("out/deep/a")
                else:
                    os.rename("out/deep", "kept")
                    os.rename("folder-link", "out/deep")
                    os.rename("out/deep", "folder-link")
                    os.rename("kept", "out/deep")
                rounds += 1
                if rounds == 20:
                    open("begun", "w").close()
        """
        outcomes = set()
        async with untrusted(sandbox) as box:
            given: dict[str, object] = {"secret": str(secret), "swap": swap}
            async with running(box, words("python3", program, given)) as task:
                await file_appears(box, "begun")
                for i in range(100):
                    if i >= 12 and "taken" in outcomes:
                        break
                    destination = tmp_path / "taken" / str(i)
                    try:
                        taken = await asyncio.wait_for(box.collect("out", destination, LIMITS), 30)
                        outcomes.add("taken" if taken else "empty")
                    except BoxFailed:
                        outcomes.add("refused")
                    for file in destination.rglob("*"):
                        assert not file.is_symlink()
                        assert not file.is_file() or file.read_text() in ("", "good")
                assert not task.done(), "the attacker was at work"
        assert "taken" in outcomes, outcomes
        assert word not in "".join(path.read_text() for path in (tmp_path / "taken").rglob("*") if path.is_file())

    async def test_a_file_that_grows_while_it_is_taken_is_whole_or_refused(
        self, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        program = """
            os.mkdir("out")
            with open("out/log", "w", buffering=1) as file:
                i = 0
                while i < 400_000:
                    file.write(f"{i:09d}\\n")
                    i += 1
                    if i == 100:
                        open("begun", "w").close()
            import time
            time.sleep(30)
        """
        sizes = []
        async with untrusted(sandbox) as box, running(box, words("python3", program, {})):
            await file_appears(box, "begun")
            for i in range(5):
                try:
                    (taken,) = await box.collect("out", tmp_path / str(i), LIMITS)
                except BoxFailed:
                    continue
                data = (tmp_path / str(i) / "log").read_bytes()
                assert len(data) == taken.bytes
                lines = data.decode().splitlines()
                assert [int(line) for line in lines[:-1]] == list(range(len(lines) - 1)), "no hole"
                sizes.append(taken.bytes)
        assert sizes, "it was never taken"
        assert sizes == sorted(sizes)

    @pytest.mark.parametrize("kind", ["fifo", "link", "folder", "socket", "missing", "growing"])
    async def test_nothing_but_a_file_is_read_and_none_blocks_the_reader(self, sandbox: Sandbox, kind: str) -> None:
        make = {
            "fifo": "mkfifo x", "link": "ln -s /dev/zero x", "folder": "mkdir x", "missing": "true",
            "socket": "python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('x')\"",
            "growing": "head -c 100000 /dev/zero > x; (while :; do head -c 100000 /dev/zero >> x; done) & sleep 30",
        }  # fmt: skip
        async with untrusted(sandbox) as box, running(box, ["sh", "-c", f"{make[kind]}; : > ready; sleep 30"]):
            await file_appears(box, "x" if kind == "growing" else "ready")
            start = time.monotonic()
            with pytest.raises(BoxFailed):
                await asyncio.wait_for(box.read("x", limit=1000), 30)
            assert time.monotonic() - start < 25

    @pytest.mark.parametrize("kind", ["fifo", "link", "folder of links"])
    async def test_a_write_follows_no_planted_link_and_blocks_on_nothing(self, sandbox: Sandbox, kind: str) -> None:
        make = {
            "fifo": "mkfifo job.json", "link": "echo kept > target; ln -s target job.json",
            "folder of links": "mkdir real; echo kept > real/job.json; ln -s real job",
        }  # fmt: skip
        path = "job/job.json" if kind == "folder of links" else "job.json"
        async with untrusted(sandbox) as box:
            assert (await shell(box, make[kind])).exit_code == 0
            try:
                await asyncio.wait_for(box.write(path, b"the job"), 30)
            except BoxFailed:
                pass  # refused: as good as replaced
            else:
                assert await box.read(path) == b"the job"
            kept = await shell(box, "cat target real/job.json 2>/dev/null")
            assert kept.output == ("" if kind == "fifo" else "kept\n")

    async def test_a_folder_ten_thousand_levels_deep_hinders_neither_taking_nor_closing(
        self, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        program = """
            os.mkdir("out")
            os.chdir("out")
            made = 0
            def down():
                global made
                for _ in range(10_000):
                    os.mkdir("d")
                    os.chdir("d")
                    made += 1
            attempt("down", down)
            told["made"] = str(made)
        """
        async with untrusted(sandbox) as box:
            told = await attack(box, program)
            assert int(told["made"]) > 2000
            with pytest.raises(BoxFailed):
                await asyncio.wait_for(box.collect("out", tmp_path / "taken", LIMITS), 60)
            assert not list((tmp_path / "taken").iterdir())
            assert (await shell(box, "echo alive")).output == "alive\n"
